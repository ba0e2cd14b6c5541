"""Telling people: in the system, and by e-mail where an address is known."""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.lowcode.values import plain_text
from app.models import Dossier, MailMessage, Notice, QuestionDelay, Task
from app.models.task import TaskState
from app.official import officially
from app.permissions import Role
from app.services.post_holders import holders_of
from app.transactions import enqueue
from app.workflows.states import State
from app.workflows.table import Transition

MANY = 20
"""Officers who may take a piece of work, above which none of them is told of it."""

_OFFICERS = {"desk", "specialist", "division_head", "agency_head", "clerk", "cashier"}


def notify_transition(session: Session, dossier: Dossier, row: Transition[State], extra: str = "") -> None:
    """Tell everyone whom transition ``row`` names; the same event is told once. extra: for the applicant alone."""
    key = f"{dossier.code}:{row.name}:{len(dossier.movements)}"
    if dossier.id is None:
        session.flush()
    with officially():  # stored text: the reader is a citizen or an officer, not the actor
        rows = _to_applicant(session, dossier, key, extra) if "applicant" in row.notices else []
        for who in [name for name in row.notices if name in _OFFICERS]:
            rows += _to_officers(session, dossier, who, key)
    _put(session, rows)


def tell_applicant(session: Session, dossier: Dossier, key: str, extra: str = "") -> None:
    """Tell the applicant where the dossier stands now, in the system and by e-mail."""
    _put(session, _to_applicant(session, dossier, key, extra))


def _to_applicant(session: Session, dossier: Dossier, key: str, extra: str) -> list[dict[str, Any]]:
    title = _(
        "Dossier %(code)s: %(state)s", code=dossier.code, state=_(State(dossier.state).sentence)
    )
    body = "\n".join(line for line in (_procedure_line(dossier), _when(dossier), extra) if line)
    address = dossier.applicant_email
    if address:
        send_mail(session, f"{key}:applicant", address, title, _letter(dossier, body))
    user_id = dossier.account.user_id
    return _rows([user_id] if user_id is not None else [], dossier, key, title, body)


def _to_officers(session: Session, dossier: Dossier, who: str, key: str) -> list[dict[str, Any]]:
    role = Role.desk_officer if who == "desk" else Role(who)
    agency_id = dossier.desk_id if who in {"desk", "cashier"} else dossier.agency_id
    people = holders(session, agency_id, role, with_delegates=True)
    task = next((t for t in dossier.tasks if t.state == TaskState.open and t.role == role), None)
    if task is not None and task.assignee_id is not None:
        people = [task.assignee_id]  # whose dossier it is; colleagues need not know
    if len(people) > MANY:
        return []  # the counters of their inboxes show it; a notice each would hide those meant for one
    if task is not None and dossier.movements[-1].transition == "start":
        key = f"task:{task.id}"  # told of the task already, not a second time of the same thing
    title = _("%(state)s: dossier %(code)s", state=_(State(dossier.state).label), code=dossier.code)
    return _rows(people, dossier, key, title, _procedure_line(dossier))


def tell_tasks(session: Session, told: Mapping[Task, Iterable[int]], *, again: str = "") -> None:
    """Tell of newly opened tasks those who may do each; one statement whatever their number.

    again: sets another telling of the same task apart from the first.
    """
    with officially():
        wanted = {
            (f"task:{task.id}{again}", user_id): (task, _task_title(task), _task_body(task))
            for task, user_ids in told.items() for user_id in user_ids
        }  # fmt: skip
    _put(session, [
        {"user_id": user_id, "dossier_id": task.dossier_id, "key": key, "title": title, "body": body}
        for (key, user_id), (task, title, body) in wanted.items()
    ])  # fmt: skip


def tell_delays(session: Session, told: Mapping[Task, tuple[QuestionDelay, Iterable[int]]]) -> None:
    """Tell who answers a question that its limit was moved, and why; one statement whatever their number."""
    with officially():
        rows = [
            {"user_id": user_id, "dossier_id": task.dossier_id, "title": title, "body": body,
             "key": f"limit:{task.id}:{delay.at.timestamp()}:{delay.new_due_at.timestamp()}"}
            for task, (delay, user_ids) in told.items()
            for title, body in [_delay_words(task, delay)] for user_id in user_ids
        ]  # fmt: skip
    _put(session, rows)


