"""Workbooks that look as the tables of published decisions do."""

import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import xlsxwriter

HEADINGS = ["TT", "Bước", "Người/đơn vị thực hiện", "Thời gian"]
Case = tuple[str, str, str, str, str, float | None, list[list[str]]]


@cache
def published() -> list[Case]:
    """Return real processes as facts: name, code, decision, day, total, hours known, [what, who, time]."""
    text = (Path(__file__).parent / "published.json").read_text("utf-8")
    return [tuple(one) for one in json.loads(text)]


def sheet_of(case: Case) -> list[list[Any]]:
    """Return the rows of one published table with its caption and its total."""
    name, code, decision, day, total, _hours, steps = case
    rows: list[list[Any]] = [["QUY TRÌNH NỘI BỘ"]]
    if decision:
        rows.append([f"(Kèm theo Quyết định số {decision} ngày {day})"])
    rows += [[f"1. {name}" + (f" (Mã TTHC: {code})" if code else "")], HEADINGS]
    rows += [[number, *step] for number, step in enumerate(steps, 1)]
    return [*rows, ["Tổng thời gian", total]] if total else rows


def workbook(*sheets: list[list[Any]]) -> bytes:
    """Return an .xlsx of ``sheets``."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        for rows in sheets:
            sheet = book.add_worksheet()
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    return target.getvalue()
