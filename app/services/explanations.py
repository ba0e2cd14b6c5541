"""Explanations of delays: asked for with a time limit, given by who holds the dossier (QN20 Đ4.4)."""

from datetime import date, datetime, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now, to_local
from app.errors import Conflict, Invalid, NotAllowed
from app.history import act_by, acting_post
from app.i18n import N_
from app.lowcode.values import plain_text
from app.models import Dossier, Explanation
from app.permissions import Actor, Position, Role
from app.services import lifecycle
from app.services.apologies import is_late
from app.services.notices import holders, notice_users
from app.services.official import official
from app.services.profiles import profile_value
from app.services.reasons import given_reason
from app.services.standing import handling_post, post_over
from app.services.task_rights import is_own, persons, without_applicant
from app.services.timing import CalendarEnds, calendar_of, closing_of, explained_due
from app.workflows.explanation import EXPLANATION, ExplanationState
from app.workflows.working_time import add_days

_FARTHEST = timedelta(days=60)
_ACTS = frozenset(row.name for row in EXPLANATION.transitions)


def explanations_of(session: Session, dossier: Dossier) -> list[Explanation]:
    """Return what was asked and explained, the latest first; no statement where nothing was."""
    if not any(movement.transition in _ACTS for movement in dossier.movements):
        return []
    query = sa.select(Explanation).where(Explanation.dossier_id == dossier.id)
    return list(session.scalars(query.order_by(Explanation.id.desc())))


def pending(session: Session, dossier: Dossier) -> Explanation | None:
    """Return the question that waits to be answered, None if there is none."""
    return next((one for one in explanations_of(session, dossier) if one.state == ExplanationState.asked), None)


def overseeing_post(dossier: Dossier, actor: Actor) -> Position | None:
    """Return the post by which the actor oversees it: head of its agency, or focal point there or above."""
    if is_own(dossier, actor):
        return None
    focal = (post for post in without_applicant(dossier, actor)
             if post.role is Role.control_focal_point and dossier.agency.path.startswith(post.path))  # fmt: skip
    posts = [post for post in (post_over(dossier, actor, Role.agency_head), *focal) if post is not None]
    return min(posts, key=lambda post: post.delegation_id is not None, default=None)


def may_ask(session: Session, dossier: Dossier, actor: Actor) -> bool:
    """Return whether the actor oversees a late dossier nobody is asked about now."""
    oversees = is_late(dossier) and overseeing_post(dossier, actor) is not None
    return oversees and pending(session, dossier) is None


def usual_day(session: Session, dossier: Dossier) -> date:
    """Return by which day an explanation asked for now is due (``explanation_days``, working days)."""
    days = int(profile_value(session, "explanation_days"))
    return to_local(explained_due(add_days, calendar_of(session, dossier.agency), now(), days)).date()


def ask(session: Session, dossier: Dossier, actor: Actor, *, question: str, due_on: date | None) -> Explanation:
    """Ask those who hold a late dossier to explain the delay by the end of a day.

    Raises NotAllowed for others than who oversees it, Conflict while a question waits already, Invalid
    (fields "reason", "due_on") naming the rule.
    """
    row = EXPLANATION.find("ask_explanation")
    post = overseeing_post(dossier, actor)
    if post is None:
        lifecycle.refuse_own(dossier, actor)
        raise NotAllowed(_("Only the head of the agency or a control focal point asks for an explanation."))
    if pending(session, dossier) is not None:
        raise Conflict(_("An explanation of this delay is asked for already."))
    if not is_late(dossier):
        raise Invalid(_(EXPLANATION.guards["late"]))
    question, due_at = given_reason(question), _due_at(session, dossier, due_on)
    act_by(session, actor, post)
    lent = acting_post(session, actor)
    asked = Explanation(
        dossier=dossier, state=ExplanationState.asked, question=question, asked_at=now(), asked_by_id=actor.user_id,
        asked_for_id=lent.delegator_id if lent else None, asked_by_name=actor.name, due_at=due_at,
    )  # fmt: skip
    session.add(asked)
    lifecycle.note_step(session, dossier, row.name, actor, question, row.clause)
    session.flush()
    title = official(N_("Explain the delay: %(code)s"), code=dossier.code)
    body = official(N_("%(question)s To be answered by %(at)s."), question=question, at=plain_text(due_at))
    notice_users(session, answerers(session, asked), dossier, f"explanation:{asked.id}", title, body)
    return asked


