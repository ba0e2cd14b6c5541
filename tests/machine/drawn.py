"""What the machine draws: processes of every kind of step, calendars, profiles, time limits."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from app.clock import VIETNAM

YES = "Trần Thị Bình"  # the answer for which conditional ways are open
WHEN = {"field": "ho_ten", "op": "eq", "value": YES}
ASKED = ("H57.SXD", "H57.STC")  # agencies with officers who answer
# Steps between reception and the signature that fixes the result: (kind, role, place).
MIDDLE = (
    ("work", "specialist", "agency"), ("work", "specialist", "agency"), ("work", "specialist", "named"),
    ("check", "division_head", "agency"), ("check", "agency_head", "agency"), ("sign", "agency_head", "named"),
    ("consult", "specialist", "agency"), ("payment", "cashier", "desk"), ("applicant", "specialist", "agency"),
    ("decide", "specialist", "agency"), ("sub_process", "specialist", "agency"), ("child", "specialist", "agency"),
)  # fmt: skip
SIGNS = (("agency_head", "agency"), ("agency_head", "agency"), ("agency_head", "province"), ("centre_director", "desk"))
# Hours of a day, in minutes since midnight.
DAYS = (
    ((450, 690), (810, 1050)), ((420, 690), (810, 1020)), ((480, 720), (780, 1020)), ((450, 690),), ((800, 1055),),
)  # fmt: skip
START = datetime(2026, 11, 2, 8, tzinfo=VIETNAM)
# A calendar reaches two years: the longest limit, what may be granted and all that is waited for must end in them.
LAST = START + timedelta(days=300)
Row = dict[str, Any]


@dataclass(frozen=True)
class DrawnCalendar:
    """Sessions per weekday as (start, end) in minutes; special days: date → (kind, hours)."""

    weeks: tuple[tuple[tuple[int, int], ...], ...]
    special: dict[date, tuple[str, str | None]]


@st.composite
def processes(draw: Any) -> list[Row]:
    """Rows of steps that go forward only, every one of which can be come to and left."""
    middle = draw(st.lists(st.sampled_from(MIDDLE), min_size=1, max_size=6))
    rows = [_row("a", "receive", "desk_officer", "desk")]
    rows += [_detailed(draw, f"m{n}", one) for n, one in enumerate(middle)]
    rows.append(_row("s", "sign", *draw(st.sampled_from(SIGNS))))
    if draw(st.integers(0, 3)):
        rows.append(_row("z", "number_and_seal", "clerk", "agency"))
    if draw(st.integers(0, 4)):
        rows.append(_row("r", "return", "desk_officer", "desk"))
    _join_up(draw, rows, len(middle))
    return rows if draw(st.integers(0, 5)) else rows[1:]  # some processes begin at the agency


def _row(key: str, kind: str, role: str, place: str, **more: Any) -> Row:
    return {"key": key, "name": f"Bước {key}", "kind": kind, "role": role, "place": place,
            "working_minutes": 120} | more  # fmt: skip


def _detailed(draw: Any, key: str, one: tuple[str, str, str]) -> Row:
    kind = one[0]
    row = _row(key, *one, working_minutes=draw(st.sampled_from([0, 30, 240, 960])))
    row["join"] = draw(st.sampled_from(["all", "all", "any", "count"]))
    row["join_count"] = draw(st.integers(1, 2)) if row["join"] == "count" else None
    row["assign"] = draw(st.sampled_from(["pool", "pool", "least_loaded", "round_robin"]))
    if kind == "consult":
        row["consulted"] = list(draw(st.sampled_from([ASKED, ASKED[:1]])))
        row["silence_consents"] = draw(st.booleans())
    return row


def _join_up(draw: Any, rows: list[Row], middle: int) -> None:
    """Lead each of the first steps to some later one, the last way of each always open."""
    last = middle + 1  # the signature
    _lead(draw, rows[0], ["m0", "m1"] if middle > 1 and draw(st.booleans()) else ["m0"])
    reached = {1}
    for number in range(1, last):
        chosen = draw(st.sets(st.integers(number + 1, last), min_size=1, max_size=3))
        chosen |= {number + 1} - reached
        reached |= chosen
        _lead(draw, rows[number], [rows[one]["key"] for one in sorted(chosen)])


def _lead(draw: Any, row: Row, keys: list[str]) -> None:
    ways = [{"to": key} | ({"when": WHEN} if draw(st.booleans()) else {}) for key in keys[:-1]]
    row["goes_to"] = [*ways, {"to": keys[-1]}]
    row["split"] = draw(st.sampled_from(["all", "all", "one"]))


@st.composite
def calendars(draw: Any) -> DrawnCalendar:
    """A working week, with some days off, make-up days and days of other hours in the months played."""
    weeks = [draw(st.sampled_from(DAYS)) for _ in range(5)]
    weeks += [draw(st.sampled_from([(), (), ((450, 690),)])), ()]
    kinds = st.sampled_from([("holiday", None), ("compensatory", None), ("make_up", None),
                             ("special_hours", "08:00-10:30, 14:00-15:15")])  # fmt: skip
    days = st.integers(0, 60).map(lambda number: START.date() + timedelta(days=number))
    return DrawnCalendar(tuple(weeks), draw(st.dictionaries(days, kinds, max_size=8)))


def clock_time(minutes: int) -> time:
    """Return a number of minutes since midnight as a time of day."""
    return time(minutes // 60, minutes % 60)


PROFILES = st.fixed_dictionaries({
    "count_from": st.sampled_from(["next", "same"]),
    "due_time_of_day": st.sampled_from(["end_of_session", "same_time"]),
    "rounding": st.sampled_from(["minute", "hour", "session", "day"]),
    "cutoff_time": st.sampled_from(["15:00", "11:30", None]),
    "payment_pauses_clock": st.booleans(),
    "reception_limit_hours": st.sampled_from([1, 8]),
    "reception_out_of_hours": st.sampled_from(["next_opening", "next_day"]),
    "supplement_max": st.integers(0, 2),
    "supplement_answer_days": st.sampled_from([1, 10, 30]),
    "apology_from_supplement": st.sampled_from([None, 2]),
    "extension_max_count": st.integers(0, 2),
    "extension_approvers": st.sampled_from([["agency_head"], ["division_head", "centre_director"],
                                            ["division_head", "agency_head"]]),
})  # fmt: skip
VERSIONS = st.fixed_dictionaries({
    "time_limit_value": st.integers(1, 12),
    "time_limit_unit": st.sampled_from(["working_day", "working_day", "working_hour", "hour", "day", "month"]),
    "is_same_day": st.sampled_from([False, False, False, True]),
    "fee": st.sampled_from([0, 50_000]),
    "fee_due": st.sampled_from(["reception", "supplement", "return"]),
})  # fmt: skip
