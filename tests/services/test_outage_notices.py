"""Applicants told of an incident once each, and scans attached to late entries before they are approved."""

import io
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import now
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.models import HistoryEntry, IncidentNotice, MailMessage, Notice, OutboxEvent, User
from app.permissions import Role
from app.services import catch_up, catch_up_scans, chunks, outage_notices, submission
from tests.factories import make_account
from tests.services.signing import Signer, signed_pdf

TEXT = "Mời đến quầy nộp bản giấy hoặc gọi 0234 3 822 822."


@pytest.fixture
def incident(session, office):
    row = IncidentNotice(title="Mất kết nối trục", body="Đang sửa", starts_at=now() - timedelta(hours=1))
    session.add(row)
    session.flush()
    return row


def send(office, incident, who=None, **given):
    values = {"text": TEXT, "key": "k1"} | given
    return outage_notices.send(office.session, incident.id, who or office[Role.agency_head], **values)


def told(session):
    return session.scalars(sa.select(Notice.user_id).where(Notice.key.startswith("outage-notice:"))).all()


def test_the_count_is_known_first_and_everyone_is_told_once(office, session, incident):
    dossier, citizen = office.submitted()
    closed, _other = office.submitted()
    closed.state = 10
    office.received(account=make_account(email=None, user=None))
    reach = outage_notices.reach_of(session, office.tree.commune)
    assert (reach.total, reach.by_account, reach.by_phone) == (2, 1, 1)
    notice = send(office, incident)
    assert notice.wanted == 2
    assert send(office, incident) is notice  # the same form again
    for _turn in range(2):
        outage_notices.tell_waiting(session, notice.id)
    assert told(session) == [citizen.user_id]
    assert (notice.told, notice.done_at is not None) == (1, True)
    assert session.query(OutboxEvent).filter_by(name="outages.tell").count() == 1
    body = session.scalar(sa.select(Notice.body).where(Notice.key == f"outage-notice:{notice.id}:{dossier.id}"))
    assert TEXT in body
    assert "Mất kết nối trục" in body


def test_e_mail_goes_to_the_address_on_the_dossier(office, session, incident):
    dossier = office.received(account=make_account(user=None))
    dossier.applicant_email = "binh@example.vn"
    session.flush()
    outage_notices.tell_waiting(session, send(office, incident).id)
    letters = session.scalars(sa.select(MailMessage).where(MailMessage.key.startswith("outage-notice:"))).all()
    assert [(one.recipient, TEXT in one.body) for one in letters] == [("binh@example.vn", True)]


def test_many_are_told_in_chunks(office, session, incident, monkeypatch):
    for _turn in range(3):
        office.submitted()
    monkeypatch.setattr(chunks, "CHUNK", 2)
    notice = send(office, incident)
    outage_notices.tell_waiting(session, notice.id)
    assert (len(told(session)), notice.done_at) == (2, None)
    outage_notices.tell_waiting(session, notice.id)
    assert (len(told(session)), notice.done_at is not None) == (3, True)


def test_who_answers_for_a_part_tells_that_part_and_others_nobody(office, session, incident):
    office.submitted()
    department = office.officer(Role.agency_head, office.tree.department)
    assert outage_notices.place_of(session, incident, department) == office.tree.department
    assert send(office, incident, department).wanted == 0
    top = office.officer(Role.control_focal_point, office.tree.root)
    assert outage_notices.place_of(session, incident, top) == office.tree.root
    with pytest.raises(NotAllowed):
        send(office, incident, office[Role.specialist], key="k2")
    incident.agency = office.tree.department
    with pytest.raises(NotAllowed):
        send(office, incident, key="k3")


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001])
def test_words_are_needed(office, incident, text):
    with pytest.raises(Invalid) as refusal:
        send(office, incident, text=text)
    assert "text" in refusal.value.fields


