"""Electronic forms: one definition reads, checks, shows and prints (HCM24 Đ10.1)."""

from datetime import date

import pytest
from werkzeug.datastructures import MultiDict

from app.extensions import db
from app.models import AdministrativeUnit, FormField
from app.services import eforms
from app.services.eform_fields import problem
from app.services.eform_show import show
from app.services.eform_values import ELSEWHERE, MAX_ROWS
from tests import factories

OPTIONS = [{"value": "a", "label": "Loại A"}, {"value": "b", "label": "Loại B"}]
CELLS = [
    {"key": "ten", "label": "Tên", "kind": "text", "required": True},
    {"key": "so", "label": "Số", "kind": "number", "required": False},
]
EVERY_KIND = (
    {"key": "data", "label": "Tên có khóa trùng", "kind": "text", "prefill": "name"},
    {"key": "mo_ta", "label": "Mô tả", "kind": "textarea", "is_required": False},
    {"key": "so", "label": "Số", "kind": "number", "min_value": 1, "max_value": 5000},
    {"key": "ngay", "label": "Ngày", "kind": "date", "prefill": "born_on"},
    {"key": "loai", "label": "Loại", "kind": "select", "options": OPTIONS},
    {"key": "nhieu", "label": "Nhiều", "kind": "multi_select", "options": OPTIONS},
    {"key": "dong_y", "label": "Đồng ý", "kind": "checkbox"},
    {"key": "noi_o", "label": "Nơi ở", "kind": "address", "prefill": "address"},
    {"key": "cccd", "label": "Số định danh", "kind": "personal_id", "prefill": "id_number"},
    {"key": "dt", "label": "Điện thoại", "kind": "phone", "prefill": "phone"},
    {"key": "thu", "label": "Thư điện tử", "kind": "email", "prefill": "email"},
    {"key": "anh", "label": "Ảnh", "kind": "file", "is_required": False},
    {"key": "bang", "label": "Bảng", "kind": "table", "columns": CELLS},
)
PAGE = {
    "f_data": "Nguyễn Văn An",
    "f_mo_ta": "",
    "f_so": "1.250",
    "f_ngay": "17/05/1990",
    "f_loai": "a",
    "f_dong_y": "y",
    "f_noi_o-unit": "19753",
    "f_noi_o-detail": "12 Lê Lợi",
    "f_cccd": "046 090 000 001",
    "f_dt": "+84 905 123 456",
    "f_thu": "an@example.vn",
    "f_bang-0-ten": "Hàng hai",
    "f_bang-0-position": "1",
    "f_bang-3-ten": "Hàng một",
    "f_bang-3-so": "2,5",
    "f_bang-3-position": "0",
    "f_bang-4-ten": "",
    "f_la": "khóa lạ",
}
ANSWERS = {
    "data": "Nguyễn Văn An",
    "mo_ta": None,
    "so": 1250,
    "ngay": "1990-05-17",
    "loai": "a",
    "nhieu": ["b", "a"],
    "dong_y": True,
    "noi_o": {"unit": "19753", "detail": "12 Lê Lợi"},
    "cccd": "046090000001",
    "dt": "0905123456",
    "thu": "an@example.vn",
    "bang": [{"ten": "Hàng một", "so": 2.5}, {"ten": "Hàng hai", "so": None}],
}


def make_unit(**given):
    values = {
        "code": "19753",
        "name": "Phú Xuân",
        "full_name": "Phường Phú Xuân",
        "kind": "ward",
        "valid_from": date(2025, 7, 1),
    }
    unit = AdministrativeUnit(**values | given)
    db.session.add(unit)
    db.session.flush()
    return unit


@pytest.fixture
def form(session):
    city = make_unit(code="46", name="Huế", full_name="Thành phố Huế", kind="province")
    make_unit(parent=city)
    return factories.make_form(EVERY_KIND)


def test_a_page_is_read_as_json_without_foreign_keys(form):
    sent = MultiDict(PAGE)
    sent.setlist("f_nhieu", ["b", "a", "b"])
    assert eforms.read_data(form, sent) == ANSWERS


