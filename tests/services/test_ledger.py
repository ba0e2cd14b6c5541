"""The ledger of real dossiers: every act keeps the clock whole and the due date explained."""

from datetime import datetime, timedelta

import pytest

from app.clock import acting_at
from app.permissions import Role
from app.services import ledger, lifecycle
from app.services.ledger import ledger_of
from app.workflows.ledger import Holder, Phase
from tests.services.steps import Office
from tests.services.test_lifecycle import actor_for, satisfy
from tests.wording import vi
from tests.workflows.hue import at


@pytest.fixture
def office(session) -> Office:
    return Office(session)


def journey(office: Office, start: datetime, pause: timedelta, *, note: timedelta | None = None):
    """Return a dossier that waited for the applicant during ``pause``, and is being worked on."""
    session = office.session
    with acting_at(start):
        dossier = office.processed()
    with acting_at(start + timedelta(hours=1)):
        lifecycle.move(session, dossier, "ask_supplement_in_process", office[Role.specialist], remark="Thiếu giấy tờ")
    if note is not None:
        with acting_at(start + timedelta(hours=1) + note):
            lifecycle.note_step(session, dossier, "rehome", office[Role.specialist], "sắp xếp lại")
    satisfy(office, dossier, "supplement_answered")
    with acting_at(start + timedelta(hours=1) + pause):
        lifecycle.move(session, dossier, "answer_supplement", actor_for(office, Role.citizen, dossier))
    return dossier


MONDAY = at("2026-11-09 08:00:40")


@pytest.mark.parametrize(
    "pause", [timedelta(seconds=2), timedelta(seconds=25), timedelta(hours=3), timedelta(days=2, minutes=7)]
)
def test_a_pause_is_in_the_ledger_and_in_the_due_date_to_the_minute(office, pause):
    dossier = journey(office, MONDAY, pause)
    with acting_at(MONDAY + timedelta(days=4)):
        found = ledger_of(office.session, dossier)
    sums = found.sums
    assert found.faults == []
    assert sums.minutes() == sums.total > 0
    waited = sums.minutes(Holder.applicant, phase=Phase.processing)
    assert waited == sums.stood_still == sum(minutes for _change, minutes in sums.adjusted)
    assert [part.holder for part in dossier.segments].count("applicant") == 1
    assert sums.granted + waited - sums.used - sums.stood_still == sums.left


def test_a_note_during_a_pause_does_not_shorten_it(office):
    plain = journey(office, MONDAY, timedelta(days=2))
    noted = journey(office, MONDAY, timedelta(days=2), note=timedelta(days=1))
    assert noted.due_at - noted.original_due_at == plain.due_at - plain.original_due_at > timedelta(days=1)


def test_an_act_within_the_same_minute_leaves_one_holder(office):
    with acting_at(MONDAY):
        dossier = office.processed()
    assert [part.holder for part in dossier.segments] == ["officer"]
    with acting_at(MONDAY + timedelta(seconds=25)):  # 08:01:05 is another minute
        lifecycle.hold(office.session, dossier, "desk", "kiểm tra")
    with acting_at(MONDAY + timedelta(seconds=27)):
        lifecycle.hold(office.session, dossier, "officer", "thẩm định")
    assert [part.holder for part in dossier.segments] == ["officer", "officer"]
    assert dossier.segments[0].ended_at == dossier.segments[1].started_at == MONDAY + timedelta(seconds=25)


def test_the_page_reads_bars_rows_changes_and_facts(office):
    dossier = journey(office, MONDAY, timedelta(days=1))
    with acting_at(MONDAY + timedelta(days=2)), office.session.no_autoflush:
        found = ledger_of(office.session, dossier)
    bars = {bar.holder: bar for bar in found.bars}
    assert bars["applicant"].stands_still
    assert bars["applicant"].words == vi("%(hours)d h", hours=8)
    assert not bars["officer"].stands_still
    assert sum(bar.minutes for bar in found.bars) == found.sums.total
    line = next(line for line in found.lines if line.holder == "applicant")
    assert "Đ" in line.ground
    assert line.place == ""
    assert found.lines[-1].ended_at is None
    assert [(change.words, change.is_later) for change in found.changes] == [(vi("%(hours)d h", hours=8), True)]
    assert dict(found.facts)[vi("The clock stood still")] == vi("%(hours)d h", hours=8)


def test_a_dossier_that_waits_at_the_desk_has_no_limit_yet(office):
    with acting_at(MONDAY):
        dossier, _citizen = office.submitted()
    with acting_at(MONDAY + timedelta(hours=2)):
        found = ledger_of(office.session, dossier)
    assert [bar.holder for bar in found.bars] == ["desk"]
    assert [label for label, _words in found.facts] == [vi("Working time in all")]
    assert all(line.is_reception for line in found.lines)


def test_a_dossier_before_the_calendar_has_no_ledger(office):
    dossier = journey(office, MONDAY, timedelta(days=1))
    for part in dossier.segments:
        part.started_at = part.started_at.replace(year=1990)
    with acting_at(MONDAY):
        assert ledger_of(office.session, dossier) is None


def test_payment_stands_still_as_the_profile_says(office, monkeypatch):
    assert Holder.payment in ledger.pausing(office.session)
    monkeypatch.setattr(ledger, "profile_value", lambda session, key: False)
    assert Holder.payment not in ledger.pausing(office.session)


def test_while_only_another_agency_is_asked_the_clock_is_its(office):
    session = office.session
    with acting_at(MONDAY):
        dossier = office.processed()
        (task,) = lifecycle.open_tasks(dossier)
        task.kind, task.agency = "consult", office.tree.department
    with acting_at(MONDAY + timedelta(hours=1)):
        lifecycle.move(session, dossier, "request_withdrawal", office[Role.desk_officer], remark="x")
    with acting_at(MONDAY + timedelta(hours=2)):
        lifecycle.move(session, dossier, "reject_withdrawal", office[Role.desk_officer], remark="x")
    last = dossier.segments[-1]
    assert (last.holder, last.agency) == ("other_agency", office.tree.department)
    with acting_at(MONDAY + timedelta(hours=3)):
        found = ledger_of(session, dossier)
    assert found.faults == []
    assert found.sums.minutes(Holder.other_agency) == 120
    assert found.sums.used == found.sums.minutes(phase=Phase.processing)
