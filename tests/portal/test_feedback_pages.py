"""Feedback on the portal: sent once, kept on error, nothing of the sender made public."""

import pytest
import sqlalchemy as sa

from app.models import Feedback
from app.permissions import Role
from app.services.feedback_reading import without_name, without_personal_data
from app.workflows.feedback import FeedbackState
from tests.factories import make_tree
from tests.portal.records import TYPED, make_feedback


def count(session):
    return session.scalar(sa.select(sa.func.count(Feedback.id)))


def test_sending_gives_a_code_and_the_same_form_makes_one_item(session, client):
    make_tree()
    answers = [client.post("/phan-anh/gui", data=TYPED) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {302}
    assert len({answer.location for answer in answers}) == 1
    assert count(session) == 1
    thanks = client.get(answers[0].location).text
    feedback = session.scalar(sa.select(Feedback))
    assert feedback.code in thanks
    assert f"{feedback.due_at.astimezone():%Y}" in thanks
    client.post("/phan-anh/gui", data=TYPED | {"key": "1" * 32})
    assert count(session) == 2


def test_other_words_in_a_page_gone_back_to_are_another_item(session, client):
    make_tree()
    first = client.post("/phan-anh/gui", data=TYPED)
    other = client.post("/phan-anh/gui", data=TYPED | {"content": "Lần này tôi muốn nói về một việc khác hẳn."})
    assert first.location != other.location
    assert count(session) == 2


def test_what_was_typed_stays_when_the_calendar_knows_no_days(session, client):
    make_tree().root.calendar.sessions.clear()
    session.flush()
    answer = client.post("/phan-anh/gui", data=TYPED)
    assert answer.status_code == 422
    assert TYPED["content"] in answer.text


@pytest.mark.parametrize(
    "bad",
    [
        {"title": ""},
        {"content": "ngắn"},
        {"content": "x" * 5001},
        {"category": "khac-la"},
        {"agency": "H99"},
        {"sender_name": " "},
        {"sender_email": "khong-phai"},
        {"sender_phone": "12ab"},
        {"sender_phone": "+84 9 1 2 3 4 5 6 7 8 9"},  # longer than what is kept
        {"title": "x" * 201},
    ],
)
def test_a_wrong_form_comes_back_with_what_was_typed(session, client, bad):
    make_tree()
    answer = client.post("/phan-anh/gui", data=TYPED | {"dossier_code": "H57-GIU-LAI"} | bad)
    assert answer.status_code == 422
    assert "H57-GIU-LAI" in answer.text
    assert "error-summary" in answer.text
    assert count(session) == 0


def test_programs_that_fill_every_field_send_nothing(session, client):
    make_tree()
    answer = client.post("/phan-anh/gui", data=TYPED | {"website": "http://spam.example"})
    assert answer.status_code == 302
    assert count(session) == 0


def test_a_form_without_its_token_is_refused(session, client):
    make_tree()
    assert client.post("/phan-anh/gui", data=TYPED, csrf=False).status_code == 400
    assert count(session) == 0


def test_the_form_is_prefilled_by_the_link_that_leads_to_it(session, client):
    make_tree()
    page = client.get("/phan-anh/gui?thu_tuc=1.001193&co_quan=H57.SXD&ho_so=H57-1").text
    for text in (
        "Sai sót trong nội dung công bố của thủ tục 1.001193",
        'value="H57-1"',
        '<option value="H57.SXD" selected>',
        '<option value="regulation" selected>',
    ):
        assert text in page


@pytest.mark.parametrize("state", list(FeedbackState))
def test_before_publication_only_the_state_can_be_read(session, client, state):
    item = make_feedback(
        state, title="Tiêu đề riêng", content="Nội dung riêng", answer="Trả lời riêng"
    )
    page = client.get(f"/phan-anh/{item.code.lower()}").text
    said = ["Tiêu đề riêng", "Nội dung riêng", "Trả lời riêng"]
    expected = said if state is FeedbackState.published else []
    assert [text for text in said if text in page] == expected
    for hidden in ("Lê Thị Kín", "0912345678", "kin@example.vn"):
        assert hidden not in page


def test_published_texts_lose_the_senders_particulars(session, client):
    item = make_feedback(
        "published",
        title="Gọi 0912 345 678",
        content="<script>x</script> CCCD 046190000123, kin@example.vn, lệ phí 1.500.000.000 đồng",
        answer="Mời gọi 0234 3000 150. Số của bà Kín: 0912345678.",
    )
    page = client.get(f"/phan-anh/{item.code}").text
    assert [
        text for text in ("0912", "046190000123", "kin@example.vn", "<script>x") if text in page
    ] == []
    assert "1.500.000.000 đồng" in page
    assert "0234 3000 150" in page
    assert "L* T** K**" in page


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("gọi 0912.345.678 nhé", "gọi ••• nhé"),
        ("+84 912 345 678", "•••"),
        ("ngày 04/12/2026", "ngày 04/12/2026"),
        ("2.050.000 đồng", "2.050.000 đồng"),
        ("a.b@c.vn!", "•••!"),
        ("mã 1.001193", "mã 1.001193"),
    ],
)
def test_numbers_of_persons_are_hidden_and_others_are_not(text, shown):
    assert without_personal_data(text) == shown


