"""Drafts of published tables as processes: looked at first, then kept all together or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, selectinload

from app.errors import Invalid
from app.models import Process, ProcessStep
from app.permissions import Actor
from app.services import process_design
from app.services.form_design import Definition
from app.services.process_editions import keep, own_agency
from app.services.process_graphs import steps_of
from app.services.process_problems import definition_faults
from app.services.process_tables.building import Draft, Row
from app.transactions import one_at_a_time
from app.workflows.process_checks import problems

MAX_KEPT = 300
_CODE = 60


@dataclass(frozen=True)
class Preview:
    """A draft beside what it would become: the definition, and what still keeps it from publication."""

    draft: Draft
    definition: Definition
    problems: list[str]


def previews(drafts: list[Draft]) -> list[Preview]:
    """Return each draft as a definition with its problems, the published total among them."""
    found = []
    for draft in drafts:
        given = definition_of(draft)
        steps = steps_of(process_design.built(given))
        texts = [_(phrase.msgid, **phrase.params) for phrase in problems(steps, draft.total_minutes)]
        found.append(Preview(draft, given, texts))
    return found


def definition_of(draft: Draft) -> Definition:
    """Return a draft as the designer's definition, with its code."""
    return {
        "code": draft.code, "name": draft.name, "decision_number": draft.decision_number,
        "decision_on": draft.decision_on.isoformat() if draft.decision_on else None,
        "steps": [_step(row, number) for number, row in enumerate(draft.steps, 1)],
    }  # fmt: skip


def _step(row: Row, number: int) -> dict[str, Any]:
    return {
        **blank_step(f"b{number}"), "name": row.name, "kind": str(row.kind), "role": str(row.doer.role),
        "place": str(row.doer.place), "working_minutes": row.minutes,
    }  # fmt: skip


def blank_step(key: str) -> dict[str, Any]:
    """Return the properties of a step that only hands on to the next."""
    return {**dict.fromkeys(process_design.STEP_PROPERTIES), "key": key, "split": "all", "join": "all",
            "assign": "pool", "silence_consents": False}  # fmt: skip


def keep_all(session: Session, raw: Any, actor: Actor) -> tuple[list[Process], int]:
    """Store processes from their definitions; returns those made, and how many were there already.

    One that is there under its code with the same steps is not made twice; another gets the next
    free code. Raises Invalid, naming the process, when any has a fault: then none is stored.
    """
    process_design.refuse_unless_may("add", actor)
    if not isinstance(raw, list) or not 0 < len(raw) <= MAX_KEPT:
        raise Invalid(_("What was sent is no process. Please reload the page."))
    one_at_a_time(session, "process-import")
    codes = _codes(session, [str(one.get("code"))[:_CODE] for one in raw if isinstance(one, Mapping)])
    made, known = [], 0
    for one in raw:
        given = process_design.tidied(one)
        faults = definition_faults(session, given, None)
        if faults:
            raise Invalid(f"{given['name'] or _('Process')}: {next(iter(faults.values()))}")
        code = str(one.get("code") or "").strip().lower()[:_CODE] or "qt"
        twin = codes.get(code)
        if twin is not None and process_design.definition(twin) == given:
            known += 1
            continue
        made.append(_made(session, _free(code, codes), given, actor))
        codes[made[-1].code] = made[-1]
    return made, known


def _codes(session: Session, wanted: list[str]) -> dict[str, Process]:
    """Return the processes whose codes are, or continue, one of ``wanted``."""
    if not wanted:
        return {}
    query = sa.select(Process).where(sa.or_(*(Process.code.startswith(code, autoescape=True) for code in set(wanted))))
    return {row.code: row for row in session.scalars(query.options(selectinload(Process.steps)))}


def _free(code: str, taken: Mapping[str, Any]) -> str:
    if code not in taken:
        return code
    return next(one for n in count(2) if (one := f"{code[: _CODE - 5]}-b{n}") not in taken)


def _made(session: Session, code: str, given: Definition, actor: Actor) -> Process:
    process = Process(
        code=code, name=given["name"], decision_number=given["decision_number"], agency_id=own_agency(actor),
        decision_on=date.fromisoformat(given["decision_on"]) if given["decision_on"] else None,
    )  # fmt: skip
    process.steps = [ProcessStep(**step, position=place) for place, step in enumerate(given["steps"], 1)]
    return keep(session, process, actor)
