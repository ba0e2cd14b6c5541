"""Parts edited in place: rows of a record's form, read, kept when refused, compared when stale."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.lowcode.actions import may
from app.lowcode.choosing import find_several
from app.lowcode.forms import RecordForm
from app.lowcode.listing import eager
from app.lowcode.rows import visible
from app.lowcode.screen import Screen, back_of, inline, writable
from app.lowcode.values import as_id
from app.permissions import current_actor

Known = Mapping[str, dict[int, Any]]  # {relation: {id: record}}
MAX_ROWS = 200
_OPERATION = re.compile(r"(\w{1,60})\.(add|up|down)(?:\.([0-9]{1,6}))?")


@dataclass
class Part:
    """One row of the form. ``number``: the stored record's id, None for a new one.

    present: the stored record, when the form is stale. is_lost: it was stored when the form was
    opened, and no longer is. notes: what happened to it meanwhile.
    """

    index: str
    form: RecordForm
    number: int | None = None
    row: Any = None
    title: str = ""
    is_gone: bool = False
    is_lost: bool = False
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    present: Any = None
    written: list[str] = field(default_factory=list)  # the attributes a save changed

    @property
    def is_wrong(self) -> bool:
        """True if this row has something to correct."""
        return bool(self.errors or self.form.errors)


class Parts:
    """The rows of one list of parts of one record, as a form shows and a save writes them."""

    def __init__(self, owner: type[Any], name: str) -> None:
        self.name = name
        self.relation = inspect(owner).relationships[name]
        self.model: type[Any] = self.relation.mapper.class_
        self.back = back_of(self.relation)
        self.is_ordered = "position" in writable(self.model)
        own = {self.back, "position"} if self.is_ordered else {self.back}
        self.names = [attr for attr in writable(self.model) if attr not in own]
        self.rows: list[Part] = []
        self.stored: list[Any] = []
        # The stored rows with their versions: now, and when the form was opened.
        self.state, self.seen = "", ""
        self.too_many = False
        self.fault = ""  # of the list as a whole

    @property
    def screen(self) -> Screen:
        """The declaration of the parts."""
        return self.model.screen

    @property
    def title(self) -> Any:
        """What the list is called."""
        return self.relation.info.get("label") or self.screen.title

    @property
    def may_add(self) -> bool:
        """True if rows may be added here: with every attribute that these rows have."""
        return may(self.model, "add") and {*writable(self.model, "add")} >= {*self.names}

    @property
    def may_remove(self) -> bool:
        """True if rows may be taken away here."""
        return may(self.model, "remove")

    @property
    def is_stale(self) -> bool:
        """True if the stored rows changed since the form was opened."""
        return bool(self.seen) and self.seen != self.state

    def load(self, session: Session, owner: Any) -> None:
        """Find the stored rows that the actor may change, in one statement; too many are not edited."""
        key = next(iter(self.relation.remote_side))
        query = visible(self.model, current_actor(), to_write=True).where(key == owner.id)
        order = self.relation.order_by or [self.model.id]
        query = query.options(*eager(self.model, self.names)).order_by(*order)
        self.stored = list(session.scalars(query.limit(MAX_ROWS + 1)))
        self.too_many = len(self.stored) > MAX_ROWS
        self.state = ",".join(sorted(f"{row.id}:{row.row_version}" for row in self.stored)) or "-"

    def show(self, session: Session, owner: Any) -> None:
        """Fill the form's rows with what is stored."""
        self.load(session, owner)
        if self.too_many:
            return
        self.seen = self.state
        for number, row in enumerate(self.stored):
            self.rows.append(self._part(str(number), row))

    def read(self, session: Session, owner: Any | None, sent: Any) -> None:
        """Fill the form's rows with what was typed; stored rows that were not sent stay."""
        if owner is not None:
            self.load(session, owner)
        self.seen = sent.get(f"{self.name}-seen", "")
        pattern = re.compile(rf"{self.name}-([0-9]{{1,6}})-id")
        indexes = [found[1] for key in sent if (found := pattern.fullmatch(key))]
        if len(indexes) > MAX_ROWS:
            self.fault = _("At most %(count)d rows can be saved together.", count=MAX_ROWS)
            indexes = indexes[:MAX_ROWS]
        known = self._known(session, indexes, sent)
        stored = {row.id: row for row in self.stored}
        for index in indexes:
            number = as_id(sent[f"{self.name}-{index}-id"]) or 0
            part = self._part(index, stored.pop(number, None), sent, known)
            part.is_lost = bool(number) and part.row is None
            self.rows.append(part)

    def copy(self, session: Session, owner: Any, emptied: set[str]) -> None:
        """Fill the form's rows with new ones that say what the parts of ``owner`` say."""
        self.load(session, owner)
        if self.too_many:
            return
        for number, row in enumerate(self.stored):
            part = self._part(str(number), None)
            values = {name: getattr(row, name) for name in self.names if name not in emptied}
            part.form.process(None, None, data=values)
            self.rows.append(part)
        self.stored = []

    def rearrange(self, operation: str) -> None:
        """Do what a button of the form asks, without a script: "<list>.add", ".up.<row>", ".down.<row>"."""
        found = _OPERATION.fullmatch(operation)
        if not found or found[1] != self.name:
            return
        if found[2] == "add":
            used = [int(part.index) for part in self.rows]
            self.rows.append(self._part(str(max(used, default=-1) + 1), None))
            return
        at = next((n for n, part in enumerate(self.rows) if part.index == found[3]), None)
        to = at + (-1 if found[2] == "up" else 1) if at is not None else -1
        if at is not None and 0 <= to < len(self.rows):
            self.rows[at], self.rows[to] = self.rows[to], self.rows[at]

    def blank(self) -> Part:
        """Return the empty row that the page's script copies."""
        return self._part("__index__", None)

    def compare(self, session: Session, owner: Any) -> None:
        """Put the present rows beside what was typed, after somebody else changed them."""
        self.load(session, owner)
        stored = {row.id: row for row in self.stored}
        for part in self.rows:
            part.present = stored.pop(part.number or 0, None)
            if part.is_lost:
                part.notes.append(_("Someone else has removed this row; saving puts it back."))
        used = [int(part.index) for part in self.rows]
        for number, row in enumerate(stored.values(), max(used, default=-1) + 1):
            part = self._part(str(number), row)
            part.notes.append(_("Someone else has added this row meanwhile."))
            self.rows.append(part)
        self.seen = self.state

    def problems(self) -> list[tuple[str, str]]:
        """Return (id on the page, message) of everything to correct in these rows."""
        found = [(f"parts-{self.name}", f"{self.title}: {self.fault}")] if self.fault else []
        for place, part in enumerate(self.rows, 1):
            where = _("%(list)s, row %(number)d", list=self.title, number=place)
            found += [(f"{self.name}-{part.index}", f"{where}: {text}") for text in part.errors]
            for one in part.form:
                found += [(one.id, f"{where}, {one.label.text}: {text}") for text in one.errors]
        return found

    def _part(self, index: str, row: Any, sent: Any = None, known: Known | None = None) -> Part:
        prefix = f"{self.name}-{index}-"
        form = RecordForm(self.model, self.names, prefix)
        for name, records in (known or {}).items():
            form[name].known = records
        form.process(sent, row)
        is_gone = sent is not None and bool(sent.get(f"{prefix}gone"))
        number, title = (row.id, str(row)) if row is not None else (None, "")
        return Part(index, form, number, row, title, is_gone)

    def _known(self, session: Session, indexes: list[str], sent: Any) -> dict[str, dict[int, Any]]:
        """Return {relation: {id: record}} of all records the rows name: one statement a relation."""
        relations = inspect(self.model).relationships
        found = {}
        for name in (name for name in self.names if name in relations):
            texts = [sent.get(f"{self.name}-{index}-{name}", "") for index in indexes]
            numbers = {number for text in texts if (number := as_id(text))}
            found[name] = find_several(session, relations[name].mapper.class_, numbers)
        return found


def _lists(model: type[Any]) -> list[Parts]:
    """Return the lists of parts whose records the actor may change."""
    found = [Parts(model, name) for name in inline(model)]
    return [parts for parts in found if may(parts.model, "change")]


def shown_parts(session: Session, model: type[Any], row: Any | None) -> list[Parts]:
    """Return the rows that the form of ``row``, or of a new record, opens with."""
    found = _lists(model)
    for parts in found if row is not None else ():
        parts.show(session, row)
    return found


def sent_parts(session: Session, model: type[Any], row: Any | None, sent: Any) -> list[Parts]:
    """Return the rows that were sent with the form of ``row``, or of a new record."""
    found = _lists(model)
    for parts in found:
        parts.read(session, row, sent)
    return found
