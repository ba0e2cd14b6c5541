"""The process designer: who may, what is saved, what is refused and where, pictures, copies."""

import copy
import json
from pathlib import Path

import pytest

from app.extensions import db
from app.history import HistoryEntry
from app.models import Process, ProcessStep
from app.permissions import Role
from app.services import process_design
from app.services.process_diagram import diagram_of
from app.services.process_graphs import steps_of
from app.services.process_tables.keeping import blank_step
from app.workflows.process import Graph
from tests import factories
from tests.wording import vi


@pytest.fixture
def admin(login):
    return login(Role.catalog_admin)


@pytest.fixture
def process(session):
    return factories.make_process()


def opened(process):
    fresh = db.session.get(Process, process.id)
    return process_design.definition(fresh), process_design.revision(fresh)


def send(client, process, definition, base):
    return client.post(f"/process-designer/{process.id}/save", json={"base": base, "definition": definition})


def check(client, process, definition):
    return client.post(f"/process-designer/{process.id}/check", json=definition)


WRITES = (
    ("POST", "/process-designer/new"), ("POST", "/process-designer/{id}/save"),
    ("POST", "/process-designer/{id}/copy"),
)  # fmt: skip


@pytest.mark.parametrize("role", [Role.system_admin, Role.desk_officer, Role.citizen, Role.auditor])
@pytest.mark.parametrize(("method", "path"), WRITES)
def test_nobody_else_draws(login, process, role, method, path):
    client, before = login(role), opened(process)
    saved = {"json": {"base": before[1], "definition": before[0]}}
    body = saved if "save" in path else {"data": {"code": "la", "name": "Lạ"}}
    answer = client.open(path.format(id=process.id), method=method, **body)
    assert answer.status_code in {302, 403, 404}
    assert opened(process) == before
    assert db.session.query(Process).filter_by(code="la").count() == 0


def test_the_list_offers_drawing_only_to_who_may(login, process):
    pages = {role: login(role).get("/process-designer/") for role in (Role.catalog_admin, Role.auditor, Role.citizen)}
    assert ['id="new-process"' in page.text for page in pages.values()] == [True, False, False]
    assert f"/process-designer/{process.id}" in pages[Role.auditor].text
    assert pages[Role.citizen].status_code in {302, 403}


@pytest.mark.parametrize("path", ["", "/print"])
def test_officers_look_and_applicants_do_not(login, process, path):
    page = login(Role.desk_officer).get(f"/process-designer/{process.id}{path}")
    assert page.status_code == 200
    assert "data-designer-save" not in page.text
    assert "Thẩm định hồ sơ" in page.text
    assert login(Role.citizen).get(f"/process-designer/{process.id}{path}").status_code in {302, 403}


def test_an_agency_draws_its_own_until_it_belongs_to_another(login, session):
    tree = factories.make_tree()
    own = factories.make_process(agency_id=tree.commune.id)
    other = factories.make_process(agency_id=tree.department.id)
    head = login(Role.division_head)
    for process, is_own in ((own, True), (other, False)):
        definition, base = opened(process)
        definition["name"] = "Tên mới"
        assert ("data-designer-save" in head.get(f"/process-designer/{process.id}").text) is is_own
        assert send(head, process, definition, base).status_code == (200 if is_own else 404)
        assert (opened(process)[0]["name"] == "Tên mới") is is_own


def test_what_an_agency_begins_or_copies_is_its_own(login, session):
    tree, whole = factories.make_tree(), factories.make_process()
    head = login(Role.division_head)
    head.post("/process-designer/new", data={"code": "qt-moi", "name": "Quy trình mới"})
    assert db.session.query(Process).filter_by(code="qt-moi").one().agency_id == tree.commune.id
    head.post(f"/process-designer/{whole.id}/copy")
    assert db.session.query(Process).filter_by(code=f"{whole.code}-b2").one().agency_id == tree.commune.id


def forked(definition):
    """Let the second step part into two ways that meet in the third."""
    steps = definition["steps"]
    steps.insert(2, {**blank_step("b9"), "name": "Lấy ý kiến", "kind": "work", "role": "specialist",
                     "place": "agency", "working_minutes": 60})  # fmt: skip
    condition = {"field": "noi_dung", "op": "filled"}
    always = {"to": "b3", "when": None, "label": None}
    steps[1]["goes_to"] = [{"to": "b9", "when": condition, "label": "có nội dung"}, always]
    steps[1] |= {"split": "all", "assign": "least_loaded"}
    steps[3] |= {"join": "count", "join_count": 2, "assign": "same", "assign_value": "b2"}
    return definition


def test_what_is_saved_is_read_again_the_same(admin, process):
    definition, base = opened(process)
    forked(definition)
    definition |= {"decision_number": "12/QĐ-UBND", "decision_on": "2026-03-01"}
    answer = send(admin, process, definition, base)
    assert answer.status_code == 200
    assert opened(process) == (definition, answer.json["base"])
    assert [step.position for step in db.session.get(Process, process.id).steps] == [1, 2, 3, 4, 5, 6]