def test_good_answers_have_no_problem_on_the_page_and_in_the_api(form):
    assert eforms.data_problems(form, ANSWERS) == {}
    sent = MultiDict(PAGE)
    sent.setlist("f_nhieu", ["b", "a"])
    assert eforms.form_class(form)(sent).validate()


def test_every_required_field_names_itself_when_empty(form):
    missing = eforms.data_problems(form, {})
    assert set(missing) == {row["key"] for row in EVERY_KIND} - {"mo_ta", "anh"}
    assert all(missing.values())


def test_only_checks_what_it_is_told_to(form):
    assert set(eforms.data_problems(form, {}, only={"so", "thu"})) == {"so", "thu"}


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("data", "x" * 501),
        ("so", "mười"),
        ("so", 0),
        ("so", 5001),
        ("so", "1e400"),
        ("so", "9" * 5000),
        ("ngay", "31/02/2020"),
        ("ngay", "0001-01-01"),
        ("ngay", "<script>"),
        ("loai", "c"),
        ("nhieu", ["a", "z"]),
        ("dong_y", "không"),
        ("cccd", "12345678901"),
        ("cccd", "999090000001"),
        ("dt", "12345"),
        ("thu", "an@"),
        ("noi_o", {"unit": "99999", "detail": "x"}),
        ("noi_o", {"unit": "46", "detail": "x"}),
        ("noi_o", {"unit": ELSEWHERE, "detail": ""}),
        ("noi_o", {"unit": "", "detail": "x"}),
        ("bang", [{"ten": "", "so": 1}]),
        ("bang", [{"ten": "x", "so": "abc"}]),
        ("bang", [{"ten": "x"}] * (MAX_ROWS + 1)),
    ],
)
def test_each_rule_refuses(form, key, wrong):
    assert set(eforms.data_problems(form, ANSWERS | {key: wrong})) == {key}


@pytest.mark.parametrize("kind", [row["kind"] for row in EVERY_KIND])
@pytest.mark.parametrize(
    "raw",
    [
        None,
        True,
        7,
        1e999,
        -1e999,
        float("nan"),
        "\x00\x08",
        "\ud800",
        "<script>alert(1)</script>",
        [],
        {},
        [[["x"]]],
        [{"ten": {"x": 1}}],
        {"unit": ["x"], "detail": {}},
        {"unit": None},
        "x" * 100_000,
    ],
)
def test_nothing_that_json_can_hold_breaks_a_form(form, kind, raw):
    import json

    field = next(f for f in form.fields() if f.kind == kind)
    kept = eforms.clean_data(form, {field.key: raw})
    eforms.data_problems(form, {field.key: raw})
    eforms.answers(form, kept)
    eforms.bind(form, kept)
    text = json.dumps(kept, allow_nan=False)
    assert "\\u0000" not in text
    assert "\\ud800" not in text
    assert len(text) < 110_000


def test_a_repeated_unit_code_shows_the_present_name(form):
    make_unit(
        full_name="Phường Thuận Thành", valid_from=date(2020, 1, 1), valid_to=date(2025, 6, 30)
    )
    names = eforms.unit_names(db.session(), {"19753"})
    assert names == {"19753": "Phường Phú Xuân, Thành phố Huế"}


def test_an_ended_unit_is_not_offered(form):
    make_unit(code="19999", full_name="Phường Cũ", valid_to=date(2025, 6, 30))
    wrong = ANSWERS | {"noi_o": {"unit": "19999", "detail": "1 Lê Lợi"}}
    assert set(eforms.data_problems(form, wrong)) == {"noi_o"}
    assert eforms.unit_choices(db.session()) == [("Thành phố Huế", [("19753", "Phường Phú Xuân")])]


def test_wards_and_provinces_stand_by_the_vietnamese_alphabet(form):
    other = make_unit(code="48", name="Đà Nẵng", full_name="Thành phố Đà Nẵng", kind="province")
    last = make_unit(code="01", name="Hà Nội", full_name="Thành phố Hà Nội", kind="province")
    for code, name in (("1", "Đống Đa"), ("2", "An Hải"), ("3", "Ẩm Thực"), ("4", "Duy Xuyên"), ("5", "Ân Thi")):
        make_unit(code=code, name=name, full_name=f"Phường {name}", parent=other)
    make_unit(code="6", name="Ba Đình", full_name="Phường Ba Đình", parent=last)
    found = eforms.unit_choices(db.session())
    assert [title for title, _units in found] == ["Thành phố Đà Nẵng", "Thành phố Hà Nội", "Thành phố Huế"]
    assert [name.removeprefix("Phường ") for _code, name in found[0][1]] == [
        "An Hải", "Ẩm Thực", "Ân Thi", "Duy Xuyên", "Đống Đa"]  # fmt: skip


