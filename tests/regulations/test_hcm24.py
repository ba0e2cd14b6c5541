"""HCM24: Quyết định số 39/2024/QĐ-UBND of Hồ Chí Minh City, clause by clause."""

import pytest
import sqlalchemy as sa

from app.clock import acting_at
from app.errors import Invalid, NotFound
from app.models import Movement
from app.permissions import ANONYMOUS, Role, acting_as
from app.services import feedback as feedback_service
from app.services import lookup, reception, results, submission
from app.services.moves import make_move
from app.services.procedure_reports import NewReport, send_report
from app.services.timing import calendar_of, reception_due
from app.workflows.working_time import minutes_between
from tests.factories import make_procedure, make_tree
from tests.portal.records import make_feedback, new_feedback
from tests.regulations import scenes
from tests.regulations.scenes import at, local
from tests.regulations.support import clause
from tests.services.steps import ANSWERS, attachment, task_of


@clause("A1.3", "HCM24 Đ7.1b")
def test_d7_1b_a_procedure_page_shows_every_named_part(office, client):
    version = office.version
    version.conditions = "Có đăng ký thường trú"
    version.legal_basis = "Luật Hộ tịch số 60/2014/QH13"
    office.session.flush()
    page = client.get(f"/thu-tuc/{version.procedure.code}").text
    parts = [version.name, version.components[0].name, version.subjects, version.result_text,
             version.conditions, version.legal_basis, "50.000", version.form.name]  # fmt: skip
    assert [part for part in parts if part not in page] == []


@clause("A1.4", "HCM24 Đ17.6h")
def test_d17_6h_an_agency_reports_a_wrong_procedure_and_gets_an_answer(session, actor):
    officer, admin = actor(Role.desk_officer), actor(Role.catalog_admin)
    code = make_procedure().procedure.code
    with acting_as(officer):
        report = send_report(session, NewReport(kind="wrong", procedure_code=code, content="Sai phí"), officer)
    with acting_as(admin):
        make_move(session, report, "answer", admin, "Đã sửa mức phí")
    assert (report.state, report.answer) == ("answered", "Đã sửa mức phí")


@clause("A3.1", "HCM24 Đ10.1")
def test_d10_1_an_online_dossier_needs_its_form_and_every_paper(office, session):
    account, citizen = office.applicant()
    draft = office.draft(account, data={"ho_ten": ""})
    draft.attachments = []
    with pytest.raises(Invalid) as refusal:
        submission.submit(session, draft, citizen)
    paper = f"component-{office.version.components[0].id}"
    assert {"ho_ten", "so_dinh_danh", paper} <= set(refusal.value.fields)
    draft.data, draft.attachments = dict(ANSWERS), [attachment(office.version.components[0])]
    dossier = submission.submit(session, draft, citizen)
    assert (dossier.state, dossier.channel) == (1, "online")
    assert [a.source_class for a in dossier.attachments] == [2]  # digitised by the applicant


@clause("A3.4", "HCM24 Đ10.2")
def test_d10_2_a_supplement_changes_what_was_asked_and_keeps_the_code(office, session):
    dossier, citizen = office.submitted()
    code, paper = dossier.code, office.version.components[0]
    scenes.ask(office, dossier)
    session.add(attachment(paper, dossier=dossier))
    session.flush()
    submission.answer_supplement(session, dossier, {"ho_ten": "Trần Thị Bính"}, citizen)
    assert (dossier.code, dossier.state) == (code, 1)
    assert [row.data["ho_ten"] for row in dossier.revisions] == ["Trần Thị Bình", "Trần Thị Bính"]


@clause("A4.2", "HCM24 Đ11.1a")
@pytest.mark.parametrize("decide", ["accept", "refuse"])
def test_d11_1a_the_desk_accepts_or_refuses_within_eight_working_hours(office, desk, session, decide):
    with acting_at(at(9, "09:00")):
        dossier, _citizen = office.submitted()
    assert local(dossier.reception_due_at) == "10 09:00"
    calendar = calendar_of(session, dossier.desk)
    assert minutes_between(calendar, dossier.submitted_at, dossier.reception_due_at) == 8 * 60
    if decide == "accept":
        reception.accept(session, dossier, desk)
    else:
        reception.refuse(session, dossier, desk, "Không thuộc thẩm quyền")
    assert dossier.state == {"accept": 2, "refuse": 3}[decide]


@clause("A4.3", "HCM24 Đ11.1a")
@pytest.mark.parametrize(("sent", "counted", "due"), [
    ((9, "20:15"), "10 07:30", "10 17:30"), ((14, "10:00"), "16 07:30", "16 17:30"),
    ((9, "12:00"), "09 13:30", "10 11:30"), ((10, "05:00"), "10 07:30", "10 17:30"),
])  # fmt: skip
def test_d11_1a_sent_outside_hours_counts_from_the_next_working_hour(office, session, sent, counted, due):
    found = reception_due(session, office.tree.desk, at(*sent))
    assert (local(found.counts_from), local(found.at)) == (counted, due)


@clause("A4.6", "HCM24 Đ11.1b")
def test_d11_1b_paper_at_the_counter_is_received_and_digitised(office, desk):
    dossier = office.received()
    assert (dossier.channel, dossier.papers[0].kind) == ("counter", "original")
    reception.refuse_scans(dossier, desk)  # the desk may scan now
    assert scenes.letter(dossier, "receipt_slip").data["code"] == dossier.code


