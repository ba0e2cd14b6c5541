"""Supplements asked again, apologies and explanations by the buttons of the dossier page."""

from datetime import timedelta

import pytest

from app.clock import acting_at, now, today
from app.models import Apology
from app.permissions import Role
from app.services import apologies, reception, submission
from tests.officers.pages import act, page

WHY = "Chưa nêu <b>đủ</b> giấy tờ."


@pytest.fixture
def answered(office, session):
    office.people[Role.centre_director] = office.officer(Role.centre_director, office.tree.desk)
    dossier, citizen = office.submitted()
    reception.ask_supplement(session, dossier, office[Role.desk_officer], reason="Bổ sung",
                             field_keys=["ho_ten"], component_ids=[])  # fmt: skip
    submission.answer_supplement(session, dossier, {"ho_ten": "Trần Thị Bình An"}, citizen)
    return dossier


def test_the_second_request_asks_whose_fault_it_is_and_the_director_signs(office, enter, answered, session):
    desk = enter(Role.desk_officer)
    text = page(desk, answered)
    assert "Do lần đầu hướng dẫn chưa rõ, chưa đủ" in text
    assert "Yêu cầu bổ sung lần 1" in text
    given = {"field": "ho_ten", "reason": "Ghi đúng họ tên"}
    refused = act(desk, answered, "ask_supplement", **given, fault_reason=WHY)
    assert refused.status_code == 422
    assert "Hãy chọn vì sao phải yêu cầu bổ sung lại." in refused.text
    assert "&lt;b&gt;đủ" in refused.text  # what was typed is kept
    assert act(desk, answered, "ask_supplement", **given, fault="agency", fault_reason=WHY).status_code == 302
    assert act(desk, answered, "ask_supplement", **given, fault="agency", fault_reason=WHY).status_code == 403
    apology = session.query(Apology).one()
    director = enter(Role.centre_director)
    assert "Ký văn bản xin lỗi" in page(director, answered)
    assert answered.code in director.get("/work/").text
    first = act(director, answered, "sign_apology", apology=apology.id)
    again = act(director, answered, "sign_apology", apology=apology.id)
    assert (first.status_code, again.status_code) == (302, 403)
    session.expire_all()
    assert [x.kind for x in answered.letters].count("apology") == 1
    assert answered.supplement_count == 2
    assert "Đã ký, đã gửi" in page(desk, answered)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.citizen, Role.agency_head}))
def test_others_do_not_sign_or_waive(office, enter, session, role):
    dossier = office.processed()
    with acting_at(dossier.due_at + timedelta(hours=1)):
        apology = apologies.write(session, dossier, office[Role.specialist], cause="overdue", reason=WHY,
                                  new_due_on=today())  # fmt: skip
    for name in ("sign_apology", "send_back_apology", "waive_apology"):
        answer = act(enter(role), dossier, name, apology=apology.id, reason="x")
        assert answer.status_code in {403, 404}, name
    session.expire_all()
    assert apology.state == "submitted"


def test_late_it_is_written_explained_and_signed_by_the_buttons(office, enter, session):
    dossier = office.processed()
    dossier.due_at = now() - timedelta(hours=2)
    session.flush()
    specialist, head = enter(Role.specialist), enter(Role.agency_head)
    text = page(specialist, dossier)
    assert "act-write_apology-overdue" in text
    assert "act-explain" in text
    bad = act(specialist, dossier, "write_apology", cause="overdue", reason=WHY, new_due_on="không phải ngày")
    assert bad.status_code == 422
    assert "Hãy ghi ngày sẽ có kết quả" in bad.text
    day = (today() + timedelta(days=2)).isoformat()
    given = {"cause": "overdue", "reason": WHY, "new_due_on": day}
    assert act(specialist, dossier, "write_apology", **given).status_code == 302
    assert act(specialist, dossier, "write_apology", **given).status_code == 422  # written already
    assert act(specialist, dossier, "explain", reason="Chờ ý kiến").status_code == 302
    apology = session.query(Apology).one()
    assert dossier.code in head.get("/work/").text
    assert act(head, dossier, "sign_apology", apology="999999").status_code == 409
    assert act(head, dossier, "sign_apology", apology=apology.id).status_code == 302
    course = page(head, dossier, "?tab=course")
    assert "Đã giải trình việc chậm" in course
    assert "Đã ký và gửi văn bản xin lỗi" in course
    public = head.get(f"/tra-cuu/{dossier.code}").text
    assert "Cơ quan đã gửi văn bản xin lỗi" in public
    assert "Chờ ý kiến" not in public


def test_the_history_tells_it_in_words(office, enter, session):
    dossier = office.processed()
    dossier.due_at = now() - timedelta(hours=2)
    session.flush()
    act(enter(Role.specialist), dossier, "write_apology", cause="overdue", reason=WHY,
        new_due_on=today().isoformat())  # fmt: skip
    text = page(enter(Role.auditor), dossier, "?tab=history")
    assert "lập văn bản xin lỗi" in text.lower()
    assert "write_apology" not in text
