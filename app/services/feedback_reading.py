"""Reading feedback: what the public sees, and what waits for an officer."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload

from app.errors import NotFound
from app.history import HIDDEN
from app.lowcode.listing import visible
from app.models import Feedback
from app.permissions import Actor
from app.services.lookup import clean_code, mask_name
from app.services.paging import Slice, slice_of
from app.text import fold, like_pattern
from app.workflows.feedback import FeedbackState

PAGE_SIZE = 10
DESK_SIZE = 25
MOST_FOUND = 500
# Phone numbers and personal numbers begin with 0 (or +84); amounts of money do not.
_NUMBER = re.compile(r"(?<![\d.])(?:\+84|0)(?:[ .\-]?\d){8,11}(?!\d)")
_PERSONAL_NUMBER = re.compile(r"(?<!\d)0\d{11}(?!\d)")
_EMAIL = re.compile(r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+")
# How somebody is addressed in Vietnamese, before his given name alone.
_SPOKEN = "|".join(word for one in ("ông", "bà", "anh", "chị", "cô", "chú", "bác", "em") for word in (one, one.title()))
_WAITING = (FeedbackState.received, FeedbackState.accepted)


@dataclass(frozen=True)
class PublicFeedback:
    """A feedback item as anybody may see it; content and answer only once published."""

    code: str
    state: FeedbackState
    category: str
    agency: str
    received_at: datetime
    due_at: datetime
    answered_at: datetime | None
    title: str = ""
    content: str = ""
    answer: str = ""
    sender: str = ""

    @property
    def is_published(self) -> bool:
        """Whether question and answer may be read."""
        return self.state is FeedbackState.published


def without_personal_data(text: str) -> str:
    """Return ``text`` without phone numbers, personal numbers and e-mail addresses."""
    return _EMAIL.sub(HIDDEN, _NUMBER.sub(HIDDEN, text))


def without_name(text: str, name: str) -> str:
    """Return ``text`` with the initials in place of ``name``: whole, without its family name, or after "ông", "bà"."""
    words = [re.escape(word) for word in name.split()]
    if not words:
        return text
    said = [words] + ([words[1:]] if len(words) > 2 else [])
    for found in (r"\s+".join(part) for part in said):
        text = re.sub(rf"(?<!\w){found}(?!\w)", lambda match: mask_name(match[0]), text, flags=re.IGNORECASE)
    spoken = rf"(?<!\w)((?:{_SPOKEN})\s+)({words[-1]})(?!\w)"
    return re.sub(spoken, lambda match: match[1] + mask_name(match[2]), text)


def public_view(feedback: Feedback, *, as_published: bool = False) -> PublicFeedback:
    """Return what anybody may see of ``feedback``; as_published: what it would be once it is published."""
    state = FeedbackState.published if as_published else FeedbackState(feedback.state)
    said = {}
    if feedback.public_content is not None and feedback.state == FeedbackState.published:
        said = {"title": feedback.public_title or "", "content": feedback.public_content,
                "answer": feedback.public_answer or "", "sender": mask_name(feedback.sender_name)}  # fmt: skip
    elif state is FeedbackState.published:
        said = {
            name: without_name(text, unicodedata.normalize("NFC", feedback.sender_name))
            for name, text in (
                ("title", without_personal_data(_composed(feedback.title))),
                ("content", without_personal_data(_composed(feedback.content))),
                ("answer", _public_answer(feedback)),
            )
        } | {"sender": mask_name(feedback.sender_name)}
    return PublicFeedback(
        feedback.code,
        state,
        feedback.category,
        feedback.agency.name,
        feedback.received_at,
        feedback.due_at,
        feedback.answered_at,
        **said,
    )


def _composed(text: str | None) -> str:
    """One sign a letter: a name typed with marks apart is the same name."""
    return unicodedata.normalize("NFC", text or "")


def _public_answer(feedback: Feedback) -> str:
    """The agency's own telephone may stand in its answer; what is the sender's may not."""
    text = _PERSONAL_NUMBER.sub(HIDDEN, _composed(feedback.answer))
    for own in (feedback.sender_phone, feedback.sender_email):
        text = text.replace(own, HIDDEN) if own else text
    return text


def find_published(session: Session, q: str, page: int) -> Slice[PublicFeedback]:
    """Return published items whose code or public title holds every word of ``q``, the newest first."""
    query = sa.select(Feedback).where(Feedback.state == str(FeedbackState.published))
    words = fold(q).split()[:8]
    if words:
        query = query.where(Feedback.id.in_(_holding(session, words)))
    found = slice_of(
        session,
        query,
        page,
        PAGE_SIZE,
        prepare=lambda rows: rows.options(joinedload(Feedback.agency)).order_by(
            Feedback.published_at.desc(), Feedback.id.desc()
        ),
    )
    return Slice([public_view(row) for row in found.rows], found.page, found.total, found.size)


def _holding(session: Session, words: list[str]) -> list[int]:
    """Return the published items with ``words`` in what everybody may read, the newest MOST_FOUND looked through.

    The stored text for searching holds the whole title, and the sender: who tries phone numbers there must not
    learn that one was right.
    """
    query = sa.select(Feedback.id, Feedback.code, Feedback.title, Feedback.public_title, Feedback.sender_name)
    query = query.where(Feedback.state == str(FeedbackState.published))
    for word in words:
        query = query.where(Feedback.search_text.like(like_pattern(word), escape="\\"))
    rows = session.execute(query.order_by(Feedback.published_at.desc(), Feedback.id.desc()).limit(MOST_FOUND))
    shown = ((row.id, fold(f"{row.code} {row.public_title or _public_title(row.title, row.sender_name)}"))
             for row in rows)  # fmt: skip
    return [number for number, text in shown if all(word in text for word in words)]


def _public_title(title: str, sender_name: str) -> str:
    return without_name(without_personal_data(_composed(title)), _composed(sender_name))


def get_public(session: Session, typed: str) -> PublicFeedback:
    """Return the public view of the item with this code; raises NotFound."""
    code = clean_code(typed)
    query = sa.select(Feedback).where(Feedback.code.in_({code, code.upper()}))
    feedback = session.scalar(query.options(joinedload(Feedback.agency))) if code else None
    if feedback is None:
        raise NotFound(_("No feedback with this code was found. Please compare the code."))
    return public_view(feedback)


def waiting_for(session: Session, actor: Actor, page: int) -> Slice[Feedback]:
    """Return what is to be accepted, answered or published in the actor's area, by due date."""
    is_answered = Feedback.state == str(FeedbackState.answered)
    to_publish = sa.and_(is_answered, Feedback.is_public.is_(True))
    open_ones = Feedback.state.in_([str(state) for state in _WAITING])
    query = visible(Feedback, actor).where(sa.or_(open_ones, to_publish))
    return slice_of(
        session,
        query,
        page,
        DESK_SIZE,
        prepare=lambda rows: rows.options(joinedload(Feedback.agency)).order_by(
            Feedback.due_at, Feedback.id
        ),
    )
