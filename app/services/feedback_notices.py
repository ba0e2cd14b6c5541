"""Whom a move of a feedback item concerns: its sender by e-mail, officers in the system."""

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import today
from app.i18n import N_
from app.lowcode.values import plain_text
from app.models import Account, Agency, Feedback, Notice, OfficerPosition, User
from app.official import officially
from app.permissions import Role
from app.services.notices import send_mail
from app.workflows.feedback import FeedbackState
from app.workflows.table import Transition

_TO_SENDER = {
    "send": N_("We have received your feedback. You will be answered by %(due)s."),
    "accept": N_("It is being handled by: %(agency)s. You will be answered by %(due)s."),
    "answer": N_("Your feedback was answered:\n\n%(answer)s"),
    "publish": N_("The answer is published on the portal, without your personal data."),
    "refuse": N_("Your feedback cannot be handled here. Reason:\n\n%(answer)s"),
}
_TO_OFFICERS = {
    "send": N_("New feedback %(code)s"),
    "record": N_("New feedback %(code)s"),
    "accept": N_("Feedback %(code)s is to be answered by %(due)s"),
    "answer": N_("Feedback %(code)s was answered: see whether to publish it"),
}


def tell(session: Session, feedback: Feedback, row: Transition[FeedbackState]) -> None:
    """Tell everyone whom ``row`` names; the same event is told once."""
    with officially():  # stored text: the reader is not the one who acts
        if "sender" in row.notices:
            _tell_sender(session, feedback, row.name)
        for who in row.notices:
            if who != "sender":
                _tell_officers(session, feedback, row.name, Role(who))


def _facts(feedback: Feedback) -> dict[str, str]:
    return {
        "code": feedback.code,
        "due": plain_text(feedback.due_at),
        "agency": feedback.agency.name,
        "answer": feedback.answer or "",
    }


def _tell_sender(session: Session, feedback: Feedback, name: str) -> None:
    subject = _("Feedback %(code)s: %(title)s", code=feedback.code, title=feedback.title)
    body = _(_TO_SENDER[name], **_facts(feedback))
    key = f"feedback:{feedback.code}:{name}"
    if feedback.sender_email:
        letter = _("Dear %(name)s,\n\n%(body)s", name=feedback.sender_name, body=body)
        send_mail(session, f"{key}:sender", feedback.sender_email, subject, letter)
    if feedback.account_id is not None:
        query = sa.select(Account.user_id).where(Account.id == feedback.account_id)
        user_id = session.scalar(query)
        _notice(session, {user_id} - {None}, key, subject, body)


def _tell_officers(session: Session, feedback: Feedback, name: str, role: Role) -> None:
    title = _(_TO_OFFICERS[name], **_facts(feedback))
    key = f"feedback:{feedback.code}:{name}:{role}"
    _notice(session, nearest(session, feedback.agency, role), key, title, feedback.title)


def nearest(session: Session, agency: Agency, role: Role) -> set[int | None]:
    """Return the ids of those who hold ``role`` at ``agency`` today, or closest above it."""
    day, post = today(), OfficerPosition
    query = (
        sa.select(post.user_id, Agency.path)
        .join(Agency, post.agency_id == Agency.id)
        .join(User, post.user_id == User.id)
        .where(post.role == str(role), User.active.is_(True), post.valid_from <= day)
        .where(sa.or_(post.valid_to.is_(None), post.valid_to >= day))
        .where(Agency.id.in_([int(part) for part in agency.path.split("/") if part]))
    )
    rows = session.execute(query).all()
    longest = max((len(path) for _user, path in rows), default=0)
    return {user_id for user_id, path in rows if len(path) == longest}


def _notice(session: Session, user_ids: set[int | None], key: str, title: str, body: str) -> None:
    session.add_all(
        Notice(user_id=user_id, key=key, title=title[:255], body=body)
        for user_id in sorted(user_id for user_id in user_ids if user_id is not None)
    )
    session.flush()
