"""The set-up workbook: from three sheets, or a published table, to a working system."""

import re
from html import unescape

import pytest
import sqlalchemy as sa

from app.lowcode.exchange.plan import Kind
from app.lowcode.exchange.runs import unpack
from app.models import (
    Agency,
    Component,
    Division,
    Fee,
    OfficerIdentity,
    OfficerPosition,
    Procedure,
    ProcedureVersion,
    Process,
    Sector,
    User,
)
from app.permissions import Role
from app.services.setup_workbook.headings import AGENCIES, PROCEDURES, PROCESSES
from app.services.setup_workbook.words import fees_of, limit_of, papers_of, sector_of
from tests.exchange.books import apply, book, download, rows_in, run, send
from tests.factories import make_account, make_agency, make_form, make_tree, make_user
from tests.services.test_profiles import demand
from tests.wording import vi

SLUG = "admin/setup"
AGENCY_ROWS = [
    [
        "Mã cơ quan",
        "Tên cơ quan",
        "Cấp",
        "Phòng",
        "Họ và tên cán bộ",
        "Tên đăng nhập",
        "Thư điện tử",
        "Vai trò",
        "Chức danh",
    ],
    ["H57.50", "Ủy ban nhân dân xã Mới", "Cấp xã"],
    [
        "H57.50.1",
        "Trung tâm Phục vụ hành chính công xã Mới",
        "Bộ phận Một cửa",
        "",
        "Lê Thị Hoa",
        "hoa.xamoi",
        "hoa@xamoi.vn",
        "Cán bộ tiếp nhận",
        "Công chức",
    ],
    ["H57.50", "", "", "Phòng Kinh tế", "Trần Văn Bình", "binh.xamoi", "binh@xamoi.vn", "Chuyên viên", ""],
    ["H57.50", "", "", "", "Ngô Văn Lãnh", "lanh.xamoi", "lanh@xamoi.vn", "Lãnh đạo cơ quan", "Chủ tịch"],
]
PROCEDURE_ROWS = [
    ["DANH MỤC THỦ TỤC HÀNH CHÍNH"],
    [
        "STT",
        "Mã số",
        "Tên thủ tục hành chính",
        "Thời hạn giải quyết",
        "Địa điểm thực hiện",
        "Phí, lệ phí (nếu có)",
        "Căn cứ pháp lý",
        "Thành phần hồ sơ",
        "Mã quy trình",
    ],
    ["I. LĨNH VỰC HỘ TỊCH"],
    [
        1,
        "9.001193",
        "Đăng ký khai sinh lưu động",
        "Trong ngày",
        "UBND cấp xã",
        "Không",
        "Luật Hộ tịch",
        "- Tờ khai\n- Giấy chứng sinh",
        "QT.1",
    ],
    [
        2,
        "9.000894",
        "Cấp bản sao lưu động",
        "03 ngày làm việc kể từ ngày nhận đủ hồ sơ",
        "UBND cấp xã",
        "8.000 đồng; Phí chứng thực: 2.000 đồng",
        "",
        "",
        "",
    ],
]
PROCESS_ROWS = [
    ["Mã quy trình", "Tên quy trình", "Bước", "Nội dung công việc", "Người thực hiện", "Thời gian"],
    ["QT.1", "Quy trình khai sinh", 1, "Tiếp nhận", "Cán bộ tiếp nhận", "0,5 giờ"],
    ["", "", 2, "Thụ lý", "Chuyên viên", "0,5 ngày"],
    ["", "", 3, "Ký", "Lãnh đạo cơ quan", "1"],
    ["", "", 4, "Trả kết quả", "Cán bộ tiếp nhận", "30 phút"],
]


def words_book():
    """Return the sheets with role words as the catalogue has them."""
    names = {
        "Cán bộ tiếp nhận": vi("Desk officer"),
        "Chuyên viên": vi("Specialist"),
        "Lãnh đạo cơ quan": vi("Agency head"),
        "Bộ phận Một cửa": vi("One-stop desk"),
        "Cấp xã": vi("Commune level"),
    }
    sheets = {vi(AGENCIES.label): AGENCY_ROWS, "Bảng công bố": PROCEDURE_ROWS, vi(PROCESSES.label): PROCESS_ROWS}
    return {title: [[names.get(cell, cell) for cell in row] for row in rows] for title, rows in sheets.items()}


