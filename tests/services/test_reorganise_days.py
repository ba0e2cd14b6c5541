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


def _told(turning, msgid):
    return vi(msgid, agency=turning.agency.name, day=f"{turning.since:%d/%m/%Y}")


ENDING = ("%(agency)s was to go by another calendar from %(day)s on. It ends before that, so nothing is counted by it; "
          "if this act is undone, the turn stands again.")  # fmt: skip
GOING_ALONG = "%(agency)s goes by another calendar from %(day)s on; that stays so under the agency it comes to."


def _turns(session):
    columns = AgencyCalendar.agency_id, AgencyCalendar.since, AgencyCalendar.calendar_id, AgencyCalendar.begun_at
    return session.execute(sa.select(*columns).order_by(AgencyCalendar.id)).all()


@pytest.mark.parametrize(("make", "words"), [
    (lambda tree: merge(tree.commune, another_ward(tree)), ENDING), (_merge_parent, GOING_ALONG)])  # fmt: skip
def test_a_merger_tells_of_a_turn_that_waits_and_its_undoing_gives_it_back(session, admin, turning, make, words):
    wish, before = make(make_tree()), _turns(session)
    plan = reorganise.plan_of(session, wish)
    assert plan.faults == {}
    assert _told(turning, words) in plan.notes
    act = reorganise.reorganise(session, wish, admin, plan.digest)
    reorganise.undo(session, act.id, admin)
    session.expire_all()
    assert _turns(session) == before
    assert make_tree().commune.is_open()


def test_a_split_gives_the_new_agency_the_same_turn_until_it_is_undone(session, admin, turning):
    before, plan = _turns(session), reorganise.plan_of(session, wish := _split(make_tree()))
    effect = vi("Turns to another calendar to come, now of %(agency)s, too", agency="Phường Mới")
    assert (effect, 1) in plan.effects
    act = reorganise.reorganise(session, wish, admin, plan.digest)
    turn = (act.target_id, turning.since, turning.calendar_id, None)
    assert [tuple(one) for one in _turns(session)] == [*map(tuple, before), turn]
    reorganise.undo(session, act.id, admin)
    assert _turns(session) == before


def test_a_turn_that_comes_after_the_preview_is_looked_at_first(session, admin):
    wish = merge(make_tree().commune, another_ward(make_tree()))
    seen = reorganise.plan_of(session, wish).digest
    since = today() + timedelta(days=10)
    session.add(AgencyCalendar(agency=make_tree().commune, since=since, calendar=make_calendar(), reason="Đông"))
    session.flush()
    with pytest.raises(Conflict):
        reorganise.reorganise(session, wish, admin, seen)


@pytest.mark.parametrize(("make", "days"), [(_split, 11), (_rename, 0)])
def test_a_turn_that_begins_before_the_act_or_stays_where_it_is_needs_no_words(session, admin, turning, make, days):
    given = {"effective_on": today() + timedelta(days=days)} if days else {}
    plan = reorganise.plan_of(session, make(make_tree(), **given))
    assert plan.faults == {}
    assert "Phường" not in " ".join(plan.notes)
    assert not any(isinstance(change.row, AgencyCalendar) for change in plan.changes)
