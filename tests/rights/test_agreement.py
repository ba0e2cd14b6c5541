"""Every path agrees with the matrix, both allowed and denied, for random matrices.

A matrix is decided at random (actions, scopes, attributes of several roles and entities); an
oracle of its own says what follows; then list, address, API, export, choices, related list,
history and search are asked, for one person of each role.
"""

import random

import pytest

from app.lowcode.actions import Action, declared, possible
from app.models import Agency, Division, OfficerPosition, Sector
from app.permissions import Role
from app.services import rights_changes as changes
from tests.factories import (
    make_division,
    make_position,
    make_sector,
    make_tree,
    make_user,
)

MODELS = {"Sector": Sector, "Division": Division, "Agency": Agency, "OfficerPosition": OfficerPosition}
SLUGS = {"Sector": "sector", "Division": "division", "Agency": "agency", "OfficerPosition": "officer_position"}
ROLES = (Role.specialist, Role.catalog_admin, Role.auditor, Role.agency_head)
# Attributes of each entity with what to write into them.
FIELDS = {"Sector": "code", "Division": "code", "Agency": "phone", "OfficerPosition": "title"}
SECRET = "Bí-mật-09"


def _random_matrix(dice):
    """Return decisions that pass the ceiling, as the screen would send them."""
    wanted = {}
    for role in ROLES:
        for name, model in MODELS.items():
            for action in Action:
                if dice.random() < 0.35 and action in possible(model):
                    is_wanted = dice.random() < 0.6
                    value = changes.as_decision(model, role, action, is_wanted=is_wanted)
                    wanted[str(role), name, "action", str(action)] = value
            if name != "Sector" and dice.random() < 0.5:
                wanted[str(role), name, "scope", ""] = dice.choice(["agency", "subtree"])
            if name in ("Agency", "OfficerPosition") and dice.random() < 0.5:
                wanted[str(role), name, "field", FIELDS[name]] = dice.choice(["hide", "keep"])
    return {key: value for key, value in wanted.items() if value}


class Oracle:
    """What follows from the decisions, said without the code under test."""

    def __init__(self, decided, role):
        self.decided, self.role = decided, str(role)

    def has(self, name, action):
        """Whether the role may do it at all."""
        model = MODELS[name]
        reads = self._one(model, "read")
        return reads and action in possible(model) and self._one(model, action)

    def _one(self, model, action):
        value = self.decided.get((self.role, model.__name__, "action", action))
        return {"yes": True, "no": False}.get(value, self.role in {str(r) for r in declared(model, action)})

    def sees(self, name, agency, tree):
        """Whether a record of ``agency`` lies within the role's scope, of somebody at the commune."""
        scope = self.decided.get((self.role, name, "scope", ""))
        inside = {"agency": {tree.commune.id}, "subtree": {tree.commune.id, tree.desk.id}}.get(scope)
        return inside is None or agency.id in inside

    def field(self, name):
        """How the attribute under test stands: "", keep or hide."""
        return self.decided.get((self.role, name, "field", FIELDS[name]), "")


class World:
    """Records of every entity at three places: one's own, below it, elsewhere."""

    def __init__(self):
        self.tree = tree = make_tree()
        self.places = {"own": tree.commune, "below": tree.desk, "other": tree.department}
        self.rows = {"Sector": {"own": make_sector(name="Lĩnh vực Của Mọi Người")}}
        self.rows["Division"] = {
            where: make_division(place, name=f"Phòng-{where}-{place.id}") for where, place in self.places.items()
        }
        for place in self.places.values():
            place.phone = SECRET
        self.rows["Agency"] = dict(self.places)
        self.rows["OfficerPosition"] = {
            where: make_position(make_user(last_name=f"Người-{where}"), Role.clerk, place, title=SECRET)
            for where, place in self.places.items()
        }

    def visible(self, oracle, name):
        """Return {where: whether the record is seen} of one entity."""
        if name == "Sector":
            return {"own": True}
        return {where: oracle.sees(name, place, self.tree) for where, place in self.places.items()}


def _check_reading(client, world, oracle, name):
    slug, may = SLUGS[name], oracle.has(name, "read")
    page, base = client.get(f"/{slug.replace('_', '-')}/list/?size=100"), f"/{slug.replace('_', '-')}"
    api = client.get(f"/api/v1/{slug}/?size=100")
    assert (page.status_code, api.status_code) == ((200, 200) if may else (403, 403)), (name, "list")
    listed = {row["id"] for row in api.json["result"]} if may else set()
    for where, seen in world.visible(oracle, name).items():
        row = world.rows[name][where]
        expected = (200 if seen else 404) if may else 403
        for path in (f"{base}/show/{row.id}", f"/api/v1/{slug}/{row.id}"):
            assert client.get(path).status_code == expected, (name, where, path)
        assert (row.id in listed) == (may and seen), (name, where)
        assert (f"{base}/show/{row.id}\"" in page.text) == (may and seen), (name, where)