def test_three_sheets_make_a_working_commune(session, login):
    tree = make_tree()
    client = login(Role.catalog_admin)
    _status, number, page = send(client, SLUG, book(words_book()))
    assert run(number).faults == 0, page
    assert session.scalar(sa.select(sa.func.count(User.id)).where(User.username.like("%.xamoi"))) == 0
    assert apply(client, SLUG, number).status_code == 200
    commune = session.scalars(sa.select(Agency).where(Agency.code == "H57.50")).one()
    assert (commune.parent, commune.desk.code) == (tree.root, "H57.50.1")
    assert commune.desk.parent is commune
    posts = session.scalars(sa.select(OfficerPosition).join(Agency).where(Agency.code.like("H57.50%"))).all()
    assert {(p.user.username, p.role) for p in posts} == {
        ("hoa.xamoi", "desk_officer"),
        ("binh.xamoi", "specialist"),
        ("lanh.xamoi", "agency_head"),
    }
    assert session.scalar(sa.select(Division.name).where(Division.agency_id == commune.id)) == "Phòng Kinh tế"
    versions = {v.procedure.code: v for v in session.scalars(sa.select(ProcedureVersion))}
    birth, copy = versions["9.001193"], versions["9.000894"]
    assert (birth.state, birth.is_same_day, birth.agency_level) == ("draft", True, "commune")
    assert [part.name for part in birth.components] == ["Tờ khai", "Giấy chứng sinh"]
    assert [step.working_minutes for step in birth.process.steps] == [30, 240, 60, 30]
    assert [step.kind for step in birth.process.steps] == ["receive", "work", "sign", "return"]
    assert (copy.time_limit_value, copy.time_limit_unit) == (3, "working_day")
    assert [(fee.kind, fee.amount) for fee in copy.fees] == [("le_phi", 8000), ("phi", 2000)]
    assert session.scalar(sa.select(Sector.name).where(Sector.code == birth.procedure.sector.code)) == "Hộ tịch"
    again = send(client, SLUG, book(words_book()))[1]
    assert [
        (line["add"], line["change"], line["fault"]) for line in run(again).counts if line["add"] or line["change"]
    ] == []


def _district_book(name="Ủy ban nhân dân huyện Mới"):
    head = [vi("Agency code"), vi("Agency name"), vi("Level")]
    return book({vi(AGENCIES.label): [head, ["H57.60", name, vi("District level")]]})


def test_no_new_agency_stands_at_the_level_that_the_two_tiers_ended(session, login):
    make_tree()
    client = login(Role.catalog_admin)
    _status, number, page = send(client, SLUG, _district_book())
    assert run(number).faults == 1
    assert f'name="cell-2-2-{vi(AGENCIES.label)}"' in page
    assert vi("The district level of government ended on 1 July 2025: choose the provincial or the commune level."
              ) in page  # fmt: skip
    client.post(f"/{SLUG}/import/{number}/correct", data={f"cell-2-2-{vi(AGENCIES.label)}": vi("Commune level")})
    assert apply(client, SLUG, number).status_code == 200
    assert session.scalar(sa.select(Agency.level).where(Agency.code == "H57.60")) == "commune"
    number = send(client, SLUG, _district_book())[1]
    assert run(number).faults == 1  # nor is one that is there moved to it


def test_a_district_that_is_there_and_one_under_a_regulation_with_three_levels_are_taken(session, login):
    tree = make_tree()
    make_agency(code="H57.60", name="Ủy ban nhân dân huyện Cũ", level="district", parent=tree.root)
    client = login(Role.catalog_admin)
    _status, number, page = send(client, SLUG, _district_book())
    assert run(number).faults == 0, page
    demand(session, government_levels=["province", "district", "commune"])
    session.commit()
    head = [vi("Agency code"), vi("Agency name"), vi("Level")]
    rows = [head, ["H57.62", "Ủy ban nhân dân huyện Ba", vi("District level")]]
    _status, number, page = send(client, SLUG, book({vi(AGENCIES.label): rows}))
    assert run(number).faults == 0, page


