"""An outage takes nobody's time by itself; after a decision it is given back, exactly and once."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at
from app.errors import Conflict, Invalid, NotAllowed
from app.models import HistoryEntry, IncidentNotice, Notice, OutageDecision, OutboxEvent
from app.permissions import Role
from app.services import chunks, incidents, lifecycle, outages
from app.services.ledger import ledger_of
from app.workflows.ledger import Holder
from tests.services.steps import Office, task_of
from tests.services.test_lifecycle import actor_for, satisfy
from tests.workflows.hue import at

MORNING = at("2026-11-09 08:00")  # a Monday
DOWN, UP = at("2026-11-10 10:00"), at("2026-11-10 15:00")  # 1 h 30 + 1 h 30 of work
AFTER = at("2026-11-11 09:00")
WORDS = {"reason": "Mất điện toàn thành phố", "clause": "HUE25 Đ23.3"}


@pytest.fixture
def office(session) -> Office:
    return Office(session)


def incident(office: Office, since=DOWN, until=UP, agency=None) -> IncidentNotice:
    """Declare one that has ended."""
    row = IncidentNotice(title="Mất kết nối", body="…", starts_at=since, ended_at=until, agency=agency)
    office.session.add(row)
    office.session.flush()
    return row


def decider(office: Office, role=Role.control_focal_point):
    """Return who decides for the province."""
    return office.officer(role, office.tree.root)


def running(office: Office):
    with acting_at(MORNING):
        return office.processed()


def give_back(office: Office, row: IncidentNotice, **words) -> OutageDecision:
    """Decide and let the worker do its part."""
    session = office.session
    decision = outages.decide(session, row.id, decider(office), is_credited=True, **WORDS | words)
    while decision.done_at is None:
        outages.credit_waiting(session, decision.id)
    return decision


def test_an_incident_alone_moves_nothing(office):
    dossier = running(office)
    due = dossier.due_at
    row = incident(office)
    with acting_at(AFTER):
        assert outages.effect_of(office.session, row).total == 1
        outages.decide(office.session, row.id, decider(office), is_credited=False, **WORDS)
    assert dossier.due_at == due == dossier.original_due_at
    assert [part.holder for part in dossier.segments] == ["officer"]
    assert office.session.scalar(sa.select(OutboxEvent.id).where(OutboxEvent.name == "outages.credit")) is None


def test_the_time_given_back_is_a_segment_and_a_change_of_the_due_date(office):
    dossier = running(office)
    due, step_due = dossier.due_at, task_of(dossier).due_at
    row = incident(office)
    with acting_at(AFTER):
        [(code, _agency, old, new)] = outages.effect_of(office.session, row).rows
        decision = give_back(office, row)
        found = ledger_of(office.session, dossier)
    assert (code, old, new) == (dossier.code, due, dossier.due_at)
    assert [(part.holder, part.ended_at is None) for part in dossier.segments] == [
        ("officer", False), ("outage", False), ("officer", True),
    ]  # fmt: skip
    assert found.faults == []
    assert found.sums.minutes(Holder.outage) == 180 == found.sums.stood_still
    assert [(change.row.clause, change.words) for change in found.changes] == [("HUE25 Đ23.3", found.bars[1].words)]
    assert task_of(dossier).due_at > step_due
    assert dossier.original_due_at == due
    assert decision.moved == 1
    told = office.session.scalars(sa.select(Notice.body).where(Notice.key.startswith("outage:"))).all()
    assert all(WORDS["reason"] in body for body in told)
    kept = office.session.scalars(sa.select(HistoryEntry).where(HistoryEntry.record == "clock_segment")).all()
    cuts = [entry for entry in kept if entry.at == AFTER]
    assert len(cuts) == 3
    assert all(WORDS["clause"] in (entry.reason or "") for entry in cuts)


def test_giving_back_twice_has_one_effect(office):
    dossier = running(office)
    row = incident(office)
    with acting_at(AFTER):
        decision = give_back(office, row)
        due = dossier.due_at
        decision.done_at, decision.last_dossier_id = None, 0
        outages.credit_waiting(office.session, decision.id)
    assert dossier.due_at == due
    assert len(dossier.segments) == 3
    with acting_at(AFTER), pytest.raises(Conflict):
        outages.decide(office.session, row.id, decider(office), is_credited=True, **WORDS)


def test_two_incidents_at_the_same_time_are_given_back_once(office):
    dossier = running(office)
    one, other = incident(office), incident(office, DOWN + timedelta(hours=1), UP + timedelta(hours=1))
    with acting_at(AFTER):
        give_back(office, one)
        give_back(office, other)
        sums = ledger_of(office.session, dossier).sums
    assert sums.minutes(Holder.outage) == 240  # 10:00–16:00
    assert sums.faults == ()


def test_time_that_waited_for_the_applicant_is_not_given_back_again(office):
    dossier = running(office)
    session = office.session
    with acting_at(DOWN + timedelta(minutes=30)):
        lifecycle.move(session, dossier, "ask_supplement_in_process", office[Role.specialist], remark="thiếu")
    satisfy(office, dossier, "supplement_answered")
    with acting_at(AFTER):
        row = incident(office)
        give_back(office, row)
        lifecycle.move(session, dossier, "answer_supplement", actor_for(office, Role.citizen, dossier))
        found = ledger_of(session, dossier)
    assert found.sums.minutes(Holder.outage) == 30
    assert found.faults == []
    assert sum(minutes for _change, minutes in found.sums.adjusted) == found.sums.stood_still


def test_only_agencies_within_the_scope_get_time_back(office):
    dossier = running(office)
    row = incident(office, agency=office.tree.department)
    with acting_at(AFTER):
        assert outages.effect_of(office.session, row).looked_at == 0
        assert give_back(office, row).moved == 0
    assert dossier.due_at == dossier.original_due_at


def test_a_dossier_waiting_at_the_desk_gets_its_answer_later(office):
    with acting_at(at("2026-11-10 08:00")):
        dossier, _citizen = office.submitted()
    due = dossier.reception_due_at
    row = incident(office)
    with acting_at(AFTER):
        give_back(office, row)
    assert dossier.reception_due_at - due == timedelta(hours=3)  # 8:00 the next morning becomes 11:00
    assert dossier.due_changes == []


def test_a_finished_dossier_keeps_its_due_date(office):
    with acting_at(MORNING):
        dossier = office.finished()
    row = incident(office)
    with acting_at(AFTER):
        assert outages.effect_of(office.session, row).total == 0
        assert give_back(office, row).moved == 0
    assert dossier.due_at == dossier.original_due_at


def test_many_dossiers_are_done_in_chunks(office, monkeypatch, count_queries):
    monkeypatch.setattr(chunks, "CHUNK", 2)
    for _one in range(5):
        running(office)
    row = incident(office)
    with acting_at(AFTER):
        with count_queries() as seen:
            outages.effect_of(office.session, row)
        decision = outages.decide(office.session, row.id, decider(office), is_credited=True, **WORDS)
        outages.credit_waiting(office.session, decision.id)
        assert (decision.moved, decision.done_at) == (2, None)
        while decision.done_at is None:
            outages.credit_waiting(office.session, decision.id)
    assert decision.moved == 5
    assert len(seen) <= 12


@pytest.mark.parametrize("role", sorted(set(Role) - incidents.DECIDERS - {Role.citizen}))
def test_others_do_not_decide(office, role):
    row = incident(office)
    with pytest.raises(NotAllowed):
        outages.decide(office.session, row.id, decider(office, role), is_credited=True, **WORDS)


def test_a_ward_decides_only_about_its_own_incidents(office):
    head = office.officer(Role.agency_head, office.tree.commune)
    assert not incidents.may_decide(office.session, incident(office), head)
    assert incidents.may_decide(office.session, incident(office, agency=office.tree.commune), head)


def test_a_decision_needs_its_end_its_reason_and_its_clause(office):
    row = incident(office, until=None)
    with pytest.raises(Conflict):
        outages.decide(office.session, row.id, decider(office), is_credited=True, **WORDS)
    row.ended_at = UP
    with pytest.raises(Invalid) as caught:
        outages.decide(office.session, row.id, decider(office), is_credited=True, reason=" ", clause="")
    assert set(caught.value.fields) == {"reason", "clause"}


def test_the_times_of_a_decided_incident_are_kept(office):
    row = incident(office)
    with acting_at(AFTER):
        outages.decide(office.session, row.id, decider(office), is_credited=False, **WORDS)
    operator = office.officer(Role.system_admin, office.tree.root)
    row.ended_at = UP + timedelta(days=1)
    with pytest.raises(Invalid):
        row.check(operator)
    row.ended_at = UP
    row.body = "Đã sửa xong"
    row.check(operator)
