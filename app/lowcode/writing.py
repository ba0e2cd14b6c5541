"""What a form holds, written into a record: defaults, what differs, values that must be unique."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.lowcode.fields import clean
from app.lowcode.forms import RecordForm
from app.lowcode.screen import label_of


def with_defaults(model: type[Any]) -> Any:
    """Return a new record that already has its defaults: its check sees it whole."""
    row = model()
    for attr in inspect(model).column_attrs:
        default = attr.columns[0].default
        if "label" in attr.columns[0].info and default is not None:
            setattr(row, attr.key, default.arg(None) if default.is_callable else default.arg)
    return row


def fill(row: Any, form: RecordForm, names: Iterable[str]) -> list[str]:
    """Write those of ``names`` that differ, and return them.

    A text stored with outer spaces is not changed by showing it.
    """
    changed = [name for name in names if name in form and clean(getattr(row, name)) != form[name].data]
    for name in changed:
        setattr(row, name, form[name].data)
    return changed


def refuse_doubles(session: Session, model: type[Any], row: Any) -> None:
    """Raise Invalid, naming the field, if another record already has a value that is unique."""
    for columns in unique_keys(model):
        refuse_double(session, model, row, columns)


def unique_keys(model: type[Any]) -> list[list[Any]]:
    """Return the columns of every unique constraint of ``model``."""
    constraints = model.__table__.constraints
    return [list(one.columns) for one in constraints if isinstance(one, sa.UniqueConstraint)]


def refuse_double(session: Session, model: type[Any], row: Any, columns: list[Any]) -> None:
    """Raise Invalid if another record has the same values in ``columns``."""
    mapper = inspect(model)
    values = {column: _value(mapper, row, column) for column in columns}
    if any(value is None for value in values.values()):
        return
    query = sa.select(model.id).where(*(column == value for column, value in values.items()))
    if row.id is not None:
        query = query.where(model.id != row.id)
    if session.scalar(query.limit(1)) is not None:
        key = mapper.get_property_by_column(columns[-1]).key
        message = _(
            "%(label)s: this value is already used by another record.", label=label_of(model, key)
        )
        raise Invalid(message, {key: message})


def _value(mapper: Any, row: Any, column: Any) -> Any:
    """Return a column's coming value; of a relation just chosen, the id behind it."""
    for relation in mapper.relationships:
        if not relation.uselist and column in relation.local_columns:
            chosen = getattr(row, relation.key)
            return chosen.id if chosen is not None else None
    return getattr(row, mapper.get_property_by_column(column).key)
