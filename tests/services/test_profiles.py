"""Profiles: every parameter is read by the product or kept for information, and does what it says."""

import re
from datetime import date
from pathlib import Path

import pytest

from app.clock import acting_at
from app.errors import Invalid, NotFound
from app.models import Profile, ProfileParameter
from app.models.profile_values import value_problem
from app.packs.files import read_folder
from app.permissions import ANONYMOUS, Role
from app.services import channels, drafts, files, lookup, online_services, reception, submission, timing
from app.services import feedback as feedback_service
from app.services.profiles import DEFAULTS, profile_value
from app.workflows.parameters import PARAMETERS, UNSET
from tests.factories import make_agency, make_tree
from tests.portal.records import make_feedback
from tests.regulations.scenes import at, letter, local
from tests.services.steps import Office, attachment, task_of

APP = Path(__file__).resolve().parents[2] / "app"
FILES = {row["code"]: row for row in read_folder("profiles")}
GIVEN = [(code, row["key"], row["value"], row) for code, file in FILES.items() for row in file["parameters"]]


def demand(session, **values):
    """Let a profile with these parameters be in force."""
    profile = Profile(code="thu", name="Quy chế thử", is_active=True)
    profile.parameters = [ProfileParameter(key=key, value=value, valid_from=date(2020, 1, 1))
                          for key, value in values.items()]  # fmt: skip
    session.add(profile)
    session.flush()
    session.info.pop("profile_values", None)
    return profile


def _read_by_the_product():
    source = "".join(p.read_text("utf-8") for p in APP.rglob("*.py")
                     if p.name not in {"parameters.py", "profiles.py"})  # fmt: skip
    return {key for key in PARAMETERS if re.search(rf'"{key}"', source)}


def test_the_product_reads_exactly_the_parameters_that_are_said_to_be_read():
    assert _read_by_the_product() == {key for key, one in PARAMETERS.items() if one.is_read}


@pytest.mark.parametrize(("code", "key", "value", "row"), GIVEN)
def test_every_parameter_of_the_files_is_known_sound_and_has_its_ground(code, key, value, row):
    assert key in PARAMETERS, f"{code}: {key}"
    assert value_problem(key, value) is None
    assert row["clause"] or code == "national_2026"
    if value == UNSET and code == "national_2026":
        assert row.get("note") or row["clause"]


def test_what_nobody_knows_yet_is_asked_for_and_has_a_fallback_where_it_is_read():
    unset = {row["key"] for row in FILES["national_2026"]["parameters"] if row["value"] == UNSET}
    assert {"extension_max_ratio", "supplement_answer_days", "transfer_limit_hours"} <= unset
    # Passing on without hours of its own follows NĐ 61/2018 Đ18: the same day.
    assert {key for key in unset if PARAMETERS[key].is_read} - set(DEFAULTS) == {"transfer_limit_hours"}


def test_an_unset_parameter_leaves_it_to_the_base_or_to_the_fallback(session):
    base = Profile(code="nen", name="Nền", is_active=False)
    base.parameters = [ProfileParameter(key="supplement_max", value=2, valid_from=date(2020, 1, 1)),
                       ProfileParameter(key="near_due_hours", value=UNSET, valid_from=date(2020, 1, 1))]  # fmt: skip
    session.add(base)
    demand(session, supplement_max=UNSET, reception_limit_hours=4).base = base
    session.flush()
    assert (profile_value(session, "supplement_max"), profile_value(session, "reception_limit_hours")) == (2, 4)
    assert profile_value(session, "near_due_hours") == DEFAULTS["near_due_hours"]


@pytest.mark.parametrize(("sent", "rule", "due"), [
    ((9, "12:00"), "next_opening", "10 11:30"), ((9, "12:00"), "next_day", "10 17:30"),
    ((9, "06:00"), "next_day", "09 17:30"), ((9, "10:00"), "next_day", "10 10:00"),
    ((14, "12:00"), "next_day", "16 17:30"), ((9, "20:00"), "next_day", "10 17:30"),
])  # fmt: skip
def test_out_of_hours(session, sent, rule, due):
    demand(session, reception_out_of_hours=rule)
    assert local(timing.reception_due(session, make_tree().desk, at(*sent)).at) == due


