"""States × transitions × roles under every regulation profile: rights are the law's, limits the profile's."""

from datetime import timedelta
from itertools import product

import pytest

from app.clock import acting_at
from app.errors import Invalid
from app.models import SupplementRequest
from app.permissions import Role
from app.services import lifecycle
from app.services.profiles import profile_value
from app.workflows.dossier import DOSSIER
from app.workflows.states import State
from app.workflows.table import PREVIOUS
from tests.regulations.support import PROFILES, enact
from tests.services.steps import Office
from tests.services.test_lifecycle import actor_for, hold_step, prepare, satisfy
from tests.workflows.hue import at
from tests.workflows.test_tables import EXPECTED

# The pack's profiles: the four regulations, and the national one of 2026.
CODES = (*PROFILES.values(), "national_2026")
MONDAY = at("2026-11-09 08:00")
ROWS = [row for row in DOSSIER.transitions if None not in row.sources]


@pytest.fixture(params=CODES)
def office(request, session):
    """A ward with one officer in every role, under one of the profiles."""
    enact(session, request.param)
    found = Office(session)
    found.staff()
    for role in Role:
        found[role]
    return found


def test_each_role_is_offered_in_each_state_what_the_table_says(office):
    dossier = office.processed()
    for role, state in product(Role, State):
        hold_step(office, dossier, Role.specialist)
        with office.session.no_autoflush:
            dossier.state = int(state)
            names = {row.name for row in lifecycle.offered(dossier, actor_for(office, role, dossier))}
        office.session.expire(dossier, ["state"])
        assert names == EXPECTED.get(str(role), {}).get(state, set()), (role, state)


def test_each_move_leads_where_the_table_says(office):
    session, dossier = office.session, office.processed()
    for row in ROWS:
        for state in sorted(row.sources):
            role = Role(sorted(row.roles)[0])
            with session.begin_nested() as savepoint:
                hold_step(office, dossier, Role.specialist)
                prepare(office, dossier, state, row)
                if row.guard == "supplement_once":
                    _ask_once_more(session, dossier)
                lifecycle.move(session, dossier, row.name, actor_for(office, role, dossier), remark="lý do")
                target = State.processing if row.target is PREVIOUS else row.target
                assert (dossier.state, dossier.movements[-1].clause) == (target, row.clause), (row.name, state)
                savepoint.rollback()
            session.expire_all()


def _ask_once_more(session, dossier):
    """Put on record whose fault it is where the profile allows no request at all."""
    if not int(profile_value(session, "supplement_max")):
        dossier.supplements.append(SupplementRequest(
            number=1, reason="…", asked_at=dossier.submitted_at, asked_by_name="test", fault="applicant",
            fault_reason="Đã hướng dẫn nhưng chưa nộp",
        ))  # fmt: skip
        session.flush()


def test_a_supplement_is_asked_for_as_often_as_the_profile_says(office):
    session, dossier = office.session, office.processed()
    dossier.supplement_count = int(profile_value(session, "supplement_max"))
    session.flush()
    with pytest.raises(Invalid):
        lifecycle.move(session, dossier, "ask_supplement_in_process", office[Role.agency_head], remark="lý do")
    if dossier.supplement_count:
        dossier.supplement_count -= 1
        lifecycle.move(session, dossier, "ask_supplement_in_process", office[Role.agency_head], remark="lý do")
        assert dossier.segments[-1].holder == "applicant"


def test_waiting_for_money_moves_the_due_date_where_the_profile_says_so(office):
    with acting_at(MONDAY):
        dossier = office.processed()
        satisfy(office, dossier, "charge_due")
        promised = dossier.due_at
        lifecycle.move(office.session, dossier, "request_payment_in_process", office[Role.division_head])
    with acting_at(MONDAY + timedelta(days=1)):
        office.pay(dossier)
    assert dossier.state == State.processing
    assert (dossier.due_at > promised) is bool(profile_value(office.session, "payment_pauses_clock"))
    assert [change.old_due_at for change in dossier.due_changes] == [promised] * (dossier.due_at > promised)