def test_agencies_have_their_abbreviation_from_the_workbook(session, login):
    make_tree()
    client = login(Role.catalog_admin)
    head = [vi("Agency code"), vi("Agency name"), "Tên viết tắt"]
    rows = [head, ["H57.61", "Sở Thử", "S/T"], ["H57.62", "Sở Khác", ""]]
    _status, number, page = send(client, SLUG, book({vi(AGENCIES.label): rows}))
    assert f'name="cell-2-2-{vi(AGENCIES.label)}"' in page
    assert vi("An abbreviation has capital letters, digits and the signs - & only: for example UBND.") in unescape(page)
    client.post(f"/{SLUG}/import/{number}/correct", data={f"cell-2-2-{vi(AGENCIES.label)}": "ST"})
    assert apply(client, SLUG, number).status_code == 200
    query = sa.select(Agency.code, Agency.abbreviation).where(Agency.code.in_(["H57.61", "H57.62"]))
    assert dict(session.execute(query).all()) == {"H57.61": "ST", "H57.62": None}
    template = rows_in(download(client, f"/{SLUG}/import/template.xlsx"))
    assert vi("Abbreviation") in template[vi(AGENCIES.label)][0]


def test_procedures_name_their_form_and_the_rest_of_what_is_published(session, login):
    make_tree()
    form = make_form(code="tk_chung")
    head = ["Mã số", "Tên thủ tục", "Thời hạn", "Đối tượng thực hiện", "Trình tự thực hiện", "Kết quả"]
    rows = [
        [*head, vi("Form code"), vi("Sector")],
        ["9.000001", "Thủ tục A", "1", "Cá nhân", "Nộp, nhận", "Trích lục", "tk_chung", "Hộ tịch"],
        ["9.000002", "Thủ tục B", "1", "", "", "", "khong_co", "Hộ tịch"],
    ]
    client = login(Role.catalog_admin)
    _status, number, page = send(client, SLUG, book({"Bảng công bố": rows}))
    assert run(number).faults == 1
    assert 'name="cell-3-6-Bảng công bố"' in page
    client.post(f"/{SLUG}/import/{number}/correct", data={"cell-3-6-Bảng công bố": "tk_chung"})
    apply(client, SLUG, number)
    versions = {v.procedure.code: v for v in session.scalars(sa.select(ProcedureVersion))}
    assert {code: v.form_id for code, v in versions.items()} == {"9.000001": form.id, "9.000002": form.id}
    first = versions["9.000001"]
    assert (first.subjects, first.steps_text, first.result_text) == ("Cá nhân", "Nộp, nhận", "Trích lục")


def test_procedures_have_their_everyday_words_from_the_workbook(session, login):
    rows = [["Mã số", "Tên thủ tục hành chính", "Lĩnh vực", "Từ khóa thường dùng"],
            ["9.000656", "Đăng ký khai tử lưu động", "Hộ tịch", "báo tử, bố mất\ngiấy chứng tử"],
            ["9.000657", "Cấp bản sao lưu động", "Hộ tịch", ""]]  # fmt: skip
    make_tree()
    client = login(Role.catalog_admin)
    _status, number, _page = send(client, SLUG, book({"Thủ tục": rows}))
    apply(client, SLUG, number)
    words = dict(session.execute(sa.select(Procedure.code, Procedure.keywords)).all())
    assert words == {"9.000656": "báo tử, bố mất\ngiấy chứng tử", "9.000657": None}


def test_one_field_corrects_all_rows_where_the_same_is_wrong_and_one_field_stands_for_a_cell(session, login):
    make_tree()
    form = make_form(code="tk_chung")
    head = ["Mã số", "Tên thủ tục", "Thời hạn", vi("Form code"), vi("Sector")]
    rows = [head, *([f"9.00000{at}", f"Thủ tục {at}", "1", "tk_chugn", "Hộ tịch"] for at in range(1, 5)),
            ["9.000001", "Thủ tục khác", "1", "tk_chung", "Hộ tịch"]]  # fmt: skip
    client = login(Role.catalog_admin)
    _status, number, page = send(client, SLUG, book({"Bảng công bố": rows}))
    many = "cell-2.3.4.5-3-Bảng công bố"
    assert page.count(f'name="{many}"') == 1
    assert "2–5" in page
    assert page.count('name="cell-6-0-Bảng công bố"') == 1
    typed = {many: "tk_chung", "cell-6-0-Bảng công bố": "9.000005"}
    client.post(f"/{SLUG}/import/{number}/correct", data=typed)
    assert run(number).faults == 0, client.get(f"/{SLUG}/import/{number}").text
    apply(client, SLUG, number)
    assert {v.form_id for v in session.scalars(sa.select(ProcedureVersion))} == {form.id}


