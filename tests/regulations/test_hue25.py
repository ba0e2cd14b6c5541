"""HUE25: Quyết định số 08/2025/QĐ-UBND of Huế, clause by clause."""

import pytest
import sqlalchemy as sa

from app.clock import acting_at, today
from app.errors import Conflict, Invalid, NotAllowed
from app.models import Notice, ProcessApproval
from app.permissions import ANONYMOUS, Role, acting_as
from app.services import feedback, lookup, ratings, reception, results, submission
from app.services.actors import build_actor
from app.services.moves import CYCLES, make_move, may_make
from tests.factories import make_agency, make_procedure, make_process, make_tree, make_user
from tests.portal.records import make_feedback
from tests.regulations import scenes
from tests.regulations.scenes import at, local
from tests.regulations.support import clause
from tests.services.steps import ANSWERS, Office, attachment, task_of


def supply(office, dossier, citizen, **answers):
    """Answer a request with a new file and answers."""
    office.session.add(attachment(office.version.components[0], dossier=dossier))
    office.session.flush()
    submission.answer_supplement(office.session, dossier, ANSWERS | answers, citizen)


@clause("A3.1", "HUE25 Đ10.1")
def test_d10_1_who_is_logged_in_fills_in_and_sends(office):
    dossier, citizen = office.submitted()
    assert (dossier.state, dossier.channel, dossier.account_id) == (1, "online", citizen.account_id)


@clause("A3.4", "HUE25 Đ11.1")
@pytest.mark.parametrize("asked_by", [Role.desk_officer, Role.specialist])
def test_d11_1_who_is_in_charge_asks_and_the_applicant_supplies(office, asked_by):
    dossier, citizen = office.submitted() if asked_by is Role.desk_officer else scenes.in_process(office)
    before = dossier.state
    scenes.ask(office, dossier, office[asked_by])
    assert dossier.state == 5
    supply(office, dossier, citizen)
    assert dossier.state == before


@clause("A3.4", "HUE25 Đ11.2a", "HUE25 Đ11.2b")
def test_d11_2_files_in_the_given_form_and_answers_typed_in(shown, office):
    dossier, citizen = office.submitted()
    scenes.ask(office, dossier)
    with pytest.raises(Invalid) as refusal:
        submission.answer_supplement(office.session, dossier, {"ho_ten": ""}, citizen)
    paper = f"component-{office.version.components[0].id}"
    assert {"HUE25 Đ11.2a": paper, "HUE25 Đ11.2b": "ho_ten"}[shown] in refusal.value.fields
    supply(office, dossier, citizen)
    assert dossier.state == 1


@clause("A3.4", "HUE25 Đ11.2c")
def test_d11_2c_changes_stay_known_and_the_code_stays(office):
    dossier, citizen = office.submitted()
    code = dossier.code
    scenes.ask(office, dossier)
    supply(office, dossier, citizen, ho_ten="Trần Thị Bính")
    assert dossier.code == code
    assert [r.data["ho_ten"] for r in dossier.revisions] == ["Trần Thị Bình", "Trần Thị Bính"]
    assert [r.author_name for r in dossier.revisions][-1] == citizen.name


@clause("A3.6", "HUE25 Đ4.4")
def test_d4_4_any_desk_receives_for_any_commune(office, session):
    elsewhere = make_agency(code="H57.19999", name="Ủy ban nhân dân xã A Lưới", parent=office.tree.root)
    other_desk = make_agency(code="H57.19999.01", name="Một cửa A Lưới", level="desk", parent=elsewhere)
    elsewhere.desk = other_desk
    session.flush()
    officer = office.officer(Role.desk_officer, other_desk)
    dossier = reception.receive_at_counter(session, office.given(agency=office.tree.commune), officer)
    assert (dossier.desk, dossier.agency) == (other_desk, office.tree.commune)


@clause("A4.8", "HUE25 Đ17.1", "HUE25 Đ17.3")
def test_d17_dossiers_of_the_city_and_of_communes_are_received(shown, session):
    of_city = shown == "HUE25 Đ17.1"
    given = {"agency": make_tree().department, "agency_level": "province"} if of_city else {}
    office = Office(session, **given)
    place = office.tree.centre if of_city else office.tree.desk
    officer = office.officer(Role.desk_officer, place)
    with acting_at(at(9, "09:00")):
        dossier = reception.register(session, office.given(papers={}, channel="post"), officer)
    assert (dossier.desk, local(dossier.reception_due_at)) == (place, "10 09:00")
    papers = {office.version.components[0].id: ("original", 1)}
    reception.accept(session, dossier, officer, papers)
    assert (dossier.state, dossier.agency) == (2, given.get("agency", office.tree.commune))


@clause("A4.9", "HUE25 Đ13.2")
def test_d13_2_the_printed_receipt_carries_the_code(office):
    dossier = office.received()
    assert dossier.code in scenes.words(office, dossier, "receipt_slip")


