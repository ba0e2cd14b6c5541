"""Patterns without ^ and $: once looked for within an answer, now compared with the whole of it."""

from collections.abc import Iterator
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Form, FormField, FormSection, SharedCatalog, SharedCatalogField
from app.workflows import patterns


class Loose(NamedTuple):
    """A field whose pattern may have been meant for a part: where it is, its label, the pattern."""

    place: str
    label: str
    pattern: str


def loose_patterns(session: Session) -> list[Loose]:
    """Return the fields of forms and of shared catalogs whose pattern is not anchored, form by form."""
    return [line for line in _patterns(session) if not patterns.is_anchored(line.pattern)]


def _patterns(session: Session) -> Iterator[Loose]:
    field, shared = FormField, SharedCatalogField
    of_forms = (
        sa.select(Form.code, field.label, field.pattern, field.columns)
        .select_from(field).join(field.section).join(FormSection.form)
        .where(sa.or_(field.pattern.is_not(None), field.columns.is_not(None)))
        .order_by(Form.code, Form.id, FormSection.position, field.position)
    )  # fmt: skip
    for code, label, pattern, columns in session.execute(of_forms):
        if pattern:
            yield Loose(code, label, pattern)
        for column in columns or ():
            if column.get("pattern"):
                yield Loose(code, f"{label}: {column.get('label') or column['key']}", column["pattern"])
    of_catalogs = (
        sa.select(SharedCatalog.code, shared.label, shared.pattern).join(SharedCatalog, shared.catalog)
        .where(shared.pattern.is_not(None)).order_by(SharedCatalog.code, shared.position)
    )  # fmt: skip
    for code, label, pattern in session.execute(of_catalogs):
        if pattern:
            yield Loose(code, label, pattern)
