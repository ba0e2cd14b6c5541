"""The extensions that wait for one officer."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from app.models import Dossier, Extension
from app.permissions import Actor
from app.services.extensions import may_decide
from app.services.inbox_scope import waiting_extensions
from app.workflows.extension import PENDING

MOST = 200


def find_waiting(session: Session, actor: Actor) -> Sequence[Extension]:
    """Return what the actor may decide now, the nearest due date first, at most MOST."""
    parts = waiting_extensions(actor)
    if not parts:
        return []
    query = (
        sa.select(Extension)
        .join(Extension.dossier)
        .where(Extension.dossier_id.in_(sa.union(*parts)), Extension.state.in_(list(PENDING)))
        .options(contains_eager(Extension.dossier).options(
            joinedload(Dossier.procedure), joinedload(Dossier.agency), joinedload(Dossier.account),
            selectinload(Dossier.tasks)))
        .order_by(Dossier.due_at, Extension.id)
        .limit(MOST)
    )  # fmt: skip
    return [row for row in session.scalars(query) if may_decide(row, actor)]
