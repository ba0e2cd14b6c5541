"""Corrections of one import sent from several tabs at once, and beside its being applied."""

import pytest

from app.clock import now
from app.errors import Conflict
from app.extensions import db
from app.lowcode.exchange import runs
from app.lowcode.exchange.corrections import Corrections
from app.lowcode.exchange.run import ImportRun
from app.models import User
from app.permissions import Role, acting_as
from app.services.actors import build_actor
from app.transactions import transaction
from tests.clients import settle
from tests.exchange.books import book
from tests.factories import make_user
from tests.robustness.world import at_once
from tests.wording import vi

SECTORS = vi("Sectors")
ROWS = 8


@pytest.fixture
def faulty(own_database):
    """A checked import, each of its rows wrong in a way of its own, and who sent it."""
    with own_database.app_context():
        user = make_user(Role.catalog_admin)
        settle()
        head = [vi("Code"), vi("Name"), vi("In use")]
        content = book({SECTORS: [head, *[[f"c{n}", "Tên", f"sai {n}"] for n in range(ROWS)]]})
        with transaction() as session:
            made = ImportRun(
                target="Sector", file_name="a.xlsx", user_id=user.id, user_name="", locale="vi", created_at=now(),
                touched_at=now(), state="waiting", content=content, corrections=[], skipped=[], counts=[],
            )  # fmt: skip
            session.add(made)
            session.flush()
            number = made.id
        with acting_as(build_actor(db.session(), user)):
            runs.check(number)
        return own_database, user.id, number


def _tab(app, user_id, act):
    """Return a function that does ``act`` as the sender, in a session of its own."""

    def press():
        with app.app_context(), acting_as(build_actor(db.session(), db.session.get(User, user_id))):
            return act()

    return press


def test_what_tabs_send_at_once_is_all_kept(faulty):
    app, user_id, number = faulty
    places = [(SECTORS, row, 2) for row in range(2, ROWS + 2)]
    tabs = [_tab(app, user_id, lambda place=place: runs.keep("Sector", number, Corrections({place: "Có"})))
            for place in places]  # fmt: skip
    assert at_once(tabs) == [None] * ROWS
    with app.app_context():
        assert db.session.get(ImportRun, number).corrections == [[*place, "Có"] for place in places]


@pytest.mark.parametrize("verb", [runs.keep, runs.correct])
def test_an_import_applied_meanwhile_stays_so(faulty, verb):
    app, user_id, number = faulty

    def late():
        stale = db.session.get(ImportRun, number)
        assert stale.state == "checked"

        def applied():
            with app.app_context(), transaction() as session:
                session.get(ImportRun, number).state = "applied"

        at_once([applied])
        with pytest.raises(Conflict):
            verb("Sector", number, Corrections({(SECTORS, 2, 2): "Có"}))

    _tab(app, user_id, late)()
    with app.app_context():
        assert db.session.get(ImportRun, number).state == "applied"
