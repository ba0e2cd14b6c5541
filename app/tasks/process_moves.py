"""Moving all dossiers of a process: each in a transaction of its own, some hundred in one message."""

from app.services.chunks import CHUNK
from app.services.process_moving import move_next
from app.transactions import enqueue, transaction


def move_dossiers(move_id: int) -> None:
    """Go on with an act; the rest, if any, is another message, so that others come in between."""
    for _dossier in range(CHUNK):
        with transaction() as session:
            if not move_next(session, move_id):
                return
    with transaction():
        enqueue("processes.move", move_id=move_id)