def test_rows_wrong_alike_are_left_out_together(session, login):
    make_tree()
    rows = [["Mã số", "Tên thủ tục", "Thời hạn", vi("Form code"), vi("Sector")],
            ["9.000001", "Thủ tục A", "1", "khong_co", "Hộ tịch"],
            ["9.000002", "Thủ tục B", "1", "khong_co", "Hộ tịch"],
            ["9.000003", "Thủ tục C", "1", "", "Hộ tịch"]]  # fmt: skip
    client = login(Role.catalog_admin)
    _status, number, page = send(client, SLUG, book({"Bảng công bố": rows}))
    assert vi("Leave these rows out") in page
    client.post(f"/{SLUG}/import/{number}/correct", data={"skip-2.3-Bảng công bố": "1"})
    apply(client, SLUG, number)
    assert [v.procedure.code for v in session.scalars(sa.select(ProcedureVersion))] == ["9.000003"]


def test_new_officers_get_passwords_that_work_once(session, login):
    make_tree()
    client = login(Role.catalog_admin)
    _status, number, _page = send(client, SLUG, book({vi(AGENCIES.label): words_book()[vi(AGENCIES.label)]}))
    apply(client, SLUG, number)
    path = f"/admin/first-passwords/{number}"
    assert client.post(path).status_code == 403
    assert "/admin/first-passwords/" not in client.get(f"/{SLUG}/import/{number}").text
    admin = login(Role.system_admin)
    assert f'action="{path}"' in admin.get("/admin/first-passwords/").text
    page = admin.post(path).text
    slips = dict(re.findall(r'data-label="[^"]*">([a-z.]+xamoi)</td>.*?<code>([^<]+)</code>', page))
    assert set(slips) == {"hoa.xamoi", "binh.xamoi", "lanh.xamoi"}
    assert slips["hoa.xamoi"] not in client.get(f"/{SLUG}/import/{number}").text
    from app.services.users import check_login, settings_of

    user, why = check_login(session, "hoa.xamoi", slips["hoa.xamoi"])
    assert user is not None, why
    assert settings_of(session, user).must_change_password


def test_faults_are_told_at_the_cells_of_the_workbook_and_nothing_is_written(session, login):
    make_tree()
    sheets = words_book()
    agencies, steps = vi(AGENCIES.label), vi(PROCESSES.label)
    sheets[agencies][3][7] = vi("System administrator")
    sheets["Bảng công bố"][4][3] = "vài hôm"
    sheets[steps][2][4] = "Ai đó"
    client = login(Role.catalog_admin)
    _status, number, page = send(client, SLUG, book(sheets))
    for name in (f"cell-4-7-{agencies}", "cell-5-3-Bảng công bố", f"cell-3-4-{steps}"):
        assert f'name="{name}"' in page
    assert vi("Specialist") in page.split(f'name="cell-3-4-{steps}"')[1].split("</li>")[0]  # what may be chosen
    assert apply(client, SLUG, number).status_code == 200
    for model in (Process, Sector, Component, Fee):
        assert session.scalar(sa.select(sa.func.count(model.id))) == 0
    typed = {f"cell-4-7-{agencies}": vi("Specialist"), "cell-5-3-Bảng công bố": "2 ngày", f"skip-3-{steps}": "1"}
    client.post(f"/{SLUG}/import/{number}/correct", data=typed)
    assert run(number).faults == 0, client.get(f"/{SLUG}/import/{number}").text


def test_another_person_s_user_name_is_not_taken_over(session, login):
    make_tree()
    make_user(Role.specialist, username="hoa.xamoi")
    sheets = {vi(AGENCIES.label): words_book()[vi(AGENCIES.label)]}
    _status, number, page = send(login(Role.catalog_admin), SLUG, book(sheets))
    assert vi("This user name is taken by another person, or by the same one with other details.") in page
    assert run(number).faults == 1


