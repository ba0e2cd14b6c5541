"""Officers handling feedback: by role, by area, nothing lost, each reading recorded."""

import pytest
import sqlalchemy as sa

from app.models import Feedback, HistoryEntry, Notice
from app.models.feedback import HANDLERS
from app.permissions import OVERSEERS, Role
from app.workflows.feedback import FEEDBACK
from tests.factories import make_agency, make_tree, make_user
from tests.portal.records import TYPED, make_feedback, vietnam


@pytest.mark.parametrize("role", list(Role))
def test_the_desk_opens_to_its_roles_only(session, login, role):
    item, visitor = make_feedback(), login(role)
    expected = 200 if role in HANDLERS else 403
    addresses = ["/feedback-desk/"]
    # A head of the centre stands beside the commune, not above it.
    addresses += [f"/feedback-desk/{item.id}"] if role is not Role.centre_director else []
    for address in addresses:
        assert visitor.get(address).status_code in (
            {expected} if expected == 200 else {302, 403}
        ), address
    if role not in HANDLERS:
        before = item.state
        visitor.post(f"/feedback-desk/{item.id}/refuse", data={"reason": "x"})
        session.refresh(item)
        assert item.state == before


def test_an_item_of_another_area_does_not_exist_for_one(session, login):
    other = make_agency(parent=make_tree().root)
    visitor = login(Role.agency_head, other)
    item = make_feedback()
    assert visitor.get(f"/feedback-desk/{item.id}").status_code == 404
    assert visitor.post(f"/feedback-desk/{item.id}/answer", data={"answer": "x"}).status_code == 404
    assert item.code not in visitor.get("/feedback-desk/").text


def test_the_whole_way_on_the_desk(session, login):
    item, focal = make_feedback(content="<b>đậm</b>"), login(Role.control_focal_point)
    page = focal.get(f"/feedback-desk/{item.id}").text
    assert "<b>đậm" not in page
    assert "HCM24 Đ14.4" in page
    for step, data in (
        ("accept", {"agency": "H57.SXD"}),
        ("answer", {"answer": "Xin tiếp thu."}),
        ("publish", {"is_read": "y"}),
    ):
        assert focal.post(f"/feedback-desk/{item.id}/{step}", data=data).status_code == 302
    session.refresh(item)
    assert (item.state, item.agency.code, item.answer) == ("published", "H57.SXD", "Xin tiếp thu.")
    assert item.answered_by_name


def test_what_was_typed_is_kept_and_a_stale_move_is_told(session, login):
    item, focal = make_feedback(), login(Role.control_focal_point)
    answer = focal.post(
        f"/feedback-desk/{item.id}/accept", data={"agency": "H99", "reason": "giữ lại"}
    )
    assert answer.status_code == 422
    assert "giữ lại" in answer.text
    focal.post(f"/feedback-desk/{item.id}/refuse", data={"reason": "Không thuộc phạm vi"})
    late = focal.post(f"/feedback-desk/{item.id}/accept", data={}, follow_redirects=True)
    assert "không thực hiện được" in late.text
    assert focal.post(f"/feedback-desk/{item.id}/send").status_code == 404
    other = make_feedback()
    focal.post(f"/feedback-desk/{other.id}/refuse", data={"reason": "ngoài\x00 phạm vi"})
    session.refresh(other)
    assert other.answer == "ngoài phạm vi"
    assert focal.get(f"/feedback-desk/{2**40}").status_code == 404


def test_reading_an_item_is_recorded(session, login):
    item = make_feedback()
    login(Role.control_focal_point).get(f"/feedback-desk/{item.id}")
    query = sa.select(sa.func.count()).select_from(HistoryEntry)
    entries = query.where(
        HistoryEntry.record == "feedback",
        HistoryEntry.record_id == item.id,
        HistoryEntry.action == "read",
    )
    assert session.scalar(entries) == 1


