"""Imports: everything is checked before anything is written, and applied once."""

import re
from html import unescape

import sqlalchemy as sa

from app.history import HistoryEntry
from app.lowcode.exchange import corrections, pages
from app.lowcode.exchange.run import ImportRun
from app.lowcode.exchange.runs import unpack
from app.models import Agency, CalendarSession, Component, Fee, Procedure, ProcedureVersion, Sector
from app.permissions import Role
from tests.exchange.books import apply, book, run, send
from tests.factories import make_agency, make_calendar, make_procedure, make_sector, make_tree
from tests.wording import vi

SECTORS = vi("Sectors")
HEAD = [vi("Code"), vi("Name"), vi("In use")]


def _sectors(session):
    return {row.code: (row.name, row.is_active) for row in session.scalars(sa.select(Sector))}


def test_adds_changes_and_unchanged_are_shown_first_and_written_once(session, login):
    make_sector(code="a", name="Đất đai")
    make_sector(code="b", name="Hộ tịch")
    client = login(Role.catalog_admin)
    rows = [HEAD, ["a", "Đất đai", "Có"], ["b", "Hộ tịch và quốc tịch", "không"], ["c", "Xây dựng", ""]]
    status, number, page = send(client, "sector", book({SECTORS: rows}))
    assert status == 200
    assert "Hộ tịch và quốc tịch" in page
    assert run(number).counts == [{"sheet": SECTORS, "add": 1, "change": 1, "same": 1, "skip": 0, "fault": 0}]
    assert _sectors(session) == {"a": ("Đất đai", True), "b": ("Hộ tịch", True)}
    for _again in range(2):
        assert apply(client, "sector", number).status_code == 200
    after = {"a": ("Đất đai", True), "b": ("Hộ tịch và quốc tịch", False), "c": ("Xây dựng", True)}
    assert _sectors(session) == after
    entries = session.scalars(sa.select(HistoryEntry).where(HistoryEntry.aggregate == "sector",
                                                            HistoryEntry.reason.is_not(None))).all()  # fmt: skip
    assert sorted(entry.action for entry in entries) == ["create", "update"]
    assert all("danh-muc.xlsx" in entry.reason for entry in entries)


def test_every_fault_is_told_by_place_and_nothing_is_written(session, login):
    make_sector(code="a")
    client = login(Role.catalog_admin)
    rows = [["Danh sách lĩnh vực"], [], HEAD, ["a", "x" * 300, "có"], ["b", "", "có"], ["c", "C", "có thể"],
            ["c", "D", ""], ["", "E", ""]]  # fmt: skip
    _status, number, page = send(client, "sector", book({SECTORS: rows}))
    before = _sectors(session)
    places = {(fault.row, fault.letter) for fault in _faults(number)}
    assert places == {(4, "B"), (5, "B"), (6, "C"), (7, "A"), (8, "A")}
    assert vi("Write Yes or No.") in page
    assert apply(client, "sector", number).status_code == 200
    assert _sectors(session) == before
    assert run(number).state == "checked"


def _faults(number):
    from app.lowcode.exchange.runs import unpack

    return unpack(run(number)).faults


def test_cells_are_corrected_and_rows_left_out_on_the_page(session, login):
    client = login(Role.catalog_admin)
    rows = [HEAD, ["a", "A", "ừ"], ["b", "", ""]]
    _status, number, page = send(client, "sector", book({SECTORS: rows}))
    typed = {f"cell-2-2-{SECTORS}": "Không", f"skip-3-{SECTORS}": "1"}
    assert all(f'name="{name}"' in page for name in typed)
    client.post(f"/sector/import/{number}/correct", data=typed)
    assert run(number).faults == 0
    apply(client, "sector", number)
    assert _sectors(session) == {"a": ("A", False)}


def _two_pages(monkeypatch, login):
    monkeypatch.setattr(pages, "PAGE", 1)
    client = login(Role.catalog_admin)
    _status, number, page = send(client, "sector", book({SECTORS: [HEAD, ["a", "A", "ừ"], ["b", "", ""]]}))
    return client, number, page


