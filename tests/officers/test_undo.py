"""Undoing what one has just done: offered for a while, with the same rights, and written down like any act."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import now
from app.errors import Conflict
from app.history import HistoryEntry, record
from app.models import Movement, Notice
from app.permissions import Role, acting_as
from app.services import consulting, handing, processing, undoing
from app.services.lifecycle import open_questions
from tests.officers.pages import act, page
from tests.services.steps import task_of, write_draft


@pytest.fixture
def colleague(office):
    return office.officer(Role.specialist)


@pytest.fixture
def dossier(office, colleague):
    """A dossier whose step is nobody's: two may do it."""
    return office.processed()


def found(office, dossier, actor=None):
    """Return what the specialist is offered to undo."""
    office.session.expire_all()
    return undoing.find_undo(office.session, dossier, actor or office[Role.specialist])


def pressed(office, enter, dossier, role=Role.specialist):
    """Press the offered button; returns the answer."""
    offer = found(office, dossier, office[role])
    return act(enter(role), dossier, "undo", what=offer.act, task=offer.task.id)


def claimed(office, dossier):
    with acting_as(office[Role.specialist]):
        handing.claim(office.session, task_of(dossier), office[Role.specialist])
    office.session.commit()


def test_a_taken_task_is_laid_back(office, enter, dossier):
    assert found(office, dossier) is None
    claimed(office, dossier)
    assert found(office, dossier).act == "claim"
    assert "Hoàn tác" in page(enter(Role.specialist), dossier)
    assert pressed(office, enter, dossier).status_code == 302
    assert found(office, dossier) is None, "nothing is left to undo"
    assert task_of(dossier).assignee_id is None
    query = sa.select(HistoryEntry.changes).where(HistoryEntry.record == "task").order_by(HistoryEntry.id.desc())
    changes = [row["assignee_id"] for row in office.session.scalars(query) if set(row) == {"assignee_id"}]
    me = office[Role.specialist].user_id
    assert changes[:2] == [[me, None], [None, me]], "both stand in the history"
    moves = office.session.scalars(sa.select(Movement.transition).order_by(Movement.id)).all()
    assert moves[-1] == "undo_claim"


def test_a_handed_task_comes_back_to_whoever_had_it(office, enter, dossier, colleague):
    claimed(office, dossier)
    client = enter(Role.specialist)
    act(client, dossier, "hand_to", task=task_of(dossier).id, user=colleague.user_id)
    assert found(office, dossier).act == "hand_to"
    assert found(office, dossier, colleague) is None, "who received it undoes nothing"
    assert pressed(office, enter, dossier).status_code == 302
    assert found(office, dossier) is None
    assert task_of(dossier).assignee_id == office[Role.specialist].user_id
    told = office.session.scalars(sa.select(Notice.title).where(Notice.user_id == colleague.user_id)
                                  .order_by(Notice.id)).all()  # fmt: skip
    assert told[-1].startswith("Đã thu hồi việc")


def test_a_finished_step_is_recalled(office, enter, dossier):
    claimed(office, dossier)
    write_draft(office.session, dossier, office[Role.specialist])
    with acting_as(office[Role.specialist]):
        processing.finish_task(office.session, task_of(dossier), office[Role.specialist])
    office.session.commit()
    before = task_of(dossier).name
    assert found(office, dossier).act == "finish_step"
    assert pressed(office, enter, dossier).status_code == 302
    office.session.expire_all()
    assert task_of(dossier).name != before


def test_all_questions_of_one_asking_are_withdrawn(office, enter, dossier, colleague):
    outsider = office.officer(Role.specialist, office.tree.department)
    with acting_as(office[Role.specialist]):
        consulting.ask(office.session, task_of(dossier), office[Role.specialist], question="Có tranh chấp không?",
                       hours=8, agency_ids=[outsider.positions[0].agency_id], user_id=colleague.user_id)  # fmt: skip
    office.session.commit()
    assert found(office, dossier).act == "ask_opinion"
    assert pressed(office, enter, dossier).status_code == 302
    assert not open_questions(dossier)
    moves = office.session.scalars(sa.select(Movement.transition).order_by(Movement.id)).all()
    assert moves[-2:] == ["take_back_question"] * 2
    assert found(office, dossier) is None


def test_it_is_too_late_after_some_minutes(office, dossier, monkeypatch):
    claimed(office, dossier)
    monkeypatch.setattr(undoing, "now", lambda: now() + timedelta(minutes=undoing.MINUTES + 1))
    assert found(office, dossier) is None


def test_it_is_too_late_once_somebody_has_opened_the_dossier(office, enter, dossier):
    claimed(office, dossier)
    offer = found(office, dossier)
    with acting_as(office[Role.division_head]):
        record(office.session, ("dossier", dossier.id), "read")
    office.session.commit()
    assert found(office, dossier) is None
    answer = act(enter(Role.specialist), dossier, "undo", what=offer.act, task=offer.task.id)
    assert answer.status_code == 409
    assert task_of(dossier).assignee_id == office[Role.specialist].user_id


@pytest.mark.parametrize("role", [Role.desk_officer, Role.division_head, Role.agency_head, Role.clerk, Role.auditor])
def test_nobody_else_undoes_it(office, enter, dossier, role):
    claimed(office, dossier)
    offer = found(office, dossier)
    assert found(office, dossier, office[role]) is None
    answer = act(enter(role), dossier, "undo", what=offer.act, task=offer.task.id)
    assert answer.status_code in {403, 409}
    office.session.expire_all()
    assert task_of(dossier).assignee_id == office[Role.specialist].user_id


@pytest.mark.parametrize(("what", "task"), [("", ""), ("claim", "0"), ("<b>", "99999999999"), ("finish_step", "1")])
def test_forged_undoing_is_refused(office, enter, dossier, what, task):
    claimed(office, dossier)
    assert act(enter(Role.specialist), dossier, "undo", what=what, task=task).status_code in {404, 409}


def test_undone_twice_is_undone_once(office, enter, dossier):
    claimed(office, dossier)
    offer = found(office, dossier)
    client = enter(Role.specialist)
    assert [act(client, dossier, "undo", what=offer.act, task=offer.task.id).status_code for _time in range(2)] == [
        302, 409]  # fmt: skip


def test_the_service_asks_for_the_right_again(office, dossier):
    claimed(office, dossier)
    offer = found(office, dossier)
    with pytest.raises(Conflict):
        undoing.undo(office.session, dossier, office[Role.clerk], offer.act, offer.task.id)
