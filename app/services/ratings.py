"""Ratings: one per dossier, by its applicant, once it is decided (NĐ 61/2018 Đ29–31)."""

from collections.abc import Mapping

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict, Invalid, NotAllowed
from app.models import Dossier, Rating
from app.models.rating import CRITERIA, SCORES
from app.permissions import Actor
from app.services.eform_columns import Column
from app.services.eform_values import tidy
from app.workflows.states import State

# The work is over for the applicant: with a result, refused or stopped.
RATEABLE = frozenset({State.refused, State.stopped, State.finished, State.returned})
MAX_COMMENT = 2_000


def is_rateable(dossier: Dossier) -> bool:
    """Return whether the dossier may be rated now: decided, and not rated yet."""
    return State(dossier.state) in RATEABLE and dossier.rating is None


def rate(
    session: Session, dossier: Dossier, actor: Actor, *,
    score: str, criteria: Mapping[str, str | None], comment: str | None,
) -> Rating:  # fmt: skip
    """Return the applicant's rating of a dossier.

    score, criteria: "1" to "5"; a criterion may be left out. Raises NotAllowed for anyone else
    or too early, Conflict the second time, Invalid by field.
    """
    if actor.account_id is None or dossier.account_id != actor.account_id:
        raise NotAllowed(_("Only the applicant rates the dossier."))
    if State(dossier.state) not in RATEABLE:
        raise NotAllowed(_("The dossier can be rated once it has been answered."))
    if dossier.rating is not None:
        raise Conflict(_("You have rated this dossier already. Thank you."))
    overall, answers, text = _checked(score, criteria, comment)
    rating = Rating(dossier=dossier, score=overall, answers=answers, comment=text, at=now())
    session.add(rating)
    session.flush()
    return rating


def _checked(
    score: str, criteria: Mapping[str, str | None], comment: str | None
) -> tuple[int, dict[str, int], str | None]:
    marks = {str(value) for value in SCORES}
    faults = {} if score in marks else {"score": _("Please choose from 1 to 5.")}
    given = {key: value for key in CRITERIA if (value := criteria.get(key))}
    faults |= {key: _("Please choose from 1 to 5.") for key, v in given.items() if v not in marks}
    text = tidy(Column("comment", "", "textarea"), comment)
    if text and len(text) > MAX_COMMENT:
        faults["comment"] = _("At most %(limit)d characters. You typed %(count)d.",
                              limit=MAX_COMMENT, count=len(text))  # fmt: skip
    if faults:
        raise Invalid(_("Please correct what is marked."), faults)
    return int(score), {key: int(value) for key, value in given.items()}, text
