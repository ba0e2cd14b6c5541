"""Feedback and petitions: sent, entered, accepted, answered, published or refused (HCM24 Đ14).

Every move is a row of the FEEDBACK table; a feedback item is no complaint in the sense of the
law on complaints, which has a procedure of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now, to_local
from app.errors import Invalid, NotAllowed
from app.history import because
from app.i18n import N_
from app.models import Agency, Counter, Feedback, next_number
from app.permissions import Actor, Position, Role
from app.services.directory import current
from app.services.feedback_notices import tell
from app.services.feedback_redaction import texts_to_publish
from app.services.feedback_rights import as_colleague, refuse_own
from app.services.in_place import acted_name, stand_by
from app.services.official import official
from app.services.profiles import profile_value
from app.services.reasons import given_reason
from app.services.timing import calendar_of, explained_due
from app.services.users import root_agency
from app.transactions import one_at_a_time
from app.workflows.feedback import FEEDBACK, FeedbackState
from app.workflows.numbering import counter_key, render_code
from app.workflows.table import Transition
from app.workflows.working_time import add_days, add_limit

# The profile's parameter with the working days of each move (QĐ 766/QĐ-TTg).
LIMITS = {"refuse": "feedback_refuse_days", "publish": "feedback_publish_days"}


@dataclass(frozen=True, kw_only=True)
class NewFeedback:
    """What somebody says, and how to reach him; ``agency_code`` names whom it concerns."""

    title: str
    content: str
    category: str
    agency_code: str
    sender_name: str
    sender_phone: str | None = None
    sender_email: str | None = None
    dossier_code: str | None = None
    is_public: bool = True


def send_feedback(session: Session, given: NewFeedback, actor: Actor, *, key: str = "") -> Feedback:
    """Return the feedback a visitor sent through the portal; whoever sends it is a citizen.

    key: of the form he opened. The same words sent again by the same form return the first item.
    Raises Invalid when the agency is unknown.
    """
    request = _request(key, given) if key else ""
    known = _claimed(session, request)
    if known is not None:
        return known
    made = _create(session, given, actor, "send", frozenset({Role.citizen}), "portal", now())
    return _claim(session, request, made)


def record_feedback(
    session: Session, given: NewFeedback, actor: Actor, *, channel: str, arrived_at: datetime, key: str = ""
) -> Feedback:
    """Return feedback that came by phone, post or at the counter, entered by an officer.

    arrived_at: when it really came; all time limits run from there. key: as for ``send_feedback``.
    Raises Invalid for an instant to come, NotAllowed without the role. Source: HCM24 Đ14.3.
    """
    request = _request(key, given) if key else ""
    known = _claimed(session, request)
    if known is not None:
        return known
    if arrived_at > now():
        message = _("This moment has not come yet.")
        raise Invalid(message, {"arrived_at": message})
    return _claim(session, request, _create(session, given, actor, "record", actor.roles, channel, arrived_at))


def is_entered_late(session: Session, feedback: Feedback) -> bool:
    """Return whether more working hours than the profile allows lie between arrival and now."""
    calendar = calendar_of(session, feedback.agency)
    hours = int(profile_value(session, "feedback_entry_hours"))
    return now() > add_limit(calendar, feedback.received_at, hours, "working_hour")


def _request(key: str, given: NewFeedback) -> str:
    """Return what names one sending: a browser gone back to shows the old key under other words."""
    words = "\0".join((given.sender_name, given.agency_code, given.title, given.content))
    return f"feedback.request:{key}:{sha256(words.encode()).hexdigest()}"


def _claimed(session: Session, request: str) -> Feedback | None:
    """A used form is kept as a counter: its row is unique, its value the item's id."""
    if not request:
        return None
    one_at_a_time(session, request)  # a second sending waits for the first
    query = sa.select(Feedback).join(Counter, Counter.value == Feedback.id)
    return session.scalar(query.where(Counter.key == request))


def _claim(session: Session, request: str, made: Feedback) -> Feedback:
    if request:
        session.add(Counter(key=request, value=made.id))
        session.flush()
    return made


def _create(
    session: Session,
    given: NewFeedback,
    actor: Actor,
    name: str,
    roles: frozenset[Role],
    channel: str,
    at: datetime,
) -> Feedback:
    row = FEEDBACK.find(name)
    if not row.roles & roles:
        raise NotAllowed(_("You may not enter feedback here."))
    stand_by(session, actor, row.roles)
    agency = _agency(session, given.agency_code)
    because(session, action=row.name)
    feedback = Feedback(
        code=_next_code(session),
        state=str(FEEDBACK.outcome(row, None)),
        agency=agency,
        channel=channel,
        received_at=at,
        due_at=_after(session, agency, at, _answer_days(session)),
        account_id=actor.account_id if name == "send" else None,
        title=given.title,
        content=given.content,
        category=given.category,
        sender_name=given.sender_name,
        sender_phone=given.sender_phone,
        sender_email=given.sender_email,
        dossier_code=given.dossier_code,
        is_public=given.is_public,
    )
    session.add(feedback)
    session.flush()
    tell(session, feedback, row)
    return feedback


def _agency(session: Session, code: str) -> Agency:
    agency = session.scalar(sa.select(Agency).where(Agency.code == code, *current()))
    if agency is None:
        message = _("Please choose an agency from the list.")
        raise Invalid(message, {"agency": message})
    return agency