def test_it_is_done_on_the_page(office, session, incident, login):
    office.submitted()
    client = login(session.get(User, office[Role.agency_head].user_id))
    text = client.get(f"/outages/{incident.id}").text
    assert "1 hồ sơ đang mở" in text
    assert client.post(f"/outages/{incident.id}", data={"do": "tell", "text": "", "key": "k"}).status_code == 422
    given = {"do": "tell", "text": TEXT, "key": "k"}
    assert client.post(f"/outages/{incident.id}", data=given).status_code == 302
    assert TEXT in client.get(f"/outages/{incident.id}").text


@pytest.fixture
def late(office, session):
    """A late entry that waits, and its centre's director."""
    session.add(IncidentNotice(title="Mất mạng", body="x", starts_at=now() - timedelta(hours=3)))
    session.flush()
    director = office.officer(Role.centre_director, office.tree.desk)
    row = catch_up.enter(session, office.given(key=submission.new_key()), office[Role.desk_officer],
                         received_at=now() - timedelta(hours=1), paper_number="15/SGT")  # fmt: skip
    return row, director


@pytest.fixture(scope="module")
def pdf():
    return signed_pdf(Signer("An"))


def test_scans_are_seen_before_and_belong_to_the_dossier_after_the_approval(office, session, late, pdf):
    row, director = late
    paper = office.version.components[0]
    given = {"name": "trang 1.pdf", "data": pdf, "component_id": paper.id}
    for _turn in range(2):
        catch_up_scans.add_scan(session, row.id, office[Role.desk_officer], **given)
    assert len(row.scans) == 1
    assert catch_up_scans.scan_of(session, row.id, 0, director)[:2] == (pdf, "trang 1.pdf")
    dossier = catch_up.approve(session, row.id, director)
    assert [(a.component_id, a.name, a.source_class) for a in dossier.attachments] == [(paper.id, "trang 1.pdf", 3)]
    with pytest.raises(Conflict):
        catch_up_scans.add_scan(session, row.id, office[Role.desk_officer], **given)


def test_others_add_and_read_no_scan(office, session, late, pdf):
    row, director = late
    given = {"name": "a.pdf", "data": pdf, "component_id": None}
    with pytest.raises(NotAllowed):
        catch_up_scans.add_scan(session, row.id, director, **given)
    for who in (office[Role.specialist], office.officer(Role.desk_officer, office.tree.centre)):
        with pytest.raises(NotFound):
            catch_up_scans.add_scan(session, row.id, who, **given)
        with pytest.raises(NotFound):
            catch_up_scans.scan_of(session, row.id, 0, who)
    with pytest.raises(Invalid):
        catch_up_scans.add_scan(session, row.id, office[Role.desk_officer], **given | {"component_id": 999_999})
    with pytest.raises(Invalid):
        catch_up_scans.add_scan(session, row.id, office[Role.desk_officer], **given | {"data": b"MZ no pdf"})


def test_scans_are_attached_on_the_page(office, session, late, login, pdf):
    row, director = late
    client = login(session.get(User, office[Role.desk_officer].user_id))
    address = f"/late-entries/{row.id}/scans"
    assert client.post(address, data={}).status_code == 422
    sent = {"scan_file": (io.BytesIO(pdf), "trang 1.pdf"), "component": ""}
    assert client.post(address, data=sent, content_type="multipart/form-data").status_code == 302
    assert "trang 1.pdf" in client.get("/late-entries/").text
    answer = login(session.get(User, director.user_id)).get(f"{address}/0")
    assert (answer.status_code, answer.data[:4]) == (200, b"%PDF")
    entry = session.scalars(sa.select(HistoryEntry).where(
        HistoryEntry.aggregate == "account", HistoryEntry.aggregate_id == row.account_id, HistoryEntry.action == "read",
        HistoryEntry.actor_id == director.user_id,
    )).one()  # fmt: skip
    assert entry.reason == "trang 1.pdf", "who looked at the applicant's papers is kept"
