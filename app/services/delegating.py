"""Delegations: an officer's post lent to a colleague for some days, and taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session, joinedload

from app.clock import today
from app.errors import Invalid, NotAllowed, NotFound
from app.history import because
from app.i18n import N_
from app.lowcode.values import plain_text
from app.models import Delegation, Dossier, Movement, OfficerPosition, User
from app.models.delegation import DELEGABLE, visible_delegations
from app.permissions import Actor, Role
from app.services.notices import notice_users
from app.services.official import official
from app.services.reasons import given_reason
from app.text import like_pattern
from app.transactions import locked, one_at_a_time

SHOWN = 200
_LOCK = "delegations"
_PLACES = frozenset({Role.agency_head, Role.centre_director})


@dataclass(frozen=True)
class Wish:
    """What is asked for: to whom, both days counted, by which document, why."""

    delegate_id: int
    valid_from: date | None
    valid_to: date | None
    document_number: str
    reason: str


def may_arrange(actor: Actor, user_id: int, agency_id: int) -> bool:
    """Return whether the actor arranges who stands in for an officer: he himself, his head, the system admin.

    Only in his own name: a delegate passes nothing on.
    """
    own = actor.in_own_name()
    heads = any(post.agency_id == agency_id for post in own.positions_as(_PLACES))
    return actor.user_id == user_id or heads or own.has(Role.system_admin)


def posts_to_lend(session: Session, actor: Actor, q: str = "") -> Sequence[OfficerPosition]:
    """Return the posts the actor may lend: his own, of those he heads, all (by name ``q``) as system admin."""
    own, post, day = actor.in_own_name(), OfficerPosition, today()
    places = {one.agency_id for one in own.positions_as(_PLACES)}
    condition: ColumnElement[bool] = sa.or_(post.user_id == actor.user_id, post.agency_id.in_(places))
    if own.has(Role.system_admin) and q.strip():
        condition = User.search_text.like(like_pattern(q[:200]), escape="\\")
    query = sa.select(post).join(User, User.id == post.user_id).where(condition, User.active.is_(True))
    query = query.where(post.role.in_([str(role) for role in DELEGABLE]))
    query = query.where(sa.or_(post.valid_to.is_(None), post.valid_to >= day))
    load = (joinedload(post.user), joinedload(post.agency))
    order = (post.user_id != actor.user_id, User.first_name, User.last_name, post.id)
    return session.scalars(query.options(*load).order_by(*order).limit(SHOWN)).unique().all()


def get_post(session: Session, number: int, actor: Actor) -> OfficerPosition:
    """Return a post the actor may lend. Raises NotFound, also for what he may not see."""
    post = session.get(OfficerPosition, number)
    if post is None or not may_arrange(actor, post.user_id, post.agency_id):
        raise NotFound(_("There is no such position, or you may not lend it."))
    return post


def delegates_for(session: Session, post: OfficerPosition) -> Sequence[User]:
    """Return who may stand in: those with a post at the same agency today, by name."""
    other, day = OfficerPosition, today()
    works_there = sa.exists().where(
        other.user_id == User.id, other.agency_id == post.agency_id, other.valid_from <= day,
        sa.or_(other.valid_to.is_(None), other.valid_to >= day),
    )  # fmt: skip
    query = sa.select(User).where(works_there, User.active.is_(True), User.id != post.user_id)
    return session.scalars(query.order_by(User.first_name, User.last_name, User.id)).unique().all()


def delegate(session: Session, number: int, actor: Actor, wish: Wish) -> Delegation:
    """Lend the post ``number`` to a colleague from one day to another; sent twice, it is lent once.

    Raises NotFound, or Invalid naming field and rule: to himself, in the past, without end, twice at
    a time, in a circle or passed on, or a post of administration.
    """
    one_at_a_time(session, _LOCK)
    post = get_post(session, number, actor)
    faults = _faults(session, post, wish)
    if faults or wish.valid_from is None or wish.valid_to is None:
        raise Invalid(_("Please correct the marked fields."), faults)
    known = _same(session, post, wish)
    if known is not None:
        return known
    _refuse_entangled(session, post, wish.delegate_id, wish.valid_from, wish.valid_to)
    row = Delegation(
        position=post, user_id=post.user_id, delegate_id=wish.delegate_id, agency_id=post.agency_id,
        valid_from=wish.valid_from, valid_to=wish.valid_to, is_withdrawn=False,
        document_number=wish.document_number.strip(), reason=wish.reason.strip(),
    )  # fmt: skip
    because(session, reason=row.reason)
    session.add(row)
    session.flush()
    _tell(session, row)
    return row


def _faults(session: Session, post: OfficerPosition, wish: Wish) -> dict[str, str]:
    """Return what is wrong with each field."""
    faults = {name: _("This field is required.") for name, text in (
        ("document_number", wish.document_number), ("reason", wish.reason)) if not text.strip()}
    if len(wish.document_number) > 120:
        faults["document_number"] = _("At most %(limit)d characters. You typed %(count)d.",
                                      limit=120, count=len(wish.document_number))  # fmt: skip
    faults |= day_faults(wish.valid_from, wish.valid_to)
    if Role(post.role) not in DELEGABLE:
        faults["delegate"] = _("A post of administration or supervision cannot be delegated.")
    elif wish.delegate_id == post.user_id:
        faults["delegate"] = _("Nobody stands in for himself.")
    elif wish.delegate_id not in {user.id for user in delegates_for(session, post)}:
        faults["delegate"] = _("Choose an officer who works at the same agency.")
    return faults


def day_faults(valid_from: date | None, valid_to: date | None) -> dict[str, str]:
    """Return what is wrong with two days that both count, none before today."""
    faults = {}
    if valid_from is None or valid_from < today():
        faults["valid_from"] = _("Give a day, today or later.")
    if valid_to is None:
        faults["valid_to"] = _("Give the last day.")
    elif valid_from is not None and valid_to < valid_from:
        faults["valid_to"] = _("The end must not lie before the start.")
    return faults


def _overlapping(valid_from: date, valid_to: date) -> ColumnElement[bool]:
    is_then = sa.and_(Delegation.valid_from <= valid_to, Delegation.valid_to >= valid_from)
    return sa.and_(is_then, Delegation.is_withdrawn.is_(False))


def _same(session: Session, post: OfficerPosition, wish: Wish) -> Delegation | None:
    same = sa.and_(
        Delegation.position_id == post.id, Delegation.delegate_id == wish.delegate_id,
        Delegation.valid_from == wish.valid_from, Delegation.valid_to == wish.valid_to,
        Delegation.is_withdrawn.is_(False),
    )  # fmt: skip
    return session.scalar(sa.select(Delegation).where(same).limit(1))


def _refuse_entangled(
    session: Session, post: OfficerPosition, delegate_id: int, valid_from: date, valid_to: date
) -> None:
    """Raise Invalid where one post would have two delegates, or who stands in would be stood in for."""
    for row in session.scalars(sa.select(Delegation).where(_overlapping(valid_from, valid_to), sa.or_(
        Delegation.position_id == post.id, Delegation.user_id == delegate_id, Delegation.delegate_id == post.user_id,
    ))):  # fmt: skip
        days = {"first": plain_text(row.valid_from), "last": plain_text(row.valid_to)}
        if row.position_id == post.id:
            field, message = "valid_from", _("%(name)s already stands in with this post from %(first)s to %(last)s.",
                                             name=str(row.delegate), **days)  # fmt: skip
        elif row.user_id == delegate_id:
            field, message = "delegate", _("%(name)s has delegated his own work from %(first)s to %(last)s.",
                                           name=str(row.user), **days)  # fmt: skip
        else:
            field, message = "valid_from", _("%(name)s stands in for %(other)s from %(first)s to %(last)s: what is "
                                             "delegated is not passed on.", name=str(row.delegate),
                                             other=str(row.user), **days)  # fmt: skip
        raise Invalid(message, {field: message})


def withdraw(session: Session, number: int, actor: Actor, reason: str) -> Delegation:
    """End a delegation at once; twice is once. Raises NotFound, NotAllowed, Invalid (field "reason")."""
    query = sa.select(Delegation).where(Delegation.id == number)
    row = session.scalar(locked(query, Delegation))
    if row is None or not (may_arrange(actor, row.user_id, row.agency_id) or row.delegate_id == actor.user_id):
        raise NotFound(_("There is no such delegation."))
    if not may_arrange(actor, row.user_id, row.agency_id):
        raise NotAllowed(_("Who delegated, or the head of the agency, withdraws a delegation."))
    if row.is_withdrawn:
        return row
    reason = given_reason(reason)
    because(session, action="withdraw_delegation", reason=reason)
    row.is_withdrawn = True
    session.flush()
    _tell(session, row)
    return row


def _tell(session: Session, row: Delegation) -> None:
    facts = {"delegate": str(row.delegate), "name": str(row.user)}
    title = official(N_("Withdrawn: %(delegate)s in place of %(name)s") if row.is_withdrawn else
                     N_("%(delegate)s acts in place of %(name)s"), **facts)  # fmt: skip
    body = f"{plain_text(row.valid_from)} – {plain_text(row.valid_to)}. {row.document_number}"
    key = f"delegation:{row.id}:{'withdrawn' if row.is_withdrawn else 'given'}"
    notice_users(session, [row.user_id, row.delegate_id], None, key, title, body)


def delegations_of(session: Session, actor: Actor) -> Sequence[Delegation]:
    """Return the delegations that are valid or to come, of the actor, for him, or of those he heads or watches."""
    query = sa.select(Delegation).where(Delegation.valid_to >= today(), Delegation.is_withdrawn.is_(False))
    condition = visible_delegations(actor)
    query = query if condition is None else query.where(condition)
    load = (joinedload(Delegation.position), joinedload(Delegation.user), joinedload(Delegation.delegate),
            joinedload(Delegation.agency))  # fmt: skip
    query = query.options(*load).order_by(Delegation.valid_from, Delegation.id).limit(SHOWN)
    return session.scalars(query).unique().all()


def done_in_place(session: Session, actor: Actor, before: int | None = None) -> list[tuple[Movement, str]]:
    """Return (act, dossier code) of what was done under delegations the actor may know of, the latest first.

    before: id of the last act already shown.
    """
    query = (
        sa.select(Movement, Dossier.code).join(Delegation, Delegation.id == Movement.delegation_id)
        .join(Dossier, Dossier.id == Movement.dossier_id).order_by(Movement.id.desc()).limit(SHOWN + 1)
    )  # fmt: skip
    condition = visible_delegations(actor)
    query = query if condition is None else query.where(condition)
    query = query if before is None else query.where(Movement.id < before)
    return [(movement, code) for movement, code in session.execute(query)]
