"""Files that are no workbooks, are too large, lie about their size, or come from the wrong person."""

import io
import zipfile

import pytest
import sqlalchemy as sa

from app.errors import Invalid
from app.lowcode.exchange import cells
from app.lowcode.exchange.reading import open_workbook
from app.lowcode.exchange.run import ImportRun
from app.lowcode.exchange.runs import unpack
from app.models import Sector
from app.permissions import Role
from app.tasks.outbox import run_waiting
from tests.exchange.books import apply, book, run, send
from tests.factories import make_sector, make_user
from tests.wording import vi

SECTORS = vi("Sectors")
HEAD = [vi("Code"), vi("Name")]


def far_cell():
    """Two cells in opposite corners: read as a table they would ask for 17 thousand million cells."""
    source = book({SECTORS: [HEAD, ["a", "A"]]})
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(source)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename.endswith("sheet1.xml"):
                far = b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row></sheetData>'
                data = data.replace(b"</sheetData>", far)
            new.writestr(entry, data)
    return target.getvalue()


def _bomb():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("xl/workbook.xml", b"<workbook/>")
        pack.writestr("xl/worksheets/sheet1.xml", b"0" * 320_000_000)
    return target.getvalue()


FILES = {
    "empty": lambda: b"", "text": lambda: b"hello", "torn": lambda: book({SECTORS: [HEAD]})[:900],
    "pdf": lambda: b"%PDF-1.4 nothing", "far cell": far_cell, "bomb": _bomb,
    "script": lambda: b"<html><script>1</script></html>",
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_what_is_no_usable_workbook_is_refused_with_a_reason(session, login, kind):
    status, number, page = send(login(Role.catalog_admin), "sector", FILES[kind]())
    assert (status, number) == (422, None)
    assert "notice-danger" in page
    assert session.scalar(sa.select(sa.func.count(ImportRun.id))) == 0


def test_a_missing_file_is_told(session, login):
    assert login(Role.catalog_admin).post("/sector/import/", data={}).status_code == 422


@pytest.mark.parametrize(
    "sheets", [{"Khác": [["x"], ["y"]], "Nữa": [["z"]]}, {SECTORS: [HEAD]}, {SECTORS: [["Số"], ["1"]]}]
)
def test_a_wrong_sheet_is_told(session, login, sheets):
    _status, number, page = send(login(Role.catalog_admin), "sector", book(sheets))
    assert run(number).faults > 0
    assert "notice-danger" in page


@pytest.fixture
def silent(monkeypatch):
    """Tell no progress: the tests' one connection cannot be used beside itself."""
    monkeypatch.setattr("app.lowcode.exchange.progress._TOLD_EVERY", 1e9)


def test_a_fault_in_the_last_of_many_rows_is_found_by_the_worker(session, login, silent):
    rows = [[f"c{n}", f"Lĩnh vực {n}"] for n in range(5000)]
    rows[-1][1] = "x" * 300
    client = login(Role.catalog_admin)
    _status, number, page = send(client, "sector", book({SECTORS: [HEAD, *rows]}))
    assert run(number).state == "waiting"
    assert "data-progress-url" in page
    progress = client.get(f"/sector/import/{number}/progress").json
    assert progress["busy"] is True
    run_waiting()
    found = unpack(run(number)).faults
    assert [(fault.sheet, fault.row, fault.letter) for fault in found] == [(SECTORS, 5001, "B")]
    assert client.get(f"/sector/import/{number}/progress").json["busy"] is False
    assert session.scalar(sa.select(sa.func.count(Sector.id))) == 0
    client.post(f"/sector/import/{number}/correct", data={f"cell-5001-1-{SECTORS}": "Ngắn"})
    run_waiting()
    apply(client, "sector", number)
    apply(client, "sector", number)
    assert run(number).state == "applying"
    run_waiting()
    assert run(number).state == "applied"
    assert session.scalar(sa.select(sa.func.count(Sector.id))) == 5000


def test_who_lost_the_right_meanwhile_writes_nothing(session, login, silent):
    user = make_user(Role.catalog_admin)
    client = login(user)
    rows = [[f"c{n}", "x" * 60] for n in range(5000)]
    _status, number, _page = send(client, "sector", book({SECTORS: [HEAD, *rows]}))
    run_waiting()
    apply(client, "sector", number)
    session.execute(sa.text("UPDATE officer_position SET valid_to = '2025-01-02' WHERE user_id = :id"), {"id": user.id})
    session.commit()
    run_waiting(1)
    assert session.scalar(sa.select(sa.func.count(Sector.id))) == 0
    assert run(number).state != "applied"


@pytest.mark.parametrize("role", [Role.specialist, Role.auditor, Role.system_admin])
def test_who_may_not_write_may_not_import(session, login, role):
    client = login(role)
    for path in ("/sector/import/", "/sector/import/template.xlsx", "/sector/import/1", "/sector/import/1/progress"):
        assert client.get(path).status_code in (302, 403), path
    assert send(client, "sector", book({SECTORS: [HEAD, ["a", "A"]]}))[1] is None
    assert session.scalar(sa.select(sa.func.count(ImportRun.id))) == 0


def test_an_import_is_its_sender_s_alone(session, login):
    client = login(Role.catalog_admin)
    _status, number, _page = send(client, "sector", book({SECTORS: [HEAD, ["a", "A"]]}))
    other = login(Role.catalog_admin)
    assert other.get(f"/sector/import/{number}").status_code == 404
    assert other.post(f"/sector/import/{number}/apply").status_code == 404
    assert client.get(f"/document-type/import/{number}").status_code == 404
    assert session.scalar(sa.select(sa.func.count(Sector.id))) == 0


def test_a_choice_of_a_name_that_two_records_have_is_refused(session, login):
    make_sector(code="a", name="Hộ tịch")
    make_sector(code="b", name="Hộ tịch")
    rows = [[vi("Procedure code"), vi("Name"), vi("Sector")], ["1", "Một", "Hộ tịch"], ["2", "Hai", "Không có"]]
    _status, _number, page = send(login(Role.catalog_admin), "procedure", book({vi("Procedures"): rows}))
    assert vi("Several records are called so; write the code.") in page
    assert vi("There is no such record in: %(what)s.", what=SECTORS) in page


@pytest.mark.parametrize(("kind", "raw", "value"), [
    ("_integer", "1.000.000", 1_000_000), ("_integer", "50.000 đồng", 50_000), ("_integer", "1 000", 1000),
    ("_integer", 7.0, 7), ("_integer", "-3", -3), ("_boolean", "Có", True), ("_boolean", "không", False),
    ("_boolean", True, True), ("_boolean", 0.0, False), ("_boolean", "X", True),
    ("_date", "31/12/2026", (2026, 12, 31)), ("_date", "1-2-2026", (2026, 2, 1)),
    ("_date", "ngày 5 tháng 9 năm 2026", (2026, 9, 5)), ("_date", "2026-12-31", (2026, 12, 31)),
    ("_time", "7h30", (7, 30)), ("_time", "07:30", (7, 30)), ("_time", 0.3125, (7, 30)), ("_time", "7 giờ", (7, 0)),
])  # fmt: skip
def test_cells_are_read_as_people_type_them(app, kind, raw, value):
    with app.test_request_context():
        found = getattr(cells, kind)(raw)
    if kind == "_date":
        found = (found.year, found.month, found.day)
    if kind == "_time":
        found = (found.hour, found.minute)
    assert found == value


@pytest.mark.parametrize(("kind", "raw"), [
    ("_integer", "1,5"), ("_integer", "1.00"), ("_integer", "mười"), ("_integer", 1.5), ("_boolean", "có lẽ"),
    ("_date", "32/13/2026"), ("_date", 46000.0), ("_time", "25:00"), ("_instant", "31/12/2026 25:00"),
])  # fmt: skip
def test_cells_that_cannot_be_read_say_how_to_write(app, kind, raw):
    with app.test_request_context(), pytest.raises(cells.BadCell, match=r"\w"):
        getattr(cells, kind)(raw)


def test_a_workbook_with_a_password_or_macros_is_refused(app):
    with app.test_request_context():
        for content in (bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 2000, b"PK\x03\x04" + b"\0" * 50):
            with pytest.raises(Invalid):
                open_workbook("a.xlsx", content)


def test_progress_is_seen_while_the_work_goes_on(own_database, monkeypatch):
    from app.clock import now
    from app.extensions import db
    from app.lowcode.exchange import progress, runs
    from app.permissions import acting_as
    from app.services.actors import build_actor
    from app.transactions import transaction
    from tests.clients import settle

    monkeypatch.setattr(progress, "_TOLD_EVERY", 0.0)
    with own_database.app_context():
        user = make_user(Role.catalog_admin)
        settle()
        content = book({SECTORS: [HEAD, *[[f"c{n}", f"Lĩnh vực {n}"] for n in range(1500)]]})
        with transaction() as unit:
            made = ImportRun(
                target="Sector", file_name="a.xlsx", user_id=user.id, user_name="", locale="vi", created_at=now(),
                touched_at=now(), state="waiting", content=content, corrections=[], skipped=[], counts=[], is_long=True,
            )  # fmt: skip
            unit.add(made)
            unit.flush()
            number = made.id
        seen = []

        def report(done, total):
            tell(done, total)
            with db.engine.connect() as other:
                seen.append(other.execute(sa.select(ImportRun.done, ImportRun.total, ImportRun.state)).one())

        tell = progress.reporter(number)
        with acting_as(build_actor(db.session(), user)):
            runs.check(number, report)
        assert [line[0] for line in seen] == [500, 1000, 1500, 2000, 2500, 3000]
        assert {line[1:] for line in seen} == {(3000, "checking")}
        db.session.rollback()
        assert db.session.get(ImportRun, number).state == "checked"