def test_published_answers_are_found_by_title_but_never_by_sender(session, client):
    make_feedback("published", title="Máy lấy số hỏng")
    make_feedback("answered", title="Máy lấy số khác")
    assert "Máy lấy số hỏng" in client.get("/phan-anh?q=may lay so").text
    assert "Máy lấy số khác" not in client.get("/phan-anh?q=may lay so").text
    for typed in ("Lê Thị Kín", "kin", "le thi"):
        assert "Máy lấy số hỏng" not in client.get("/phan-anh", query_string={"q": typed}).text


def test_an_unknown_code_is_answered_plainly(session, client):
    for code in ("PA.H57-000000-0001", "x", "a" * 300):
        assert client.get(f"/phan-anh/{code}").status_code == 404
        assert client.get(f"/phan-anh/{code}/cam-on").status_code == 404


@pytest.mark.parametrize(("text", "shown"), [
    ("Tôi là Nguyễn Văn An, ở phường Phú Xuân.", "Tôi là N*** V** A*, ở phường Phú Xuân."),
    ("Kính gửi ông NGUYỄN VĂN  AN,", "Kính gửi ông N*** V** A*,"),
    ("Chào Văn An; chào ông An; bà An Bình", "Chào V** A*; chào ông A*; bà A* Bình"),
    ("Anh An đến phòng an ninh cùng Nguyễn Văn Anh.", "Anh A* đến phòng an ninh cùng Nguyễn Văn Anh."),
    ("An toàn giao thông", "An toàn giao thông"),
])  # fmt: skip
def test_the_senders_name_is_given_by_its_initials(text, shown):
    assert without_name(text, "Nguyễn Văn An") == shown


def test_neither_question_nor_answer_tell_the_name(session, client, login):
    item = make_feedback("answered", sender_name="Lê Thị Kín", title="Lê Thị Kín phản ánh",
                         content="Tôi là LÊ THỊ KÍN, xin hỏi việc này.",
                         answer="Kính gửi bà Lê Thị Kín, xin trả lời.")  # fmt: skip
    focal = login(Role.control_focal_point)
    assert "Kính gửi bà L* T** K**" in focal.get(f"/feedback-desk/{item.id}").text
    focal.post(f"/feedback-desk/{item.id}/publish", data={"is_read": "y"})
    for page in (f"/phan-anh/{item.code}", "/phan-anh/"):
        text = client.get(page).text
        assert "L* T** K**" in text
        assert "thị kín" not in text.lower()


@pytest.mark.parametrize(("typed", "is_found"), [
    ("den duong", True), ("0912", False), ("345678", False), ("kin", False), ("thi kin", False), ("an.kin", False),
    ("den kin", False),
])  # fmt: skip
def test_what_is_masked_cannot_be_found_by_trying(session, client, typed, is_found):
    item = make_feedback("published", sender_name="Lê Thị Kín",
                         title="Đèn đường hỏng, gọi Lê Thị Kín 0912 345 678 hoặc an.kin@example.vn")  # fmt: skip
    assert (item.code in client.get("/phan-anh/", query_string={"q": typed}).text) == is_found
    assert item.code in client.get("/phan-anh/", query_string={"q": item.code}).text
