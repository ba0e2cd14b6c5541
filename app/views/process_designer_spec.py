"""What the process designer offers and says: data for process-designer.js."""

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.i18n import N_
from app.lowcode.screen import label_of
from app.models import Agency, Form, Procedure, Process, ProcessStep
from app.models.process import ASSIGNMENTS, JOINS, SPLITS, STEP_KINDS, STEP_PLACES, STEP_ROLES
from app.views.condition_words import CONDITION_WORDS, condition_spec
from app.workflows.process import AUTOMATIC

CHOICES: dict[str, type[Any]] = {
    "agency": Agency, "consulted": Agency, "process": Process, "procedure": Procedure, "form": Form,
}  # fmt: skip
_LABELLED = (
    "name", "kind", "role", "place", "agency_id", "split", "join", "join_count", "assign", "assign_value",
    "consulted", "silence_consents", "sub_process_id", "child_procedure_id",
)  # fmt: skip


def designer_spec() -> dict[str, Any]:
    """Return the choices and labels of a step in the reader's language."""
    lists: tuple[tuple[str, Any], ...] = (
        ("kinds", STEP_KINDS), ("roles", STEP_ROLES), ("places", STEP_PLACES), ("splits", SPLITS),
        ("joins", JOINS), ("assigns", ASSIGNMENTS),
    )  # fmt: skip
    return {
        **{name: [[str(key), _(text)] for key, text in words.items()] for name, words in lists},
        **condition_spec(),
        "labels": {name: str(label_of(ProcessStep, name)) for name in _LABELLED},
        "automatic": sorted(AUTOMATIC),
    }


def chosen_texts(session: Session, process: Process) -> dict[str, dict[str, str]]:
    """Return the names of what the steps refer to, by kind of choice and value. Statements: four."""
    steps = process.steps
    wanted: tuple[tuple[str, Any, Any, set[Any]], ...] = (
        ("agency", Agency.id, Agency.name, {step.agency_id for step in steps}),
        ("consulted", Agency.code, Agency.name, {code for step in steps for code in step.consulted or ()}),
        ("process", Process.id, Process.name, {step.sub_process_id for step in steps}),
        ("procedure", Procedure.id, Procedure.name, {step.child_procedure_id for step in steps}),
    )
    found = {}
    for kind, key, text, values in wanted:
        rows = session.execute(sa.select(key, text).where(key.in_(values - {None})))
        found[kind] = {str(value): name for value, name in rows}
    return found


_WORDS = CONDITION_WORDS | {
    "step": N_("Step"), "hours": N_("Hours"), "new_step": N_("New step"), "add_step": N_("Add a step"),
    "up": N_("Move up"), "down": N_("Move down"), "duplicate": N_("Duplicate"), "remove": N_("Remove"),
    "details": N_("Ways, assignment and more"), "drag": N_("Drag to another place"),
    "ways": N_("Where it goes next"), "linear": N_("To the next step of the table"),
    "ends": N_("The process ends here"), "add_way": N_("Add a way"), "remove_way": N_("Remove the way"),
    "way_to": N_("Leads to"),
    "way_label": N_("Label of the way"), "way_when": N_("Only if"), "no_label": N_("none"),
    "several": N_("{count} ways"),
    "joins": N_("Several ways lead here"), "given": N_("Who gets it"),
    "title": N_("Title of the post"), "user": N_("User name of the officer"), "same": N_("Which step"),
    "remove_question": N_("Remove “{name}” from the process?"), "remove_title": N_("Please confirm"),
    "moved": N_("“{name}” is now number {place}"), "removed": N_("“{name}” is removed. Ctrl+Z brings it back."),
    "saved": N_("Saved"), "unsaved": N_("Not saved yet"), "saving": N_("Saving…"),
    "failed": N_("Could not be saved. Please try again."), "undone": N_("Undone"), "redone": N_("Done again"),
    "empty": N_("There is no step yet. Add the first one, or import a published table."),
    "sound": N_("No problem was found."), "total": N_("Longest way: {hours} hours"),
    "limit": N_("{name}: published limit {hours} hours"), "no_limit": N_("{name}: no limit in working hours"),
    "unused": N_("No procedure rests on this process yet; its hours are compared once one does."),
    "warnings": N_("Warnings: {count}"), "warning": N_("Warning"), "problem": N_("To be mended before publication"),
    "connect_from": N_("Choose the step where the way begins (Enter), or Esc."),
    "connect_to": N_("From “{name}”: choose the step it leads to (Enter), or Esc."),
    "connected": N_("A way now leads from “{from}” to “{to}”."), "connect_off": N_("No way was drawn."),
    "backwards": N_("A way cannot lead to the same step."),
    "fields_from": N_("Form whose fields conditions may name"),
}  # fmt: skip


def designer_words() -> dict[str, str]:
    """Return what the script says."""
    return {name: _(text) for name, text in _WORDS.items()}