@clause("A6.1", "HUE25 Đ9.5")
def test_d9_5_the_dossier_goes_from_hand_to_hand_inside_the_agency(office):
    dossier = office.processed()
    office.step(dossier)
    assert (task_of(dossier).role, task_of(dossier).agency) == ("agency_head", office.tree.commune)
    running = [part for part in dossier.segments if part.ended_at is None]
    assert [part.user_id for part in running] == [office[Role.agency_head].user_id]


@clause("A6.2", "HUE25 Đ18.1", "HUE25 Đ18.3")
def test_d18_dossiers_of_the_city_and_of_communes_are_decided(shown, session):
    of_city = shown == "HUE25 Đ18.1"
    tree = make_tree()
    given = {"agency": tree.department, "agency_level": "province"} if of_city else {}
    office = Office(session, **given)
    if of_city:
        places = {Role.desk_officer: tree.centre, Role.cashier: tree.centre}
        for step in office.version.process.steps:
            role = Role(step.role)
            office.people[role] = office.officer(role, places.get(role, tree.department))
    dossier = office.finished()
    assert (dossier.state, dossier.results[-1].state) == (9, "issued")
    assert dossier.agency == (tree.department if of_city else tree.commune)


@clause("A8.1", "HUE25 Đ13.1a", "HUE25 Đ13.2")
def test_d13_1a_the_code_tells_where_the_dossier_is(office, session, client):
    dossier, _citizen = office.submitted()
    assert lookup.find_public(session, dossier.code, ANONYMOUS).state == 1
    page = client.get("/tra-cuu", query_string={"ma": f" {dossier.code.lower()} "}, follow_redirects=True)
    assert (page.status_code, dossier.code in page.text) == (200, True)


@clause("A8.4", "HUE25 Đ13.1c")
def test_d13_1c_the_desk_looks_it_up_for_whoever_comes(office, login):
    dossier = office.received()
    client = login(Role.desk_officer, office.tree.desk)
    assert dossier.code in client.get(f"/tra-cuu/{dossier.code}").text


@clause("A9.1", "HUE25 Đ19.1")
def test_d19_1_the_result_is_received_in_the_system(office, session):
    dossier, citizen = scenes.in_process(office, result_way="online")
    scenes.finish(office, dossier)
    assert results.get_result(session, dossier.results[-1].id, citizen)
    results.collect_online(session, dossier, citizen)
    assert dossier.delivery["way"] == "online"


@clause("A9.1", "HUE25 Đ19.2", "HUE25 Đ25.8")
def test_d19_2_the_result_is_handed_over_at_the_desk_or_by_post(shown, office, desk, session):
    way = {"HUE25 Đ19.2": "desk", "HUE25 Đ25.8": "post"}[shown]
    dossier, _citizen = scenes.in_process(office, result_way=way)
    scenes.finish(office, dossier)
    stranger = office.officer(Role.desk_officer, office.tree.centre)
    with pytest.raises(NotAllowed):
        results.deliver(session, dossier, stranger, receiver="Bình", on_paper=True)
    results.deliver(session, dossier, desk, receiver="Bưu tá" if way == "post" else "Trần Thị Bình", on_paper=True)
    assert (dossier.state, dossier.delivery["way"]) == (10, way)


class Approval:
    """An internal process of the department on its way, and who takes part in it."""

    def __init__(self, session, **given):
        tree, version = make_tree(), make_procedure(state="draft")
        self.session, self.tree, self.version = session, tree, version
        self.row = ProcessApproval(
            title="Quy trình cấp giấy phép", process=version.process, agency=tree.department, **given
        )
        session.add(self.row)
        session.flush()
        self.head = self.person(Role.agency_head, tree.department)
        self.office = self.person(Role.control_focal_point, tree.root)
        self.chairman = self.person(Role.agency_head, tree.root)

    def person(self, role, agency):
        return build_actor(self.session, make_user(role, agency), ip="192.0.2.7")

    def move(self, who, name, remark=""):
        with acting_as(who):
            make_move(self.session, self.row, name, who, remark)
        return self.row.state

    def may(self, who, name):
        cycle = CYCLES["process_approval"]
        return may_make(cycle, self.row, cycle.workflow.find(name), who)


@clause("A12.1", "HUE25 Đ16.1")
def test_d16_1_the_agency_drafts_and_sends_to_the_office(session):
    approval = Approval(session)
    assert not approval.may(approval.office, "submit")
    assert approval.move(approval.head, "submit") == "submitted"
    told = session.scalars(sa.select(Notice.user_id).where(Notice.key.like("process_approval:%:submit:%"))).all()
    assert approval.office.user_id in told


