"""Random matrices over dossiers, a calendar with parts and a catalog made at run time: every path agrees.

An oracle says which records a person reaches by posts and decided scope, own records among
them; then list, page, history, a past day, API, export, related lists, saved views, the search
on top and bulk acts are asked.
"""

import random

import pytest
import sqlalchemy as sa

from app.clock import today
from app.lowcode.actions import Action, declared, possible
from app.models import CalendarSession, Division, Dossier, SharedCatalogItem, WorkingCalendar
from app.permissions import Role
from app.services import rights_changes as changes
from tests.api.test_catalogs import HOSPITAL, make_catalog, make_item
from tests.exchange.books import download, rows_in
from tests.factories import make_agency, make_calendar, make_division, make_tree, make_user
from tests.leaders.dossiers import add_dossier

ROLES = (Role.specialist, Role.agency_head, Role.auditor)
MODELS = (Dossier, Division, WorkingCalendar, SharedCatalogItem)
SCOPES = {"": {"own", "below"}, "agency": {"own"}, "subtree": {"own", "below"}, "own": {"held"}}
NUMBER = "079099012345"


def _matrix(dice):
    """Return decisions for reading, exporting, changing and removing, and the scope of dossiers."""
    wanted = {}
    for role in ROLES:
        for model in MODELS:
            for action in Action:
                if action in possible(model) and dice.random() < 0.4:
                    is_wanted = dice.random() < 0.6
                    wanted[str(role), model.__name__, "action", str(action)] = changes.as_decision(
                        model, role, action, is_wanted=is_wanted)  # fmt: skip
        wanted[str(role), "Dossier", "scope", ""] = dice.choice(["", "agency", "subtree", "own"])
        wanted[str(role), "Division", "scope", ""] = dice.choice(["", "agency", "subtree"])
        wanted[str(role), "Dossier", "field", "applicant_id_number"] = dice.choice(["", "hide"])
    return {key: value for key, value in wanted.items() if value}


class Person:
    """One officer at the commune: what the decisions let him do, said without the code under test."""

    def __init__(self, decided, role, user, client):
        self.decided, self.role, self.user, self.client = decided, str(role), user, client

    def has(self, model, action):
        return self._one(model, "read") and action in possible(model) and self._one(model, action)

    def _one(self, model, action):
        value = self.decided.get((self.role, model.__name__, "action", action))
        return {"yes": True, "no": False}.get(value, self.role in {str(r) for r in declared(model, action)})

    def scope(self, model):
        return self.decided.get((self.role, model.__name__, "scope", ""), "")

    @property
    def hides_number(self):
        return self.decided.get((self.role, "Dossier", "field", "applicant_id_number")) == "hide"


class World:
    """Dossiers and divisions at one's own agency, below it and elsewhere; one dossier is held by oneself."""

    def __init__(self, session):
        self.tree = tree = make_tree()
        below = make_agency(parent=tree.commune, name="Trạm bên dưới")
        places = {"own": tree.commune, "held": tree.commune, "below": below, "other": tree.department}
        self.dossiers = {
            where: add_dossier("overdue", place, desk=place, applicant_name=f"Hồ Văn {where}xyz",
                               applicant_id_number=NUMBER)
            for where, place in places.items()
        }  # fmt: skip
        self.divisions = {where: make_division(place, name=f"Phòng-{where}-{place.id}")
                          for where, place in places.items() if where != "held"}  # fmt: skip
        self.calendar = make_calendar()
        self.catalog = make_catalog(session, HOSPITAL, rights=[(Role.specialist, True), (Role.auditor, False)])
        self.item = make_item(session, self.catalog, name="Bệnh viện thử quyền", data={"so_giuong": 4321})

    def reached(self, person):
        """Return {where: whether the person reaches the dossier there}."""
        inside = set(SCOPES[person.scope(Dossier)]) | ({"held"} if person.scope(Dossier) != "own" else set())
        return {where: where in inside for where in self.dossiers}


def _check_dossiers(world, person):
    client, may = person.client, person.has(Dossier, "read")
    page, api = client.get("/dossier/list/?size=100"), client.get("/api/v1/dossier/?size=100")
    assert (page.status_code, api.status_code) == ((200, 200) if may else (403, 403))
    listed = {row["id"] for row in api.json["result"]} if may else set()
    on_top = client.get("/search/?q=xyz").text
    for where, reaches in world.reached(person).items():
        row, seen = world.dossiers[where], may and reaches
        base, expected = f"/dossier/show/{row.id}", (200 if reaches else 404) if may else 403
        for path in (base, f"{base}?tab=history", f"{base}?tab=history&on={today().isoformat()}",
                     f"/api/v1/dossier/{row.id}"):  # fmt: skip
            answer = client.get(path)
            assert answer.status_code == expected, (person.role, where, path)
            assert not (person.hides_number and NUMBER in answer.text), path
        assert (row.id in listed) == seen, (person.role, where)
        assert (f"{base}\"" in page.text) == seen, (person.role, where)
        assert reaches or row.code not in on_top, (person.role, where, "search")
    if may:
        _check_view(world, person)
    export = client.get("/dossier/export.csv")
    assert export.status_code == (200 if person.has(Dossier, "export") else 403)
    if export.status_code == 200:
        text = export.get_data(as_text=True)
        assert not (person.hides_number and NUMBER in text)
        for where, reaches in world.reached(person).items():
            assert (world.dossiers[where].code in text) == reaches, where


