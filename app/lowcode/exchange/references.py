"""Records named in cells: texts of a column → records, and records → texts; set by set."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.lowcode.choosing import choosable
from app.lowcode.naturals import Key, keyed_query
from app.permissions import Actor

JOIN = " / "  # between the values of a key: "1.001193 / 2"
DASH = " – "  # between a key and the name beside it
_CHUNK = 500
_NAMES = ("name", "full_name", "short_name", "title")
_PERSON = ("first_name", "last_name")


def key_text(key: Key) -> str:
    """Return a key as it stands in a cell; "" if a value of it is missing."""
    return "" if any(value is None for value in key) else JOIN.join(map(_value_text, key))


def _value_text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    return value.strftime("%H:%M") if isinstance(value, time) else str(getattr(value, "value", value))


def named(text: str, name: str) -> str:
    """Return "key – name", or the key alone when the name says the same."""
    return text if not name or name == text else f"{text}{DASH}{name}"


class Finder:
    """Finds records of one model by what cells say: key, "key – name", or a name all its own."""

    def __init__(self, session: Session, model: type[Any], actor: Actor) -> None:
        self._session, self._model, self._actor = session, model, actor
        self._by_key: dict[str, dict[int, tuple[Key, Any]]] = {}
        self._by_start: dict[str, dict[int, tuple[Key, Any]]] = {}
        self._by_name: dict[str, dict[int, tuple[Key, Any]]] = {}

    def load(self, texts: Iterable[str]) -> None:
        """Look up all ``texts`` at once, among the records the actor may choose."""
        wanted = set(texts)
        if not wanted:
            return
        starts = {part.split(JOIN)[0] for text in wanted for part in beginnings(text)}
        query, columns = keyed_query(self._model)
        column = columns[0]
        if isinstance(column.type, sa.String):
            self._keep(query, column, starts)
        unknown = [text for text in wanted if not self.find(text)]
        for name in _NAMES if unknown else ():
            if name in inspect(self._model).column_attrs:
                self._keep(query, getattr(self._model, name), unknown)

    def _keep(self, query: Any, column: Any, values: Iterable[str]) -> None:
        query = choosable(query, self._model, self._actor)
        listed = sorted(values)
        for at in range(0, len(listed), _CHUNK):
            for found in self._session.execute(query.where(column.in_(listed[at : at + _CHUNK]))):
                row, key = found[0], tuple(found[1:])
                for book, text in ((self._by_key, key_text(key)), (self._by_start, str(key[0]))):
                    book.setdefault(text, {})[row.id] = (key, row)
                for name in _NAMES:
                    if isinstance(text := getattr(row, name, None), str):
                        self._by_name.setdefault(text, {})[row.id] = (key, row)

    def find(self, text: str) -> list[tuple[Key, Any]]:
        """Return the (key, record) pairs ``text`` may mean: none, one, or several."""
        for part in beginnings(text):
            if part in self._by_key:
                return list(self._by_key[part].values())
        for book in (self._by_start, self._by_name):
            for part in beginnings(text):
                if part in book:
                    return list(book[part].values())
        return []


def beginnings(text: str) -> list[str]:
    """Return what of ``text`` may be a key: all of it, then what stands before each dash."""
    found, at = [text], text.find(DASH)
    while at > 0:
        found.append(text[:at].strip())
        at = text.find(DASH, at + 1)
    return found


def texts_of(session: Session, model: type[Any], ids: Iterable[int]) -> dict[int, str]:
    """Return {id: "key – name"} of records, in one statement for 500 of them."""
    query, _columns = keyed_query(model)
    listed, found = sorted(set(ids)), {}
    for at in range(0, len(listed), _CHUNK):
        for row in session.execute(query.where(model.id.in_(listed[at : at + _CHUNK]))):
            found[row[0].id] = named(key_text(tuple(row[1:])), label(row[0]))
    return found


def label(row: Any) -> str:
    """Return the name of a record without asking for other records."""
    return name_among(inspect(row).dict)


def name_among(values: Mapping[str, Any]) -> str:
    """Return what values of attributes say a record is called, "" if none does."""
    person = " ".join(v for n in _PERSON if isinstance(v := values.get(n), str))
    return next((v for n in _NAMES if isinstance(v := values.get(n), str) and v), person)
