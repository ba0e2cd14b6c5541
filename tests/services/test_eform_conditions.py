"""Conditions, rules, computed texts and officers' fields of electronic forms, on the server."""

from datetime import date

import pytest
from flask_babel import force_locale
from werkzeug.datastructures import MultiDict

from app.extensions import db
from app.models.form_checks import field_problems
from app.services import eforms
from app.services.eform_columns import Column
from app.services.eform_state import FUNCTIONS, Evaluation, reopened
from app.services.form_diff import condition_words
from app.services.form_problems import definition_problems
from app.views.condition_words import condition_spec
from app.workflows import conditions, expressions, patterns
from tests import factories

DAY = date(2026, 3, 31)
YES = {"field": "co", "op": "eq", "value": "y"}
YES_NO = [{"value": "y", "label": "Có"}, {"value": "n", "label": "Không"}]
FIELDS = (
    {"key": "co", "label": "Có xe không?", "kind": "select", "options": YES_NO},
    {"key": "bien_so", "label": "Biển số", "kind": "text", "show_when": YES},
    {"key": "ly_do", "label": "Lý do", "kind": "text", "is_required": False,
     "required_when": {"field": "co", "op": "eq", "value": "n"}},
    {"key": "mau", "label": "Màu", "kind": "text", "is_required": False,
     "show_when": {"field": "bien_so", "op": "filled"}},
    {"key": "tu", "label": "Từ ngày", "kind": "date", "is_required": False},
    {"key": "den", "label": "Đến ngày", "kind": "date", "is_required": False},
    {"key": "so_ban", "label": "Số bản", "kind": "number", "is_required": False},
    {"key": "tien", "label": "Thành tiền", "kind": "computed", "is_required": False, "expression": "=so_ban * 8000"},
    {"key": "y_kien", "label": "Ý kiến thẩm tra", "kind": "text", "filled_by": "officer"},
    {"key": "so_vao_so", "label": "Số vào sổ", "kind": "text", "filled_by": "officer_shown"},
)  # fmt: skip
RULES = [
    {"must": {"field": "den", "op": "ge", "other": "tu"}, "message": "Đến ngày phải từ ngày bắt đầu."},
    {"must": {"any": [{"field": "tu", "op": "filled"}, {"field": "so_ban", "op": "filled"}]},
     "message": "Ghi từ ngày hoặc số bản.", "at": "tu"},
]  # fmt: skip


@pytest.fixture
def form(session):
    return factories.make_form(FIELDS, rules=RULES)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", DAY),
        ("today-18y", date(2008, 3, 31)),
        ("today-1m", date(2026, 2, 28)),
        ("today+1d", date(2026, 4, 1)),
        ("2020-02-29", date(2020, 2, 29)),
        ("2021-02-29", None),
        ("today-99999y", None),
        ("tomorrow", None),
    ],
)
def test_days_are_absolute_or_counted_from_today(text, day):
    assert conditions.day_of(text, DAY) == day


@pytest.mark.parametrize(
    ("op", "given", "value", "holds"),
    [
        ("eq", "a", "a", True), ("eq", 2, "2", True), ("eq", None, "a", False), ("eq", True, True, True),
        ("ne", "a", "b", True), ("ne", None, "b", True), ("in", "a", ["a", "b"], True),
        ("not_in", "c", ["a", "b"], True), ("eq", ["a", "b"], "b", True), ("not_in", ["a"], ["a"], False),
        ("lt", 2, 10, True), ("lt", "2026-01-31", "2026-02-01", True), ("ge", None, 0, False),
        ("le", "2008-03-31", "today-18y", True), ("le", "2008-04-01", "today-18y", False),
        ("filled", 0, None, True), ("filled", [], None, False), ("empty", False, None, True),
    ],
)  # fmt: skip
def test_each_comparison(op, given, value, holds):
    leaf = {"field": "k", "op": op} | ({"value": value} if value is not None else {})
    assert conditions.fault(leaf, {"k"}) is None
    assert conditions.holds(leaf, {"k": given}.get, DAY) is holds


