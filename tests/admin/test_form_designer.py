"""The form designer: who may, what is saved, what is refused and where, previews, editions."""

import copy
import json

import pytest

from app.extensions import db
from app.history import HistoryEntry
from app.models import Form
from app.permissions import Role
from app.services import form_design
from app.services.form_diff import sentences
from app.services.form_problems import definition_problems
from tests import factories
from tests.wording import vi

OPTIONS = [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}]
ROWS = (
    {"key": "ho_ten", "label": "Họ tên", "kind": "text"},
    {"key": "loai", "label": "Loại", "kind": "select", "options": OPTIONS},
    {"key": "ly_do", "label": "Lý do", "kind": "text", "show_when": {"field": "loai", "op": "eq", "value": "b"}},
)  # fmt: skip


@pytest.fixture
def admin(login):
    return login(Role.catalog_admin)


@pytest.fixture
def form(session):
    return factories.make_form(ROWS)


def opened(form):
    fresh = form_design.get_form(db.session(), form.id)
    return form_design.definition(fresh), form_design.revision(fresh)


def send(client, form, definition, base):
    return client.post(f"/form-designer/{form.id}/save", json={"base": base, "definition": definition})


PATHS = (
    ("GET", "/form-designer/"), ("POST", "/form-designer/new"), ("GET", "/form-designer/{id}"),
    ("POST", "/form-designer/{id}/save"), ("POST", "/form-designer/{id}/preview"),
    ("POST", "/form-designer/{id}/check"), ("POST", "/form-designer/{id}/edition"),
    ("GET", "/form-designer/{id}/editions"),
)  # fmt: skip


@pytest.mark.parametrize("role", [Role.system_admin, Role.desk_officer, Role.citizen, Role.auditor])
@pytest.mark.parametrize(("method", "path"), PATHS)
def test_nobody_else_reaches_the_designer(login, form, role, method, path):
    client, before = login(role), opened(form)
    answer = client.open(path.format(id=form.id), method=method, data={"code": "la", "name": "Lạ"})
    assert answer.status_code in {302, 403, 404}
    assert "designer" not in (answer.headers.get("Location") or "")
    assert opened(form) == before
    assert db.session.query(Form).filter_by(code="la").count() == 0


def test_groups_of_conditions_are_kept_as_they_are_nested(admin, form):
    definition, base = opened(form)
    leaf = {"field": "loai", "op": "eq", "value": "b"}
    nested = {"any": [leaf, {"all": [leaf, {"field": "ho_ten", "op": "filled"}, {"any": [leaf]}]}]}
    definition["sections"][0]["fields"][2]["show_when"] = nested
    saved = send(admin, form, definition, base)
    assert saved.status_code == 200, saved.json
    assert opened(form)[0]["sections"][0]["fields"][2]["show_when"] == nested
    for _group in range(3):
        nested = {"all": [nested]}
    definition["sections"][0]["fields"][2]["show_when"] = nested
    refused = send(admin, form, definition, saved.json["base"])
    assert refused.status_code == 422
    assert list(refused.json["problems"]) == ["sections.0.fields.2.show_when"]
    assert opened(form)[0]["sections"][0]["fields"][2]["show_when"] != nested


def test_what_is_saved_is_read_again_the_same(admin, form):
    definition, base = opened(form)
    definition["rules"] = [{"must": {"field": "ho_ten", "op": "filled"}, "message": "Ghi họ tên."}]
    definition["name_en"] = "Declaration"
    definition["sections"].append({"title": "Phần hai", "title_en": None, "help_text": None, "help_text_en": None,
                                   "show_when": {"field": "loai", "op": "eq", "value": "b"}, "fields": []})  # fmt: skip
    extra = form_design.new_field("group", "con", "Các con")
    extra["columns"] = [{"key": "ten", "label": "Tên", "kind": "text", "required": True}]
    definition["sections"][1]["fields"].append(extra)
    definition["sections"][0]["fields"].reverse()
    answer = send(admin, form, definition, base)
    assert answer.status_code == 200
    assert opened(form) == (definition, answer.json["base"])


def test_keys_swapped_moved_and_taken_over_are_saved_in_one_go(admin, form):
    definition, base = opened(form)
    first, second, third = definition["sections"][0]["fields"]
    first["key"], third["key"] = third["key"], first["key"]
    third["show_when"] = None
    first["show_when"] = None
    definition["sections"][0]["fields"] = [second, {**second, "key": "moi", "label": "Mới"}]
    second_part = {**copy.deepcopy(definition["sections"][0]), "title": "Hai", "fields": [first, third]}
    definition["sections"].append(second_part)
    assert send(admin, form, definition, base).status_code == 200
    assert [f.key for f in form_design.get_form(db.session(), form.id).fields()] == ["loai", "moi", "ly_do", "ho_ten"]


