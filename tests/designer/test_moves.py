"""Moving running dossiers to a newer process: previewed, mapped, recorded, once, by one role only."""

import pytest

from app.errors import Invalid, NotAllowed
from app.extensions import db
from app.history import HistoryEntry
from app.models import Dossier, Movement, ProcedureVersion
from app.models.task import TaskState
from app.permissions import Role
from app.services import process_moves
from app.services.actors import build_actor
from app.services.process_graphs import graph_of
from app.services.version_copies import copy_process
from tests import factories
from tests.services.steps import Office, task_of
from tests.wording import vi

REASON = "Rút ngắn quy trình theo Quyết định 12/QĐ-UBND"


@pytest.fixture
def office(session):
    return Office(session)


@pytest.fixture
def admin_actor(session):
    return build_actor(session, factories.make_user(Role.catalog_admin))


def newer(session, office, change=lambda process: None):
    """Publish a second version of the office's procedure with a changed copy of its process."""
    old = office.version
    process = copy_process(session, old.process)
    change(process)
    session.add(process)
    old.state = "retired"
    session.flush()
    version = ProcedureVersion(
        procedure=old.procedure, number=2, state="published", name=old.name, agency_level="commune",
        decision_number="12/QĐ-UBND", process=process, form=old.form, time_limit_value=3,
    )  # fmt: skip
    session.add(version)
    session.flush()
    return old.process, process


def with_check(process):
    """Put a check by the head of the division before the signing."""
    step = type(process.steps[0])(key="b9", position=9, name="Lãnh đạo phòng kiểm tra", kind="check",
                                  role=Role.division_head, place="agency", working_minutes=60)  # fmt: skip
    process.steps.append(step)
    process.steps[1].goes_to = [{"to": "b9", "when": None, "label": None}]
    step.goes_to = [{"to": "b3", "when": None, "label": None}]
    process.steps[4].goes_to = []


def test_a_mapping_is_proposed_by_name_then_by_likeness(session, office):
    def change(process):
        with_check(process)
        process.steps[1].name = "Thẩm định hồ sơ, dự thảo kết quả"
        process.steps[0].key, process.steps[3].key = "b4", "b1"

    old, new = newer(session, office, change)
    assert process_moves.proposal(graph_of(old), graph_of(new)) == {
        "b1": "b4", "b2": "b2", "b3": "b3", "b4": "b1", "b5": "b5"}  # fmt: skip


def test_a_dossier_goes_on_in_the_new_process_with_one_record(session, office, admin_actor):
    dossier = office.processed()
    due, person = dossier.due_at, task_of(dossier).assignee_id
    old, new = newer(session, office, with_check)
    found = process_moves.plan(session, old, new)
    assert [(row.dossier.id, row.now, row.then, row.hindrance) for row in found.dossiers] == [
        (dossier.id, ["Thẩm định hồ sơ"], ["Thẩm định hồ sơ"], "")]  # fmt: skip
    assert [step.key for step in found.left_out] == ["b9"]
    moved, stayed = process_moves.move(session, old, new, found.mapping, [dossier.id], REASON, admin_actor)
    assert (moved, stayed) == ([dossier], [])
    task = task_of(dossier)
    assert (task.step.process_id, task.assignee_id, dossier.due_at) == (new.id, person, due)
    records = [row for row in dossier.movements if row.transition == "move_process"]
    assert len(records) == 1
    assert REASON in records[0].remark
    office.step(dossier)
    assert task_of(dossier).name == "Lãnh đạo phòng kiểm tra"
    office[Role.division_head]
    while dossier.state == 4:
        office.step(dossier)
    assert dossier.state == 9


