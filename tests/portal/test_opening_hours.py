"""Opening hours on an agency's page: today's, and from which day others hold."""

from datetime import time, timedelta

from app.clock import today
from app.models import AgencyCalendar, CalendarDay
from app.services.directory import AHEAD, hours_of
from tests.factories import make_calendar, make_tree
from tests.wording import vi

SOON = timedelta(days=10)


def early(session, minute=5):
    """Return a calendar like the usual one that opens some minutes later."""
    calendar = make_calendar()
    for part in calendar.sessions:
        part.starts_at = part.starts_at.replace(minute=minute)
    session.flush()
    return calendar


def turn(session, agency, calendar, since):
    session.add(AgencyCalendar(agency=agency, since=since, calendar=calendar, reason="Giờ mùa đông"))
    session.flush()


def test_another_calendar_is_told_with_its_day_below_todays_hours(session, client):
    desk, since = make_tree().desk, today() + SOON
    turn(session, desk, early(session), since)
    page = client.get(f"/co-quan/{desk.code}").text
    now, heading, later = page.partition(vi("From %(day)s on").replace("%(day)s", f"{since:%d/%m/%Y}"))
    assert heading
    assert "07:30–11:30" in now
    assert "07:05" not in now
    assert "07:05–11:30" in later


def test_those_below_are_told_of_the_turn_of_the_agency_above(session):
    tree = make_tree()
    turn(session, tree.root, early(session), today() + SOON)
    assert [day for day, _week in hours_of(session, tree.desk).later] == [today() + SOON]


def test_a_turn_to_the_same_hours_or_a_distant_one_is_not_told(session):
    tree = make_tree()
    turn(session, tree.commune, make_calendar(), today() + SOON)
    turn(session, tree.department, early(session), today() + AHEAD + timedelta(1))
    assert hours_of(session, tree.commune).later == hours_of(session, tree.department).later == []


def test_other_hours_of_the_same_calendar_are_told_with_their_days(session):
    tree = make_tree()
    calendar = tree.commune.calendar or tree.root.calendar
    monday = next(one for one in calendar.sessions if one.weekday == 0 and one.starts_at == time(7, 30))
    monday.valid_to = today() + SOON - timedelta(1)
    session.flush()
    [(since, week)] = hours_of(session, tree.commune).later
    assert since == today() + SOON
    assert week != hours_of(session, tree.commune).week


def test_special_days_are_those_of_the_calendar_of_their_day(session):
    tree = make_tree()
    old, new, since = tree.root.calendar, early(session), today() + SOON
    turn(session, tree.root, new, since)
    for calendar, note in ((old, "cũ"), (new, "mới")):
        session.add_all(CalendarDay(calendar=calendar, day=day, kind="holiday", note=f"{note} {when}")
                        for day, when in ((since - timedelta(1), "trước"), (since, "sau")))  # fmt: skip
    session.flush()
    assert [day.note for day in hours_of(session, tree.root).special] == ["cũ trước", "mới sau"]


def test_the_hours_cost_the_same_statements_however_many_calendars(session, count_queries):
    tree = make_tree()
    counts = []
    for number in range(3):
        session.flush()
        session.expire_all()
        with count_queries() as seen:
            hours_of(session, tree.desk)
        counts.append(len(seen))
        turn(session, tree.desk, early(session, number), today() + SOON + timedelta(number))
    assert counts[1] == counts[2]
    assert len(hours_of(session, tree.desk).later) == 3
