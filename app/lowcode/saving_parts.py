"""Writing the rows of a record's form together with the record: checked whole, numbered, flushed."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.lowcode.parts import Part, Parts
from app.lowcode.rows import may_touch
from app.lowcode.screen import label_of
from app.lowcode.usage import refuse_in_use
from app.lowcode.validity import refuse_unfit
from app.lowcode.writing import fill, refuse_double, unique_keys, with_defaults
from app.permissions import Actor


def validate(lists: Sequence[Parts]) -> bool:
    """Return whether every row that stays is well typed; errors stand beside their cells."""
    checks = [part.form.validate() for parts in lists for part in parts.rows if not part.is_gone]
    return all(checks) and not any(parts.fault for parts in lists)


def remove_gone(session: Session, owner: Any, lists: Sequence[Parts], actor: Actor) -> bool:
    """Delete the rows that were taken away; flushed, so that their places are free.

    Returns whether there were any. Raises Invalid when one is still in use or frozen.
    """
    gone = [(parts, part) for parts in lists for part in parts.rows
            if part.is_gone and part.row is not None]  # fmt: skip
    for parts, part in gone:
        _refuse_removal(session, parts, part, actor)
    refuse_wrong(lists)
    for _parts, part in gone:  # not through the owner's list: that would count as a change of its own
        session.delete(part.row)
    if gone:
        session.flush()
        session.expire(owner, {parts.name for parts, _part in gone})
    return bool(gone)


def _refuse_removal(session: Session, parts: Parts, part: Part, actor: Actor) -> None:
    try:
        if not (parts.may_remove and may_touch(session, part.row, "remove")):
            raise Invalid(_("Records of this kind are not deleted."))
        part.row.check_delete(actor)
        refuse_in_use(session, part.row)
    except Invalid as exc:
        part.is_gone = False
        part.errors.append(str(exc))


def write(session: Session, owner: Any, lists: Sequence[Parts]) -> list[Part]:
    """Put what was typed into the rows of ``owner``; returns those that are new or changed."""
    return [part for parts in lists for part in _write_list(session, owner, parts)]


def _write_list(session: Session, owner: Any, parts: Parts) -> list[Part]:
    kept = [part for part in parts.rows if not part.is_gone]
    changed = [part for part in kept if _put(owner, parts, part)]
    moved = _number(kept) if parts.is_ordered else []
    _park(session, parts.model, [part.row.id for part in moved if part.number is not None])
    return [part for part in kept if part in changed or part in moved]


def _put(owner: Any, parts: Parts, part: Part) -> bool:
    """Write one row; returns whether it is new or changed."""
    if part.row is not None:
        part.written = fill(part.row, part.form, parts.names)
        return bool(part.written)
    if not parts.may_add:
        raise Invalid(_("Records of this kind are not made here."))
    part.row = with_defaults(parts.model)
    part.written = fill(part.row, part.form, parts.names)
    getattr(owner, parts.name).append(part.row)
    return True


def _number(kept: list[Part]) -> list[Part]:
    """Give the rows their places in the order of the form; returns those that moved or are new.

    Rows that already stand in order keep their numbers, and new ones follow the last.
    """
    old = [part.row.position for part in kept if part.number is not None]
    is_in_order = all(part.number is not None for part in kept[: len(old)]) and all(
        before < after for before, after in pairwise(old)
    )
    first = max(old, default=0) + 1 if is_in_order else 1
    moved = []
    for place, part in enumerate(kept[len(old) :] if is_in_order else kept, first):
        if part.row.position != place:
            part.row.position = place
            moved.append(part)
    return moved


def _park(session: Session, model: type[Any], ids: list[int]) -> None:
    """Clear the places that rows move to: two rows may not stand at one, not even for a moment.

    Not through the mapper: the history tells of the places where they end.
    """
    if ids:
        table = model.__table__
        query = sa.update(table).where(table.c.id.in_(ids)).values(position=-table.c.id)
        session.connection().execute(query)


def check(session: Session, changed: Sequence[Part], lists: Sequence[Parts], actor: Actor) -> None:
    """Let the models check the rows that changed; raises Invalid, each fault beside its row."""
    for parts in lists:
        _refuse_twins(parts)
        for part in [one for one in changed if one in parts.rows]:
            try:
                refuse_unfit(part.row, part.written)
                for columns in _other_keys(parts):
                    refuse_double(session, parts.model, part.row, columns)
                part.row.check(actor)
            except Invalid as exc:
                part.form.add_errors(exc.fields)
                if not set(exc.fields) & set(parts.names):
                    part.errors.append(str(exc))
                    break  # a rule of the whole record: once is enough
    refuse_wrong(lists)


def refuse_wrong(lists: Sequence[Parts]) -> None:
    """Raise Invalid if any row has something to correct."""
    if any(part.is_wrong for parts in lists for part in parts.rows):
        raise Invalid(_("Please correct the marked fields."))


def _other_keys(parts: Parts) -> list[list[Any]]:
    owner_key = next(iter(parts.relation.remote_side))
    return [columns for columns in unique_keys(parts.model) if owner_key not in columns]


def _own_keys(parts: Parts) -> list[list[str]]:
    """Return the attributes that must differ among one record's parts; their order is ours."""
    mapper, owner_key = inspect(parts.model), next(iter(parts.relation.remote_side))
    keys = [columns for columns in unique_keys(parts.model) if owner_key in columns]
    kept = [[one for one in columns if one is not owner_key] for columns in keys]
    names = [[mapper.get_property_by_column(column).key for column in columns] for columns in kept]
    return [attributes for attributes in names if attributes != ["position"]]


def _refuse_twins(parts: Parts) -> None:
    """Mark rows of one form that say the same where they must differ."""
    kept = [part for part in parts.rows if not part.is_gone]
    for names in _own_keys(parts):
        seen = set()
        for part in kept:
            value = tuple(getattr(part.row, name) for name in names)
            if value in seen and None not in value:
                label = label_of(parts.model, names[0])
                message = _("%(label)s: another row already says this.", label=label)
                part.form.add_errors({names[0]: message})
            seen.add(value)
