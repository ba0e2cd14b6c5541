"""``kill -9`` of web, worker, queue, database and all together while applications come in."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.extensions import db
from app.models import Dossier, Draft, Letter, MailMessage, Movement, Notice, StoredFile, User
from app.permissions import Actor
from app.services.submission import find_draft, submit
from app.storage import storage_at
from app.transactions import OutboxEvent
from tests.factories import PASSWORD
from tests.robustness.system import Browser, System, wait_until
from tests.robustness.world import World, act, count, history_faults, make_drafts, make_world

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("robustness-processes")]
SENDINGS, CLIENTS = 200, 4
# A task whose worker was killed comes back after visibility_timeout (60 s) at the latest, a
# message that was lost after 90 s; then it has to run.
DRAINED_WITHIN = 110


@pytest.fixture
def system(own_database: Flask, tmp_path: Path) -> Iterator[System]:
    with own_database.app_context():
        url = db.engine.url.render_as_string(hide_password=False)
    made = System(tmp_path / "home", url, os.environ.get("TEST_REDIS_URL", ""))
    yield made
    made.clean_up()


class _Storm:
    """Applications from several browsers; at given numbers of answers something is killed."""

    def __init__(self, system: System, kills: dict[int, Callable[[], None]]) -> None:
        self.system, self.kills = system, kills
        self.acknowledged: dict[str, str] = {}  # key of the draft → code of the dossier
        self.failures = 0
        self._lock = threading.Lock()

    def run(self, clients: list[tuple[str, list[str]]]) -> None:
        """Send all drafts, each client (username, keys) in a thread of its own."""
        with ThreadPoolExecutor(len(clients)) as pool:
            list(pool.map(lambda client: self._client(*client), clients))

    def _client(self, username: str, keys: list[str]) -> None:
        browser = Browser(self.system.port)
        browser.log_in(username, PASSWORD)
        for key in keys:
            code = browser.send_draft(key)
            with self._lock:
                self.acknowledged[key] = code
                kill = self.kills.pop(len(self.acknowledged), None)
            if kill is not None:
                kill()  # the other clients go on meanwhile
        with self._lock:
            self.failures += browser.failures


def _clients(app: Flask, world: World, keys: list[str]) -> list[tuple[str, list[str]]]:
    with app.app_context():
        names = [db.session.get_one(User, user).username for user in world.applicants]
    return [(name, keys[place :: len(names)]) for place, name in enumerate(names)]


def _kills(app: Flask, system: System) -> dict[int, Callable[[], None]]:
    def web_worker() -> None:
        pids = system.pids("gunicorn")
        system.kill([next(pid for pid in pids if pid != system.parent(pids))])

    def web() -> None:
        system.kill([system.parent(system.pids("gunicorn"))])

    def worker() -> None:
        system.kill(system.pids("celery", "worker"))

    def queue() -> None:
        system.kill(system.pids("valkey") if system.has_own_broker else system.pids("celery", "beat"))

    def everything() -> None:
        system.kill_supervisor()
        system.start()

    steps = [web_worker, worker, partial(_break_database_links, app), queue, web, everything]
    return {(place + 1) * SENDINGS // 8: step for place, step in enumerate(steps)}


def _break_database_links(app: Flask) -> None:
    """Have PostgreSQL end every session, as its restart would; SQLite has none."""
    with app.app_context():
        url = db.engine.url
    if url.get_backend_name() != "postgresql":
        return
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ))  # fmt: skip
    with app.app_context():
        db.engine.dispose()


def _is_drained(app: Flask) -> bool:
    return count(app, OutboxEvent, OutboxEvent.done_at.is_(None)) == 0


def _per_dossier(app: Flask, model: type, *conditions: object) -> list[int]:
    """Return how many rows of ``model`` each dossier has."""
    with app.app_context():
        query = sa.select(Dossier.id, sa.func.count(model.id)).outerjoin(  # type: ignore[attr-defined]
            model,
            sa.and_(model.dossier_id == Dossier.id, *conditions),  # type: ignore[attr-defined]
        )
        return [found for _id, found in db.session.execute(query.group_by(Dossier.id))]


def _assert_whole(app: Flask, system: System, world: World, sent: dict[str, str]) -> None:
    """Every acknowledged dossier is there once, with everything that belongs to it, once."""
    with app.app_context():
        query = sa.select(Draft.key, Dossier.code).join(Dossier, Draft.dossier_id == Dossier.id)
        assert dict(db.session.execute(query).all()) == sent
    serials = sorted(int(code.rpartition("-")[2]) for code in sent.values())
    assert serials == list(range(1, len(sent) + 1))
    ones = [1] * len(sent)
    assert _per_dossier(app, Letter, Letter.kind == "acknowledgement") == ones
    assert _per_dossier(app, Movement, Movement.transition == "submit") == ones
    assert _per_dossier(app, Notice, Notice.user_id.in_(world.applicants)) == ones
    for officer in world.desk_officers:
        assert _per_dossier(app, Notice, Notice.user_id == officer) == ones
    with app.app_context():
        mails = Counter(db.session.scalars(sa.select(MailMessage.key)))
        assert sorted(key.partition(":")[0] for key in mails) == sorted(sent.values())
    _assert_rendered(app, system, len(sent))
    assert history_faults(app) == []


def _assert_rendered(app: Flask, system: System, letters: int) -> None:
    """Every letter has its PDF in the store."""
    store = storage_at((system.home / "files").as_uri())
    with app.app_context():
        query = sa.select(StoredFile.sha256).join(Letter, Letter.file_id == StoredFile.id)
        shas = list(db.session.scalars(query))
    assert len(shas) == letters
    assert all(store.open(sha).startswith(b"%PDF") for sha in set(shas))


def test_nothing_is_lost_or_doubled_when_anything_is_killed(own_database: Flask, system: System) -> None:
    world = make_world(own_database, applicants=CLIENTS)
    keys = make_drafts(own_database, world, SENDINGS)
    system.start()
    kills = _kills(own_database, system)
    storm = _Storm(system, kills)

    storm.run(_clients(own_database, world, keys))

    assert kills == {}  # all were carried out
    assert storm.failures > 0  # and were noticed, or nothing was tested
    assert set(storm.acknowledged) == set(keys)
    print(f"{storm.failures} requests were asked again")
    assert wait_until(partial(_is_drained, own_database), DRAINED_WITHIN), system.logs()
    _assert_whole(own_database, system, world, storm.acknowledged)
    assert system.stop() == 0
    assert system.pids() == []


def test_a_start_after_everything_was_killed_does_what_was_promised(
    own_database: Flask, system: System
) -> None:
    world = make_world(own_database)
    keys = make_drafts(own_database, world, 12)
    system.start()

    def send(session: Session, actor: Actor, *, key: str) -> str:
        return submit(session, find_draft(session, key, actor), actor).code

    user = world.applicants[0]
    sent = {key: act(own_database, user, partial(send, key=key)) for key in keys[:8]}
    system.kill_everything()  # the worker is in the middle of them, the queue holds the rest
    sent |= {key: act(own_database, user, partial(send, key=key)) for key in keys[8:]}
    assert not _is_drained(own_database)

    system.start()

    assert wait_until(partial(_is_drained, own_database), DRAINED_WITHIN), system.logs()
    _assert_whole(own_database, system, world, sent)
    assert system.stop() == 0
    assert system.pids() == []
