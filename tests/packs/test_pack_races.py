"""Two administrators press the same button at once: one effect."""

import sqlalchemy as sa

from app.errors import Conflict
from app.extensions import db
from app.history import HistoryEntry
from app.models import PackRun, Sector
from app.packs import archive, runs, yamls
from app.packs.undoing import undo
from app.transactions import transaction
from tests.robustness.world import at_once

ABOUT = {"format": archive.FORMAT, "release": archive.RELEASE, "name": "Thử", "set": {}, "files": {}}
FILES = {
    archive.MANIFEST: yamls.dump(ABOUT),
    "sector/mot.yaml": yamls.dump({"code": "mot", "name": "Một"}),
}


def _press(app, verb, number):
    """Return a function that presses the button and says whether it had an effect."""

    def press():
        with app.app_context():
            try:
                with transaction() as session:
                    verb(session, runs.get_run(session, number, to_change=True), None)
            except Conflict:
                return False
            return True

    return press


def test_a_pack_is_applied_and_undone_once(own_database):
    app = own_database
    with app.app_context(), transaction() as session:
        run = runs.take_in(session, FILES, is_replacing=False)
        runs.plan(session, run, None)
        number = run.id
    for verb in (runs.apply, undo):
        assert sorted(at_once([_press(app, verb, number) for _one in range(3)])) == [False, False, True]
    with app.app_context():
        assert db.session.get(PackRun, number).state == "undone"
        assert db.session.scalar(sa.select(Sector.id).where(Sector.code == "mot")) is None
        entries = sa.select(HistoryEntry.action).where(HistoryEntry.record == "sector")
        assert sorted(db.session.scalars(entries)) == ["create", "delete"]
