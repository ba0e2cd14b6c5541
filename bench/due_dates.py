"""A million due dates: how fast the prefix sums are, and whether the slow and obvious way agrees."""

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.workflows.calendars import Calendar
from app.workflows.working_time import CountFrom, DueTime, Rounding, Rules, Unit, add_limit
from bench.brute import Brute
from bench.vietnam import calendar

MOST_SECONDS = 10.0  # for a million, on one core
_BEGIN, _DAYS = datetime(2024, 1, 1, tzinfo=UTC), 4 * 365
_LIMITS = [
    (8, Unit.working_hour), (24, Unit.hour), (1, Unit.working_day), (3, Unit.working_day),
    (5, Unit.working_day), (15, Unit.working_day), (30, Unit.working_day), (10, Unit.day),
    (45, Unit.day), (2, Unit.month),
]  # fmt: skip
_RULES = [
    Rules(), Rules(cutoff_hour="15:00"), Rules(count_from=CountFrom.same),  # type: ignore[arg-type]
    Rules(due_time_of_day=DueTime.same_time), Rules(rounding=Rounding.session),
]  # fmt: skip
Case = tuple[int, datetime, int, Unit, Rules]


@dataclass(frozen=True)
class Report:
    """What was measured; seconds are of the processor, so that other work disturbs them little."""

    count: int
    seconds: float
    compared: int
    brute_seconds: float  # for those compared
    wrong: int

    @property
    def ratio(self) -> float:
        """How many times slower the brute force is, per due date."""
        return (self.brute_seconds / self.compared) / (self.seconds / self.count)

    @property
    def checks(self) -> list[dict[str, Any]]:
        """What must hold."""
        million = self.seconds / self.count * 1_000_000
        return [
            {"name": f"1,000,000 due dates within {MOST_SECONDS:g} s of one core", "value": f"{million:.1f} s",
             "is_met": million <= MOST_SECONDS},
            {"name": "the same as minute by minute", "value": f"{self.wrong} of {self.compared} differ",
             "is_met": self.wrong == 0},
        ]  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """Return all of it for other programs."""
        return {
            "count": self.count, "seconds": round(self.seconds, 3), "per_second": round(self.count / self.seconds),
            "compared": self.compared, "brute_seconds": round(self.brute_seconds, 3),
            "ratio": round(self.ratio, 1), "wrong": self.wrong, "checks": self.checks,
        }  # fmt: skip

    def as_text(self) -> str:
        """Return it for people."""
        marks = {True: "met   ", False: "MISSED"}
        checks = "\n".join(f"{marks[one['is_met']]} {one['name']}: {one['value']}" for one in self.checks)
        return (
            f"{self.count} due dates in {self.seconds:.2f} s of one core ({self.count / self.seconds:.0f} a second)\n"
            f"brute force: {self.brute_seconds / self.compared * 1e6:.0f} µs each, {self.ratio:.0f} times as long\n\n"
            f"{checks}"
        )


def run(count: int, compared: int) -> Report:
    """Find ``count`` due dates on two real calendars of 2024–2028, and ``compared`` of them slowly too."""
    calendars = [
        calendar(("07:30", "11:30"), ("13:30", "17:30")), calendar(("07:00", "11:30"), ("13:30", "17:00")),
    ]  # fmt: skip
    for one in calendars:
        _ = one.index  # built once per state of a calendar, not per due date
    cases = _cases(count)
    started = time.process_time()
    found = _all(calendars, cases)
    seconds = time.process_time() - started
    some = random.Random(2).sample(range(count), min(compared, count))
    brutes = [Brute(one) for one in calendars]
    started = time.process_time()
    slow = [_slowly(brutes, cases[number]) for number in some]
    brute_seconds = time.process_time() - started
    wrong = sum(found[number] != answer for number, answer in zip(some, slow, strict=True))
    return Report(count, seconds, len(some), brute_seconds, wrong)


def _cases(count: int) -> list[Case]:
    """Receipts at any minute of four years, nights, days off and make-up Saturdays among them."""
    chance = random.Random(1)
    return [
        (number % 2, _BEGIN + timedelta(minutes=chance.randrange(_DAYS * 1440)),
         *chance.choice(_LIMITS), chance.choice(_RULES))
        for number in range(count)
    ]  # fmt: skip


def _all(calendars: list[Calendar], cases: list[Case]) -> list[datetime]:
    return [add_limit(calendars[which], at, value, unit, rules) for which, at, value, unit, rules in cases]


def _slowly(brutes: list[Brute], case: Case) -> datetime:
    which, at, value, unit, rules = case
    return brutes[which].add_limit(at, value, unit, rules)
