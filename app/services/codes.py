"""The codes of dossiers, one series for each desk."""

from sqlalchemy.orm import Session

from app.clock import to_local
from app.models import Dossier, next_number
from app.services.profiles import profile_value
from app.workflows.numbering import counter_key, render_code


def give_code(session: Session, dossier: Dossier) -> None:
    """Give a new dossier the next code of its desk, by the profile's pattern (TT 01/2018 Đ19).

    Asked as late as can be: until the transaction ends all others at that desk wait for theirs.
    """
    pattern, on = profile_value(session, "dossier_code_pattern"), to_local(dossier.submitted_at).date()
    desk, sector = dossier.desk.code, dossier.sector.code
    serial = next_number(session, counter_key(pattern, desk, on, sector=sector))
    dossier.code = render_code(pattern, desk, on, serial, sector=sector)
