"""What the set-up workbook says of cells that cannot be read: at their headings, in the words of the file."""

import pytest

from app.lowcode.exchange import long, reading
from app.permissions import Role
from app.services.setup_workbook.headings import AGENCIES, PROCEDURES, PROCESSES
from app.services.setup_workbook.words import Limit, limit_of, minutes_of
from tests.exchange.books import book, download, rows_in, run, send
from tests.exchange.test_setup_workbook import SLUG, words_book
from tests.factories import make_tree
from tests.wording import vi


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("0,5 ngày", 240), ("4 giờ", 240), ("2", 120), ("1,5", 90), ("1.5", 90), ("1h30", 90), ("1 giờ 30 phút", 90),
        ("0,0625 ngày làm việc", 30), ("0,5 ngày (4 giờ)", 240), ("2 buổi", 480), ("0", 0),
        ("lâu", None), ("1 tuần", None), ("01:30", None), ("2 ngày hoặc 3", None), ("", None), ("9" * 400, None),
        ("1.000 phút", None), ("1 ngày 1.000 phút", None), ("1000 phút", 1000), ("0.125 ngày", 60), ("1,125 ngày", 540),
    ],
)  # fmt: skip
def test_times_of_steps_as_people_write_them(text, minutes):
    assert minutes_of(text) == minutes


@pytest.mark.parametrize(
    "text",
    ["vài hôm", "1,5 ngày", "1500 ngày", "0,5", "30 phút", "02 tuần", "02 (hai) tuần", "30 (phút)", "01 năm",
     "1/2 ngày", "3 - 5 ngày", "3-5 ngày", "3 ngày – 5 ngày", "15 hoặc 20 ngày", "15 ngày hoặc 20 ngày", "5 đến 7 ngày",
     "8h30", "1 giờ 30 phút", "2 tháng rưỡi", "10 (năm ngày)", "10 (15 ngày)", "10 (năm) ngày làm việc",
     "10 (15) ngày", "1 (năm)", "5 ngày + 3 ngày", "05 ngày và 03 ngày", "05 ngày và 3 (ba) ngày", "05 ngày và 30 phút",
     "5 ngày làm việc tại xã + 3 ngày tại tỉnh", "5 ngày (xã) + 3 ngày (tỉnh)", "5 ngày, cộng thêm 3 ngày"],
)  # fmt: skip
def test_a_time_limit_that_is_no_whole_number_of_a_known_unit_is_not_guessed(text):
    assert limit_of(text) is None


@pytest.mark.parametrize(
    ("text", "value", "unit", "is_noted"),
    [
        ("20", "20", "working_day", False), ("05 (năm)", "05", "working_day", False),
        ("20 (ngày)", "20", "day", False), ("10 NLV", "10", "working_day", False),
        ("10 (mười) ngày (làm việc)", "10", "working_day", False), ("24h", "24", "hour", False),
        ("8h làm việc", "8", "working_hour", False), ("03 ngày làm việc (24 giờ)", "03", "working_day", True),
        ("05 (năm) ngày, kể từ ngày nhận đủ hồ sơ", "05", "day", True), ("7 ngày/hồ sơ", "7", "day", True),
        ("10 (mười ngày)", "10", "day", False), ("15 (mười lăm ngày làm việc)", "15", "working_day", False),
        ("05 (năm giờ làm việc)", "05", "working_hour", False), ("10 (10 ngày)", "10", "day", False),
        ("10 (mười ngày), kể từ ngày nhận đủ hồ sơ", "10", "day", True),
        ("05 ngày (xã 3 ngày và 02 ngày ở tỉnh)", "05", "day", True),
        ("05 ngày, trong đó xã 3 ngày + 2 ngày ở tỉnh", "05", "day", True),
        ("05 ngày làm việc kể từ khi nhận đủ đơn và 02 bản sao", "05", "working_day", True),
        ("01 ngày làm việc hoặc trong ngày làm việc tiếp theo", "01", "working_day", True),
    ],
)  # fmt: skip
def test_a_time_limit_has_the_unit_beside_its_number_and_keeps_what_else_was_said(text, value, unit, is_noted):
    assert limit_of(text) == Limit(value, unit, False, text if is_noted else "")


