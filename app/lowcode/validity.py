"""Records in use and no longer in use, and choices that hang on another choice."""

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import inspect

from app.clock import today
from app.errors import Invalid
from app.lowcode.screen import declared_writable, label_of

_ENDS = ("is_active", "valid_to")


def ending(model: type[Any]) -> str | None:
    """Return the attribute that takes records of ``model`` out of use, or None if none does."""
    wanted = model.screen.ends
    if wanted is not None:
        return wanted or None
    return next((name for name in _ENDS if name in declared_writable(model)), None)


def in_use(model: type[Any]) -> Any:
    """Return the condition that a record may still be chosen, or None if all may."""
    name = ending(model)
    if name is None:
        return None
    column = getattr(model, name)
    if isinstance(inspect(model).columns[name].type, sa.Boolean):
        return column.is_(True)
    return sa.or_(column.is_(None), column >= today())


def is_in_use(row: Any) -> bool:
    """Return whether ``row`` may still be chosen; its last day of validity counts."""
    name = ending(type(row)) if getattr(type(row), "screen", None) else None
    if name is None:
        return True
    value = getattr(row, name)
    return value if isinstance(value, bool) else value is None or value >= today()


def end(row: Any) -> None:
    """Take ``row`` out of use: today is its last day. Raises Invalid if it cannot be, or was."""
    name = ending(type(row))
    if name is None:
        raise Invalid(_("Records of this kind are not taken out of use."))
    if not is_in_use(row):
        raise Invalid(_("This is no longer in use already."))
    is_flag = isinstance(inspect(type(row)).columns[name].type, sa.Boolean)
    setattr(row, name, False if is_flag else today())


def controller(model: type[Any], name: str) -> tuple[str, str] | None:
    """Return (relation that decides, relation of the choices) for relation ``name``, or None."""
    text = model.screen.depends.get(name)
    if text is None:
        return None
    deciding, _dot, own = text.partition(".")
    return deciding, own or deciding


def narrowed(model: type[Any], name: str, number: int) -> Any:
    """Return the condition that a choice for ``name`` belongs to the deciding record ``number``."""
    pair = controller(model, name)
    target = inspect(model).relationships[name].mapper.class_
    relation = inspect(target).relationships[pair[1] if pair else ""]
    return next(iter(relation.local_columns)) == number


def refuse_unfit(row: Any, changed: list[str]) -> None:
    """Raise Invalid for a new choice that is no longer in use, or one that does not belong.

    A record that itself ended long ago may name others of its time.
    """
    model = type(row)
    relations = inspect(model).relationships
    for name in (name for name in changed if name in relations):
        chosen = getattr(row, name)
        if chosen is not None and not is_in_use(chosen) and is_in_use(row):
            raise _refusal(name, _("“%(name)s” is no longer in use.", name=chosen))
    for name in model.screen.depends:
        deciding, own = controller(model, name) or ("", "")
        chosen, owner = getattr(row, name), getattr(row, deciding)
        if chosen is not None and owner is not None and getattr(chosen, own) is not owner:
            values = {"name": chosen, "label": label_of(model, deciding), "owner": owner}
            raise _refusal(name, _("“%(name)s” does not belong to the chosen %(label)s “%(owner)s”.", **values))


def _refusal(name: str, message: str) -> Invalid:
    return Invalid(message, {name: message})
