"""A small world for applicants' tests: a ward with its desk, procedures, people, files."""

import io
from dataclasses import dataclass
from typing import Any

from PIL import Image

from app.extensions import db
from app.models import Agency, Draft, ProcedureVersion, User
from app.permissions import Actor, Role
from app.services.actors import build_actor
from app.services.submission import new_key, submit
from app.transactions import transaction
from tests import factories

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
ANSWERS = {"ho_ten": "Trần Thị Bình", "so_dinh_danh": "046190000001", "noi_dung": "Xin xác nhận"}


@dataclass
class World:
    """What a test needs to know."""

    tree: Any
    version: ProcedureVersion
    user: User

    @property
    def commune(self) -> Agency:
        """The ward that handles the procedure."""
        return self.tree.commune

    @property
    def actor(self) -> Actor:
        """The applicant."""
        return build_actor(db.session(), self.user, ip="192.0.2.7")


def make_world(**version: Any) -> World:
    """Return a world with one procedure and one applicant."""
    tree = factories.make_tree()
    return World(tree, factories.make_procedure(**version), factories.make_user(Role.citizen))


def make_draft(world: World, data: Any = None, **given: Any) -> Draft:
    """Return a draft of the world's applicant, filled in."""
    values = {
        "key": new_key(),
        "account_id": world.actor.account_id,
        "version": world.version,
        "agency": world.commune,
        "data": dict(ANSWERS if data is None else data),
    }
    draft = Draft(**values | given)
    db.session.add(draft)
    db.session.flush()
    return draft


def png(colour: str = "white", size: tuple[int, int] = (60, 80)) -> bytes:
    """Return a small picture."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, format="PNG")
    return out.getvalue()


def pdf() -> bytes:
    """Return a PDF of one page."""
    out = io.BytesIO()
    Image.new("RGB", (60, 80), "white").save(out, format="PDF")
    return out.getvalue()


def send(world: World, **draft: Any) -> Any:
    """Return a dossier that the applicant has sent, with its required paper."""
    from app.services import files

    db.session.commit()
    with transaction() as unit:
        made = make_draft(world, **draft)
        stored = files.store_upload(unit, "to-khai.pdf", pdf(), max_mb=20)
        files.attach(
            unit,
            stored,
            "Tờ khai.pdf",
            world.actor,
            draft=made,
            component=world.version.components[0],
        )
        unit.refresh(made)
        return submit(unit, made, world.actor)
