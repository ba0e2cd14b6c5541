"""TTH17: Quyết định số 88/2017/QĐ-UBND of Thừa Thiên Huế, clause by clause."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at
from app.errors import Invalid, NotAllowed, NotFound
from app.models import Notice
from app.permissions import ANONYMOUS, Role
from app.services import apologies, extensions, lookup, my_dossiers, ratings, reception, results, submission
from app.services.escalation import escalate_overdue
from app.services.supplements import Again
from app.services.timing import calendar_of
from app.workflows.working_time import minutes_between
from tests.regulations import scenes
from tests.regulations.scenes import at, local
from tests.regulations.support import clause
from tests.services.steps import ANSWERS, Office, attachment, task_of


def supply(office, dossier, citizen, **answers):
    """Answer a request with a new file and answers."""
    office.session.add(attachment(office.version.components[0], dossier=dossier))
    office.session.flush()
    submission.answer_supplement(office.session, dossier, ANSWERS | answers, citizen)


@clause("A3.1", "TTH17 Đ11.1")
def test_d11_1_who_has_an_account_fills_in_and_sends(office):
    dossier, citizen = office.submitted()
    assert (dossier.state, dossier.channel, dossier.account_id) == (1, "online", citizen.account_id)
    assert dossier.revisions[0].data["ho_ten"] == ANSWERS["ho_ten"]


@clause("A3.3", "TTH17 Đ5.4")
def test_d5_4_applicant_and_desk_are_told_by_the_system_at_once(office, desk, session):
    dossier, citizen = office.submitted()
    assert scenes.letter(dossier, "acknowledgement").data["code"] == dossier.code
    told = set(session.scalars(sa.select(Notice.user_id)).all())
    assert {citizen.user_id, desk.user_id} <= told


@clause("A3.4", "TTH17 Đ12.1")
def test_d12_1_on_request_exactly_what_was_asked_is_opened(office):
    dossier, citizen = office.submitted()
    scenes.ask(office, dossier)
    supply(office, dossier, citizen, ho_ten="Trần Thị Bính", so_dinh_danh="046190000999")
    assert dossier.revisions[-1].data["ho_ten"] == "Trần Thị Bính"
    assert dossier.revisions[-1].data["so_dinh_danh"] == ANSWERS["so_dinh_danh"]  # was not asked


@clause("A3.4", "TTH17 Đ12.2")
def test_d12_2_a_supplement_is_typed_or_attached_in_the_form_given(office):
    dossier, citizen = office.submitted()
    scenes.ask(office, dossier)
    with pytest.raises(Invalid):
        submission.answer_supplement(office.session, dossier, {"ho_ten": ""}, citizen)
    supply(office, dossier, citizen)
    assert dossier.state == 1


@clause("A4.4", "TTH17 Đ13.1")
def test_d13_1_checked_and_received_within_one_working_hour(office, session):
    with acting_at(at(9, "11:00")):
        dossier, _citizen = office.submitted()
    assert local(dossier.reception_due_at) == "09 14:00"  # half an hour before lunch, half after
    calendar = calendar_of(session, dossier.desk)
    assert minutes_between(calendar, dossier.submitted_at, dossier.reception_due_at) == 60


@clause("A4.4", "TTH17 Đ13.1")
def test_d13_1_and_passed_on_within_the_same_hour(office, desk, session):
    with acting_at(at(9, "08:00")):
        dossier, _citizen = office.submitted()
    with acting_at(at(9, "08:20")):
        reception.accept(session, dossier, desk)
        office.pay(dossier)
    assert local(task_of(dossier).due_at) == "09 09:00"
    with acting_at(at(9, "08:40")):
        reception.pass_on(session, dossier, desk)
    assert (dossier.state, task_of(dossier).agency) == (4, office.tree.commune)


@clause("A5.2", "TTH17 Đ13.2")
def test_d13_2_the_desk_guides_with_a_slip(office):
    dossier, citizen = office.submitted()
    scenes.ask(office, dossier, reason="Thiếu trang 2")
    printed = scenes.words(office, dossier, "supplement")
    assert "Thiếu trang 2" in printed
    assert dossier.code in printed


@clause("A5.3", "TTH17 Đ14.1")
def test_d14_1_the_agency_asks_once(office, session):
    dossier, citizen = scenes.in_process(office)
    specialist = office[Role.specialist]
    scenes.ask(office, dossier, specialist)
    supply(office, dossier, citizen)
    assert dossier.state == 4
    with pytest.raises(Invalid):
        scenes.ask(office, dossier, specialist, reason="Còn thiếu trang 3")


def apology_of(office, dossier, request, ask_again):
    """Return the apology of a second request by our own fault, signed by the Centre's director."""
    director = office.officer(Role.centre_director, office.tree.desk)
    request()
    ask_again(Again("agency", "Lần đầu chưa nêu trang 3"))
    (apology,) = dossier.apologies
    # Nothing goes out before the Centre's director has signed; then both go together.
    assert (dossier.supplement_count, [x.kind for x in dossier.letters].count("supplement")) == (1, 1)
    with pytest.raises(NotAllowed):
        apologies.sign(office.session, apology, office.officer(Role.agency_head))
    apologies.sign(office.session, apology, director)
    assert (dossier.state, dossier.supplement_count) == (5, 2)
    assert [x.kind for x in dossier.letters][-2:] == ["supplement", "apology"]
    return scenes.letter(dossier, "apology").data