def test_a_new_province_takes_the_place_of_the_first_root(session, login):
    from app.services.users import root_agency

    root = root_agency(session)
    client = login(make_user(Role.catalog_admin, root))
    rows = [
        AGENCY_ROWS[0][:3],
        ["H99", "Ủy ban nhân dân tỉnh Mới", vi("Provincial level")],
        ["H99.1", "Sở A", vi("Provincial level")],
    ]
    _status, number, page = send(client, SLUG, book({vi(AGENCIES.label): rows}))
    assert run(number).faults == 0, page
    apply(client, SLUG, number)
    session.refresh(root)
    assert (root.code, root.name, root.calendar.code) == ("H99", "Ủy ban nhân dân tỉnh Mới", "hanh-chinh")
    assert len(root.calendar.sessions) == 10


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.catalog_admin}))
def test_only_catalog_administrators_set_up(session, login, role):
    client = login(role)
    for path in (f"/{SLUG}/import/", f"/{SLUG}/import/template.xlsx"):
        assert client.get(path).status_code in (302, 403)
    assert send(client, SLUG, book({"A": [["x"]]}))[1] is None
    assert session.scalar(sa.text("SELECT count(*) FROM import_run")) == 0


def test_the_template_is_understood_when_it_comes_back(session, login):
    make_tree()
    client = login(Role.catalog_admin)
    content = download(client, f"/{SLUG}/import/template.xlsx")
    found = rows_in(content)
    assert [part.title for part in (AGENCIES, PROCEDURES, PROCESSES)] == list(found)[:3]
    _status, number, page = send(client, SLUG, content)
    assert vi("The file has no sheet of the template: %(names)s.").split("%")[0] in page
    assert run(number).counts == []


@pytest.mark.parametrize(
    ("text", "value", "unit", "same_day"),
    [
        ("03 ngày làm việc", "3", "working_day", False),
        ("15 ngày", "15", "day", False),
        ("Trong ngày làm việc", "1", "working_day", True),
        ("Không quá 10 (mười) ngày làm việc", "10", "working_day", False),
        ("4 giờ làm việc", "4", "working_hour", False),
        ("2 tháng", "2", "month", False),
        ("5", "5", "working_day", False),
    ],
)
def test_time_limits_as_tables_write_them(text, value, unit, same_day):
    limit = limit_of(text)
    assert (limit.value.lstrip("0"), limit.unit, limit.is_same_day) == (value, unit, same_day)


def test_words_of_published_tables():
    assert [f.amount for f in fees_of("Lệ phí: 1.000.000 đồng/hồ sơ\nPhí thẩm định: 50.000đ", "Phí")] == [
        1_000_000,
        50_000,
    ]
    assert fees_of("Không", "Phí") == fees_of("Miễn phí.", "Phí") == []
    assert fees_of("Theo nghị quyết của HĐND", "Phí")[0].note == "Theo nghị quyết của HĐND"
    assert papers_of("1. Đơn;\na) Bản sao\n\n+ Ảnh.") == ["Đơn", "Bản sao", "Ảnh"]
    assert sector_of("A. LĨNH VỰC ĐẤT ĐAI (05 TTHC)").startswith("Đất đai")


@pytest.mark.parametrize(("basis", "kept"), [("Nghị quyết 01/2026", "Nghị quyết 01/2026"), ("", None)])
def test_the_legal_basis_of_fees_comes_from_its_own_column(session, login, basis, kept):
    make_tree()
    client = login(Role.catalog_admin)
    rows = [["Mã số", "Tên thủ tục hành chính", "Phí, lệ phí (nếu có)", "Căn cứ thu phí", "Lĩnh vực"],
            ["9.000894", "Cấp bản sao", "Lệ phí: 8.000 đồng; Phí bản sao: 2.000 đồng", basis, "Hộ tịch"]]
    _status, number, page = send(client, SLUG, book({vi("Procedures"): rows}))
    assert run(number).faults == 0, page
    assert apply(client, SLUG, number).status_code == 200
    fees = session.execute(sa.select(Fee.amount, Fee.legal_basis).order_by(Fee.position)).all()
    assert fees == [(8000, kept), (2000, kept)]


