"""The yearly calendar in the browser: press, preview, confirm; every page by who may and may not."""

import re
from datetime import date

import pytest
import sqlalchemy as sa

from app.models import CalendarDay, OutboxEvent
from app.permissions import Role
from tests.factories import make_tree
from tests.wording import vi

YEAR = 2027


@pytest.fixture
def calendar(session):
    return make_tree().root.calendar


def url(calendar, tail=""):
    return f"/calendar-year/{calendar.id}/{YEAR}{tail}"


def base_in(html):
    return re.search(r'name="base" value="([^"]+)"', html).group(1)


@pytest.mark.parametrize("role", list(Role))
def test_only_the_catalog_administrator_reaches_any_page(session, login, calendar, role):
    client, may = login(role), role is Role.catalog_admin
    assert all((client.get(page).status_code == 200) == may for page in ("/calendar-year/", url(calendar)))
    assert (client.post(url(calendar, "/apply"), data={}).status_code in {409, 422}) == may


def test_a_day_is_pressed_previewed_and_confirmed(session, login, calendar):
    client = login(Role.catalog_admin)
    html = client.post(url(calendar), data={"day": "2027-11-24", "tool": "auto", "note": "Ngày Văn hóa"}).text
    line = "2027-11-24|holiday||Ngày Văn hóa"
    assert f'value="{line}"' in html
    shown = client.post(url(calendar), data={"change": line, "do": "preview"}).text
    assert vi("No running dossier gets another due date.") in shown
    given = {"change": line, "base": base_in(html), "reason": "Nghị quyết của Quốc hội", "decision": "01/2027"}
    assert client.post(url(calendar, "/apply"), data=given).status_code == 302
    day = session.scalars(sa.select(CalendarDay).where(CalendarDay.day == date(2027, 11, 24))).one()
    assert (day.kind, day.note, day.decision) == ("holiday", "Ngày Văn hóa", "01/2027")
    assert session.scalars(sa.select(OutboxEvent).where(OutboxEvent.name == "calendars.move")).all()
    assert client.post(url(calendar, "/apply"), data=given).status_code == 409  # sent twice: once


def test_pressing_twice_brings_the_ordinary_day_back(session, login, calendar):
    client = login(Role.catalog_admin)
    html = client.post(url(calendar), data={"day": "2027-11-27", "tool": "auto"}).text  # a Saturday
    assert 'value="2027-11-27|make_up||"' in html
    html = client.post(url(calendar), data={"day": "2027-11-27", "tool": "auto", "change": "2027-11-27|make_up||"}).text
    assert 'name="change"' not in html


@pytest.mark.parametrize("given", [
    {"change": "nonsense"}, {"day": "2027-02-30"}, {"day": "2027-11-24", "tool": "vacation"},
    {"day": "2027-11-24", "tool": "special_hours", "hours": "11:30-07:30"},
    {"day": "2027-11-24", "tool": "special_hours", "hours": ""}, {"do": "preview"},
])  # fmt: skip
def test_what_cannot_be_read_is_told_and_nothing_changes(session, login, calendar, given):
    before = session.scalar(sa.select(sa.func.count()).select_from(CalendarDay))
    answer = login(Role.catalog_admin).post(url(calendar), data=given)
    assert answer.status_code == 422
    assert "notice-danger" in answer.text
    assert session.scalar(sa.select(sa.func.count()).select_from(CalendarDay)) == before


@pytest.mark.parametrize("year", ["0", "1", "99999", "10000"])
def test_a_year_out_of_reach_is_not_found(login, calendar, year):
    assert login(Role.catalog_admin).get(f"/calendar-year/{calendar.id}/{year}").status_code == 404


def test_the_library_and_last_year_fill_the_page_not_the_calendar(session, login, calendar):
    client = login(Role.catalog_admin)
    before = session.scalar(sa.select(sa.func.count()).select_from(CalendarDay))
    html = client.post(url(calendar), data={"do": "library"}).text
    assert 'value="2027-04-30|holiday||' in html
    assert 'value="2027-09-02|holiday||' in client.post(url(calendar), data={"do": "copy"}).text
    assert session.scalar(sa.select(sa.func.count()).select_from(CalendarDay)) == before


def test_a_confirmation_without_a_reason_keeps_the_days(login, calendar):
    client = login(Role.catalog_admin)
    base = base_in(client.get(url(calendar)).text)
    answer = client.post(url(calendar, "/apply"), data={"change": "2027-11-24|holiday||", "base": base})
    assert answer.status_code == 422
    assert 'value="2027-11-24|holiday||"' in answer.text
    assert vi("Say why the days change, for example the yearly decision on holidays.") in answer.text