def test_a_time_limit_of_an_unknown_unit_is_refused_at_its_cell(session, login):
    make_tree()
    title = vi(PROCEDURES.label)
    rows = [["Mã số", "Tên thủ tục", vi("Sector"), "Thời hạn giải quyết"],
            ["1.004873", "Thủ tục A", "Hộ tịch", "30 phút"]]  # fmt: skip
    found, page = _page_of(login, title, rows)
    assert found.faults == 1, page
    assert vi("The time limit cannot be read. Write a whole number of days, hours or months, for example: 03 working "
              "days; 4 hours; same day.") in _at(page, f"cell-2-3-{title}")  # fmt: skip


@pytest.mark.parametrize(("value", "faults"), [(1.125, 0), ("1.125", 1)])
def test_a_dot_before_three_digits_is_refused_in_a_text_and_no_thousand_in_a_number(session, login, value, faults):
    make_tree()
    title, rows = vi(PROCESSES.label), words_book()[vi(PROCESSES.label)]
    rows[2] = [*rows[2][:5], value]
    found, page = _page_of(login, title, rows)
    assert found.faults == faults, page


def _page_of(login, title, rows):
    _status, number, page = send(login(Role.catalog_admin), SLUG, book({title: rows}))
    return run(number), page


def _at(page, name):
    """Return what the page says at the field of a cell."""
    assert f'name="{name}"' in page, name
    return page.split(f'name="{name}"')[0].rsplit("<li>", 1)[1] + page.split(f'name="{name}"')[1].split("</li>")[0]


def test_a_time_nobody_can_read_is_refused_in_its_own_unit_at_the_heading_of_the_file(session, login):
    make_tree()
    title, rows = vi(PROCESSES.label), words_book()[vi(PROCESSES.label)]
    rows[2] = [*rows[2][:5], "vài hôm"]
    found, page = _page_of(login, title, rows)
    said = _at(page, f"cell-3-5-{title}")
    assert found.faults == 1
    assert vi("The time cannot be read. Write working hours, for example 1,5, or a unit: 0,5 days; 30 minutes.") in said
    assert "Thời gian" in said
    assert vi("Limit in working minutes") not in said
    assert vi("Write a whole number, for example 1.000.000.") not in said


def test_an_empty_cell_that_must_be_filled_is_told_under_the_heading_of_the_file(session, login):
    make_tree()
    title, rows = vi(PROCESSES.label), words_book()[vi(PROCESSES.label)]
    rows[2] = rows[2][:5]
    _found, page = _page_of(login, title, rows)
    assert vi("%(label)s: this field is required.").replace("%(label)s", "Thời gian") in _at(page, f"cell-3-5-{title}")


@pytest.mark.parametrize(
    ("name", "is_fine"),
    [("Hoa Lê", False), ("hoa lê", False), ("Hoà", False), ("hoa le", False), (".hoa", False), ("hoa_le-2@x.vn", True)],
)
def test_a_user_name_nobody_could_type_is_refused(session, login, name, is_fine):
    make_tree()
    title, rows = vi(AGENCIES.label), words_book()[vi(AGENCIES.label)]
    rows[2][5] = name
    found, page = _page_of(login, title, rows)
    assert found.faults == (0 if is_fine else 1), page
    message = vi("A user name has letters without marks, digits and the signs . _ - @ only, and no spaces: "
                 "for example hoa.le.")  # fmt: skip
    assert is_fine or message in _at(page, f"cell-3-5-{title}")


@pytest.mark.parametrize(
    ("code", "is_fine"),
    [("1.4873", False), (1.00041, False), ("1,004873", False), ("1.0048731", False), ("1. 004873", False),
     ("1.004873", True), (1.004873, True), ("1.004873.000.00.00.H57", True), ("TTHC-HUE-01", True)],
)  # fmt: skip
def test_a_code_that_only_looks_like_one_of_the_national_database_is_refused(session, login, code, is_fine):
    make_tree()
    title = vi(PROCEDURES.label)
    found, page = _page_of(login, title, [["Mã số", "Tên thủ tục", vi("Sector")], [code, "Thủ tục A", "Hộ tịch"]])
    assert found.faults == (0 if is_fine else 1), page
    message = vi("A code of the national database of administrative procedures has one digit, a dot and six digits, "
                 "for example 1.004873. Write the zeros at the end, too; keep the cell as text.")  # fmt: skip
    assert is_fine or message in _at(page, f"cell-2-0-{title}")


