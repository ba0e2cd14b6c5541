"""The six things one may do with records of a declared model, and who may by the declaration."""

from enum import StrEnum
from typing import Any

from app.i18n import N_
from app.lowcode.screen import declared_writable
from app.permissions import NOBODY, Role, current_actor


class Action(StrEnum):
    """What a right allows; the permission's name is ``can_<action>``."""

    read = "read"
    add = "add"
    change = "change"
    remove = "remove"
    export = "export"
    import_ = "import"


ACTIONS = {
    Action.read: N_("read"),
    Action.add: N_("add"),
    Action.change: N_("change"),
    Action.remove: N_("remove"),
    Action.export: N_("export"),
    Action.import_: N_("import"),
}
WRITES = (Action.add, Action.change, Action.remove, Action.import_)


def may(model: type[Any], *actions: str) -> bool:
    """Return whether the actor's roles allow one of ``actions`` on records of ``model``."""
    actor = current_actor()
    return any(actor.may(f"can_{action}", model.__name__) for action in actions)


def possible(model: type[Any]) -> frozenset[Action]:
    """Return what anybody could be allowed: a declaration without a form has nothing to write."""
    screen = model.screen
    found = {Action.read, Action.export}
    if screen.write and declared_writable(model):
        found |= {Action.change, Action.import_} | ({Action.add} if screen.can_add else set())
    if screen.write and screen.can_delete:
        found.add(Action.remove)
    return frozenset(found)


def declared(model: type[Any], action: str) -> frozenset[Role]:
    """Return the roles that the declaration gives ``action``.

    Who reads may take the list along, unless it holds personal data; who writes may add,
    change, remove and import.
    """
    screen = model.screen
    if action not in possible(model):
        return NOBODY
    if action == Action.export and (screen.export is not None or screen.is_personal):
        return screen.export or NOBODY
    return screen.write if action in WRITES else screen.read
