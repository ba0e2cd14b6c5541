"""Undoing the passing on from the desk: as if it had not left, but for the history and a cancelled slip."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now
from app.errors import Invalid, NotAllowed
from app.history import record
from app.models import Movement, Notice
from app.permissions import Role, acting_as
from app.services import handing, reception, supplements, undoing
from app.services.ledger import ledger_of
from app.services.letters import letter_pdf
from app.services.lifecycle import open_tasks
from app.services.lookup import PUBLIC_WORDS
from app.services.slips import _passed_on
from app.services.taking_back import take_back_start
from tests.documents.test_render import text_of
from tests.officers.pages import act, page
from tests.officers.test_inbox_bulk import keys, run
from tests.services.steps import task_of
from tests.services.test_graph_processes import BACK, SIGN, WORK, graph, office_with
from tests.wording import vi


@pytest.fixture
def dossier(office):
    """Received and paid, passed on by the desk itself."""
    found = office.received()
    office.pay(found)
    return passed_on(office, found)


def passed_on(office, dossier):
    with acting_as(office[Role.desk_officer]):
        reception.pass_on(office.session, dossier, office[Role.desk_officer])
    office.session.commit()
    return dossier


def found(office, dossier, role=Role.desk_officer):
    office.session.expire_all()
    return undoing.find_undo(office.session, dossier, office[role])


def pressed(office, enter, dossier, role=Role.desk_officer):
    offer = found(office, dossier)
    return act(enter(role), dossier, "undo", what=offer.act, task=offer.task.id)


def test_it_is_at_the_desk_again_and_everything_stays_on_record(office, enter, dossier):
    due_at, specialist = dossier.due_at, task_of(dossier).assignee_id
    assert found(office, dossier).act == "start"
    assert vi("You passed the dossier on for processing.") in page(enter(Role.desk_officer), dossier)
    assert pressed(office, enter, dossier).status_code == 302
    office.session.expire_all()
    assert (dossier.state, dossier.due_at, found(office, dossier)) == (2, due_at, None)
    assert [task.kind for task in open_tasks(dossier)] == ["receive"]
    moves = office.session.scalars(sa.select(Movement.transition).order_by(Movement.id)).all()
    assert moves[-2:] == ["start", "take_back_start"]
    titles = sa.select(Notice.title).where(Notice.user_id == specialist).order_by(Notice.id)
    assert office.session.scalars(titles).all()[-1] == vi("Taken back by the desk: %(code)s", code=dossier.code)
    assert _passed_on(office.session, [dossier.id]) == {}
    assert "take_back_start" in PUBLIC_WORDS


def test_the_clock_has_no_gap_and_the_desk_holds_it(office, enter, dossier):
    assert pressed(office, enter, dossier).status_code == 302
    office.session.expire_all()
    assert ledger_of(office.session, dossier).faults == []
    (running,) = [part for part in dossier.segments if part.ended_at is None]
    assert (running.holder, running.agency_id) == ("desk", dossier.desk_id)


def test_the_slip_stays_in_the_register_as_cancelled_and_the_next_has_its_own_number(office, enter, dossier):
    (slip,) = [letter for letter in dossier.letters if letter.kind == "control_slip"]
    number = slip.number
    assert pressed(office, enter, dossier).status_code == 302
    passed_on(office, dossier)
    office.session.expire_all()
    old, new = [letter for letter in dossier.letters if letter.kind == "control_slip"]
    assert (old.number, old.cancelled_at is not None, new.cancelled_at) == (number, True, None)
    assert new.number != old.number
    assert "ĐÃ HỦY" in text_of(letter_pdf(office.session, old)), "also where it is printed"
    assert "ĐÃ HỦY" not in text_of(letter_pdf(office.session, new))
    assert dossier.state == 4
    assert vi("%(name)s – cancelled", name="") in page(enter(Role.desk_officer), dossier, "?tab=papers")
    assert set(_passed_on(office.session, [dossier.id])) == {dossier.id}


def test_too_late_after_some_minutes_or_once_somebody_has_opened_it(office, dossier, monkeypatch):
    with monkeypatch.context() as later:
        later.setattr(undoing, "now", lambda: now() + timedelta(minutes=undoing.MINUTES + 1))
        assert found(office, dossier) is None
    with acting_as(office[Role.specialist]):
        record(office.session, ("dossier", dossier.id), "read")
    office.session.commit()
    assert found(office, dossier) is None


def test_too_late_once_somebody_has_begun(office, enter, dossier):
    offer = found(office, dossier)
    with acting_as(office[Role.specialist]):
        supplements.ask_supplement(office.session, dossier, office[Role.specialist], reason="Mờ", field_keys=["ho_ten"],
                                   component_ids=[])  # fmt: skip
    office.session.commit()
    assert act(enter(Role.desk_officer), dossier, "undo", what="start", task=offer.task.id).status_code == 409
    with pytest.raises(NotAllowed):
        take_back_start(office.session, dossier, office[Role.desk_officer])


def test_the_service_asks_again_who_and_whether_anything_was_done(office, session, dossier):
    elsewhere = office.officer(Role.desk_officer, office.tree.centre)
    for who in (office[Role.specialist], office[Role.agency_head], elsewhere):
        with pytest.raises(NotAllowed):
            take_back_start(session, dossier, who)
    handing.claim(session, task_of(dossier), office[Role.specialist])
    office.step(dossier)
    with pytest.raises(Invalid, match=vi("Somebody has begun with it: the agency sends it back instead")):
        take_back_start(session, dossier, office[Role.desk_officer])
    assert dossier.state == 4


@pytest.mark.parametrize("role", [Role.specialist, Role.agency_head, Role.cashier, Role.auditor])
def test_nobody_else_undoes_it(office, enter, dossier, role):
    offer = found(office, dossier)
    assert found(office, dossier, role) is None
    assert act(enter(role), dossier, "undo", what="start", task=offer.task.id).status_code in {403, 409}
    office.session.expire_all()
    assert dossier.state == 4


def test_pressed_twice_it_is_taken_back_once(office, enter, dossier):
    offer, client = found(office, dossier), enter(Role.desk_officer)
    answers = [act(client, dossier, "undo", what="start", task=offer.task.id).status_code for _time in range(2)]
    assert answers == [302, 409]


def test_a_process_that_begins_at_the_agency(session):
    office = office_with(session, graph(session, WORK, SIGN, BACK))
    dossier = passed_on(office, office.received())
    with acting_as(office[Role.desk_officer]):
        take_back_start(session, dossier, office[Role.desk_officer])
    assert (dossier.state, open_tasks(dossier)) == (2, [])
    with acting_at(now() + timedelta(hours=1)):
        passed_on(office, dossier)
    while dossier.state == 4:
        office.step(dossier)
    assert dossier.state == 9


def test_passed_on_with_many_it_is_undone_line_by_line(office, enter):
    received = [office.received() for _number in range(2)]
    for one in received:
        office.pay(one)
    office.session.commit()
    rows, client = keys(office, Role.desk_officer), enter(Role.desk_officer)
    assert len(rows) == 2
    text = run(client, rows, "start").get_data(as_text=True)
    assert all(f'value="{row}"' in text for row in rows)
    client.post("/work/bulk/undo", data={"row": rows, "act": "start", "back": "tab=mine"})
    office.session.expire_all()
    assert [one.state for one in received] == [2, 2]