def test_a_second_row_of_a_code_names_the_first_as_the_file_counts_it(session, login):
    make_tree()
    rows = [["DANH MỤC"], ["(kèm theo Quyết định)"], ["Mã số", "Tên thủ tục", vi("Sector")], ["I. LĨNH VỰC HỘ TỊCH"],
            ["9.000001", "Thủ tục A", ""], ["9.000001", "Thủ tục B", ""]]  # fmt: skip
    _found, page = _page_of(login, "Bảng công bố", rows)
    said = _at(page, "cell-6-0-Bảng công bố")
    assert vi("The same record stands in row %(row)d already.").replace("%(row)d", "5") in said


def test_the_page_names_records_not_only_their_keys(session, login):
    make_tree()
    found, page = _page_of(login, vi(AGENCIES.label), words_book()[vi(AGENCIES.label)])
    assert found.faults == 0, page
    assert "<strong>H57.50 – Ủy ban nhân dân xã Mới</strong>" in page
    assert "<strong>hoa.xamoi – Lê Thị Hoa</strong>" in page
    assert f"hoa.xamoi / H57.50.1 / {vi('Desk officer')} / " in page
    assert "desk_officer" not in page
    desk = page.split(vi("Receiving desk"))[1].split("</li>")[0]
    assert "H57.50.1 – Trung tâm Phục vụ hành chính công xã Mới" in desk


def test_two_names_of_one_file_may_not_differ_in_capitals_alone(session, login):
    make_tree()
    title, rows = vi(AGENCIES.label), words_book()[vi(AGENCIES.label)]
    rows[3][5] = "HOA.xamoi"
    found, page = _page_of(login, title, [["DANH SÁCH"], *rows])
    assert found.faults == 1, page
    message = vi("Row %(row)d has the same value; capital and small letters count as the same.")
    assert message.replace("%(row)d", "4") in _at(page, f"cell-5-5-{title}")


@pytest.mark.parametrize("is_long", [False, True])
def test_users_from_a_list_may_not_differ_in_capitals_alone(session, login, monkeypatch, is_long):
    if is_long:
        monkeypatch.setattr(reading, "MANY_ROWS", 0)
        monkeypatch.setattr(long, "PACK", 1)
    make_tree()
    head = [vi(label) for label in ("User name", "Family and middle name", "Given name", "E-mail")]
    rows = [head, ["Hoa", "Lê", "Hoa", "a@example.vn"], ["binh", "Lê", "Bình", "b@example.vn"],
            ["hOA", "Lê", "Hoà", "c@example.vn"]]  # fmt: skip
    _status, number, page = send(login(Role.system_admin), "user", book({vi("Users"): rows}))
    assert run(number).faults == 1, page
    message = vi("Row %(row)d has the same value; capital and small letters count as the same.")
    assert message.replace("%(row)d", "2") in page


@pytest.mark.parametrize("is_filled", [True, False])
def test_a_sheet_of_ours_without_its_headings_is_not_passed_over(session, login, is_filled):
    make_tree()
    sheets = words_book()
    title = vi(PROCESSES.label)
    sheets[title] = [["Mã quy trình", "Bước", "Thời gian"], ["QT.1", "Thụ lý", "1,5"]] if is_filled else []
    sheets["Bảng công bố"][3][-1] = ""
    _status, number, page = send(login(Role.catalog_admin), SLUG, book(sheets))
    columns = f"“{vi('Process code')}”, “{vi('Step')}”"
    said = vi("The sheet “%(sheet)s” cannot be read: its headings must stand in one row, among them %(columns)s, as in "
              "the template.", sheet=title, columns=columns)  # fmt: skip
    assert (run(number).faults, said in page) == ((1, True) if is_filled else (0, False)), page


def test_the_headings_of_the_template_are_understood_in_every_sheet(session, login):
    make_tree()
    client = login(Role.catalog_admin)
    headings = {name: rows[0] for name, rows in rows_in(download(client, f"/{SLUG}/import/template.xlsx")).items()}
    title = vi(PROCESSES.label)
    step = {vi("Process code"): "QT.9", vi("Process name"): "Quy trình", vi("Step"): "Thụ lý",
            vi("Done by"): vi("Specialist"), vi("Time of the step"): "1,5"}  # fmt: skip
    row = [step.get(heading.rstrip(" *"), "") for heading in headings[title]]
    assert len([cell for cell in row if cell]) == len(step)
    found, page = _page_of(login, title, [headings[title], row])
    assert (found.faults, sum(line["add"] for line in found.counts)) == (0, 2), page
