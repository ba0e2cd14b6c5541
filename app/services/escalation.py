"""What the clock does by itself: a late dossier is reported upwards, an unanswered request is chased."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now
from app.lowcode.values import plain_text
from app.models import Account, Apology, Dossier, MailMessage, Notice, SupplementRequest, User
from app.official import officially
from app.permissions import Role
from app.services import apologies, lifecycle, pauses
from app.services.feedback_notices import nearest
from app.services.notices import holders, notice_users, send_mail, tell_applicant
from app.services.profiles import profile_value
from app.workflows.states import State

_BATCH = 500
_FINISHED_WITHIN = timedelta(days=30)  # older results are handed over or lie uncollected


def escalate_overdue(session: Session) -> int:
    """Tell head and focal point, once, of each dossier past its due date, and require the apology.

    In the order in which they became late. The apology on record is the mark that it was told.
    Returns how many were told now. Source: NĐ 61/2018 Đ19, TTH17 Đ22.7.
    """
    with officially():
        late = [*_late(session), *_finished_late(session)]
        for dossier in late:
            _escalate(session, dossier)
    return len(late)


def _untold() -> sa.ColumnElement[bool]:
    return ~sa.exists().where(Apology.dossier_id == Dossier.id, Apology.cause == apologies.OVERDUE)


def _late(session: Session) -> Sequence[Dossier]:
    query = sa.select(Dossier).where(pauses.overdue(session), _untold())
    return session.scalars(query.order_by(Dossier.due_at, Dossier.id).limit(_BATCH)).all()


def _finished_late(session: Session) -> Sequence[Dossier]:
    """Late by less than the time between two looks: finished before anybody could be told."""
    query = (
        sa.select(Dossier)
        .where(Dossier.finished_at > now() - _FINISHED_WITHIN, Dossier.finished_at > Dossier.due_at)
        .where(Dossier.state == State.finished, _untold())
        .order_by(Dossier.finished_at, Dossier.id)
        .limit(_BATCH)
    )
    return session.scalars(query).all()


def _escalate(session: Session, dossier: Dossier) -> None:
    apology = apologies.require(session, dossier, kind=apologies.OVERDUE, cause=apologies.OVERDUE)
    heads = set(holders(session, dossier.agency_id, Role.agency_head, with_delegates=True))
    above = heads | {user for user in nearest(session, dossier.agency, Role.control_focal_point) if user}
    title = _("Overdue dossier: %(code)s", code=dossier.code)
    body = _("%(name)s. Due: %(at)s. An apology is to be written and sent with the result.",
             name=dossier.version.name, at=plain_text(dossier.due_at))  # fmt: skip
    key = f"overdue:{apology.id}"
    workers = {task.assignee_id for task in lifecycle.open_tasks(dossier) if task.assignee_id}
    notice_users(session, above | workers, dossier, key, title, body)
    _mail(session, above, key, title, body)


def _mail(session: Session, user_ids: Iterable[int], key: str, title: str, body: str) -> None:
    query = sa.select(User.id, User.email).where(User.id.in_(set(user_ids)))
    for user_id, address in session.execute(query.order_by(User.id)):
        if address:
            send_mail(session, f"{key}:{user_id}", address, title, body)


def chase_supplements(session: Session) -> int:
    """Remind applicants before their time to answer is over; tell the officers when it is.

    How many days ahead: the profile's ``supplement_reminder_days``. Each is told once; several
    missed while the worker stood still count as the nearest one. Returns how many were told now.
    """
    with officially():
        days = sorted(int(day) for day in profile_value(session, "supplement_reminder_days"))
        count, since = 0, timedelta(0)
        for day in days:
            count += sum(_remind(session, one, day) for one in _answer_due(session, since, timedelta(days=day), day))
            since = timedelta(days=day)
        return count + sum(_tell_over(session, one) for one in _unanswered(session))


def _waiting() -> Any:
    query = sa.select(SupplementRequest).join(Dossier, Dossier.id == SupplementRequest.dossier_id)
    query = query.where(Dossier.state == State.supplement_requested, SupplementRequest.answered_at.is_(None))
    return query.order_by(SupplementRequest.due_at, SupplementRequest.id).limit(_BATCH)


def _key(prefix: str) -> sa.ColumnElement[str]:
    return sa.literal(f"{prefix}:") + sa.cast(SupplementRequest.id, sa.String)


def _answer_due(session: Session, since: timedelta, until: timedelta, day: int) -> Sequence[SupplementRequest]:
    at, key = now(), _key(f"supplement-soon{day}")
    told = sa.or_(sa.exists().where(Notice.key == key), sa.exists().where(MailMessage.key == key + ":applicant"))
    query = _waiting().where(SupplementRequest.due_at > at + since, SupplementRequest.due_at <= at + until, ~told)
    return session.scalars(query.where(_can_be_told())).all()


def _can_be_told() -> sa.ColumnElement[bool]:
    """Return the condition that the applicant has a login or an address; others are passed by."""
    has_login = sa.exists().where(Account.id == Dossier.account_id, Account.user_id.is_not(None))
    return sa.or_(has_login, Dossier.applicant_email != "")


def _remind(session: Session, request: SupplementRequest, day: int) -> bool:
    text = _("Please answer by %(at)s.", at=plain_text(request.due_at))
    tell_applicant(session, request.dossier, f"supplement-soon{day}:{request.id}", text)
    return True


def _unanswered(session: Session) -> Iterator[SupplementRequest]:
    """Yield the requests past their time of which nobody was told; those nobody is there for are passed by."""
    one, told = SupplementRequest, sa.exists().where(Notice.key == _key("supplement-over"))
    query = _waiting().where(one.due_at < now(), ~told)
    rows = session.scalars(query).all()
    while rows:
        yield from rows
        due_at, number = rows[-1].due_at, rows[-1].id
        later = sa.or_(one.due_at > due_at, sa.and_(one.due_at == due_at, one.id > number))
        rows = session.scalars(query.where(later)).all() if len(rows) == _BATCH else []


def _tell_over(session: Session, request: SupplementRequest) -> bool:
    """Those who may end it: the head once it was accepted, the desk before."""
    dossier = request.dossier
    is_accepted = dossier.received_at is not None
    role, place = (Role.agency_head, dossier.agency_id) if is_accepted else (Role.desk_officer, dossier.desk_id)
    people = set(holders(session, place, role, with_delegates=True))
    people |= {task.assignee_id for task in lifecycle.open_tasks(dossier) if task.assignee_id}
    title = _("No answer to the supplement request: %(code)s", code=dossier.code)
    body = _("It was to be answered by %(at)s. Processing may be stopped.", at=plain_text(request.due_at))
    if not is_accepted:
        body = _("It was to be answered by %(at)s. The dossier may be refused.", at=plain_text(request.due_at))
    notice_users(session, people, dossier, f"supplement-over:{request.id}", title, body)
    return bool(people)
