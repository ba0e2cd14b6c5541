"""Other systems: databases asked (QN20 Đ12.2a), portal and post told (HUE25 Đ28.2, Đ28.4), results used again.

The systems themselves are not here: what is shown is that each is asked or told through its configured
connector, in order, once, tried again until it arrives, visibly, and honestly where none is configured.
"""

import pytest

from app.integrations.outside import OutsideError
from app.models import User
from app.permissions import Role
from app.services import earlier_results, outside, portal_sync, submission, suggestions
from tests.factories import make_document_type
from tests.regulations import scenes
from tests.regulations.support import clause
from tests.services.steps import with_result


class Gateway:
    """Stands where the outside system is: keeps what it gets, answers, or is down."""

    def __init__(self):
        self.got, self.answer, self.is_down = [], {}, False

    def __call__(self, address, _token, payload, key):
        if self.is_down:
            raise OutsideError("HTTP 503")
        self.got.append((address, payload, key))
        return self.answer


@pytest.fixture
def gateway(app, monkeypatch):
    found = Gateway()
    for name in ("NATIONAL_PORTAL", "VNPOST", "DATA_SOURCES"):
        monkeypatch.setitem(app.config, f"{name}_URL", f"https://{name.lower()}.example.vn")
    monkeypatch.setattr(outside, "post_json", found)
    return found


def read(office, login, dossier, query=""):
    client = login(office.session.get(User, office[Role.desk_officer].user_id))
    return client.get(f"/dossier/{dossier.code}{query}").text


@clause("A4.5", "QN20 Đ12.2a")
def test_d12_2a_the_desk_sees_what_connected_databases_say(office, login, session, gateway):
    gateway.answer = {"sources": [{"name": "CSDL quốc gia về dân cư", "found": True,
                                   "fields": {"name": "Trần Thị Bình", "address": "Phường khác"}}]}  # fmt: skip
    dossier, _citizen = office.submitted()
    portal_sync.send(session, dossier.id, "data_sources")
    assert gateway.got[0][1]["id_number"] == dossier.applicant_id_number
    text = read(office, login, dossier)
    assert "CSDL quốc gia về dân cư" in text
    assert "Phường khác" in text


@clause("A4.5", "QN20 Đ12.2a")
def test_d12_2a_without_a_connection_the_desk_is_told_so(office, login):
    dossier, _citizen = office.submitted()
    assert "Chưa kết nối cơ sở dữ liệu nào" in read(office, login, dossier)


@clause("A6.6", "HUE25 Đ28.2")
def test_d28_2_every_state_reaches_the_portal_once_and_in_order(office, login, session, gateway):
    gateway.is_down = True
    dossier, _citizen = scenes.in_process(office)
    portal_sync.send(session, dossier.id, "national_portal")
    page = read(office, login, dossier, "?tab=course")
    assert "Chưa gửi được, đang thử lại" in page
    assert "HTTP 503" not in page  # what a program says is for who runs it, on the list of messages
    gateway.is_down = False
    scenes.finish(office, dossier)
    for _turn in range(2):
        portal_sync.send(session, dossier.id, "national_portal")
        portal_sync.send(session, dossier.id, "national_portal")
    sent = [payload["data"][0].get("TrangThaiHoSo") or payload["data"][0]["TrangThai"]
            for address, payload, _key in gateway.got if "national_portal" in address]  # fmt: skip
    moves = [str(m.target) for m in dossier.movements if m.source != m.target]
    assert sent == moves
    assert len({key for _address, _payload, key in gateway.got}) == len(gateway.got)
    assert "Đã gửi đến" in read(office, login, dossier, "?tab=course")


@clause("A6.6", "HUE25 Đ28.2")
def test_d28_2_without_a_connection_nothing_claims_to_be_sent(office, login, session):
    dossier, _citizen = scenes.in_process(office)
    assert outside.messages_of(session, dossier) == []
    assert "chưa kết nối" in read(office, login, dossier, "?tab=course")


@clause("A9.1", "HUE25 Đ28.4")
def test_d28_4_the_post_is_told_of_the_result_and_the_applicant_of_its_number(office, login, session, gateway):
    gateway.answer = {"tracking": "EB123456789VN"}
    dossier, citizen = scenes.in_process(office, result_way="post")
    dossier.applicant_address = "12 Lê Lợi, phường Phú Xuân"
    scenes.finish(office, dossier)
    portal_sync.send(session, dossier.id, "vnpost")
    (order,) = [payload for address, payload, _key in gateway.got if "vnpost" in address]
    assert (order["kind"], order["to"]["address"]) == ("deliver_result", dossier.applicant_address)
    assert "EB123456789VN" in read(office, login, dossier, "?tab=course")
    told = login(session.get(User, citizen.user_id)).get("/notices/").text
    assert "EB123456789VN" in told


def issued(session):
    """Return an office, its applicant and a dossier that gave him a paper."""
    kind = make_document_type(name="Giấy xác nhận tình trạng hôn nhân")
    return with_result(session, kind)


@clause("A3.7", "QN20 Đ17.3b")
def test_d17_3b_related_procedures_are_suggested_with_the_reason(session, login):
    _office, _account, citizen, _dossier, second = issued(session)
    (first, *_others) = suggestions.suggested(session, citizen)
    assert first.code == second.procedure.code
    text = login(session.get(User, citizen.user_id)).get("/my/").text
    assert second.name in text
    assert "Bạn đã có giấy tờ thủ tục này cần" in text


@clause("A3.8", "QN20 Đ23.1b")
def test_d23_1b_an_earlier_result_is_handed_in_by_its_source(session):
    office, account, citizen, dossier, second = issued(session)
    office.version = second
    draft = office.draft(account)
    paper = second.components[0]
    draft.attachments = [a for a in draft.attachments if a.component is not paper]
    session.flush()
    result = dossier.results[-1]
    earlier_results.use(session, second.components, paper.id, result.id, citizen, draft=draft)
    sent = submission.submit(session, draft, citizen)
    (held,) = [a for a in sent.attachments if a.component_id == paper.id]
    assert (held.result_id, held.file_id, held.source_class) == (result.id, result.file_id, 8)
