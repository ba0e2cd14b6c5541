"""What an administrator does for a user: password, lock, sessions."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from werkzeug.security import check_password_hash

from app.clock import now
from app.models import User, UserSetting
from app.permissions import Role
from app.services.user_admin import new_password
from app.services.users import password_message
from tests.clients import make_client
from tests.factories import PASSWORD, make_user

GOOD = "tam thoi 2026"


def settings_of(session, user):
    return session.scalar(sa.select(UserSetting).where(UserSetting.user_id == user.id))


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("act", ["password", "unlock", "end-sessions"])
def test_only_system_administrators_act(session, login, role, act):
    user = make_user(Role.specialist)
    settings_of(session, user).locked_until = now() + timedelta(hours=1)
    session.flush()
    status = login(role).post(f"/admin/users/{user.id}/{act}", data={"password": GOOD}).status_code
    assert (status == 403) == (role is not Role.system_admin)
    changed = {
        "password": not check_password_hash(session.get(User, user.id).password, PASSWORD),
        "unlock": settings_of(session, user).locked_until is None,
        "end-sessions": settings_of(session, user).session_version > 1,
    }
    assert changed[act] == (role is Role.system_admin)


def test_a_temporary_password_is_shown_once_and_must_be_replaced(app, session, login):
    user = make_user(Role.specialist)
    at_work = make_client(app, user)
    assert at_work.get("/password").status_code == 200
    admin = login(Role.system_admin)
    response = admin.post(f"/admin/users/{user.id}/password", data={"password": GOOD})
    assert GOOD in response.text
    assert GOOD not in admin.get(f"/admin/users/{user.id}").text
    assert settings_of(session, user).must_change_password
    assert at_work.get("/password").status_code == 302  # his session has ended


@pytest.mark.parametrize("bad", ["", "short1", "onlyletterslong", "1234567890123"])
def test_a_weak_password_is_refused_with_the_rule(session, login, bad):
    user = make_user(Role.specialist)
    admin = login(Role.system_admin)
    response = admin.post(f"/admin/users/{user.id}/password", data={"password": bad})
    assert response.status_code == 422
    assert "field-error" in response.text
    assert check_password_hash(session.get(User, user.id).password, PASSWORD)


def test_suggested_passwords_keep_the_rules_and_differ():
    made = {new_password() for _i in range(50)}
    assert len(made) == 50
    assert all(password_message(password) is None for password in made)


def test_the_list_finds_without_diacritics_and_costs_the_same(session, login, count_queries):
    admin, costs = login(Role.system_admin), []
    make_user(Role.specialist, first_name="Đặng Thị", last_name="Hương")
    for _round in range(2):
        admin.get("/admin/users/")
        with count_queries() as seen:
            admin.get("/admin/users/")
        costs.append(len(seen))
        for _i in range(10):
            make_user(Role.clerk)
    assert costs[0] == costs[1]
    text = admin.get("/admin/users/?q=dang thi huong").text
    assert "Hương" in text
    assert text.count("data-row-href") == 1


@pytest.mark.parametrize("path", ["/admin/users/0", "/admin/users/99999999999999999999"])
def test_absent_users_are_not_found(login, path):
    admin = login(Role.system_admin)
    assert admin.get(path).status_code == 404
    assert admin.post(f"{path}/unlock").status_code == 404
    assert admin.post(f"{path}/password", data={"password": GOOD}).status_code == 404


def test_absurd_cursors_are_answered(login):
    admin = login(Role.system_admin)
    for query in ("after=x", "after=-1", "after=99999999999999", "q=%00%25", "q=" + "a" * 5000):
        assert admin.get(f"/admin/users/?{query}").status_code == 200