@pytest.mark.parametrize(("hours", "received", "due"), [
    (None, (9, "09:00"), "09 17:30"), (None, (9, "15:30"), "10 07:30"), (1, (9, "11:00"), "09 14:00"),
])  # fmt: skip
def test_passing_on_is_due_at_once(session, hours, received, due):
    demand(session, transfer_limit_hours=hours if hours else UNSET)
    office = Office(session)
    with acting_at(at(*received)):
        dossier = office.received()
    assert local(timing.transfer_due(session, dossier).at) == due
    assert task_of(dossier).due_at <= timing.transfer_due(session, dossier).at


def test_acknowledgements_may_be_off(session):
    demand(session, automatic_acknowledgement=False)
    dossier, _citizen = Office(session).submitted()
    assert [row.kind for row in dossier.letters] == []


def test_where_only_the_account_tells_visitors_are_asked_to_log_in(session, client):
    demand(session, lookup_ways=["account"])
    office = Office(session)
    dossier, citizen = office.submitted()
    with pytest.raises(NotFound):
        lookup.find_public(session, dossier.code, ANONYMOUS)
    _account, stranger = office.applicant()
    with pytest.raises(NotFound):
        lookup.find_public(session, dossier.code, stranger)
    assert lookup.find_public(session, dossier.code, citizen).code == dossier.code
    assert lookup.find_public(session, dossier.code, office[Role.desk_officer]).code == dossier.code
    assert "lookup_url" not in letter(dossier, "acknowledgement").data
    assert client.get(f"/tra-cuu/{dossier.code}").status_code == 404


def test_only_the_profiles_ways_of_return_are_offered_and_taken(session):
    demand(session, result_ways=["desk", "email"])
    office = Office(session)
    assert list(channels.result_ways(session)) == ["desk"]
    account, _citizen = office.applicant()
    with pytest.raises(Invalid) as refusal:
        drafts.set_result_way(office.draft(account), "post")
    assert "result_way" in refusal.value.fields
    with pytest.raises(Invalid):
        reception.receive_at_counter(session, office.given(result_way="online"), office[Role.desk_officer])


def test_a_desk_elsewhere_receives_only_where_there_is_no_boundary(session):
    profile = demand(session, boundary_free=False)
    office = Office(session)
    far = make_agency(parent=office.tree.root)
    far.desk = make_agency(level="desk", parent=far)
    session.flush()
    officer = office.officer(Role.desk_officer, far.desk)
    given = office.given(agency=office.tree.commune)
    with pytest.raises(Invalid) as refusal:
        reception.receive_at_counter(session, given, officer)
    assert "agency" in refusal.value.fields
    profile.parameters[0].value = True
    session.flush()
    session.info.pop("profile_values", None)
    assert reception.receive_at_counter(session, given, officer).state == 2


def test_from_when_on_a_dossier_is_nearly_due(session):
    demand(session, near_due_hours=4)
    desk = make_tree().desk
    with acting_at(at(9, "13:30")):
        for due, look in ((at(9, "17:30"), "two_hours"), (at(10, "08:00"), "later")):
            assert timing.remaining_phrase(session, due, desk)[1] == look
    assert timing.near_due_minutes(session) == 240


def test_the_files_of_a_dossier_have_a_limit_together(session):
    demand(session, max_dossier_mb=1)
    office = Office(session)
    account, citizen = office.applicant()
    draft = office.draft(account)
    stored = attachment().file
    stored.size = 700_000
    session.add(stored)
    session.flush()
    files.attach(session, stored, "a.pdf", citizen, draft=draft)
    with pytest.raises(Invalid):
        files.attach(session, stored, "b.pdf", citizen, draft=draft)


def test_the_limits_of_feedback_are_the_profiles(session):
    demand(session, feedback_entry_hours=1, feedback_refuse_days=1, feedback_publish_days=3, feedback_answer_days=4)
    make_tree()
    item = make_feedback(received_at=at(9, "09:00"))
    assert local(feedback_service.step_due(session, item, "refuse"))[:2] == "10"
    item.answered_at = at(10, "09:00")
    assert local(feedback_service.step_due(session, item, "publish"))[:2] == "13"
    with acting_at(at(9, "10:01")):
        assert feedback_service.is_entered_late(session, item)


def test_a_trial_is_as_long_as_the_profile_says():
    assert online_services.last_trial_day(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert online_services.last_trial_day(date(2026, 11, 9), 3) == date(2027, 2, 9)


def test_the_reception_limit_reaches_the_dossier(session):
    demand(session, reception_limit_hours=2)
    office = Office(session)
    account, citizen = office.applicant()
    with acting_at(at(9, "09:00")):
        dossier = submission.submit(session, office.draft(account), citizen)
    assert local(dossier.reception_due_at) == "09 11:00"
