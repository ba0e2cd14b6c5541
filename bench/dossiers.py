"""Dossiers of several years with all their parts, made in batches that survive a Ctrl-C."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from app.models import Dossier
from app.models.dossier_place import place_again
from app.packs.people import NameMaker
from app.text import fold
from app.types import pairs_vector
from app.workflows.states import State
from bench import bulk
from bench.catalogs import Catalogs

BATCH = 5_000
HISTORY_PER_DOSSIER = 5
_NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
_SPAN = timedelta(days=3 * 365)
# Old dossiers are over; of the newest tenth many are still on their way.
_OVER = ((State.returned, 92), (State.refused, 4), (State.stopped, 4))
_OPEN = ((State.returned, 30), (State.processing, 35), (State.registered, 8), (State.accepted, 8),
         (State.finished, 10), (State.supplement_requested, 7), (State.payment_requested, 2))  # fmt: skip
_NAMES = 20_000
_HASH = "0" * 64

COLUMNS = {
    "dossier": "id code state version_id procedure_id sector_id agency_id desk_id channel account_id "
    "applicant_name applicant_id_number applicant_phone submitted_at reception_due_at received_at "
    "original_due_at due_at finished_at returned_at closed_at supplement_count step_name result_way "
    "search_text search_pairs row_version",
    "form_revision": "dossier_id number data at author_name row_version",
    "charge": "dossier_id name kind amount state row_version",
    "movement": "dossier_id at transition source target actor_name agency_name row_version",
    "task": "dossier_id step_id position name kind role agency_id state opened_at due_at finished_at "
    "row_version",
    "letter": "dossier_id kind data created_at cause row_version",
    "history": "aggregate aggregate_id seq at actor_name action record record_id changes previous_hash hash",
}  # fmt: skip


def fill(engine: Engine, catalogs: Catalogs, rows: int, say: Callable[[int, int], None]) -> int:
    """Bring the number of dossiers up to ``rows``; returns how many there are.

    Each batch is one transaction with ids that follow the last one: begun anew, it goes on.
    """
    with engine.connect() as connection:
        last = connection.execute(sa.text("SELECT coalesce(max(id), 0) FROM dossier")).scalar_one()
    have, maker = int(last), Maker(catalogs, rows)
    if have >= rows:
        return have
    while have < rows:
        upto = min(have + BATCH, rows)
        with engine.begin() as connection:
            bulk.prepare(connection)
            _insert(connection, [maker.make(number) for number in range(have + 1, upto + 1)])
            made = sa.select(Dossier.__table__.c.id).where(Dossier.__table__.c.id > have)
            place_again(connection, made)
        have = upto
        say(have, rows)
    with engine.begin() as connection:
        bulk.settle(connection, ["dossier"])
    return have


def _insert(connection: Any, made: list[dict[str, list[tuple[Any, ...]]]]) -> None:
    for table, columns in COLUMNS.items():
        rows = chain.from_iterable(one[table] for one in made)
        bulk.insert(connection, table, columns.split(), rows)


class Maker:
    """Makes the rows of dossier number n; the same n gives the same rows."""

    def __init__(self, catalogs: Catalogs, rows: int) -> None:
        self.catalogs, self.rows = catalogs, rows
        names = NameMaker(1, "hue")
        self.people = [names.name(("male", "female")[n % 2]) for n in range(min(_NAMES, rows))]
        self.shares = [share for _agency, _desk, share in catalogs.places]

    def make(self, number: int) -> dict[str, list[tuple[Any, ...]]]:
        """Return {table: rows} of one dossier."""
        rng = random.Random(number)
        agency, desk, _share = rng.choices(self.catalogs.places, self.shares)[0]
        version, procedure, sector = rng.choice(self.catalogs.versions)
        at = _NOW - _SPAN * (1 - number / self.rows) - timedelta(minutes=rng.randint(1, 999))
        kinds = _OPEN if number > self.rows * 0.9 else _OVER
        state = rng.choices([k for k, _ in kinds], [w for _, w in kinds])[0]
        code = f"H57.{agency}-{at:%y%m%d}-{number:07}"
        name, id_number = rng.choice(self.people), f"046{rng.randrange(10**9):09}"
        due = at + timedelta(days=rng.randint(1, 20))
        received = at + timedelta(hours=3) if state is not State.registered else None
        over = due - timedelta(days=rng.randint(-2, 1)) if state in _DONE else None
        step = self.catalogs.steps[1][1] if state is State.processing else None
        dossier = (
            number, code, int(state), version, procedure, sector, agency, desk,
            rng.choice(("online", "counter")), rng.choice(self.catalogs.accounts), name, id_number,
            f"09{rng.randrange(10**8):08}", at, at + timedelta(hours=8), received, due, due, over,
            over if state is State.returned else None, over if state is State.returned else None,
            0, step, "desk", fold(f"{code} {name} {id_number}"), pairs_vector(name), 1,
        )  # fmt: skip
        return {"dossier": [dossier], **self._parts(number, agency, desk, state, at, due, over, name)}

    def _parts(
        self, number: int, agency: int, desk: int, state: State, at: datetime, due: datetime,
        over: datetime | None, name: str,
    ) -> dict[str, list[tuple[Any, ...]]]:  # fmt: skip
        data = json.dumps({"ho_ten": name, "noi_dung": "Đề nghị cấp giấy xác nhận"}, ensure_ascii=False)
        place = self.catalogs.names[agency]
        course = ((None, 1, "submit"), (1, 2, "accept"), (2, 4, "start"), (4, int(state), "finish"))
        return {
            "form_revision": [(number, 1, data, at, name, 1)],
            "charge": [(number, "Lệ phí", "le_phi", 50_000, "due", 1)],
            "movement": [(number, at + timedelta(hours=place_no), transition, source, target, name, place, 1)
                         for place_no, (source, target, transition) in enumerate(course)],
            "task": list(self._tasks(number, agency, desk, state, at, due, over)),
            "letter": [(number, "receipt_slip", data, at, "accept", 1)],
            "history": [("dossier", number, seq, at, name, "update", "dossier", number, "{}", _HASH, _HASH)
                        for seq in range(1, HISTORY_PER_DOSSIER + 1)],
        }  # fmt: skip

    def _tasks(
        self, number: int, agency: int, desk: int, state: State, at: datetime, due: datetime,
        over: datetime | None,
    ) -> Iterator[tuple[Any, ...]]:  # fmt: skip
        for position, (step, name, kind, role) in enumerate(self.catalogs.steps[:2], 1):
            is_open = state is State.processing and position == 2
            yield (number, step, position, name, kind, role, desk if position == 1 else agency,
                   "open" if is_open else "done", at, due, None if is_open else over or at, 1)  # fmt: skip


_DONE = frozenset({State.returned, State.finished, State.refused, State.stopped})
