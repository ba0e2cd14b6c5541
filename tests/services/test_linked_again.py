"""Linked dossiers whose leading dossier goes back, stops or stands still: opened once, their outcome never lost."""

import pytest
import sqlalchemy as sa
from flask_babel import force_locale

from app.clock import now
from app.errors import Invalid
from app.models import LinkedDossier, Notice
from app.permissions import Role
from app.services import linked, processing, recalling, reception
from app.services.lifecycle import open_tasks
from app.services.reopening import reopen
from app.tasks.handlers import HANDLERS
from app.transactions import OutboxEvent
from tests.factories import make_procedure, make_process
from tests.services.test_graph_processes import BACK, DESK, SIGN, WORK, finish, graph, office_with, task_at
from tests.wording import vi

WHY = "Thiếu căn cứ."
CHILD = ("Liên thông", "child", "specialist", "agency", 480)


@pytest.fixture
def office(session):
    """An office whose procedure works, waits for a dossier elsewhere, then signs."""
    child = make_procedure(process=make_process((DESK, WORK, SIGN, BACK)), fee=0)
    steps = graph(session, DESK, WORK, CHILD, SIGN, BACK, b3={"child_procedure_id": child.procedure_id})
    return office_with(session, steps)


@pytest.fixture
def pair(session, office):
    """Return (leading dossier at its child step, the linked one, the applicant)."""
    account, citizen = office.applicant()
    dossier = office.processed(account=account)
    finish(office, dossier, "b2")
    run(session)
    return dossier, links(session, dossier)[0].child, citizen


def run(session):
    """Do what the outbox promised about linked dossiers, as the worker does."""
    query = sa.select(OutboxEvent).where(OutboxEvent.name.like("linked.%"), OutboxEvent.done_at.is_(None))
    while (event := session.scalar(query.order_by(OutboxEvent.id).limit(1))) is not None:
        HANDLERS[event.name](session, **event.payload)
        event.done_at = now()
        session.flush()


def links(session, dossier):
    query = sa.select(LinkedDossier).where(LinkedDossier.parent_id == dossier.id)
    return session.scalars(query.order_by(LinkedDossier.id)).all()


def complete(office, child):
    """Bring a linked dossier to its result, and the outcome back."""
    session, desk, own = office.session, office[Role.desk_officer], office.version
    if child.state == 1:
        reception.accept(session, child, desk, {c.id: ("original", 1) for c in child.version.components})
        reception.pass_on(session, child, desk)
    office.version = child.version
    office.staff()
    while child.state == 4:
        office.step(child)
    office.version = own
    assert child.state == 9
    run(session)


def refuse(office, child):
    reception.refuse(office.session, child, office[Role.desk_officer], "Không thuộc thẩm quyền")
    run(office.session)


def send_back(office, dossier):
    processing.send_back(office.session, task_at(dossier, "b3"), "b2", office[Role.specialist], WHY)
    run(office.session)


def stop(office, dossier):
    reception.stop(office.session, dossier, office[Role.agency_head], WHY)
    run(office.session)


def open_again(office, dossier):
    reopen(office.session, dossier, office[Role.agency_head], WHY)
    run(office.session)


def come_again(office, dossier):
    finish(office, dossier, "b2")
    run(office.session)


TIMES = [(send_back, come_again), (stop, open_again)]


@pytest.mark.parametrize(("leave", "back"), TIMES)
def test_a_step_come_to_again_waits_for_the_dossier_opened_before(session, office, pair, leave, back):
    dossier, child, _citizen = pair
    leave(office, dossier)
    back(office, dossier)
    (link,) = links(session, dossier)
    assert (link.child, link.task) == (child, task_at(dossier, "b3"))
    complete(office, child)
    assert dossier.step_name == "Ký"


@pytest.mark.parametrize(("leave", "back"), TIMES)
def test_what_it_brought_meanwhile_finishes_the_step(session, office, pair, leave, back):
    dossier, child, _citizen = pair
    leave(office, dossier)
    complete(office, child)
    back(office, dossier)
    assert len(links(session, dossier)) == 1
    assert dossier.step_name == "Ký"


