"""Steps that are ended while opinions asked from them are missing: why, and whose are missing, is kept."""

from flask_babel import gettext as _

from app.i18n import N_
from app.models import Task
from app.models.task import TaskState
from app.services.official import official
from app.services.reasons import given_reason

_SILENT = "silent"


def missing_opinions(task: Task) -> list[Task]:
    """Return the questions asked from ``task`` that nobody answered: open ones, and those met with silence."""
    asked = (other for other in task.dossier.tasks if other.asked_by_id == task.id)
    return [one for one in asked if one.state == TaskState.open
            or (one.answer == _SILENT and not task.step.silence_consents)]  # fmt: skip


def who_is_missing(task: Task) -> str:
    """Return the names of those whose opinion is missing, "" if nobody's is."""
    return ", ".join(str(one.assignee or one.agency) for one in missing_opinions(task))


def explained(task: Task, remark: str | None) -> str | None:
    """Return the remark of a step that is ended by hand, with whose opinion it was ended without.

    Raises Invalid (field "remark") where an opinion is missing and nothing is said about it.
    """
    names = who_is_missing(task)
    if not names:
        return remark
    message = _("Not answered yet: %(names)s. Write why the step is finished without their opinion.", names=names)
    reason = given_reason(remark, "remark", message=message)
    return official(N_("%(reason)s (finished without the opinion of: %(names)s)"), reason=reason, names=names)
