"""Items of shared catalogs from spreadsheets: the checks are those of every other way in."""

import sqlalchemy as sa

from app.models import SharedCatalogItem
from app.permissions import Role
from tests.api.test_catalogs import make_catalog, make_item
from tests.exchange.books import apply, book, rows_in, run, send
from tests.wording import vi

SHEET = vi("Items of shared catalogs")
HEAD = [vi(text) for text in ("Shared catalog", "Code", "Name", "Values")]


def _items(session):
    return {row.code: row.data for row in session.scalars(sa.select(SharedCatalogItem))}


def _catalog(session):
    return make_catalog(session, [{"key": "so", "label": "Số", "kind": "number", "max_value": 9, "is_unique": True}])


def test_items_are_added_and_changed(session, login):
    catalog = _catalog(session)
    make_item(session, catalog, code="a", name="A", data={"so": 1})
    client = login(Role.catalog_admin)
    with client.get("/shared-catalog-item/import/template.xlsx") as template:
        heads = rows_in(template.data)[SHEET][0]
    assert {head.rstrip(" *") for head in heads} >= set(HEAD)
    rows = [HEAD, [catalog.code, "a", "Mới", '{"so": 2}'], [catalog.code, "b", "B", '{"so": 3}']]
    _status, number, _page = send(client, "shared-catalog-item", book({SHEET: rows}))
    assert [(one["add"], one["change"], one["fault"]) for one in run(number).counts] == [(1, 1, 0)]
    apply(client, "shared-catalog-item", number)
    assert _items(session) == {"a": {"so": 2}, "b": {"so": 3}}


def test_values_that_break_the_definition_are_refused_and_nothing_is_written(session, login):
    catalog = _catalog(session)
    client = login(Role.catalog_admin)
    for bad in ([["a", '{"so": 10}']], [["a", '{"x": 1}']], [["a", "5"]], [["a", '{"so": 1}'], ["b", '{"so": 1}']]):
        rows = [HEAD, *([catalog.code, code, "A", data] for code, data in bad)]
        _status, number, _page = send(client, "shared-catalog-item", book({SHEET: rows}))
        answer = apply(client, "shared-catalog-item", number)
        assert answer.status_code < 500
        assert _items(session) == {}, bad
