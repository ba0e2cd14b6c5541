"""Letters and results as PDF: one typst template per kind, the same data giving the same bytes."""

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from flask_babel import gettext as _

from app.documents.data import problems
from app.documents.prepare import prepare
from app.documents.words import to_moment
from app.errors import Invalid

if TYPE_CHECKING:
    import typst

HERE = Path(__file__).resolve().parent
TEMPLATES = HERE / "templates"
ARCHIVE: Literal["a-2b"] = "a-2b"
_local = threading.local()


def render(kind: str, data: Mapping[str, Any]) -> bytes:
    """Return the letter as a PDF; the same kind and data give identical bytes.

    kind and data: see ``app.documents.data``. Raises KeyError for an unknown kind, Invalid
    (``fields``: path → message) when something required is missing or unusable.
    """
    missing = problems(kind, data)
    if missing:
        named = "; ".join(f"{path} {what}" for path, what in missing.items())
        raise Invalid(_("This letter cannot be printed yet: %(problems)s", problems=named), missing)
    inputs = {"data": json.dumps(prepare(kind, data), ensure_ascii=False, sort_keys=True)}
    return _compile(_compiler(kind), inputs, _stamp(data))


def _compile(compiler: "typst.Compiler", inputs: dict[str, str], stamp: datetime) -> bytes:
    """Return PDF/A-2b, the form kept in archives, or plain PDF where that is impossible.

    PDF/A refuses signs that no font can draw (an emoji in a remark); the letter still leaves.
    """
    import typst

    try:
        pdf = compiler.compile(
            sys_inputs=inputs, format="pdf", timestamp=stamp, pdf_standards=ARCHIVE
        )
    except typst.TypstError:
        pdf = compiler.compile(sys_inputs=inputs, format="pdf", timestamp=stamp)
    if not isinstance(pdf, bytes):
        raise TypeError("typst returned no single PDF")
    return pdf


@cache
def _fonts() -> "typst.Fonts":
    """Only the fonts that travel with the product: a letter must look the same on every machine.

    Typst's own embedded fonts stay as a fallback for signs that Tinos lacks.
    """
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[HERE / "fonts"])


def _compiler(kind: str) -> "typst.Compiler":
    """Return this thread's compiler for ``kind``: typst's are not shared between threads."""
    import typst

    compilers: dict[str, typst.Compiler] = _local.__dict__.setdefault("compilers", {})
    if kind not in compilers:
        source = TEMPLATES / f"{kind}.typ"
        compilers[kind] = typst.Compiler(source, root=TEMPLATES, font_paths=_fonts())
    return compilers[kind]


def _stamp(data: Mapping[str, Any]) -> datetime:
    """Return the creation time written into the file: the day of issue, never the clock."""
    issued = to_moment(data["issued_on"])
    if issued is None:
        raise ValueError("issued_on")
    return datetime(issued.year, issued.month, issued.day, tzinfo=UTC)
