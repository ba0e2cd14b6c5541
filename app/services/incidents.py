"""Incidents: whom they concern, and who decides about their time (HUE25 Đ23, Đ24.5; TTH17 Đ21)."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload

from app.clock import now
from app.errors import NotFound
from app.models import Agency, IncidentNotice
from app.permissions import Actor, Role
from app.services.users import root_agency
from app.transactions import locked

# The operator declares; about people's time decides who answers for the agencies concerned.
DECIDERS = frozenset({Role.control_focal_point, Role.agency_head, Role.centre_director})
SHOWN = 50


def get_incident(session: Session, number: int, *, to_change: bool = False) -> IncidentNotice:
    """Return an incident; raises NotFound. to_change: locked, and read again."""
    query = sa.select(IncidentNotice).where(IncidentNotice.id == number)
    if to_change:
        query = locked(query, IncidentNotice)
    found = session.scalar(query)
    if found is None:
        raise NotFound(_("There is no such incident."))
    return found


def recent(session: Session) -> Sequence[IncidentNotice]:
    """Return the latest incidents, the last one first."""
    query = sa.select(IncidentNotice).options(joinedload(IncidentNotice.agency))
    return session.scalars(query.order_by(IncidentNotice.starts_at.desc()).limit(SHOWN)).all()


def scope_of(session: Session, incident: IncidentNotice) -> Agency:
    """Return the agency that is concerned with all below it: the root, for the whole system."""
    return incident.agency or root_agency(session)


def may_decide(session: Session, incident: IncidentNotice, actor: Actor) -> bool:
    """Return whether the actor answers for every agency that the incident concerns."""
    path = scope_of(session, incident).path
    return any(path.startswith(post.path) for post in actor.positions_as(DECIDERS))


def covering(session: Session, desk: Agency, at: datetime | None = None) -> list[IncidentNotice]:
    """Return the incidents declared for a desk that went on at ``at`` (None: at any time)."""
    query = sa.select(IncidentNotice).options(joinedload(IncidentNotice.agency))
    if at is not None:
        query = query.where(
            IncidentNotice.starts_at <= at,
            sa.func.coalesce(IncidentNotice.ended_at, now()) >= at,
        )
    rows = session.scalars(query.order_by(IncidentNotice.starts_at.desc()).limit(SHOWN))
    return [row for row in rows if row.agency is None or desk.path.startswith(row.agency.path)]
