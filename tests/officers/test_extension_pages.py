"""Extensions in the browser: asked, seen by who decides, decided once; refused to all others."""

import pytest

from app.models import Extension
from app.permissions import Role
from app.services import extensions
from tests.factories import make_agency
from tests.officers.pages import act, page

REASON = "Cần xác minh <b>thực địa</b>."
DECIDERS = {Role.division_head, Role.agency_head, Role.centre_director}


@pytest.fixture
def dossier(office):
    office[Role.division_head], office[Role.agency_head]
    return office.processed()


def asked(office, dossier) -> Extension:
    return extensions.ask(office.session, dossier, office[Role.specialist], minutes=60, reason=REASON)


def test_asked_and_granted_by_the_buttons(office, enter, dossier, session):
    specialist, head = enter(Role.specialist), enter(Role.agency_head)
    text = page(specialist, dossier)
    assert "act-ask_extension" in text
    assert "1 giờ làm việc – hẹn trả" in text
    for _click in range(2):  # doubled: the second says that one waits
        answer = act(specialist, dossier, "ask_extension", minutes="60", reason=REASON)
    assert answer.status_code == 422
    (extension,) = session.query(Extension).all()
    assert "Gia hạn cần duyệt" in head.get("/work/").text
    listed = head.get("/extensions/").text
    assert dossier.code in listed
    assert "&lt;b&gt;thực địa" in listed
    assert "act-agree_extension" in page(head, dossier)
    first = act(head, dossier, "agree_extension", extension=extension.id)
    again = act(head, dossier, "agree_extension", extension=extension.id)
    assert (first.status_code, again.status_code) == (302, 409)
    session.expire_all()
    assert len(dossier.due_changes) == 1
    assert len([x for x in dossier.letters if x.kind == "apology"]) == 1
    text = page(head, dossier)
    assert "Đã gia hạn" in text
    assert "Hẹn trả ban đầu" in text
    assert "Đã phê duyệt gia hạn" in page(head, dossier, "?tab=course")
    assert "Điều 19 Nghị định số 61/2018/NĐ-CP" in page(head, dossier, "?tab=time")  # what binds here
    assert client_reads(office, enter, dossier)


def client_reads(office, enter, dossier) -> bool:
    """The applicant reads that it was extended, and nothing else of the inner course."""
    text = enter(Role.desk_officer).get(f"/tra-cuu/{dossier.code}").text
    return "Thời gian giải quyết đã được gia hạn" in text and "thực địa" not in text


def test_a_refused_form_keeps_what_was_typed(office, enter, dossier):
    answer = act(enter(Role.specialist), dossier, "ask_extension", minutes="99999", reason="Giữ lại")
    assert answer.status_code == 422
    assert "Giữ lại" in answer.text
    assert "tối đa" in answer.text
    assert dossier.extensions == []
    for bad in ("", "-3", "abc", "9" * 30):
        assert act(enter(Role.specialist), dossier, "ask_extension", minutes=bad, reason="x").status_code == 422


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.citizen, Role.agency_head}))
def test_others_do_not_decide(office, enter, dossier, role):
    extension = asked(office, dossier)
    client = enter(role)
    for name in ("agree_extension", "refuse_extension"):
        answer = act(client, dossier, name, extension=extension.id, reason="không")
        assert answer.status_code in {403, 404}, name
    assert client.get("/extensions/").status_code == (200 if role in DECIDERS else 403)
    office.session.expire_all()
    assert extension.state == "asked"


def test_the_head_of_another_agency_neither_sees_nor_decides(office, enter, dossier):
    extension = asked(office, dossier)
    other = enter(office.officer(Role.agency_head, make_agency(parent=office.tree.root)))
    assert dossier.code not in other.get("/extensions/").text
    assert act(other, dossier, "agree_extension", extension=extension.id).status_code == 404
    assert other.get(f"/extension/show/{extension.id}").status_code == 404


def test_a_forged_or_missing_number_changes_nothing(office, enter, dossier):
    extension = asked(office, dossier)
    head = enter(Role.agency_head)
    for number in ("", "0", "abc", str(extension.id + 1)):
        assert act(head, dossier, "agree_extension", extension=number).status_code == 409
    answer = head.post(f"/dossier/{dossier.code}/act/agree_extension",
                       data={"extension": extension.id}, csrf=False)  # fmt: skip
    assert answer.status_code == 400
    office.session.expire_all()
    assert extension.state == "asked"


def test_the_history_tells_it_in_words(office, enter, dossier, session):
    extension = asked(office, dossier)
    act(enter(Role.agency_head), dossier, "refuse_extension", extension=extension.id, reason="Còn đủ thời gian")
    text = page(enter(Role.auditor), dossier, "?tab=history")
    assert "Đề nghị gia hạn" in text
    assert "Không đồng ý gia hạn" in text
    assert "refuse_extension" not in text