def test_saving_is_written_into_the_history(admin, form):
    definition, base = opened(form)
    definition["sections"][0]["fields"][0]["label"] = "Họ, chữ đệm và tên"
    send(admin, form, definition, base)
    texts = [json.dumps(row.changes, ensure_ascii=False) for row in db.session.query(HistoryEntry)]
    assert any("Họ, chữ đệm và tên" in text for text in texts)


def test_a_stale_designer_overwrites_nothing(admin, form):
    definition, base = opened(form)
    other = copy.deepcopy(definition)
    other["sections"][0]["fields"][0]["label"] = "Của người khác"
    assert send(admin, form, other, base).status_code == 200
    answer = send(admin, form, definition, base)
    assert answer.status_code == 409
    assert opened(form)[0] == other


FAULTS = (
    ({"key": "1 x"}, "key"), ({"label": " "}, "label"), ({"kind": "radio"}, "kind"),
    ({"pattern": "(a+)+$"}, "pattern"), ({"min_value": 5, "max_value": 1, "kind": "number"}, "max_value"),
    ({"min_date": "hôm qua", "kind": "date"}, "min_date"), ({"kind": "select"}, "options"),
    ({"kind": "group"}, "columns"), ({"kind": "computed", "expression": "=la + 1"}, "expression"),
    ({"show_when": {"field": "la", "op": "filled"}}, "show_when"), ({"key": "loai"}, "key"),
    ({"show_when": {"field": "ly_do", "op": "filled"}}, "show_when"),
    ({"required_when": {"op": "?"}}, "required_when"), ({"is_searchable": True, "kind": "phone"}, "is_searchable"),
    ({"label": "x" * 600}, "label"), ({"kind": "catalog", "catalog_code": "la"}, "catalog_code"),
)  # fmt: skip


@pytest.mark.parametrize(("wrong", "name"), FAULTS, ids=str)
def test_each_fault_stands_beside_its_property_and_nothing_is_written(admin, form, wrong, name):
    definition, base = opened(form)
    before = copy.deepcopy(definition)
    definition["sections"][0]["fields"][0] |= wrong
    if wrong.get("show_when") == {"field": "ly_do", "op": "filled"}:  # a circle of two
        definition["sections"][0]["fields"][2]["show_when"] = {"field": "ho_ten", "op": "filled"}
    answer = send(admin, form, definition, base)
    assert answer.status_code == 422
    places = {f"sections.0.fields.{n}.{name}" for n in range(3)}
    assert places & set(answer.json["problems"])
    assert opened(form) == (before, base)


@pytest.mark.parametrize("text", ["--5", "²", "-", "٣", "5-", "9" * 30, "1_0"])
def test_what_is_no_whole_number_is_left_out(admin, form, text):
    definition, base = opened(form)
    definition["sections"][0]["fields"][0]["max_length"] = text
    assert send(admin, form, definition, base).status_code == 200
    assert opened(form)[0]["sections"][0]["fields"][0]["max_length"] is None


@pytest.mark.parametrize("raw", [None, [], {}, {"sections": 1}, {"sections": [{"fields": [{}] * 500}]}, "x"])
def test_what_is_no_form_is_refused(admin, form, raw):
    answer = send(admin, form, raw, opened(form)[1])
    assert answer.status_code == 422
    assert answer.json["error"]


def test_a_form_in_force_is_frozen_and_gets_a_new_edition(admin, session):
    form = factories.make_procedure().form
    definition, base = opened(form)
    definition["name"] = "Tên khác"
    assert send(admin, form, definition, base).status_code == 422
    page = admin.get(f"/form-designer/{form.id}").text
    assert vi("New edition") in page
    assert "data-designer-save" not in page
    answer = admin.post(f"/form-designer/{form.id}/edition")
    fresh = db.session.get(Form, int(answer.headers["Location"].rsplit("/", 1)[1]))
    assert fresh.code == f"{form.code}-b2"
    definition, base = opened(fresh)
    definition["sections"][0]["fields"][0]["label"] = "Họ, tên đầy đủ"
    assert send(admin, fresh, definition, base).status_code == 200
    page = admin.get(f"/form-designer/{fresh.id}/editions").text
    assert vi("Change the label of the field “%(old)s” to “%(new)s”", old="Họ và tên", new="Họ, tên đầy đủ") in page


def preview(client, form, definition=None, **given):
    text = json.dumps(definition or opened(form)[0])
    return client.post(f"/form-designer/{form.id}/preview", data={"definition": text, **given})


