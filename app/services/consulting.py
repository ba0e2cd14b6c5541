"""Asking other agencies or colleagues beside the process, and what becomes of no answer.

A question is a task with a limit of its own. Silence is no consent unless the step says so
(domain C; NĐ 61/2018 leaves the limit to the agencies that work together).
"""

from collections.abc import Iterable

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Invalid, NotAllowed
from app.history import acting_post
from app.i18n import N_
from app.lowcode.collation import in_order
from app.models import Agency, Dossier, Task
from app.models.task import ANSWERS, TaskState
from app.permissions import Actor, Role
from app.services import lifecycle, processing
from app.services.handing import refuse_unless_mine
from app.services.notices import holders, notice_users, tell_tasks
from app.services.official import official
from app.services.opening import ask_agency, show_place
from app.services.question_limits import who_answers
from app.services.reasons import given_reason
from app.transactions import locked
from app.workflows.process import StepKind
from app.workflows.states import State

# Who answers for an agency: its specialists, else those above them.
ANSWERING = (Role.specialist, Role.division_head, Role.agency_head)
GIVEN = ("agree", "disagree", "comment")
_HOUR, _MOST_HOURS = 60, 30 * 8
_ASKERS = frozenset({StepKind.work, StepKind.check, StepKind.sign, StepKind.consult})
_SYSTEM = Actor()


def questions_of(task: Task) -> list[Task]:
    """Return what was asked from ``task`` and still counts, in order."""
    return [t for t in task.dossier.tasks if t.asked_by_id == task.id and t.state != TaskState.cancelled]


def may_ask(task: Task) -> bool:
    """Return whether opinions may be asked for from this step."""
    return task.asked_by_id is None and task.kind in _ASKERS and task.state == TaskState.open


def ask(
    session: Session, task: Task, actor: Actor, *, question: str, hours: int,
    agency_ids: Iterable[int] = (), user_id: int | None = None,
) -> list[Task]:  # fmt: skip
    """Ask agencies for their opinion, or one colleague of the own agency; all side by side.

    hours: working hours to answer in, by the calendar of who is asked. The step stays open.
    Raises Invalid (fields: question, hours, agency, user), NotAllowed.
    """
    processing.refuse_unless_open_to(task, actor)
    if not may_ask(task):
        raise NotAllowed(_("Opinions cannot be asked for from this step."))
    agencies = _asked_agencies(session, task, set(agency_ids))
    _refuse_bad(question, hours, bool(agencies or user_id))
    if task.assignee_id is None:  # who asks has begun with it, and does not answer himself
        lent = acting_post(session, actor)
        task.assignee_id = lent.delegator_id if lent else actor.user_id
        session.flush()  # told before the questions: what he did last, and may undo, is asking
    opened = [ask_agency(session, task, agency, hours * _HOUR, question.strip(), role=_answering(session, agency))
              for agency in agencies]  # fmt: skip
    if user_id:
        opened.append(_ask_colleague(session, task, actor, user_id, hours, question.strip()))
    names = ", ".join(str(asked.agency) if not asked.assignee_id else str(asked.assignee) for asked in opened)
    lifecycle.note_step(session, task.dossier, "ask_opinion", actor, f"{names}: {question.strip()}")
    session.flush()
    tell_tasks(session, {t: who_answers(session, t) for t in opened})
    show_place(session, task.dossier)
    return opened


def _refuse_bad(question: str, hours: int, has_someone: bool) -> None:
    faults = {}
    if not question.strip():
        faults["question"] = _("Please write what you ask.")
    if not 1 <= hours <= _MOST_HOURS:
        faults["hours"] = _("A whole number from %(first)d to %(last)d is expected here.", first=1, last=_MOST_HOURS)
    if not has_someone:
        faults["agency"] = _("Choose whom you ask.")
    if faults:
        raise Invalid(_("Please correct the marked fields."), faults)


def _asked_agencies(session: Session, task: Task, wanted: set[int]) -> list[Agency]:
    found = list(session.scalars(sa.select(Agency).where(Agency.id.in_(wanted)).order_by(in_order(Agency.name))))
    waiting = {q.slot for q in lifecycle.open_questions(task.dossier) if q.asked_by_id == task.id}
    for agency in found:
        if agency.id == task.agency_id:  # its people are asked by name
            message = _("Choose agencies from the list.")
            raise Invalid(message, {"agency": message})
        if not agency.is_open() or not _answering(session, agency):
            message = _("%(agency)s has nobody who could answer.", agency=agency.name)
            raise Invalid(message, {"agency": message})
        if f"{agency.id}:0" in waiting:
            message = _("%(agency)s has been asked already and has not answered yet.", agency=agency.name)
            raise Invalid(message, {"agency": message})
    if len(found) != len(wanted):
        message = _("Choose agencies from the list.")
        raise Invalid(message, {"agency": message})
    return found


def _answering(session: Session, agency: Agency) -> str:
    """Return the role that answers for an agency: its specialists, else those above them."""
    for role in ANSWERING:
        if holders(session, agency.id, role):
            return str(role)
    return ""