@clause("A12.1", "HUE25 Đ16.2")
def test_d16_2_the_office_examines_and_the_chairman_approves(session):
    approval = Approval(session, state="submitted")
    assert not approval.may(approval.head, "examine")
    assert approval.move(approval.office, "send_back", "Thiếu bước thẩm định") == "drafting"
    approval.move(approval.head, "submit")
    assert approval.move(approval.office, "examine", "Đạt") == "examined"
    assert not approval.may(approval.head, "approve")
    with pytest.raises(Invalid):
        approval.move(approval.chairman, "approve")
    approval.row.decision_number, approval.row.decision_on = "12/QĐ-UBND", today()
    assert approval.move(approval.chairman, "approve") == "approved"


@clause("A12.1", "HUE25 Đ16.3")
def test_d16_3_configured_as_approved_and_tested_together(session):
    approval = Approval(session, state="approved")
    assert approval.move(approval.head, "configure") == "configured"
    assert approval.move(approval.office, "fail_test", "Sai bước 2") == "approved"
    approval.move(approval.head, "configure")
    assert approval.move(approval.office, "pass_test", "Đạt trên Cổng DVCQG") == "tested"
    # Only a sound process that stands in a version of a procedure is configured.
    empty = Approval(session, state="approved")
    empty.version.process = make_process()
    session.flush()
    with pytest.raises(Invalid):
        empty.move(empty.head, "configure")


@clause("A12.1", "HUE25 Đ16.4")
def test_d16_4_nothing_is_put_to_work_before_officers_are_assigned(session):
    approval = Approval(session, state="tested")
    with pytest.raises(Invalid):
        approval.move(approval.head, "assign")
    tree = approval.tree
    for role, place in ((Role.specialist, tree.department), (Role.clerk, tree.department),
                        (Role.desk_officer, tree.centre)):  # fmt: skip
        make_user(role, place)
    assert approval.move(approval.head, "assign") == "in_use"


@clause("A13", "HUE25 Đ26.1c")
def test_d26_1c_the_applicant_chooses_the_channel(office, desk, session):
    online, _citizen = office.submitted()
    counter = office.received()
    post = reception.register(session, office.given(channel="post"), desk)
    assert [d.channel for d in (online, counter, post)] == ["online", "counter", "post"]
    for dossier in (online, post):
        reception.accept(session, dossier, desk)
    assert {d.state for d in (online, counter, post)} == {2}


@clause("A1.1", "HUE25 Đ6.1a")
def test_d6_1a_agencies_of_every_level_are_listed(office, client):
    page = client.get("/co-quan").text
    assert [name for name in (office.tree.department.name, office.tree.commune.name) if name not in page] == []


@clause("A11.7", "HUE25 Đ26.1g")
def test_d26_1g_the_applicant_rates_once(office, session):
    dossier, citizen = scenes.in_process(office)
    with pytest.raises(NotAllowed):  # not decided yet
        ratings.rate(session, dossier, citizen, score="5", criteria={}, comment=None)
    scenes.finish(office, dossier)
    assert ratings.rate(session, dossier, citizen, score="4", criteria={}, comment="Nhanh").score == 4
    with pytest.raises(Conflict):
        ratings.rate(session, dossier, citizen, score="5", criteria={}, comment=None)


@clause("A11.1", "HUE25 Đ25.1i")
def test_d25_1i_feedback_is_answered_and_published(session, actor):
    make_tree()
    item, focal = make_feedback(), actor(Role.control_focal_point)
    feedback.accept_feedback(session, item, focal, agency_code="")
    feedback.answer_feedback(session, item, focal, text="Đã bố trí thêm quầy.")
    feedback.publish_feedback(session, item, focal, is_read=True)
    assert (item.state, item.published_at is not None) == ("published", True)


@clause("A13", "HUE25 Đ9.1", "HUE25 Đ9.2", "HUE25 Đ9.3", "HUE25 Đ9.4")
def test_d9_each_kind_of_electronic_transaction(shown, office, session):
    dossier, citizen = scenes.in_process(office)
    if shown == "HUE25 Đ9.1":  # declared, and answered
        assert {"acknowledgement", "receipt_slip"} <= {row.kind for row in dossier.letters}
    elif shown == "HUE25 Đ9.2":  # passed on
        assert task_of(dossier).agency == office.tree.commune
    elif shown == "HUE25 Đ9.3":  # the result comes back to the system
        scenes.finish(office, dossier)
        assert dossier.results[-1].file is not None
    else:  # the state is told
        assert lookup.find_public(session, dossier.code, citizen).state == 4


@clause("A13", "HUE25 Đ23.1", "HUE25 Đ24.5")
def test_d23_1_an_incident_and_its_estimated_end_are_told_to_everybody(office, client, login):
    officer = login(Role.specialist, office.tree.commune)
    assert scenes.told_of_incident(office, [(client, "/"), (officer, "/inbox/")]) == []


@clause("A13", "HUE25 Đ23.3")
def test_d23_3_meanwhile_paper_is_received_and_entered_with_its_true_time(office):
    dossier = scenes.entered_later(office)
    assert (local(dossier.received_at), local(dossier.due_at)) == ("10 10:40", "13 17:30")
    assert dossier.state == 2
