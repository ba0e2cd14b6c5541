"""What stands in the way of finishing a step, told before anybody tries; ``processing.finish_task`` asks again."""

from collections.abc import Mapping
from itertools import dropwhile

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.models import Task
from app.services import processing, results
from app.services.guards import GUARDS
from app.services.processing import Ahead
from app.services.unanswered import running_links, what_is_missing
from app.workflows.dossier import DOSSIER
from app.workflows.process import StepKind


def needs_draft(task: Task, ahead: Ahead) -> bool:
    """Return whether the result must be drafted before this step is finished: it is signed here or next."""
    kinds = {task.kind, *(step.kind for step in ahead.steps)}
    return StepKind.sign in kinds and results.current_result(task.dossier) is None


def is_to_draft(task: Task, ahead: Ahead) -> bool:
    """Return whether the result is expected of this step and not there yet: it is the last of work before a signature.

    It may be finished without one, where others write it; the page offers the draft first (HCM24 Đ11.3).
    """
    if task.kind != StepKind.work or results.current_result(task.dossier) is not None:
        return needs_draft(task, ahead)
    after = list(dropwhile(lambda step: step.key != task.key, processing.graph(task.dossier).steps))[1:]
    coming = next((step.kind for step in after if step.kind in {StepKind.work, StepKind.sign}), None)
    return coming == StepKind.sign


def why_not(task: Task, ahead: Ahead) -> str:
    """Return why a step cannot be finished yet: no draft, money still due; "" where nothing is in the way.

    ahead: of ``processing.ahead_of``.
    """
    unpaid = DOSSIER.guards["charges_paid"]
    if task.kind == StepKind.payment and not GUARDS["charges_paid"](task.dossier):
        return _(unpaid)
    return _("Draft the result before the dossier goes to be signed.") if needs_draft(task, ahead) else ""


def why_not_together(session: Session, ways: Mapping[Task, Ahead]) -> dict[int, str]:
    """Return why steps cannot be finished in one go with others, by task id; statements do not grow with them.

    ways: what each leads to, of ``processing.ahead_of``.

    What is finished without an opinion asked for, or without the result of a linked dossier, wants a reason of its
    own: one remark for many is none (QN20 Đ21.4).
    """
    links = running_links(session, [task.id for task in ways])
    found = {task.id: why_not(task, ahead) or _own_reason(what_is_missing(task, links.get(task.id)))
             for task, ahead in ways.items()}  # fmt: skip
    return {number: reason for number, reason in found.items() if reason}


def _own_reason(missing: str) -> str:
    if not missing:
        return ""
    return _("Not there yet: %(names)s. Finish this step on the page of its dossier, with the reason.", names=missing)
