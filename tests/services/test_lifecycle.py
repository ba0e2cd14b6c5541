"""States × transitions × roles: the table is the law, the service its only executor."""

from datetime import timedelta
from itertools import product

import pytest

from app.clock import acting_at, now
from app.errors import Invalid, NotAllowed
from app.models import Charge, Movement, Result, SupplementRequest
from app.permissions import Actor, Role
from app.services import lifecycle
from app.services.guards import GUARDS
from app.workflows.dossier import DOSSIER
from app.workflows.states import State
from app.workflows.table import PREVIOUS
from tests.factories import make_agency
from tests.services.steps import Office, task_of

# How a dossier may have come into each detour, so that its way back is known.
ORIGIN = {
    State.supplement_requested: "ask_supplement_in_process",
    State.payment_requested: "request_payment_in_process",
    State.withdrawal_requested: "request_withdrawal",
    State.refused: "refuse", State.stopped: "stop", State.finished: "finish",  # to be opened again
}


@pytest.fixture
def office(session):
    """A ward with one officer in every role of the table."""
    found = Office(session)
    found.staff()
    for role in Role:
        found[role]
    return found


def satisfy(office: Office, dossier, guard: str | None) -> None:
    """Make ``guard`` hold."""
    if guard == "charge_due":
        dossier.charges.append(Charge(name="Phí", kind="phi", amount=1000, state="due"))
    if guard in {"result_issued", "online_delivery"}:
        dossier.results.append(Result(state="issued", title="Kết quả", content="…"))
        dossier.result_way = "online"
    if guard == "answer_overdue":
        dossier.received_at = None
        dossier.supplements.append(SupplementRequest(
            number=1, reason="…", asked_at=now(), due_at=now() - timedelta(days=1), asked_by_name="test",
        ))  # fmt: skip
    if guard == "supplement_answered":
        dossier.supplements.append(SupplementRequest(
            number=1, reason="…", asked_at=now(), answered_at=now(), asked_by_name="test",
        ))  # fmt: skip
    office.session.flush()


def actor_for(office: Office, role: Role, dossier) -> Actor:
    """Return someone holding only ``role`` over the dossier."""
    if role is Role.citizen:
        return Actor(name="Trần Thị Bình", roles=frozenset({role}), account_id=dossier.account_id)
    return office[role]


def hold_step(office: Office, dossier, role: Role) -> None:
    """Let the open step be one of ``role``, so that those who need it have it."""
    task = task_of(dossier)
    task.role, task.assignee_id = str(role), None
    office.session.flush()


@pytest.mark.parametrize("role", list(Role))
def test_only_tabled_moves_succeed(office, role):
    session, dossier = office.session, office.processed()
    if role is Role.specialist:
        hold_step(office, dossier, role)
    actor = actor_for(office, role, dossier)
    rows = [row for row in DOSSIER.transitions if None not in row.sources]
    allowed = set()
    for state, row in product(State, rows):
        if state in row.sources and str(role) in row.roles:
            allowed.add((state, row))
            continue
        with session.no_autoflush:
            dossier.state = int(state)
            with pytest.raises(NotAllowed):
                lifecycle.move(session, dossier, row.name, actor, remark="lý do")
            assert dossier.state == state, (state, row.name)
        session.expire(dossier, ["state"])
    for state, row in sorted(allowed, key=lambda pair: (pair[0], pair[1].name)):
        with session.begin_nested() as savepoint:
            prepare(office, dossier, state, row)
            lifecycle.move(session, dossier, row.name, actor, remark="lý do")
            expected = State.processing if row.target is PREVIOUS else row.target
            assert dossier.state == expected, (state, row.name)
            assert dossier.movements[-1].clause == row.clause
            savepoint.rollback()
        session.expire_all()


def prepare(office: Office, dossier, state: State, row) -> None:
    """Put the dossier into ``state`` with the guard of ``row`` fulfilled."""
    source = State.processing if state in ORIGIN else None
    office.session.add(Movement(
        dossier=dossier, at=now(), transition=ORIGIN.get(state, "start"), source=source,
        target=state, actor_name="test",
    ))  # fmt: skip
    dossier.state = int(state)
    satisfy(office, dossier, row.guard)


def test_the_same_role_elsewhere_may_nothing(office):
    dossier, elsewhere = office.processed(), make_agency(parent=office.tree.root)
    others = [office.officer(role, elsewhere) for role in Role if role is not Role.citizen]
    for state, other in product(State, others):
        with office.session.no_autoflush:
            dossier.state = int(state)
            assert lifecycle.offered(dossier, other) == [], (state, other.roles)


