"""Linked procedures: a step opens a dossier at another agency and waits for its result (QN20 Đ21.4).

Several such steps side by side run in parallel, one after another in sequence: the graph says so.
The agency of the leading dossier stays responsible; every linked dossier has a clock of its own.
"""

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload

from app.clock import now
from app.errors import DomainError
from app.models import (
    Agency,
    Attachment,
    Component,
    Dossier,
    DossierPaper,
    LinkedDossier,
    ProcedureVersion,
    Task,
)
from app.models.task import TaskState
from app.permissions import Actor, Role
from app.services import lifecycle, processing
from app.services.codes import give_code
from app.services.drafts import published_version
from app.services.lifecycle import LINKED
from app.services.notices import holders, notice_users, notify_transition
from app.services.submission import make_dossier
from app.services.task_rights import lead_task
from app.services.timing import reception_due
from app.text import fold
from app.transactions import locked
from app.workflows.process import StepKind
from app.workflows.result import ResultState
from app.workflows.states import CLOCK_OVER, FINAL, State

_SYSTEM = Actor()
_RESULT_SOURCE = 8  # TTH17 Đ8: a digitised result


def open_linked(session: Session, task_id: int) -> Dossier | None:
    """Open the dossier that a step waits for; None if it is there already or not waited for.

    It is registered at the other agency's desk with the answers and papers of the leading
    dossier that its form and its components ask for too. If that cannot be done the officers of
    the step are told why, once, and may finish the step by hand. A step come to again takes up the
    dossier opened for it before.
    """
    query = sa.select(Task).join(Task.dossier).where(Task.id == task_id)
    task = session.scalar(locked(query, Dossier, Task))
    if task is None or task.state != TaskState.open or task.kind != StepKind.child:
        return None
    procedure = task.step.child_procedure
    if procedure is None:
        _tell_why_not(session, task, _("The process names no procedure for it."))
        return None
    link = _opened_before(session, task, procedure.id)
    if link is not None and _takes_up(session, link, task):
        return None
    try:
        version = published_version(session, procedure.code)
    except DomainError as exc:
        _tell_why_not(session, task, str(exc))
        return None
    return _open(session, task, version)


def _opened_before(session: Session, task: Task, procedure_id: int) -> LinkedDossier | None:
    """Return the last dossier of a procedure opened for the step of a task, whenever it stood there."""
    query = (
        sa.select(LinkedDossier).join(LinkedDossier.task).join(LinkedDossier.child).join(Dossier.version)
        .where(LinkedDossier.parent_id == task.dossier_id, Task.key == task.key)
        .where(ProcedureVersion.procedure_id == procedure_id).order_by(LinkedDossier.id.desc()).limit(1)
    )  # fmt: skip
    return session.scalar(locked(query, LinkedDossier))


def _takes_up(session: Session, link: LinkedDossier, task: Task) -> bool:
    """Let a step wait for the dossier opened for it before, or go on with its result; charges arise once.

    Returns False for one that ended without a result before the step was come to again: another one is opened.
    Not where it ended while the leading dossier was closed: nobody has decided yet what follows.
    """
    has_result = _has_result(link.child)
    is_over = link.ended_at is not None and not has_result and link.task is not task
    if is_over and not _ended_unheard(link):
        return False
    link.task = task
    session.flush()
    if is_over:
        _tell_outcome(session, link)
    elif link.ended_at is not None and has_result:
        _leave(session, link)
    return True


def _ended_unheard(link: LinkedDossier) -> bool:
    """Return whether a linked dossier ended while the leading one was closed, and no step waited for it since."""
    ended_at = link.ended_at
    moves = [m for m in link.parent.movements if m.source != m.target and ended_at and m.at <= ended_at]
    is_first = ended_at is not None and link.task.opened_at <= ended_at
    return is_first and bool(moves) and State(moves[-1].target) in FINAL


def _has_result(child: Dossier) -> bool:
    return State(child.state) in {State.finished, State.returned}


def _leave(session: Session, link: LinkedDossier) -> None:
    """Finish the waiting step; while the leading dossier stands still it waits until that goes on."""
    if State(link.parent.state) is State.processing:
        outcome = _(State(link.child.state).label)
        processing.leave(session, link.task, processing.graph(link.parent), _SYSTEM, f"{link.child.code}: {outcome}")


def _open(session: Session, task: Task, version: ProcedureVersion) -> Dossier:
    parent = task.dossier
    answers = parent.revisions[-1].data if parent.revisions else {}
    keys = {field.key for field in version.form.fields()} if version.form else set()
    agency: Agency = version.agency.standing() if version.agency is not None else task.agency
    child = make_dossier(
        session, version, parent.account, agency, channel=LINKED,
        data={key: value for key, value in answers.items() if key in keys},
    )  # fmt: skip
    _hand_papers(parent, child, version)
    child.reception_due_at = reception_due(session, child.desk, child.submitted_at).at
    give_code(session, child)
    row = lifecycle.begin(session, child, "open_linked", _SYSTEM, of_itself=True)
    session.add(LinkedDossier(parent=parent, child=child, task=task, opened_at=now()))
    lifecycle.note_step(session, parent, "open_linked", _SYSTEM, f"{task.name}: {child.code}, {agency.name}")
    session.flush()
    notify_transition(session, child, row)
    return child