@pytest.mark.parametrize(
    "bad",
    [
        [], "co", {"field": "co"}, {"field": "co", "op": "like", "value": 1}, {"any": []}, {"all": "co"},
        {"none": []}, {"none": [YES], "any": [YES]},
        {"field": "co", "op": "eq"}, {"field": "co", "op": "eq", "value": {}}, {"field": 3, "op": "filled"},
        {"field": "co", "op": "in", "value": "y"}, {"field": "la", "op": "filled"},
        {"field": "co", "op": "eq", "value": "y", "other": "co"}, {"all": [YES], "any": [YES]},
        {"all": [{"all": [{"all": [{"all": [{"all": [{"all": [YES]}]}]}]}]}]},
    ],
)  # fmt: skip
def test_a_condition_that_is_none_is_named(bad):
    assert conditions.fault(bad, {"co"}) is not None


def test_groups_lie_in_one_another_as_deep_as_the_designers_are_told():
    limits, nested = condition_spec()["limits"], YES
    for _group in range(limits["depth"]):
        nested = {"any": [nested, YES]}
    assert conditions.fault(nested, {"co"}) is None
    assert conditions.fault({"all": [nested]}, {"co"}) is not None
    assert conditions.fault({"all": [YES] * limits["parts"]}, {"co"}) is None
    assert conditions.fault({"all": [YES] * (limits["parts"] + 1)}, {"co"}) is not None


@pytest.mark.parametrize("unknown", [False, True])
@pytest.mark.parametrize("given", [{}, {"tuoi": 17}, {"tuoi": 18}, {"co": "y"}, {"co": "n", "tuoi": 30}])
def test_none_of_these_says_the_same_as_all_of_their_opposites(given, unknown):
    """Also while the age is not known: neither is shown, and neither breaks a rule."""
    inner = {"none": [{"field": "tuoi", "op": "ge", "value": 0}]}
    none = {"none": [{"field": "tuoi", "op": "lt", "value": 18}, YES, inner]}
    alike = {"all": [{"field": "tuoi", "op": "ge", "value": 18}, {"field": "co", "op": "ne", "value": "y"},
                     {"field": "tuoi", "op": "ge", "value": 0}]}  # fmt: skip
    assert conditions.fault(none, {"co", "tuoi"}) is None
    assert conditions.keys_in(none) == {"co", "tuoi"}
    told = [conditions.holds(one, given.get, DAY, unknown=unknown) for one in (none, alike)]
    assert told[0] is told[1]
    assert conditions.holds({"none": [{"field": "co", "op": "filled"}]}, given.get, DAY) is ("co" not in given)


def test_a_form_with_none_of_these_shows_asks_and_judges(session):
    none = {"none": [{"field": "tuoi", "op": "ge", "value": 18}, {"field": "co", "op": "eq", "value": "y"}]}
    form = factories.make_form((
        {"key": "tuoi", "label": "Tuổi", "kind": "number", "is_required": False},
        {"key": "co", "label": "Có", "kind": "select", "options": YES_NO, "is_required": False},
        {"key": "giam_ho", "label": "Người giám hộ", "kind": "text", "show_when": none},
    ), rules=[{"must": {"none": [{"field": "tuoi", "op": "gt", "value": 120}]},
               "message": "Tuổi quá lớn."}])  # fmt: skip
    assert definition_problems(form) == {}
    assert set(eforms.data_problems(form, {"tuoi": 17, "co": "n"})) == {"giam_ho"}
    assert eforms.data_problems(form, {"tuoi": 17, "co": "y"}) == {}
    assert eforms.data_problems(form, {"co": "n"}) == {}, "the age is not known yet"
    assert eforms.data_problems(form, {"tuoi": 121}) == {"tuoi": "Tuổi quá lớn."}
    assert "giam_ho" not in eforms.complete(form, {"tuoi": 20, "giam_ho": "x"})