def test_the_province_does_not_act_on_a_wards_dossier(office):
    chairman = office.officer(Role.agency_head, office.tree.root)
    dossier = office.processed()
    with pytest.raises(NotAllowed):
        lifecycle.move(office.session, dossier, "stop", chairman, remark="lý do")


def test_a_specialist_does_not_act_on_a_colleagues_dossier(office):
    office.officer(Role.specialist)
    dossier = office.processed()
    task_of(dossier).assignee_id = office[Role.specialist].user_id
    colleague = office.officer(Role.specialist)
    name = "ask_supplement_in_process"
    assert name in {row.name for row in lifecycle.offered(dossier, office[Role.specialist])}
    assert name not in {row.name for row in lifecycle.offered(dossier, colleague)}


def test_another_applicant_may_nothing(office):
    _account, stranger = office.applicant()
    dossier = office.received()
    assert lifecycle.offered(dossier, stranger) == []


def test_every_guard_of_the_table_is_answered():
    assert set(DOSSIER.guards) == set(GUARDS)


@pytest.mark.parametrize(
    "row", [row for row in DOSSIER.transitions if row.needs_reason], ids=lambda row: row.name
)
def test_a_reason_is_demanded(office, row):
    dossier = office.received()
    with pytest.raises(Invalid) as refusal:
        lifecycle.refuse_unless(row, dossier, "   ")
    assert "reason" in refusal.value.fields


def test_a_failing_guard_names_what_is_missing(office):
    dossier = office.received()
    with pytest.raises(Invalid, match="phí"):
        lifecycle.move(office.session, dossier, "start", office[Role.desk_officer])
    assert dossier.state == State.accepted


def test_a_forged_name_is_refused(office):
    dossier = office.received()
    with pytest.raises(NotAllowed):
        lifecycle.move(office.session, dossier, "give_me_everything", office[Role.desk_officer])


def test_the_clock_gives_back_the_working_time_of_a_supplement(office):
    """Two working days of waiting move both due dates by two working days (NĐ 61/2018 Đ19)."""
    start = now().replace(year=2026, month=11, day=9, hour=2, minute=0)  # Monday 09:00 in Huế
    session = office.session
    with acting_at(start):
        dossier = office.processed()
        due, step_due = dossier.due_at, task_of(dossier).due_at
        lifecycle.move(session, dossier, "ask_supplement_in_process", office[Role.specialist],
                       remark="Thiếu giấy tờ")  # fmt: skip
    satisfy(office, dossier, "supplement_answered")
    with acting_at(start + timedelta(days=2)):
        citizen = actor_for(office, Role.citizen, dossier)
        lifecycle.move(session, dossier, "answer_supplement", citizen)
    assert dossier.state == State.processing
    assert dossier.due_at - due == timedelta(days=4)  # Thursday + 2 working days = Monday
    assert task_of(dossier).due_at - step_due == timedelta(days=2)
    assert dossier.original_due_at == due
    assert dossier.due_changes[-1].old_due_at == due


def test_time_is_kept_by_holder_without_gap_or_overlap(office):
    session = office.session
    start = now().replace(year=2026, month=11, day=9, hour=2, minute=0, second=0, microsecond=0)
    with acting_at(start):
        dossier = office.received()
    with acting_at(start + timedelta(hours=1)):
        office.pay(dossier)
        lifecycle.move(
            session, dossier, "request_withdrawal", office[Role.desk_officer], remark="x"
        )
    with acting_at(start + timedelta(hours=2)):
        lifecycle.move(session, dossier, "reject_withdrawal", office[Role.desk_officer], remark="x")
    parts = dossier.segments
    assert [part.holder for part in parts] == ["desk", "officer", "desk"]
    assert all(a.ended_at == b.started_at for a, b in zip(parts, parts[1:], strict=False))
    assert parts[-1].ended_at is None
    assert parts[-1].user_id == office[Role.desk_officer].user_id


def test_a_closed_dossier_has_no_running_clock(office):
    dossier, _citizen = office.submitted()
    lifecycle.move(office.session, dossier, "refuse", office[Role.desk_officer], remark="lý do")
    assert dossier.closed_at is not None
    assert all(part.ended_at is not None for part in dossier.segments)


def test_a_payment_before_acceptance_begins_the_reception_limit_anew(office):
    start = now().replace(year=2026, month=11, day=9, hour=2, minute=0)
    with acting_at(start):
        dossier, _citizen = office.submitted()
        first = dossier.reception_due_at
        lifecycle.move(office.session, dossier, "request_payment", office[Role.desk_officer])
    with acting_at(start + timedelta(days=1)):
        office.pay(dossier)
    assert dossier.state == State.registered
    assert dossier.reception_due_at - first == timedelta(days=1)