def test_steps_change_places_leave_and_come_in_one_go(admin, process):
    ids = {step.key: step.id for step in process.steps}
    definition, base = opened(process)
    first, second, third, _fourth, fifth = definition["steps"]
    new = {**blank_step("b7"), "name": "Thu phí", "kind": "payment", "role": "desk_officer", "place": "desk",
           "working_minutes": 0}  # fmt: skip
    definition["steps"] = [fifth, new, third, second, first]
    assert send(admin, process, definition, base).status_code == 200
    rows = db.session.get(Process, process.id).steps
    assert [row.key for row in rows] == ["b5", "b7", "b3", "b2", "b1"]
    assert {row.key: row.id for row in rows if row.key != "b7"} == {k: ids[k] for k in ("b5", "b3", "b2", "b1")}


def test_saving_stands_in_the_history_of_the_process(admin, process):
    definition, base = opened(process)
    definition["steps"][0]["name"] = "Tiếp nhận và số hóa"
    send(admin, process, definition, base)
    entries = db.session.query(HistoryEntry).filter_by(aggregate="process", aggregate_id=process.id)
    assert any("Tiếp nhận và số hóa" in json.dumps(row.changes, ensure_ascii=False) for row in entries)


def test_a_stale_designer_overwrites_nothing(admin, process):
    definition, base = opened(process)
    other = copy.deepcopy(definition)
    other["steps"][0]["name"] = "Của người khác"
    assert send(admin, process, other, base).status_code == 200
    assert send(admin, process, definition, base).status_code == 409
    assert opened(process)[0] == other


FAULTS = (
    ({"name": " "}, "name"), ({"name": "x" * 600}, "name"), ({"kind": "la"}, "kind"), ({"role": "citizen"}, "role"),
    ({"place": "la"}, "place"), ({"place": "named"}, "agency_id"), ({"agency_id": 999_999}, "agency_id"),
    ({"working_minutes": -1}, "working_minutes"), ({"working_minutes": None}, "working_minutes"),
    ({"goes_to": [{"to": "la", "when": None, "label": None}]}, "goes_to.0.to"),
    ({"goes_to": [{"to": "b3", "when": {"op": "?"}, "label": None}]}, "goes_to.0.when"),
    ({"join": "count", "join_count": None}, "join_count"), ({"split": "la"}, "split"), ({"assign": "la"}, "assign"),
    ({"assign": "officer", "assign_value": "khong_co"}, "assign_value"),
    ({"assign": "same", "assign_value": "b99"}, "assign_value"), ({"consulted": ["H99"]}, "consulted"),
    ({"kind": "sub_process"}, "sub_process_id"), ({"sub_process_id": 999_999}, "sub_process_id"),
    ({"kind": "child"}, "child_procedure_id"), ({"key": "b3"}, "key"), ({"key": "1 x"}, "key"),
)  # fmt: skip


@pytest.mark.parametrize(("wrong", "name"), FAULTS, ids=str)
def test_each_fault_stands_beside_its_input_and_nothing_is_written(admin, process, wrong, name):
    definition, base = opened(process)
    before = copy.deepcopy(definition)
    definition["steps"][1] |= wrong
    answer = send(admin, process, definition, base)
    assert answer.status_code == 422
    assert {f"steps.1.{name}", f"steps.2.{name}"} & set(answer.json["faults"])
    assert check(admin, process, definition).json["faults"] == answer.json["faults"]
    assert opened(process) == (before, base)


@pytest.mark.parametrize("raw", [None, [], {}, {"steps": 1}, {"steps": ["x"]}, {"steps": [{}] * 500}, "x"])
def test_what_is_no_process_is_refused(admin, process, raw):
    assert send(admin, process, raw, opened(process)[1]).status_code == 422
    assert check(admin, process, raw).status_code == 422


def test_a_process_in_itself_is_refused(admin, process):
    definition, base = opened(process)
    definition["steps"][1] |= {"kind": "sub_process", "sub_process_id": process.id}
    assert "steps.1.sub_process_id" in send(admin, process, definition, base).json["faults"]


def problems(client, process, definition):
    return [one["text"] for one in check(client, process, definition).json["problems"]["list"]]


def test_problems_are_told_while_drawing_and_kept_in_a_draft(admin, session):
    process = factories.make_procedure(state="draft", time_limit_value=3).process
    definition, base = opened(process)
    assert any("16" in text and "24" in text for text in problems(admin, process, definition))  # hours
    definition["steps"][1]["working_minutes"] += 480
    told = check(admin, process, definition).json["problems"]
    assert told["minutes"] == 1440
    assert all(one["warning"] for one in told["list"])  # nobody is posted in this test
    definition["steps"][2] |= {"kind": "check", "goes_to": [{"to": "b2", "when": None, "label": None}]}
    texts = problems(admin, process, definition)
    assert any("vòng" in text for text in texts)
    assert send(admin, process, definition, base).status_code == 200


