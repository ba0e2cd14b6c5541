"""What the pages of an import show of a run, and what they send back."""

import re
from collections.abc import Iterator
from typing import Any

from flask import Response, request, stream_with_context, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.clock import today
from app.lowcode.exchange.plan import KINDS, Fault, Kind
from app.lowcode.exchange.progress import how_far
from app.lowcode.exchange.run import STATES, ImportRun
from app.lowcode.exchange.runs import unpack
from app.lowcode.pages import plain_number
from app.lowcode.values import as_id
from app.text import fold

PAGE = 50
_TYPED = re.compile(r"cell-(\d+)-(\d+)-(.+)", re.DOTALL)
_LEFT_OUT = re.compile(r"skip-(\d+)-(.+)", re.DOTALL)
_MAX_TYPED = 20_000


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


def run_context(run: ImportRun) -> dict[str, Any]:
    """Return what the pages of a run need: counts, faults and rows, one page of each."""
    kept = unpack(run)
    kind = request.args.get("kind", "")
    wanted = (kind,) if kind in set(Kind) else (Kind.add, Kind.change)
    page = as_id(request.args.get("page")) or 1
    start = (page - 1) * PAGE
    shown = kept.faults[start : start + PAGE + 1] if run.faults else kept.lines(wanted, start, PAGE + 1)
    return {
        "notes": kept.notes, "lines": [] if run.faults else shown[:PAGE],
        "faults": grouped(shown[:PAGE]) if run.faults else [], "unshown": max(0, run.faults - len(kept.faults)),
        "made": kept.made, "counts": run.counts, "kind": kind,
        "kinds": {str(k): _(word) for k, word in KINDS.items()},
        "words": progress_words(run), "far": how_far(run), "summary": _summary(run), "total": totals(run),
        "previous": _address(run, page - 1, kind) if page > 1 else None,
        "following": _address(run, page + 1, kind) if len(shown) > PAGE else None,
    }  # fmt: skip


def _address(run: ImportRun, page: int, kind: str) -> str:
    return url_for(request.endpoint or "", number=run.id, page=page, kind=kind or None)


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
    """Return faults by row: [{"sheet", "row", "faults"}], in the order of the file."""
    found: dict[tuple[str, int], list[Fault]] = {}
    for fault in faults:
        found.setdefault((fault.sheet, fault.row), []).append(fault)
    return [{"sheet": key[0], "row": key[1], "faults": rows} for key, rows in found.items()]


def read_corrections(form: Any) -> tuple[dict[tuple[str, int, int], str], set[tuple[str, int]]]:
    """Return ({(sheet, row, column): text}, {(sheet, row)}) of what was typed and ticked."""
    texts: dict[tuple[str, int, int], str] = {}
    skips: set[tuple[str, int]] = set()
    for key, text in form.items():
        if match := _TYPED.fullmatch(key):
            texts[match[3], int(match[1][:7]), int(match[2][:7])] = text[:_MAX_TYPED]
        elif match := _LEFT_OUT.fullmatch(key):
            skips.add((match[2], int(match[1][:7])))
    return texts, skips