def test_a_legal_basis_too_long_is_told_at_its_cell(session, login):
    make_tree()
    rows = [["Mã số", "Tên thủ tục hành chính", "Phí, lệ phí", "Căn cứ thu phí, lệ phí", "Lĩnh vực"],
            ["9.000894", "Cấp bản sao", "Lệ phí: 8.000 đồng", "x" * 3000, "Hộ tịch"]]
    _status, number, page = send(login(Role.catalog_admin), SLUG, book({vi("Procedures"): rows}))
    assert run(number).faults == 1, page
    assert 'name="cell-2-3-' in page
    assert session.scalar(sa.select(sa.func.count(Fee.id))) == 0


NUMBER, OTHER = "046190999998", "046190999997"


def _numbered(numbers, rows=AGENCY_ROWS):
    """Return the workbook whose officers have these numbers, by user name."""
    words = {"Bộ phận Một cửa": vi("One-stop desk"), "Cán bộ tiếp nhận": vi("Desk officer"),
             "Chuyên viên": vi("Specialist"), "Lãnh đạo cơ quan": vi("Agency head"), "Cấp xã": vi("Commune level")}
    filled = [[words.get(cell, cell) for cell in row] + [""] * (9 - len(row)) for row in rows]
    return book({vi(AGENCIES.label): [[*row, numbers.get(row[5], "")] if at else [*row, "Số định danh"]
                                      for at, row in enumerate(filled)]})  # fmt: skip


def _stored(session):
    query = sa.select(User.username, OfficerIdentity.id_number).join(OfficerIdentity.user)
    return dict(session.execute(query).all())


def test_new_officers_are_known_as_applicants_by_the_number_in_the_workbook(session, login):
    make_tree()
    account = make_account(id_number=NUMBER)
    session.commit()
    client = login(Role.catalog_admin)
    desk = AGENCY_ROWS[2]
    twice = [*AGENCY_ROWS, [*desk[:7], "Chuyên viên", ""]]  # two posts: the number stands in both rows
    sent = _numbered({"hoa.xamoi": "046 190 999 998"}, twice)
    _status, number, page = send(client, SLUG, sent)
    assert run(number).faults == 0, page
    assert _stored(session) == {}
    apply(client, SLUG, number)
    assert _stored(session) == {"hoa.xamoi": NUMBER}
    session.refresh(account)
    assert account.officer_id == session.scalar(sa.select(User.id).where(User.username == "hoa.xamoi"))
    again = send(client, SLUG, sent)[1]
    assert [line for line in run(again).counts if line["add"] or line["change"] or line["fault"]] == []


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({"hoa.xamoi": "46190999998"}, "12 chữ số"),
        ({"hoa.xamoi": "999190999998"}, "Ba chữ số đầu"),
        ({"hoa.xamoi": NUMBER, "binh.xamoi": NUMBER}, "cùng giá trị"),
        ({"hoa.xamoi": OTHER}, vi("This value is already used by another record.")),
    ],
)
def test_a_number_that_cannot_be_is_told_at_its_cell(session, login, numbers, said):
    make_tree()
    session.add(OfficerIdentity(user_id=make_user(Role.clerk).id, id_number=OTHER))
    session.commit()
    row = 4 if "binh.xamoi" in numbers else 3
    _status, number, page = send(login(Role.catalog_admin), SLUG, _numbered(numbers))
    assert run(number).faults == 1, page
    assert f'name="cell-{row}-9-{vi(AGENCIES.label)}"' in page
    assert said in page
    assert len(_stored(session)) == 1


@pytest.mark.parametrize("stored", [NUMBER, None])
@pytest.mark.parametrize("typed", [OTHER, "123"])
def test_the_number_of_an_officer_who_is_there_is_neither_changed_nor_shown(session, login, stored, typed):
    make_tree()
    client = login(Role.catalog_admin)
    apply(client, SLUG, send(client, SLUG, _numbered({"hoa.xamoi": stored or ""}))[1])
    _status, number, page = send(client, SLUG, _numbered({"hoa.xamoi": typed}))
    assert run(number).faults == 1, page
    assert typed in page
    assert NUMBER not in page
    assert NUMBER not in str(unpack(run(number)).lines(list(Kind), 0, 99))
    assert _stored(session) == ({"hoa.xamoi": stored} if stored else {})
    assert typed == "123" or vi("Officers' personal numbers") in page