def _check_fields(client, world, oracle, name):
    if name not in ("Agency", "OfficerPosition") or not oracle.has(name, "read"):
        return
    slug, field, how = SLUGS[name], FIELDS[name], oracle.field(name)
    row, base = world.rows[name]["own"], f"/{SLUGS[name].replace('_', '-')}"
    texts = [client.get(path).text for path in (
        f"{base}/list/?size=100", f"{base}/show/{row.id}", f"/api/v1/{slug}/?size=100",
        f"/api/v1/{slug}/{row.id}", f"{base}/edit/{row.id}", f"{base}/show/{row.id}?tab=history")]  # fmt: skip
    if oracle.has(name, "export"):
        texts.append(client.get(f"{base}/export.csv").get_data(as_text=True))
    is_hidden = how == "hide"
    assert not (is_hidden and any(SECRET in text for text in texts)), (name, how)
    body = client.get(f"/api/v1/{slug}/{row.id}").json["result"]
    assert (field in body) == (not is_hidden)
    sorted_by = client.get(f"/api/v1/{slug}/?sort={field}").status_code
    assert sorted_by == (400 if is_hidden or field not in MODELS[name].screen.columns else 200)
    if oracle.has(name, "change"):
        answer = client.put(f"/api/v1/{slug}/{row.id}", json={field: "mới"}, headers={"If-Match": "*"})
        assert answer.status_code == (400 if how else 200), (name, how, answer.text)


def _check_export(client, world, oracle, name):
    """The file holds the rows of the list, for those who may take it along."""
    base = f"/{SLUGS[name].replace('_', '-')}"
    answer = client.get(f"{base}/export.csv")
    assert answer.status_code == (200 if oracle.has(name, "export") else 403), name
    template = client.get(f"{base}/import/")
    may_import = oracle.has(name, "import")
    assert (template.status_code == 403) == (not may_import), (name, template.status_code)
    if answer.status_code == 200 and name == "Division":
        text = answer.get_data(as_text=True)
        for where, seen in world.visible(oracle, name).items():
            assert (world.rows[name][where].name in text) == seen, where


def _check_writing(client, world, oracle, name):
    slug, base = SLUGS[name], f"/{SLUGS[name].replace('_', '-')}"
    visible = world.visible(oracle, name)
    assert (client.get(f"{base}/add").status_code == 200) == oracle.has(name, "add"), name
    refused = client.post(f"/api/v1/{slug}/", json={}).status_code
    assert (refused == 403) == (not oracle.has(name, "add")), (name, refused)
    for where, row in world.rows[name].items():
        may, seen = oracle.has(name, "change"), visible[where]
        edit = client.get(f"{base}/edit/{row.id}").status_code
        put = client.put(f"/api/v1/{slug}/{row.id}", json={}, headers={"If-Match": "*"}).status_code
        assert edit == ((200 if seen else 404) if may else 403), (name, where, edit)
        assert put in ((200, 422) if seen else (404,)) if may else put == 403, (name, where, put)
        if not (oracle.has(name, "remove") and seen):
            gone = client.delete(f"/api/v1/{slug}/{row.id}", headers={"If-Match": "*"}).status_code
            assert gone == (404 if oracle.has(name, "remove") else 403), (name, where, gone)
            forged = client.post(f"{base}/delete/{row.id}").status_code
            assert forged == (404 if oracle.has(name, "remove") else 403), (name, where, forged)


def _check_elsewhere(client, world, oracle):
    """Choices of another entity's filter, the related list and the search show no more."""
    seen = world.visible(oracle, "Agency")
    if oracle.has("Division", "read"):
        answer = client.get("/division/choices/agency?q=")
        assert answer.status_code == (200 if oracle.has("Agency", "read") else 403)
        if answer.status_code == 200:
            offered = {one["id"] for one in answer.json["results"]}
            for where, place in world.places.items():
                assert (place.id in offered) == seen[where], where
    if oracle.has("Agency", "read") and seen["own"]:
        text = client.get(f"/agency/show/{world.tree.commune.id}").text
        row = world.rows["Division"]["own"]
        shows = oracle.has("Division", "read") and world.visible(oracle, "Division")["own"]
        assert (row.name in text) == shows
        found = client.get("/api/v1/agency/?q=Sở Xây dựng")
        assert (found.json["count"] > 0) == seen["other"]


@pytest.mark.parametrize("seed", range(8))
def test_every_path_agrees_with_the_matrix(session, login, seed):
    dice, world = random.Random(seed), World()
    state = changes.decided(session)
    wanted = _random_matrix(dice)
    changes.decide(session, wanted, changes.mark_of(state), "thử")
    session.commit()
    for role in ROLES:
        client, oracle = login(role, world.tree.commune), Oracle(wanted, role)
        for name in MODELS:
            _check_reading(client, world, oracle, name)
            _check_fields(client, world, oracle, name)
            _check_export(client, world, oracle, name)
            _check_writing(client, world, oracle, name)
        _check_elsewhere(client, world, oracle)