def _due_at(session: Session, dossier: Dossier, day: date | None) -> datetime:
    today = to_local(now()).date()
    if day is None or not today <= day <= today + _FARTHEST:
        message = _("Give the day by which it is to be explained: today or later, within 60 days.")
        raise Invalid(message, {"due_on": message})
    try:
        return closing_of(session, dossier.agency, day)
    except CalendarEnds as exc:
        raise Invalid(str(exc), {"due_on": str(exc)}) from exc


def answerers(session: Session, asked: Explanation) -> set[int]:
    """Return who is told of a question: who holds or did a step at the agency, its heads; never who asked."""
    dossier = asked.dossier
    people = {task.assignee_id for task in dossier.tasks if task.agency_id == dossier.agency_id and task.is_current}
    for role in (Role.division_head, Role.agency_head):
        people |= set(holders(session, dossier.agency_id, role, with_delegates=True))
    return {one for one in people if one} - _asked_by(asked) - dossier.account.people


def _asked_by(asked: Explanation) -> frozenset[int]:
    return frozenset(number for number in (asked.asked_by_id, asked.asked_for_id) if number is not None)


def answering_post(session: Session, dossier: Dossier, actor: Actor) -> Position | None:
    """Return the post by which the actor explains: he handles it or did, and asked not himself."""
    post = handling_post(dossier, actor, {Role(name) for name in EXPLANATION.find("explain").roles})
    asked = pending(session, dossier)
    if asked is None:
        return post if is_late(dossier) else None
    return post if post is not None and _asked_by(asked).isdisjoint(persons(actor, post)) else None


def explain(session: Session, dossier: Dossier, actor: Actor, text: str) -> Explanation | None:
    """Keep the explanation of a delay: the answer to the question that waits, or one nobody asked for.

    Returns None for the same words sent twice. Raises NotAllowed for who does not handle a late dossier,
    or asked himself; Invalid (field "reason") without words.
    """
    row, post = EXPLANATION.find("explain"), answering_post(session, dossier, actor)
    if post is None:
        lifecycle.refuse_own(dossier, actor)
        raise NotAllowed(_("Only who handles a late dossier explains the delay."))
    text = given_reason(text)
    asked = pending(session, dossier)
    last = next((m for m in reversed(dossier.movements) if m.transition == row.name), None)
    if asked is None and last is not None and (last.actor_id, last.remark) == (actor.user_id, text):
        return None
    act_by(session, actor, post)
    given = asked or Explanation(dossier=dossier)
    given.state, given.answer, given.answered_at = ExplanationState.given, text, now()
    given.answered_by_id, given.answered_by_name = actor.user_id, actor.name
    session.add(given)
    lifecycle.note_step(session, dossier, row.name, actor, text, row.clause)
    session.flush()
    title = official(N_("Delay explained: %(code)s"), code=dossier.code)
    people = {*holders(session, dossier.agency_id, Role.agency_head), *_asked_by(given)} - {actor.user_id}
    notice_users(session, people, dossier, f"explained:{given.id}", title, text)
    return given


def withdrawing_post(asked: Explanation, actor: Actor) -> Position | None:
    """Return the post by which the actor withdraws a question: a head does not take back what the focal point asked."""
    post = overseeing_post(asked.dossier, actor)
    is_theirs = post is not None and (post.role is Role.control_focal_point or _asked_by(asked) & persons(actor, post))
    return post if is_theirs else None


def withdraw(session: Session, dossier: Dossier, actor: Actor, reason: str) -> None:
    """Withdraw the question that waits, with the reason.

    Raises NotAllowed for others than who asked and control focal points, Conflict once it is answered.
    """
    row, asked = EXPLANATION.find("withdraw_explanation"), pending(session, dossier)
    if overseeing_post(dossier, actor) is None:
        raise NotAllowed(_("Only who asked or a control focal point withdraws the question."))
    if asked is None:
        raise Conflict(_("This was answered or withdrawn meanwhile."))
    post = withdrawing_post(asked, actor)
    if post is None:
        raise NotAllowed(_("Only who asked or a control focal point withdraws the question."))
    reason = given_reason(reason)
    act_by(session, actor, post)
    asked.state, asked.answer = ExplanationState.withdrawn, reason
    asked.answered_at, asked.answered_by_id, asked.answered_by_name = now(), actor.user_id, actor.name
    lifecycle.note_step(session, dossier, row.name, actor, reason, row.clause)
    session.flush()
    title = official(N_("No explanation is needed any more: %(code)s"), code=dossier.code)
    notice_users(session, answerers(session, asked), dossier, f"explanation:{asked.id}:off", title, reason)