def test_the_preview_is_the_portals_and_keeps_nothing(admin, form):
    page = preview(admin, form).text
    assert 'name="f_ho_ten"' in page
    assert 'data-eform-item="ly_do" hidden' in page
    tried = preview(admin, form, **{"try": "1", "f_loai": "b"}).text
    assert vi("Please fill this in.") in tried
    assert 'data-eform-item="ly_do">' in tried
    fine = preview(admin, form, **{"try": "1", "f_loai": "a", "f_ho_ten": "Lê An", "f_ly_do": "dư"}).text
    assert vi("These answers may be sent") in fine
    assert ">dư<" not in fine


def test_officers_fields_are_in_the_officers_preview_only(admin, form):
    definition, _base = opened(form)
    definition["sections"][0]["fields"][0]["filled_by"] = "officer"
    assert 'name="f_ho_ten"' not in preview(admin, form, definition).text
    assert 'name="f_ho_ten"' in preview(admin, form, definition, reader="officer").text


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sections": 5}', "[" * 5000])
def test_a_preview_of_nonsense_is_refused(admin, form, text):
    answer = admin.post(f"/form-designer/{form.id}/preview", data={"definition": text})
    assert answer.status_code in {400, 422}


def test_labels_and_answers_are_never_markup(admin, form):
    definition, base = opened(form)
    bad = '"><script>alert(1)</script>'
    definition["sections"][0]["title"] = definition["name"] = bad
    definition["sections"][0]["fields"][0] |= {"label": bad, "help_text": bad, "label_en": bad}
    definition["sections"][0]["fields"][1]["options"] = [{"value": bad, "label": bad}]
    definition["sections"][0]["fields"][2]["show_when"]["value"] = bad
    assert send(admin, form, definition, base).status_code == 200
    pages = [
        admin.get(f"/form-designer/{form.id}").text,
        admin.get("/form-designer/").text,
        preview(admin, form, **{"try": "1", "f_ho_ten": bad, "f_loai": bad, "f_ly_do": bad}).text,
    ]
    assert not any("<script>alert" in page for page in pages)


def test_a_new_form_needs_a_free_code_and_a_name(admin, form):
    answer = admin.post("/form-designer/new", data={"code": "Mẫu 1", "name": ""})
    assert answer.status_code == 422
    assert admin.post("/form-designer/new", data={"code": form.code, "name": "Khác"}).status_code == 422
    answer = admin.post("/form-designer/new", data={"code": "mau_moi_x", "name": "Mẫu mới"})
    assert answer.status_code == 302
    assert admin.get(answer.headers["Location"]).status_code == 200


def test_the_list_costs_the_same_however_many_forms(admin, session, count_queries):
    def cost():
        with count_queries() as count:
            admin.get("/form-designer/")
        return len(count)

    factories.make_procedure()
    admin.get("/form-designer/")
    first = cost()
    for _ in range(5):
        factories.make_procedure()
    assert cost() == first


def test_differences_are_whole_sentences(form):
    old = opened(form)[0]
    new = copy.deepcopy(old)
    fields = new["sections"][0]["fields"]
    fields[0] |= {"is_required": False, "help_text": "Ghi hoa"}
    del fields[2]
    fields.append({**fields[0], "key": "email", "label": "Thư điện tử", "kind": "email"})
    fields.insert(0, fields.pop(1))
    new["rules"] = [{"must": {"field": "ho_ten", "op": "filled"}, "message": "Ghi tên."}]
    found = " / ".join(sentences(old, new))
    for msgid, values in (
        ("Remove the field “%(label)s” from “%(section)s”", {"label": "Lý do", "section": "Thông tin người đề nghị"}),
        ("%(subject)s: no longer required", {"subject": "Trường “Họ tên”"}),
        ("Add the rule “%(message)s”", {"message": "Ghi tên."}),
        ("Change the order of the fields in “%(section)s”", {"section": "Thông tin người đề nghị"}),
    ):
        assert vi(msgid, **values) in found
    assert "Thư điện tử" in found
    assert "Ghi hoa" in found
    assert sentences(old, copy.deepcopy(old)) == []


def test_a_built_form_is_checked_without_a_session(form):
    built = form_design.built(opened(form)[0])
    assert definition_problems(built) == {}
    assert built not in db.session


def test_a_pattern_written_before_patterns_were_checked_is_told_in_the_designer(admin, session):
    form = factories.make_form(({"key": "k", "label": "K", "kind": "text", "pattern": "(a+)+$"},))
    page = preview(admin, form).text
    assert vi("The preview appears once these are corrected") in page
    problems = admin.post(f"/form-designer/{form.id}/check", json=opened(form)[0]).json["problems"]
    assert set(problems) == {"sections.0.fields.0.pattern"}
