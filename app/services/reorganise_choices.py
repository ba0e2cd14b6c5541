"""What may be chosen to go along when a new agency is split off."""

from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.lowcode.collation import in_order
from app.models import Agency, Division, Dossier, Sector
from app.permissions import ROLE_LABELS, Role
from app.services.reorganise_moves import posts_at
from app.workflows.states import FINAL

Options = list[tuple[int, str]]


@dataclass(frozen=True)
class Choices:
    """(id, text) of the divisions, of the posts, and of the sectors with running dossiers."""

    divisions: Options
    posts: Options
    sectors: Options


def choices_of(session: Session, agency: Agency) -> Choices:
    """Return what ``agency`` could hand over, in three statements."""
    divisions = session.scalars(sa.select(Division).where(Division.agency_id == agency.id).order_by(Division.code))
    posts = [(post.id, f"{post.user.get_full_name()} – {_(ROLE_LABELS[Role(post.role)])}")
             for post in posts_at(session, agency)]  # fmt: skip
    return Choices([(row.id, f"{row.code} – {row.name}") for row in divisions], posts, _sectors(session, agency))


def _sectors(session: Session, agency: Agency) -> Options:
    count = sa.func.count()
    query = (
        sa.select(Sector.id, Sector.name, count)
        .join(Dossier, Dossier.sector_id == Sector.id)
        .where(Dossier.agency_id == agency.id, Dossier.state.not_in(FINAL))
        .group_by(Sector.id, Sector.name)
        .order_by(in_order(Sector.name))
    )
    return [(number, _("%(sector)s (%(count)d running)", sector=name, count=running))
            for number, name, running in session.execute(query)]  # fmt: skip
