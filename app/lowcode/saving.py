"""Saving what a form holds: stale check, unique check, the model's own check, the row gate."""

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app import history
from app.errors import Conflict, Invalid, NotAllowed
from app.lowcode.fields import clean
from app.lowcode.forms import RecordForm
from app.lowcode.listing import eager
from app.lowcode.rows import get_row, visible
from app.lowcode.screen import label_of, writable
from app.permissions import Actor, current_actor
from app.transactions import transaction


def open_row(session: Session, model: type[Any], pk: int, names: Any = ()) -> Any:
    """Return row ``pk`` for reading, the relations ``names`` loaded with it.

    Reading a citizen's personal data is itself written into the history. Raises NotFound.
    """
    if model.screen.is_personal:
        row = get_row(session, model, pk)
        with transaction() as unit:
            history.record(unit, history.owner_key(row), "read")
    return get_row(session, model, pk, load=eager(model, names))


def save(session: Session, model: type[Any], form: RecordForm, row: Any | None) -> Any:
    """Write a valid ``form`` into ``row``, or into a new one; flushed, not committed.

    Raises Invalid (with fields), Conflict when the row changed since the form was opened,
    NotAllowed when the row would lie outside what the actor may change.
    """
    actor = current_actor()
    if row is not None:
        _refuse_stale(row, form)
    if not form.validate():
        raise Invalid(_("Please correct the marked fields."), first_errors(form))
    row = row or _with_defaults(model)
    with session.no_autoflush:
        _fill(row, form)
        _refuse_doubles(session, model, row)
        if hasattr(row, "check"):
            row.check(actor)
    session.add(row)
    session.flush()
    _refuse_outside(session, model, row, actor)
    return row


def remove(session: Session, row: Any) -> None:
    """Delete ``row``; raises Invalid with "in use by …" when other records refer to it."""
    if hasattr(row, "check_delete"):
        row.check_delete(current_actor())
    users = in_use_by(session, row)
    if users:
        raise Invalid(
            _("This cannot be deleted: it is in use by %(users)s.", users=", ".join(users))
        )
    session.delete(row)
    session.flush()


def in_use_by(session: Session, row: Any) -> list[str]:
    """Return the titles of the records that refer to ``row`` or to a part that goes with it."""
    return sorted(set(_users(session, type(row), sa.select(sa.literal(row.id)))))


def first_errors(form: RecordForm) -> dict[str, str]:
    """Return {field: first message} of a form that did not validate."""
    return {name: str(messages[0]) for name, messages in form.errors.items() if name and messages}


def is_stale(row: Any, form: RecordForm) -> bool:
    """Return whether ``row`` changed since ``form`` was opened."""
    seen = form["row_version"].data if "row_version" in form else None
    return bool(seen) and str(seen) != str(getattr(row, "row_version", seen))


def _refuse_stale(row: Any, form: RecordForm) -> None:
    if is_stale(row, form):
        raise Conflict(
            _("Someone else changed this record while you were editing it. "
              "Your entries are kept below; compare them with the present state and save again.")
        )  # fmt: skip


def _with_defaults(model: type[Any]) -> Any:
    """Return a new record that already has its defaults: its check sees it whole."""
    row = model()
    for attr in inspect(model).column_attrs:
        default = attr.columns[0].default
        if "label" in attr.columns[0].info and default is not None:
            setattr(row, attr.key, default.arg(None) if default.is_callable else default.arg)
    return row


def _fill(row: Any, form: RecordForm) -> None:
    """Write what differs; a text stored with outer spaces is not changed by showing it."""
    for name in writable(type(row)):
        if name in form and clean(getattr(row, name)) != form[name].data:
            setattr(row, name, form[name].data)


def _refuse_doubles(session: Session, model: type[Any], row: Any) -> None:
    for constraint in model.__table__.constraints:
        if isinstance(constraint, sa.UniqueConstraint):
            _refuse_double(session, model, row, list(constraint.columns))


def _refuse_double(session: Session, model: type[Any], row: Any, columns: list[Any]) -> None:
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


def _refuse_outside(session: Session, model: type[Any], row: Any, actor: Actor) -> None:
    screen = model.screen
    if screen.rows is None and screen.write_rows is None:
        return
    query = visible(model, actor, to_write=True).with_only_columns(model.id)
    if session.scalar(query.where(model.id == row.id)) is None:
        raise NotAllowed(_("You may not keep a record there: it lies outside your agencies."))


def _users(session: Session, model: type[Any], ids: Any) -> list[str]:
    owned = {r.mapper.class_ for r in inspect(model).relationships if "delete-orphan" in r.cascade}
    titles: list[str] = []
    for user in (mapper.class_ for mapper in model.registry.mappers):
        for column in _references(user, model):
            if user in owned:
                titles += _users(session, user, sa.select(user.id).where(column.in_(ids)))
            elif _is_used(session, user, column, ids, model):
                screen = getattr(user, "screen", None)
                titles.append(str(screen.title) if screen else _("other records"))
    return titles


def _references(user: type[Any], model: type[Any]) -> list[Any]:
    return [column for column in user.__table__.columns
            if any(key.column.table is model.__table__ for key in column.foreign_keys)]  # fmt: skip


def _is_used(session: Session, user: type[Any], column: Any, ids: Any, model: type[Any]) -> bool:
    query = sa.select(sa.literal(1)).where(column.in_(ids))
    if user is model:
        query = query.where(user.id.not_in(ids))  # a record that refers to itself goes with itself
    return session.scalar(query.limit(1)) is not None