def test_what_is_typed_on_one_page_of_faults_is_kept_on_the_next_and_checked_with_it(session, login, monkeypatch):
    client, number, page = _two_pages(monkeypatch, login)
    keep = f"/sector/import/{number}/keep?page="
    assert f'formaction="{keep}2"' in page
    assert f'name="cell-3-1-{SECTORS}"' not in page
    answer = client.post(f"{keep}2", data={f"cell-2-2-{SECTORS}": "Không"})
    assert answer.location == f"/sector/import/{number}?page=2"
    second = client.get(answer.location).text
    assert f'formaction="{keep}1"' in second
    assert (run(number).state, run(number).faults) == ("checked", 2)  # nothing was checked on the way
    back = client.post(f"{keep}1", data={f"cell-3-1-{SECTORS}": "B"}).location
    assert 'value="Không"' in client.get(back).text
    client.post(f"/sector/import/{number}/correct", data={f"cell-2-2-{SECTORS}": "Không"})
    assert run(number).faults == 0
    apply(client, "sector", number)
    assert _sectors(session) == {"a": ("A", False), "b": ("B", True)}


def test_a_row_left_out_on_another_page_stays_ticked_and_can_be_taken_after_all(session, login, monkeypatch):
    client, number, _page = _two_pages(monkeypatch, login)
    keep, skip, was = f"/sector/import/{number}/keep?page=", f"skip-2-{SECTORS}", f"was-2-{SECTORS}"
    client.post(f"{keep}2", data={skip: "1"})
    page = client.get(f"/sector/import/{number}?page=1").text
    assert f'name="{skip}" value="1" checked' in page
    assert f'name="{was}"' in page
    client.post(f"{keep}2", data={skip: "1", was: "1"})
    assert run(number).skipped == [[SECTORS, 2]]
    client.post(f"{keep}2", data={was: "1"})
    assert run(number).skipped == []


def test_only_its_owner_keeps_corrections_and_only_while_the_import_waits_for_them(session, login, monkeypatch):
    client, number, _page = _two_pages(monkeypatch, login)
    typed = {f"cell-2-2-{SECTORS}": "Không"}
    assert login(Role.catalog_admin).post(f"/sector/import/{number}/keep", data=typed).status_code == 404
    assert login(Role.specialist).post(f"/sector/import/{number}/keep", data=typed).status_code == 403
    session.get(ImportRun, number).state = "checking"
    session.commit()
    assert vi("This import has gone on meanwhile.") in client.post(
        f"/sector/import/{number}/keep", data=typed, follow_redirects=True).text  # fmt: skip
    assert run(number).corrections == []


def test_only_what_is_typed_over_faults_is_kept(session, login, monkeypatch):
    client, number, _page = _two_pages(monkeypatch, login)
    many = ".".join(map(str, range(1, 500)))
    typed = {f"cell-{many}-2-{SECTORS}": "Không", f"cell-2-0-{SECTORS}": "x", "cell-2-2-Khác": "x",
             f"skip-{many}-{SECTORS}": "1", "skip-2-Khác": "1"}  # fmt: skip
    client.post(f"/sector/import/{number}/keep", data=typed)
    assert run(number).corrections == [[SECTORS, 2, 2, "Không"]]
    assert run(number).skipped == [[SECTORS, 2], [SECTORS, 3]]


def test_a_correction_too_long_beside_the_others_stays_on_its_page_and_is_named(session, login, monkeypatch):
    monkeypatch.setattr(corrections, "MOST_TYPED", 10)
    client, number, _page = _two_pages(monkeypatch, login)
    first, second = {f"cell-2-2-{SECTORS}": "x" * 6}, {f"cell-3-1-{SECTORS}": "y" * 5, "page": "2"}
    keep = f"/sector/import/{number}/keep?page=1"
    assert client.post(keep, data=first).status_code == 302
    for address in (keep, f"/sector/import/{number}/correct"):
        answer = client.post(address, data=second | {f"skip-3-{SECTORS}": "1"})
        page = unescape(answer.text)
        assert answer.status_code == 422
        assert vi("sheet “%(sheet)s”, row %(row)d, column %(letter)s", sheet=SECTORS, row=3, letter="B") in page
        assert vi("This correction is too long and was not kept.") in page
        assert f'value="{"y" * 5}"' in page
    assert (run(number).state, run(number).corrections) == ("checked", [[SECTORS, 2, 2, "x" * 6]])
    assert run(number).skipped == [[SECTORS, 3]]
    client.post(keep, data=second | {f"cell-3-1-{SECTORS}": "B"})
    assert run(number).corrections == [[SECTORS, 2, 2, "x" * 6], [SECTORS, 3, 1, "B"]]


