"""A delegation that ends in the middle of a step: by its last day, or because the officer may not sign in any more."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now, today
from app.errors import NotAllowed
from app.models import Notice, OfficerPosition, User
from app.permissions import Role
from app.services import handing, processing
from app.services.dossier_offers import find_offers
from app.services.inbox import Wanted, find_inbox
from app.services.reminders import remind_all
from tests.services.steps import Office, task_of, write_draft
from tests.services.test_delegations import again, clerk, head, lend, to_the_signature

__all__ = ["clerk", "head"]  # fixtures


@pytest.fixture
def office(session) -> Office:
    found = Office(session, time_limit_value=15)
    found.staff()
    return found


def begun(session, office, clerk):
    """A specialist's step that his delegate took and drafted; (dossier, who lent his post)."""
    dossier, giver = office.processed(), office[Role.specialist]
    task_of(dossier).assignee_id = None
    session.flush()
    lend(session, giver, clerk, days=1)
    session.commit()
    handing.claim(session, task_of(dossier), again(session, clerk))
    write_draft(session, dossier, again(session, clerk))
    return dossier, giver


def shut(session, actor):
    session.get(User, actor.user_id).active = False
    session.commit()


def lines(session, actor):
    return [line.facts.code for line in find_inbox(session, again(session, actor), Wanted()).rows]


def told(session, key):
    return set(session.scalars(sa.select(Notice.user_id).where(Notice.key.startswith(key))))


def test_after_the_last_day_the_step_is_of_whose_post_it_is(session, office, clerk):
    dossier, giver = begun(session, office, clerk)
    task = task_of(dossier)
    with acting_at(now() + timedelta(days=2)):
        with pytest.raises(NotAllowed):
            processing.finish_task(session, task, again(session, clerk))
        assert dossier.code not in lines(session, clerk)
        assert lines(session, giver) == [dossier.code]
        assert "finish_step" in {offer.name for offer in find_offers(session, dossier, again(session, giver))}
        processing.finish_task(session, task, again(session, giver))
    assert (task.assignee_id, dossier.movements[-1].on_behalf_of) == (giver.user_id, None)


def test_with_an_officer_shut_out_his_delegate_stops_and_a_head_gives_the_step_on(session, office, clerk, head):
    dossier, giver = begun(session, office, clerk)
    task, other = task_of(dossier), office.officer(Role.specialist)
    shut(session, giver)
    with pytest.raises(NotAllowed):
        processing.finish_task(session, task, again(session, clerk))
    assert "hand_to" in {offer.name for offer in find_offers(session, dossier, again(session, head))}
    handing.hand_to(session, task, other.user_id, again(session, head))
    assert lines(session, other) == [dossier.code]
    write_draft(session, dossier, again(session, other))
    processing.finish_task(session, task, again(session, other))


def test_a_signature_waits_for_the_head_who_comes_after(session, office, clerk, head):
    dossier = to_the_signature(office)
    lend(session, head, clerk)
    task_of(dossier).assignee_id = head.user_id
    shut(session, head)
    with pytest.raises(NotAllowed):
        processing.finish_task(session, task_of(dossier), again(session, clerk))
    fresh = office.officer(Role.agency_head)
    handing.hand_to(session, task_of(dossier), fresh.user_id, fresh)
    processing.finish_task(session, task_of(dossier), again(session, fresh))
    assert dossier.results[-1].approved_by_id == fresh.user_id


def test_heads_are_reminded_of_a_step_whose_officer_may_not_do_it_any_more(session, office, clerk, head):
    dossier, giver = begun(session, office, clerk)
    task, soon = task_of(dossier), task_of(dossier).due_at - timedelta(minutes=30)
    with acting_at(soon):
        remind_all(session)
    assert told(session, f"soon2:{task.id}") == {giver.user_id, clerk.user_id}
    shut(session, giver)
    session.execute(sa.delete(Notice))
    with acting_at(soon):
        remind_all(session)
    assert told(session, f"soon2:{task.id}") == {head.user_id}, "he alone can give it on"


@pytest.mark.parametrize("goes", ["ends", "moves"])
def test_who_left_the_agency_is_told_nothing_of_what_he_had(session, office, clerk, head, goes):
    dossier, giver = begun(session, office, clerk)
    task = task_of(dossier)
    post = session.scalars(sa.select(OfficerPosition).where(OfficerPosition.user_id == giver.user_id)).one()
    if goes == "ends":
        post.valid_from, post.valid_to = today() - timedelta(days=9), today() - timedelta(days=1)
    else:
        post.agency = office.tree.department
    session.commit()
    for moment, warning in ((timedelta(minutes=-30), "soon2"), (timedelta(minutes=30), "late")):
        with acting_at(task.due_at + moment):
            remind_all(session)
        assert told(session, f"{warning}:{task.id}") == {head.user_id}


def test_nobody_is_reminded_of_his_own_dossier(session, office, clerk, head):
    """It became his when his number was entered; who stands in for him alone may not do it either."""
    dossier, giver = begun(session, office, clerk)
    dossier.account.officer_id = giver.user_id
    session.commit()
    task = task_of(dossier)
    with acting_at(task.due_at - timedelta(minutes=30)):
        remind_all(session)
    assert told(session, f"soon2:{task.id}") == {head.user_id}
    dossier.account.officer_id = head.user_id
    session.commit()
    with acting_at(task.due_at + timedelta(minutes=30)):
        remind_all(session)
    assert told(session, f"late:{task.id}") == {giver.user_id, clerk.user_id}


def test_who_stands_in_is_reminded_of_what_its_officer_took(session, office, clerk):
    dossier = office.processed()
    task = task_of(dossier)
    task.assignee_id = office[Role.specialist].user_id
    lend(session, office[Role.specialist], clerk, days=90)
    session.commit()
    with acting_at(task.due_at - timedelta(minutes=30)):
        remind_all(session)
    assert told(session, f"soon2:{task.id}") == {task.assignee_id, clerk.user_id}
