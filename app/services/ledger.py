"""A dossier's time as officers and inspectors read it: bars per holder, rows, due-date changes.

    ledger = ledger_of(session, dossier)
    ledger.bars      one per holder: label, minutes, words ("5 h 20 min"), percent of the whole
    ledger.lines     one per piece of time: label, officer, place, from, to, words, ground
    ledger.changes   one per change of the due date: row (a DueChange), words, is_later
    ledger.facts     (label, words): granted, added, used, stood still, left
    ledger.faults    what stored rows do not explain; empty when the sums are proven

Statements: three, whatever the dossier, if segments, due changes and their agencies are loaded.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now
from app.models import ClockSegment, Dossier, DueChange
from app.models.dossier_time import HOLDERS
from app.services.dossier_page import user_names
from app.services.profiles import profile_value
from app.services.timing import calendar_of, hours, prepare_calendars
from app.workflows.ledger import WORKING, Adjustment, Entry, Holder, Ledger, Part, Phase, Span, make_ledger
from app.workflows.states import CLOCK_OVER, State
from app.workflows.working_time import CalendarExhausted


@dataclass(frozen=True)
class Bar:
    """One holder's share. percent: of all working time, rounded down to a whole number."""

    holder: str
    label: str
    minutes: int
    words: str
    percent: int
    stands_still: bool


@dataclass(frozen=True)
class Line:
    """One piece of time. ended_at: None while it runs; ground: the clause or the step."""

    holder: str
    label: str
    officer: str
    place: str
    started_at: datetime
    ended_at: datetime | None
    minutes: int
    words: str
    ground: str
    stands_still: bool
    is_reception: bool


@dataclass(frozen=True)
class Change:
    """One change of the due date and what it gave, in working time."""

    row: DueChange
    words: str
    is_later: bool


@dataclass(frozen=True)
class DossierLedger:
    """What a page shows of a dossier's time; ``sums`` is the proof behind it."""

    sums: Ledger
    bars: list[Bar]
    lines: list[Line]
    changes: list[Change]
    facts: list[tuple[str, str]]
    faults: list[str]


def ledger_of(session: Session, dossier: Dossier) -> DossierLedger | None:
    """Return the ledger of a dossier; None if the working calendar does not reach its days.

    Raises DomainError if its desk or agency has no calendar at all.
    """
    session.flush()  # its parts are told apart by their numbers
    try:
        sums = sums_of(session, dossier)
    except CalendarExhausted:
        return None
    lines = _lines(session, dossier, sums)
    changes = [
        Change(row, hours(abs(minutes)), minutes >= 0)
        for row, (_adjustment, minutes) in zip(dossier.due_changes, sums.adjusted, strict=True)
    ]
    faults = [_(fault.msgid, **fault.params) for fault in sums.faults]
    return DossierLedger(sums, _bars(sums), lines, changes, _facts(sums), faults)


def sums_of(session: Session, dossier: Dossier) -> Ledger:
    """Return the pure ledger of a dossier; raises CalendarExhausted and DomainError."""
    prepare_calendars(session, [dossier.desk, dossier.agency])
    parts = parts_of(dossier)
    is_over = State(dossier.state) in CLOCK_OVER
    ended = max((part.ended_at for part in parts if part.ended_at), default=now()) if is_over else now()
    return make_ledger(
        parts, Span(dossier.received_at, ended, dossier.original_due_at, dossier.due_at),
        calendar_of(session, dossier.desk), calendar_of(session, dossier.agency),
        [_adjustment(row) for row in dossier.due_changes], pausing(session),
    )  # fmt: skip


def pausing(session: Session) -> frozenset[str]:
    """Return the holders whose time is not counted; of payment the profile decides (domain D)."""
    still = {str(Holder.applicant), str(Holder.outage)}
    return frozenset(still | {str(Holder.payment)} if profile_value(session, "payment_pauses_clock") else still)


def parts_of(dossier: Dossier) -> list[Part]:
    """Return the segments of a dossier as the pure ledger reads them."""
    rows = sorted(dossier.segments, key=lambda row: (row.started_at, row.id))
    return [part_of(row) for row in rows]


def part_of(row: ClockSegment) -> Part:
    """Return one segment as the pure ledger reads it."""
    return Part(row.holder, row.started_at, row.ended_at, row.ground or "", row.id)


def _adjustment(row: DueChange) -> Adjustment:
    return Adjustment(row.at, row.old_due_at, row.new_due_at, row.reason, row.clause or "", row.actor_name)


def _bars(sums: Ledger) -> list[Bar]:
    still = {str(entry.part.holder) for entry in sums.entries if entry.stands_still}
    return [
        Bar(holder, _(HOLDERS[holder]), minutes, hours(minutes),
            100 * minutes // sums.total if sums.total else 0, holder in still)
        for holder, minutes in sums.by_holder.items()
    ]  # fmt: skip


def _lines(session: Session, dossier: Dossier, sums: Ledger) -> list[Line]:
    rows = {row.id: row for row in dossier.segments}
    names = user_names(session, (row.user_id for row in dossier.segments if row.user_id))
    return [_line(entry, rows[entry.part.key or 0], names) for entry in _shown(sums.entries)]


def _shown(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries worth a row: those of no minute at all are only told if they run."""
    return [entry for entry in entries if entry.minutes or entry.part.ended_at is None or entry.stands_still]


def _line(entry: Entry, row: ClockSegment, names: dict[int, str]) -> Line:
    holder = str(entry.part.holder)
    place = row.agency if holder in WORKING else None
    return Line(
        holder=holder, label=_(HOLDERS[holder]), officer=names.get(row.user_id or 0, ""),
        place=(place.short_name or place.name) if place else "", started_at=entry.started_at,
        ended_at=entry.part.ended_at, minutes=entry.minutes, words=hours(entry.minutes),
        ground=entry.part.ground, stands_still=entry.stands_still,
        is_reception=entry.phase is Phase.reception,
    )  # fmt: skip


def _facts(sums: Ledger) -> list[tuple[str, str]]:
    facts = [(_("Working time in all"), hours(sums.total))]
    if sums.granted is None or sums.left is None:
        return facts
    given = sum(minutes for _change, minutes in sums.adjusted)
    facts += [(_("Promised at first"), hours(sums.granted))]
    if sums.adjusted:
        facts += [(_("Added by changes of the due date"), f"{'−' if given < 0 else ''}{hours(abs(given))}")]
    facts += [(_("Working time used"), hours(sums.used))]
    if sums.stood_still:
        facts += [(_("The clock stood still"), hours(sums.stood_still))]
    late = sums.left < 0
    return [*facts, (_("Late by") if late else _("Working time left"), hours(abs(sums.left)))]
