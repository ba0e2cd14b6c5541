"""The Vietnamese order of names, the same on both databases."""

import unicodedata
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine

NAME = "vi-x-icu"  # PostgreSQL has it from ICU; SQLite gets it from us
_ALPHABET = {letter: place for place, letter in enumerate("aăâbcdđeêfghijklmnoôơpqrstuưvwxyz")}
_TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}


def in_order(column: Any) -> Any:
    """Return ``column`` as an expression that orders Vietnamese text by the alphabet."""
    return sa.collate(column, NAME)


@lru_cache(maxsize=50_000)
def key_of(text: str) -> tuple[Any, ...]:
    """Return a sort key: letters of the alphabet first, then tones, then the text itself."""
    letters, tones = [], []
    for char in unicodedata.normalize("NFC", text.lower()):
        parts = unicodedata.normalize("NFD", char)
        tones += [_TONES[mark] for mark in parts if mark in _TONES] or [0]
        letter = unicodedata.normalize("NFC", "".join(mark for mark in parts if mark not in _TONES))
        place = _ALPHABET.get(letter)
        letters.append((1, place) if place is not None else (0, ord(letter[0]) if letter else 0))
    return tuple(letters), tuple(tones), text


def _compare(left: str, right: str) -> int:
    first, second = key_of(left), key_of(right)
    return (first > second) - (first < second)


@event.listens_for(Engine, "connect")
def _teach_sqlite(connection: Any, _record: Any) -> None:
    if "sqlite" in type(connection).__module__:
        connection.create_collation(NAME, _compare)
