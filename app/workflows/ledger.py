"""The clock ledger: who held a dossier for how many working minutes, and why the clock stood still.

Segments follow each other without gap or overlap and working minutes add up exactly
(``minutes_between``), so the parts are the whole: ``faults`` says where stored rows break that.
What was promised and what was given on top are also the same time seen twice:
granted + adjusted − used − stood still = left, always.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from app.i18n import N_
from app.workflows.calendars import Calendar, to_minute
from app.workflows.wording import Phrase, day_text, time_text
from app.workflows.working_time import minutes_between


class Holder(StrEnum):
    """Who holds the clock; the applicant, payment and an outage give time back when they end."""

    desk = "desk"
    officer = "officer"
    other_agency = "other_agency"
    applicant = "applicant"
    payment = "payment"
    outage = "outage"


WORKING = frozenset({Holder.desk, Holder.officer, Holder.other_agency})


class Phase(StrEnum):
    """Which clock runs: the desk's time to answer, or the published time limit."""

    reception = "reception"
    processing = "processing"


@dataclass(frozen=True)
class Part:
    """One stored segment; without an end it runs still. key: of the row it was read from."""

    holder: Holder | str
    started_at: datetime
    ended_at: datetime | None
    ground: str = ""
    key: int | None = None


@dataclass(frozen=True)
class Adjustment:
    """One change of the due date, with why, by which clause, and who approved it."""

    at: datetime
    old_due_at: datetime | None
    new_due_at: datetime
    reason: str = ""
    clause: str = ""
    approver: str = ""


@dataclass(frozen=True)
class Span:
    """The instants of a dossier. ended_at: when its clock was over, or now."""

    received_at: datetime | None
    ended_at: datetime
    original_due_at: datetime | None = None
    due_at: datetime | None = None


@dataclass(frozen=True)
class Entry:
    """A part, or the piece of it in one phase, with its working minutes.

    stands_still: this time is not counted against the limit; ``ground`` says by which clause.
    """

    part: Part
    phase: Phase
    started_at: datetime
    ended_at: datetime
    minutes: int
    stands_still: bool


@dataclass(frozen=True)
class Ledger:
    """The account of a dossier's time, in working minutes.

    total is measured from end to end, not added up. granted, adjusted, left are None until the
    dossier is accepted; left is negative when it is late.
    """

    entries: tuple[Entry, ...]
    total: int
    granted: int | None
    adjusted: tuple[tuple[Adjustment, int], ...]
    left: int | None
    faults: tuple[Phrase, ...]

    def minutes(self, *holders: str, phase: Phase | None = None) -> int:
        """Return the minutes of ``holders`` (of all, if none is named), in one phase or in both."""
        return sum(
            entry.minutes
            for entry in self.entries
            if (not holders or entry.part.holder in holders) and phase in (None, entry.phase)
        )

    @property
    def by_holder(self) -> dict[str, int]:
        """The minutes of each holder, in the order in which they first held it."""
        sums: Counter[str] = Counter()
        for entry in self.entries:
            sums[str(entry.part.holder)] += entry.minutes
        return dict(sums)

    @property
    def used(self) -> int:
        """The minutes of the limit that are used up."""
        return sum(e.minutes for e in self.entries if e.phase is Phase.processing and not e.stands_still)

    @property
    def stood_still(self) -> int:
        """The minutes after acceptance that do not count."""
        return sum(e.minutes for e in self.entries if e.phase is Phase.processing and e.stands_still)


def make_ledger(
    parts: Sequence[Part], span: Span, desk: Calendar, agency: Calendar,
    adjustments: Sequence[Adjustment] = (), pausing: Iterable[str] = (Holder.applicant, Holder.payment, Holder.outage),
) -> Ledger:  # fmt: skip
    """Return the ledger of a dossier's parts, in the order of their start.

    desk, agency: the calendars before and after acceptance, as the two limits are counted.
    pausing: holders whose time is not counted. Raises CalendarExhausted outside the calendars.
    """
    still = frozenset(pausing)
    entries = [
        _entry(piece, span, desk, agency, still)
        for part in parts
        for piece in _at_reception(part, span.received_at)
    ]
    given = tuple((one, _moved(one, agency)) for one in adjustments)
    promised = span.received_at and span.original_due_at
    return Ledger(
        entries=tuple(entries), total=_total(parts, span, desk, agency), adjusted=given,
        granted=minutes_between(agency, span.received_at, span.original_due_at)
        if promised and span.received_at and span.original_due_at else None,
        left=minutes_between(agency, span.ended_at, span.due_at) if promised and span.due_at else None,
        faults=(*_seams(parts, span.ended_at), *_chain(adjustments, span)),
    )  # fmt: skip


