"""Wrong passwords for one name: what opens it again, whom they do not keep out, and what is said meanwhile."""

import pytest
from limits import WindowStats
from limits.strategies import FixedWindowRateLimiter

from app.permissions import Role
from app.services import guesses
from app.services.users import set_password, unlock_user
from tests.clients import make_client
from tests.factories import PASSWORD, make_user

NEW = "mat khau moi 456"


def _sign_in(client, user, password=PASSWORD, **kwargs):
    return client.post("/login/", data={"username": user.username, "password": password}, **kwargs)


@pytest.fixture
def user(session):
    return make_user(Role.catalog_admin)


@pytest.fixture
def guessed(app, user, monkeypatch):
    """The user's name after as many wrong passwords as are looked at."""
    monkeypatch.setattr(app.appbuilder.sm.limiter, "enabled", True)
    for n in range(20):
        there = {"REMOTE_ADDR": f"192.0.2.{n}"}
        assert _sign_in(make_client(app), user, "wrong", environ_base=there).status_code == 401
    assert _sign_in(make_client(app), user).status_code == 429
    return user


@pytest.mark.parametrize("act", ["unlock", "temporary", "own"])
def test_unlocking_and_a_new_password_open_a_name_that_was_guessed_at(session, app, guessed, act):
    for _n in range(20):
        guesses.count(guesses.at_change(guessed.id))
    if act == "unlock":
        unlock_user(session, guessed)
    else:
        set_password(session, guessed, NEW, is_temporary=act == "temporary")
    session.flush()
    assert guesses.seconds_shut(guesses.at_change(guessed.id)) == 0
    assert _sign_in(make_client(app), guessed, PASSWORD if act == "unlock" else NEW).status_code == 302


def test_the_owner_changes_his_password_while_others_guess_at_his_name(app, user, monkeypatch):
    client = make_client(app)
    _sign_in(client, user)
    monkeypatch.setattr(app.appbuilder.sm.limiter, "enabled", True)
    for _n in range(20):
        guesses.count(guesses.at_sign_in(user.username))
    data = {"current": PASSWORD, "password": NEW, "again": NEW}
    assert client.post("/password", data=data).status_code == 302


@pytest.mark.parametrize("is_known", [True, False])
def test_who_must_wait_is_told_for_how_long(app, user, monkeypatch, is_known):
    monkeypatch.setattr(app.appbuilder.sm.limiter, "enabled", True)
    monkeypatch.setattr("app.services.rates.time", lambda: 1000)
    stats = WindowStats(1000 + 7 * 60 - 1, 0)
    monkeypatch.setattr(FixedWindowRateLimiter, "get_window_stats", lambda *_all: stats)
    name = user.username if is_known else f"khong.ai.{user.id}"
    for _n in range(20):
        guesses.count(guesses.at_sign_in(name))
    page = make_client(app).post("/login/", data={"username": name, "password": PASSWORD})
    api = make_client(app).post("/api/v1/security/login", json={"username": name, "password": PASSWORD})
    said = "Sai mật khẩu quá nhiều lần. Bạn hãy đợi 7 phút rồi thử lại."
    assert said in page.text
    assert api.json["detail"] == said
    assert [(one.status_code, one.headers["Retry-After"]) for one in (page, api)] == [(429, "419")] * 2