@pytest.mark.parametrize(("condition", "words"), [
    ({"none": [YES, {"field": "tu", "op": "filled"}]}, "không phải (Có xe không? là y hoặc Từ ngày đã được điền)"),
    ({"all": [{"any": [YES, {"field": "tu", "op": "filled"}]}, {"field": "den", "op": "empty"}]},
     "(Có xe không? là y hoặc Từ ngày đã được điền) và Đến ngày để trống"),
    ({"none": [{"all": [YES, {"field": "tu", "op": "filled"}]}]},
     "không phải (Có xe không? là y và Từ ngày đã được điền)"),
])  # fmt: skip
def test_groups_are_told_so_that_they_cannot_be_misread(app, condition, words):
    labels = {field["key"]: field["label"] for field in FIELDS}
    with app.test_request_context(), force_locale("vi"):
        assert condition_words(condition, labels) == words


def test_hidden_answers_are_dropped_and_not_asked(form):
    sent = {"co": "n", "bien_so": "75A-1", "mau": "đỏ", "ly_do": "Đã bán", "so_ban": 2}
    kept = eforms.complete(form, sent)
    assert "bien_so" not in kept
    assert "mau" not in kept
    assert kept["tien"] == 16000
    assert eforms.data_problems(form, sent) == {}
    assert set(eforms.data_problems(form, sent | {"co": "y", "bien_so": None})) == {"bien_so"}


def test_required_when_is_judged_by_the_answers(form):
    assert "ly_do" in eforms.data_problems(form, {"co": "n", "so_ban": 1})
    assert "ly_do" not in eforms.data_problems(form, {"co": "y", "bien_so": "1", "so_ban": 1})


def test_rules_between_fields_stand_beside_one_of_them(form):
    base = {"co": "n", "ly_do": "x", "so_ban": 1}
    wrong = eforms.data_problems(form, base | {"tu": "2026-02-02", "den": "2026-02-01"})
    assert wrong == {"den": "Đến ngày phải từ ngày bắt đầu."}
    assert eforms.data_problems(form, base | {"tu": "2026-02-02"}) == {}  # only one side is known
    assert eforms.data_problems(form, base | {"so_ban": None}) == {"tu": "Ghi từ ngày hoặc số bản."}


def test_zero_is_an_answer(session):
    form = factories.make_form(({"key": "n", "label": "Số con", "kind": "number"},))
    assert eforms.data_problems(form, {"n": 0}) == {}


def test_an_applicant_neither_sends_nor_sees_what_officers_write(form):
    page = MultiDict({"f_co": "n", "f_y_kien": "tự phê", "f_so_vao_so": "1", "f_tien": "1"})
    assert {"y_kien", "so_vao_so", "tien"}.isdisjoint(eforms.read_data(form, page))
    assert {"y_kien", "so_vao_so"} <= set(eforms.read_data(form, page, officer=True))
    assert {"y_kien", "so_vao_so"}.isdisjoint(eforms.clean_data(form, {"y_kien": "x", "so_vao_so": "1"}))
    assert "f_y_kien" not in eforms.bind(form, {"y_kien": "mật"})._fields
    stored = {"co": "n", "ly_do": "x", "y_kien": "mật", "so_vao_so": "12"}
    seen = str([eforms.answers(form, stored), eforms.shown(form, stored), eforms.print_sections(form, stored)])
    assert "mật" not in seen
    assert "Số vào sổ" in seen
    assert "mật" in str(eforms.answers(form, stored, officer=True))
    assert eforms.differences(form, stored, stored | {"y_kien": "khác"}) == []


def test_officers_fields_are_demanded_only_where_they_are_asked_for(form):
    base = {"co": "n", "ly_do": "x", "so_ban": 1}
    assert eforms.data_problems(form, base, officer=True) == {}
    assert set(eforms.data_problems(form, base, only={"y_kien"}, officer=True)) == {"y_kien"}


def test_a_supplement_opens_what_only_the_new_answer_shows(form):
    old = {"co": "n", "ly_do": "x", "so_ban": 1}
    assert reopened(form, old, {"co"}) == {"co", "bien_so", "mau"}
    before = {"co": "y", "bien_so": "75A", "mau": "đỏ", "so_ban": 1}
    assert reopened(form, before, {"co"}) == {"co"}  # what was asked and answered stays closed


