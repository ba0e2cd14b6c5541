"""Everything done in place of others: on dossiers (movements), and elsewhere (the history tells both names)."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.history import HistoryEntry
from app.models import Delegation, User
from app.models.delegation import visible_delegations
from app.permissions import Actor
from app.services.statistics import midnight

SHOWN = 100


def done_elsewhere(session: Session, actor: Actor) -> list[HistoryEntry]:
    """Return the latest acts outside dossiers under delegations the actor may know of, in two statements.

    One entry an act: that of the record itself, not those of its parts.
    """
    row = Delegation
    query = sa.select(row.delegate_id, row.valid_from, row.valid_to, User.first_name, User.last_name)
    query = query.join(User, User.id == row.user_id)
    condition = visible_delegations(actor)
    query = query if condition is None else query.where(condition)
    lent = session.execute(query.order_by(row.id.desc()).limit(SHOWN)).all()
    return list(_entries(session, lent)) if lent else []


def _entries(session: Session, lent: Sequence[sa.Row[tuple[int, object, object, str, str]]]) -> Sequence[HistoryEntry]:
    entry = HistoryEntry
    under = [
        sa.and_(
            entry.actor_id == row.delegate_id, entry.on_behalf_of == f"{row.first_name} {row.last_name}".strip(),
            entry.at >= midnight(row.valid_from), entry.at < midnight(row.valid_to + timedelta(days=1)),
        )
        for row in lent
    ]  # fmt: skip
    own = sa.and_(entry.record == entry.aggregate, entry.record_id == entry.aggregate_id)
    query = sa.select(entry).where(sa.or_(*under), own, entry.aggregate != "dossier", entry.action.not_in(["read"]))
    return session.scalars(query.order_by(entry.id.desc()).limit(SHOWN)).all()
