"""Questions to other agencies move with what moves the dossier, and with outages of who is asked; it is told why."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at
from app.models import HistoryEntry, IncidentNotice, Notice, OfficerPosition, QuestionDelay
from app.permissions import Role
from app.services import calendar_moving as moving
from app.services import consulting, extensions, outages, reception
from app.services.question_limits import delays_of, who_answers
from app.services.submission import answer_supplement
from app.services.timing import add_working
from tests.factories import make_agency
from tests.services.test_calendar_changes import MONDAY, TUESDAY_OFF, admin, apply, at, calendar_of
from tests.services.test_extensions import use_profile
from tests.services.test_step_limits import asked, two
from tests.wording import vi

__all__ = ["admin", "two"]  # fixtures
WORDS = {"reason": "Mất điện toàn khu", "clause": "TTH17 Đ14.3"}
LATER = MONDAY + timedelta(hours=1)


@pytest.fixture
def open_one(session):
    """(office, dossier, question of sixteen hours to the department), asked on Monday at nine."""
    with acting_at(MONDAY):
        found = asked(session)
    assert found[2].due_at == at(25, 9)
    return found


def why(session, question):
    return [(row.old_due_at, row.new_due_at, row.reason) for row in delays_of(session, [question]).get(question.id, [])]


def down(office, since, until, agency=None, **given):
    """Declare an outage that has ended, and give its time back by the worker."""
    row = IncidentNotice(title="Mất kết nối", body="…", starts_at=since, ended_at=until, agency=agency)
    office.session.add(row)
    office.session.flush()
    with acting_at(given.get("now", at(24, 17))):
        effect = outages.effect_of(office.session, row)
        decider = office.officer(Role.control_focal_point, office.tree.root)
        decision = outages.decide(office.session, row.id, decider, is_credited=True, **WORDS)
        while decision.done_at is None:
            outages.credit_waiting(office.session, decision.id)
    return effect, decision


def extended(session, office, dossier, minutes=480):
    use_profile(session, extension_approvers=["agency_head"])
    extension = extensions.ask(session, dossier, office[Role.specialist], minutes=minutes,
                               reason="Cần xác minh thực địa")  # fmt: skip
    extensions.agree(session, extension, office[Role.agency_head])


def test_an_extension_gives_who_is_asked_as_much_more(session, open_one):
    office, dossier, question = open_one
    step = next(task for task in dossier.tasks if task.asked_by_id is None and task.state == "open")
    with acting_at(LATER):
        limits = [add_working(session, task.agency, task.due_at, 480) for task in (step, question)]
        extended(session, office, dossier)
    assert [step.due_at, question.due_at] == limits
    assert question.due_at == at(26, 9)
    ((old, new, reason),) = why(session, question)
    assert (old, new) == (at(25, 9), at(26, 9))
    assert "Cần xác minh thực địa" in reason
    told = session.scalars(sa.select(HistoryEntry).where(
        HistoryEntry.record == "task", HistoryEntry.record_id == question.id, HistoryEntry.action != "create"
    ).order_by(HistoryEntry.id)).all()
    (entry,) = [entry for entry in told if "due_at" in entry.changes]
    assert "Cần xác minh thực địa" in entry.reason


def test_an_outage_of_who_is_asked_moves_the_question_alone(session, open_one):
    office, dossier, question = open_one
    due, step = dossier.due_at, next(t for t in dossier.tasks if t.asked_by_id is None and t.state == "open")
    limit = step.due_at
    effect, decision = down(office, at(24, 8), at(24, 10), office.tree.department)
    assert question.due_at == at(25, 11)
    assert (dossier.due_at, step.due_at, decision.moved) == (due, limit, 0)
    assert (effect.total, effect.steps) == (0, 1)
    ((old, new, reason),) = why(session, question)
    assert (old, new, "Mất kết nối" in reason) == (at(25, 9), at(25, 11), True)
    kept = session.scalars(sa.select(HistoryEntry).where(
        HistoryEntry.record == "task", HistoryEntry.record_id == question.id).order_by(HistoryEntry.id)).all()[-1]
    assert "Mất điện toàn khu" in kept.reason


def test_an_outage_where_the_dossier_is_moves_no_question_elsewhere(session, open_one):
    office, dossier, question = open_one
    due = dossier.due_at
    effect, _decision = down(office, at(24, 8), at(24, 10), office.tree.commune)
    assert question.due_at == at(25, 9)
    assert dossier.due_at > due
    assert effect.steps == 0


def test_an_outage_of_everything_moves_both_once(session, open_one):
    office, dossier, question = open_one
    due = dossier.due_at
    down(office, at(24, 8), at(24, 10))
    down(office, at(24, 9), at(24, 11), office.tree.department)
    assert dossier.due_at == add_working(session, dossier.agency, due, 120)
    assert question.due_at == at(25, 14)  # three hours were lost there, from 8 to 11: told of twice, given back once
    assert len(why(session, question)) == 2


@pytest.mark.parametrize(("since", "until"), [
    (at(22, 8), at(22, 20)), (at(23, 7), at(23, 9)), (at(24, 12), at(24, 13))])  # fmt: skip
def test_time_that_was_no_working_time_of_the_question_gives_nothing(session, open_one, since, until):
    office, _dossier, question = open_one
    down(office, since, until, office.tree.department)
    assert question.due_at == at(25, 9)
    assert why(session, question) == []


def test_what_stood_still_anyway_is_not_given_back_twice(session, open_one):
    office, dossier, question = open_one
    with acting_at(at(24, 8)):
        reception.ask_supplement(session, dossier, office[Role.specialist], reason="Bản chụp mờ",
                                 field_keys=["ho_ten"], component_ids=[])  # fmt: skip
    with acting_at(at(24, 11)):
        answer_supplement(session, dossier, {"ho_ten": "Trần Bình"}, office[Role.desk_officer], {})
    after_pause = question.due_at
    assert after_pause == at(25, 14)
    down(office, at(24, 9), at(24, 11), office.tree.department)
    assert question.due_at == after_pause
    assert [new for _old, new, _reason in why(session, question)] == [after_pause], "the pause is told"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_what_only_the_holder_of_the_dossier_lost_is_not_taken_off(session, open_one, order):
    """Two incidents overlap, one where the dossier is, one where it was asked: each gives back all that was lost."""
    office, dossier, question = open_one
    due = dossier.due_at
    incidents = [(at(24, 8), at(24, 10), office.tree.commune), (at(24, 9), at(24, 11), office.tree.department)]
    for number in order:
        down(office, *incidents[number])
    assert question.due_at == at(25, 11)
    assert dossier.due_at == add_working(session, dossier.agency, due, 120)


def test_a_wider_incident_gives_back_the_rest_whichever_is_worked_off_first(session, open_one):
    """The worker may come to the later decision first: together they give back what was lost, from 8 to 11."""
    office, _dossier, question = open_one
    incidents = [(at(24, 8), at(24, 10), office.tree.department), (at(24, 9), at(24, 11), None)]
    rows = [IncidentNotice(title="Mất kết nối", body="…", starts_at=since, ended_at=until, agency=agency)
            for since, until, agency in incidents]  # fmt: skip
    session.add_all(rows)
    session.flush()
    decider = office.officer(Role.control_focal_point, office.tree.root)
    with acting_at(at(24, 17)):
        made = [outages.decide(session, row.id, decider, is_credited=True, **WORDS) for row in rows]
        for decision in reversed(made):
            while decision.done_at is None:
                outages.credit_waiting(session, decision.id)
    assert question.due_at == at(25, 14)


def test_an_answered_question_is_left_alone(session, open_one):
    office, _dossier, question = open_one
    with acting_at(at(24, 16)):
        who = office.officer(Role.specialist, office.tree.department)
        consulting.answer(session, question, who, given="agree", remark="")
    down(office, at(24, 8), at(24, 10), office.tree.department)
    assert question.due_at == at(25, 9)


def test_an_outage_elsewhere_moves_nothing(session, open_one):
    office, _dossier, question = open_one
    other = make_agency(code="H57.94", name="Sở khác", parent=office.tree.root)
    effect, _decision = down(office, at(24, 8), at(24, 10), other)
    assert (effect.steps, question.due_at) == (0, at(25, 9))


def test_a_calendar_that_changes_is_told_too(session, open_one, admin):
    _office, _dossier, question = open_one
    change = apply(session, calendar_of(None), TUESDAY_OFF, admin)
    moving.move_waiting(session, change.id)
    ((_old, new, reason),) = why(session, question)
    assert new == question.due_at == at(26, 9)
    assert "Nghỉ Ngày Văn hóa" in reason


def notices(session, question, office):
    """Return (title, body) of what those at the department were told but for the question itself."""
    people = {user for user, in session.execute(sa.select(OfficerPosition.user_id).where(
        OfficerPosition.agency_id == office.tree.department.id))}  # fmt: skip
    found = session.scalars(sa.select(Notice).where(Notice.dossier_id == question.dossier_id).order_by(Notice.id))
    return [(n.title, n.body) for n in found if n.user_id in people and n.key != f"task:{question.id}"]


def test_who_is_asked_is_told_of_each_move_once(session, open_one):
    office, dossier, question = open_one
    assert notices(session, question, office) == []
    with acting_at(LATER):
        extended(session, office, dossier)
    down(office, at(24, 8), at(24, 10), office.tree.department)
    first, second = notices(session, question, office)
    assert first[0] == f"{dossier.code}: thời hạn trả lời ý kiến đã thay đổi"
    assert "dời từ 09:00 25/11/2026 sang 09:00 26/11/2026: Gia hạn" in first[1]
    assert "Cần xác minh thực địa" in first[1]
    assert "dời từ 09:00 26/11/2026 sang 11:00 26/11/2026: Sự cố “Mất kết nối”" in second[1]
    assert "Mất điện toàn khu" in second[1]


def test_nobody_is_told_of_a_limit_that_stays(session, open_one):
    office, dossier, question = open_one
    down(office, at(24, 8), at(24, 10), office.tree.commune)
    assert notices(session, question, office) == []
    office.officer(Role.specialist, office.tree.department)
    with acting_at(LATER):
        extended(session, office, dossier)
    assert len(notices(session, question, office)) == 2, "all who may answer"


def test_the_colleague_asked_is_told_alone_and_never_the_applicant(session):
    with acting_at(MONDAY):
        office, dossier, question = asked(session)
        first, other = (office.officer(Role.specialist, office.tree.department) for _one in range(2))
    for kept, told in ((None, other.user_id), (other.user_id, other.user_id)):
        dossier.account.user_id, question.assignee_id = first.user_id, kept
        assert told in who_answers(session, question)
        assert first.user_id not in who_answers(session, question)


def test_a_chunk_costs_the_same_for_many_questions(session, open_one, count_queries):
    office, _dossier, _question = open_one
    counts = []
    for number in (1, 2, 4):
        for _one in range(number - 1):
            with acting_at(MONDAY):
                dossier = office.processed()
                task = next(t for t in dossier.tasks if t.state == "open")
                consulting.ask(session, task, office[Role.specialist], question="Có vướng gì?", hours=16,
                               agency_ids=[office.tree.department.id])  # fmt: skip
        row = IncidentNotice(title="Mất kết nối", body="…", starts_at=at(24, 8), ended_at=at(24, 10),
                             agency=office.tree.department)  # fmt: skip
        session.add(row)
        session.flush()
        session.expire_all()
        with acting_at(at(24, 17)), count_queries() as seen:
            outages.effect_of(session, row)
        counts.append(len(seen))
    assert counts[1] == counts[2]


def test_the_page_of_the_dossier_explains_it(session, open_one, login):
    office, dossier, question = open_one
    with acting_at(LATER):
        extended(session, office, dossier)
    session.commit()
    assert session.scalar(sa.select(sa.func.count(QuestionDelay.id))) == 1
    page = login(Role.agency_head, office.tree.commune).get(f"/dossier/{dossier.code}").text
    told = vi("To be answered by %(new)s instead of %(old)s: %(reason)s", new="09:00 26/11/2026",
              old="09:00 25/11/2026", reason="")  # fmt: skip
    assert told.strip() in page
    assert question.due_at == at(26, 9)
