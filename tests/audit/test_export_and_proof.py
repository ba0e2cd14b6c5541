"""What leaves the system, and the page that proves a chain."""

import io
import zipfile

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from app.history import HistoryEntry
from app.permissions import Role
from app.services import exports
from app.views import audit as audit_view
from tests.audit.chains import guard_taken_away
from tests.factories import make_agency, make_sector, make_tree
from tests.leaders.dossiers import add_dossier

RISKY = ["=1+1", "+84 905", "-2", "@SUM(A1)", "=HYPERLINK(\"http://x\")", "\t=1"]


def export(client, query=""):
    with client.get(f"/audit/export.xlsx{query}") as response:
        assert response.mimetype.endswith("spreadsheetml.sheet")
        return rows_of(response.data)


def rows_of(data):
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()


@pytest.mark.parametrize("text", RISKY)
def test_a_cell_is_never_a_formula(text):
    with exports.write_table("T", [], [("A", 10)], [[text]]) as file:
        data = file.read()
    assert rows_of(data)[-1] == [text]  # unchanged, as text
    sheet = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<hyperlink" not in sheet


def test_the_export_holds_what_the_filter_shows(session, login):
    make_sector(name="=cmd|' /C calc'!A0")
    add_dossier("overdue", make_agency(parent=make_tree().root))
    reader = login(Role.auditor, make_tree().commune)
    rows = export(reader, "?kind=sector")
    assert {row[5] for row in rows[5:]} == {"lĩnh vực"}
    assert any("=cmd|" in str(row[8]) for row in rows)
    assert "hồ sơ" not in {row[5] for row in export(reader)}


def test_a_cut_export_says_so_and_every_export_is_recorded(session, login, monkeypatch):
    for _i in range(5):
        make_sector()
    monkeypatch.setattr(audit_view, "EXPORT_LIMIT", 3)
    rows = export(login(Role.auditor), "?kind=sector")
    text = "\n".join(str(row[0]) for row in rows)
    assert "3" in next(line for line in text.splitlines() if line.startswith(("CHƯA", "CUT")))
    assert sum(row[5] == "lĩnh vực" for row in rows) == 3
    query = sa.select(HistoryEntry).where(HistoryEntry.action == "export_history")
    entry = session.scalars(query).one()
    assert entry.changes == {"filter": [None, {"kind": "sector"}], "rows": [None, 3]}


def test_the_proof_page_names_the_broken_link(session, login):
    row = add_dossier("overdue")
    reader = login(Role.auditor)
    assert "notice-success" in reader.get(f"/audit/verify?code={row.code}").text
    entry = session.scalars(sa.select(HistoryEntry).where(
        HistoryEntry.aggregate == "dossier", HistoryEntry.aggregate_id == row.id
    )).first()  # fmt: skip
    table = HistoryEntry.__table__
    with guard_taken_away(session):
        session.execute(sa.update(table).where(table.c.id == entry.id).values(actor_name="Khác"))
    text = reader.get(f"/audit/verify?code={row.code}").text
    assert "notice-danger" in text
    assert str(entry.id) in text
    assert "notice-danger" in reader.post("/audit/verify").text


def test_the_whole_is_proved_on_demand(session, login):
    make_sector()
    text = login(Role.system_admin).post("/audit/verify").text
    assert "notice-success" in text
    assert login(Role.auditor).post("/audit/verify", csrf=False).status_code == 400


def test_a_record_outside_the_scope_cannot_be_proved(session, login):
    hidden = add_dossier("overdue", make_agency(parent=make_tree().root))
    text = login(Role.auditor, make_tree().commune).get(f"/audit/verify?code={hidden.code}").text
    assert "notice-success" not in text