def test_a_number_with_bounds_names_them_to_who_types_none(form):
    field = FormField(key="so_ban", label="Số bản", kind="number", min_value=1, max_value=20)
    assert problem(field, "ba") == "Hãy nhập số từ 1 đến 20."


def test_the_profile_fills_what_it_knows(form):
    unit = db.session.query(AdministrativeUnit).filter_by(code="19753").one()
    account = factories.make_account(unit=unit, name="Trần Thị Bình")
    found = eforms.prefill(form, account)
    assert found["data"] == "Trần Thị Bình"
    assert found["ngay"] == "1990-05-17"
    assert account.address == "12 Lê Lợi, phường Phú Xuân"
    assert found["noi_o"] == {"unit": "19753", "detail": "12 Lê Lợi"}
    assert found["cccd"] == account.id_number
    assert set(found) == {"data", "ngay", "noi_o", "cccd", "dt", "thu"}


def test_an_organisation_does_not_fill_a_personal_number(form):
    account = factories.make_account(
        id_kind="tax_code", id_number="0100109106", born_on=None, phone="abc"
    )
    found = eforms.prefill(form, account)
    assert {"cccd", "ngay", "dt"}.isdisjoint(found)


def test_reading_and_print_say_the_same(form):
    [(title, lines, tables)] = eforms.answers(form, ANSWERS)
    shown = dict(lines)
    assert title == "Thông tin người đề nghị"
    assert shown["Số"] == "1.250"
    assert shown["Ngày"] == "17/05/1990"
    assert shown["Nhiều"] == "Loại B, Loại A"
    assert shown["Nơi ở"] == "12 Lê Lợi, Phường Phú Xuân, Thành phố Huế"
    assert shown["Điện thoại"] == "0905 123 456"
    assert tables == [("Bảng", ["Tên", "Số"], [["Hàng một", "2,5"], ["Hàng hai", ""]])]
    [section] = eforms.print_sections(form, ANSWERS)
    assert {row["label"]: row["value"] for row in section["rows"]} == shown
    assert section["tables"][0]["rows"] == tables[0][2]


def test_the_printed_form_renders(form):
    from app.documents.data import problems

    data = {
        "agency": "UBND",
        "place": "Huế",
        "issued_on": "2026-11-21",
        "title": form.name,
        "sections": eforms.print_sections(form, ANSWERS),
    }
    assert problems("form_print", data) == {}


def test_differences_name_each_changed_answer(form):
    changed = eforms.differences(form, ANSWERS, ANSWERS | {"so": 7, "bang": []})
    assert changed == [("Số", "1.250", "7"), ("Bảng", "Hàng một, 2,5; Hàng hai", "")]


def test_a_stored_wrong_answer_is_shown_as_typed(form):
    bound = eforms.bind(form, {"ngay": "31/02/2020", "so": "mười"}, {"ngay": "Sai ngày."})
    assert bound["f_ngay"].data == "31/02/2020"
    assert bound["f_ngay"].errors == ["Sai ngày."]
    assert show(bound["f_so"].row, bound["f_so"].data) == "mười"


def test_loading_a_form_costs_the_same_however_many_sections(form, session, count_queries):
    from app.models import Form, FormField, FormSection

    for number in range(2, 9):
        section = FormSection(form_id=form.id, position=number, title=f"Phần {number}")
        section.fields = [FormField(position=1, key=f"k{number}", label="x", kind="text")]
        session.add(section)
    session.flush()
    session.expire_all()
    fresh = session.get(Form, form.id)
    with count_queries() as seen:
        assert len(eforms.fields_of(fresh)) == len(EVERY_KIND) + 7
    assert len(seen) <= 3
