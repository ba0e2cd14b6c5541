"""What waits for its applicant is judged at the moment it was asked (QĐ 766): the same everywhere."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at
from app.errors import Invalid
from app.models import Dossier
from app.permissions import ANONYMOUS, Role
from app.services import (
    apologies,
    charges,
    dashboard,
    dossier_page,
    extensions,
    lifecycle,
    pauses,
    reception,
    statistics,
)
from app.services.dashboard_period import wanted_of
from app.services.escalation import escalate_overdue
from app.services.inbox import Show, Wanted, find_inbox
from app.services.inbox_lines import Tab
from app.services.lookup import find_public
from app.services.submission import answer_supplement
from tests.services.steps import Office
from tests.services.test_extensions import use_profile

HOUR = timedelta(hours=1)


@pytest.fixture
def office(session):
    found = Office(session, time_limit_value=15)
    found.staff()
    for role in (Role.division_head, Role.agency_head, Role.control_focal_point):
        found[role]
    return found


def ask(office, dossier):
    reception.ask_supplement(office.session, dossier, office[Role.specialist], reason="Bản chụp mờ",
                             field_keys=["ho_ten"], component_ids=[])  # fmt: skip


def answers(office, dossier):
    """What each of those who judge a dossier says: whether it is overdue."""
    session = office.session
    session.flush()
    auditor = office[Role.auditor]
    near = dashboard.near_until(session, auditor)
    wanted = wanted_of({"period": "month", "group": "overdue"})
    listed = dashboard.find_dossiers(session, wanted, auditor)
    counts = dashboard.overview(session, wanted, auditor).total.counts
    assert counts["in_time"] + counts["near_due"] + counts["overdue"] + counts["waiting"] == counts["in_progress"]
    found = find_inbox(session, auditor, Wanted(tab=Tab.team))
    late = find_inbox(session, auditor, Wanted(tab=Tab.team, show=Show.overdue))
    assert found.counts["overdue"] == len(late.rows)
    return {
        "figure": statistics.totals(session, statistics.period_of("")).overdue == 1,
        "dashboard": counts["overdue"] == 1 == len(listed.rows),
        "colour": dashboard.urgency_of(session, dossier, near) == "overdue",
        "inbox": [row.code for row in late.rows] == [dossier.code],
        "line": [row.urgency for row in found.rows] == ["overdue"],
        "page": dossier_page.remaining(session, dossier).urgency == "overdue",
        "look-up": find_public(session, dossier.code, ANONYMOUS).is_overdue,
        "apology": apologies.is_late(dossier),
        "alone": pauses.is_overdue(session, dossier),
        "set": session.scalars(sa.select(Dossier.id).where(pauses.overdue(session))).all() == [dossier.id],
        "escalation": escalate_overdue(session) == 1,
    }


def agreed(office, dossier):
    """The one answer of all."""
    found = answers(office, dossier)
    assert len(set(found.values())) == 1, found
    return found["alone"]


@pytest.mark.parametrize(("asked", "is_late"), [(-HOUR, False), (timedelta(0), False), (timedelta(days=4), True)])
def test_asked_after_it_was_due_it_stays_overdue_until_it_is_finished(office, session, asked, is_late):
    dossier = office.processed()
    due_at = dossier.due_at
    with acting_at(due_at + asked):
        ask(office, dossier)
    with acting_at(due_at + timedelta(days=9)):
        assert agreed(office, dossier) is is_late
        answer_supplement(session, dossier, {"ho_ten": "Nguyễn Thị Hoa"}, office[Role.desk_officer])
        assert pauses.is_overdue(session, dossier) is is_late


def test_asked_before_acceptance_no_result_is_overdue(office, session):
    dossier, _citizen = office.submitted()
    with acting_at(dossier.reception_due_at + HOUR):
        reception.ask_supplement(session, dossier, office[Role.desk_officer], reason="Bản chụp mờ",
                                 field_keys=["ho_ten"], component_ids=[])  # fmt: skip
        assert agreed(office, dossier) is False


@pytest.mark.parametrize("pauses_clock", [True, False])
def test_while_payment_is_awaited_the_clock_runs_where_the_profile_says_so(office, session, pauses_clock):
    use_profile(session, payment_pauses_clock=pauses_clock)
    dossier = office.processed()
    charge = next(c for c in dossier.charges if c.amount)
    charge.state, charge.due = "due", "return"
    session.flush()
    charges.request_payment(session, dossier, office[Role.specialist])
    assert dossier.state == 6
    assert pauses.stands_still(session, dossier) is pauses_clock
    with acting_at(dossier.due_at + HOUR):
        assert agreed(office, dossier) is not pauses_clock


@pytest.mark.parametrize("transition", ["accepted", "withdrawal"])
def test_what_lies_at_the_desk_or_waits_for_a_withdrawal_runs_on(office, session, transition):
    if transition == "accepted":
        dossier = office.received()
    else:
        dossier = office.processed()
        desk = office[Role.desk_officer]
        lifecycle.move(session, dossier, "request_withdrawal", desk, remark="Đổi ý", of_itself=True)
    with acting_at(dossier.due_at + HOUR):
        assert agreed(office, dossier) is True


@pytest.mark.parametrize(("asked", "is_granted"), [(-HOUR, True), (HOUR, False)])
def test_no_extension_once_it_was_late_before_it_came_to_wait(office, session, asked, is_granted):
    """TTH17 Đ14.4b: a late dossier is not made one in time while it waits for its applicant."""
    dossier = office.processed()
    due_at = dossier.due_at
    wanted = extensions.ask(session, dossier, office[Role.specialist], minutes=480, reason="Xác minh thực địa.")
    decider = office[Role(wanted.waits_for)]
    with acting_at(due_at + asked):
        ask(office, dossier)
    with acting_at(due_at + timedelta(days=1)):
        if is_granted:
            extensions.agree(session, wanted, decider)
            assert dossier.due_at > due_at
        else:
            with pytest.raises(Invalid, match="Đã quá ngày hẹn trả"):
                extensions.agree(session, wanted, decider)
            assert dossier.due_at == due_at
