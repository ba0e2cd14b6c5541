"""Nobody handles, as an officer, what he asked for himself; what is typed stays within bounds."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from app.documents.titles import FORMS
from app.errors import Invalid, NotAllowed
from app.history import MAX_REASON, because
from app.models import Profile, ProfileParameter, User
from app.models.profile_values import value_problem
from app.permissions import Role
from app.services import charges, handing, lifecycle, processing, reception, results
from app.services.actors import build_actor
from app.services.dossier_offers import find_offers
from app.services.fees import set_charges
from app.services.profiles import DEFAULTS
from app.workflows.parameters import PARAMETERS
from tests.factories import make_account
from tests.services.steps import Office, task_of, write_draft


def _with_account(session, actor, account):
    """Return the officer ``actor`` as who he is once ``account`` is his own."""
    account.user_id = actor.user_id
    session.flush()
    session.expire_all()
    return build_actor(session, session.get(User, actor.user_id))


def test_the_desk_neither_accepts_nor_refuses_a_dossier_of_its_own(session):
    office = Office(session)
    dossier, citizen = office.submitted()
    dossier.account.user_id = None
    session.flush()
    desk = _with_account(session, office[Role.desk_officer], dossier.account)
    assert all(str(Role.citizen) in row.roles for row in lifecycle.offered(dossier, desk))
    for act in (lambda: reception.accept(session, dossier, desk),
                lambda: reception.refuse(session, dossier, desk, "Lý do"),
                lambda: set_charges(session, dossier, desk, {}),
                lambda: charges.record_payment(session, dossier, desk, "cash")):  # fmt: skip
        with pytest.raises(NotAllowed):
            act()
    assert dossier.state == 1
    assert citizen.user_id != desk.user_id


def test_the_desk_receives_nothing_for_itself(session):
    office = Office(session)
    office.staff()
    desk = _with_account(session, office[Role.desk_officer], account := make_account())
    with pytest.raises(NotAllowed):
        reception.receive_at_counter(session, office.given(account=account), desk)


def test_a_specialist_works_on_no_dossier_of_his_own(session):
    office = Office(session)
    dossier = office.processed()
    task = task_of(dossier)
    mine = _with_account(session, office[Role(task.role)], dossier.account)
    colleague = office.officer(Role(task.role))
    for act in (lambda: processing.finish_task(session, task, mine),
                lambda: write_draft(session, dossier, mine),
                lambda: handing.hand_to(session, task, mine.user_id, office[Role.agency_head])):  # fmt: skip
        with pytest.raises((NotAllowed, Invalid)):
            act()
    assert not results.may_draft(dossier, mine)
    assert mine.user_id not in handing.colleagues(session, task)
    assert colleague.user_id in handing.colleagues(session, task)
    handing.hand_to(session, task, colleague.user_id, office[Role.agency_head])
    write_draft(session, dossier, colleague)
    assert dossier.results


def test_a_reason_has_an_end_everywhere(session):
    office = Office(session)
    dossier, _citizen = office.submitted()
    desk = office[Role.desk_officer]
    with pytest.raises(Invalid) as caught:
        reception.refuse(session, dossier, desk, "a" * (MAX_REASON + 1))
    assert "reason" in caught.value.fields
    because(session, reason="a" * MAX_REASON)
    because(session)


WRONG = [
    ("reception_limit_hours", "tám"), ("reception_limit_hours", 0), ("reception_limit_hours", True),
    ("reception_limit_hours", 10**30), ("cutoff_time", "25:99"), ("cutoff_time", 15), ("count_from", "hôm nay"),
    ("due_time_of_day", ["end_of_session"]), ("form_set", "tt99"), ("supplement_max", "1"), ("supplement_max", -1),
    ("supplement_answer_days", 10**6), ("payment_pauses_clock", "no"), ("max_upload_mb", {}),
    ("reminder_hours", []), ("reminder_hours", ["8"]), ("reminder_hours", 0), ("reception_reminder_hours", {"a": 1}),
    ("dossier_code_pattern", "{unit}"), ("dossier_code_pattern", 5), ("feedback_code_pattern", "{nnnn}" * 40),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_a_parameter_the_product_could_not_use_is_not_saved(session, login, key, value):
    profile = Profile(code="x", name="X")
    session.add(profile)
    session.flush()
    body = {"profile": profile.id, "key": key, "value": value, "valid_from": "2026-01-01"}
    answer = login(Role.catalog_admin).post("/api/v1/profile_parameter/", json=body)
    assert answer.status_code == 422
    assert "value" in answer.json["errors"]
    assert session.scalar(sa.select(sa.func.count(ProfileParameter.id))) == 0


def test_what_holds_by_default_and_what_people_read_is_kept(session):
    assert set(FORMS) == set(PARAMETERS["form_set"].choices)
    assert [key for key, value in DEFAULTS.items() if value_problem(key, value)] == []
    assert value_problem("citizen_portal", {"any": ["thing"]}) is None
    assert value_problem("reminder_hours", 8) is None


def _head_of_his_own(session):
    """Return (office, task, colleague who may do it, head of the agency whose own dossier it is)."""
    office = Office(session)
    dossier = office.processed()
    colleague = office.officer(Role.specialist)
    return office, task_of(dossier), colleague, _with_account(session, office[Role.agency_head], dossier.account)


def test_a_head_chooses_not_who_decides_on_his_own_dossier(session):
    _office, task, colleague, head = _head_of_his_own(session)
    had = task.assignee_id
    with pytest.raises(NotAllowed):
        handing.hand_to(session, task, colleague.user_id, head)
    assert "hand_to" not in [offer.name for offer in find_offers(session, task.dossier, head)]
    assert task.assignee_id == had


def test_nor_does_who_stands_in_for_him(session):
    """The head is the applicant; his deputy would choose the officer in his place."""
    office, task, colleague, head = _head_of_his_own(session)
    deputy = office[Role.division_head]
    lent = replace(head.positions[0], delegation_id=1, delegator_id=head.user_id)
    deputy = replace(deputy, positions=(lent,), roles=frozenset({Role.agency_head}))
    with pytest.raises(NotAllowed):
        handing.hand_to(session, task, colleague.user_id, deputy)
    assert "hand_to" not in [offer.name for offer in find_offers(session, task.dossier, deputy)]
