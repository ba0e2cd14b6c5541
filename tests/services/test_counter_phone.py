"""Phone numbers that are no Vietnamese ones, and late entries that waited while the rules of typing changed."""

import pytest
import sqlalchemy as sa

from app.clock import acting_at
from app.errors import Invalid
from app.models import Dossier, IncidentNotice, PaperReception
from app.permissions import Role
from app.services import catch_up
from app.services.counter import tidy_phone
from app.services.submission import new_key
from tests.services.steps import Office
from tests.workflows.hue import at

TRUE, ENTERED, APPROVED = at("2026-11-10 10:40"), at("2026-11-12 08:30"), at("2026-11-12 14:00")


@pytest.fixture
def office(session) -> Office:
    found = Office(session)
    found.staff()
    session.add(IncidentNotice(title="Mất kết nối", body="…", starts_at=at("2026-11-10 10:00"),
                               ended_at=at("2026-11-10 15:00"), agency=found.tree.desk))  # fmt: skip
    session.flush()
    return found


def enter(office: Office, **given) -> PaperReception:
    with acting_at(ENTERED):
        return catch_up.enter(office.session, office.given(key=new_key(), **given), office[Role.desk_officer],
                              received_at=TRUE, paper_number="15/SGT")  # fmt: skip


@pytest.mark.parametrize(("typed", "kept"), [
    ("84905123456", "0905123456"), ("84 905 123 456", "0905123456"), ("84 236 3822135", "02363822135"),
])  # fmt: skip
def test_the_country_code_without_its_plus_is_vietnam(typed, kept):
    assert tidy_phone(typed) == kept


@pytest.mark.parametrize("typed", [
    "+1 650 555 1234", "+44 20 7946 0958", "0049 30 901820", "1900 1234", "19001234", "1800 5999 20",
    "02363822135-101", "(0236) 3822135 (12)", "0236 3822135 ext 7", "02363822135 máy lẻ 9", "1900 1234 x 2",
])  # fmt: skip
def test_others_stay_as_they_were_typed(office, typed):
    assert tidy_phone(f" {typed} ") == typed
    assert office.received(contact={"phone": typed}).applicant_phone == typed


@pytest.mark.parametrize("typed", [
    "+84 405 123 456", "+84 905 123 4567", "008490512345", "8490512345", "1700 1234", "+0 905 123 456", "+12 345",
    "12345 ext 7", "0905 123 456 ext", "+1 (650) 555-1234 ext 123456",
])  # fmt: skip
def test_what_is_none_or_too_long_is_refused_at_its_field(typed):
    with pytest.raises(Invalid) as refused:
        tidy_phone(typed)
    assert list(refused.value.fields) == ["phone"]


def test_a_late_entry_is_asked_when_it_is_typed(office):
    with pytest.raises(Invalid) as refused:
        enter(office, contact={"phone": "12345"})
    assert list(refused.value.fields) == ["phone"]
    assert office.session.scalar(sa.select(sa.func.count(PaperReception.id))) == 0
    assert enter(office, contact={"phone": "+84 905 123 456"}).given["contact"]["phone"] == "0905123456"


def test_a_late_entry_that_waits_already_is_approved_as_it_was_typed(office):
    row = enter(office)
    row.account.address = None
    row.given = row.given | {"contact": {"phone": "số 12345", "address": ""}, "result_way": "post"}
    office.session.flush()
    director = office.officer(Role.centre_director, office.tree.desk)
    with acting_at(APPROVED):
        dossier = catch_up.approve(office.session, row.id, director)
    assert (dossier.applicant_phone, dossier.result_way, row.state) == ("số 12345", "post", "approved")
    assert office.session.scalar(sa.select(sa.func.count(Dossier.id))) == 1
