"""The empty set-up workbook."""

from typing import IO

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.lowcode.exchange.book import Book
from app.lowcode.exchange.layout import Column, Sheet
from app.lowcode.exchange.tables import guide_title
from app.models import Agency, Form, Process, Sector, WorkingCalendar
from app.services.setup_workbook.headings import PARTS, Heading, Part

_MOST = 2000  # offered in a drop-down list
_LISTS = {
    "sector": Sector.name, "process": Process.code, "form": Form.code, "calendar": WorkingCalendar.code,
    "parent": Agency.code,
}  # fmt: skip


def write_setup_template(session: Session, title: str) -> IO[bytes]:
    """Return an open .xlsx file with the three sheets and instructions."""
    book = Book()
    for part in PARTS:
        columns = [Column(h.key, _(h.label), "relation" if h.key in _LISTS else "choice" if h.choices else "text",
                          needed=h.needed) for h in part.headings]  # fmt: skip
        offered = {h.key: _offered(session, part, h) for h in part.headings}
        notes = {h.key: _note(h) for h in part.headings}
        book.sheet(Sheet(Agency, part.title, tuple(columns)), columns, (), notes=notes, choices=offered)
    lines = [[title], [_("One sheet may be left out or be empty. "
                         "Procedures may also be pasted from a published table.")],
             [""], [f"#{_('Sheet')}", _("Column"), _("Rule")]]  # fmt: skip
    lines += [[part.title, _(h.label), _note(h).replace("\n", " ")] for part in PARTS for h in part.headings]
    book.guide(guide_title(), lines)
    return book.close()


def _note(heading: Heading) -> str:
    first = _("Required.") if heading.needed else _("May stay empty.")
    return f"{first}\n{_(heading.note)}" if heading.note else first


def _offered(session: Session, part: Part, heading: Heading) -> list[str]:
    if heading.choices:
        return [_(word) for word in heading.choices.values()]
    column = _LISTS.get(heading.key)
    if column is None or (part.name, heading.key) == ("processes", "process"):
        return []
    found = list(session.scalars(sa.select(column).order_by(column).limit(_MOST + 1)))
    return found if len(found) <= _MOST else []
