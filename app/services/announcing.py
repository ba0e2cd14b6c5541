"""What connected systems are promised when a dossier moves; nothing where none is connected."""

from sqlalchemy.orm import Session

from app.models import Dossier, Movement
from app.services.outside import is_connected, promise
from app.workflows.states import State

PORTAL, POST, DATA = "national_portal", "vnpost", "data_sources"


def announce(session: Session, dossier: Dossier) -> None:
    """Promise what follows from the transition just made (HUE25 Đ28.2, Đ28.4; QN20 Đ12.2a).

    The portal: every state. The post: a dossier that came by it, a result it is to deliver. The
    databases: asked when a dossier comes in, so that the desk finds the answer there.
    """
    if not any(map(is_connected, (PORTAL, POST, DATA))):
        return
    session.flush()  # what is promised names the movement by its number
    movement = dossier.movements[-1]
    if is_connected(PORTAL):
        promise(session, dossier, PORTAL, "state", f"state:{movement.id}", movement.id)
    if movement.source is None and dossier.channel == "post":
        promise(session, dossier, POST, "received", f"received:{dossier.id}")
    if _is_ready_for_post(dossier, movement):
        promise(session, dossier, POST, "deliver_result", f"deliver:{movement.id}", movement.id)
    if movement.source is None:
        promise(session, dossier, DATA, "lookup", f"lookup:{dossier.id}:1")


def _is_ready_for_post(dossier: Dossier, movement: Movement) -> bool:
    is_new = movement.target == State.finished and movement.source != State.finished
    return is_new and dossier.result_way == "post"