@clause("A5.2", "TTH17 Đ13.2")
def test_d13_2_a_second_guidance_by_mistake_goes_with_the_directors_apology(office):
    dossier, citizen = office.submitted()

    def again(why):
        supply(office, dossier, citizen)
        reception.ask_supplement(office.session, dossier, office[Role.desk_officer], reason="Thiếu trang 3",
                                 field_keys=["ho_ten"], component_ids=[], again=why)  # fmt: skip

    data = apology_of(office, dossier, lambda: scenes.ask(office, dossier), again)
    assert (data["cause"], data["agency"], data["reason"]) == (
        "guidance", dossier.desk.name, "Lần đầu chưa nêu trang 3")  # fmt: skip


@clause("A5.3", "TTH17 Đ14.1")
def test_d14_1_asked_again_because_the_first_was_unclear_it_apologises(office):
    dossier, citizen = scenes.in_process(office)
    specialist = office[Role.specialist]

    def again(why):
        supply(office, dossier, citizen)
        reception.ask_supplement(office.session, dossier, specialist, reason="Thiếu trang 3",
                                 field_keys=["ho_ten"], component_ids=[], again=why)  # fmt: skip

    data = apology_of(office, dossier, lambda: scenes.ask(office, dossier, specialist), again)
    assert data["cause"] == "guidance"
    assert (dossier.state, dossier.supplement_count) == (5, 2)


@clause("A6.4", "TTH17 Đ22.7")
def test_d22_7_a_late_result_goes_with_the_apology_of_the_head_and_is_not_held_back(office, session):
    dossier, citizen = scenes.in_process(office)
    with acting_at(dossier.due_at + timedelta(days=1)):
        assert escalate_overdue(session) == 1
        scenes.finish(office, dossier)
        apology = apologies.write(session, dossier, office[Role.specialist], cause="overdue", reason="Chờ xác minh")
        assert apology.signer_role == Role.agency_head
        apologies.sign(session, apology, office[Role.agency_head])
        assert scenes.letter(dossier, "apology").data["agency"] == dossier.agency.name
        other, _citizen = scenes.in_process(office)
    with acting_at(other.due_at + timedelta(days=1)):
        scenes.finish(office, other)
        results.deliver(session, other, office[Role.desk_officer], receiver="Trần Thị Bình", on_paper=True)
        assert (other.state, [a.state for a in other.apologies]) == (10, [])


@clause("A6.2", "TTH17 Đ14.2")
def test_d14_2_the_applicant_is_told_state_and_result(office, session):
    dossier, citizen = scenes.in_process(office)
    scenes.finish(office, dossier)
    told = session.scalars(sa.select(Notice.body).where(Notice.user_id == citizen.user_id)).all()
    assert len(told) >= 3  # sent, received, result
    assert results.get_result(session, dossier.results[-1].id, citizen)


@clause("A6.2", "TTH17 Đ14.3")
@pytest.mark.parametrize(("value", "due"), [(1, "10 17:30"), (3, "12 17:30"), (7, "18 17:30")])
def test_d14_3_the_published_limit_is_the_limit(office, value, due):
    office.version.time_limit_value = value
    with acting_at(at(9, "09:00")):
        dossier = office.received()
    assert local(dossier.due_at) == due


@pytest.fixture
def long_office(shown, session):
    """A ward with a procedure of fifteen working days, and all who confirm extensions."""
    found = Office(session, time_limit_value=15)
    found.staff()
    found[Role.division_head]
    found.people[Role.centre_director] = found.officer(Role.centre_director, found.tree.desk)
    return found


