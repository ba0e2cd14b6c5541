"""./manage bench lists: the generated screens on many dossiers, as each role sees them."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.lowcode.cursors import token_of
from app.lowcode.rows import visible
from app.models import Dossier
from app.permissions import Actor, acting_as
from app.services.actors import build_actor
from app.services.sessions import begin_session
from app.services.users import settings_of
from app.transactions import transaction
from app.workflows.states import State
from bench import catalogs, django_stock, dossiers, floor, measure, memory, screens, stock, target
from bench.measure import Answer, Case, python_build, timed
from bench.stock import SETTINGS, Stock

Say = Callable[[str, int, int], None]
LIST = "list, page 1"
DEEP = "list, page at 90 %"
MOST_STATEMENTS, DEEP_RATIO, ROLE_RATIO = 3, 1.3, 1.5
_MAX_PROCEDURES, _MAX_ACCOUNTS = 2000, 5000
_REFERENCE = next(iter(catalogs.VIEWERS))


@dataclass
class Line:
    """What was measured of one case; times in ms, ratios against the baselines of this run."""

    name: str
    median: float
    p95: float
    cpu: float
    statements: int
    bytes: int
    to_floor: float | None
    to_stock: float | None


@dataclass
class Report:
    """The result of one run."""

    database: str
    rows: int
    built_in: float  # seconds
    rounds: int
    pss: float | None = None  # MB of a web process that answered all of it
    lines: list[Line] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    python: str = field(default_factory=python_build)

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def run(rows: int, given: str, rounds: int, say: Say) -> Report:
    """Build ``rows`` dossiers in an own database, measure, and return the report.

    given: address of a database, "" = a temporary file. Raises target.Refused.
    """
    url = target.address(given, rows)
    app = target.make_app(url)
    started = time.perf_counter()
    with app.app_context():
        have = build(rows, lambda done, total: say("Dossiers", done, total))
        name = f"{db.engine.dialect.name} ({db.engine.url.render_as_string()})"
        built = time.perf_counter() - started
        settings = {name: app.config[name] for name in SETTINGS}
        fab = Stock(settings, stock.serve)
        django = Stock(settings, django_stock.serve) if django_stock.is_there() else None
        cases = [*_cases(app, fab, have), *_django_cases(django, have), *screens.baselines(fab, django)]
        asked = screens.paths_of()
        cases += screens.cases(app, log_in, asked)
    try:
        measure.measure(cases, rounds, lambda done, total: say("Rounds", done, total))
    finally:
        fab.close()
        if django is not None:
            django.close()
    own = {_REFERENCE: [case.path for case in cases if case.path]}
    weight = memory.measured(url, log_in, own | asked, rounds)
    return _report(Report(name, have, round(built, 1), rounds, weight), cases)


def build(rows: int, say: Callable[[int, int], None]) -> int:
    """Fill the database up to ``rows`` dossiers; returns how many there are."""
    with transaction() as session, acting_as(Actor(name="bench")):
        procedures = min(_MAX_PROCEDURES, 20 + rows // 10)
        catalogs.make_catalogs(session, procedures, min(_MAX_ACCOUNTS, 10 + rows // 10))
    known = catalogs.read_catalogs(db.session())
    db.session.rollback()  # a snapshot kept open would not show the rows that come now
    return dossiers.fill(db.engine, known, rows, say)


def _cases(app: Flask, fab: Stock, rows: int) -> list[Case]:
    deep = max(1, rows // 10)  # newest first: the page at 90 % begins at the id of one tenth
    baselines = [*_floor_cases(rows, deep), *_stock_cases(fab, rows, deep)]
    found = [*baselines, *_list_cases(app, deep), *_record_cases(app, rows)]
    for name in list(catalogs.VIEWERS)[1:]:
        found += _role_cases(app, name)
    return found


def _get(client: FlaskClient, path: str) -> Callable[[], Answer]:
    return lambda: timed(lambda: client.get(path))


def _floor_cases(rows: int, deep: int) -> list[Case]:
    client = floor.make_floor(db.engine).test_client()
    code = db.session.scalar(sa.select(Dossier.code).where(Dossier.id == rows // 2))
    places = {"list": f"/list/{rows + 1}", "deep list": f"/list/{deep}", "API list": f"/api/{rows + 1}",
              "record": f"/show/{rows // 2}", "look-up": f"/code/{code}"}  # fmt: skip
    return [Case(f"floor: {name}", _get(client, path)) for name, path in places.items()]


def _stock_cases(fab: Stock, rows: int, deep: int) -> list[Case]:
    last = (rows - deep) // 25
    places = {
        "list": "/stock/list/", "deep list": f"/stock/list/?page_StockDossierView={last}",
        "search": "/stock/list/?_flt_2_applicant_name=Nguy%E1%BB%85n",
        "record": f"/stock/show/{rows // 2}", "API list": "/api/v1/stock/",
        "state": f"/stock/list/?_flt_0_state={int(State.processing)}",
    }  # fmt: skip
    return [Case(f"stock FAB: {name}", partial(fab.ask, path)) for name, path in places.items()]


def _django_cases(django: Stock | None, rows: int) -> list[Case]:
    """What a programmer gets from Django's documentation; nothing if Django is not installed."""
    if django is None:
        return []
    last = (rows - max(1, rows // 10)) // django_stock.PAGE_SIZE
    places = {"list": "/list", "deep list": f"/list?p={last}", "search": "/list?q=Nguy%E1%BB%85n",
              "state": f"/list?state__exact={int(State.processing)}", "API list": "/api"}  # fmt: skip
    return [Case(f"Django: {name}", partial(django.ask, path)) for name, path in places.items()]


def log_in(app: Flask, name: str) -> FlaskClient:
    """Return a client logged in as the viewer ``name``."""
    client = app.test_client()
    user = catalogs.viewer(db.session(), name)
    with client.session_transaction() as kept:
        kept["_user_id"], kept["_fresh"] = str(user.id), True
        kept.update(begin_session(settings_of(db.session(), user).session_version, timedelta(days=1)))
    return client


def _list_cases(app: Flask, deep: int) -> list[Case]:
    client = log_in(app, _REFERENCE)
    after = token_of(db.session.get_one(Dossier, deep), "-id")

    def case(name: str, query: str, base: str, other: str = "") -> Case:
        path = f"/dossier/list/?{query}"
        return Case(name, _get(client, path), f"floor: {base}", f"stock FAB: {other or base}", path)

    return [
        case(LIST, "", "list"),
        case(DEEP, f"after={after}", "deep list"),
        case("list, one state", f"f.state={int(State.processing)}", "list", "state"),
        case("list, a rare state", f"f.state={int(State.payment_requested)}", "list", "state"),
        case("list, search “nguyen” (many)", "q=nguyen", "list", "search"),
        case("list, search a full name", "q=nguyen+thi+hoa", "list", "search"),
        case("list, search a code (one)", "q=-0000042", "list", "search"),
        case("list, sorted by due date", "sort=due_at", "list"),
    ]


def _record_cases(app: Flask, rows: int) -> list[Case]:
    client, anybody, pk = log_in(app, _REFERENCE), app.test_client(), rows // 2
    code = db.session.scalar(sa.select(Dossier.code).where(Dossier.id == pk))

    def case(name: str, path: str, base: str, other: str = "") -> Case:
        return Case(name, _get(client, path), f"floor: {base}", f"stock FAB: {other}" if other else "", path)

    return [
        case("record page", f"/dossier/show/{pk}", "record", "record"),
        case("record page, history", f"/dossier/show/{pk}?tab=history", "record"),
        case("API list", "/api/v1/dossier/", "API list", "API list"),
        case("API item", f"/api/v1/dossier/{pk}", "record"),
        Case("public look-up", _get(anybody, f"/tra-cuu/{code}"), "floor: look-up", path=f"/tra-cuu/{code}"),
    ]


def _role_cases(app: Flask, name: str) -> list[Case]:
    """The list as somebody sees it who sees a part: his first page, and his page at 90 %."""
    client = log_in(app, name)
    with acting_as(build_actor(db.session(), catalogs.viewer(db.session(), name))) as actor:
        ids = sa.select(visible(Dossier, actor).with_only_columns(Dossier.id).subquery().c.id)
    own = sorted(db.session.scalars(ids), reverse=True)
    first = Case(f"{LIST}: {name} ({len(own)})", _get(client, "/dossier/list/"), "floor: list")
    if len(own) < 200:
        return [first]
    after = token_of(db.session.get_one(Dossier, own[len(own) * 9 // 10]), "-id")
    path = f"/dossier/list/?after={after}"
    return [first, Case(f"{DEEP}: {name}", _get(client, path), "floor: deep list")]


def _report(report: Report, cases: list[Case]) -> Report:
    by_name = {case.name: case for case in cases}
    for case in cases:
        report.lines.append(Line(
            case.name, round(case.median, 2), round(case.p95, 2),
            round(statistics.median(case.cpu), 2), case.statements, case.size,
            _ratio(case, by_name.get(case.floor)), _ratio(case, by_name.get(case.stock)),
        ))  # fmt: skip
    report.checks = _checks(by_name)
    matrix = screens.matrix_ms(by_name[screens.MATRIX])
    name = f"ms of the matrix of rights, as with 60 entities and 20 roles ≤ {screens.MATRIX_MS:.0f}"
    report.checks.append(_check(name, matrix, screens.MATRIX_MS))
    if report.pss is not None:
        name = f"MB of a web process that answered all of it (PSS) ≤ {memory.MOST:.0f}"
        report.checks.append(_check(name, report.pss, memory.MOST))
    return report


def _ratio(case: Case, base: Case | None) -> float | None:
    return round(case.quiet / base.quiet, 2) if base is not None else None


def _checks(by_name: dict[str, Case]) -> list[dict[str, Any]]:
    lists = [case for name, case in by_name.items() if name.startswith("list,")]
    first, deep = by_name[LIST].quiet, by_name[DEEP].quiet
    seen = [case for name, case in by_name.items() if name.startswith((f"{LIST}:", f"{DEEP}:"))]
    slowest = max(seen, key=lambda case: case.quiet)
    most = max(case.statements for case in lists)
    role = f"no role above {ROLE_RATIO}× of who sees all (slowest: {slowest.name})"
    return [
        _check(f"statements of a list ≤ {MOST_STATEMENTS}", most, MOST_STATEMENTS),
        _check(f"page 1 and the deep page within {DEEP_RATIO}×",
               max(first, deep) / min(first, deep), DEEP_RATIO),
        _check(role, slowest.quiet / first, ROLE_RATIO),
    ]  # fmt: skip


def _check(name: str, value: float, most: float) -> dict[str, Any]:
    return {"name": name, "value": round(value, 2), "most": most, "is_met": value <= most}
