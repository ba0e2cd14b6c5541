"""Published tables as they are: recognised, imported without hand work, refused with the place named."""

import csv
import html
import io
import json
import re

import pytest

from app.extensions import db
from app.models import Process
from app.permissions import Role
from app.services.process_tables.building import drafts_of
from app.services.process_tables.keeping import previews
from app.services.process_tables.phrases import doer_of, time_of, total_of
from app.services.process_tables.reading import tables_of
from tests.designer.books import HEADINGS, published, sheet_of, workbook
from tests.wording import vi

URL = "/process-designer/import/"
CASES = published()


def draft_of(case):
    return drafts_of(tables_of([("S", sheet_of(case))]))[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[1] or 'x'}-{len(case[6])}")
def test_every_published_process_is_read_without_hand_work(app_context, case):
    name, code, decision, _day, total, hours, steps = case
    draft = draft_of(case)
    assert draft.faults == []
    first = 4 + bool(decision)
    assert [row.row for row in draft.steps if row.row] == list(range(first, first + len(steps)))
    assert draft.decision_number == (decision or None)
    if code:
        assert draft.code == f"qt-{code.replace('.', '-')}"
    if hours is not None:
        assert draft.minutes == hours * 60
    asked = {row.name for row in draft.steps if row.kind == "consult"}
    problems = [text for text in previews([draft])[0].problems if not any(text.startswith(name) for name in asked)]
    if draft.total_minutes in (None, draft.minutes):
        assert problems == []
    else:
        assert len(problems) == 1
        assert f"{draft.total_minutes / 60:g}" in problems[0]


def test_most_of_the_published_sums_are_right_and_few_are_not():
    drafts = [draft_of(case) for case in CASES]
    told = [draft for draft in drafts if draft.total_minutes is not None]
    assert len(drafts) == 78
    assert len([draft for draft in told if draft.total_minutes == draft.minutes]) >= 55
    assert {draft.code for draft in told if draft.total_minutes != draft.minutes} <= {
        "qt-giai-the-to-chuc-thanh-nien-xung-phong-c", "qt-2-001661", "qt-2-000286", "qt-1-014451",
    }  # fmt: skip


WHO = (
    ("Bộ phận tiếp nhận và trả kết quả của Sở Nội vụ tại TTPVHCC tỉnh", "desk_officer", "desk"),
    ("Chuyên viên của Sở thực hiện nhiệm vụ tại Trung tâm Phục vụ hành chính công tỉnh", "desk_officer", "desk"),
    ("Công chức một cửa/tư pháp", "desk_officer", "desk"),
    ("Lãnh đạo phòng Kinh tế, Hạ tầng và Đô thị", "division_head", "agency"),
    ("Trưởng phòng Văn hoá Xã hội", "division_head", "agency"),
    ("Lãnh đạo Văn phòng Sở", "division_head", "agency"),
    ("Chuyên viên phòng chuyên môn", "specialist", "agency"), ("Công chức tư pháp – hộ tịch", "specialist", "agency"),
    ("Lãnh đạo Sở", "agency_head", "agency"), ("Lãnh đạo UBND cấp xã", "agency_head", "agency"),
    ("UBND tỉnh", "agency_head", "province"), ("Lãnh đạo UBND tỉnh", "agency_head", "province"),
    ("Văn thư Sở", "clerk", "agency"), ("Văn thư Văn phòng UBND tỉnh", "clerk", "province"),
    ("Văn thư/Một cửa", "clerk", "agency"), ("Chuyên viên Văn phòng UBND tỉnh", "specialist", "province"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "role", "place"), WHO)
def test_who_is_meant(text, role, place):
    doer = doer_of(text)
    assert (doer.role, doer.place) == (role, place)


TIMES = (
    ("0,5 ngày", 240), ("04 giờ làm việc", 240), ("01 ngày làm việc", 480), ("7.5 ngày làm việc", 3600),
    ("30 phút", 30), ("01 buổi", 240), ("Không tính thời gian", 0), ("Giờ hành chính", 0), ("0", 0),
    ("Không quy định", 0), ("58 giờ làm việc", 3480), ("sớm nhất có thể", None), ("", None),
)  # fmt: skip


@pytest.mark.parametrize(("text", "minutes"), TIMES)
def test_how_long_is_meant(text, minutes):
    assert time_of(text).minutes == minutes


