"""The empty workbook to fill in: headings, drop-down lists, rules, instructions."""

from collections.abc import Iterable, Sequence
from typing import IO, Any

from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.lowcode.choosing import choosable
from app.lowcode.exchange.book import Book
from app.lowcode.exchange.layout import Column, Sheet, rule_of
from app.lowcode.exchange.references import key_text, label, named
from app.lowcode.exchange.tables import guide_title
from app.lowcode.naturals import has_key, keyed_query
from app.lowcode.values import choices_of
from app.permissions import current_actor

_MOST = 5000  # records offered in a drop-down list; more are typed by their code


def write_template(session: Session, title: str, sheets: Sequence[Sheet]) -> IO[bytes]:
    """Return an open .xlsx file with one empty sheet for each of ``sheets``."""
    book = Book()
    lists: dict[type[Any], list[str]] = {}
    for sheet in sheets:
        book.sheet(
            sheet, sheet.columns, (), notes={c.name: note_of(c, sheet.model) for c in sheet.columns},
            choices={c.name: _choices(session, sheet, c, lists) for c in sheet.columns},
        )  # fmt: skip
    book.guide(guide_title(), _guide(title, sheets))
    return book.close()


def note_of(column: Column, model: type[Any]) -> str:
    """Return what the comment of a heading says."""
    parts = [_("Required.") if column.needed else _("May stay empty."), rule_of(column, model)]
    parts += [_("Names the record: a row with a known one changes that record.")] if column.is_key else []
    return "\n".join([*parts, column.help] if column.help else parts)


def _guide(title: str, sheets: Sequence[Sheet]) -> list[list[str]]:
    return guide_lines(title, [(s.title, c.heading, note_of(c, s.model)) for s in sheets for c in s.columns])


def guide_lines(title: str, rules: Iterable[tuple[str, str, str]]) -> list[list[str]]:
    """Return the sheet of instructions; rules: (sheet, heading, what may stand there)."""
    lines = [
        [title],
        [_("Fill in one row for each record. Leave headings and sheet names as they are; columns may be moved "
           "or left out.")],
        [_("A row whose key is known changes that record; any other row adds one. Nothing is ever deleted by "
           "an import.")],
        [_("Columns with a star must have a value in new rows. An empty cell empties what may be empty, and "
           "else keeps what is there.")],
        [_("After sending the file you see every fault, and what would change, before anything is written.")],
        [""],
        [f"#{_('Sheet')}", _("Column"), _("Rule")],
    ]  # fmt: skip
    return lines + [[sheet, heading, note.replace("\n", " ")] for sheet, heading, note in rules]


def _choices(session: Session, sheet: Sheet, column: Column, lists: dict[type[Any], list[str]]) -> list[str]:
    if column.kind == "boolean":
        return [_("Yes"), _("No")]
    if column.kind == "choice":
        return [_(word) for word in (choices_of(sheet.model, column.name) or {}).values()]
    target = column.target
    if target is None or not has_key(target):
        return []
    if target not in lists:
        lists[target] = _records(session, target)
    return lists[target]


def _records(session: Session, target: type[Any]) -> list[str]:
    """Return "key – name" of every record one may choose, or nothing if there are too many."""
    query, columns = keyed_query(target)
    query = choosable(query, target, current_actor())
    if "valid_to" in inspect(target).column_attrs:
        query = query.where(target.valid_to.is_(None))
    found = session.execute(query.order_by(columns[0]).limit(_MOST + 1)).all()
    if len(found) > _MOST:
        return []
    return [named(key_text(tuple(line[1:])), label(line[0])) for line in found]