def _delay_words(task: Task, delay: QuestionDelay) -> tuple[str, str]:
    title = _("%(code)s: the limit to answer has changed", code=task.dossier.code)
    text = _("To be answered by %(new)s instead of %(old)s: %(reason)s", new=plain_text(delay.new_due_at),
             old=plain_text(delay.old_due_at), reason=delay.reason)  # fmt: skip
    return title[:255], f"{_procedure_line(task.dossier)}\n{text}"


def _put(session: Session, rows: list[dict[str, Any]]) -> None:
    """Insert notices; one whose key its user has been told already is left out."""
    if not rows:
        return
    insert = postgresql.insert if session.connection().dialect.name == "postgresql" else sqlite.insert
    ordered = sorted(rows, key=lambda row: (row["key"], row["user_id"]))  # one order for all: no two wait in a ring
    with session.no_autoflush:  # whom and what they name is there
        session.execute(insert(Notice).on_conflict_do_nothing(index_elements=["user_id", "key"]), ordered)


def _task_title(task: Task) -> str:
    return _("New task: %(step)s (%(code)s)", step=task.name, code=task.dossier.code)[:255]


def _task_body(task: Task) -> str:
    return f"{_procedure_line(task.dossier)}\n{_('Due: %(at)s', at=plain_text(task.due_at))}"


def holders(session: Session, agency_id: int, role: Role, *, with_delegates: bool = False) -> list[int]:
    """Return the ids of the users holding ``role`` at an agency today.

    with_delegates: and of those who stand in for them today; for telling, not for giving tasks.
    """
    post = (agency_id, str(role))
    found = holders_of(session, frozenset({post})).get(post, ())
    standing_in = {number for one in found for number in one.delegate_ids} if with_delegates else set()
    return sorted({one.user_id for one in found} | standing_in)


def notice_users(
    session: Session,
    user_ids: Iterable[int],
    dossier: Dossier | None,
    key: str,
    title: str,
    body: str,
) -> None:
    """Put one notice before each user; the same ``key`` reaches a user once."""
    if dossier is not None and dossier.id is None:
        session.flush()
    _put(session, _rows(user_ids, dossier, key, title, body))


def _rows(user_ids: Iterable[int], dossier: Dossier | None, key: str, title: str, body: str) -> list[dict[str, Any]]:
    dossier_id = dossier.id if dossier is not None else None
    return [
        {"user_id": user_id, "dossier_id": dossier_id, "key": key, "title": title[:255], "body": body}
        for user_id in set(user_ids)
    ]  # fmt: skip


def send_mail(session: Session, key: str, recipient: str, subject: str, body: str) -> None:
    """Keep a message in the mailbox and promise its sending; the same key is sent once."""
    if session.scalar(sa.select(MailMessage.id).where(MailMessage.key == key)) is not None:
        return
    message = MailMessage(key=key, recipient=recipient, subject=subject[:255], body=body)
    session.add(message)
    session.flush()
    enqueue("mail.send", message_id=message.id)


def _procedure_line(dossier: Dossier) -> str:
    return _("Procedure: %(name)s", name=dossier.version.name)


def _when(dossier: Dossier) -> str:
    state = State(dossier.state)
    if state is State.registered and dossier.reception_due_at:
        return _("You will have an answer by %(at)s.", at=plain_text(dossier.reception_due_at))
    if state in {State.accepted, State.processing} and dossier.due_at:
        return _("The result is due at %(at)s.", at=plain_text(dossier.due_at))
    if state is State.supplement_requested and dossier.supplements:
        return _("What is asked: %(reason)s", reason=dossier.supplements[-1].reason)
    last = dossier.movements[-1] if dossier.movements else None
    if state in {State.refused, State.stopped} and last is not None and last.remark:
        return _("Reason: %(reason)s", reason=last.remark)
    return ""


def _letter(dossier: Dossier, body: str) -> str:
    return _(
        "Dear %(name)s,\n\n%(body)s\n\nDossier code: %(code)s\n%(desk)s",
        name=dossier.applicant_name, body=body, code=dossier.code, desk=dossier.desk.name,
    )  # fmt: skip