def _hand_papers(parent: Dossier, child: Dossier, version: ProcedureVersion) -> None:
    """Give the linked dossier the papers it asks for that the leading one holds."""
    for component in version.components:
        for held in [a for a in parent.attachments if not a.is_replaced and _is_same(a.component, component)]:
            child.attachments.append(Attachment(
                component=component, name=held.name, file=held.file, source_class=held.source_class,
                author_name=held.author_name,
            ))  # fmt: skip
        if any(a.component is component for a in child.attachments):
            child.papers.append(DossierPaper(
                component=component, component_id=component.id, name=component.name, kind="electronic"
            ))  # fmt: skip


def _is_same(held: Component | None, wanted: Component) -> bool:
    if held is None:
        return False
    is_typed = held.document_type_id is not None and held.document_type_id == wanted.document_type_id
    return is_typed or fold(held.name) == fold(wanted.name)


def _tell_why_not(session: Session, task: Task, why: str) -> None:
    people = holders(session, task.agency_id, Role(task.role))
    title = _("%(code)s: the linked dossier could not be opened", code=task.dossier.code)
    notice_users(session, people, task.dossier, f"linked:{task.id}", title, why)


def end_linked(session: Session, dossier_id: int) -> bool:
    """Bring the outcome of a linked dossier back; returns whether there was anything to do.

    With a result the waiting step is finished, once the leading dossier is being processed, and the result
    stands among its papers. Refused or stopped, or where nothing waits for it any more, the officers are told and
    decide.
    """
    above = sa.select(LinkedDossier.parent_id).where(LinkedDossier.child_id == dossier_id).scalar_subquery()
    session.scalar(locked(sa.select(Dossier).where(Dossier.id == above), Dossier))  # it neither stops nor goes on now
    link = _link_to(session, dossier_id)
    if link is None or link.ended_at is not None or State(link.child.state) not in CLOCK_OVER:
        return False
    link.ended_at = now()
    _hand_result(link)
    session.flush()
    if _is_waited_for(link) and _has_result(link.child):
        _leave(session, link)
    else:
        _tell_outcome(session, link)
    return True


def _is_waited_for(link: LinkedDossier) -> bool:
    """Return whether the step still waits for it; in a newer process it may have become one to work at."""
    return link.task.state == TaskState.open and link.task.kind == StepKind.child


def expect_again(session: Session, dossier: Dossier) -> None:
    """Let the end of a linked dossier that goes on after all be brought to the leading one, too."""
    link = _link_to(session, dossier.id) if dossier.channel == LINKED else None
    if link is not None:
        link.ended_at = None


def _link_to(session: Session, child_id: int) -> LinkedDossier | None:
    return session.scalar(locked(sa.select(LinkedDossier).where(LinkedDossier.child_id == child_id)))


def _hand_result(link: LinkedDossier) -> None:
    """Put the result among the papers of the leading dossier, in place of one revoked since."""
    name, child = f"{link.child.code}.pdf", link.child
    for held in link.parent.attachments:
        held.is_replaced = held.is_replaced or (held.name == name and held.source_class == _RESULT_SOURCE)
    result = next((r for r in reversed(child.results) if r.state == ResultState.issued), None)
    if result is not None and result.file is not None:
        link.parent.attachments.append(Attachment(
            name=name, file=result.file, source_class=_RESULT_SOURCE, author_name=child.agency.name[:255]
        ))  # fmt: skip


def _tell_outcome(session: Session, link: LinkedDossier) -> None:
    """Tell who has the step, or, where nobody waits at it, who has the leading dossier; else who had, and its head."""
    parent, task = link.parent, link.task
    standing = task if task.state == TaskState.open else lead_task(lifecycle.open_tasks(parent))
    known = standing or task
    people = {known.assignee_id} if known.assignee_id else set(holders(session, known.agency_id, Role(known.role)))
    words = [_(State(link.child.state).label)]
    if standing is None:
        people |= set(holders(session, parent.agency_id, Role.agency_head))
        words.append(_("The leading dossier is closed (%(state)s): its head decides whether it is opened again.",
                       state=_(State(parent.state).label)))  # fmt: skip
    elif standing is task and not _has_result(link.child):
        words.append(_("Finish the step without it, or send the dossier back: coming to the step again opens another "
                       "one."))  # fmt: skip
    title = _("%(code)s: the linked dossier %(child)s has ended", code=parent.code, child=link.child.code)
    notice_users(session, people - parent.account.people, parent, f"linked-end:{link.id}:{link.row_version}", title,
                 ". ".join(words))  # fmt: skip


def link_of_task(session: Session, task_id: int) -> LinkedDossier | None:
    """Return the dossier opened for a step, if any."""
    return session.scalar(sa.select(LinkedDossier).where(LinkedDossier.task_id == task_id))


def links_of(session: Session, dossier: Dossier) -> tuple[list[LinkedDossier], LinkedDossier | None]:
    """Return (the dossiers this one opened, the one that opened it); two statements at most."""
    child, version = joinedload(LinkedDossier.child), Dossier.version
    query = (
        sa.select(LinkedDossier).where(LinkedDossier.parent_id == dossier.id)
        .options(child.joinedload(version), child.joinedload(Dossier.agency)).order_by(LinkedDossier.id)
    )  # fmt: skip
    own = None
    if dossier.channel == LINKED:
        above = sa.select(LinkedDossier).where(LinkedDossier.child_id == dossier.id)
        own = session.scalar(above.options(joinedload(LinkedDossier.parent).joinedload(Dossier.agency)))
    return list(session.scalars(query)), own


def others(links: tuple[list[LinkedDossier], LinkedDossier | None]) -> set[int]:
    """Return the ids of the dossiers at the other ends of ``links_of``."""
    children, own = links
    return {link.child_id for link in children} | ({own.parent_id} if own is not None else set())
