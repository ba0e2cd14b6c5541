"""Processes: their order and what makes one unusable."""

from dataclasses import replace

import pytest

from app.workflows.process import Graph, StepSpec
from app.workflows.process_checks import problems

# QĐ 2031/QĐ-UBND, Cao Bằng, procedure 1.014465: 3 working days in hours 2+2+4+2+2+2+10+0.
STEPS = (
    StepSpec("s1", "Tiếp nhận hồ sơ", "receive", "desk_officer", "desk", 120),
    StepSpec("s2", "Phân công thụ lý", "check", "division_head", "agency", 120),
    StepSpec("s3", "Thẩm định, thụ lý hồ sơ", "work", "specialist", "agency", 240),
    StepSpec("s4", "Xem xét dự thảo kết quả", "check", "division_head", "agency", 120),
    StepSpec("s5", "Phê duyệt kết quả thẩm định", "sign", "agency_head", "agency", 120),
    StepSpec("s6", "Vào sổ, đóng dấu", "number_and_seal", "clerk", "agency", 720),
    StepSpec("s7", "Trả kết quả", "return", "desk_officer", "desk", 0),
)


def changed(number: int, **changes: object) -> tuple[StepSpec, ...]:
    """Return STEPS with one step changed."""
    return tuple(
        replace(step, **changes) if position == number else step
        for position, step in enumerate(STEPS)
    )


LINE = Graph(STEPS)


def test_a_published_process_is_sound():
    assert problems(STEPS, 3 * 480) == []
    assert problems(STEPS, None) == []
    assert LINE.total_minutes == 1440


def test_walking_the_steps():
    walked = [LINE.first.key]
    while following := LINE.after(walked[-1]):
        walked += [step.key for step in following]
    assert walked == [step.key for step in STEPS]


def test_going_back():
    assert [step.key for step in LINE.before("s3")] == ["s2"]
    assert LINE.before("s1") == ()
    assert [step.key for step in LINE.earlier("s4")] == ["s3", "s2", "s1"]
    assert LINE.earlier("s1") == ()
    assert LINE.find("s5").role == "agency_head"


@pytest.mark.parametrize("question", ["after", "before", "earlier", "find", "later", "ways"])
def test_an_unknown_step_is_an_error(question):
    with pytest.raises(LookupError, match="no step"):
        getattr(LINE, question)("s99")


def test_an_empty_process_has_no_first_step():
    with pytest.raises(LookupError, match="no step"):
        _ = Graph(()).first


# The department signs and seals, then the province does.
TWICE = (*STEPS[:6], replace(STEPS[4], key="s8"), replace(STEPS[5], key="s9"), STEPS[6])
SWAPPED = (*STEPS[:4], STEPS[5], STEPS[4], STEPS[6])
FAULTS = [
    ((), 1440, "The process has no step"),
    (STEPS, 2400, "The steps take 24 hours, but the published limit is 40 hours"),
    (changed(2, minutes=270), 1440, "The steps take 24.5 hours"),
    (changed(4, kind="check"), 1440, "No step signs the result"),
    (changed(4, role="specialist"), 1440, "Phê duyệt kết quả thẩm định: this role may not sign"),
    (changed(2, role="king"), 1440, "nobody holds this role"),
    (changed(2, kind="dance"), 1440, "unknown kind of step"),
    (changed(2, place="moon"), 1440, "unknown place"),
    (changed(2, name=" "), 1440, "A step has no name"),
    (changed(2, minutes=-1), 1199, "the time cannot be negative"),
    (changed(2, key="s2"), 1440, "Two steps are called s2"),
    (STEPS[1:2] + STEPS[:1] + STEPS[2:], 1440, "Receiving must be the first step"),
    (STEPS[:5] + STEPS[6:] + STEPS[5:6], 1440, "Returning the result must be the last step"),
    (TWICE[:7] + TWICE[8:], None, "Sealing comes after signing"),
    (SWAPPED, 1440, "Sealing comes after signing"),
]


@pytest.mark.parametrize(("steps", "limit", "message"), FAULTS)
def test_faults_are_reported(steps, limit, message):
    found = [problem.text() for problem in problems(steps, limit)]
    assert any(message in problem for problem in found), found


def test_two_bodies_may_sign_and_seal_in_turn():
    assert problems(TWICE, None) == []
