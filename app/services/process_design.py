"""The definition of a process as one JSON value: what the designer shows, checks and saves.

{"name", "decision_number", "decision_on", "steps": [{"key", "name", …, "goes_to": [{"to", "when", "label"}]}]}
"""

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session, selectinload

from app.errors import Conflict, Invalid, NotAllowed
from app.lowcode.actions import may
from app.lowcode.fields import clean_json
from app.lowcode.rows import get_row
from app.lowcode.screen import label_of
from app.lowcode.usage import refuse_in_use
from app.models import Process, ProcessStep
from app.models.drafting import DRAFTERS
from app.permissions import Actor, Role, current_actor
from app.services.form_design import Definition, fitting
from app.services.in_place import stand_by
from app.services.process_problems import definition_faults

MAX_STEPS = 200
PROCESS_PROPERTIES = ("name", "decision_number", "decision_on")
STEP_PROPERTIES = (
    "key", "name", "kind", "role", "place", "agency_id", "working_minutes", "goes_to", "split", "join",
    "join_count", "assign", "assign_value", "consulted", "silence_consents", "sub_process_id",
    "child_procedure_id",
)  # fmt: skip
_MAX_WAYS, _MAX_CONSULTED, _LABEL = 40, 60, 120


def get_process(session: Session, pk: int, *, to_change: bool = False) -> Process:
    """Return a process with its steps, as far as the actor may see (change) it; else NotFound."""
    if to_change:
        session.execute(sa.select(Process.id).where(Process.id == pk).with_for_update())
    process: Process = get_row(
        session, Process, pk, action="change" if to_change else "read", load=[selectinload(Process.steps)]
    )
    return process


