"""From the approval into use: the agency configures within what was approved, and drafts anew by a copy."""

import json
from datetime import date

import pytest
import sqlalchemy as sa

from app.errors import Invalid, NotAllowed, NotFound
from app.models import ApprovalStage, Process, ProcessApproval
from app.packs import yamls
from app.packs.exporting import Chosen
from app.permissions import Role, acting_as
from app.services import process_design, process_editions
from app.services.moves import make_move
from tests.factories import make_procedure, make_process, make_tree
from tests.packs.carrying import files_of, take
from tests.wording import vi

HEAD = Role.division_head


@pytest.fixture
def approval(session):
    """The process of a ward, approved by the Chairman, not yet configured."""
    tree = make_tree()
    process = make_process(agency=tree.commune)
    row = ProcessApproval(title="Lần 1", process=process, agency=tree.commune, state="approved",
                          decision_number="12/QĐ-UBND", decision_on=date(2026, 3, 1))  # fmt: skip
    session.add(row)
    session.flush()
    return row


def save(session, process, actor, change):
    with acting_as(actor):
        found = process_design.get_process(session, process.id, to_change=True)
        given = process_design.definition(found)
        change(given)
        return process_design.save(session, found, given, process_design.revision(found), actor)


def configure(given):
    given["steps"][1] |= {"assign": "least_loaded", "assign_value": None}


CHANGES = {
    "hours": lambda given: given["steps"][1].update(working_minutes=9),
    "name": lambda given: given["steps"][1].update(name="Khác"),
    "kind": lambda given: given["steps"][1].update(kind="check"),
    "role": lambda given: given["steps"][1].update(role="clerk"),
    "order": lambda given: given["steps"].insert(1, given["steps"].pop(2)),
    "fewer": lambda given: given["steps"].pop(1),
    "more": lambda given: given["steps"].insert(1, given["steps"][1] | {"key": "b99"}),
    "title": lambda given: given.update(name="Tên khác"),
    "ways": lambda given: given["steps"][0].update(
        goes_to=[{"to": given["steps"][2]["key"], "when": None, "label": None}]),
}  # fmt: skip


@pytest.mark.parametrize("state", ["approved", "tested"])
def test_the_agency_configures_who_gets_a_step(session, approval, actor, state):
    approval.state = state
    session.flush()
    save(session, approval.process, actor(HEAD), configure)
    step = approval.process.steps[1]
    assert step.assign == "least_loaded"


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_approved_stays(session, approval, actor, change):
    before = process_design.definition(approval.process)
    for role in (HEAD, Role.catalog_admin):
        who = actor(role)
        with pytest.raises(Invalid) as refusal, session.begin_nested():
            save(session, approval.process, who, CHANGES[change])
        assert "HUE25 Đ16.3" in str(refusal.value)
        session.expire_all()
    assert process_design.definition(approval.process) == before


@pytest.mark.parametrize("state", ["submitted", "examined", "configured", "in_use"])
def test_while_others_have_it_the_agency_only_looks(session, approval, actor, state):
    approval.state = state
    session.flush()
    with pytest.raises(NotFound):
        save(session, approval.process, actor(HEAD), configure)


def test_nobody_of_another_agency_configures(session, approval, actor):
    tree = make_tree()
    with pytest.raises((NotFound, NotAllowed)):
        save(session, approval.process, actor(HEAD, tree.department), configure)
    with pytest.raises((NotFound, NotAllowed)):
        save(session, approval.process, actor(Role.specialist), configure)


def test_no_other_path_changes_the_hours(session, approval, login):
    client, step = login(HEAD), approval.process.steps[1]
    answer = client.put(f"/api/v1/process_step/{step.id}", json={"working_minutes": 5}, headers={"If-Match": "*"})
    assert answer.status_code == 422
    sent = {"process": step.process_id, "position": step.position, "name": step.name, "kind": step.kind,
            "role": step.role, "place": step.place, "working_minutes": 5}  # fmt: skip
    assert client.post(f"/process-step/edit/{step.id}", data=sent).status_code == 422
    files = files_of(session, Chosen("kind", "process"))
    path = next(path for path in files if path.startswith("process/"))
    document = yamls.load(files[path], path)
    document["steps"][1]["working_minutes"] = 5
    assert take(session, files | {path: yamls.dump(document)}).state == "refused"
    session.expire_all()
    assert step.working_minutes != 5


def test_a_published_process_is_drafted_anew_and_goes_through_the_chain(session, approval, actor):
    make_procedure(process=approval.process)
    who = actor(HEAD)
    with acting_as(who):
        fresh = process_editions.copy_of(session, approval.process, who)
    assert fresh.agency_id == approval.agency_id
    save(session, fresh, who, CHANGES["hours"])
    again = ProcessApproval(title="Lần 2", process=fresh, agency=approval.agency)
    session.add(again)
    session.flush()
    office, chairman = actor(Role.catalog_admin), actor(Role.agency_head, make_tree().root)
    make_move(session, again, "submit", who, "Đã rà soát")
    make_move(session, again, "examine", office, "")
    with pytest.raises(Invalid):
        make_move(session, again, "approve", chairman, "")
    again.decision_number, again.decision_on = "99/QĐ-UBND", date(2026, 5, 1)
    with pytest.raises(NotAllowed):
        make_move(session, again, "approve", who, "")
    make_move(session, again, "approve", chairman, "Đồng ý")
    assert (fresh.decision_number, fresh.decision_on) == ("99/QĐ-UBND", date(2026, 5, 1))
    stages = session.scalars(sa.select(ApprovalStage).where(ApprovalStage.approval_id == again.id)
                             .order_by(ApprovalStage.id)).all()  # fmt: skip
    assert [(one.transition, one.remark) for one in stages] == [
        ("submit", "Đã rà soát"), ("examine", None), ("approve", "Đồng ý")]  # fmt: skip
    assert all(one.by_name and one.at for one in stages)
    save(session, fresh, who, configure)
    with pytest.raises(Invalid):
        save(session, fresh, who, CHANGES["name"])


def test_the_designer_says_what_is_open(session, approval, login):
    page = login(HEAD).get(f"/process-designer/{approval.process_id}").text
    assert vi("This process was approved") in page
    assert vi("Copy as a new draft") in page
    assert 'data-process-head="decision_number"' in page
    given = json.loads(page.split('id="designer-data"')[1].split(">", 1)[1].split("</script>")[0])
    assert set(given["open"]) == {"place", "agency", "agency_id", "assign", "assign_value", "consulted"}
    assert "data-designer-connect" not in page
    assert session.get(Process, approval.process_id) is not None


@pytest.mark.parametrize("day", ["2026-13-01", "hôm qua"])
def test_decision_of_the_process_is_kept_and_a_wrong_day_named(session, actor, day):
    process, who = make_process(agency=make_tree().commune), actor(HEAD)
    save(session, process, who, lambda given: given.update(decision_number="7/QĐ", decision_on="2026-02-01"))
    assert (process.decision_number, process.decision_on) == ("7/QĐ", date(2026, 2, 1))
    with pytest.raises(Invalid) as refusal:
        save(session, process, who, lambda given: given.update(decision_on=day))
    assert "decision_on" in refusal.value.fields
