"""A request by our own fault that waits for its signed apology: sent together, and never stuck."""

import pytest

from app.errors import Conflict, Invalid, NotAllowed
from app.models import User
from app.permissions import Role
from app.services import apologies, reception, submission
from app.services.supplements import Again, prepared_of
from tests.officers.pages import act, page
from tests.services.steps import ANSWERS, Office, attachment
from tests.services.test_extensions import use_profile


@pytest.fixture
def office(session):
    found = Office(session)
    found.staff()
    found.people[Role.centre_director] = found.officer(Role.centre_director, found.tree.desk)
    use_profile(session, supplement_waits_for_apology=True)
    return found


def asked_once(office):
    """Return a dossier that was supplemented once, and its applicant."""
    dossier, citizen = office.submitted()
    ask(office, dossier)
    answer(office, dossier, citizen)
    return dossier, citizen


def ask(office, dossier, again=None, who=Role.desk_officer, reason="Thiếu trang 3"):
    return reception.ask_supplement(office.session, dossier, office[who], reason=reason, field_keys=["ho_ten"],
                                    component_ids=[], again=again)  # fmt: skip


def answer(office, dossier, citizen):
    office.session.add(attachment(office.version.components[0], dossier=dossier))
    office.session.flush()
    submission.answer_supplement(office.session, dossier, ANSWERS, citizen)


OURS = Again("agency", "Lần đầu chưa nêu trang 3")


def test_it_waits_and_both_go_with_the_signature(office, session):
    dossier, citizen = asked_once(office)
    assert ask(office, dossier, OURS) is None
    assert (dossier.state, dossier.supplement_count) == (1, 1)
    apology = prepared_of(dossier)
    apologies.sign(session, apology, office[Role.centre_director])
    assert (dossier.state, dossier.supplement_count, prepared_of(dossier)) == (5, 2, None)
    request = dossier.supplements[-1]
    assert (request.reason, request.fault, request.asked_by_name) == (
        "Thiếu trang 3", "agency", office[Role.desk_officer].name)  # fmt: skip
    assert dossier.movements[-2].transition == "ask_supplement" or dossier.movements[-1].transition == "ask_supplement"
    answer(office, dossier, citizen)
    assert dossier.state == 1


def test_sent_back_it_is_written_again_and_still_goes_along(office, session):
    dossier, _citizen = asked_once(office)
    ask(office, dossier, OURS)
    apology = prepared_of(dossier)
    apologies.send_back(session, apology, office[Role.centre_director], "Viết rõ hơn")
    assert dossier.state == 1
    apologies.write(session, dossier, office[Role.desk_officer], cause=apology.cause, reason="Do sơ suất")
    apologies.sign(session, apology, office[Role.centre_director])
    assert (dossier.state, dossier.supplements[-1].fault_reason) == (5, "Do sơ suất")


def test_without_an_apology_due_the_request_goes_alone(office, session):
    dossier, _citizen = asked_once(office)
    ask(office, dossier, OURS)
    apologies.waive(session, prepared_of(dossier), office[Role.centre_director], "Không do lỗi cán bộ")
    assert (dossier.state, dossier.supplement_count) == (5, 2)
    assert "apology" not in [x.kind for x in dossier.letters]


def test_taken_back_nothing_is_sent_and_it_can_be_asked_anew(office, session):
    dossier, _citizen = asked_once(office)
    ask(office, dossier, OURS)
    apology = prepared_of(dossier)
    with pytest.raises(NotAllowed):
        apologies.take_back_request(session, apology, office[Role.clerk], "x")
    with pytest.raises(Invalid):
        apologies.take_back_request(session, apology, office[Role.desk_officer], " ")
    apologies.take_back_request(session, apology, office[Role.desk_officer], "Đã đủ")
    assert (dossier.state, dossier.supplement_count, prepared_of(dossier)) == (1, 1, None)
    assert ask(office, dossier, Again("applicant", "Chưa sửa tên")) is not None


def test_two_do_not_wait_at_once(office):
    dossier, _citizen = asked_once(office)
    ask(office, dossier, OURS)
    for again in (OURS, Again("applicant", "Chưa sửa")):
        with pytest.raises(Invalid):
            ask(office, dossier, again)


def test_while_money_is_waited_for_it_is_not_signed_then_it_is(office, session):
    dossier, _citizen = asked_once(office)
    ask(office, dossier, OURS)
    reception.accept(session, dossier, office[Role.desk_officer])
    with pytest.raises(Conflict):  # accepted, not passed on yet: no supplement can be asked there
        apologies.sign(session, prepared_of(dossier), office[Role.centre_director])
    assert dossier.state == 2


def test_what_ended_meanwhile_is_not_asked_any_more(office, session):
    dossier, _citizen = asked_once(office)
    ask(office, dossier, OURS)
    apology = prepared_of(dossier)
    reception.refuse(session, dossier, office[Role.desk_officer], "Không thuộc thẩm quyền")
    apologies.waive(session, apology, office[Role.centre_director], "Hồ sơ đã bị từ chối")
    assert (dossier.state, dossier.supplement_count) == (3, 1)


def test_the_page_says_that_it_waits_and_offers_to_take_it_back(office, session, login):
    dossier, _citizen = asked_once(office)
    client = login(session.get(User, office[Role.desk_officer].user_id))
    given = {"field": "ho_ten", "reason": "Thiếu trang 3", "fault": "agency", "fault_reason": "Chưa nêu"}
    assert act(client, dossier, "ask_supplement", **given).status_code == 302
    text = page(client, dossier)
    assert "gửi cùng thư xin lỗi" in text
    session.expire_all()
    apology = prepared_of(dossier)
    assert act(client, dossier, "take_back_request", apology=apology.id, reason="Đã đủ").status_code == 302
    assert "gửi cùng thư xin lỗi" not in page(client, dossier)
