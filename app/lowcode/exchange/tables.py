"""Finding our sheets and columns in a workbook, however people moved them about."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from app.errors import Invalid
from app.lowcode.exchange.cells import as_text, is_blank
from app.lowcode.exchange.layout import Column, Sheet
from app.lowcode.exchange.packed import NumberedRows
from app.lowcode.exchange.plan import Fault, Plan, Table
from app.lowcode.exchange.reading import RawSheet
from app.text import fold

_HEAD_ROWS = 15  # titles may stand above the headings


def find_tables(plan: Plan, sheets: Sequence[Sheet], raw: Sequence[RawSheet]) -> None:
    """Put the sheets of the file that are ours into ``plan``, in our order.

    Raises Invalid when there is none, or none with rows.
    """
    by_title = {fold(one.name): one for one in raw}
    for sheet in sheets:
        found = by_title.get(fold(sheet.title))
        if found is None and len(sheets) == 1 and len(raw) == 1:
            found = raw[0]  # one sheet, renamed: its headings decide
        if found is not None:
            plan.tables.append(_table(plan, sheet, found))
    if not plan.tables:
        names = ", ".join(f"“{sheet.title}”" for sheet in sheets)
        raise Invalid(_("The file has no sheet of the template: %(names)s.", names=names))
    ours = {table.name for table in plan.tables}
    plan.notes += [_("The sheet “%(name)s” is not used.", name=one.name)
                   for one in raw if one.name not in ours and fold(one.name) != fold(guide_title())]  # fmt: skip
    if not any(table.rows for table in plan.tables) and not plan.faults:
        raise Invalid(_("The file has no rows below the headings."))


def guide_title() -> str:
    """Return what the sheet of instructions is called."""
    return _("Instructions")


def _table(plan: Plan, sheet: Sheet, raw: RawSheet) -> Table:
    header = _header_row(sheet, raw.rows)
    table = Table(sheet, raw.name, header=header + 1, origin=raw.origin)
    headings = raw.rows[header] if raw.rows else []
    for at, cell in enumerate(headings):
        _place(plan, table, at, as_text(cell))
    here = [column.name for column in table.places.values()]
    for column in sheet.columns:
        if column.is_key and (column.needed or column.target) and column.name not in here:
            plan.faults.append(Fault(table.name, table.header, -1, column.label, "",
                               _("The column “%(label)s” is missing.", label=column.label)))  # fmt: skip
    if not any(fault.sheet == table.name for fault in plan.faults):
        below = raw.rows[header + 1 :]
        used = (number for number, row in enumerate(below, header + 2)
                if not all(is_blank(row[at]) for at in table.places if at < len(row)))  # fmt: skip
        table.rows = NumberedRows(below, header + 2, used)
    return table


def _place(plan: Plan, table: Table, at: int, text: str) -> None:
    column = _column(table.sheet, text)
    if column is None:
        if text.strip():
            plan.notes.append(_("Sheet “%(sheet)s”: the column “%(label)s” is not used.",
                                sheet=table.name, label=text.strip()[:60]))  # fmt: skip
    elif column in table.places.values():
        plan.faults.append(Fault(table.name, table.header, at, column.label, text,
                                 _("This column stands there twice.")))  # fmt: skip
    elif column in table.sheet.columns:
        table.places[at] = column


def _column(sheet: Sheet, text: str) -> Column | None:
    return sheet.by_heading.get(fold(text.strip().rstrip("* ")))


def _header_row(sheet: Sheet, rows: Sequence[list[Any]]) -> int:
    """Return the row with the most of our headings among the first ones."""
    scores = [sum(_column(sheet, as_text(cell)) is not None for cell in row if isinstance(cell, str))
              for row in rows[:_HEAD_ROWS]]  # fmt: skip
    return scores.index(max(scores)) if scores else 0
