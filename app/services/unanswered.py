"""Steps that are ended while something asked from them is missing: why, and whose is missing, is kept."""

from collections.abc import Collection

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload, object_session

from app.models import Dossier, LinkedDossier, Task
from app.models.task import TaskState
from app.official import officially
from app.services.reasons import given_reason
from app.workflows.process import StepKind

_SILENT = "silent"


def missing_opinions(task: Task) -> list[Task]:
    """Return the questions asked from ``task`` that nobody answered: open ones, and those met with silence."""
    asked = (other for other in task.dossier.tasks if other.asked_by_id == task.id)
    return [one for one in asked if one.state == TaskState.open
            or (one.answer == _SILENT and not task.step.silence_consents)]  # fmt: skip


def running_links(session: Session, tasks: Collection[int]) -> dict[int, LinkedDossier]:
    """Return the linked dossiers that steps wait for and that have not ended yet, by task id; one statement."""
    if not tasks:
        return {}
    child = joinedload(LinkedDossier.child).joinedload(Dossier.agency)
    query = sa.select(LinkedDossier).where(LinkedDossier.task_id.in_(tasks), LinkedDossier.ended_at.is_(None))
    return {link.task_id: link for link in session.scalars(query.options(child))}


def link_of(task: Task) -> LinkedDossier | None:
    """Return the linked dossier that a step waits for still; no statement for a step that opens none."""
    session = object_session(task)
    if session is None or task.kind != StepKind.child:
        return None
    return running_links(session, [task.id]).get(task.id)


def what_is_missing(task: Task, link: LinkedDossier | None) -> str:
    """Return what a step would be finished without: whose opinion, which linked dossier; "" for nothing."""
    names = [_("opinion of %(name)s", name=one.assignee or one.agency) for one in missing_opinions(task)]
    if link is not None:
        code, agency = link.child.code, link.child.agency.name
        names.append(_("result of the linked dossier %(code)s (%(agency)s)", code=code, agency=agency))
    return ", ".join(names)


def explained(task: Task, remark: str | None) -> str | None:
    """Return the remark of a step that is ended by hand, with what it was ended without.

    Raises Invalid (field "remark") where an opinion or the result of a linked dossier is missing and nothing is said
    about it.
    """
    link = link_of(task)
    names = what_is_missing(task, link)
    if not names:
        return remark
    message = _("Not there yet: %(names)s. Write why the step is finished without it.", names=names)
    reason = given_reason(remark, "remark", message=message)
    with officially():  # kept for readers of any language
        return _("%(reason)s (finished without: %(names)s)", reason=reason, names=what_is_missing(task, link))