def _next_code(session: Session) -> str:
    pattern = profile_value(session, "feedback_code_pattern")
    unit, day = root_agency(session).code, to_local(now()).date()
    return render_code(pattern, unit, day, next_number(session, counter_key(pattern, unit, day)))


def _answer_days(session: Session) -> int:
    return int(profile_value(session, "feedback_answer_days"))


def _after(session: Session, agency: Agency, at: datetime, days: int) -> datetime:
    """Return the end of the last of ``days`` working days after ``at``."""
    return explained_due(add_days, calendar_of(session, agency), at, days)


def step_due(session: Session, feedback: Feedback, name: str) -> datetime | None:
    """Return by when transition ``name`` must be made; None without a limit (QĐ 766/2022)."""
    if name == "answer":
        return feedback.due_at
    start = feedback.answered_at if name == "publish" else feedback.received_at
    if name not in LIMITS or start is None:
        return None
    return _after(session, feedback.agency, start, int(profile_value(session, LIMITS[name])))


def offered(feedback: Feedback, actor: Actor) -> list[Transition[FeedbackState]]:
    """Return the moves ``actor`` may make now, the main one first; guards not asked."""
    actor = as_colleague(feedback, actor)
    rows = FEEDBACK.allowed(FeedbackState(feedback.state), actor.roles)
    return [row for row in rows if _covers(actor, row, feedback.agency)]


def _covers(actor: Actor, row: Transition[FeedbackState], agency: Agency) -> bool:
    """Return whether a post that ``row`` asks for stands at ``agency`` or above it."""
    posts = actor.positions_as(frozenset(Role(role) for role in row.roles))
    return any(_stands(agency, post) for post in posts)


def _stands(agency: Agency, post: Position) -> bool:
    return agency.path.startswith(post.path)


def accept_feedback(
    session: Session, feedback: Feedback, actor: Actor, *, agency_code: str
) -> None:
    """Take the item up and give it to the agency that must answer. Source: HCM24 Đ14.4."""
    row = _allowed(session, feedback, "accept", actor)
    agency = _agency(session, agency_code or feedback.agency.code)
    if not _covers(actor, row, agency):
        message = _("Please choose an agency within your own area.")
        raise Invalid(message, {"agency": message})
    feedback.agency = agency
    _enter(session, feedback, row)


def answer_feedback(session: Session, feedback: Feedback, actor: Actor, *, text: str) -> None:
    """Answer the sender. Raises Invalid without a text. Source: HCM24 Đ14.4."""
    row = _allowed(session, feedback, "answer", actor)
    _refuse_unless(bool(text.strip()), row)
    _reply(session, feedback, text, actor)
    _enter(session, feedback, row)


def publish_feedback(
    session: Session, feedback: Feedback, actor: Actor, *, is_read: bool, hidden: Mapping[str, str] | None = None
) -> None:
    """Show question and answer on the portal, without what ``hidden`` leaves out. Source: HUE25 Đ6.5, Đ25.1i.

    is_read, hidden: as ``texts_to_publish``, which raises Invalid.
    """
    row = _allowed(session, feedback, "publish", actor)
    _refuse_unless(feedback.is_public, row)
    texts = texts_to_publish(feedback, hidden or {}, is_read=is_read)
    feedback.public_title, feedback.public_content = texts["title"], texts["content"]
    feedback.public_answer, feedback.published_at = texts["answer"], now()
    _enter(session, feedback, row, official(N_("Read for other people’s names before publishing")))


def refuse_feedback(session: Session, feedback: Feedback, actor: Actor, *, reason: str) -> None:
    """Close an item that is not to be handled here; the reason goes to its sender."""
    row = _allowed(session, feedback, "refuse", actor)
    reason = given_reason(reason)
    _reply(session, feedback, reason, actor)
    _enter(session, feedback, row, reason)


def _reply(session: Session, feedback: Feedback, text: str, actor: Actor) -> None:
    feedback.answer = text.strip()
    feedback.answered_by_name, feedback.answered_at = acted_name(session, actor), now()


def _refuse_unless(holds: bool, row: Transition[FeedbackState]) -> None:
    """Raise Invalid with the message of the guard of ``row`` if it does not hold."""
    if not holds:
        message = _(FEEDBACK.guards[row.guard or ""])
        raise Invalid(message, {"answer": message})


def _allowed(session: Session, feedback: Feedback, name: str, actor: Actor) -> Transition[FeedbackState]:
    row = FEEDBACK.find(name)
    refuse_own(feedback, actor)
    actor = as_colleague(feedback, actor)
    if FeedbackState(feedback.state) not in row.sources or not _covers(actor, row, feedback.agency):
        raise NotAllowed(
            _(
                "%(code)s: “%(step)s” is not open to you in the present state.",
                code=feedback.code,
                step=_(row.label),
            )
        )
    stand_by(session, actor, row.roles, partial(_stands, feedback.agency))
    return row


def _enter(
    session: Session, feedback: Feedback, row: Transition[FeedbackState], reason: str | None = None
) -> None:
    because(session, action=row.name, reason=reason)
    feedback.state = str(FEEDBACK.outcome(row, FeedbackState(feedback.state)))
    session.flush()
    tell(session, feedback, row)