TOTALS = (
    ("168 giờ (tương đương 21 ngày) kể từ ngày nhận đủ hồ sơ", 10080), ("trong ngày (08 giờ)", 480),
    ("Không quá 17 ngày kể từ ngày nhận được hồ sơ hợp lệ.", 8160), ("Tổng thời gian giải quyết", None),
    ("05 ngày với cấp mới, 03 ngày với cấp lại", None), ("Trong ngày", 480),
)  # fmt: skip


@pytest.mark.parametrize(("text", "minutes"), TOTALS)
def test_the_total_is_one_or_none(text, minutes):
    assert total_of(text) == minutes


def table(*rows, heading="Thời gian", total=""):
    given = [["Thủ tục: Cấp thẻ"], ["TT", "Nội dung công việc", "Trách nhiệm", heading], *rows]
    return [*given, ["Tổng", "", "", total]] if total else given


def test_bare_numbers_take_the_unit_of_the_heading_or_of_the_total(app_context):
    rows = (["1", "Tiếp nhận", "Một cửa", 0.5], ["2", "Xử lý", "Chuyên viên", 2], ["3", "Ký", "Lãnh đạo Sở", "0,5"])
    for heading, total, minutes in (("Thời gian (ngày)", "", 1440), ("Thời gian (giờ)", "", 180),
                                    ("Thời gian", "3 ngày làm việc", 1440), ("Thời gian", "3 giờ", 180)):  # fmt: skip
        draft = drafts_of(tables_of([("S", table(*rows, heading=heading, total=total))]))[0]
        assert draft.faults == []
        assert draft.minutes == minutes
    assert len(drafts_of(tables_of([("S", table(*rows))]))[0].faults) == 3


def test_what_the_table_leaves_unsaid_is_added_and_told(app_context):
    rows = (["1", "Tiếp nhận", "Một cửa", "1 giờ"], ["2", "Xử lý", "Chuyên viên", "7 giờ"])
    draft = drafts_of(tables_of([("S", table(*rows))]))[0]
    assert [str(row.kind) for row in draft.steps] == ["receive", "work", "sign", "number_and_seal", "return"]
    assert [row.minutes for row in draft.steps if not row.row] == [0, 0, 0]
    assert len(draft.notes) == 3


@pytest.fixture
def app_context(app):
    with app.test_request_context():
        yield


def send(client, content, name="bang.xlsx"):
    return client.post(URL, data={"file": (io.BytesIO(content), name)}, content_type="multipart/form-data")


def chosen(page):
    return [html.unescape(text) for text in re.findall(r'name="process" value="([^"]*)"', page)]


def test_all_of_them_are_kept_in_one_go_and_only_once(login):
    admin = login(Role.catalog_admin)
    before = db.session.query(Process).count()
    answer = send(admin, workbook(*[sheet_of(case) for case in CASES]))
    assert answer.status_code == 200
    texts = chosen(answer.text)
    assert len(texts) == 78
    assert db.session.query(Process).count() == before  # looked at only
    for _twice in range(2):
        assert admin.post(f"{URL}keep", data={"process": texts}).status_code == 302
        assert db.session.query(Process).count() == before + 78
    made = db.session.query(Process).filter_by(code="qt-1-009645").one()
    assert [step.key for step in made.steps][:2] == ["b1", "b2"]
    assert sum(step.working_minutes for step in made.steps) == 17 * 480


def test_a_fault_names_sheet_row_and_column_and_nothing_is_written(login):
    admin = login(Role.catalog_admin)
    rows = (["1", "Tiếp nhận", "Một cửa", "1 giờ"], ["2", "Xử lý", "Chuyên viên", "khi nào xong"])
    before = db.session.query(Process).count()
    answer = send(admin, workbook(sheet_of(CASES[0]), table(*rows)))
    assert answer.status_code == 422
    assert "Sheet2" in answer.text
    assert ">4<" in answer.text
    assert vi("Time of the step") in answer.text
    assert db.session.query(Process).count() == before


def test_csv_and_pasted_rows_are_read_too(login):
    admin = login(Role.catalog_admin)
    for mark in "\t;,":
        lines = io.StringIO()
        csv.writer(lines, delimiter=mark).writerows([HEADINGS, *([1, *step] for step in CASES[1][6])])
        answer = send(admin, lines.getvalue().encode("utf-8-sig"), "bang.csv")
        assert len(chosen(answer.text)) == 1
    pasted = "\n".join("\t".join(str(cell) for cell in row) for row in sheet_of(CASES[1]))
    answer = admin.post(URL, data={"rows": pasted})
    assert json.loads(chosen(answer.text)[0])["decision_number"] == CASES[1][2]


