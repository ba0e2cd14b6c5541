"""The rules of the form for one row: what it must have, and what its model says of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask_babel import gettext as _

from app.errors import DomainError, Invalid
from app.lowcode.exchange.comparing import REFUSALS, differs, new_record
from app.lowcode.exchange.plan import Entry, Kind, Ref
from app.lowcode.naturals import key_names
from app.lowcode.validity import refuse_unfit

if TYPE_CHECKING:
    from app.lowcode.exchange.planner import Planner


def blame_missing(planner: Planner, entry: Entry) -> None:
    """Blame a new row for what it must have and has no column for."""
    for column in entry.table.sheet.columns if entry.row is None else ():
        if column.needed and column.name not in entry.values and column.name not in entry.blamed:
            label = entry.table.heading_of(column.name) or column.label
            planner.blame(entry, column.name, _("%(label)s: this field is required.", label=label))


def check(planner: Planner, entry: Entry, names: list[str]) -> None:
    """Ask the rules of the model about the record of a row that was filled in."""
    for name, message in _problems(planner, entry.record, names).items():
        planner.blame(entry, name, message)


def find_more(planner: Planner, entry: Entry, rights: dict[Kind, bool]) -> None:
    """Blame a row with faults for what else is wrong, so that all is corrected at once.

    Without its key nobody knows whether it is new. The model is asked about the cells that could be read once all it
    needs is there; what it says of a cell blamed already, or of the row as a whole, may come from that one.
    """
    model = entry.table.sheet.model
    if entry.blamed & set(key_names(model)):
        return
    kind = Kind.add if entry.row is None else Kind.change
    if not rights[kind]:
        planner.blame(entry, "", REFUSALS[kind]())
        return
    blame_missing(planner, entry)
    if entry.row is None and any(column.needed and column.name in entry.blamed for column in entry.table.sheet.columns):
        return
    readable = [name for name, value in entry.values.items() if not isinstance(value, Ref) or value.record is not None]
    entry.trial = entry.row if entry.row is not None else new_record(model)
    names = [name for name in readable if entry.row is None or differs(entry.row, name, entry.values[name])]
    fill(entry, names)
    for name, message in _problems(planner, entry.trial, names).items():
        if name and name not in entry.blamed:
            planner.blame(entry, name, message)


def _problems(planner: Planner, record: object, names: list[str]) -> dict[str, str]:
    try:
        refuse_unfit(record, names)
        if hasattr(record, "check"):
            record.check(planner.actor)
    except Invalid as exc:
        return dict(exc.fields or {"": str(exc)})
    except DomainError as exc:
        return {"": str(exc)}
    return {}


def fill(entry: Entry, names: Iterable[str]) -> None:
    """Put what the cells say into the record of a row."""
    for name in names:
        value = entry.values[name]
        setattr(entry.filled, name, value.record if isinstance(value, Ref) else value)


def fill_above(entry: Entry) -> None:
    """Fill the new records of this sheet that ``entry`` stands below: its check may look at them."""
    waiting, seen = [entry], {entry.number}
    while waiting:
        refs = [value for value in waiting.pop().values.values() if isinstance(value, Ref)]
        fellows = [ref.entry for ref in refs if ref.entry is not None and ref.entry.table is entry.table]
        for fellow in fellows:
            if fellow.row is None and fellow.record is not None and fellow.number not in seen:
                seen.add(fellow.number)
                waiting.append(fellow)
                fill(fellow, fellow.values)