def test_the_desk_officer_enters_what_came_by_telephone(session, login):
    make_tree()
    officer = login(Role.desk_officer)
    typed = TYPED | {"channel": "phone", "arrived_at": "2026-01-05T09:30"}
    answer = officer.post("/feedback-desk/record", data=typed, follow_redirects=True)
    item = session.scalar(sa.select(Feedback))
    assert item.code in answer.text
    assert "8 giờ làm việc" in answer.text
    assert (item.channel, item.received_at) == ("phone", vietnam("2026-01-05T09:30"))
    assert (
        officer.post("/feedback-desk/record", data=typed | {"channel": "portal"}).status_code == 422
    )
    assert (
        officer.post("/feedback-desk/record", data=typed | {"arrived_at": "x"}).status_code == 422
    )
    assert login(Role.specialist).get("/feedback-desk/record").status_code in {302, 403}


def test_a_doubled_click_enters_one_item_and_other_words_another(session, login):
    make_tree()
    officer = login(Role.desk_officer)
    page = officer.get("/feedback-desk/record").text
    assert 'name="key"' in page
    typed = TYPED | {"channel": "phone", "arrived_at": "2026-01-05T09:30"}
    for _time in range(2):
        assert officer.post("/feedback-desk/record", data=typed).status_code == 302
    assert session.scalar(sa.select(sa.func.count(Feedback.id))) == 1
    officer.post("/feedback-desk/record", data=typed | {"content": "Người khác gọi đến, nói một việc khác hẳn."})
    assert session.scalar(sa.select(sa.func.count(Feedback.id))) == 2


@pytest.mark.parametrize("moment", ["0202-01-05T08:00", "0001-01-01T00:00", "9999-12-31T23:59", "1900-01-05T08:00"])
def test_a_slip_in_the_year_is_said_and_nothing_typed_is_lost(session, login, moment):
    make_tree()
    typed = TYPED | {"channel": "phone", "arrived_at": moment}
    answer = login(Role.desk_officer).post("/feedback-desk/record", data=typed)
    assert answer.status_code == 422
    assert TYPED["content"] in answer.text
    assert "error-summary" in answer.text
    assert session.scalar(sa.select(sa.func.count(Feedback.id))) == 0


@pytest.mark.parametrize("rows", [3, 30])
def test_the_desk_costs_the_same_whatever_its_rows(session, login, count_queries, rows):
    for _ in range(rows):
        make_feedback()
    focal = login(Role.control_focal_point)
    with count_queries() as seen:
        assert focal.get("/feedback-desk/").status_code == 200
    assert len(seen) <= 9, seen


def test_overseers_read_the_list_but_do_not_act(session, login):
    item = make_feedback()
    for role in OVERSEERS - HANDLERS:
        assert login(role).get(f"/feedback/show/{item.id}").status_code == 200
        assert login(role).post(f"/feedback-desk/{item.id}/accept").status_code in {302, 403}
        session.refresh(item)
        assert item.state == "received"


@pytest.mark.parametrize("role", sorted(FEEDBACK.find("answer").roles))
def test_whoever_answers_by_the_table_answers_by_the_page(session, login, role):
    tree = make_tree()
    place = tree.desk if role == Role.centre_director else tree.commune
    focal, item = login(Role.control_focal_point), make_feedback()
    visitor = login(Role(role), tree.root if role == Role.control_focal_point else place)
    assert focal.post(f"/feedback-desk/{item.id}/accept", data={"agency": place.code}).status_code == 302
    assert item.code in visitor.get("/feedback-desk/").text
    assert visitor.post(f"/feedback-desk/{item.id}/answer", data={"answer": "Xin tiếp thu."}).status_code == 302
    session.refresh(item)
    assert (item.state, item.answer) == ("answered", "Xin tiếp thu.")


def test_the_director_is_told_of_what_is_said_of_his_centre(session, login):
    centre, item = make_tree().desk, make_feedback()
    director = make_user(Role.centre_director, centre)
    login(Role.control_focal_point).post(f"/feedback-desk/{item.id}/accept", data={"agency": centre.code})
    told = session.scalars(sa.select(Notice.user_id).where(Notice.key.like("feedback:%:accept:centre_director")))
    assert told.all() == [director.id]
