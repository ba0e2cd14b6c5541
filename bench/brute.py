"""Working time the slow and obvious way: every worked minute in one list."""

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta

from app.workflows.calendars import Calendar
from app.workflows.weeks import Sessions
from app.workflows.working_time import CountFrom, DueTime, Rounding, Rules, Unit

START = datetime(1970, 1, 1, tzinfo=UTC) - timedelta(hours=7)


class Brute:
    """Every question answered by looking at the worked minutes one after another."""

    def __init__(self, calendar: Calendar) -> None:
        """List the worked minutes, counted from 01/01/1970 on the Vietnamese clock."""
        self.calendar = calendar
        self.worked: list[int] = []
        day = calendar.valid_from
        while day <= calendar.valid_to:
            midnight = (day - date(1970, 1, 1)).days * 1440
            for start, end in self._sessions(day):
                self.worked += [midnight + minute for minute in range(start, end)]
            day += timedelta(days=1)
        self.by_day: dict[int, list[int]] = {}
        for minute in self.worked:
            self.by_day.setdefault(minute // 1440, []).append(minute)

    def _sessions(self, day: date) -> Sessions:
        if day in self.calendar.special:
            return self.calendar.special[day]
        week = self.calendar.week
        for since, later in self.calendar.later:
            week = later if since <= day else week
        return week[day.weekday()]

    def minute(self, instant: datetime) -> int:
        """Return the whole minute of an instant."""
        return int((instant - START).total_seconds() // 60)

    def instant(self, minute: int) -> datetime:
        """Return the instant of a minute."""
        return START + timedelta(minutes=minute)

    def opening(self, minute: int) -> int:
        """Return the first worked minute that is not before ``minute``."""
        return next(m for m in self.worked[bisect_left(self.worked, minute) :])

    def add_minutes(self, start: datetime, minutes: int) -> datetime:
        """Return the end of the ``minutes``-th worked minute."""
        left = self.worked[bisect_left(self.worked, self.minute(start)) :]
        return self.instant(left[minutes - 1] + 1 if minutes else left[0])

    def minutes_between(self, a: datetime, b: datetime) -> int:
        """Return how many worked minutes lie between."""
        first, last = self.minute(a), self.minute(b)
        if last < first:
            return -self.minutes_between(b, a)
        return bisect_left(self.worked, last) - bisect_left(self.worked, first)

    def add_limit(self, start: datetime, value: int, unit: Unit, rules: Rules) -> datetime:
        """Return the end of a limit: hours minute by minute, days and months from day to day."""
        if unit is Unit.working_hour:
            return self.rounded(self.add_minutes(start, value * 60), Rounding(rules.rounding))
        if unit is Unit.hour:
            minute = self.opening(self.minute(start)) + value * 60
            end = minute if minute - 1 in self.by_day.get(minute // 1440, ()) else self.opening(minute)
            return self.rounded(self.instant(end), Rounding(rules.rounding))
        return self.rounded(self._add_days(start, value, unit, rules), Rounding(rules.rounding))

    def _add_days(self, start: datetime, value: int, unit: Unit, rules: Rules) -> datetime:
        counted = self.opening(self.minute(start))
        cutoff = rules.cutoff_hour
        if cutoff is not None and counted % 1440 > cutoff.hour * 60 + cutoff.minute:
            counted = self.opening((counted // 1440 + 1) * 1440)
        to_the_hour = rules.due_time_of_day is DueTime.same_time
        includes_first = rules.count_from is CountFrom.same and not to_the_hour
        day = self._last_day(counted // 1440, value, unit, includes_first)
        if not to_the_hour:
            return self.instant(self.by_day[day][-1] + 1)
        return self.instant(self._same_time(day, counted % 1440))

    def rounded(self, instant: datetime, rounding: Rounding) -> datetime:
        """Return the first moment from ``instant`` on that is the end of the wanted unit of work."""
        minute = self.minute(instant)
        day = (minute - 1) // 1440 if minute - 1 in self.by_day.get((minute - 1) // 1440, ()) else minute // 1440
        ends = [day * 1440 + end for _start, end in self._sessions(date(1970, 1, 1) + timedelta(days=day))]
        stops = {Rounding.day: ends[-1:], Rounding.session: ends, Rounding.hour: ends, Rounding.minute: [minute]}
        while minute not in stops[rounding] and not (rounding is Rounding.hour and minute % 60 == 0):
            minute += 1
        return self.instant(minute)

    def _last_day(self, day: int, value: int, unit: Unit, includes_first: bool) -> int:
        if unit is Unit.working_day:
            for _ in range(value - includes_first):
                day = self._next_open(day + 1)
            return day
        if unit is Unit.day:
            return self._next_open(day + value - includes_first)
        first = date(1970, 1, 1) + timedelta(days=day)
        months = first.year * 12 + first.month - 1 + value
        target = date(months // 12, months % 12 + 1, 1)
        # Walk through the month until its same day or its last one.
        while target.day < first.day and (target + timedelta(days=1)).day != 1:
            target += timedelta(days=1)
        return self._next_open((target - date(1970, 1, 1)).days - includes_first)

    def _next_open(self, day: int) -> int:
        while day not in self.by_day:
            day += 1
            if day > max(self.by_day):
                raise LookupError("the calendar ends")
        return day

    def _same_time(self, day: int, within: int) -> int:
        """Return the latest worked moment of ``day`` up to that time, at least its opening."""
        minutes = [m for m in self.by_day[day] if m % 1440 <= within]
        if not minutes:
            return self.by_day[day][0]
        last = minutes[-1]
        return last if last % 1440 == within else last + 1
