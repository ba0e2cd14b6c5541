"""Forms from spreadsheets: what is read, what is refused and where; nothing is ever written."""

import io

import pytest
import xlsxwriter
from flask_babel import force_locale
from python_calamine import CalamineWorkbook

from app.errors import Invalid
from app.extensions import db
from app.models import FormField
from app.permissions import Role
from app.services import form_sheets
from app.services.form_text import read_condition
from tests import factories
from tests.exchange.test_bad_input import far_cell
from tests.wording import vi


@pytest.fixture(autouse=True)
def vietnamese(session):
    with force_locale("vi"):
        yield


def sheet(*rows):
    heads = [vi("Section"), vi("Key"), vi("Label"), vi("Kind"), vi("Required"), vi("Choices"), vi("Shown when"),
             vi("Pattern"), vi("Table columns")]  # fmt: skip
    return "\n".join("\t".join(row) for row in (heads, *rows))


GOOD = sheet(
    ("Người khai", "ho_ten", "Họ tên", "text", "x", "", "", "", ""),
    ("", "", "Hình thức nhận", vi("One choice"), "có", "tk = Tài khoản; tm = Tiền mặt", "", "", ""),
    ("", "so_tk", "Số tài khoản", "text", "x", "", "Hình thức nhận = Tài khoản", r"^\d+$", ""),
    ("Gia đình", "con", "Các con", vi("Table"), "", "",
     "hinh_thuc_nhan thuộc tk; tm và ho_ten đã điền", "", "Tên; Tuổi: Số"),
)  # fmt: skip


def test_rows_become_sections_fields_and_conditions(app):
    found = form_sheets.read_pasted(GOOD)
    assert found.faults == []
    first, second = found.sections
    assert [field["key"] for field in first["fields"]] == ["ho_ten", "hinh_thuc_nhan", "so_tk"]
    assert first["fields"][2]["show_when"] == {"field": "hinh_thuc_nhan", "op": "eq", "value": "tk"}
    assert second["fields"][0]["show_when"] == {"all": [
        {"field": "hinh_thuc_nhan", "op": "in", "value": ["tk", "tm"]},
        {"field": "ho_ten", "op": "filled"}]}  # fmt: skip
    assert [column["kind"] for column in second["fields"][0]["columns"]] == ["text", "number"]
    assert [field["is_required"] for field in first["fields"]] == [True, True, True]


FAULTY = (
    (("P", "a", "A", "radio", "", "", "", "", ""), "Kind"),
    (("P", "a", "A", "text", "có lẽ", "", "", "", ""), "Required"),
    (("P", "a", "A", "text", "", "", "la = 1", "", ""), "Shown when"),
    (("P", "a", "A", "text", "", "", "ho_ten = 1 và a = 2 hoặc a = 3", "", ""), "Shown when"),
    (("P", "a", "A", "text", "", "", "ho_ten ~ 1", "", ""), "Shown when"),
    (("P", "a", "A", "text", "", "", "", "(a+)+", ""), "Pattern"),
    (("P", "A b", "A", "text", "", "", "", "", ""), "Key"),
    (("P", "ho_ten", "A", "text", "", "", "", "", ""), "Key"),
    (("P", "a", "", "text", "", "", "", "", ""), "Label"),
    (("P", "a", "A", "select", "", "", "", "", ""), "Choices"),
    (("P", "a", "A", "table", "", "", "", "", ""), "Table columns"),
)  # fmt: skip


@pytest.mark.parametrize(("row", "heading"), FAULTY, ids=str)
def test_each_fault_names_its_row_and_column(app, row, heading):
    found = form_sheets.read_pasted(sheet(("P", "ho_ten", "Họ tên", "text", "x", "", "", "", ""), row))
    assert [(fault.row, fault.column) for fault in found.faults] == [(3, vi(heading))]


@pytest.mark.parametrize("text", ["", "một\thai", "Phần\tNhãn", "x" * 100])
def test_without_headings_nothing_is_read(app, text):
    with pytest.raises(Invalid):
        form_sheets.read_pasted(text)


