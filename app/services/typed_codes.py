"""Codes of dossiers as people type them from a slip: without the dots and hyphens that part them."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Agency, Sector
from app.services.profiles import profile_value
from app.workflows.numbering import bare, read_code


def written_out(session: Session, typed: str) -> list[str]:
    """Return the codes that ``typed`` is when dots and hyphens are left out; at most one for each agency.

    They are made from the pattern of codes in force and the codes of agencies, so that no dossier is looked through.
    """
    pattern, plain = profile_value(session, "dossier_code_pattern"), bare(typed)
    code = sa.func.replace(sa.func.replace(sa.func.upper(Agency.code), ".", ""), "-", "")
    units = session.scalars(sa.select(Agency.code).where(sa.literal(plain).like("%" + code + "%"))).all()
    sectors = session.scalars(sa.select(Sector.code)).all() if units and "{sector}" in pattern else [""]
    found = (read_code(pattern, plain, unit, sector=sector) for unit in units for sector in sectors)
    return [one for one in found if one is not None]