BAD = (
    (b"no workbook", "bang.xlsx"), (b"\xff\xfe\xff", "bang.csv"), (b"", "bang.csv"), (b"a;b\n1;2", "bang.csv"),
    (workbook([["TT", "Thời gian"], [1, "2 ngày"]]), "bang.xlsx"),
)  # fmt: skip


@pytest.mark.parametrize(("content", "name"), BAD)
def test_what_is_no_table_is_refused_with_a_message(login, content, name):
    answer = send(login(Role.catalog_admin), content, name)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


FORGED = ("x", "[]", "{}", '{"steps": 1}', '{"name": "A", "steps": [{"name": ""}]}', "null", "[" * 3000)


@pytest.mark.parametrize("text", FORGED)
def test_forged_definitions_write_nothing(login, text):
    admin, before = login(Role.catalog_admin), db.session.query(Process).count()
    assert admin.post(f"{URL}keep", data={"process": [text]}).status_code == 422
    assert db.session.query(Process).count() == before


@pytest.mark.parametrize("role", [Role.desk_officer, Role.citizen, Role.auditor, Role.system_admin])
def test_others_cannot_import(login, role):
    client, before = login(role), db.session.query(Process).count()
    assert client.get(URL).status_code in {302, 403}
    assert client.post(f"{URL}keep", data={"process": ["{}"]}).status_code in {302, 403}
    assert send(client, workbook(sheet_of(CASES[0]))).status_code in {302, 403}
    assert db.session.query(Process).count() == before


ASKING = (
    ("Các cơ quan, đơn vị phối hợp", "Cho ý kiến về dự thảo", True),
    ("Chuyên viên phòng chuyên môn", "Lấy ý kiến các sở, ngành liên quan", True),
    ("Chuyên viên phòng chuyên môn", "Gửi văn bản lấy ý kiến Sở Tài chính", True),
    ("Chuyên viên phòng chuyên môn", "3. Phối hợp với Công an xác minh", True),
    ("Chuyên viên phòng chuyên môn", "Thẩm định hồ sơ, tổng hợp ý kiến", False),
    ("Lãnh đạo Sở", "Lấy ý kiến các sở, ngành liên quan", False),
    ("Bộ phận một cửa", "Phối hợp với phòng chuyên môn", False),
)


@pytest.mark.parametrize(("who", "what", "is_asking"), ASKING)
def test_rows_that_ask_others_are_known_by_their_wording(app_context, who, what, is_asking):
    first, last = ["Tiếp nhận hồ sơ", "Bộ phận một cửa", "04 giờ"], ["Ký duyệt", "Lãnh đạo Sở", "04 giờ"]
    rows = [first, [what, who, "08 giờ"], last]
    draft = draft_of(("Thủ tục thử", "", "", "", "", None, rows))
    assert [row.asks for row in draft.steps if row.name == what.removeprefix("3. ")] == [is_asking]


def _asking_rows():
    return "\n".join("\t".join(row) for row in (
        ("TT", "Nội dung công việc", "Đơn vị thực hiện", "Thời gian"),
        ("1", "Tiếp nhận hồ sơ", "Bộ phận một cửa", "04 giờ"),
        ("2", "Lấy ý kiến các sở, ngành", "Chuyên viên phòng chuyên môn", "08 giờ"),
        ("3", "Ký duyệt kết quả", "Lãnh đạo Sở", "04 giờ"),
    ))  # fmt: skip


@pytest.mark.parametrize(("is_marked", "kind"), [(True, "consult"), (False, "work")])
def test_the_user_says_whether_a_row_asks_others(session, login, is_marked, kind):
    client = login(Role.catalog_admin)
    page = client.post(URL, data={"rows": _asking_rows()}).text
    mark = html.unescape(re.search(r'name="asks" value="([^"]+)"', page)[1])
    assert f'name="consult" value="{mark}" checked' in html.unescape(page)
    given = html.unescape(re.search(r'name="process" value="([^"]+)"', page)[1])
    sent = {"process": given, "asks": mark} | ({"consult": mark} if is_marked else {})
    assert client.post(f"{URL}keep", data=sent).status_code == 302
    made = db.session.query(Process).order_by(Process.id.desc()).first()
    assert [step.kind for step in made.steps][1] == kind


@pytest.mark.parametrize("given", ["5", "[]", '{"steps": 3}', '{"steps": [4], "code": null}'])
def test_broken_processes_beside_marks_are_refused(session, login, given):
    answer = login(Role.catalog_admin).post(f"{URL}keep", data={"process": given, "asks": "None|None"})
    assert answer.status_code == 422
    assert db.session.query(Process).count() == 0