def test_dossiers_at_a_step_without_a_new_one_stay(session, office, admin_actor):
    stays, goes = office.processed(), office.processed()
    office.step(goes)
    old, new = newer(session, office)
    mapping = process_moves.proposal(graph_of(old), graph_of(new)) | {"b2": ""}
    ids = [stays.id, goes.id]
    moved, left = process_moves.move(session, old, new, mapping, ids, REASON, admin_actor)
    assert [one.id for one in moved] == [goes.id]
    assert [(row.dossier.id, bool(row.hindrance)) for row in left] == [(stays.id, True)]
    assert (stays.process_id, goes.process_id) == (None, new.id)
    assert not any(row.transition == "move_process" for row in stays.movements)
    past = next(task for task in goes.tasks if task.name == "Thẩm định hồ sơ")
    assert past.is_current is False


def test_parallel_steps_move_together_or_not_at_all(session, office, admin_actor):
    steps = office.version.process.steps
    steps[0].goes_to = [{"to": key, "when": None, "label": None} for key in ("b2", "b3")]
    steps[1].goes_to = [{"to": "b4", "when": None, "label": None}]
    session.flush()
    dossier = office.processed()
    assert {task.key for task in dossier.tasks if task.state == TaskState.open} == {"b2", "b3"}
    old, new = newer(session, office)
    swapped = process_moves.proposal(graph_of(old), graph_of(new)) | {"b3": ""}
    assert process_moves.plan(session, old, new, swapped).dossiers[0].hindrance
    mapping = process_moves.proposal(graph_of(old), graph_of(new))
    process_moves.move(session, old, new, mapping, [dossier.id], REASON, admin_actor)
    assert {task.step.process_id for task in dossier.tasks} == {new.id}


def test_swapped_keys_of_parallel_steps_do_not_collide(session, office, admin_actor):
    steps = office.version.process.steps
    steps[0].goes_to = [{"to": key, "when": None, "label": None} for key in ("b2", "b3")]
    steps[1].goes_to = [{"to": "b4", "when": None, "label": None}]
    session.flush()
    dossier = office.processed()

    def swap(process):
        process.steps[1].key, process.steps[2].key = "b3", "b2"
        process.steps[2].goes_to, process.steps[1].goes_to = None, [{"to": "b4", "when": None, "label": None}]

    old, new = newer(session, office, swap)
    mapping = {"b1": "b1", "b2": "b3", "b3": "b2", "b4": "b4", "b5": "b5"}
    process_moves.move(session, old, new, mapping, [dossier.id], REASON, admin_actor)
    session.refresh(dossier)
    named = {task.key: task.name for task in dossier.tasks if task.state == TaskState.open}
    assert named == {"b3": "Thẩm định hồ sơ", "b2": "Ký duyệt kết quả"}


REFUSED = (
    ({"reason": " "}, Invalid), ({"mapping": {"b2": "la"}}, Invalid), ({"mapping": {"la": "b2"}}, Invalid),
    ({"mapping": {"b2": "b3", "b3": "b3"}}, Invalid), ({"role": Role.system_admin}, NotAllowed),
    ({"role": Role.agency_head}, NotAllowed), ({"state": "draft"}, Invalid),
)  # fmt: skip


@pytest.mark.parametrize(("given", "refusal"), REFUSED, ids=str)
def test_what_is_refused_writes_nothing(session, office, admin_actor, given, refusal):
    dossier = office.processed()
    old, new = newer(session, office)
    actor = office.officer(given["role"]) if "role" in given else admin_actor
    if "state" in given:
        session.query(ProcedureVersion).filter_by(process_id=new.id).one().state = given["state"]
        session.flush()
    mapping = given.get("mapping", {key: key for key in ("b1", "b2", "b3", "b4", "b5")})
    with pytest.raises(refusal):
        process_moves.move(session, old, new, mapping, [dossier.id], given.get("reason", REASON), actor)
    assert dossier.process_id is None
    assert not any(row.transition == "move_process" for row in dossier.movements)


def form_of(mapping, *ids, **more):
    return {**{f"map.{key}": to for key, to in mapping.items()}, "dossier": [str(pk) for pk in ids],
            "reason": REASON, "act": "1", **more}  # fmt: skip


