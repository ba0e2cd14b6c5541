"""From the rows of a published table to the steps of a process: roles, places, kinds, working time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from flask_babel import gettext as _

from app.i18n import N_
from app.models.process import StepPlace
from app.permissions import Role
from app.services.process_tables.phrases import (
    ASKS,
    ASSIGNS,
    PAYS,
    Doer,
    Time,
    doer_of,
    submits_to_province,
    time_of,
    total_of,
)
from app.services.process_tables.reading import COLUMNS, Fault, Table
from app.services.setup_workbook.words import slug_of
from app.text import fold
from app.workflows.process import StepKind

_LABELS = {name: label for name, label, _starts in COLUMNS}
_NAME = 180  # characters of a step's name taken from a long text
_SENTENCE = re.compile(r"(?<=[^\d\s])[.;:](?:\s|$)|\n|\s[-+]\s")
_LEAD = re.compile(r"^[\s\-+*•]*(?:\d{1,2}[.)]\s*)?")
_DAY, _HOUR = 480, 60
_UNITS = {"ngay": _DAY, "gio": _HOUR}
_UNHURRIED = frozenset({StepKind.payment, StepKind.applicant, StepKind.return_})


@dataclass(frozen=True)
class Row:
    """A step to be: row = where it stands in the sheet, 0 for one the table lacks."""

    row: int
    name: str
    doer: Doer
    time: Time
    kind: StepKind = StepKind.work
    is_assigning: bool = False
    asks: bool = False  # clearly a consultation: other agencies are asked; the user may say otherwise
    is_handed_on: bool = False  # the province's office, handing on to its head to sign

    @property
    def minutes(self) -> int:
        """Working minutes; 0 while they cannot be read."""
        return self.time.minutes or 0


@dataclass
class Draft:
    """A process as the file gives it; with faults nothing is kept, notes tell what was concluded."""

    sheet: str
    row: int
    code: str
    name: str
    decision_number: str | None
    decision_on: date | None
    total_minutes: int | None
    steps: list[Row] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def minutes(self) -> int:
        """The working minutes of all steps."""
        return sum(step.minutes for step in self.steps)


def drafts_of(tables: Sequence[Table]) -> list[Draft]:
    """Return a draft of each table, each under a code of its own within the file."""
    taken: set[str] = set()
    found = []
    for number, table in enumerate(tables, 1):
        draft = _draft(table, number)
        draft.code = _free(draft.code, taken)
        taken.add(draft.code)
        found.append(draft)
    return found


def _draft(table: Table, number: int) -> Draft:
    decision, day = table.decision
    name = table.name or _("Process %(number)s of the file", number=number)
    code = f"qt-{table.code.replace('.', '-')}" if table.code else f"qt-{slug_of(table.name or table.sheet, 40)}"
    draft = Draft(table.sheet, table.row, code, name, decision, day, total_of(table.total))
    draft.steps = _kinds(_timed(draft, table, _rows(draft, table)), draft)
    return draft


def _free(code: str, taken: set[str]) -> str:
    found, number = code, 1
    while found in taken:
        number += 1
        found = f"{code}-{number}"
    return found


def _rows(draft: Draft, table: Table) -> list[Row]:
    rows: list[Row] = []
    who = ""
    for number, given in table.rows:
        who = given["who"] or who  # cells merged downwards are empty below the first
        if not who:
            draft.faults.append(_fault(draft, number, "who", _("Please fill this in.")))
        doer, name = doer_of(who), _short(given["content"])
        plain = fold(given["content"])
        asks = doer.is_consulted or (doer.role is Role.specialist and ASKS.search(plain) is not None)
        if asks:
            draft.notes.append(_("“%(name)s” asks other agencies: name them in the designer to ask them here.",
                                 name=name))  # fmt: skip
        kind = StepKind.work
        if doer.is_applicant:
            kind = StepKind.payment if PAYS.search(plain) else StepKind.applicant
        rows.append(Row(
            number, name, doer, time_of(given["time"]), kind, ASSIGNS.search(plain) is not None,
            asks and not doer.is_applicant,
            doer.role is Role.specialist and doer.place is StepPlace.province and submits_to_province(plain),
        ))  # fmt: skip
    return rows


def _fault(draft: Draft, row: int, column: str, message: str) -> Fault:
    return Fault(draft.sheet, row, _(_LABELS[column]), message)


def _short(text: str) -> str:
    """Return the first sentence of a long text, which is what the step is called."""
    bare = _LEAD.sub("", text)
    found = _SENTENCE.search(bare, 12)
    first = (bare[: found.start()] if found else bare).strip(" .;:-*")
    if first.count("(") > first.count(")"):  # the sentence ends within brackets
        first = first.rpartition("(")[0].strip() or first
    if len(first) <= _NAME:
        return first
    return f"{first[:_NAME].rsplit(' ', 1)[0]}…"


def _timed(draft: Draft, table: Table, rows: list[Row]) -> list[Row]:
    """Return the rows with bare numbers in their unit, as the heading, the total or the others say."""
    bare = [row.time.number for row in rows if row.time.number is not None]
    unit = _unit(draft, table, rows, sum(bare)) if bare else None
    found = []
    for row in rows:
        time = row.time
        if time.number is not None and unit is not None:
            time = Time(round(time.number * unit))
        is_last_desk = row is rows[-1] and row.doer.role is Role.desk_officer
        if time.minutes is None and time.number is None and (row.kind in _UNHURRIED or is_last_desk):
            time = Time(0, is_uncounted=True)
        if time.minutes is None:
            draft.faults.append(_fault(draft, row.row, "time", _time_message(time)))
        found.append(replace(row, time=time))
    return found


def _time_message(time: Time) -> str:
    if time.number is not None:
        return _("Write the unit: days or hours.")
    return _("The time cannot be read. Write for example: 0,5 days; 04 working hours; not counted.")


def _unit(draft: Draft, table: Table, rows: list[Row], bare: float) -> int | None:
    """Return the minutes in the unit that bare numbers have, None if nothing tells."""
    heading = fold(table.time_heading)
    named = next((minutes for word, minutes in _UNITS.items() if re.search(rf"\({word}", heading)), None)
    if named is not None:
        return named
    rest = sum(row.minutes for row in rows)
    fitting = [unit for unit in (_DAY, _HOUR) if draft.total_minutes == rest + round(bare * unit)]
    if fitting:
        return fitting[0]
    said = fold(" ".join([table.total, *(given["time"] for _row, given in table.rows)]))
    words = [unit for word, unit in _UNITS.items() if word in said]
    return words[0] if len(words) == 1 else None


def _kinds(rows: list[Row], draft: Draft) -> list[Row]:
    """Return the rows with their kinds; the last head to act signs, who came before him checks."""
    rows = _with_signer(rows, draft)
    signs = [n for n, row in enumerate(rows) if row.doer.role is Role.agency_head]
    last = signs[-1] if signs else len(rows)
    found: list[Row] = []
    is_sealed = False
    for number, row in enumerate(rows):
        kind = _kind(row, number, len(rows), last)
        if kind is StepKind.number_and_seal:
            kind, is_sealed = (StepKind.work if is_sealed else kind), True
        if row.asks and kind is StepKind.work:
            kind = StepKind.consult
        found.append(replace(row, kind=kind))
    return _completed(found, draft, last, is_sealed=is_sealed)


def _kind(row: Row, number: int, count: int, signed: int) -> StepKind:
    role = row.doer.role
    if row.doer.is_applicant:
        return row.kind
    if role is Role.desk_officer:
        is_end = number == count - 1 and number > signed
        return StepKind.receive if number == 0 else StepKind.return_ if is_end else StepKind.work
    if role is Role.agency_head:
        return StepKind.sign if number == signed else StepKind.check
    if role is Role.clerk:
        return StepKind.number_and_seal if number > signed else StepKind.work
    return StepKind.check if role is Role.division_head and not row.is_assigning else StepKind.work


def _with_signer(rows: list[Row], draft: Draft) -> list[Row]:
    """Return the rows with the signing that a table leaves inside the work of those who hand on."""
    heads = [n for n, row in enumerate(rows) if row.doer.role is Role.agency_head]
    handed = [n for n, row in enumerate(rows) if row.is_handed_on and n > (heads[-1] if heads else -1)]
    if handed:
        place, at = StepPlace.province, handed[-1] + 1
    elif not heads:
        place, at = StepPlace.agency, _before_the_end(rows)
    else:
        return rows
    return [*rows[:at], _added(draft, N_("Sign the result"), Role.agency_head, place), *rows[at:]]


def _before_the_end(rows: list[Row]) -> int:
    """Return where the signing belongs: before the clerk and the desk that end the table."""
    at = len(rows)
    while at > 1 and rows[at - 1].doer.role in (Role.desk_officer, Role.clerk):
        at -= 1
    return at


def _completed(rows: list[Row], draft: Draft, signed: int, *, is_sealed: bool) -> list[Row]:
    """Return the rows with the sealing and the return that every process here ends with."""
    found = list(rows)
    if not is_sealed:
        place = found[signed].doer.place
        sealing = _added(draft, N_("Number and seal the result"), Role.clerk, place)
        found.insert(signed + 1, replace(sealing, kind=StepKind.number_and_seal))
    if found[-1].kind is not StepKind.return_:
        added = _added(draft, N_("Return the result to the applicant"), Role.desk_officer, StepPlace.desk)
        found.append(replace(added, kind=StepKind.return_))
    return found


def _added(draft: Draft, msgid: str, role: Role, place: StepPlace) -> Row:
    name = _(msgid)
    draft.notes.append(_("The table has no step “%(name)s”; it is added with no time of its own.", name=name))
    return Row(0, name, Doer(role, place), Time(0, is_uncounted=True))
