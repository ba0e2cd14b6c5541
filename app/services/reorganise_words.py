"""What a reorganisation would change, to be read by the office and to be known again."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.models.reorganisation import ReorganisationKind
from app.services.reorganise_bulk import Route
from app.services.reorganise_images import value_of
from app.services.reorganise_moves import TOPICS, Change, Wish, own_desk, turns_of

Extents = dict[Route, tuple[int, int, int]]  # how many of a route, sum and greatest of their ids


def effects_of(changes: list[Change], extents: Extents) -> list[tuple[str, int]]:
    """Return (text, count) of everything that goes over, in the order of the topics."""
    counts = Counter((change.topic, change.place.name) for change in changes)
    for route, (count, *_ids) in extents.items():
        counts[route.topic, route.new.name] += count
    order = list(TOPICS)
    return [(_(TOPICS[topic], agency=name), count)
            for (topic, name), count in sorted(counts.items(), key=lambda item: order.index(item[0][0]))
            if count]  # fmt: skip


def turn_words(session: Session, wish: Wish) -> Iterator[str]:
    """Yield in words what becomes of the turns to another calendar that wait where something ends or goes along."""
    desk = own_desk(wish.source)
    ending = {agency.id for agency in (wish.source, desk) if agency is not None}
    for turn in turns_of(session, wish) if wish.kind != ReorganisationKind.split else ():
        told = {"agency": turn.agency.name, "day": f"{turn.since:%d/%m/%Y}"}
        yield (_("%(agency)s was to go by another calendar from %(day)s on. It ends before that, so nothing is counted "
                 "by it; if this act is undone, the turn stands again.", **told) if turn.agency_id in ending else
               _("%(agency)s goes by another calendar from %(day)s on; that stays so under the agency it comes to.",
                 **told))  # fmt: skip


def digest_of(changes: list[Change], extents: Extents, notes: list[str]) -> str:
    """Return a mark of what would change and of what stands there now."""
    lines = [[type(c.row).__name__, c.row.id, c.name, str(value_of(c.row, c.name)) if c.name else ""]
             for c in changes]  # fmt: skip
    lines += [[route.topic, route.name, *map(str, ids)] for route, ids in extents.items()]
    lines += [notes]
    return hashlib.sha256(json.dumps(sorted(map(str, lines))).encode()).hexdigest()[:32]
