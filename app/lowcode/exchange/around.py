"""The other cells of rows with faults: what stands there besides, so that people know the row again."""

from collections.abc import Iterable
from typing import Any

from app.lowcode.exchange.cells import as_text, is_blank
from app.lowcode.exchange.plan import Fault, Plan, Table

MOST_CELLS = 30  # of a row
LONGEST = 80  # characters of a cell
Row = tuple[str, int]  # sheet and row as the user's file has them
Cells = list[list[Any]]  # [[column, its label, text], …]


def cells_around(plan: Plan, faults: Iterable[Fault]) -> list[tuple[Row, Cells]]:
    """Return the rows of ``faults``, each once, with the cells of theirs that are not blank."""
    rows = dict.fromkeys((fault.sheet, fault.row) for fault in faults)
    tables = {name: [one for one in plan.tables if one.source_sheet == name] for name, _row in rows}
    labels = {name: _labels(found) for name, found in tables.items()}
    return [((name, row), _shown(_cells(tables[name], row), labels[name])) for name, row in rows]


def _labels(tables: list[Table]) -> dict[int, str]:
    """What a sheet makes may be several tables: together they know its columns."""
    return {at: label for table in tables for at, label in table.source_labels().items()}


def _cells(tables: list[Table], row: int) -> list[Any]:
    return next((cells for table in tables if (cells := table.source_cells(row))), [])


def _shown(cells: list[Any], labels: dict[int, str]) -> Cells:
    """Columns that nothing reads are told of once for the whole sheet."""
    filled = [[at, labels[at], as_text(cell)] for at, cell in enumerate(cells) if at in labels and not is_blank(cell)]
    return [[at, label, text if len(text) <= LONGEST else f"{text[:LONGEST]}…"] for at, label, text in filled][
        :MOST_CELLS
    ]
