"""Exports: the list as it is asked for, nothing that runs, and back again unchanged."""

import csv
import io

import pytest
import sqlalchemy as sa

from app.history import HistoryEntry
from app.lowcode.exchange.export import csv_lines, write_workbook
from app.lowcode.exchange.views import ModelExchange
from app.lowcode.generate import declared_models
from app.lowcode.listing import parse
from app.models import Account, Sector
from app.permissions import SYSTEM, Role
from tests.exchange.books import apply, book, download, rows_in, run, send
from tests.factories import (
    make_account,
    make_calendar,
    make_division,
    make_document_type,
    make_procedure,
    make_sector,
    make_tree,
    make_user,
)
from tests.wording import vi

RISKY = ["=1+1", "+84234", "-5", "@SUM(A1)", "\t=2", "<script>alert(1)</script>", "'quoted", "a\nb", "_x000D_"]


def _everything():
    tree = make_tree()
    make_division(tree.department)
    make_procedure(legal_basis="=HYPERLINK(1)\nĐiều 2", state="draft")
    make_procedure()
    make_document_type()
    make_calendar()
    make_user(Role.specialist, tree.commune)


MODELS = [
    ("agency", Role.catalog_admin), ("administrative-unit", Role.catalog_admin), ("procedure", Role.catalog_admin),
    ("process", Role.catalog_admin), ("form", Role.catalog_admin), ("working-calendar", Role.catalog_admin),
    ("document-type", Role.catalog_admin), ("profile", Role.catalog_admin), ("officer-position", Role.system_admin),
]  # fmt: skip


@pytest.mark.parametrize(("slug", "role"), MODELS)
def test_what_was_exported_is_unchanged_when_it_comes_back(session, login, slug, role):
    _everything()
    client = login(role)
    content = download(client, f"/{slug}/export.xlsx")
    _status, number, page = send(client, slug, content)
    found = run(number)
    assert found.faults == 0 or not found.counts, page
    for line in found.counts:
        assert (line["add"], line["change"], line["fault"]) == (0, 0, 0), (slug, line)


def test_formulas_and_scripts_stay_text_and_come_back_letter_for_letter(session, login):
    client = login(Role.catalog_admin)
    for place, name in enumerate(RISKY):
        make_sector(code=f"x{place}", name=name)
    session.commit()
    content = download(client, "/sector/export.xlsx")
    assert b"<f>" not in content
    names = [row[1] for row in rows_in(content)[vi("Sectors")][1:]]
    assert names == RISKY
    lines = list(csv.reader(io.StringIO(download(client, "/sector/export.csv").decode("utf-8-sig"))))
    assert not [cell for line in lines for cell in line if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    _status, number, _page = send(client, "sector", content)
    assert run(number).counts[0]["change"] == 0
    _status, number, _page = send(client, "sector", book({vi("Sectors"): lines}))
    assert run(number).counts[0]["change"] == 0


def test_formulas_sent_in_are_shown_as_text(session, login):
    client = login(Role.catalog_admin)
    name = '=HYPERLINK("http://x","y")<script>alert(1)</script>'
    _status, number, page = send(client, "sector", book({vi("Sectors"): [[vi("Code"), vi("Name")], ["a", name]]}))
    assert "<script>alert" not in page
    page = apply(client, "sector", number).text
    assert "<script>alert" not in page
    assert session.scalar(sa.select(Sector.name)) == name


def test_an_export_holds_what_the_list_asks_for(session, login):
    make_sector(code="a", name="Đất đai", is_active=False)
    make_sector(code="b", name="Hộ tịch")
    client = login(Role.specialist)
    for address, codes in (("?q=dat", ["a"]), ("?f.is_active=1", ["b"]), ("", ["a", "b"])):
        rows = rows_in(download(client, f"/sector/export.xlsx{address}"))[vi("Sectors")]
        assert [row[0] for row in rows[1:]] == codes
    assert client.get("/sector/export.pdf").status_code == 404


def test_parts_go_along_with_their_owners_only(session, login):
    kept, other = make_procedure(state="draft"), make_procedure(state="draft")
    rows = rows_in(download(login(Role.catalog_admin), f"/procedure/export.xlsx?q={kept.procedure.code}"))
    told = str(rows[vi("Components of dossiers")])
    assert kept.procedure.code in told
    assert other.procedure.code not in told


def test_personal_data_leave_only_by_right_and_leave_a_trace(session, login, monkeypatch):
    make_account()
    assert login(Role.auditor).get("/account/export.xlsx").status_code in (302, 403)
    client = login(Role.auditor)
    from dataclasses import replace

    from app.lowcode.sync import sync_permissions

    monkeypatch.setattr(Account, "screen", replace(Account.screen, export=frozenset({Role.auditor})))
    sync_permissions(session)
    session.commit()
    download(client, "/account/export.csv?q=binh")
    entry = session.scalars(sa.select(HistoryEntry).where(HistoryEntry.action == "export")).one()
    assert (entry.aggregate, entry.reason) == ("account", "binh")


def test_an_export_costs_statements_by_the_thousand(session, count_queries):
    for _number in range(40):
        make_sector()
    session.commit()
    with count_queries() as seen:
        list(csv_lines(session, Sector, SYSTEM, parse(Sector, {})))
    assert len(seen) == 2  # one batch, and the look for a next one


def test_every_catalog_has_a_template_that_is_understood(session, login, app):
    _everything()
    for role in (Role.catalog_admin, Role.system_admin):
        client = login(role)
        for model in declared_models():
            if role not in model.screen.write or not model.screen.key and model.__name__ == "Account":
                continue
            slug = model.__tablename__.removeprefix("ab_").replace("_", "-")
            answer = client.get(f"/{slug}/import/template.xlsx")
            if answer.status_code != 200:
                continue
            with answer:
                found = rows_in(answer.get_data())
            assert vi("Instructions") in found
            status, number, page = send(client, slug, book({name: rows[:1] for name, rows in found.items()}))
            assert number is None or run(number).counts == [], page
            assert ModelExchange(model).may() is False or status in (200, 422)


def test_many_rows_need_no_more_memory(session):
    import tracemalloc

    session.execute(sa.insert(Sector), [{"code": f"c{n}", "name": "Tên " * 20, "search_text": "", "row_version": 1,
                                         "is_active": True} for n in range(6000)])  # fmt: skip
    peaks = []
    for wanted in ({"q": ""}, {"q": ""}):
        tracemalloc.start()
        file, count = write_workbook(session, Sector, SYSTEM, parse(Sector, wanted))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        file.close()
    assert count == 6000
    assert peaks[-1] < 12_000_000