def _ask_colleague(
    session: Session, task: Task, actor: Actor, user_id: int, hours: int, question: str
) -> Task:
    posts = [str(role) for role in ANSWERING if user_id in holders(session, task.agency_id, role)]
    slot = f"{task.agency_id}:{user_id}"
    is_waiting = any(q.slot == slot for q in lifecycle.open_questions(task.dossier) if q.asked_by_id == task.id)
    if not posts or user_id in {actor.user_id, *task.dossier.account.people} or is_waiting:
        message = _("This colleague cannot be asked, or has not answered yet.")
        raise Invalid(message, {"user": message})
    return ask_agency(session, task, task.agency, hours * _HOUR, question, role=posts[0], user_id=user_id)


def answer(session: Session, question: Task, actor: Actor, *, given: str, remark: str) -> Task:
    """Give an opinion: agree, disagree (with a reason) or comment. Raises Invalid, NotAllowed, Conflict.

    With the last answer a consultation step of the process is finished by itself.
    """
    refuse_unless_mine(question, actor)
    if question.asked_by_id is None:
        raise NotAllowed(_("Nobody has asked for an opinion here."))
    if given not in GIVEN:
        message = _("Choose what you answer.")
        raise Invalid(message, {"answer": message})
    if given != "agree":
        given_reason(remark, "remark")
    _end(session, question, actor, given, remark.strip() or None)
    told = official(N_("%(who)s: %(answer)s"), who=question.agency.name, answer=official(ANSWERS[given]))
    lifecycle.note_step(session, question.dossier, "give_opinion", actor, f"{told}. {remark.strip()}".strip())
    _go_on(session, question, actor)
    return question


def _end(session: Session, question: Task, actor: Actor, given: str, remark: str | None) -> None:
    question.answer, question.remark, question.state = given, remark, TaskState.done
    question.finished_at = now()
    lifecycle.own_up(session, question, actor)
    session.flush()


def _go_on(session: Session, question: Task, actor: Actor) -> None:
    """Tell who asked; leave a consultation step when everybody has answered."""
    asking = next(t for t in question.dossier.tasks if t.id == question.asked_by_id)
    if asking.assignee_id and asking.assignee_id != actor.user_id:
        title = official(N_("%(code)s: an answer from %(agency)s"),
                         code=question.dossier.code, agency=question.agency.name)  # fmt: skip
        notice_users(session, [asking.assignee_id], question.dossier, f"answer:{question.id}",
                     title, _said(question))  # fmt: skip
    if not _leave_if_answered(session, asking, actor):
        show_place(session, question.dossier)


def _leave_if_answered(session: Session, asking: Task, actor: Actor) -> bool:
    """Leave a consultation step all of whose questions are answered; returns whether it was left.

    While the dossier stands still it waits: ``go_on`` looks again when that goes on.
    """
    given = questions_of(asking)
    is_over = bool(given) and all(one.state == TaskState.done for one in given)
    has_unclear = any(one.answer == "silent" for one in given) and not _silence_consents(asking)
    is_processing = State(asking.dossier.state) is State.processing and asking.state == TaskState.open
    if asking.kind != StepKind.consult or not is_over or has_unclear or not is_processing:
        return False
    processing.leave(session, asking, processing.graph(asking.dossier), actor, _summary(given))
    return True


def go_on(session: Session, task_id: int) -> bool:
    """Leave a consultation step that was answered while its dossier stood still; returns whether it was left."""
    query = sa.select(Task).join(Task.dossier).where(Task.id == task_id)
    task = session.scalar(locked(query, Dossier, Task))
    return task is not None and _leave_if_answered(session, task, _SYSTEM)


def _silence_consents(task: Task) -> bool:
    return processing.graph(task.dossier).find(task.key).silence_consents


def _summary(given: list[Task]) -> str:
    return "; ".join(f"{one.agency.name}: {_said(one)}" for one in given)


def _said(question: Task) -> str:
    words = ANSWERS.get(question.answer or "")
    return official(words) if words else ""


def silent_questions(session: Session, limit: int = 500) -> list[int]:
    """Return the ids of the questions whose time has passed without a word, the longest first."""
    query = (
        sa.select(Task.id).join(Task.dossier)
        .where(Task.state == TaskState.open, Task.asked_by_id.is_not(None), Task.due_at < now())
        .where(Dossier.state == int(State.processing)).order_by(Task.due_at, Task.id).limit(limit)
    )  # fmt: skip
    return list(session.scalars(query))


def close_silent(session: Session, number: int) -> bool:
    """Close a question whose time has passed without a word; False if it is closed already.

    Where the step says that silence is consent the dossier goes on, elsewhere who asked decides.
    """
    query = sa.select(Task).join(Task.dossier).where(Task.id == number, Task.state == TaskState.open)
    question = session.scalar(locked(query.where(Dossier.state == int(State.processing)), Dossier, Task))
    if question is None:
        return False
    _end(session, question, _SYSTEM, "silent", None)
    _go_on(session, question, _SYSTEM)
    return True


def take_back(session: Session, question: Task, actor: Actor) -> None:
    """Withdraw a question that has not been answered; raises NotAllowed for others' questions."""
    asking = next((t for t in question.dossier.tasks if t.id == question.asked_by_id), None)
    if asking is None or question.state != TaskState.open:
        raise NotAllowed(_("This question cannot be taken back any more."))
    processing.refuse_unless_open_to(asking, actor)
    processing.drop(session, [question])
    lifecycle.note_step(session, question.dossier, "take_back_question", actor,
                        str(question.assignee or question.agency))  # fmt: skip
    show_place(session, question.dossier)
