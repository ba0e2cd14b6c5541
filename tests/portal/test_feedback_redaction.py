"""Before feedback is published an officer reads it and hides what names other people; nothing is written anew."""

import pytest
import sqlalchemy as sa

from app.history import HistoryEntry
from app.permissions import Role
from app.services.feedback_redaction import only_hides
from tests.portal.records import make_feedback
from tests.wording import vi

SAID = "Anh Hùng ở số 5 Lê Lợi\nnói tôi phải chờ."


def item_of(**given):
    return make_feedback("answered", sender_name="Lê Thị Kín", title="Thái độ của anh Hùng", content=SAID,
                         answer="Đã nhắc nhở ông Hùng.", **given)  # fmt: skip


@pytest.mark.parametrize(("after", "holds"), [
    (SAID, True), ("Anh ••• ở •••\nnói tôi phải chờ.", True), ("•••", True), ("••• nói tôi phải chờ.", False),
    ("•••nói tôi phải chờ.", True), ("Anh Hùng•••", True), ("", False), ("Anh Hùng", False),
    ("Anh ••• tử tế ••• chờ.", False), (f"{SAID} Cảm ơn.", False), (f"{SAID}•••", True), ("••• tôi ••• nói •••", False),
    ("Anh Hùng ở số 5 Lê Lợi\nnói tôi phải chờ.•••chờ.", False),
])  # fmt: skip
def test_a_text_may_only_lose_parts(after, holds):
    assert only_hides(SAID, after) is holds


def test_nothing_is_published_unread(session, login):
    item, focal = item_of(), login(Role.control_focal_point)
    page = focal.get(f"/feedback-desk/{item.id}").text
    assert vi("Content as published") in page
    hidden = {"public_content": "Anh ••• ở •••\r\nnói tôi phải chờ."}
    answer = focal.post(f"/feedback-desk/{item.id}/publish", data=hidden)
    assert answer.status_code == 422
    assert "Anh ••• ở •••" in answer.text  # what was typed stays
    session.refresh(item)
    assert (item.state, item.public_content) == ("answered", None)


def test_what_is_hidden_is_hidden_everywhere_and_the_original_stays(session, client, login):
    item, focal = item_of(), login(Role.control_focal_point)
    hidden = {"public_title": "Thái độ của •••", "public_content": "Anh ••• ở •••\r\nnói tôi phải chờ.",
              "public_answer": "Đã nhắc nhở ông •••.", "is_read": "y"}  # fmt: skip
    assert focal.post(f"/feedback-desk/{item.id}/publish", data=hidden).status_code == 302
    for page in (f"/phan-anh/{item.code}", "/phan-anh/"):
        text = client.get(page).text
        assert "Hùng" not in text
        assert "Thái độ của •••" in text
    assert item.code not in client.get("/phan-anh/?q=hung").text
    assert item.code in client.get("/phan-anh/?q=thai+do").text
    session.refresh(item)
    assert (item.state, item.content) == ("published", SAID)
    entry = session.scalars(sa.select(HistoryEntry).where(
        HistoryEntry.aggregate == "feedback", HistoryEntry.action == "publish")).one()  # fmt: skip
    assert entry.reason == vi("Read for other people’s names before publishing")
    assert entry.changes["public_content"] == [None, "Anh ••• ở •••\nnói tôi phải chờ."]


def test_an_officer_may_not_rewrite_what_the_sender_said(session, login):
    item, focal = item_of(), login(Role.control_focal_point)
    data = {"public_content": "Mọi việc đều tốt.", "is_read": "y"}
    answer = focal.post(f"/feedback-desk/{item.id}/publish", data=data)
    assert (answer.status_code, 'href="#public_content"' in answer.text) == (422, True)
    session.refresh(item)
    assert item.state == "answered"


def test_what_may_not_be_published_is_not_asked_to_be_read(session, login):
    item, focal = item_of(is_public=False), login(Role.control_focal_point)
    assert vi("Content as published") not in focal.get(f"/feedback-desk/{item.id}").text
    assert focal.post(f"/feedback-desk/{item.id}/publish", data={"is_read": "y"}).status_code == 422