@clause("A4.6", "HCM24 Đ11.1c")
def test_d11_1c_what_comes_by_post_is_received_the_same_way(office, desk, session):
    dossier = reception.register(session, office.given(channel="post", papers={}), desk)
    assert (dossier.state, dossier.channel) == (1, "post")
    reception.refuse_scans(dossier, desk)
    papers = {office.version.components[0].id: ("certified", 1)}
    reception.accept(session, dossier, desk, papers)
    assert (dossier.state, dossier.papers[0].kind) == (2, "certified")


@clause("A4.7", "HCM24 Đ11.2")
def test_d11_2_an_accepted_dossier_goes_to_the_agency_at_once(office, desk, session):
    dossier, _citizen = scenes.accepted(office)
    office.pay(dossier)
    reception.pass_on(session, dossier, desk)
    assert (dossier.state, task_of(dossier).agency) == (4, office.tree.commune)
    assert len(scenes.letter(dossier, "control_slip").data["handovers"]) == 1


@clause("A6.2", "HCM24 Đ11.3")
def test_d11_3_time_already_used_counts_after_a_supplement(office, session):
    with acting_at(at(9, "09:00")):
        dossier, citizen = scenes.in_process(office)
        first = dossier.due_at
    with acting_at(at(10, "09:00")):
        scenes.ask(office, dossier, office[Role.specialist])
    with acting_at(at(12, "09:00")):  # two working days waited
        session.add(attachment(office.version.components[0], dossier=dossier))
        session.flush()
        submission.answer_supplement(session, dossier, dict(ANSWERS), citizen)
    assert (local(first), local(dossier.due_at)) == ("12 17:30", "16 17:30")


@clause("A8.1", "HCM24 Đ12")
def test_d12_the_code_tells_where_the_dossier_is(office, session, client):
    dossier, _citizen = office.submitted()
    found = lookup.find_public(session, dossier.code, ANONYMOUS)
    assert (found.state, found.code) == (1, dossier.code)
    page = client.get("/tra-cuu", query_string={"ma": dossier.code}, follow_redirects=True)
    assert (page.status_code, dossier.code in page.text) == (200, True)
    with pytest.raises(NotFound):
        lookup.find_public(session, "H57.00000-000000-0000", ANONYMOUS)


@clause("A8.2", "HCM24 Đ12")
def test_d12_the_qr_code_of_the_slip_leads_to_the_look_up(office, client):
    dossier = office.received()
    (address,) = scenes.qr_of(office, dossier, "receipt_slip")
    path = address[address.index("/tra-cuu/"):]
    assert dossier.code in client.get(path).text


@clause("A9.1", "HCM24 Đ11.4")
def test_d11_4_the_result_is_issued_returned_and_signed_for(office, desk, session):
    dossier = office.finished()
    assert results.current_result(dossier).state == "issued"
    results.deliver(session, dossier, desk, receiver="Trần Thị Bình", on_paper=True)
    assert (dossier.state, dossier.delivery["receiver"]) == (10, "Trần Thị Bình")
    assert scenes.letter(dossier, "return_receipt")
    assert session.scalars(sa.select(Movement.transition).order_by(Movement.id)).all()[-1] == "return_result"


@clause("A11.2", "HCM24 Đ14.3")
@pytest.mark.parametrize(("entered", "late"), [((10, "08:59"), False), ((10, "09:01"), True)])
def test_d14_3_feedback_from_elsewhere_is_entered_within_eight_working_hours(session, entered, late):
    make_tree()
    feedback = make_feedback(received_at=at(9, "09:00"))
    with acting_at(at(*entered)):
        assert feedback_service.is_entered_late(session, feedback) is late


@clause("A1.1", "HCM24 Đ7.1a")
def test_d7_1a_agencies_of_every_level_are_listed(office, client):
    page = client.get("/co-quan").text
    assert [name for name in (office.tree.department.name, office.tree.commune.name) if name not in page] == []


@clause("A11.1", "HCM24 Đ14.1")
def test_d14_1_the_agency_shows_how_to_reach_it(office, client):
    office.tree.commune.hotline, office.tree.commune.email = "0234 3822 999", "phuxuan@hue.gov.vn"
    office.session.flush()
    page = client.get(f"/co-quan/{office.tree.commune.code}").text
    assert [text for text in ("0234 3822 999", "phuxuan@hue.gov.vn") if text not in page] == []


@clause("A11.1", "HCM24 Đ14.2")
def test_d14_2_feedback_is_sent_through_the_portal(session, client):
    make_tree()
    assert client.get("/phan-anh/gui").status_code == 200
    sent = feedback_service.send_feedback(session, new_feedback(), ANONYMOUS)
    assert (sent.state, sent.channel) == ("received", "portal")


@clause("A11.3", "HCM24 Đ14.4")
def test_d14_4_feedback_is_accepted_and_answered_in_time_or_refused_with_a_reason(session, actor):
    make_tree()
    focal, item = actor(Role.control_focal_point), make_feedback()
    with pytest.raises(Invalid):
        feedback_service.refuse_feedback(session, make_feedback(), focal, reason=" ")
    feedback_service.accept_feedback(session, item, focal, agency_code="")
    feedback_service.answer_feedback(session, item, focal, text="Đã bố trí thêm quầy.")
    assert (item.state, item.due_at is not None) == ("answered", True)
