"""In whose place acts outside dossiers are done: publication, feedback, approvals, reports, incidents.

The post that opens an act is said once per transaction, one's own before a delegated one; the history
then tells both names (``history.act_by``), as it does for dossiers.
"""

from collections.abc import Callable, Iterable

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import NotAllowed
from app.history import HistoryEntry, Key, act_by, acting_post
from app.i18n import N_
from app.permissions import Actor, Position, Role
from app.services.official import official
from app.services.task_rights import persons

_READING = ("read", "read_file")


def stand_by(
    session: Session, actor: Actor, roles: Iterable[str], fits: Callable[[Position], bool] = lambda _post: True
) -> Position | None:
    """Say by which post of ``roles`` the actor acts, his own first; returns it, None without one that ``fits``."""
    wanted = frozenset(Role(role) for role in roles)
    posts = [post for post in actor.positions_as(wanted) if fits(post)]
    post = min(posts, key=lambda one: one.delegation_id is not None, default=None)
    if post is not None:
        act_by(session, actor, post)
    return post


def acted_name(session: Session, actor: Actor) -> str:
    """Return who acts, as it is stored: with whom he stands for, if he does."""
    lent = acting_post(session, actor)
    if lent is None:
        return actor.name
    return official(N_("%(delegate)s in place of %(name)s"), delegate=actor.name, name=lent.delegator)[:255]


def refuse_self_approval(session: Session, keys: Iterable[Key], actor: Actor, post: Position | None) -> None:
    """Raise NotAllowed if a delegate would decide on records that he, or whom he stands for, worked on."""
    if post is None or post.delegation_id is None:
        return
    entry = HistoryEntry
    query = sa.select(entry.id).where(
        sa.tuple_(entry.aggregate, entry.aggregate_id).in_(list(keys)), entry.action.not_in(_READING),
        entry.actor_id.in_(persons(actor, post)),
    )  # fmt: skip
    if session.scalar(query.limit(1)) is not None:
        raise NotAllowed(_("A delegate does not decide on what he, or the one he stands for, prepared."))
