"""The cases of ``./manage bench lists`` that are no list of dossiers: inbox, dossier page, form, rights."""

from collections.abc import Callable
from functools import partial

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.lowcode.generate import declared_models
from app.models import Agency, Dossier
from app.services.rights_matrix import MATRIX_ROLES
from app.workflows.states import OPEN
from bench import catalogs
from bench.measure import Answer, Case, timed
from bench.stock import Stock

MATRIX, MATRIX_MS = "matrix of rights", 300.0
_ENTITIES, _ROLES = 60, 20  # what the budget of the matrix is said for
_OFFICER = "desk officer of the largest commune"
_LISTS = ("floor: list", "stock FAB: list")
# address → name of the case, its floor, its stock
_NAMES = {
    "/work/?tab=mine": ("inbox, mine", *_LISTS), "/work/?tab=team": ("inbox, the whole desk", *_LISTS),
    "/work/?tab=team&show=overdue": ("inbox, overdue", *_LISTS),
    "/work/counts?tab=team": ("inbox, live counters", "floor: list", ""),
    "/admin/rights/": (MATRIX, "", ""), "/procedure-version/add": ("add form", "", "stock FAB: add form"),
}  # fmt: skip
LogIn = Callable[[Flask, str], FlaskClient]
Paths = dict[str, list[str]]


def paths_of() -> Paths:
    """Return {who: addresses} of what is asked here; the dossier is the newest open one of the desk."""
    desk = catalogs.OTHERS[_OFFICER][1]
    here = sa.select(Agency.id).where(Agency.code == desk).scalar_subquery()
    open_here = sa.select(Dossier.code).where(Dossier.desk_id == here, Dossier.state.in_(sorted(OPEN)))
    code = db.session.scalar(open_here.order_by(Dossier.id.desc()).limit(1))
    return {
        _OFFICER: [
            "/work/?tab=mine", "/work/?tab=team", "/work/counts?tab=team", "/work/?tab=team&show=overdue",
            f"/dossier/{code}", f"/dossier/{code}?tab=history",
        ],
        "system administrator": ["/admin/rights/"],
        "catalog administrator": ["/procedure-version/add"],
    }  # fmt: skip


def cases(app: Flask, log_in: LogIn, asked: Paths) -> list[Case]:
    """Return our own screens. asked: as of ``paths_of``."""
    found = []
    for who, paths in asked.items():
        client = log_in(app, who)
        for path in paths:
            kind = "dossier page, history" if path.endswith("history") else "dossier page"
            name, floor, stock = _NAMES.get(path, (kind, "floor: record", "stock FAB: record"))
            found.append(Case(name, _get(client, path), floor, stock))
    return found


def baselines(fab: Stock, django: Stock | None) -> list[Case]:
    """Return the add form of the same table as FAB and Django make it."""
    found = [Case("stock FAB: add form", partial(fab.ask, "/stock-version/add"))]
    return found if django is None else [*found, Case("Django: add form", partial(django.ask, "/add"))]


def matrix_ms(case: Case) -> float:
    """Return what the matrix would take with the entities and roles of its budget, ms: cells are its cost."""
    cells = len(declared_models()) * len(MATRIX_ROLES)
    return case.quiet * max(1.0, _ENTITIES * _ROLES / cells)


def _get(client: FlaskClient, path: str) -> Callable[[], Answer]:
    return lambda: timed(lambda: client.get(path))
