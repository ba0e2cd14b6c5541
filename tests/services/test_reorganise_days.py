"""Reorganisations that take effect on a later day, large ones, and fees that follow a merger."""

from datetime import datetime, time, timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now, today
from app.errors import Conflict, Invalid, NotAllowed
from app.extensions import db
from app.models import AgencyCalendar, Fee, OutboxEvent
from app.models.reorganisation import ReorganisationKind as Kind
from app.permissions import Role
from app.services import fees, reorganise
from app.services.reorganise_moves import Wish
from app.tasks import outbox
from app.workflows.wording import VIETNAM
from tests.factories import make_calendar, make_procedure, make_tree
from tests.leaders.dossiers import add_dossier
from tests.services.test_reorganise import DECISION, admin, another_ward, merge
from tests.wording import vi

__all__ = ["admin"]  # a fixture


def test_a_fee_of_the_merged_agency_follows_it(session, admin):
    tree = make_tree()
    version = make_procedure(fee=50_000)
    version.fees[0].agency = tree.commune
    session.flush()
    new = another_ward(tree)
    assert [fee.amount for fee in fees.fees_for(version, "counter", tree.commune)] == [50_000]
    assert fees.fees_for(version, "counter", new) == []
    act = reorganise.reorganise(session, merge(tree.commune, new), admin)
    assert [fee.amount for fee in fees.fees_for(version, "counter", new)] == [50_000]
    # The rule that was decided for the successor itself is closer.
    version.fees.append(Fee(position=2, name=version.fees[0].name, kind=version.fees[0].kind, amount=7_000, agency=new))
    session.flush()
    assert [fee.amount for fee in fees.fees_for(version, "counter", new)] == [7_000]
    version.fees.pop()
    session.flush()
    reorganise.undo(session, act.id, admin)
    assert fees.fees_for(version, "counter", new) == []


def test_the_worker_may_take_its_time_for_a_large_act(session, monkeypatch):
    sent = []
    monkeypatch.setattr(outbox.celery, "send_task", lambda _name, **given: sent.append(given))
    for name in ("agencies.reorganise", "mail.send"):
        session.add(OutboxEvent(name=name, payload={}, created_at=now(), due_at=now()))
    session.commit()
    outbox.drain()
    assert [given.get("time_limit", 0) > 55 for given in sent] == [True, False]


def test_an_act_of_a_later_day_waits_for_it_and_is_done_once(session, admin):
    tree = make_tree()
    dossier, new, day = add_dossier("in time"), another_ward(tree), today() + timedelta(days=30)
    act = reorganise.reorganise(session, merge(tree.commune, new, effective_on=day), admin)
    event = session.scalars(sa.select(OutboxEvent).where(OutboxEvent.name == "agencies.reorganise")).one()
    midnight = datetime.combine(day, time(), VIETNAM)
    assert (act.state, event.due_at, tree.commune.is_open()) == ("planned", midnight, True)
    reorganise.reorganise_waiting(session, act.id)  # a message too early changes nothing
    assert (act.state, dossier.agency) == ("planned", tree.commune)
    late = add_dossier("in time")  # what comes until then moves too
    with acting_at(midnight + timedelta(minutes=1)):
        for _turn in range(2):
            reorganise.reorganise_waiting(session, act.id)
        assert act.state == "applied"
        assert (dossier.agency, late.agency) == (new, new)
        assert tree.commune.valid_to == day - timedelta(days=1)
        with pytest.raises(Conflict):
            reorganise.cancel(session, act.id, admin)
        reorganise.undo(session, act.id, admin)
    assert dossier.agency is tree.commune


def test_a_planned_act_is_cancelled_by_those_who_may(session, admin, actor):
    tree = make_tree()
    new, day = another_ward(tree), today() + timedelta(days=3)
    act = reorganise.reorganise(session, merge(tree.commune, new, effective_on=day), admin)
    with pytest.raises(NotAllowed):
        reorganise.cancel(session, act.id, actor(Role.agency_head))
    reorganise.cancel(session, act.id, admin)
    with acting_at(datetime.combine(day, time(9), VIETNAM)):
        reorganise.reorganise_waiting(session, act.id)
    assert (act.state, tree.commune.is_open()) == ("cancelled", True)


def test_what_forbids_it_on_its_day_is_told(session, admin):
    tree = make_tree()
    new, day = another_ward(tree), today() + timedelta(days=3)
    wishes = [merge(tree.commune, new, effective_on=day, decision_number=number) for number in ("1/QĐ", "2/QĐ")]
    acts = [reorganise.reorganise(session, wish, admin) for wish in wishes]
    with acting_at(datetime.combine(day, time(9), VIETNAM)):
        for act in acts:
            reorganise.reorganise_waiting(session, act.id)
    assert [act.state for act in acts] == ["applied", "refused"]
    assert acts[1].fault


@pytest.mark.parametrize("days", [-1, 400])
def test_a_day_gone_by_or_too_far_is_refused(session, admin, days):
    tree = make_tree()
    wish = merge(tree.commune, another_ward(tree), effective_on=today() + timedelta(days=days))
    with pytest.raises(Invalid) as refusal:
        reorganise.reorganise(session, wish, admin)
    assert "effective_on" in refusal.value.fields


@pytest.fixture
def turning(session):
    """The commune goes by another calendar in ten days."""
    agency = make_tree().commune
    turn = AgencyCalendar(agency=agency, since=today() + timedelta(days=10), calendar=make_calendar(), reason="Đông")
    session.add(turn)
    session.flush()
    return turn


def _split(tree, **given):
    return Wish(kind=Kind.split, source=tree.commune, name="Phường Mới", code="H57.19999", **DECISION | given)


def _rename(tree, **given):
    return Wish(kind=Kind.rename, source=tree.commune, name="Phường Đổi", code="H57.19998", **DECISION | given)


def _merge_parent(tree, **given):
    """Merge the agency above the one that turns: what stands below goes along."""
    tree.commune.parent = tree.department
    db.session.flush()
    return merge(tree.department, another_ward(tree), **given)


@pytest.mark.parametrize(
    ("make", "days", "is_refused"),
    [
        (lambda tree, **given: merge(tree.commune, another_ward(tree), **given), 0, True),
        (_merge_parent, 0, True),
        (_split, 0, True),
        (_split, 10, True),  # that very day it may not have begun yet
        (_split, 11, False),
        (_rename, 0, False),
    ],
)
def test_an_agency_with_another_calendar_to_come_is_not_merged_or_split_unseen(
    session, admin, turning, make, days, is_refused
):
    given = {"effective_on": today() + timedelta(days=days)} if days else {}
    faults = reorganise.plan_of(session, make(make_tree(), **given)).faults
    said = vi("%(agency)s goes by another calendar from %(day)s on. Take that back first, or wait for the day.",
              agency=turning.agency.name, day=f"{turning.since:%d/%m/%Y}")  # fmt: skip
    assert faults == ({"source": said} if is_refused else {})