def test_a_circle_of_conditions_ends(session):
    form = factories.make_form((
        {"key": "a", "label": "A", "kind": "text", "show_when": {"field": "b", "op": "filled"}},
        {"key": "b", "label": "B", "kind": "text", "show_when": {"field": "a", "op": "filled"}},
        {"key": "c", "label": "C", "kind": "computed", "expression": "=c + 1", "is_required": False},
    ))  # fmt: skip
    assert eforms.complete(form, {"a": "1", "b": "2"})["c"] is None


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("=2 + 3 * 4", 14), ("=(2 + 3) * -4", -20), ("=0.1 + 0.2", 0.3), ("=a / 0", None),
        ("=sum(bang.tien)", 30), ("=count(bang.tien)", 2), ("=round(7 / 2)", 4), ("=max(bang.tien)", 20),
        ("=trong + 1", None), ("{ho} {ten}", "Lê An"), ("{trong}", None), ("=words(a)", "Bảy"),
        ("=date_words(ngay)", "Ngày năm tháng mười năm hai nghìn không trăm hai mươi sáu"),
        ("=money_words(a)", "Bảy đồng"), ("=" + "9" * 15 + " * " + "9" * 15, None),
    ],
)  # fmt: skip
def test_expressions_compute(text, result):
    values = {"a": 7, "bang.tien": [10, 20, None], "ho": "Lê", "ten": "An", "ngay": "2026-10-05"}
    assert expressions.evaluate(text, values.get, values.get, FUNCTIONS) == result


@pytest.mark.parametrize(
    "bad", ["=a +", "=(a", "=a ** 2", "=open(a)", "=__import__('os')", "={a}", "{a", "=a b", "=" + "(" * 200 + "a",
            "=a.b.c", "x" * 2000, "='a'"],
)  # fmt: skip
def test_an_expression_that_cannot_be_read_is_refused(bad):
    with pytest.raises(expressions.ExpressionFault):
        expressions.keys_in(bad)


@pytest.mark.parametrize(
    "bad", [r"(a+)+$", r"(a|aa)+$", r"(\w+\s?)*x", r"([a-z]+)*b", r"(a)\1", "((", "x" * 300, r"(?:(?:a?){30}){30}b"]
)
@pytest.mark.timeout(60)  # one that explodes would take years
def test_a_pattern_that_may_explode_is_refused_and_told(bad):
    assert patterns.fault(bad) is not None
    field = Column("k", "K", pattern=bad)
    field.expression = field.show_when = field.required_when = None
    field.is_searchable = False
    assert "pattern" in field_problems(field)


@pytest.mark.parametrize(
    "good", [r"^[^\d<>]{2,}$", r"^(\d{3}\.){0,4}\d+$", r"^\d{10}(-\d{3})?$", r"^[A-ZĐ]{1,5}[-/ ]?\d+$"]
)
def test_ordinary_patterns_are_taken(good):
    assert patterns.fault(good) is None


@pytest.mark.parametrize(
    ("value", "is_fine"), [("2026-01-01", True), ("2025-12-31", False), ("2999-01-01", False)]
)
def test_dates_have_a_range_that_may_move_with_today(session, value, is_fine):
    field = {"key": "d", "label": "Ngày", "kind": "date", "min_date": "2026-01-01", "max_date": "today"}
    assert (eforms.data_problems(factories.make_form((field,)), {"d": value}) == {}) is is_fine


BLOCKS = (
    {"key": "nguoi", "label": "Người được giám hộ", "kind": "person", "prefill": "applicant"},
    {"key": "to_chuc", "label": "Tổ chức", "kind": "organisation", "is_required": False},
    {"key": "co_quan", "label": "Cơ quan", "kind": "agency"},
    {"key": "con", "label": "Các con", "kind": "group", "min_value": 1, "max_value": 2, "columns": [
        {"key": "ten", "label": "Tên con"}, {"key": "sinh", "label": "Ngày sinh", "kind": "date", "max_date": "today"},
        {"key": "hoc", "label": "Nơi học", "kind": "agency", "required": False}]},
)  # fmt: skip