def test_the_step_is_finished_without_the_linked_result_only_with_a_reason(session, office, pair):
    dossier, child, _citizen = pair
    step, specialist = task_at(dossier, "b3"), office[Role.specialist]
    with pytest.raises(Invalid) as refusal:
        processing.finish_task(session, step, specialist, "  ")
    assert child.code in refusal.value.fields["remark"]
    with force_locale("en"):  # what is kept is read by others
        processing.finish_task(session, step, specialist, WHY)
    assert vi("result of the linked dossier %(code)s (%(agency)s)", code=child.code, agency=child.agency.name) in (
        step.remark or "")
    assert dossier.step_name == "Ký"


def test_after_a_refusal_coming_again_opens_another(session, office, pair):
    dossier, child, _citizen = pair
    refuse(office, child)
    assert told(session, dossier) == [office[Role.specialist].user_id]
    send_back(office, dossier)
    come_again(office, dossier)
    _first, second = links(session, dossier)
    assert (second.task, second.child.state) == (task_at(dossier, "b3"), 1)


def test_a_step_that_led_to_a_dossier_elsewhere_is_not_taken_back(session, office):
    dossier = office.processed()
    finish(office, dossier, "b2")
    done = next(task for task in dossier.tasks if task.key == "b2")
    assert recalling.may_recall(done, office[Role.specialist]), "nothing has left the house yet"
    run(session)
    assert not recalling.may_recall(done, office[Role.specialist])


def test_a_result_that_came_while_the_leading_dossier_stood_still_counts_when_it_goes_on(session, office, pair):
    dossier, child, citizen = pair
    reception.request_withdrawal(session, dossier, citizen, "Đổi ý")
    complete(office, child)
    assert (dossier.state, [task.key for task in open_tasks(dossier)]) == (7, ["b3"])
    reception.decide_withdrawal(session, dossier, office[Role.agency_head], agree=False, reason=WHY)
    run(session)
    assert (dossier.state, dossier.step_name) == (4, "Ký")


def test_a_refusal_is_told_though_the_leading_dossier_stands_still(session, office, pair):
    dossier, child, citizen = pair
    reception.request_withdrawal(session, dossier, citizen, "Đổi ý")
    refuse(office, child)
    assert told(session, dossier) == [office[Role.specialist].user_id]


def test_a_refusal_while_the_leading_dossier_was_closed_opens_no_other_unasked(session, office, pair):
    dossier, child, _citizen = pair
    stop(office, dossier)
    refuse(office, child)
    assert office[Role.agency_head].user_id in told(session, dossier), "it is closed: its head hears of it"
    open_again(office, dossier)
    (link,) = links(session, dossier)
    assert (link.child, link.task) == (child, task_at(dossier, "b3"))
    last = session.scalars(sa.select(Notice).where(Notice.key.like("linked-end:%")).order_by(Notice.id.desc())).first()
    assert vi("Finish the step without it, or send the dossier back: coming to the step again opens another one."
              ) in last.body  # fmt: skip
    send_back(office, dossier)
    come_again(office, dossier)
    assert len(links(session, dossier)) == 2, "now somebody wanted another one"


def test_a_second_outcome_after_the_leading_dossier_ended_is_told(session, office, pair):
    dossier, child, _citizen = pair
    complete(office, child)
    stop(office, dossier)
    before = told(session, dossier)
    reopen(session, child, office[Role.agency_head], WHY, "b3")
    complete(office, child)
    fresh = told(session, dossier)[len(before):]
    assert office[Role.agency_head].user_id in fresh
    assert linked.end_linked(session, child.id) is False, "told once"


def told(session, dossier):
    query = sa.select(Notice.user_id).where(Notice.dossier_id == dossier.id, Notice.key.like("linked-end:%"))
    return session.scalars(query.order_by(Notice.id)).all()


def test_a_linked_dossier_opened_again_brings_its_second_outcome(session, office, pair):
    dossier, child, _citizen = pair
    refuse(office, child)
    open_again(office, child)
    assert links(session, dossier)[0].ended_at is None
    complete(office, child)
    assert dossier.step_name == "Ký"


def test_a_result_made_anew_takes_the_place_of_the_revoked_one(session, office, pair):
    dossier, child, _citizen = pair
    complete(office, child)
    reopen(session, child, office[Role.agency_head], WHY, "b3")
    complete(office, child)
    papers = [paper for paper in dossier.attachments if paper.name == f"{child.code}.pdf"]
    assert [paper.is_replaced for paper in papers] == [True, False]
    assert len(told(session, dossier)) == 1, "who has the step now hears of it"
    assert linked.end_linked(session, child.id) is False