def definition(process: Process) -> Definition:
    """Return everything a process says, without the identities of its rows."""
    return {
        **{name: _plain(getattr(process, name)) for name in PROCESS_PROPERTIES},
        "steps": [{name: getattr(step, name) for name in STEP_PROPERTIES} for step in process.steps],
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def revision(process: Process) -> str:
    """Return a text that changes with every change of the process or of any of its steps."""
    seen = ",".join(f"{type(row).__name__}{row.id}:{row.row_version}" for row in (process, *process.steps))
    return hashlib.sha256(seen.encode()).hexdigest()[:16]


def tidied(raw: Any) -> Definition:
    """Return a definition of known properties and fitting types, whatever was sent.

    Raises Invalid for what is no definition, or one larger than any process.
    """
    given = clean_json(raw)
    steps = given.get("steps") if isinstance(given, Mapping) else None
    if not isinstance(steps, list) or not all(isinstance(step, Mapping) for step in steps):
        raise Invalid(_("What was sent is no process. Please reload the page."))
    if len(steps) > MAX_STEPS:
        raise Invalid(_("A process has at most %(most)d steps", most=MAX_STEPS))
    columns = inspect(Process).columns
    head = {name: fitting(given.get(name), columns[name]) for name in PROCESS_PROPERTIES}
    head["decision_on"] = given.get("decision_on") if isinstance(given.get("decision_on"), str) else None
    return {**head, "steps": [_tidy(step) for step in steps]}


def _tidy(given: Mapping[str, Any]) -> dict[str, Any]:
    columns = inspect(ProcessStep).columns
    found = {name: fitting(given.get(name), columns[name]) for name in STEP_PROPERTIES}
    ways, asked = given.get("goes_to"), given.get("consulted")
    found["goes_to"] = [_way(way) for way in ways[:_MAX_WAYS] if isinstance(way, Mapping)] if isinstance(
        ways, list) else None  # fmt: skip
    found["consulted"] = list(dict.fromkeys(str(code)[:60] for code in asked[:_MAX_CONSULTED])) if isinstance(
        asked, list) and asked else None  # fmt: skip
    return found


def _way(given: Mapping[str, Any]) -> dict[str, Any]:
    when, label = given.get("when"), given.get("label")
    return {
        "to": str(given.get("to") or "")[:40],
        "when": when if isinstance(when, Mapping) and when else None,
        "label": label.strip()[:_LABEL] or None if isinstance(label, str) else None,
    }


def built(given: Definition) -> Process:
    """Return a process made of a tidied definition and never saved: for checks and pictures."""
    process = Process(name=given["name"], code="")
    process.steps = [ProcessStep(**step, position=place) for place, step in enumerate(given["steps"], 1)]
    return process


def save(session: Session, process: Process, raw: Any, base: str, actor: Actor) -> Process:
    """Make ``process`` what the designer sent, in one unit.

    What is unfinished (a dead end, a wrong sum) may be kept in a draft; publishing refuses it.
    Raises NotAllowed, Conflict when it was changed since ``base``, Invalid for a process in force or
    with faults (fields: {"steps.2.name": message}).
    """
    refuse_unless_may("change", actor)
    process.check(actor)
    draws_by(session, actor)
    if base != revision(process):
        raise Conflict(_("This process was changed by someone else since you opened it. Your changes "
                         "are still on this page; reload it to see theirs."))  # fmt: skip
    given = tidied(raw)
    faults = definition_faults(session, given, process.id)
    if faults:
        raise Invalid(_("Please correct what is marked."), faults)
    apply(session, process, given)
    return process


def refuse_unless_may(action: str, actor: Actor) -> None:
    """Raise NotAllowed unless the actor's rights let him draw processes and their steps."""
    if not (may(Process, action) and may(ProcessStep, "add", "change")):
        raise NotAllowed(_("You may not change processes."))


def draws_by(session: Session, actor: Actor) -> None:
    """Say by which post the actor draws: his own, or one he was delegated."""
    if not actor.has(Role.catalog_admin):
        stand_by(session, actor, DRAFTERS)


def apply(session: Session, process: Process, given: Definition) -> None:
    """Change the rows in place, steps known by their keys; flushed. Raises NotAllowed, Invalid (in use)."""
    rows = {step.key: step for step in process.steps}
    kept = {step["key"] for step in given["steps"]}
    _remove(session, process, [row for key, row in rows.items() if key not in kept])
    places = {step["key"]: place for place, step in enumerate(given["steps"], 1)}
    _park(session, [row.id for key, row in rows.items() if key in kept and row.position != places[key]])
    is_changed = len(kept) != len(rows)
    for name in PROCESS_PROPERTIES:
        value = given[name]
        _put(process, name, date.fromisoformat(value) if name == "decision_on" and value else value)
    for place, values in enumerate(given["steps"], 1):
        row = rows.get(values["key"])
        if row is None:
            _refuse_step("add")
            process.steps.append(ProcessStep(**values, position=place))
            is_changed = True
            continue
        wanted = {**values, "position": place}
        put = [name for name, value in wanted.items() if _put(row, name, value)]
        is_changed = is_changed or bool(put)
    if is_changed and process.id is not None:
        process.row_version += 1
    session.flush()
    session.expire(process, ["steps"])


def _put(row: Any, name: str, value: Any) -> bool:
    """Set an attribute that differs; raises NotAllowed for one closed to the actor."""
    if getattr(row, name) == value:
        return False
    if name in current_actor().closed.get(("can_change", type(row).__name__), ()):
        raise NotAllowed(_("You may not change “%(label)s”.", label=label_of(type(row), name)))
    setattr(row, name, value)
    return True


def _refuse_step(action: str) -> None:
    if not may(ProcessStep, action):
        raise NotAllowed(_("You may not change processes."))


def _remove(session: Session, process: Process, gone: list[ProcessStep]) -> None:
    for row in gone:
        _refuse_step("remove")
        refuse_in_use(session, row)
        process.steps.remove(row)
    if gone:
        session.flush()


def _park(session: Session, ids: list[int]) -> None:
    """Clear the places that steps move to: two may not stand at one, not even for a moment.

    Not through the mapper: the history tells of the places where they end.
    """
    if ids:
        table = ProcessStep.__table__
        session.execute(sa.update(table).where(table.c.id.in_(ids)).values(position=-table.c.id))
