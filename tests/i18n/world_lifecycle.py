"""The small world's extensions: one granted, one that waits."""

from typing import Any

from app.permissions import Role
from app.services import extensions


def make_lifecycle(world: Any) -> None:
    """Two dossiers in processing whose specialist needed more time."""
    session, office = world.session, world.office
    specialist, head = office[Role.specialist], office[Role.agency_head]
    for grants in (True, False):
        dossier = world._processed()
        asked = extensions.ask(session, dossier, specialist, minutes=60, reason="Cần xác minh")
        if grants:
            extensions.agree(session, asked, head, "Đồng ý")
