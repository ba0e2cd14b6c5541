"""Notices: one's own only, read by opening or all at once; for officers and applicants."""

import pytest
import sqlalchemy as sa

from app.extensions import db
from app.models import Notice
from app.permissions import Role
from tests import factories


def notice(user, title="Hồ sơ đã được tiếp nhận", **given):
    row = Notice(
        **{"user_id": user.id, "key": str(factories.number()), "title": title, "body": "Nội dung"}
        | given
    )
    db.session.add(row)
    db.session.flush()
    return row


@pytest.mark.parametrize("role", [Role.citizen, Role.desk_officer])
def test_everyone_sees_his_own_notices(login, session, role):
    user = factories.make_user(role)
    notice(user)
    notice(factories.make_user(role), title="Của người khác")
    html = login(user).get("/notices/").text
    assert "Hồ sơ đã được tiếp nhận" in html
    assert "Của người khác" not in html


def test_a_visitor_has_none(client):
    assert client.get("/notices/").location.startswith("/login/")


def test_opening_marks_read_and_anothers_is_unknown(login, session):
    user = factories.make_user(Role.citizen)
    mine, other = notice(user), notice(factories.make_user(Role.citizen))
    me = login(user)
    assert me.post(f"/notices/{mine.id}/open").location == "/notices/"
    me.post(f"/notices/{other.id}/open")
    db.session.refresh(mine)
    db.session.refresh(other)
    assert mine.read_at is not None
    assert other.read_at is None


def test_all_can_be_marked_read(login, session):
    user = factories.make_user(Role.citizen)
    other = notice(factories.make_user(Role.citizen))
    for _ in range(3):
        notice(user)
    me = login(user)
    me.post("/notices/read")
    assert db.session.scalars(sa.select(Notice.id).where(Notice.read_at.is_(None))).all() == [
        other.id
    ]
    assert "Hồ sơ đã được tiếp nhận" not in me.get("/notices/?chua-doc=1").text


def test_a_script_in_a_notice_is_text(login, session):
    user = factories.make_user(Role.citizen)
    notice(user, title="<script>alert(1)</script>")
    assert "<script>alert(1)" not in login(user).get("/notices/").text


def test_absurd_pages_show_a_page(login, session):
    me = login(Role.citizen)
    for page in ("0", "-5", "x", "9" * 30):
        assert me.get(f"/notices/?trang={page}").status_code == 200


def test_many_notices_cost_as_little_as_one(login, session, count_queries):
    user = factories.make_user(Role.citizen)
    for _ in range(40):
        notice(user)
    with count_queries() as seen:
        assert login(user).get("/notices/").status_code == 200
    assert len(seen) <= 16