def _check_view(world, person):
    """A saved view opens the list as it is, never more."""
    answer = person.client.post("/dossier/views", data={"name": "Của tôi", "query": "q=xyz&sort=-code"})
    text = person.client.get(answer.location).text
    for where, reaches in world.reached(person).items():
        assert (f"/dossier/show/{world.dossiers[where].id}\"" in text) == reaches, where


def _check_related(world, person):
    """A calendar's days of the week are told to who may read them, on its page and a past day."""
    client, calendar = person.client, world.calendar
    page = client.get(f"/working-calendar/show/{calendar.id}")
    assert page.status_code == (200 if person.has(WorkingCalendar, "read") else 403)
    assert client.get(f"/api/v1/working_calendar/{calendar.id}").status_code == page.status_code
    part = next(iter(calendar.sessions))
    may_part = str(person.role) in {str(role) for role in declared(CalendarSession, "read")}
    assert (client.get(f"/calendar-session/show/{part.id}").status_code == 200) == may_part
    if page.status_code == 200:
        assert (f"/calendar-session/show/{part.id}" in page.text) == may_part


def _check_catalog(world, person):
    """Items are open to the roles of the definition that the matrix leaves the right to."""
    client, code, item = person.client, world.catalog.code, world.item
    is_named = person.role in ("specialist", "auditor")
    expected = (200 if is_named else 404) if person.has(SharedCatalogItem, "read") else 403
    for path in (f"/catalogs/{code}/", f"/catalogs/{code}/{item.id}", f"/api/v1/catalogs/{code}/",
                 f"/api/v1/catalogs/{code}/{item.id}", f"/api/v1/shared_catalog_item/{item.id}"):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == expected, (person.role, path)
        assert (item.name in answer.get_data(as_text=True) or "\\u" in answer.text) or expected != 200
    exported = (200 if is_named else 404) if person.has(SharedCatalogItem, "export") else 403
    if exported == 200 and expected == 200:
        cells = [cell for row in rows_in(download(client, f"/catalogs/{code}/export.xlsx"))[world.catalog.name]
                 for cell in row]  # fmt: skip
        assert 4321 in cells
    else:
        assert client.get(f"/catalogs/{code}/export.xlsx").status_code in (403, 404)
        assert client.get(f"/catalogs/{code}/export.csv").status_code in (403, 404)
    may_write = person.role == "specialist" and person.has(SharedCatalogItem, "change")
    patched = client.patch(f"/api/v1/catalogs/{code}/{item.id}", json={"so_giuong": 4321},
                           content_type="application/merge-patch+json").status_code  # fmt: skip
    assert (patched == 200) == may_write, (person.role, patched)
    may_import = person.role == "specialist" and person.has(SharedCatalogItem, "import")
    assert (client.get(f"/catalogs/{code}/import/").status_code == 200) == may_import


def _check_bulk(session, world, person):
    """A bulk removal takes the rows within the right and the scope, and no others."""
    rows = {where: make_division(place.agency, name=f"Tạm {where}") for where, place in world.divisions.items()}
    session.commit()
    numbers = {where: row.id for where, row in rows.items()}
    person.client.post("/division/bulk", data={"pk": list(numbers.values()), "act": "remove"})
    left = set(session.scalars(sa.select(Division.id).where(Division.id.in_(numbers.values()))))
    scope = person.scope(Division)
    inside = {"": {"own", "below", "other"}, "agency": {"own"}, "subtree": {"own", "below"}}[scope]
    for where, number in numbers.items():
        gone = person.has(Division, "remove") and where in inside
        assert (number not in left) == gone, (person.role, where, scope)


@pytest.mark.parametrize("seed", range(6))
def test_every_path_agrees_with_the_matrix(session, login, seed):
    dice, world = random.Random(seed), World(session)
    wanted = _matrix(dice)
    changes.decide(session, wanted, changes.mark_of(changes.decided(session)), "thử")
    session.commit()
    for role in ROLES:
        user = make_user(role, world.tree.commune)
        world.dossiers["held"].holder = user
        session.commit()
        person = Person(wanted, role, user, login(user))
        _check_dossiers(world, person)
        _check_related(world, person)
        _check_catalog(world, person)
        _check_bulk(session, world, person)
