"""Weekly hours, the desk's time to answer, expected days and swaps; no other way past the page."""

from datetime import date, timedelta

import pytest

from app.clock import acting_at
from app.errors import Invalid
from app.models import CalendarDay
from app.packs import yamls
from app.packs.exporting import Chosen
from app.permissions import Role
from app.services import calendar_changes as changes
from app.services import calendar_days as days
from app.services import calendar_moving as moving
from app.services.calendar_days import DayWish
from app.services.calendar_weeks import hours_on, read_week, rows_after
from app.services.timing import rows_of
from tests.exchange.books import book, send
from tests.factories import make_calendar
from tests.packs.carrying import files_of, take
from tests.services.test_calendar_changes import MONDAY, admin, apply, at, calendar_of, office, running
from tests.wording import vi

__all__ = ["admin", "office", "running"]  # fixtures


def test_the_time_to_answer_moves_too(session, office, admin):
    dossier, _citizen = office.submitted()
    assert dossier.received_at is None
    before = dossier.reception_due_at
    wishes = [DayWish(day, "holiday") for day in (date(2026, 11, 23), date(2026, 11, 24))]
    calendar = calendar_of(None)
    effect = changes.effect_of(session, calendar, wishes)
    assert [(code, old) for code, _agency, old, _new in effect.rows] == [(dossier.code, before)]
    change = apply(session, calendar, wishes, admin)
    moving.move_waiting(session, change.id)
    assert dossier.reception_due_at == effect.rows[0][3] > before
    assert change.moved == 1


WEEK = {"since": "2026-11-24", **{f"hours{day}": "07:30-11:30" for day in range(5)}}


def test_other_weekly_hours_move_what_they_were_said_to_move(session, running, admin):
    calendar, wish = calendar_of(running), read_week(WEEK)
    effect = changes.effect_of_week(session, calendar, wish)
    assert [new for _code, _agency, _old, new in effect.rows] == [at(26, 11, 30)]
    with acting_at(MONDAY + timedelta(hours=1)):
        change = changes.change_week(session, calendar, wish, admin, base=days.base_of(calendar), reason="Giờ mùa đông")
    moving.move_waiting(session, change.id)
    assert running.due_at == at(26, 11, 30)
    assert change.done_at is not None
    monday = [(row.starts_at.hour, row.valid_from, row.valid_to) for row in calendar.sessions if row.weekday == 0]
    assert sorted(monday, key=str) == sorted(
        [(7, None, date(2026, 11, 23)), (13, None, date(2026, 11, 23)), (7, date(2026, 11, 24), None)], key=str)
    back = read_week({"since": "2026-11-24", **{f"hours{day}": "07:30-11:30, 13:30-17:30" for day in range(5)}})
    with acting_at(MONDAY + timedelta(hours=1)):
        again = changes.change_week(session, calendar, back, admin, base=days.base_of(calendar), reason="Như cũ")
    moving.move_waiting(session, again.id)
    assert running.due_at == running.original_due_at


def test_hours_of_a_few_weeks_leave_what_lies_around_them(session):
    calendar = make_calendar()
    kept = rows_of(calendar)
    rows = rows_after(calendar, read_week(WEEK | {"until": "2026-12-31"}))
    monday = [row[1:] for row in rows if row[0] == 0]
    assert {(row[2], row[3]) for row in monday} == {
        (None, date(2026, 11, 23)), (date(2026, 11, 24), date(2026, 12, 31)), (date(2027, 1, 1), None)}  # fmt: skip
    same = {"since": "2026-11-24", **dict(zip([f"hours{n}" for n in range(7)], hours_on(calendar, date(2026, 1, 2)),
                                              strict=True))}  # fmt: skip
    assert sorted(map(str, rows_after(calendar, read_week(same)))) == sorted(map(str, kept))


@pytest.mark.parametrize(("given", "field"), [
    ({"since": ""}, "since"), ({"since": "x"}, "since"), ({"since": "2026-11-24", "until": "2026-11-01"}, "until"),
    ({"since": "2026-11-24"}, "hours0"), ({"since": "2026-11-24", "hours2": "11-7"}, "hours2"),
    ({"since": "9999-11-24", "hours2": "07:30-11:30"}, "since"),
])  # fmt: skip
def test_hours_that_cannot_be_read_are_named(given, field):
    with pytest.raises(Invalid) as refusal:
        read_week(given)
    assert field in refusal.value.fields


