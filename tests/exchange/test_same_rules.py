"""A spreadsheet stands under the rules of the form, and an odd cell is a fault of its row, never of the system."""

import io
import zipfile
from datetime import date, datetime

import pytest

from app.lowcode.exchange import cells, runs
from app.lowcode.exchange.runs import unpack
from app.permissions import Role
from app.tasks.outbox import run_waiting
from tests.exchange.books import book, run, send
from tests.factories import make_agency, make_division, make_sector, make_user
from tests.wording import vi

SECTORS = vi("Sectors")


def _faults(number):
    return {fault.message for fault in unpack(run(number)).faults}


def test_a_record_no_longer_in_use_is_refused_as_by_the_form(session, login):
    make_sector(code="cu", name="Lĩnh vực cũ", is_active=False)
    head = [vi("Procedure code"), vi("Name"), vi("Sector"), vi("In use")]
    sheets = {vi("Procedures"): [head, ["1.000001", "Mới", "cu", "có"], ["1.000002", "Cũ", "cu", "không"]]}
    _status, number, _page = send(login(Role.catalog_admin), "procedure", book(sheets))
    assert _faults(number) == {vi("“%(name)s” is no longer in use.", name="Lĩnh vực cũ")}
    assert run(number).faults == 1


def test_a_division_of_another_agency_is_refused_as_by_the_form(session, login):
    here, there, user = make_agency(), make_agency(), make_user()
    ours, theirs = make_division(here), make_division(there)
    head = [vi("Officer"), vi("Agency"), vi("Division"), vi("Role"), vi("Valid from")]
    rows = [[user.username, here.code, division.code, vi("Specialist"), f"0{day}/01/2026"]
            for day, division in enumerate((ours, theirs), 1)]  # fmt: skip
    sheets = {vi("Officers' positions"): [head, *rows]}
    _status, number, _page = send(login(Role.system_admin), "officer-position", book(sheets))
    [fault] = unpack(run(number)).faults
    assert fault.row == 3
    assert theirs.name in fault.message
    assert here.name in fault.message


def _with_number(head, typed):
    """Return a file in which one cell holds a number that no spreadsheet programme writes."""
    source, target = book({SECTORS: [head, ["a", "A", 777]]}), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(source)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry, old.read(entry).replace(b"<v>777</v>", b"<v>" + typed + b"</v>"))
    return target.getvalue()


@pytest.mark.parametrize("typed", [b"1e999", b"-1e999", b"NaN", b"1.5"])
def test_a_number_that_is_none_is_a_fault_of_its_cell(session, login, typed):
    file = _with_number([vi("Code"), vi("Name"), vi("In use")], typed)
    status, number, _page = send(login(Role.catalog_admin), "sector", file)
    assert (status, _faults(number)) == (200, {vi("Write Yes or No.")})


@pytest.mark.parametrize("kind", ["integer", "number"])
@pytest.mark.parametrize("typed", [float("inf"), float("nan")])
def test_no_column_takes_what_is_no_number(app, kind, typed):
    with app.app_context(), app.test_request_context(), pytest.raises(cells.BadCell):
        cells.read_plain(kind, typed)


def test_the_last_moment_of_the_calendar_can_be_read(app):
    assert cells.read_plain("instant", datetime(9999, 12, 31, 23, 59, 59, 900_000)).date() == date(9999, 12, 31)


def test_a_small_file_of_many_rows_is_the_workers(session, login, monkeypatch):
    monkeypatch.setattr(runs, "MANY_ROWS", 3)
    rows = [[vi("Code"), vi("Name")], *([f"s{n}", "Tên"] for n in range(5))]
    _status, number, _page = send(login(Role.catalog_admin), "sector", book({SECTORS: rows}))
    assert run(number).state == "waiting"
    run_waiting()
    assert (run(number).state, run(number).counts[0]["add"]) == ("checked", 5)
