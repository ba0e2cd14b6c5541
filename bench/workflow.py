"""./manage bench workflow: submissions and steps over HTTP, and whether each happened exactly once."""

import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.engine import Engine

from app.extensions import db
from app.models import Dossier, Draft, Movement, Task
from app.transactions import transaction
from bench import floor_moves, lists, target
from bench import workflow_world as world
from bench.measure import counting, python_build
from bench.serving import Server, ask
from bench.workflow_world import Person

Say = Callable[[str, int, int], None]
STEPS_A_SECOND, SENDINGS_A_SECOND, MOST_STATEMENTS = 100, 40, 12
CLIENTS, WORKERS, APPLICANTS = 6, 2, 20
_DONE = (302, 303)


@dataclass
class Line:
    """What was measured of one kind of request."""

    name: str
    done: int
    a_second: float  # median of the slices
    cpu: float  # ms of the web processes per request
    statements: int
    to_floor: float | None  # CPU against the hand-written one


@dataclass
class Report:
    """The result of one run."""

    database: str
    rows: int
    lines: list[Line] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    python: str = field(default_factory=python_build)

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


@dataclass
class _Slices:
    """What one kind of request did in its turns."""

    rates: list[float] = field(default_factory=list)
    done: int = 0
    cpu: float = 0.0  # seconds


def run(rows: int, given: str, rounds: int, seconds: float, users: int, say: Say) -> Report:
    """Fill the database up to ``rows`` dossiers, act for ``rounds`` turns of ``seconds``, return the report.

    users: officers who do the steps of the one process. Raises target.Refused.
    """
    app = target.make_app(target.address(given, rows))
    with app.app_context():
        have = lists.build(rows, lambda done, total: say("Dossiers", done, total))
        with transaction() as session:
            world.prepare(session, users, APPLICANTS)
        bench = _Bench(app, db.engine, world.people(app, "benchw-s"), world.people(app, "benchw-a"))
    try:
        bench.measure(rounds, seconds, lambda done: say("Rounds", done, rounds))
        return bench.report(have)
    finally:
        bench.close()