def prolong(office, dossier, minutes):
    """Ask for a longer time as the specialist in charge."""
    return extensions.ask(
        office.session, dossier, office[Role.specialist], minutes=minutes, reason="Chờ xác minh thực địa"
    )  # fmt: skip


@clause("A6.3", "TTH17 Đ14.4")
def test_d14_4_an_extension_is_a_third_of_the_whole_time_at_most(long_office):
    dossier = long_office.processed()
    third = 15 * 480 // 3
    with pytest.raises(Invalid) as refusal:
        prolong(long_office, dossier, third + 1)
    assert "minutes" in refusal.value.fields
    assert prolong(long_office, dossier, third).minutes == third


@clause("A6.3", "TTH17 Đ14.4a")
def test_d14_4a_the_slip_goes_to_the_division_head_and_then_to_the_centre(long_office, session):
    dossier = long_office.processed()
    promised, extension = dossier.due_at, prolong(long_office, dossier, 480)
    assert (extension.waits_for, dossier.due_at) == ("division_head", promised)
    with pytest.raises(NotAllowed):
        extensions.agree(session, extension, long_office[Role.centre_director])
    extensions.agree(session, extension, long_office[Role.division_head])
    assert (extension.waits_for, dossier.due_at) == ("centre_director", promised)


@clause("A6.3", "TTH17 Đ14.4b")
def test_d14_4b_the_centre_confirms_and_date_notice_and_apology_follow(long_office, session):
    with acting_at(at(9, "09:00")):
        dossier, citizen = scenes.in_process(long_office)
        extension = prolong(long_office, dossier, 480)
        extensions.agree(session, extension, long_office[Role.division_head])
        promised = dossier.due_at
        extensions.agree(session, extension, long_office[Role.centre_director])
    assert (local(promised), local(dossier.due_at)) == ("30 17:30", "01 17:30")
    assert dossier.original_due_at == promised
    apology = scenes.letter(dossier, "apology").data
    assert apology["signer"]["name"] == long_office[Role.centre_director].name
    assert apology["new_due_at"] == dossier.due_at.isoformat()
    told = session.scalars(sa.select(Notice.body).where(Notice.user_id == citizen.user_id)).all()
    assert any("01/12" in body for body in told)


@clause("A8.6", "TTH17 Đ6.4")
def test_d6_4_the_account_tells_where_the_dossier_stands(office, session):
    dossier, citizen = scenes.in_process(office)
    (found,) = my_dossiers.list_own(session, citizen, "open", 1).rows
    assert (found.code, found.state) == (dossier.code, 4)
    with pytest.raises(NotFound):  # this regulation knows no look-up by code
        lookup.find_public(session, dossier.code, ANONYMOUS)


@clause("A9.1", "TTH17 Đ16.1")
def test_d16_1_the_result_is_received_in_the_system(office, session):
    dossier, citizen = scenes.in_process(office, result_way="online")
    scenes.finish(office, dossier)
    results.collect_online(session, dossier, citizen)
    assert (dossier.state, dossier.delivery["way"]) == (10, "online")


@clause("A9.1", "TTH17 Đ16.2", "TTH17 Đ16.3")
def test_d16_2_the_result_is_sent_by_post_or_handed_over_at_the_centre(shown, office, desk, session):
    way = {"TTH17 Đ16.2": "post", "TTH17 Đ16.3": "desk"}[shown]
    dossier, _citizen = scenes.in_process(office, result_way=way)
    scenes.finish(office, dossier)
    results.deliver(session, dossier, desk, receiver="Bưu tá" if way == "post" else "Trần Thị Bình", on_paper=True)
    assert (dossier.state, dossier.delivery["way"]) == (10, way)
    assert scenes.letter(dossier, "return_receipt").data["way"]


@clause("A13", "TTH17 Đ21.1", "TTH17 Đ23.4")
def test_d21_1_an_incident_and_its_estimated_end_are_told_to_everybody(office, client, login):
    officer = login(Role.specialist, office.tree.commune)
    assert scenes.told_of_incident(office, [(client, "/"), (officer, "/inbox/")]) == []


@clause("A13", "TTH17 Đ21.3")
def test_d21_3_meanwhile_paper_is_received_and_entered_with_its_true_time(office):
    dossier = scenes.entered_later(office)
    assert (dossier.state, local(dossier.received_at)) == (2, "10 10:40")


@clause("A11.7", "TTH17 Đ7.5")
def test_d7_5_the_applicant_says_how_content_he_is(office, session):
    dossier, citizen = scenes.in_process(office)
    scenes.finish(office, dossier)
    assert ratings.rate(session, dossier, citizen, score="5", criteria={}, comment=None).score == 5