def test_a_correction_too_long_for_a_cell_is_not_cut(session, login, monkeypatch):
    monkeypatch.setattr(corrections, "LONGEST_TYPED", 3)
    client, number, _page = _two_pages(monkeypatch, login)
    answer = client.post(f"/sector/import/{number}/keep?page=2", data={f"cell-2-2-{SECTORS}": "xxxx"})
    assert (answer.status_code, 'value="xxxx"' in answer.text) == (422, True)
    assert run(number).corrections == []


def test_all_that_is_wrong_in_a_row_is_told_at_once(session, login):
    root = make_tree().root
    head = [vi("Identifier code"), vi("Name"), vi("Level"), vi("Parent agency"), vi("Abbreviation"), vi("E-mail")]
    rows = [head, ["H57.90", "", "Cấp trời", root.code, "ubnd", "không phải thư"],
            ["H57.91", "Sở Thử", "Cấp tỉnh", root.code, "s/t", "cũng không"]]  # fmt: skip
    _status, number, page = send(login(Role.catalog_admin), "agency", book({vi("Agencies"): rows}))
    found = [(fault.row, fault.label) for fault in unpack(run(number)).faults]
    assert sorted(found) == sorted([(2, vi("Name")), (2, vi("Level")), (2, vi("E-mail")),
                                    (3, vi("Abbreviation")), (3, vi("E-mail"))])  # fmt: skip
    assert vi("An abbreviation has capital letters, digits and the signs - & only: for example UBND.") in unescape(page)


def test_a_row_with_a_fault_is_shown_with_its_other_cells(session, login):
    rows = [HEAD, ["a", "Tên <b>dài</b>", "ừ"], ["b", "Hai", "ừ"], ["c", "", "Có"]]
    page = unescape(send(login(Role.catalog_admin), "sector", book({SECTORS: rows}))[2])
    around = re.findall(r'exchange-around[^>]*>(.*?)</p>', page)
    assert len(around) == 1  # where the same is wrong in several rows they are told together
    assert f"{vi('Code')}: <b>c</b>" in around[0]
    assert f"{vi('In use')}: <b>Có</b>" in around[0]


def test_a_target_changed_since_the_plan_refuses_and_plans_anew(session, login):
    sector = make_sector(code="a", name="A")
    client = login(Role.catalog_admin)
    _status, number, _page = send(client, "sector", book({SECTORS: [HEAD, ["a", "B", ""]]}))
    session.refresh(sector)
    sector.name = "Người khác sửa"
    session.commit()
    page = apply(client, "sector", number).text
    assert "Người khác sửa" in page
    assert _sectors(session)["a"][0] == "Người khác sửa"
    assert run(number).state == "checked"
    apply(client, "sector", number)
    assert _sectors(session)["a"][0] == "B"


def test_a_procedure_comes_with_versions_papers_and_fees(session, login):
    make_sector(code="ht", name="Hộ tịch")
    client = login(Role.catalog_admin)
    sheets = {
        vi("Procedures"): [[vi("Procedure code"), vi("Name"), vi("Sector")], ["1.001193", "Khai sinh", "ht – Hộ tịch"]],
        vi("Procedure versions"): [[vi("Procedure"), vi("Version"), vi("Name"), vi("Handled at"), vi("Valid from")],
                                   ["1.001193", 1, "Khai sinh", "Cấp xã", "01/07/2026"]],
        vi("Components of dossiers"): [[vi("Procedure version"), vi("Order"), vi("Name")],
                                       ["1.001193 / 1", 1, "Tờ khai"], ["1.001193 / 1", 2, "Giấy chứng sinh"]],
        vi("Fees and charges"): [[vi("Procedure version"), vi("Order"), vi("Name"), vi("Amount (đồng)")],
                                 ["1.001193 / 1", 1, "Lệ phí", "1.000.000 đồng"]],
    }  # fmt: skip
    _status, number, page = send(client, "procedure", book(sheets))
    assert run(number).faults == 0, page
    apply(client, "procedure", number)
    version = session.scalars(sa.select(ProcedureVersion)).one()
    assert (version.procedure.code, version.state, version.agency_level) == ("1.001193", "draft", "commune")
    assert [part.name for part in version.components] == ["Tờ khai", "Giấy chứng sinh"]
    assert session.scalar(sa.select(Fee.amount)) == 1_000_000