def _ways(session, login, calendar):
    """Write to a calendar past its page, each way by itself; returns what each was answered."""
    client, day, session_row = login(Role.catalog_admin), calendar.days[0], calendar.sessions[0]
    sent = {"calendar": calendar.id, "day": "2026-11-26", "kind": "holiday"}
    mark = {"If-Match": "*"}
    answers = {
        "page": client.post("/calendar-day/add", data=sent),
        "page change": client.post(f"/calendar-day/edit/{day.id}", data={"calendar": calendar.id, "day": "2026-11-27",
                                                                         "kind": "holiday"}),
        "api": client.post("/api/v1/calendar_day/", json=sent),
        "api change": client.put(f"/api/v1/calendar_day/{day.id}", json={"day": "2026-11-27"}, headers=mark),
        "api remove": client.delete(f"/api/v1/calendar_day/{day.id}", headers=mark),
        "api hours": client.put(f"/api/v1/calendar_session/{session_row.id}", json={"ends_at": "11:00"}, headers=mark),
    }  # fmt: skip
    return {way: answer.status_code for way, answer in answers.items()}, answers["page"].text


def test_no_other_way_changes_what_due_dates_rest_on(session, running, login):
    calendar = calendar_of(running)
    before = {(row.day, row.kind) for row in calendar.days}
    found, page = _ways(session, login, calendar)
    assert set(found.values()) == {422}, found
    assert vi("Calendar of the year") in page
    session.expire_all()
    assert {(row.day, row.kind) for row in calendar.days} == before


def test_nor_does_a_workbook_a_pack_or_a_script(session, running, login):
    calendar, client = calendar_of(running), login(Role.catalog_admin)
    head = [vi("Working calendar"), vi("Day"), vi("Kind")]
    _status, _number, page = send(client, "calendar-day", book({vi("Special days"): [
        head, [calendar.code, "26/11/2026", vi("Public holiday")]]}))  # fmt: skip
    assert vi("Calendar of the year") in page
    files = files_of(session, Chosen("kind", "working_calendar"))
    path = next(name for name in files if name.startswith("working_calendar"))
    document = yamls.load(files[path], path)
    document["days"] = [*document["days"], {"day": date(2026, 11, 26), "kind": "holiday"}]
    run = take(session, files | {path: yamls.dump(document)})
    assert run.state == "refused"
    assert any(vi("Calendar of the year") in text for _where, text in run.faults)
    session.add(CalendarDay(calendar_id=calendar.id, day=date(2026, 11, 26), kind="holiday"))
    with pytest.raises(Invalid):
        session.flush()
    session.rollback()


def test_a_calendar_nobody_waits_by_is_free(session, office, login):
    """The API is refused for the day alone that the page has just added."""
    found, _page = _ways(session, login, calendar_of(office))
    assert found == {"page": 302, "page change": 302, "api": 422, "api change": 200,
                     "api remove": 204, "api hours": 200}  # fmt: skip


def test_the_moon_and_swaps_are_expected_until_a_decision_names_them(session, office, admin):
    calendar = calendar_of(office)
    wishes = days.library_wishes(calendar, 2027)
    change = apply(session, calendar, wishes, admin, decision="")
    moving.move_waiting(session, change.id)
    expected = {row.day for row in calendar.days if row.is_expected and row.day.year == 2027}
    assert date(2027, 2, 8) in expected  # Tết
    assert not expected & {date(2027, 1, 1), date(2027, 4, 30), date(2027, 9, 2)}
    with pytest.raises(Invalid):
        changes.confirm_days(session, calendar, 2027, admin, base=days.base_of(calendar), decision=" ")
    count = changes.confirm_days(session, calendar, 2027, admin, base=days.base_of(calendar), decision="01/QĐ-TTg")
    assert count == len(expected)
    assert not any(row.is_expected for row in calendar.days if row.day.year == 2027)


def test_a_swap_is_a_pair_of_days_under_a_decision(session, office, admin):
    calendar = calendar_of(office)
    pair = days.swap_wishes(calendar, date(2027, 1, 4), date(2027, 1, 9))
    assert [(wish.day, wish.kind) for wish in pair] == [
        (date(2027, 1, 4), "compensatory"), (date(2027, 1, 9), "make_up")]  # fmt: skip
    with pytest.raises(Invalid) as refusal:
        apply(session, calendar, pair, admin, decision="")
    assert "decision" in refusal.value.fields
    for off, on in ((date(2027, 1, 9), date(2027, 1, 9)), (date(2027, 1, 4), date(2027, 1, 5)), (None, None)):
        with pytest.raises(Invalid):
            days.swap_wishes(calendar, off, on)
