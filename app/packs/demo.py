"""The Huế demo: the pack's configuration, its people, and 120 days of work."""

from collections.abc import Callable

import sqlalchemy as sa

from app.extensions import db
from app.models import OutboxEvent, Procedure
from app.packs.demo_dossiers import DossierMaker
from app.packs.demo_feedback import load_feedback
from app.packs.loader import PackLoader
from app.packs.people import NameMaker, list_logins, load_people
from app.permissions import Actor, Role, acting_as
from app.services.users import root_agency

Progress = Callable[[str, int, int], None]
FOLDER = "hue"
DOSSIERS = 400
_SEED = 20260701


def load_demo(progress: Progress) -> bool:
    """Load the demo into an empty system; False if it is already there.

    Runs inside the caller's transaction: a start that is killed begins anew.
    """
    session = db.session()
    if session.scalar(sa.select(Procedure.id).limit(1)) is not None:
        return False
    with acting_as(Actor(name="Nạp dữ liệu minh họa")):
        pack = PackLoader(session, FOLDER)
        parts = (
            pack.load_calendars, pack.load_units, pack.load_agencies, pack.load_shared_catalogs, pack.load_catalogs,
            pack.load_procedures, pack.load_profiles, lambda: load_people(session, pack),
        )  # fmt: skip
        for number, part in enumerate(parts, 1):
            progress("Danh mục / Catalogs", number, len(parts))
            part()
        names = NameMaker(_SEED, FOLDER)
        maker = DossierMaker(session, pack, names)
        maker.make(DOSSIERS, progress)
        handler = maker.actor_at(root_agency(session), Role.control_focal_point)
        if handler is not None:
            load_feedback(session, pack, names, handler, progress)
    _forget_side_effects()
    return True


def _forget_side_effects() -> None:
    """The demo's past needs no e-mail and no rendering ahead: letters are made when opened."""
    session = db.session()
    session.flush()
    session.execute(sa.delete(OutboxEvent))


def demo_logins() -> list[dict[str, str]]:
    """Return who can log in to the demo, by role; [] if it is not loaded."""
    if db.session.scalar(sa.select(Procedure.id).limit(1)) is None:
        return []
    return list_logins()