def test_published_versions_do_not_change_by_a_file(session, login):
    version = make_procedure()
    code = version.procedure.code
    head = [vi("Procedure version"), vi("Order"), vi("Name")]
    rows = [head, [f"{code} / 1", 99, "Giấy mới"]]
    _status, number, page = send(login(Role.catalog_admin), "component", book({vi("Components of dossiers"): rows}))
    assert vi("A published version never changes. Make a new version instead.") in page
    assert session.scalar(sa.select(sa.func.count(Component.id)).where(Component.position == 99)) == 0
    assert run(number).faults == 1


def test_circles_in_the_tree_are_refused(session, login):
    tree = make_tree()
    a, b = make_agency(parent=tree.root), make_agency(parent=tree.root)
    head = [vi("Identifier code"), vi("Name"), vi("Level"), vi("Parent agency")]
    rows = [head, [a.code, a.name, "Cấp xã", b.code], [b.code, b.name, "Cấp xã", a.code],
            ["N1", "Mới 1", "Cấp xã", "N2"], ["N2", "Mới 2", "Cấp xã", "N1"]]  # fmt: skip
    _status, number, page = send(login(Role.catalog_admin), "agency", book({vi("Agencies"): rows}))
    assert [fault.row for fault in _faults(number)] == [2, 3, 4, 5]
    assert page.count(vi("The chain leads back to this record itself.")) == 4
    assert session.scalar(sa.select(sa.func.count(Agency.id)).where(Agency.code.in_(["N1", "N2"]))) == 0


def test_children_may_stand_before_their_parents(session, login):
    make_tree()
    head = [vi("Identifier code"), vi("Name"), vi("Level"), vi("Parent agency"), vi("Receiving desk")]
    rows = [head, ["N.2", "Trung tâm", "Bộ phận Một cửa", "N", ""], ["N", "Phường N", "Cấp xã", "H57", "N.2"]]
    client = login(Role.catalog_admin)
    _status, number, page = send(client, "agency", book({vi("Agencies"): rows}))
    assert run(number).faults == 0, page
    apply(client, "agency", number)
    made = {row.code: row for row in session.scalars(sa.select(Agency).where(Agency.code.in_(["N", "N.2"])))}
    assert made["N"].desk is made["N.2"]
    assert made["N.2"].path.startswith(made["N"].path)


def test_sessions_that_overlap_are_refused_within_the_file(session, login):
    calendar = make_calendar()
    head = [vi("Working calendar"), vi("Weekday"), vi("From"), vi("Until")]
    rows = [head, [calendar.code, vi("Sunday"), "7h30", "11:30"], [calendar.code, vi("Sunday"), "11:00", "12:00"]]
    _status, number, page = send(login(Role.catalog_admin), "calendar-session",
                                 book({vi("Weekly sessions"): rows}))  # fmt: skip
    assert vi("This session overlaps another one of the same day.") in page
    assert run(number).faults == 1
    sunday = CalendarSession.calendar_id == calendar.id, CalendarSession.weekday == 6
    assert session.scalar(sa.select(sa.func.count(CalendarSession.id)).where(*sunday)) == 0


def test_planning_costs_the_same_statements_whatever_the_rows(session, login, count_queries):
    make_sector(code="s")
    counts = []
    client = login(Role.catalog_admin)
    for rows in (1, 5, 60):  # the first also finds what is kept between requests
        lines = [[f"{rows % 10}.{n:06}", f"Thủ tục {n}", "s"] for n in range(rows)]
        content = book({vi("Procedures"): [[vi("Procedure code"), vi("Name"), vi("Sector")], *lines]})
        with count_queries() as seen:
            _status, number, _page = send(client, "procedure", content)
        assert run(number).faults == 0
        counts.append(len(seen))
    assert counts[1] == counts[2]
    assert session.scalar(sa.select(sa.func.count(Procedure.id))) == 0