def _at_reception(part: Part, received_at: datetime | None) -> list[Part]:
    """Cut a part in two where the dossier was accepted: there another clock begins."""
    is_over = part.ended_at is not None and received_at is not None and part.ended_at <= received_at
    if received_at is None or part.started_at >= received_at or is_over:
        return [part]
    return [replace(part, ended_at=received_at), replace(part, started_at=received_at)]


def _entry(part: Part, span: Span, desk: Calendar, agency: Calendar, still: frozenset[str]) -> Entry:
    is_early = span.received_at is None or part.started_at < span.received_at
    phase = Phase.reception if is_early else Phase.processing
    ended_at = part.ended_at or max(part.started_at, span.ended_at)
    minutes = minutes_between(desk if is_early else agency, part.started_at, ended_at)
    return Entry(part, phase, part.started_at, ended_at, minutes, part.holder in still)


def _total(parts: Sequence[Part], span: Span, desk: Calendar, agency: Calendar) -> int:
    if not parts:
        return 0
    begin, end = parts[0].started_at, max(parts[-1].started_at, parts[-1].ended_at or span.ended_at)
    if span.received_at is None or end <= span.received_at:
        return minutes_between(desk, begin, end)
    middle = max(begin, span.received_at)
    return minutes_between(desk, begin, middle) + minutes_between(agency, middle, end)


def _moved(change: Adjustment, agency: Calendar) -> int:
    return minutes_between(agency, change.old_due_at, change.new_due_at) if change.old_due_at else 0


def _seams(parts: Sequence[Part], ended_at: datetime) -> list[Phrase]:
    """Return where the parts do not follow one another to the minute."""
    faults = []
    for one, other in pairwise(parts):
        end, start = to_minute(one.ended_at or ended_at), to_minute(other.started_at)
        if one.ended_at is None or end > start:
            faults.append(Phrase(N_("Two held the dossier at once at %(time)s on %(date)s"), _moment(other.started_at)))
        elif end < start:
            faults.append(Phrase(N_("Nobody held the dossier from %(time)s on %(date)s"), _moment(one.ended_at)))
    return faults


def _chain(changes: Sequence[Adjustment], span: Span) -> list[Phrase]:
    """Return where the changes do not lead from the original due date to the present one."""
    due, faults = span.original_due_at, []
    for change in changes:
        if change.old_due_at != due:
            faults.append(Phrase(N_("The due date changed without a reason before %(time)s on %(date)s"),
                                 _moment(change.at)))  # fmt: skip
        due = change.new_due_at
    if due != span.due_at:
        faults.append(Phrase(N_("The last reason does not explain the present due date"), {}))
    return faults


def _moment(at: datetime) -> dict[str, str | int]:
    return {"time": time_text(at), "date": day_text(at)}


def cut(parts: Sequence[Part], since: datetime, until: datetime, ground: str) -> list[Part]:
    """Return ``parts`` with what officers held from ``since`` to ``until`` given to the outage.

    Time that did not count anyway (applicant, payment, an earlier outage) stays as it is, so that
    it is never given back twice. The first piece of a part keeps its key, the others have none.
    """
    if until <= since:
        return list(parts)
    pieces: list[Part] = []
    for part in parts:
        pieces += _cut(part, since, until, ground) if part.holder in WORKING else [part]
    return pieces


def _cut(part: Part, since: datetime, until: datetime, ground: str) -> list[Part]:
    first = max(part.started_at, since)
    last = until if part.ended_at is None else min(part.ended_at, until)
    if last <= first:
        return [part]
    pieces = []
    if part.started_at < first:
        pieces.append(replace(part, ended_at=first))
    pieces.append(Part(Holder.outage, first, last, ground))
    if part.ended_at is None or last < part.ended_at:
        pieces.append(replace(part, started_at=last))
    return [replace(piece, key=None if number else part.key) for number, piece in enumerate(pieces)]


def credit(cal: Calendar, parts: Iterable[Part], cut_parts: Iterable[Part], since: datetime) -> int:
    """Return the working minutes after ``since`` that ``cut`` has given to the outage."""

    def held(rows: Iterable[Part]) -> int:
        return sum(
            minutes_between(cal, max(part.started_at, since), part.ended_at)
            for part in rows
            if part.holder == Holder.outage and part.ended_at is not None and part.ended_at > since
        )

    return held(cut_parts) - held(parts)
