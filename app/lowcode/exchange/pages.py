"""What the pages of an import show of a run, and what they send back."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Response, request, stream_with_context, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.clock import today
from app.lowcode.exchange.corrections import Corrections, Place
from app.lowcode.exchange.outcome import MOST_FAULTS, Kept
from app.lowcode.exchange.plan import KINDS, Fault, Kind
from app.lowcode.exchange.progress import how_far
from app.lowcode.exchange.run import STATES, ImportRun
from app.lowcode.exchange.runs import unpack
from app.lowcode.pages import plain_number
from app.lowcode.values import as_id
from app.text import fold

PAGE = 50
_TYPED = re.compile(r"cell-(\d+(?:\.\d+)*)-(\d+)-(.+)", re.DOTALL)
_LEFT_OUT = re.compile(r"(skip|was)-(\d+(?:\.\d+)*)-(.+)", re.DOTALL)


def csv_answer(lines: Iterator[str], stem: str) -> Response:
    """Return a .csv file sent as it is written."""
    answer = Response(stream_with_context(lines), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=file_name(stem, "csv"))
    return answer


def file_name(stem: str, ending: str) -> str:
    """Return the name of a download: plain letters, the day, the ending."""
    plain = re.sub(r"[^a-z0-9]+", "-", fold(stem)).strip("-") or "export"
    return f"{plain}-{today():%Y%m%d}.{ending}"


def progress_words(run: ImportRun) -> str:
    """Return how far a run is, in words."""
    state = _(STATES[run.state])
    done, total, _at = how_far(run)
    return f"{state}: {100 * done // total}%" if total else state


def run_context(run: ImportRun, page: int = 0, lost: dict[Place, str] | None = None) -> dict[str, Any]:
    """Return what the pages of a run need: counts, faults and rows, one page of each.

    page: as the request asks, by default. lost: what was typed there and could not be kept.
    """
    kept = unpack(run)
    kind = request.args.get("kind", "")
    wanted = (kind,) if kind in set(Kind) else (Kind.add, Kind.change)
    page = page or as_id(request.args.get("page")) or 1
    start = (page - 1) * PAGE
    shown = (grouped(kept.faults)[start : start + PAGE + 1] if run.faults
             else kept.lines(wanted, start, PAGE + 1))  # fmt: skip
    return {
        "notes": kept.notes, "lines": [] if run.faults else shown[:PAGE],
        "faults": _as_left(run, kept, shown[:PAGE], lost or {}) if run.faults else [], "page": page,
        "unshown": max(0, run.faults - len(kept.faults)),
        "made": kept.made, "counts": run.counts, "kind": kind,
        "kinds": {str(k): _(word) for k, word in KINDS.items()},
        "words": progress_words(run), "far": how_far(run), "summary": _summary(run), "total": totals(run),
        "previous": _address(run, page - 1, kind) if page > 1 else None,
        "following": _address(run, page + 1, kind) if len(shown) > PAGE else None,
    }  # fmt: skip


def _address(run: ImportRun, page: int, kind: str) -> str:
    """Return where a page is: of faults, the address that keeps what was typed on this one and leads there."""
    view = (request.endpoint or "").partition(".")[0]
    return url_for(f"{view}.{'keep' if run.faults else 'run'}", number=run.id, page=page, kind=kind or None)


def _as_left(
    run: ImportRun, kept: Kept, groups: list[dict[str, Any]], lost: dict[Place, str]
) -> list[dict[str, Any]]:  # fmt: skip
    """Return groups of faults as the user left them: with what he typed and ticked since they were found.

    A row of its own is shown with its other cells; of what was lost each field says so.
    """
    texts = {(sheet, row, at): text for sheet, row, at, text in run.corrections} | lost
    skipped = {(sheet, row) for sheet, row in run.skipped}
    around = kept.cells_around({(group["sheet"], group["rows"][0]) for group in groups if len(group["rows"]) == 1})
    for group in groups:
        first = (group["sheet"], group["rows"][0])
        group["is_left_out"] = all((group["sheet"], row) in skipped for row in group["rows"])
        shown = {cell["column"] for cell in group["cells"]}
        group["others"] = [(label, text) for at, label, text in around.get(first, ()) if at not in shown]
        for cell in group["cells"]:
            place = (*first, cell["column"])
            cell["value"] = texts.get(place, cell["value"])
            cell["messages"] += [_("This correction is too long and was not kept.")] if place in lost else []
    return groups


def totals(run: ImportRun) -> dict[str, int]:
    """Return {kind: rows} over all sheets."""
    return {str(kind): sum(line.get(kind, 0) for line in run.counts) for kind in Kind}


def _summary(run: ImportRun) -> str:
    number = run.faults
    if number and run.counts:
        return ngettext("%(num)d fault. Nothing has been written.",
                        "%(num)d faults. Nothing has been written.", number)  # fmt: skip
    found = totals(run)
    words = {key: plain_number(found[key]) for key in ("add", "change", "same")}
    return _("%(add)s to be added, %(change)s to be changed, %(same)s unchanged.", **words)


def grouped(faults: list[Fault]) -> list[dict[str, Any]]:
    """Return faults as they are corrected: [{"sheet", "rows", "where", "cells"}], in the order of the file.

    One field for each cell, whatever is wrong with it; one for all rows where the same is wrong alike.
    """
    cells: dict[tuple[str, int, int, str], list[Fault]] = {}
    for fault in faults:
        label = fault.label if fault.column < 0 else ""
        cells.setdefault((fault.sheet, fault.row, fault.column, label), []).append(fault)
    fields: dict[tuple[Any, ...], list[list[Fault]]] = {}
    for (sheet, row, column, _label), found in cells.items():
        messages = tuple(fault.message for fault in found)
        alone = None if found[0].value and all(fault.alike for fault in found) else (row, found[0].label)
        fields.setdefault((sheet, column, found[0].value, messages, alone), []).append(found)
    groups: dict[tuple[str, tuple[int, ...]], list[dict[str, Any]]] = {}
    for (sheet, *_rest), many in fields.items():
        rows = tuple(found[0].row for found in many)
        groups.setdefault((sheet, rows), []).append(_field(rows, many[0]))
    return [{"sheet": sheet, "rows": rows, "where": _spans(rows), "cells": wrong,
             "name": f"{_joined(rows)}-{sheet}"} for (sheet, rows), wrong in groups.items()]  # fmt: skip


def _field(rows: Sequence[int], found: list[Fault]) -> dict[str, Any]:
    first = found[0]
    return {
        "name": f"cell-{_joined(rows)}-{first.column}-{first.sheet}", "id": f"cell-{rows[0]}-{first.column}",
        "column": first.column, "letter": first.letter, "label": first.label, "value": first.value,
        "messages": list(dict.fromkeys(fault.message for fault in found)),
    }  # fmt: skip


def _joined(rows: Sequence[int]) -> str:
    return ".".join(map(str, rows))


def _spans(rows: Sequence[int]) -> str:
    """Return rows in words: (2, 3, 4, 7) → "2–4, 7"."""
    spans: list[list[int]] = []
    for row in rows:
        if spans and spans[-1][1] == row - 1:
            spans[-1][1] = row
        else:
            spans.append([row, row])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in spans)


def read_corrections(form: Any) -> Corrections:
    """Return what was typed and ticked; a box that was ticked when the page was shown and is no more was cleared."""
    found = Corrections()
    for key, text in form.items():
        if match := _TYPED.fullmatch(key):
            found.texts.update({(match[3], row, int(match[2][:7])): text for row in _rows_of(match[1])})
        elif match := _LEFT_OUT.fullmatch(key):
            kept = found.skips if match[1] == "skip" else found.taken
            kept.update((match[3], row) for row in _rows_of(match[2]))
    found.taken.difference_update(found.skips)
    return found


def _rows_of(joined: str) -> list[int]:
    return [int(row[:7]) for row in joined.split(".")[:MOST_FAULTS]]