def _good(agency):
    return {
        "nguoi": {"name": "Lê An", "id_number": "046090000001", "born_on": "1990-05-17"},
        "co_quan": agency.code,
        "con": [{"ten": "Bé", "sinh": "2020-01-01", "hoc": agency.code}],
    }


def test_blocks_groups_and_agencies_are_read_checked_shown_and_printed(session):
    agency = factories.make_tree().department
    form, good = factories.make_form(BLOCKS), _good(agency)
    page = MultiDict({
        "f_nguoi-name": "Lê An", "f_nguoi-id_number": "046 090 000 001", "f_nguoi-born_on": "17/05/1990",
        "f_co_quan": agency.code, "f_con-0-ten": "Bé", "f_con-0-sinh": "01/01/2020", "f_con-0-hoc": agency.code,
    })  # fmt: skip
    sent = eforms.read_data(form, page)
    assert eforms.data_problems(form, sent) == {} == eforms.data_problems(form, good)
    assert sent["nguoi"]["id_number"] == "046090000001"
    assert sent["con"] == good["con"]
    bad = good | {"co_quan": "H00", "con": [], "nguoi": {"name": "Lê An"}}
    assert set(eforms.data_problems(form, bad)) == {"nguoi", "co_quan", "con"}
    assert set(eforms.data_problems(form, good | {"con": good["con"] * 3})) == {"con"}
    [(_title, lines, [(_name, _heads, rows)])] = eforms.answers(form, good)
    texts = dict(lines)
    assert texts["Cơ quan"] == agency.name
    assert rows == [["Bé", "01/01/2020", agency.name]]
    assert any(value == "17/05/1990" for value in texts.values())
    assert agency.name in str(eforms.print_sections(form, good))


def test_the_profile_fills_a_person_and_not_an_organisation(session):
    form, account = factories.make_form(BLOCKS), factories.make_account()
    found = eforms.prefill(form, account)
    assert found["nguoi"]["name"] == account.name
    assert found["nguoi"]["born_on"] == "1990-05-17"
    assert "to_chuc" not in found


def test_no_block_breaks_on_what_json_can_hold(session):
    form = factories.make_form(BLOCKS)
    for raw in (1, "x", [], {}, [[]], {"name": []}, [{"ten": {}}], True, {"unit": {}}):
        data = dict.fromkeys(("nguoi", "to_chuc", "co_quan", "con"), raw)
        assert eforms.data_problems(form, data), raw
        shown = eforms.answers(form, eforms.complete(form, data))
        assert all(isinstance(text, str) for _title, lines, _groups in shown for _label, text in lines), raw


def test_a_definition_that_no_page_could_use_is_named_property_by_property(session):
    form = factories.make_form(({"key": "k", "label": "K", "kind": "text"},))
    field = form.fields()[0]
    field.key, field.label, field.pattern, field.min_date = "1 x", " ", "(a+)+", "hôm qua"
    field.show_when, field.min_value, field.max_value, field.kind = {"op": 1}, 5, 1, "radio"
    found = field_problems(field)
    assert set(found) == {"key", "label", "pattern", "min_date", "show_when", "max_value", "kind"}
    db.session.expunge(form)


def test_labels_follow_the_reader_and_the_print_stays_vietnamese(app, session):
    form = factories.make_form(({"key": "k", "label": "Họ tên", "label_en": "Full name", "kind": "text"},))
    with app.test_request_context("/", headers={"Cookie": "locale=en"}):
        from flask_babel import force_locale

        with force_locale("en"):
            assert eforms.answers(form, {"k": "An"})[0][1] == [("Full name", "An")]
            assert eforms.print_sections(form, {"k": "An"})[0]["rows"][0]["label"] == "Họ tên"


def test_evaluation_reads_parts_of_blocks(session):
    form = factories.make_form((
        *BLOCKS,
        {"key": "t", "label": "T", "kind": "computed", "expression": "Ông/bà {nguoi.name}", "is_required": False},
    ))  # fmt: skip
    assert Evaluation(form, {"nguoi": {"name": "Lê An"}}).data()["t"] == "Ông/bà Lê An"