class _Bench:
    """One run: who acts on what, and what was answered."""

    def __init__(self, app: Flask, engine: Engine, officers: list[Person], applicants: list[Person]) -> None:
        self.app, self.engine, self.officers, self.applicants = app, engine, officers, applicants
        self.by_user = {person.user_id: person for person in [*officers, *applicants]}
        self.steps: Counter[int] = Counter()  # dossier → steps that were acknowledged
        self.sent: set[str] = set()  # drafts that were acknowledged
        self.slices = {name: _Slices() for name in ("floor: step", "step", "submission")}
        self.statements: dict[str, int] = {}
        self._server: Server | None = None

    @property
    def server(self) -> Server:
        """The web server; started when first asked for, after what needs none."""
        if self._server is None:
            self.engine.dispose()  # the processes that are forked now must not share connections
            self._server = Server(floor_moves.beside(self.app), WORKERS)
        return self._server

    def close(self) -> None:
        """End the web server."""
        if self._server is not None:
            self._server.close()

    def _make(self, dossiers: int, drafts: int) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
        with self.app.app_context():
            return world.open_dossiers(dossiers), world.make_drafts([p.user_id for p in self.applicants], drafts)

    def count(self) -> None:
        """Count the statements of one request of each kind, asked in this process."""
        ((pk, code),), ((user, key),) = self._make(1, 1)
        client, path = self.app.test_client(), f"/dossier/{code}/act/finish_step"
        for _warm in range(2):
            self._post(client, self.officers[0], path, task=self._open_task(pk))
        task = self._open_task(pk)
        with counting() as steps:
            self._post(client, self.officers[0], path, task=task)
        with counting() as sendings:
            self._post(client, self.by_user[user], f"/nop-ho-so/{key}/xem-lai", **_SENDING)
        self.statements = {"floor: step": 3, "step": len(steps), "submission": len(sendings)}

    def _post(self, client: FlaskClient, person: Person, path: str, **fields: Any) -> None:
        name, _equals, value = person.cookie.partition("=")
        client.set_cookie(name, value)
        answer = client.post(path, data=fields | {"csrf_token": person.token})
        if answer.status_code not in _DONE:
            raise RuntimeError(f"{path}: HTTP {answer.status_code}")

    def _open_task(self, dossier_id: int) -> int | None:
        query = sa.select(Task.id).where(Task.dossier_id == dossier_id, Task.state == "open", Task.kind == "work")
        with self.engine.connect() as connection:
            return connection.scalar(query)

    def measure(self, rounds: int, seconds: float, say: Callable[[int], None]) -> None:
        """Let the kinds of request take turns."""
        self.count()
        self._warm()
        places = max(CLIENTS, int(seconds * STEPS_A_SECOND * 2 / world.STEPS) // CLIENTS * CLIENTS)
        for number in range(1, rounds + 1):
            open_now, drafts = self._make(places, int(seconds * SENDINGS_A_SECOND * 2))
            self._turn("floor: step", seconds, [self._touch(pk) for pk, _code in open_now[:CLIENTS]])
            shares = [open_now[place::CLIENTS] for place in range(CLIENTS)]
            self._turn("step", seconds, [self._walk(place, share) for place, share in enumerate(shares)])
            parts = [drafts[place::CLIENTS] for place in range(CLIENTS)]
            self._turn("submission", seconds, [self._send(part) for part in parts])
            self._race(open_now)
            say(number)

    def _warm(self) -> None:
        """Let every process build its statements once; nothing of it is measured."""
        open_now, drafts = self._make(CLIENTS, CLIENTS * 4)
        self._turn("step", 60, [self._walk(place, [one]) for place, one in enumerate(open_now)])
        self._turn("submission", 60, [self._send(drafts[place::CLIENTS]) for place in range(CLIENTS)])
        for name in self.slices:
            self.slices[name] = _Slices()

    def _turn(self, name: str, seconds: float, works: Sequence[Callable[[HTTPConnection, float], int]]) -> None:
        cpu, started = self.server.cpu(), time.monotonic()
        end = started + seconds

        def client(work: Callable[[HTTPConnection, float], int]) -> int:
            return work(HTTPConnection("127.0.0.1", self.server.port, timeout=60), end)

        with ThreadPoolExecutor(len(works)) as pool:
            done = sum(pool.map(client, works))
        spent, slices = time.monotonic() - started, self.slices[name]
        slices.rates.append(done / spent)
        slices.done += done
        slices.cpu += self.server.cpu() - cpu

    def _touch(self, pk: int) -> Callable[[HTTPConnection, float], int]:
        def work(link: HTTPConnection, end: float) -> int:
            done = 0
            while time.monotonic() < end:
                done += ask(link, f"{floor_moves.PREFIX}/{pk}", self.officers[0], task=1) == 200
            return done

        return work

    def _walk(self, place: int, dossiers: Sequence[tuple[int, str]]) -> Callable[[HTTPConnection, float], int]:
        """Do step after step of ``dossiers``, each dossier by an officer of its own."""

        def work(link: HTTPConnection, end: float) -> int:
            done = 0
            for number, (pk, code) in enumerate(dossiers):
                officer = self.officers[(place + number * CLIENTS) % len(self.officers)]
                while (task := self._open_task(pk)) is not None:
                    if time.monotonic() > end:
                        return done
                    if ask(link, f"/dossier/{code}/act/finish_step", officer, task=task) not in _DONE:
                        break
                    done += 1
                    self.steps[pk] += 1
            return done

        return work

    def _send(self, drafts: Sequence[tuple[int, str]]) -> Callable[[HTTPConnection, float], int]:
        def work(link: HTTPConnection, end: float) -> int:
            done = 0
            for user, key in drafts:
                if time.monotonic() > end:
                    break
                if ask(link, f"/nop-ho-so/{key}/xem-lai", self.by_user[user], **_SENDING) in _DONE:
                    done += 1
                    self.sent.add(key)
            return done

        return work

    def _race(self, dossiers: Sequence[tuple[int, str]]) -> None:
        """Let all officers finish one and the same step at once; exactly one may be told that he did."""
        pk, code = dossiers[-1]
        task = self._open_task(pk)
        if task is None:
            return

        def finish(officer: Person) -> bool:
            link = HTTPConnection("127.0.0.1", self.server.port, timeout=120)
            return ask(link, f"/dossier/{code}/act/finish_step", officer, task=task) in _DONE

        with ThreadPoolExecutor(min(50, len(self.officers))) as pool:
            self.steps[pk] += sum(pool.map(finish, self.officers))

    def report(self, rows: int) -> Report:
        """Return what was measured, and whether the database holds exactly what was acknowledged."""
        found = Report(f"{self.engine.dialect.name} ({self.engine.url.render_as_string()})", rows)
        base = self.slices["floor: step"]
        for name, slices in self.slices.items():
            cpu = slices.cpu / max(1, slices.done)
            floor = base.cpu / max(1, base.done)
            ratio = round(cpu / floor, 2) if floor and name != "floor: step" else None
            rate = round(statistics.median(slices.rates), 1)
            found.lines.append(Line(name, slices.done, rate, round(cpu * 1000, 2), self.statements[name], ratio))
        rates = {line.name: line.a_second for line in found.lines}
        found.checks = [
            _check("steps a second", rates["step"], least=STEPS_A_SECOND),
            _check("submissions a second", rates["submission"], least=SENDINGS_A_SECOND),
            _check("statements of a step", self.statements["step"], most=MOST_STATEMENTS),
            _check("steps lost or doubled", self._wrong_steps(), most=0),
            _check("submissions lost or doubled", self._wrong_sendings(), most=0),
        ]
        return found

    def _wrong_steps(self) -> int:
        """Return for how many dossiers the steps on record are not those that were acknowledged."""
        query = sa.select(Movement.dossier_id, sa.func.count()).where(
            Movement.dossier_id.in_(list(self.steps)), Movement.transition.in_(("finish_step", "finish"))
        )
        with self.engine.connect() as connection:
            known: dict[int, int] = dict(map(tuple, connection.execute(query.group_by(Movement.dossier_id))))
        return sum(known.get(pk, 0) != number for pk, number in self.steps.items())

    def _wrong_sendings(self) -> int:
        """Return how many acknowledged drafts have no dossier, or share theirs with another."""
        query = sa.select(Draft.key, Dossier.id).join(Dossier, Dossier.id == Draft.dossier_id)
        with self.engine.connect() as connection:
            known = dict(connection.execute(query.where(Draft.key.in_(self.sent))).all())
        return len(self.sent) - len(set(known.values()))


_SENDING = {"result_way": "desk", "consent": "1", "row_version": "1"}


def _check(name: str, value: float, *, least: float | None = None, most: float | None = None) -> dict[str, Any]:
    is_met = value >= least if least is not None else value <= (most or 0)
    bound = f"≥ {least}" if least is not None else f"≤ {most}"
    return {"name": f"{name} {bound}", "value": value, "is_met": is_met}
