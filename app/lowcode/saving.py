"""Saving what a form holds: stale check, unique check, the model's own check, the row gate."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import history
from app.errors import Conflict, DomainError, Invalid, NotAllowed
from app.lowcode import saving_parts
from app.lowcode.forms import RecordForm
from app.lowcode.listing import eager
from app.lowcode.parts import Parts
from app.lowcode.rows import get_row, visible
from app.lowcode.screen import declared_writable
from app.lowcode.usage import refuse_in_use
from app.lowcode.validity import end, refuse_unfit
from app.lowcode.writing import fill, refuse_doubles, with_defaults
from app.permissions import Actor, current_actor
from app.transactions import transaction


def open_row(session: Session, model: type[Any], pk: int, names: Any = ()) -> Any:
    """Return row ``pk`` for reading, the relations ``names`` loaded with it.

    Reading a citizen's personal data is itself written into the history. Raises NotFound.
    """
    load = eager(model, names)
    if not model.screen.is_personal:
        return get_row(session, model, pk, load=load)
    with transaction() as unit:
        row = get_row(unit, model, pk, load=load)
        note_reading(unit, row)
    return row


def note_reading(session: Session, row: Any) -> None:
    """Write into the history that the actor is shown ``row``, if that is a citizen's personal data."""
    if type(row).screen.is_personal:
        history.record(session, history.owner_key(row), "read")


def save(
    session: Session, model: type[Any], form: RecordForm, row: Any | None, lists: Sequence[Parts] = ()
) -> Any:
    """Write a valid ``form`` into ``row``, or into a new one; flushed, not committed.

    lists: the rows of its parts that were sent with it; one save, one version of the record.

    Raises Invalid (with fields), Conflict when the row changed since the form was opened,
    NotAllowed when the row would lie outside what the actor may change.
    """
    actor, is_new = current_actor(), row is None
    if row is not None:
        _refuse_stale(row, form, lists)
    if not all([form.validate(), saving_parts.validate(lists)]):
        raise Invalid(_("Please correct the marked fields."), first_errors(form))
    row = row or with_defaults(model)
    is_shrunk = saving_parts.remove_gone(session, row, lists, actor)
    with session.no_autoflush:
        written = fill(row, form, declared_writable(model))
        changed = saving_parts.write(session, row, lists)
        refuse_unfit(row, written)
        refuse_doubles(session, model, row)
        if hasattr(row, "check"):
            row.check(actor)
        saving_parts.check(session, changed, lists, actor)
    _store(session, row, is_changed=bool(changed) or is_shrunk)
    _refuse_outside(session, model, [row], actor, "add" if is_new else "change")
    for parts in lists:
        own = [one for one in changed if one in parts.rows]
        for action in ("add", "change"):
            rows = [one.row for one in own if (one.number is None) == (action == "add")]
            _refuse_outside(session, parts.model, rows, actor, action)
    return row


def _store(session: Session, row: Any, *, is_changed: bool) -> None:
    """Flush; a change of the parts alone is a change of the record too: other forms grow stale."""
    if is_changed and row.id is not None:
        row.row_version += 1
    session.add(row)
    session.flush()


def change(session: Session, row: Any, values: dict[str, Any]) -> None:
    """Set attributes of one row under the rules of its form; flushed. Raises as ``save``."""
    for name, value in values.items():
        setattr(row, name, value)
    if hasattr(row, "check"):
        row.check(current_actor())
    session.flush()
    _refuse_outside(session, type(row), [row], current_actor(), "change")


def is_closed(session: Session, row: Any, action: str) -> bool:
    """Return whether ``row`` refuses the actor every change, or its removal, as it stands: that is not offered then.

    A refusal that names fields is for who corrects them.
    """
    rule = getattr(row, "check_delete" if action == "remove" else "check", None)
    try:
        with session.no_autoflush:
            if rule is not None:
                rule(current_actor())
    except Invalid as exc:
        return action == "remove" or not exc.fields
    except DomainError:
        return True
    return False


def remove(session: Session, row: Any) -> None:
    """Delete ``row``; raises InUse with "in use by …" when other records refer to it."""
    if hasattr(row, "check_delete"):
        row.check_delete(current_actor())
    refuse_in_use(session, row)
    session.delete(row)
    session.flush()


def deactivate(session: Session, row: Any) -> None:
    """Take ``row`` out of use instead of deleting it; raises Invalid as a save would."""
    actor = current_actor()
    with session.no_autoflush:
        end(row)
        if hasattr(row, "check"):
            row.check(actor)
    session.flush()
    _refuse_outside(session, type(row), [row], actor, "change")


def first_errors(form: RecordForm) -> dict[str, str]:
    """Return {field: first message} of a form that did not validate."""
    return {name: str(messages[0]) for name, messages in form.errors.items() if name and messages}


def is_stale(row: Any, form: RecordForm, lists: Sequence[Parts] = ()) -> bool:
    """Return whether ``row``, or one of its parts, changed since ``form`` was opened."""
    seen = form["row_version"].data if "row_version" in form else None
    is_old = bool(seen) and str(seen) != str(getattr(row, "row_version", seen))
    return is_old or any(parts.is_stale for parts in lists)


def _refuse_stale(row: Any, form: RecordForm, lists: Sequence[Parts]) -> None:
    if is_stale(row, form, lists):
        raise Conflict(
            _("Someone else changed this record while you were editing it. "
              "Your entries are kept below; compare them with the present state and save again.")
        )  # fmt: skip


def _refuse_outside(
    session: Session, model: type[Any], rows: Sequence[Any], actor: Actor, action: str
) -> None:
    query = visible(model, actor, action=action).with_only_columns(model.id)
    if not rows or query.whereclause is None:
        return
    inside = list(session.scalars(query.where(model.id.in_([row.id for row in rows]))))
    if len(inside) < len(rows):
        raise NotAllowed(_("You may not keep a record there: it lies outside your agencies."))
