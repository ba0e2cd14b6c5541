"""History entries as sentences: who did what to which record, old and new in words.

One way of telling for a record's tab, the dossier and the auditor. Ids and choices of a whole
page are resolved together: a fixed number of statements, whatever the rows.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.clock import to_local
from app.history import HIDDEN, HistoryEntry
from app.lowcode.history_labels import VALUES, action_label, kind_label, label_for
from app.lowcode.history_titles import Ref, find_titles, kept_models
from app.lowcode.screen import tells
from app.lowcode.values import inside_sentence, money, plain_text
from app.permissions import ROLE_LABELS, SYSTEM, Role

_CLIP = 160
Posts = dict[int, list[Any]]  # the posts a user holds or held, in order
_find_posts: list[Callable[[Session, set[int]], Posts]] = []


def set_post_finder(find: Callable[[Session, set[int]], Posts]) -> None:
    """Install who finds the posts of users: entries tell in which role somebody acted."""
    _find_posts[:] = [find]


@dataclass(frozen=True)
class Change:
    """One attribute: its label, the old and the new value in words, and as they are stored."""

    label: str | None
    name: str
    old: str
    new: str
    raw_old: Any
    raw_new: Any


@dataclass(frozen=True)
class Sentence:
    """An entry in words. ``owner``: the record it is part of, if that is another one."""

    entry: HistoryEntry
    who: str
    role: str
    action: str
    kind: str
    title: str
    owner_kind: str
    owner_title: str
    changes: list[Change]

    @property
    def shown(self) -> list[Change]:
        """The changes that tell people something: with a label, and with a value."""
        return [c for c in self.changes if c.label and (c.old or c.new)]


@dataclass(frozen=True)
class _Attribute:
    """What the words for an attribute's values need; found once per attribute and call."""

    label: str | None
    column: Any
    target: str | None
    known: dict[str, str]


@dataclass(frozen=True)
class _Book:
    """What a page of entries is told with: titles, posts, and words looked up so far."""

    titles: dict[Ref, str]
    posts: Posts
    attributes: dict[tuple[str, str], _Attribute] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    def kind(self, table: str) -> str:
        """Return what records of ``table`` are called inside a sentence."""
        if table not in self.kinds:
            label = _word(kind_label(table, kept_models().get(table)))
            self.kinds[table] = inside_sentence(label)
        return self.kinds[table]

    def attribute(self, table: str, name: str) -> _Attribute:
        """Return what is known of an attribute."""
        key = (table, name)
        if key not in self.attributes:
            self.attributes[key] = _attribute(table, name)
        return self.attributes[key]


def _attribute(table: str, name: str) -> _Attribute:
    model = kept_models().get(table)
    attr = inspect(model).attrs.get(name) if model is not None else None
    column = attr.columns[0] if attr is not None and hasattr(attr, "columns") else None
    label = label_for(table, name, column)
    words = _word(label) if label is not None else None
    return _Attribute(words, column, _target(table, name), VALUES.get((table, name), {}))


def tell(session: Session, entries: list[HistoryEntry]) -> list[Sentence]:
    """Return the entries in words, in their order."""
    book = _Book(
        find_titles(session, {ref for entry in entries for ref in _refs(entry)}),
        _posts(session, {entry.actor_id for entry in entries if entry.actor_id}),
    )
    return [_sentence(entry, book) for entry in entries]


def _unnamed(number: int) -> str:
    """Return what a record without a name of its own is called."""
    return _("no. %(number)s", number=number)


def _sentence(entry: HistoryEntry, book: _Book) -> Sentence:
    own, owner = (entry.record, entry.record_id), (entry.aggregate, entry.aggregate_id)
    is_part = own != owner
    return Sentence(
        entry=entry,
        who=_who(entry, book.titles),
        role=_role(entry, book.posts),
        action=inside_sentence(_(action_label(entry.action, entry.record))),
        kind=book.kind(entry.record),
        # A part without a name of its own is known by what it is part of.
        title=book.titles.get(own, "" if is_part else _unnamed(entry.record_id)),
        owner_kind=book.kind(entry.aggregate) if is_part else "",
        owner_title=book.titles.get(owner, _unnamed(entry.aggregate_id)) if is_part else "",
        changes=[_change(entry.record, name, pair, book)
                 for name, pair in entry.changes.items() if _is_told(entry.record, name)],
    )  # fmt: skip


def _is_told(table: str, name: str) -> bool:
    """Return whether no field right closes the attribute to the reader."""
    model = kept_models().get(table)
    return model is None or tells(model, name)


