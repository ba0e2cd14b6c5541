"""What may be added to a publication decision."""

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.models import Procedure, ProcedureVersion, PublicationDecision, PublicationItem
from app.models.procedure import VersionState
from app.services.publication import COMING
from app.text import like_pattern
from app.workflows.publication import DecisionState

PAGE_SIZE = 50


def candidates(
    session: Session, q: str = "", *, is_repeal: bool = False, after: int = 0
) -> tuple[list[ProcedureVersion], int | None]:
    """Return (versions that stand in no open decision, by id; next cursor).

    is_repeal: versions in force, to be ended, instead of those being prepared.
    """
    item, decision = PublicationItem, PublicationDecision
    taken = sa.select(item.procedure_id).join(item.decision).where(
        decision.state.in_([DecisionState.draft, DecisionState.scheduled])
    )
    states = [VersionState.published] if is_repeal else list(COMING)
    version = ProcedureVersion
    query = sa.select(version).join(version.procedure).options(joinedload(version.procedure)).where(
        version.state.in_(states), version.procedure_id.not_in(taken), version.id > after
    )
    if q:
        query = query.where(Procedure.search_text.like(like_pattern(q), escape="\\"))
    rows = list(session.scalars(query.order_by(version.id).limit(PAGE_SIZE + 1)))
    return rows[:PAGE_SIZE], rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None