def test_the_pages_show_the_move_make_it_once_and_keep_what_was_typed(login, session, office):
    dossier = office.processed()
    code = dossier.code
    old, new = newer(session, office, with_check)
    mapping = process_moves.proposal(graph_of(old), graph_of(new))
    url = f"/process-moves/{new.id}/from/{old.id}"
    admin = login(Role.catalog_admin)
    assert url in admin.get(f"/process-moves/{new.id}").text
    page = admin.get(url).text
    assert code in page
    assert "Lãnh đạo phòng kiểm tra" in page
    answer = admin.post(url, data=form_of(mapping, dossier.id, reason=""))
    assert answer.status_code == 422
    assert vi("Please give the reason.") in answer.text
    assert admin.post(url, data=form_of(mapping, reason="Giữ lại câu này")).status_code == 422
    assert "Giữ lại câu này" in admin.post(url, data=form_of(mapping, reason="Giữ lại câu này")).text
    for _twice in range(2):
        assert admin.post(url, data=form_of(mapping, dossier.id)).status_code == 302
    assert db.session.query(Movement).filter_by(transition="move_process").count() == 1
    entries = db.session.query(HistoryEntry).filter_by(aggregate="dossier", aggregate_id=dossier.id)
    told = [row for row in entries if row.reason and REASON in row.reason]
    assert [row.action for row in told if row.record == "dossier"] == ["move_process"]
    assert [row.action for row in told if row.record == "movement"] == ["create"]
    assert db.session.get(Dossier, dossier.id).process_id == new.id
    assert url not in admin.get(f"/process-moves/{new.id}").text
    assert admin.get(f"/officer/dossiers/{dossier.id}").status_code in {302, 403, 404}  # he handles none


@pytest.mark.parametrize("role", [Role.system_admin, Role.division_head, Role.auditor, Role.citizen])
def test_others_do_not_move(login, session, office, role):
    dossier = office.processed()
    old, new = newer(session, office)
    mapping = {key: key for key in ("b1", "b2", "b3", "b4", "b5")}
    client, url = login(role), f"/process-moves/{new.id}/from/{old.id}"
    for path in (f"/process-moves/{new.id}", url):
        assert client.get(path).status_code in {302, 403}
    assert client.post(url, data=form_of(mapping, dossier.id)).status_code in {302, 403}
    assert db.session.get(Dossier, dossier.id).process_id is None


BAD = ({"map.b2": "la"}, {"map.x": "b2"}, {"dossier": "x"}, {"dossier": "99999999"}, {"map.b2": "b3", "map.b3": "b3"})


@pytest.mark.parametrize("wrong", BAD, ids=str)
def test_forged_forms_change_nothing(login, session, office, wrong):
    dossier = office.processed()
    old, new = newer(session, office)
    data = form_of({key: key for key in ("b1", "b2", "b3", "b4", "b5")}, dossier.id) | wrong
    answer = login(Role.catalog_admin).post(f"/process-moves/{new.id}/from/{old.id}", data=data)
    assert answer.status_code in {302, 422}
    assert db.session.get(Dossier, dossier.id).process_id is None


def test_unknown_processes_are_not_found(login, session, office):
    office.processed()
    old, new = newer(session, office)
    admin = login(Role.catalog_admin)
    assert admin.get("/process-moves/999999").status_code == 404
    assert admin.get(f"/process-moves/{new.id}/from/999999").status_code == 404
    assert admin.get(f"/process-moves/{old.id}/from/{new.id}").status_code == 302  # not in force


def test_the_preview_costs_the_same_for_many_dossiers(session, office, count_queries):
    dossiers = [office.processed() for _ in range(4)]
    old, new = newer(session, office)
    counts = []
    for running in (1, 1, 4):
        for number, dossier in enumerate(dossiers):
            dossier.state = 4 if number < running else 9
        session.flush()
        session.expire_all()
        with count_queries() as seen:
            assert len(process_moves.plan(session, old, new).dossiers) == running
        counts.append(len(seen))
    assert counts[1] == counts[2]
