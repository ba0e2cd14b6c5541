"""Places in an order by long texts: the server's own tokens hold, and tell nothing of hidden rows."""

import base64
import json

import pytest
import sqlalchemy as sa

from app.lowcode.cursors import packed
from app.models import Process, SharedCatalogItem
from app.permissions import Role
from tests.api.test_catalogs import make_catalog, make_item
from tests.factories import make_process

ALIKE = "Quy trình giải quyết thủ tục " * 17  # 493 characters, longer than a token could hold
NOTE = {"key": "ghi_chu", "label": "Ghi chú", "kind": "text"}


def walked(client, path, key, way, token=""):
    """What the pages of three hold on the whole way from the first, or back from the last."""
    found, seen, step = [], set(), "next" if way == "after" else "previous"
    address = f"{path}&size=3&{way}={token}"
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, answer.json
        names = [row[key] for row in answer.json["result"]]
        found = found + names if way == "after" else names + found
        token = answer.json[step]
        assert token not in seen
        assert len(token or "") < 2000
        seen.add(token)
        address = f"{path}&size=3&{way}={token}" if token else None
    return found


@pytest.mark.parametrize("sort", ["name", "-name"])
def test_pages_of_a_list_by_long_names_meet_every_record_once(session, login, sort):
    for tail in "gbaecdf":
        make_process(name=ALIKE + tail)
    client, path = login(Role.catalog_admin), f"/api/v1/process/?q=giai+quyet&sort={sort}"
    there = walked(client, path, "name", "after")
    wanted = sorted((ALIKE + tail for tail in "abcdefg"), reverse=sort == "-name")
    assert there == wanted
    last = client.get(f"{path}&size=1&after={packed([wanted[5], _id(session, wanted[5])])}").json
    assert [row["name"] for row in last["result"]] == [wanted[6]]
    assert walked(client, path, "name", "before", last["previous"]) == wanted[:6]


def _id(session, name):
    return session.scalar(sa.select(Process.id).where(Process.name == name))


@pytest.mark.parametrize("sort", ["ghi_chu", "-ghi_chu"])
def test_pages_of_a_catalog_by_long_texts_meet_every_item_once(session, login, sort):
    catalog = make_catalog(session, [NOTE])
    for tail in "gbaecdf":
        make_item(session, catalog, data={"ghi_chu": ALIKE * 2 + tail})
    make_item(session, catalog)
    client, path = login(Role.catalog_admin), f"/api/v1/catalogs/{catalog.code}/?sort={sort}"
    found = [text[-1] for text in walked(client, path, "ghi_chu", "after") if text]
    assert found == sorted("abcdefg", reverse=sort == "-ghi_chu")


def test_a_place_stays_where_its_row_was_when_that_is_gone(session, login):
    catalog = make_catalog(session, [NOTE])
    for tail in "abc":
        make_item(session, catalog, data={"ghi_chu": tail + ALIKE})
    client, path = login(Role.catalog_admin), f"/api/v1/catalogs/{catalog.code}/?sort=ghi_chu&size=1"
    token = client.get(path).json["next"]
    gone = sa.select(SharedCatalogItem).where(SharedCatalogItem.catalog_id == catalog.id)
    session.delete(session.scalars(gone.order_by(SharedCatalogItem.id)).first())
    session.flush()
    answer = client.get(f"{path}&after={token}")
    assert answer.status_code == 200
    assert answer.json["result"][0]["ghi_chu"][0] in "ab"  # its neighbour, or one as long alike


def test_a_made_up_token_tells_nothing_of_an_item_of_another_catalog(session, login):
    hidden = make_item(session, make_catalog(session, [NOTE]), data={"ghi_chu": "z" * 500})
    catalog = make_catalog(session, [NOTE], rights=[(Role.auditor, False)])
    for letter in "ay":
        make_item(session, catalog, data={"ghi_chu": letter * 500})
    client, path = login(Role.auditor), f"/api/v1/catalogs/{catalog.code}/?sort=ghi_chu"
    asked = client.get(f"{path}&after={packed([0, 'm' * 500, hidden.id])}").json["result"]
    assert [row["ghi_chu"][0] for row in asked] == ["y"]  # as if it began as the token says


@pytest.mark.parametrize("value", [["x"], [], [1], ["x" * 119], ["x" * 121], ["\ud800" * 120], [["x" * 120]], {"a": 1}])
def test_what_is_no_beginning_is_no_token(session, login, value):
    catalog, client = make_catalog(session, [NOTE]), login(Role.catalog_admin)
    for path, parts in ((f"/api/v1/catalogs/{catalog.code}/?sort=ghi_chu", [0, value, 1]),
                        ("/api/v1/process/?sort=name", [value, 1])):  # fmt: skip
        token = base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")
        assert client.get(f"{path}&after={token}").status_code == 400, path