def _who(entry: HistoryEntry, titles: dict[Ref, str]) -> str:
    if entry.action == "login":  # he who signs in is not yet known as the actor
        return titles.get((entry.record, entry.record_id), entry.actor_name)
    if entry.actor_id is None and entry.actor_name == SYSTEM.name:
        return _("System")
    return entry.actor_name or _("Not logged in")


def _word(label: Any) -> str:
    return _(label) if type(label) is str else str(label)


def _role(entry: HistoryEntry, posts: Posts) -> str:
    """Return the role the person held on that day; "" for the system and unknown visitors."""
    if entry.actor_id is None:
        return ""
    day = to_local(entry.at).date()
    for post in posts.get(entry.actor_id, ()):
        if post.valid_from <= day and (post.valid_to is None or post.valid_to >= day):
            return inside_sentence(_(ROLE_LABELS[Role(post.role)]))
    return "" if entry.actor_id in posts else inside_sentence(_(ROLE_LABELS[Role.citizen]))


def _posts(session: Session, ids: set[int]) -> Posts:
    return _find_posts[0](session, ids) if ids and _find_posts else {}


def roles_of(session: Session, ids: set[int]) -> dict[int, str]:
    """Return the role each user holds or last held, in words."""
    posts = _posts(session, ids)
    return {
        number: _(ROLE_LABELS[Role(posts[number][-1].role)]) if number in posts
        else _(ROLE_LABELS[Role.citizen])
        for number in ids
    }  # fmt: skip


def _refs(entry: HistoryEntry) -> Iterable[Ref]:
    """Name every record that a sentence about ``entry`` must call by its title."""
    yield entry.record, entry.record_id
    yield entry.aggregate, entry.aggregate_id
    for name, pair in entry.changes.items():
        table = _target(entry.record, name)
        if table is None:
            continue
        for value in pair:
            ids = value if isinstance(value, list) else [value]
            yield from ((table, number) for number in ids if isinstance(number, int))


@cache
def _target(table: str, name: str) -> str | None:
    """Return the table an attribute refers to: by its foreign key, or a list of records."""
    model = kept_models().get(table)
    attr = inspect(model).attrs.get(name) if model is not None else None
    if attr is None:
        return None
    if hasattr(attr, "columns"):
        return next((key.column.table.name for key in attr.columns[0].foreign_keys), None)
    return str(attr.mapper.local_table.name)


def kind_words(table: str) -> str:
    """Return what records of ``table`` are called, as a heading."""
    return _word(kind_label(table, kept_models().get(table)))


def _change(table: str, name: str, pair: list[Any], book: _Book) -> Change:
    attribute = book.attribute(table, name)
    old, new = (_words(value, attribute, book.titles) for value in pair)
    return Change(attribute.label, name, old, new, pair[0], pair[1])


def value_words(table: str, name: str, value: Any, titles: dict[Ref, str]) -> str:
    """Return a value as the history keeps it in words; titles: of the records it may refer to."""
    return _words(value, _attribute(table, name), titles)


def _words(value: Any, attribute: _Attribute, titles: dict[Ref, str]) -> str:
    if value is None or value == []:
        return ""
    if value == HIDDEN:
        return HIDDEN
    column, target = attribute.column, attribute.target
    if target is not None:
        ids = value if isinstance(value, list) else [value]
        return ", ".join(titles.get((target, number)) or _("(no longer there)") for number in ids)
    if isinstance(value, str) and value in attribute.known:
        return _(attribute.known[value])
    choices = column.info.get("choices") if column is not None else None
    if choices is not None and not isinstance(value, list | dict) and value in choices:
        return _(choices[value])
    if column is not None and column.info.get("kind") == "money" and isinstance(value, int):
        return money(value)
    return _plain(value, column)


def _plain(value: Any, column: Any) -> str:
    if isinstance(value, dict) or (isinstance(value, list) and not _is_texts(value)):
        return ngettext("%(num)d value", "%(num)d values", len(value))
    if isinstance(value, str) and column is not None:
        value = _moment(value, column.type)
    text = plain_text(value)
    return text if len(text) <= _CLIP else text[:_CLIP].rstrip() + "…"


def _is_texts(value: list[Any]) -> bool:
    return all(isinstance(item, str) for item in value)


def _moment(text: str, kind: Any) -> Any:
    """Return the date, time or instant that a column stored as text, else the text."""
    base = getattr(kind, "impl_instance", None) or getattr(kind, "impl", kind)
    for sql_type, python in ((sa.DateTime, datetime), (sa.Date, date), (sa.Time, time)):
        if isinstance(base, sql_type):
            try:
                return python.fromisoformat(text)
            except ValueError:
                return text
    return text
