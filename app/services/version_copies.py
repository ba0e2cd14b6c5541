"""The form and the process of a version, copied so that its next draft may change them."""

import re
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.models import Fee, FeeExemption, Form, FormField, FormSection, Process, ProcessStep

_KEPT_BY_THE_ROW = frozenset({"id", "row_version", "search_text", "code"})
_EDITION = re.compile(r"-b\d{1,4}$")
_CODE_ROOM = 54  # characters of a code of 60 beside the number of its edition


def copied(row: Any, left_out: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return the column values of ``row`` for a copy of it, without its identity."""
    names = inspect(type(row)).column_attrs.keys()
    return {name: getattr(row, name) for name in names if name not in _KEPT_BY_THE_ROW | left_out}


def copy_fee(fee: Fee) -> Fee:
    """Return a copy of a fee with its exemptions, for another version."""
    fresh = Fee(**copied(fee, frozenset({"version_id"})))
    fresh.exemptions = [FeeExemption(**copied(row, frozenset({"fee_id"}))) for row in fee.exemptions]
    return fresh


def copy_form(session: Session, form: Form) -> Form:
    """Return a new edition of ``form`` with its sections and fields."""
    fresh = Form(**copied(form), code=_next_code(session, form))
    for section in form.sections:
        part = FormSection(**copied(section, frozenset({"form_id"})), form=fresh)
        part.fields = [
            FormField(**copied(field, frozenset({"section_id"})), section=part)
            for field in section.fields
        ]
    return fresh


def copy_process(session: Session, process: Process) -> Process:
    """Return a new edition of ``process`` with its steps."""
    fresh = Process(**copied(process), code=_next_code(session, process))
    fresh.steps = [ProcessStep(**copied(step, frozenset({"process_id"}))) for step in process.steps]
    return fresh


def _next_code(session: Session, row: Any) -> str:
    """Return the first free code of an edition: "mau_khai_sinh" is followed by "mau_khai_sinh-b2"."""
    base = _EDITION.sub("", row.code)[:_CODE_ROOM]
    for number in count(2):
        code = f"{base}-b{number}"
        if session.scalar(sa.select(type(row).id).where(type(row).code == code)) is None:
            return code
    raise AssertionError("unreachable")
