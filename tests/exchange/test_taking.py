"""Long lists are written by the worker, fetched by who asked, and gone after some days."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import now
from app.contents import storage
from app.extensions import db
from app.lowcode.exchange import taking
from app.lowcode.exchange.taking import ExportRun
from app.models import Notice, SharedCatalogItem
from app.permissions import Role
from app.storage import Storage
from app.tasks.exports import clean
from app.tasks.outbox import run_waiting
from app.transactions import in_transaction
from tests.api.test_catalogs import make_catalog, make_item
from tests.exchange.books import download, rows_in
from tests.factories import make_sector
from tests.wording import vi


@pytest.fixture(autouse=True)
def long_lists(monkeypatch):
    monkeypatch.setattr(taking, "AT_ONCE", 2)


def _sectors(count):
    for n in range(count):
        make_sector(code=f"x{n}", name=f"Lĩnh vực {n}")
    db.session.commit()


def test_a_short_list_is_there_at_once(session, login):
    _sectors(2)
    rows = rows_in(download(login(Role.specialist), "/sector/export.xlsx"))[vi("Sectors")]
    assert len(rows) == 3
    assert session.scalar(sa.select(sa.func.count(ExportRun.id))) == 0


def test_a_long_list_is_made_by_the_worker_and_told(session, login):
    _sectors(4)
    client = login(Role.specialist)
    answer = client.get("/sector/export.xlsx?q=linh&f.is_active=1&sort=code")
    assert answer.status_code == 302
    page = client.get(answer.location).text
    assert "data-progress-url" in page
    assert client.get(f"{answer.location}/progress").json["busy"] is True
    assert client.get(f"{answer.location}/file").status_code == 404
    assert client.get("/sector/export.xlsx?q=linh&f.is_active=1").location == answer.location  # clicked twice
    run_waiting()
    run_waiting()
    assert client.get(f"{answer.location}/progress").json["busy"] is False
    link = re.search(r'href="([^"]+/file)"', client.get(answer.location).text)[1]
    rows = rows_in(download(client, link))[vi("Sectors")]
    assert [row[0] for row in rows[1:]] == ["x0", "x1", "x2", "x3"]
    notice = session.scalars(sa.select(Notice)).one()
    assert vi("Sectors") in notice.title
    assert client.post(f"/notices/{notice.id}/open").location == answer.location


@pytest.mark.parametrize("is_removed", [False, True])
def test_the_file_goes_into_the_store_while_others_may_write(session, login, monkeypatch, is_removed):
    _sectors(4)
    client, held, put = login(Role.specialist), [], Storage.put

    def watched(self, data, name=""):
        held.append(in_transaction())
        stored = put(self, data, name)
        if is_removed and len(held) == 1:
            self.remove(stored.sha256)  # by who tidied up the same content before our record named it
        return stored

    monkeypatch.setattr(Storage, "put", watched)
    address = client.get("/sector/export.xlsx").location
    run_waiting()
    assert held == ([False, True] if is_removed else [False])
    assert len(rows_in(download(client, f"{address}/file"))[vi("Sectors")]) == 5


def test_the_file_is_only_for_who_asked(session, login):
    _sectors(4)
    address = login(Role.specialist).get("/sector/export.xlsx").location
    assert address
    run_waiting()
    other = login(Role.clerk)
    for path in (address, f"{address}/file", f"{address}/progress", address.replace("/sector/", "/document-type/")):
        assert other.get(path).status_code == 404, path


def test_who_lost_the_right_meanwhile_gets_nothing(session, login, monkeypatch):
    _sectors(4)
    client = login(Role.specialist)
    address = client.get("/sector/export.xlsx").location
    monkeypatch.setattr("app.lowcode.exchange.taking_view.may", lambda *_args: False)
    run_waiting()
    run = session.scalars(sa.select(ExportRun).execution_options(populate_existing=True)).one()
    assert (run.state, run.sha256) == ("refused", None)
    assert vi("You may not export here.") in client.get(address).text


def test_items_of_a_shared_catalog_too(session, login):
    catalog = make_catalog(session, fields=(), code="duong")
    for n in range(4):
        make_item(session, catalog, code=f"d{n}", name=f"Đường {n}")
    session.commit()
    client = login(Role.catalog_admin)
    address = client.get("/catalogs/duong/export.xlsx?q=duong").location
    run_waiting()
    rows = rows_in(download(client, f"{address}/file"))[catalog.name]
    assert [row[0] for row in rows[1:]] == ["d0", "d1", "d2", "d3"]
    assert session.scalar(sa.select(sa.func.count(SharedCatalogItem.id))) == 4


def test_files_are_removed_after_some_days(session, login):
    _sectors(4)
    client = login(Role.specialist)
    address = client.get("/sector/export.xlsx").location
    run_waiting()
    run = session.scalars(sa.select(ExportRun).execution_options(populate_existing=True)).one()
    content = run.sha256
    assert clean() == 0
    assert storage().exists(content)
    run.created_at = now() - taking.KEPT - timedelta(minutes=1)
    session.commit()
    assert clean() == 1
    assert not storage().exists(content)
    assert client.get(address).status_code == 404


def test_the_file_of_another_list_with_the_same_content_stays(session, login):
    """The one removed and the one asked for since may hold the same to the byte."""
    _sectors(4)
    client = login(Role.specialist)
    client.get("/sector/export.xlsx")
    run_waiting()
    old = session.scalars(sa.select(ExportRun).execution_options(populate_existing=True)).one()
    old.created_at = now() - taking.KEPT - timedelta(minutes=1)
    content = old.sha256
    young = {c.name: getattr(old, c.name) for c in ExportRun.__table__.columns if c.name != "id"}
    session.add(ExportRun(**young | {"created_at": now()}))
    session.commit()
    assert clean() == 1
    assert storage().exists(content)


def test_asking_costs_the_same_statements_whatever_the_rows(session, login, count_queries):
    client, seen = login(Role.specialist), []
    for count in (3, 30):
        for n in range(count):
            make_sector(code=f"{count}-{n}")
        session.commit()
        with count_queries() as queries:
            assert client.get(f"/sector/export.xlsx?q={count}-").status_code == 302
        seen.append(len(queries))
    assert seen[0] == seen[1]