def test_too_many_rows_are_refused(app):
    row = ("P", "", "A", "text", "", "", "", "", "")
    with pytest.raises(Invalid):
        form_sheets.read_pasted(sheet(*[row] * (form_sheets.MAX_ROWS + 1)))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"<html>", b"\x00" * 5000])
def test_a_broken_workbook_is_refused(app, content):
    with pytest.raises(Invalid):
        form_sheets.read_workbook(content)


def test_cells_in_opposite_corners_are_refused_before_they_take_all_memory(app):
    with pytest.raises(Invalid):
        form_sheets.read_workbook(far_cell())


def test_the_template_reads_back_as_a_form(app):
    content = form_sheets.template()
    found = form_sheets.read_workbook(content)
    assert found.faults == []
    assert [f["key"] for f in found.sections[0]["fields"]] == ["ho_ten", "loai", "so_tk"]
    names = CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names
    assert "kind" in names


def workbook(text):
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    page = book.add_worksheet()
    for number, line in enumerate(text.split("\n")):
        for at, cell in enumerate(line.split("\t")):
            page.write_string(number, at, cell)
    book.close()
    return target.getvalue()


def test_the_page_gives_what_was_read_and_writes_nothing(login, session):
    form, client = factories.make_form(), login(Role.catalog_admin)
    before = db.session.query(FormField).count()
    answer = client.post(f"/form-designer/{form.id}/import", data={"file": (io.BytesIO(workbook(GOOD)), "m.xlsx")})
    assert (answer.status_code, answer.json["count"]) == (200, 4)
    answer = client.post(f"/form-designer/{form.id}/import", data={"rows": GOOD.replace("^\\d+$", "(a+)+")})
    assert answer.status_code == 422
    assert answer.json["faults"][0][:2] == [4, vi("Pattern")]
    assert db.session.query(FormField).count() == before
    assert client.get("/form-designer/template.xlsx").status_code == 200


@pytest.mark.parametrize("role", [Role.system_admin, Role.desk_officer, Role.citizen])
def test_only_catalog_administrators_import(login, session, role):
    form, client = factories.make_form(), login(role)
    assert client.get("/form-designer/template.xlsx").status_code in {302, 403, 404}
    answer = client.post(f"/form-designer/{form.id}/import", data={"rows": GOOD})
    assert answer.status_code in {302, 403, 404}


FIELDS = [
    {"key": "tuoi", "label": "Tuổi", "kind": "number"}, {"key": "ngay", "label": "Ngày", "kind": "date"},
    {"key": "den", "label": "Đến", "kind": "date"}, {"key": "co", "label": "Đồng ý", "kind": "checkbox"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("tuoi >= 18", {"field": "tuoi", "op": "ge", "value": 18}),
        ("Tuổi < 1,5", {"field": "tuoi", "op": "lt", "value": 1.5}),
        ("ngay ≤ 31/12/2026", {"field": "ngay", "op": "le", "value": "2026-12-31"}),
        ("den >= ngay", {"field": "den", "op": "ge", "other": "ngay"}),
        ("co = có", {"field": "co", "op": "eq", "value": True}),
        ("tuoi khác 3", {"field": "tuoi", "op": "ne", "value": 3}),
        ("tuoi không thuộc 1; 2", {"field": "tuoi", "op": "not_in", "value": [1, 2]}),
        ("tuoi để trống", {"field": "tuoi", "op": "empty"}),
        ("không phải (tuoi < 18)", {"none": [{"field": "tuoi", "op": "lt", "value": 18}]}),
        ("Không phải (co = có hoặc ngay đã điền)",
         {"none": [{"field": "co", "op": "eq", "value": True}, {"field": "ngay", "op": "filled"}]}),
        ("not (tuoi > 3 và ngay để trống)",
         {"none": [{"all": [{"field": "tuoi", "op": "gt", "value": 3}, {"field": "ngay", "op": "empty"}]}]}),
    ],
)
def test_conditions_are_read_as_people_write_them(app, text, condition):
    assert read_condition(text, FIELDS) == condition