def test_who_is_missing_is_said_once_however_many_procedures_follow_the_process(admin, session):
    process = factories.make_procedure(state="draft").process
    alone = problems(admin, process, opened(process)[0])
    second = factories.make_procedure(state="draft")
    second.process = process
    session.flush()
    told = problems(admin, process, opened(process)[0])
    assert sorted(alone) == sorted(set(alone))
    assert len([text for text in told if vi("Specialist") in text]) == 1


def test_conditions_name_fields_of_the_procedures_form(admin, session):
    process = factories.make_procedure(state="draft").process
    definition, base = opened(process)
    forked(definition)
    assert send(admin, process, definition, base).status_code == 200
    definition, base = opened(process)
    definition["steps"][1]["goes_to"][0]["when"]["field"] = "khong_co"
    assert "steps.1.goes_to.0.when" in send(admin, process, definition, base).json["faults"]


def test_a_process_in_force_is_frozen_and_may_be_copied(admin, session):
    process = factories.make_procedure().process
    definition, base = opened(process)
    definition["name"] = "Tên khác"
    assert send(admin, process, definition, base).status_code == 422
    page = admin.get(f"/process-designer/{process.id}").text
    assert vi("Copy as a new draft") in page
    assert "data-designer-save" not in page
    assert admin.post(f"/process-designer/{process.id}/copy").status_code == 302
    fresh = db.session.query(Process).filter_by(code=f"{process.code}-b2").one()
    assert process_design.definition(fresh) == opened(process)[0]


def test_a_fork_is_drawn_with_its_conditions_and_spoken(admin, process):
    definition, base = opened(process)
    send(admin, process, forked(definition), base)
    page = admin.get(f"/process-designer/{process.id}/print").text
    assert "có nội dung" in page
    picture = diagram_of(Graph(steps_of(db.session.get(Process, process.id))), done={"b1"}, running={"b2"})
    assert [node.mark for node in picture.nodes] == ["done", "open", "", "", "", ""]
    assert len({(node.x, node.y) for node in picture.nodes}) == 6
    assert [arrow.label for arrow in picture.arrows if arrow.label] == ["có nội dung"]


def test_what_was_typed_is_never_markup(admin, process):
    definition, _base = opened(process)
    definition["steps"][1]["name"] = "<script>alert(1)</script>"
    assert "<script>" not in check(admin, process, definition).json["picture"]


def test_new_ones_need_a_free_code_and_a_name(admin, process):
    answer = admin.post("/process-designer/new", data={"code": "Có Dấu", "name": ""})
    assert answer.status_code == 422
    assert admin.post("/process-designer/new", data={"code": process.code, "name": "Hai"}).status_code == 422
    assert admin.post("/process-designer/new", data={"code": "qt-hai", "name": "Hai"}).status_code == 302


def test_checking_takes_as_many_statements_for_many_steps_as_for_few(admin, process, count_queries):
    counts = []
    for number in (5, 5, 60):
        steps = [{**blank_step(f"b{n}"), "name": f"Bước {n}", "kind": "work", "role": "specialist", "place": "agency",
                  "working_minutes": 60} for n in range(1, number)]  # fmt: skip
        with count_queries() as seen:
            assert check(admin, process, {"name": "A", "steps": steps}).status_code == 200
        counts.append(len(seen))
    assert counts[1] == counts[2]


def test_a_hundred_steps_are_saved_and_drawn(admin, process):
    definition, base = opened(process)
    definition["steps"] = [{**blank_step(f"b{n}"), "name": f"Bước {n}", "kind": "work", "role": "specialist",
                            "place": "agency", "working_minutes": 60} for n in range(1, 101)]  # fmt: skip
    assert send(admin, process, definition, base).status_code == 200
    assert admin.get(f"/process-designer/{process.id}").text.count("data-step=") == 100


@pytest.mark.parametrize("kind", ["agency", "consulted", "process", "procedure", "form"])
def test_records_are_found_for_a_step(admin, session, kind):
    tree = factories.make_tree()
    factories.make_procedure(name="Phú Xuân")
    found = admin.get(f"/process-designer/choices/{kind}?q=").json
    assert found["results"]
    if kind == "consulted":
        assert {tree.commune.code} <= {one["id"] for one in found["results"]}
    assert admin.get("/process-designer/choices/la").status_code == 404


def test_the_fields_of_a_form_are_told(admin, session):
    form = factories.make_form()
    assert [one["key"] for one in admin.get(f"/process-designer/fields/{form.id}").json] == [
        "ho_ten", "so_dinh_danh", "noi_dung"]  # fmt: skip


def test_every_name_the_script_uses_is_a_property(app):
    source = (Path(app.static_folder) / "js" / "process-designer.js").read_text("utf-8")
    assert all(f"{name}:" in source for name in process_design.STEP_PROPERTIES)
    assert {*process_design.STEP_PROPERTIES} <= {column.key for column in ProcessStep.__table__.columns}
