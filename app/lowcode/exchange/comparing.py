"""What a cell means for a record: whether it differs, how both are told, what its form says."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import inspect
from wtforms import ValidationError
from wtforms.validators import InputRequired, Optional, StopValidation

from app.lowcode.exchange import cells
from app.lowcode.exchange.layout import Column
from app.lowcode.exchange.plan import Kind, Ref
from app.lowcode.exchange.references import label
from app.lowcode.fields import clean
from app.lowcode.forms import RecordForm
from app.lowcode.writing import with_defaults

REFUSALS: dict[Kind, Callable[[], str]] = {
    Kind.add: lambda: _("You may not add such records."),
    Kind.change: lambda: _("You may not change such records."),
}


def new_record(model: type[Any]) -> Any:
    """Return a new record with all its defaults, as if it were stored: checks of others read it."""
    record = with_defaults(model)
    for attr in inspect(model).column_attrs:
        default = attr.columns[0].default
        is_plain = default is not None and default.is_scalar and attr.key != "row_version"
        if is_plain and getattr(record, attr.key) is None:
            setattr(record, attr.key, default.arg)
    return record


def differs(row: Any, name: str, value: Any) -> bool:
    """Return whether a cell says another thing than the stored record."""
    old = getattr(row, name)
    if isinstance(value, Ref):
        return value.record is not old if value.entry is None else value.entry.row is None or value.entry.row is not old
    if hasattr(old, "tzinfo"):
        old = old.replace(microsecond=0) if old is not None else None
    if isinstance(old, list | dict) or isinstance(value, list | dict):
        return bool((old or None) != (value or None))
    return bool(cells.plain(clean(old)) != cells.plain(value))


def words_of(model: type[Any], column: Column, value: Any, form: RecordForm) -> str:
    """Return a value, of a cell or of a record, as the page shows it."""
    if isinstance(value, Ref):
        return value.text
    if column.kind == "relation":
        return "" if value is None else label(value) or str(value)
    return cells.as_text(cells.write(model, column, value, form))


def validate(form: RecordForm, column: Column, value: Any) -> None:
    """Ask the form field's own validators; raises ValidationError."""
    if column.kind in ("relation", "boolean", "choice") or column.name not in form:
        return
    field = form[column.name]
    field.data, field.raw_data = value, [value]
    for validator in field.validators:
        if isinstance(validator, InputRequired | Optional):
            continue
        try:
            validator(form, field)
        except StopValidation as exc:
            raise ValidationError(str(exc)) from exc
