"""Reminders of explanations: before the time to answer is over, and when it is (QN20 Đ4.4)."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now
from app.lowcode.values import plain_text
from app.models import Explanation, Notice
from app.official import officially
from app.services.explanations import answerers
from app.services.notices import notice_users
from app.workflows.explanation import ExplanationState

_BATCH = 500
_AHEAD = timedelta(days=1)


def chase_explanations(session: Session) -> int:
    """Remind those who are to explain a day ahead; tell them and who asked when the time is over, each once.

    The nearest time limit first. Returns how many questions were told of now.
    """
    with officially():
        soon = _untold(session, "soon", Explanation.due_at >= now(), Explanation.due_at < now() + _AHEAD)
        for one in soon:
            title = _("Explain the delay soon: %(code)s", code=one.dossier.code)
            _tell(session, one, "soon", title, answerers(session, one))
        late = _untold(session, "late", Explanation.due_at < now())
        for one in late:
            title = _("Not explained in time: %(code)s", code=one.dossier.code)
            asked_by = {number for number in (one.asked_by_id, one.asked_for_id) if number is not None}
            _tell(session, one, "late", title, answerers(session, one) | asked_by)
    return len(soon) + len(late)


def _untold(session: Session, what: str, *conditions: sa.ColumnElement[bool]) -> Sequence[Explanation]:
    key = sa.literal("explanation:") + sa.cast(Explanation.id, sa.String) + sa.literal(f":{what}")
    query = (
        sa.select(Explanation)
        .where(Explanation.state == ExplanationState.asked, *conditions)
        .where(~sa.exists().where(Notice.key == key))
        .order_by(Explanation.due_at, Explanation.id)
        .limit(_BATCH)
    )
    return session.scalars(query).all()


def _tell(session: Session, one: Explanation, what: str, title: str, people: set[int]) -> None:
    body = _("%(question)s To be answered by %(at)s.", question=one.question or "", at=plain_text(one.due_at))
    notice_users(session, people, one.dossier, f"explanation:{one.id}:{what}", title, body)
