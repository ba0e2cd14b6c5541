"""A record as it was on a day gone by, rebuilt by undoing what its history tells since."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app import history
from app.clock import VIETNAM, today
from app.history import HistoryEntry, plain
from app.lowcode.choosing import may_choose
from app.lowcode.history_pages import is_narrowed
from app.lowcode.history_titles import Ref, find_titles, titles_on
from app.lowcode.pages import sections_of
from app.lowcode.rows import visible
from app.lowcode.screen import back_of, inline, label_of, listed
from app.lowcode.telling import value_words
from app.lowcode.values import YEARS
from app.permissions import current_actor

_LIMIT = 1000  # parts, and entries to undo
Values = dict[str, Any]


@dataclass
class PastList:
    """The parts of one list as they were: labels of the columns, rows in words."""

    title: Any
    columns: list[Any]
    rows: list[list[str]] = field(default_factory=list)


@dataclass
class Past:
    """A record on ``day``. begins: its first entry, if the history does not reach back to ``day``.

    is_there: False if it had not been made yet. sections: (title, [(label, words)]). limit: what too many
    changes or parts were counted up to; the record is not rebuilt then.
    """

    day: date
    is_there: bool = True
    begins: datetime | None = None
    limit: int | None = None
    sections: list[tuple[Any, list[tuple[Any, str]]]] = field(default_factory=list)
    lists: list[PastList] = field(default_factory=list)


def asked_day(text: str | None) -> date | None:
    """Return the day in ``text`` (ISO), at latest today; None if there is none."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return min(day, today()) if day.year in YEARS else None


def as_of(session: Session, row: Any, day: date) -> Past:
    """Return ``row`` and the parts it owns as they were at the end of ``day``, in words of then."""
    moment = datetime.combine(day + timedelta(days=1), time(), VIETNAM)
    past = Past(day)
    first = _first_entry(session, row)
    if first is None or first.at >= moment:
        past.is_there = first is None or first.action != "create"
        past.begins = first.at if first is not None and past.is_there else None
        if not past.is_there:
            return past
    entries = _entries_since(session, row, moment)
    values = _undone(_values(row), [e for e in entries if (e.record, e.record_id) == _key(row)])
    parts = [(name, _parts(session, row, name, entries)) for name in _inline(row)]
    if max(len(entries), *(len(rows) for _name, rows in parts), 0) > _LIMIT:
        past.limit = _LIMIT
        return past
    titles = _titles(session, row, values, parts, moment)
    past.sections = [
        (title, [(label_of(type(row), name), _words(type(row), name, values, titles)) for name in names])
        for title, names in sections_of(type(row))
    ]
    past.lists = [_past_list(row, name, rows, titles) for name, rows in parts]
    return past


def _key(row: Any) -> tuple[str, int]:
    return row.__tablename__, row.id


def _first_entry(session: Session, row: Any) -> HistoryEntry | None:
    entry, (table, number) = HistoryEntry, _key(row)
    query = sa.select(entry).where(entry.record == table, entry.record_id == number)
    return session.scalar(query.order_by(entry.id).limit(1))


def _entries_since(session: Session, row: Any, moment: datetime) -> list[HistoryEntry]:
    """Return what changed since ``moment``, the latest first: one more than may be undone, if there are more."""
    entry, owner = HistoryEntry, history.owner_key(row)
    tables = {row.__tablename__, *(_target(row, name).__tablename__ for name in _inline(row))}
    query = sa.select(entry).where(
        entry.aggregate == owner[0], entry.aggregate_id == owner[1],
        entry.record.in_(tables), entry.at >= moment, ~entry.action.startswith("read"),
    )  # fmt: skip
    return list(session.scalars(query.order_by(entry.id.desc()).limit(_LIMIT + 1)))


def _inline(row: Any) -> list[str]:
    return [name for name in inline(type(row)) if may_choose(_target(row, name))]


def _target(row: Any, name: str) -> type[Any]:
    target: type[Any] = inspect(type(row)).relationships[name].mapper.class_
    return target


def _values(row: Any) -> Values:
    """Return the columns of ``row`` as the history writes them; what is not loaded by itself is left out."""
    state = inspect(row)
    return {attr.key: plain(getattr(row, attr.key)) for attr in state.mapper.column_attrs if not attr.deferred}


def _undone(values: Values, entries: list[HistoryEntry]) -> Values:
    for entry in entries:
        values |= {key: pair[0] for key, pair in entry.changes.items() if isinstance(pair, list) and len(pair) == 2}
    return values


def _parts(session: Session, row: Any, name: str, entries: list[HistoryEntry]) -> list[Values]:
    """Return the parts that ``row`` had then: those there now, undone, and those removed since."""
    relation = inspect(type(row)).relationships[name]
    target, key = relation.mapper.class_, next(iter(relation.remote_side))
    own = inspect(target).get_property_by_column(key).key
    query = visible(target, current_actor()).where(key == row.id).order_by(target.id).limit(_LIMIT + 1)
    found = {part.id: _values(part) for part in session.scalars(query)}
    for entry in (one for one in entries if one.record == target.__tablename__):
        if entry.action == "create":
            found.pop(entry.record_id, None)
        elif entry.action == "delete" and not is_narrowed(target):
            found[entry.record_id] = _undone({"id": entry.record_id}, [entry])
        elif entry.record_id in found:
            _undone(found[entry.record_id], [entry])
    order = target.screen.order.removeprefix("-")
    rows = [values for values in found.values() if values.get(own) == row.id]
    return sorted(rows, key=lambda values: (values.get(order) is None, values.get(order) or 0, values["id"]))


def _column(model: type[Any], name: str) -> str:
    """Return the attribute that holds ``name``'s value: of a relation, its foreign key."""
    relations = inspect(model).relationships
    if name not in relations:
        return name
    return str(inspect(model).get_property_by_column(next(iter(relations[name].local_columns))).key)


def _titles(
    session: Session, row: Any, values: Values, parts: list[tuple[str, list[Values]]], moment: datetime
) -> dict[Ref, str]:
    """Return what the records named by the values were called then."""
    refs = _refs(type(row), [values])
    for name, rows in parts:
        refs |= _refs(_target(row, name), rows)
    return find_titles(session, refs) | titles_on(session, refs, moment)


def _refs(model: type[Any], rows: list[Values]) -> set[Ref]:
    found = set()
    for attr in inspect(model).column_attrs:
        for key in attr.columns[0].foreign_keys:
            found |= {(key.column.table.name, values[attr.key]) for values in rows if values.get(attr.key)}
    return found


def _words(model: type[Any], name: str, values: Values, titles: dict[Ref, str]) -> str:
    key = _column(model, name)
    return value_words(model.__tablename__, key, values.get(key), titles)


def _past_list(row: Any, name: str, rows: list[Values], titles: dict[Ref, str]) -> PastList:
    relation, target = inspect(type(row)).relationships[name], _target(row, name)
    columns = [column for column in listed(target) if column != back_of(relation)]
    words = [[_words(target, column, values, titles) for column in columns] for values in rows]
    title = relation.info.get("label") or target.screen.title
    return PastList(title, [label_of(target, column) for column in columns], words)
