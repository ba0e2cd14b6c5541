"""QN20: Quyết định số 24/2020/QĐ-UBND of Quảng Nam, clause by clause."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at, today
from app.errors import Invalid, NotAllowed, NotFound
from app.history import HistoryEntry
from app.models import Movement, Notice, OnlineService
from app.permissions import ANONYMOUS, Role, acting_as
from app.services import desk_logins, eform_prefill, explanations, lookup, ratings, reception, submission
from app.services import feedback as feedback_service
from app.services.explanation_reminders import chase_explanations
from app.services.moves import make_move
from tests.factories import make_document_type, make_procedure, make_tree
from tests.portal.records import make_feedback
from tests.regulations import scenes
from tests.regulations.scenes import at, local
from tests.regulations.support import clause
from tests.services.steps import ANSWERS, attachment


def supplied(office, dossier, citizen, **answers):
    """Answer the request with a new file and the given answers."""
    office.session.add(attachment(office.version.components[0], dossier=dossier))
    office.session.flush()
    return submission.answer_supplement(office.session, dossier, ANSWERS | answers, citizen)


@clause("A2.7", "QN20 Đ10.2", "QN20 Đ11.1")
def test_d10_2_only_a_registered_account_sends_online(office, session, client):
    first = client.get(f"/nop-ho-so/{office.version.procedure.code}")
    assert (first.status_code, "/login" in first.headers.get("Location", "")) == (302, True)
    account, _citizen = office.applicant()
    _other, stranger = office.applicant()
    with pytest.raises(NotFound):
        submission.submit(session, office.draft(account), stranger)
    with pytest.raises(NotFound):
        submission.submit(session, office.draft(account), ANONYMOUS)


@clause("A12.4", "QN20 Đ23.1")
def test_d23_1_each_procedure_has_a_level_of_its_own(office, session):
    account, citizen = office.applicant(verified_level=1)
    office.version.authentication_level = 2
    with pytest.raises(Invalid):
        submission.submit(session, office.draft(account), citizen)
    office.version.authentication_level = 1
    assert submission.submit(session, office.draft(account), citizen).state == 1


@clause("A2.6", "QN20 Đ11.2")
def test_d11_2_who_has_a_lower_level_than_is_asked_for_raises_it_first(office, desk, session):
    office.version.authentication_level = 2
    account, citizen = office.applicant(verified_level=1)
    draft = office.draft(account)
    with pytest.raises(Invalid) as refusal:
        submission.submit(session, draft, citizen)
    assert set(refusal.value.fields) == {"identity"}
    desk_logins.confirm(session, desk, account, desk_logins.Comparing("", is_compared=True))
    assert submission.submit(session, draft, citizen).state == 1


@clause("A3.1", "QN20 Đ11.3")
def test_d11_3_every_form_field_and_paper_must_be_there(office, session):
    account, citizen = office.applicant()
    draft = office.draft(account, data={})
    draft.attachments = []
    with pytest.raises(Invalid) as refusal:
        submission.submit(session, draft, citizen)
    paper = f"component-{office.version.components[0].id}"
    assert {"ho_ten", "so_dinh_danh", paper} <= set(refusal.value.fields)


@clause("A3.2", "QN20 Đ11.4")
@pytest.mark.parametrize("kind", ["certified", "electronic"])
def test_d11_4_certified_and_electronic_copies_are_taken(office, desk, session, kind):
    papers = {office.version.components[0].id: (kind, 1)}
    dossier = reception.receive_at_counter(session, office.given(papers=papers), desk)
    assert (dossier.state, dossier.papers[0].kind) == (2, kind)


@clause("A3.3", "QN20 Đ12.1")
def test_d12_1_a_sound_dossier_is_acknowledged_with_its_official_time(office, session):
    account, citizen = office.applicant()
    draft = office.draft(account)
    draft.attachments[0].file.scan_status = "infected"
    with pytest.raises(Invalid):
        submission.submit(session, draft, citizen)
    draft.attachments[0].file.scan_status = "clean"
    with acting_at(at(9, "19:00")):
        dossier = submission.submit(session, draft, citizen)
    printed = scenes.words(office, dossier, "acknowledgement")
    assert dossier.code in printed
    assert "07 giờ 30 phút, ngày 10 tháng 11 năm 2026" in printed  # counted from there
    told = session.scalars(sa.select(Notice).where(Notice.user_id == citizen.user_id)).all()
    assert told


@clause("A3.4", "QN20 Đ13.1a", "QN20 Đ13.1b")
def test_d13_1_a_supplement_is_a_file_or_typed_answers(office):
    dossier, citizen = office.submitted()
    scenes.ask(office, dossier)
    with pytest.raises(Invalid):  # the paper is still missing
        submission.answer_supplement(office.session, dossier, dict(ANSWERS), citizen)
    supplied(office, dossier, citizen, ho_ten="Trần Thị Bính")
    assert dossier.revisions[-1].data["ho_ten"] == "Trần Thị Bính"
    assert not dossier.attachments[-1].is_replaced


@clause("A3.4", "QN20 Đ13.2")
def test_d13_2_what_was_changed_stays_known_and_the_code_stays(office):
    dossier, citizen = office.submitted()
    code = dossier.code
    scenes.ask(office, dossier)
    supplied(office, dossier, citizen, ho_ten="Trần Thị Bính")
    assert dossier.code == code
    assert [(r.number, r.data["ho_ten"]) for r in dossier.revisions] == [
        (1, "Trần Thị Bình"), (2, "Trần Thị Bính")]  # fmt: skip
    first = [a for a in dossier.attachments if a.component_id == office.version.components[0].id][0]
    assert first.is_replaced  # kept beside the new one


@clause("A3.7", "QN20 Đ17.3a")
def test_d17_3a_the_form_is_filled_with_what_is_known(office):
    account, _citizen = office.applicant()
    known = eform_prefill.known_answers(office.version.form, account).answers
    assert known == {"ho_ten": account.name, "so_dinh_danh": account.id_number}


@clause("A3.8", "QN20 Đ23.1a")
def test_d23_1a_shared_data_is_not_asked_for(office, session):
    office.version.components[0].document_type = make_document_type(is_shared_data=True)
    account, citizen = office.applicant()
    draft = office.draft(account)
    draft.attachments = []
    assert submission.submit(session, draft, citizen).state == 1


@clause("A3.8", "QN20 Đ23.1c")
def test_d23_1c_own_uploads_are_marked_as_the_applicants(office):
    dossier, _citizen = office.submitted()
    assert {a.source_class for a in dossier.attachments} == {2}
    assert {p.kind for p in dossier.papers} == {"electronic"}


@clause("A4.1", "QN20 Đ4.1")
@pytest.mark.parametrize("channel", ["counter", "post", "online"])
def test_d4_1_every_channel_gets_a_code_by_itself(office, desk, session, channel):
    if channel == "online":
        dossier, _citizen = office.submitted()
    else:
        dossier = reception.register(session, office.given(channel=channel, papers={}), desk)
    assert dossier.channel == channel
    assert dossier.code.startswith(f"{office.tree.desk.code}-")
    assert dossier.code.endswith("-0001")


@clause("A4.1", "QN20 Đ25.2")
def test_d25_2_each_step_of_each_dossier_is_in_the_system(office, desk, session):
    dossier = office.finished()
    steps = [task.name for task in dossier.tasks]
    assert steps == [step.name for step in office.version.process.steps]
    names = session.scalars(sa.select(Movement.transition).order_by(Movement.id)).all()
    assert names[0] == "receive_at_counter"
    assert names[-1] == "finish"


@clause("A4.2", "QN20 Đ12.4")
def test_d12_4_the_answer_is_due_eight_working_hours_after_receipt(office):
    with acting_at(at(9, "10:30")):
        dossier, _citizen = office.submitted()
    assert local(dossier.reception_due_at) == "10 10:30"
    with acting_at(at(12, "09:00")):
        again, citizen = office.submitted()
        scenes.ask(office, again)
    with acting_at(at(13, "16:30")):  # a Friday; what was supplied is answered in time, too
        supplied(office, again, citizen)
    assert local(again.reception_due_at) == "16 16:30"


@clause("A5.1", "QN20 Đ12.3")
def test_d12_3_accepted_with_a_code_or_guided_once_and_completely(office, desk, session):
    dossier, citizen = office.submitted()
    scenes.ask(office, dossier, reason="Bản chụp mờ, thiếu trang 2")
    asked = scenes.letter(dossier, "supplement").data
    assert [item["name"] for item in asked["items"]] == [office.version.components[0].name, "Họ và tên"]
    told = session.scalars(sa.select(Notice.body).where(Notice.user_id == citizen.user_id)).all()
    assert any("thiếu trang 2" in body for body in told)
    supplied(office, dossier, citizen)
    with pytest.raises(Invalid):
        scenes.ask(office, dossier)
    reception.accept(session, dossier, desk)
    assert (dossier.state, bool(dossier.code)) == (2, True)


@clause("A6.1", "QN20 Đ4.2")
def test_d4_2_each_step_is_recorded_at_its_instant_and_kept(office, session):
    with acting_at(at(9, "09:00")):
        dossier = office.processed()
    with acting_at(at(10, "14:15")):
        office.step(dossier)
    line = dossier.movements[-1]
    assert (line.transition, local(line.at), line.actor_name) == (
        "finish_step", "10 14:15", office[Role.specialist].name)  # fmt: skip
    kept = session.scalars(sa.select(HistoryEntry.changes).where(
        HistoryEntry.aggregate == "dossier", HistoryEntry.aggregate_id == dossier.id)).all()  # fmt: skip
    assert "Ký duyệt kết quả" in str(kept)  # the step it came to


@clause("A6.5", "QN20 Đ4.4")
def test_d4_4_what_somebody_says_is_answered_by_the_agency_and_kept(session, actor):
    make_tree()
    feedback, focal, head = make_feedback(), actor(Role.control_focal_point), actor(Role.agency_head)
    feedback_service.accept_feedback(session, feedback, focal, agency_code="")
    with acting_as(head):
        feedback_service.answer_feedback(session, feedback, head, text="Đã kiểm điểm và xin lỗi ông bà.")
        session.flush()
    assert (feedback.state, feedback.answer) == ("answered", "Đã kiểm điểm và xin lỗi ông bà.")
    actions = session.scalars(sa.select(HistoryEntry.actor_name).where(
        HistoryEntry.aggregate == "feedback", HistoryEntry.action == "answer")).all()  # fmt: skip
    assert set(actions) == {head.name}


@clause("A6.5", "QN20 Đ4.4")
def test_d4_4_a_delay_is_explained_by_a_day_set_by_who_oversees_and_that_is_tracked(office, session):
    dossier, focal = office.processed(), office.officer(Role.control_focal_point, office.tree.root)
    with acting_at(dossier.due_at + timedelta(days=1)):
        asked = explanations.ask(session, dossier, focal, question="Vì sao chậm?", due_on=today() + timedelta(days=2))
    with acting_at(asked.due_at + timedelta(hours=1)):
        assert chase_explanations(session) == 1  # not answered in time: who asked is told
        explanations.explain(session, dossier, office[Role.specialist], "Chờ kết quả xác minh.")
    assert (asked.state, asked.answered_at > asked.due_at) == ("given", True)


@clause("A6.6", "QN20 Đ4.3")
def test_d4_3_the_portal_tells_every_state_at_once(office, session):
    dossier, _citizen = scenes.in_process(office)
    assert lookup.find_public(session, dossier.code, ANONYMOUS).state == 4
    scenes.finish(office, dossier)
    found = lookup.find_public(session, dossier.code, ANONYMOUS)
    assert (found.state, found.finished_at) == (9, dossier.finished_at)


@clause("A8.1", "QN20 Đ15.1a", "QN20 Đ15.2")
def test_d15_1a_the_code_tells_where_the_dossier_is(office, client):
    dossier, _citizen = office.submitted()
    page = client.get("/tra-cuu", query_string={"ma": dossier.code.lower()}, follow_redirects=True)
    assert (page.status_code, dossier.code in page.text) == (200, True)
    assert dossier.applicant_name not in page.text


@clause("A8.2", "QN20 Đ15.1b")
def test_d15_1b_each_dossier_has_a_qr_code_of_its_own(office, client):
    first, second = office.received(), office.received()
    codes = [scenes.qr_of(office, dossier, "receipt_slip") for dossier in (first, second)]
    assert [address[0].rsplit("/", 1)[1] for address in codes] == [first.code, second.code]


@clause("A8.4", "QN20 Đ15.1d")
def test_d15_1d_the_desk_finds_it_for_whoever_comes(office, login):
    dossier = office.received()
    client = login(Role.desk_officer, office.tree.desk)
    page = client.get("/tra-cuu", query_string={"ma": dossier.code}, follow_redirects=True)
    assert dossier.code in page.text


def service(session, **given):
    """Return a proposal of an online service."""
    row = OnlineService(procedure=make_procedure().procedure, agency=make_tree().department, year=2026, **given)
    session.add(row)
    session.flush()
    return row


CRITERIA = (
    "many_dossiers", "digitised_inputs", "many_papers", "linked_group", "several_agencies", "government_priority",
)  # fmt: skip


@clause("A12.2", "QN20 Đ21")
def test_d21_one_of_six_criteria_is_enough_and_none_is_not(session, actor):
    admin = actor(Role.catalog_admin)
    with acting_as(admin), pytest.raises(Invalid):
        make_move(session, service(session), "appraise", admin, "Xem xét")
    for name in CRITERIA:
        row = service(session, **{name: True})
        with acting_as(admin):
            make_move(session, row, "appraise", admin, "Đủ điều kiện")
        assert row.state == "appraised"


@clause("A12.4", "QN20 Đ23.2c")
@pytest.mark.parametrize(("days", "begins"), [(61, True), (62, False)])
def test_d23_2c_a_trial_lasts_two_months_at_most(session, actor, days, begins):
    admin, first = actor(Role.catalog_admin), date(2026, 11, 9)
    row = service(session, state="decided", trial_from=first, trial_to=first + timedelta(days=days))
    with acting_as(admin):
        if begins:
            make_move(session, row, "begin_trial", admin, "")
        else:
            with pytest.raises(Invalid):
                make_move(session, row, "begin_trial", admin, "")
    assert row.state == ("trial" if begins else "decided")


@clause("A13", "QN20 Đ5.4")
def test_d5_4_every_channel_leads_to_the_same_due_date(office, desk, session):
    with acting_at(at(9, "09:00")):
        online, _citizen = scenes.accepted(office)
        counter = office.received()
        post = reception.register(session, office.given(channel="post"), desk)
        reception.accept(session, post, desk)
    assert {d.due_at for d in (online, counter, post)} == {counter.due_at}
    assert [len([row for row in d.letters if row.kind == "receipt_slip"]) for d in (online, counter, post)] == [1] * 3


@clause("A7.4", "QN20 Đ14.2")
@pytest.mark.parametrize(("moment", "passes"), [("reception", False), ("return", True)])
def test_d14_2_fees_are_due_when_the_procedure_says(office, desk, session, moment, passes):
    office.version.fee_due = moment
    dossier = office.received()
    assert [charge.amount for charge in dossier.charges] == [50_000]
    if passes:
        assert reception.pass_on(session, dossier, desk).state == 4
    else:
        with pytest.raises(Invalid):
            reception.pass_on(session, dossier, desk)


@clause("A11.7", "QN20 Đ26.4")
def test_d26_4_the_applicant_is_asked_how_content_he_is(office, session):
    dossier, citizen = scenes.in_process(office)
    scenes.finish(office, dossier)
    assert ratings.rate(session, dossier, citizen, score="3", criteria={}, comment="Chờ lâu").score == 3


@clause("A12.3", "QN20 Đ22.2")
def test_d22_2_the_office_appraises_and_the_chairman_decides(session, actor):
    office, chairman = actor(Role.control_focal_point), actor(Role.agency_head, make_tree().root)
    row = service(session, many_dossiers=True)
    with acting_as(chairman), pytest.raises(NotAllowed):
        make_move(session, row, "decide", chairman, "")
    with acting_as(office):
        make_move(session, row, "appraise", office, "Đủ điều kiện")
    row.decision_number, row.decision_on = "3/QĐ-UBND", date(2026, 11, 9)
    with acting_as(chairman):
        make_move(session, row, "decide", chairman, "")
    assert row.state == "decided"


@clause("A12.5", "QN20 Đ24")
def test_d24_a_review_may_end_a_service_with_its_reason(session, actor):
    office, row = actor(Role.control_focal_point), service(session, state="live")
    with acting_as(office), pytest.raises(Invalid):
        make_move(session, row, "stop", office, " ")
    with acting_as(office):
        make_move(session, row, "stop", office, "Không phát sinh hồ sơ")
    assert row.state == "stopped"
