"""Bulk actions: one act on many records, each in a transaction and with a result of its own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.errors import DomainError, Invalid
from app.lowcode.actions import Action, may
from app.lowcode.filters import filter_kind
from app.lowcode.rows import get_row
from app.lowcode.saving import change, remove
from app.lowcode.screen import label_of, writable
from app.lowcode.values import choices_of, display
from app.transactions import transaction

MAX_ROWS = 100
Act = Callable[[Session, Any], None]


@dataclass(frozen=True)
class Outcome:
    """What became of one record: its name and, if it was refused, why."""

    pk: int
    title: str
    fault: str | None = None


@dataclass(frozen=True)
class Offer:
    """One bulk action: its key in the form and its label."""

    key: str
    label: str


def offers(model: type[Any]) -> list[Offer]:
    """Return what the actor may do with many records: set a choice or yes-no, remove them."""
    found: list[Offer] = []
    if may(model, Action.change):
        for name in settable(model):
            found += [
                Offer(f"set:{name}:{value}", f"{label_of(model, name)}: {text}")
                for value, text in _values(model, name)
            ]
    if model.screen.can_delete and may(model, Action.remove):
        found.append(Offer("remove", _("Delete")))
    return found


def settable(model: type[Any]) -> list[str]:
    """Return the attributes one value may be given to in many records at once."""
    relations = inspect(model).relationships
    names = [name for name in writable(model) if name not in relations]
    return [name for name in names if filter_kind(model, name) in {"choice", "boolean"}]


def carry_out(model: type[Any], key: str, pks: Iterable[int]) -> list[Outcome]:
    """Do ``key`` with each record; a refused one is left as it was and the others go on.

    Raises Invalid for an action that is not offered, or for no or too many records.
    """
    wanted = chosen(offers(model), key, pks)
    act = _act(model, key)
    action = Action.remove if key == "remove" else Action.change
    return [do_one(pk, lambda session, pk: get_row(session, model, pk, action=action), act) for pk in wanted]


def chosen(offered: Iterable[Offer], key: str, pks: Iterable[int]) -> list[int]:
    """Return the ids of the records to do ``key`` with, each once; raises Invalid as ``carry_out``."""
    wanted = list(dict.fromkeys(pks))
    if key not in {offer.key for offer in offered}:
        raise Invalid(_("This action is not open to you."))
    if not 0 < len(wanted) <= MAX_ROWS:
        raise Invalid(_("Please choose from 1 to %(most)d records.", most=MAX_ROWS))
    return wanted


def do_one(pk: int, find: Callable[[Session, int], Any], act: Act) -> Outcome:
    """Do ``act`` with the record that ``find`` returns, in a transaction of its own; tell what became of it."""
    title = f"#{pk}"
    try:
        with transaction() as session:
            row = find(session, pk)
            title = str(row)
            act(session, row)
    except DomainError as exc:
        return Outcome(pk, title, str(exc))
    return Outcome(pk, title)


def _act(model: type[Any], key: str) -> Act:
    if key == "remove":
        return remove
    _set, name, text = key.split(":", 2)
    value = next(v for v, _label in _values(model, name) if str(v) == text)
    return lambda session, row: change(session, row, {name: value})


def _values(model: type[Any], name: str) -> list[tuple[Any, str]]:
    if filter_kind(model, name) == "boolean":
        return [(True, _("Yes")), (False, _("No"))]
    return [(value, display(model, name, value)) for value in choices_of(model, name) or {}]
