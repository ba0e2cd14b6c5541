"""What packs may do to what is published: versions are published and ended, nothing in force is changed."""

from collections.abc import Iterable, Iterator

from flask_babel import gettext as _

from app.models.procedure import ProcedureVersion
from app.models.procedure_words import VERSION_STATES, VersionState
from app.packs import decisions, letter_texts, shared_items
from app.packs.comparing import ADD, CHANGE, SAME, Change

_TABLE = ProcedureVersion.__tablename__
_ENDING = frozenset({"state", "valid_to"})
_STATED = frozenset({_TABLE, decisions.TABLE})
_ORDER = [str(state) for state in VERSION_STATES]


def late_attributes(change: Change) -> frozenset[str]:
    """Return what is written last: once a version is in force, its parts can no longer be."""
    if change.kind.name == shared_items.TABLE:
        return frozenset({shared_items.VALUES[1]})  # what they refer to may come with the pack
    return frozenset({"state"}) if change.kind.name in _STATED else frozenset()


def last_steps(changes: list[Change]) -> Iterator[list[tuple[Change, str]]]:
    """Yield what is written last, step by step: ended versions, those in force, then decisions."""
    versions = [c for c in changes if c.kind.name == _TABLE and "state" in c.values]
    in_force = [c for c in versions if (c.new or {}).get("state") == VersionState.published]
    others = [c for c in versions if c not in in_force]
    acts = [c for c in changes if c.kind.name == decisions.TABLE and "state" in c.values]
    yield from ([(change, "state") for change in step] for step in (others, in_force, acts) if step)


def moves_states(changes: Iterable[Change]) -> bool:
    """Return whether a version or decision would leave the draft, or go on from where it stands."""
    all_changes = (one for root in changes for one in root.walk() if one.kind.name in _STATED)
    return any(one.values.get("state", ("", VersionState.draft))[1] != VersionState.draft for one in all_changes)


def is_only_ending(change: Change) -> bool:
    """Return whether a version in force is ended, or a decision goes on, and nothing else."""
    if change.kind.name == decisions.TABLE:
        return decisions.is_going_on(change)
    return _was_frozen(change) and set(change.values) <= _ENDING


def is_checked(change: Change) -> bool:
    """Return whether the rules for what is there are asked; of a decision also when only its items differ."""
    items = change.kind.name == decisions.TABLE and change.act == SAME and change.is_change
    return change.act == CHANGE or items


def problem(change: Change) -> str | None:
    """Return why a version, decision or edition may not take this change, or None."""
    if change.kind.name == letter_texts.TABLE:
        return letter_texts.problem(change)
    if change.kind.name == decisions.TABLE and change.act != ADD:
        return decisions.problem(change)
    if change.kind.name != _TABLE or change.act == ADD:
        return None
    old, new = change.values.get("state", ("", ""))
    known = old in _ORDER and new in _ORDER
    if known and _ORDER.index(new) < _ORDER.index(old):
        return _("Version %(number)s cannot go back from “%(old)s” to “%(new)s”.",
                 number=change.shown["number"], old=_(VERSION_STATES[VersionState(old)]),
                 new=_(VERSION_STATES[VersionState(new)]))  # fmt: skip
    if _was_frozen(change) and not is_only_ending(change):
        if old_state(change) in {VersionState.checked, VersionState.approved}:
            return _("This version was checked. Send it back to draft before changing it.")
        return _("A published version never changes. Make a new version instead.")
    return None


def old_state(change: Change) -> str:
    """Return the state a version has before the pack."""
    return str((change.old or {}).get("state", VersionState.draft))


def _was_frozen(change: Change) -> bool:
    return change.kind.name == _TABLE and old_state(change) != VersionState.draft
