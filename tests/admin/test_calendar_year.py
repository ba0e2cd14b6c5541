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


WEEK = {"since": "2027-01-04", **{f"hours{day}": "07:30-11:30" for day in range(5)}}


@pytest.mark.parametrize("role", list(Role))
def test_weekly_hours_and_the_decision_are_closed_to_others(session, login, calendar, role):
    client, may = login(role), role is Role.catalog_admin
    address = f"/calendar-week/{calendar.id}"
    assert (client.get(address).status_code == 200) == may
    assert (client.post(address, data=WEEK).status_code == 200) == may
    assert (client.post(f"{address}/{YEAR}/confirm", data={}).status_code == 302) == may
    assert all(row.valid_from is None for row in calendar.sessions)


def test_weekly_hours_are_previewed_and_confirmed(session, login, calendar):
    client, address = login(Role.catalog_admin), f"/calendar-week/{calendar.id}"
    shown = client.post(address, data=WEEK | {"do": "preview"}).text
    assert vi("No running dossier gets another due date.") in shown
    given = WEEK | {"do": "apply", "base": base_in(shown)}
    assert vi("Say why the days change, for example the yearly decision on holidays.") in client.post(
        address, data=given).text  # fmt: skip
    assert client.post(address, data=given | {"reason": "Giờ mùa đông"}).status_code == 302
    session.expire_all()
    assert {row.valid_to for row in calendar.sessions if row.valid_from is None} == {date(2027, 1, 3)}
    assert client.post(address, data=given | {"reason": "Giờ mùa đông"}).status_code == 409
    assert client.post(address, data=WEEK | {"hours0": "sáng"}).status_code == 422


def test_a_swap_and_the_yearly_decision_in_the_browser(session, login, calendar):
    client = login(Role.catalog_admin)
    decided = {"decision_number": "1111/QĐ-TTg", "decision_on": "2026-12-01"}
    html = client.post(url(calendar), data={
        "do": "swap", "swap_off": "2027-01-04", "swap_on": "2027-01-09"} | decided).text  # fmt: skip
    assert 'value="2027-01-04|compensatory||' in html
    assert 'value="1111/QĐ-TTg ngày 01/12/2026"' in html
    assert client.post(url(calendar), data={"do": "swap", "swap_off": "2027-01-09"}).status_code == 422
    line = "2027-02-08|holiday||Tết"
    given = {"change": line, "base": base_in(html), "reason": "Nghỉ Tết"}
    assert client.post(url(calendar, "/apply"), data=given).status_code == 302
    page = client.get(url(calendar)).text
    assert vi("The yearly decision confirms these days") in page
    assert "Tết, dự kiến" in page
    answer = client.post(f"/calendar-week/{calendar.id}/{YEAR}/confirm", data={"base": base_in(page)} | decided)
    assert answer.status_code == 302
    session.expire_all()
    assert [row.decision for row in calendar.days if row.day == date(2027, 2, 8)] == ["1111/QĐ-TTg ngày 01/12/2026"]
    assert vi("The yearly decision confirms these days") not in client.get(url(calendar)).text
