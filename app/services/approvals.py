"""What the stages of a process approval ask, and the record each leaves (HUE25 Đ16)."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clock import now
from app.history import acting_post
from app.models import ApprovalStage, ProcedureVersion, ProcessApproval
from app.models.procedure import VersionState
from app.permissions import Actor
from app.services.in_place import acted_name
from app.services.process_graphs import steps_of
from app.services.publication_checks import unstaffed
from app.services.publication_facts import read_facts
from app.workflows.process_checks import problems
from app.workflows.table import Transition


def _steps_sound(_session: Session, row: ProcessApproval) -> bool:
    return not problems(steps_of(row.process))


def _versions(session: Session, row: ProcessApproval) -> list[ProcedureVersion]:
    query = sa.select(ProcedureVersion).where(
        ProcedureVersion.process_id == row.process_id, ProcedureVersion.state != VersionState.retired
    )
    return list(session.scalars(query))


def _in_a_version(session: Session, row: ProcessApproval) -> bool:
    return bool(_versions(session, row))


def _officers_posted(session: Session, row: ProcessApproval) -> bool:
    """Every step can be done at the agency that puts the process into use."""
    versions = _versions(session, row)
    facts = read_facts(session, versions)
    agency = facts.agencies[row.agency_id]
    return all(not unstaffed(facts, version, [agency]) for version in versions)


GUARDS = {
    "steps_sound": _steps_sound,
    "decision_named": lambda _session, row: bool(row.decision_number and row.decision_on),
    "in_a_version": _in_a_version,
    "officers_posted": _officers_posted,
}


def keep_stage(
    session: Session, row: ProcessApproval, step: Transition[Any], actor: Actor, remark: str
) -> None:
    """Keep who passed the stage, when, for which agency and with what remark; a decision on its process too."""
    if step.name == "approve":  # where the designer shows it
        row.process.decision_number, row.process.decision_on = row.decision_number, row.decision_on
    lent = acting_post(session, actor)
    place = lent.agency_name if lent else next(
        (post.agency_name for post in actor.positions if post.role in step.roles), "")  # fmt: skip
    row.stages.append(
        ApprovalStage(
            transition=step.name, target=row.state, at=now(), by_name=acted_name(session, actor),
            by_agency=place, remark=remark or None,
        )  # fmt: skip
    )
