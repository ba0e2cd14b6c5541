"""Messages to other systems: promised with their cause, in order, once, tried until they arrive."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now
from app.integrations.outside import OutsideError, post_json
from app.models import OutboxEvent, OutsideMessage, User
from app.permissions import Role
from app.services import data_check, outside, portal_sync, reception
from app.tasks import outbox
from tests.officers.pages import act, page


@pytest.fixture
def connected(app, monkeypatch):
    """All three systems connected; what they get is listed, what they answer can be set."""
    seen = []

    class Other:
        answer: dict = {}  # noqa: RUF012 - set by tests on the instance
        broken = False

    other = Other()
    other.seen = seen

    def post(address, token, payload, key):
        if other.broken:
            raise OutsideError("HTTP 503")
        seen.append((address, payload, key))
        return other.answer

    for name in ("NATIONAL_PORTAL", "VNPOST", "DATA_SOURCES"):
        monkeypatch.setitem(app.config, f"{name}_URL", f"https://{name.lower()}.example.vn/api")
    monkeypatch.setattr(outside, "post_json", post)
    return other


def send(office, dossier, system="national_portal"):
    portal_sync.send(office.session, dossier.id, system)


def states(office, dossier, system="national_portal"):
    return [one.state for one in outside.messages_of(office.session, dossier, system)]


def test_nothing_is_promised_where_nothing_is_connected(office, session):
    dossier = office.processed()
    assert outside.messages_of(session, dossier) == []
    assert session.query(OutboxEvent).filter_by(name="outside.send").count() == 0


def test_every_transition_is_told_in_order_the_whole_dossier_first(office, connected):
    dossier = office.processed()
    send(office, dossier)
    services = [payload["service"] for _address, payload, _key in connected.seen]
    assert services == ["DongBoHoSoMC", *["CapNhatTienDoHoSoMC"] * (len(services) - 1)]
    whole = connected.seen[0][1]["data"][0]
    assert (whole["MaHoSo"], whole["TrangThaiHoSo"]) == (dossier.code, "2")
    assert connected.seen[-1][1]["data"][0]["TrangThai"] == "4"
    before = len(connected.seen)
    send(office, dossier)
    assert len(connected.seen) == before


def test_what_fails_waits_with_its_reason_and_keeps_the_order(office, session, connected):
    connected.broken = True
    dossier = office.processed()
    send(office, dossier)
    rows = outside.messages_of(session, dossier, "national_portal")
    assert [one.state for one in rows] == ["failing", *["waiting"] * (len(rows) - 1)]
    assert (rows[0].error, rows[0].attempts) == ("HTTP 503", 1)
    connected.broken = False
    send(office, dossier)
    assert set(states(office, dossier)) == {"delivered"}
    keys = [key for _address, _payload, key in connected.seen]
    assert len(set(keys)) == len(keys) == len(rows)


def waiting(session):
    session.expire_all()  # tasks work in a session of their own
    is_ours = OutboxEvent.topic.like("outside:national_portal:%")
    query = sa.select(OutboxEvent).where(is_ours, OutboxEvent.done_at.is_(None))
    return list(session.scalars(query.order_by(OutboxEvent.id)))


def test_while_a_system_is_down_one_event_waits_for_a_dossier_ever_longer(office, session, connected):
    connected.broken = True
    dossier = office.processed()
    session.commit()  # the worker works on what was committed
    promised = session.query(OutboxEvent).filter_by(name="outside.send").count()
    assert promised > 1
    waits = []
    for _time in range(4):
        outbox.run_waiting()
        (event,) = waiting(session)
        waits.append((event.due_at - now()).total_seconds())
        event.due_at = now()
        session.commit()
    assert waits == sorted(waits)
    assert waits[-1] > 1000
    assert session.query(OutboxEvent).filter_by(name="outside.send").count() == promised
    assert event.error == "Cổng Dịch vụ công quốc gia: HTTP 503"
    connected.broken = False
    outbox.run_waiting()
    assert waiting(session) == []
    rows = outside.messages_of(session, dossier, "national_portal")
    assert {one.state for one in rows} == {"delivered"}
    assert [key for _address, _payload, key in connected.seen] == [f"motcua-{one.key}" for one in rows]


def test_what_is_promised_while_another_waits_is_tried_at_once_and_leaves_one_waiting(office, session, connected):
    connected.broken = True
    dossier = office.processed()
    session.commit()  # the worker works on what was committed
    outbox.run_waiting()
    (first,) = waiting(session)
    outside.promise(session, dossier, "national_portal", "state", "state:once more", dossier.movements[-1].id)
    session.commit()
    assert len(waiting(session)) > 1
    outbox.run_waiting()
    assert [event.id for event in waiting(session)] == [first.id]
    with acting_at(first.due_at):
        connected.broken = False
        outbox.run_waiting()
    assert set(states(office, dossier)) == {"delivered"}


def test_a_system_known_to_be_down_is_left_alone_and_its_events_wait_as_well(office, session, connected, monkeypatch):
    monkeypatch.setitem(outside._down_until, "national_portal", time.monotonic() + 60)
    dossier = office.processed()
    session.commit()  # the worker works on what was committed
    outbox.run_waiting()
    (event,) = waiting(session)
    assert event.due_at > now()
    assert not [address for address, _payload, _key in connected.seen if "portal" in address]
    assert set(states(office, dossier)) == {"waiting"}


def test_the_page_tells_whether_it_arrived(office, session, login, connected):
    dossier = office.processed()
    client = login(session.get(User, office[Role.specialist].user_id))
    assert "Chờ gửi" in page(client, dossier, "?tab=course")
    send(office, dossier)
    assert "Đã gửi đến" in page(client, dossier, "?tab=course")


def test_the_page_is_honest_without_connectors(office, session, login):
    dossier = office.processed()
    client = login(session.get(User, office[Role.specialist].user_id))
    text = page(client, dossier, "?tab=course")
    assert "Chưa cấu hình kết nối: chưa gửi gì của hồ sơ này." in text
    assert "Chưa kết nối cơ sở dữ liệu nào" in page(client, dossier)
    assert act(client, dossier, "check_data").status_code == 409


def test_a_result_by_post_waits_for_its_address_and_brings_a_number(office, session, connected):
    connected.answer = {"tracking": "EB123456789VN"}
    dossier = office.finished(result_way="post")
    dossier.applicant_address = None
    send(office, dossier, "vnpost")
    assert states(office, dossier, "vnpost") == ["failing"]
    dossier.applicant_address = "12 Lê Lợi, phường Phú Xuân"
    send(office, dossier, "vnpost")
    (message,) = outside.messages_of(session, dossier, "vnpost")
    assert (message.state, message.answer["tracking"]) == ("delivered", "EB123456789VN")
    order = connected.seen[-1][1]
    assert (order["to"]["address"], order["from"]["name"]) == (dossier.applicant_address, dossier.desk.name)


def test_a_dossier_that_came_by_post_is_told_to_the_post(office, session, connected):
    dossier = reception.register(session, office.given(channel="post", papers={}), office[Role.desk_officer])
    assert [one.kind for one in outside.messages_of(session, dossier, "vnpost")] == ["received"]
    assert [one.kind for one in outside.messages_of(session, office.received(), "vnpost")] == []


ANSWER = {"sources": [{"name": "CSDL quốc gia về dân cư", "found": True, "fields": {
    "name": "TRẦN THỊ BÌNH", "born_on": "1990-03-25", "address": "Nơi khác"}}]}  # fmt: skip


def test_what_the_database_says_stands_beside_what_was_declared(office, session, login, connected):
    connected.answer = ANSWER
    dossier, _citizen = office.submitted()
    send(office, dossier, "data_sources")
    message, sources = data_check.latest(session, dossier)
    assert message.state == "delivered"
    same = {line.found: line.is_same for line in sources[0].lines}
    assert same["TRẦN THỊ BÌNH"] is True
    assert same["Nơi khác"] is False
    client = login(session.get(User, office[Role.desk_officer].user_id))
    text = page(client, dossier)
    assert "CSDL quốc gia về dân cư" in text
    assert "Nơi khác" in text
    assert act(client, dossier, "check_data").status_code == 302
    assert act(client, dossier, "check_data").status_code == 409  # asked already
    assert len(outside.messages_of(session, dossier, "data_sources")) == 2


@pytest.mark.parametrize("answer", [{}, {"sources": "x"}, {"sources": [1, {"fields": 3}, {"fields": {"name": None}}]}])
def test_a_strange_answer_breaks_nothing(office, session, login, connected, answer):
    connected.answer = answer
    dossier, _citizen = office.submitted()
    send(office, dossier, "data_sources")
    assert [one.state for one in outside.messages_of(session, dossier, "data_sources")] == ["delivered"]
    _message, sources = data_check.latest(session, dossier)
    assert not any(source.lines for source in sources), "nothing is compared with what is no answer"
    page(login(session.get(User, office[Role.desk_officer].user_id)), dossier)


def test_who_does_not_handle_it_asks_no_database(office, session, connected):
    dossier, _citizen = office.submitted()
    stranger = office.officer(Role.specialist, office.tree.department)
    assert not data_check.may_ask(dossier, stranger)


@pytest.fixture
def server():
    """A server that keeps what it gets and answers by the path."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((dict(self.headers), json.loads(body)))
            code, text = {"/good": (200, b'{"ok": 1}'), "/list": (200, b"[]"), "/text": (200, b"no"),
                          "/away": (302, b""), "/down": (500, b"")}[self.path]  # fmt: skip
            self.send_response(code)
            if code == 302:
                self.send_header("Location", "/good")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_args):
            """Keep quiet."""

    found = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{found.server_port}", got
    found.shutdown()
    found.server_close()


def test_a_message_carries_token_and_key(server):
    address, got = server
    assert post_json(f"{address}/good", "secret", {"a": "ộ"}, "k-1") == {"ok": 1}
    headers, body = got[0]
    assert (headers["Authorization"], headers["Idempotency-Key"], body) == ("Bearer secret", "k-1", {"a": "ộ"})


@pytest.mark.parametrize("path", ["/list", "/text", "/away", "/down"])
def test_anything_but_an_answer_is_a_failure_and_no_redirect_is_followed(server, path):
    address, got = server
    with pytest.raises(OutsideError):
        post_json(address + path, "secret", {}, "k")
    assert len(got) == 1


@pytest.mark.parametrize("address", ["file:///etc/passwd", "http://127.0.0.1:1/x", "ftp://x/"])
def test_an_address_that_is_none_is_a_failure(address):
    with pytest.raises(OutsideError):
        post_json(address, "", {}, "k")


def test_the_messages_have_a_screen_for_the_operator(office, session, login, connected):
    office.processed()
    assert session.query(OutsideMessage).count() > 0
    client = login(Role.system_admin)
    assert client.get("/outside-message/list/").status_code == 200
    assert login(Role.specialist).get("/outside-message/list/").status_code in {302, 403}
