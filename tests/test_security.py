"""Signing in: lock-out, limits, sessions and tokens that end, tokens against forgery, headers."""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from flask_babel import force_locale
from flask_jwt_extended import create_access_token, decode_token
from flask_limiter import RateLimitExceeded
from limits import parse
from werkzeug.security import check_password_hash

import config
from app.clock import acting_at, now
from app.history import HistoryEntry
from app.lowcode.refusals import refusal_of
from app.models import EndedSession, User, UserSetting
from app.permissions import Role
from app.services.guesses import LOCK_MINUTES
from app.services.users import MAX_FAILURES, password_message
from tests.clients import Client, make_client
from tests.factories import PASSWORD, make_position, make_user
from tests.wording import vi

NEW = "mat khau moi 456"


def _sign_in(client, user, password=PASSWORD, **kwargs):
    return client.post("/login/", data={"username": user.username, "password": password}, **kwargs)


def _refused():
    return vi("The user name or the password is not right. After %(count)d wrong passwords in a row, nobody can sign "
              "in under that name for %(minutes)d minutes.", count=MAX_FAILURES, minutes=LOCK_MINUTES)  # fmt: skip


def _is_in(client):
    return client.get("/sector/list/").status_code == 200


@pytest.fixture
def user(session):
    return make_user(Role.catalog_admin)


def test_the_right_password_opens_and_is_written_down(session, client, user):
    answer = _sign_in(client, user)
    assert (answer.status_code, answer.location) == (302, "/admin/")
    assert _is_in(client)
    actions = session.scalars(sa.select(HistoryEntry.action).where(HistoryEntry.aggregate == "ab_user"))
    assert "login" in list(actions)


@pytest.mark.parametrize(("roles", "home"), [
    ([Role.catalog_admin], "/admin/"), ([Role.system_admin, Role.catalog_admin], "/admin/"),
    ([Role.catalog_admin, Role.specialist], "/work"), ([Role.auditor], "/work"), ([Role.citizen], "/my"),
])  # fmt: skip
def test_the_day_begins_where_the_work_is(session, client, roles, home):
    user, *others = make_user(roles[0]), *roles[1:]
    for role in others:
        make_position(user, role)
    session.commit()
    assert _sign_in(client, user).location == home


def test_the_user_name_counts_without_case_and_spaces(client, user):
    answer = client.post("/login/", data={"username": f" {user.username.upper()} ", "password": PASSWORD})
    assert answer.status_code == 302


@pytest.mark.parametrize(
    ("name", "password"), [("nobody", PASSWORD), ("", PASSWORD), (None, "sai-mat-khau"), (None, "")]
)
def test_a_wrong_pair_is_refused_without_telling_which(client, user, name, password):
    answer = client.post(
        "/login/", data={"username": user.username if name is None else name, "password": password}
    )
    assert answer.status_code in (200, 401)
    assert not _is_in(client)
    if name != "" and password:
        assert _refused() in answer.text
        assert password not in answer.text


def test_an_inactive_user_stays_out_and_an_open_session_ends(session, client, user):
    _sign_in(client, user)
    session.get(User, user.id).active = False
    session.flush()
    assert not _is_in(client)
    assert _sign_in(client, user).status_code == 401


def test_the_account_locks_after_repeated_failures_and_opens_again(session, app, user):
    client = make_client(app)
    for _number in range(MAX_FAILURES):
        assert _sign_in(client, user, "wrong").status_code == 401
    with acting_at(now() + timedelta(minutes=LOCK_MINUTES - 1)):
        assert _sign_in(make_client(app), user).status_code == 401
    with acting_at(now() + timedelta(minutes=LOCK_MINUTES + 1)):
        assert _sign_in(make_client(app), user).status_code == 302
    failures = sa.select(sa.func.count()).where(HistoryEntry.action == "login_failed")
    assert session.scalar(failures) == MAX_FAILURES


def _answer(app, username, password):
    """What a guess is answered: status, and the page without what was typed and what is new in each."""
    client = make_client(app)
    answer = client.post("/login/", data={"username": username, "password": password})
    page = re.sub(r'nonce="[^"]*"|name="csrf[_-]token"[^>]*', "", answer.text.replace(username, ""))
    api = client.post("/api/v1/security/login", json={"username": username, "password": password})
    return answer.status_code, page, api.status_code, api.json


def test_no_answer_tells_whether_anybody_has_a_name(session, app, user):
    away, closed = make_user(Role.specialist), make_user(Role.specialist)
    away.active = False
    closed.password = None
    session.flush()
    expected = _answer(app, "khong.ai.ca", "wrong")
    assert _refused() in expected[1]
    for _number in range(MAX_FAILURES + 1):
        assert _answer(app, user.username, "wrong") == expected
    assert _answer(app, user.username, PASSWORD) == expected  # locked: the right one is answered alike
    for one in (away, closed):
        assert _answer(app, one.username, PASSWORD) == expected


def test_every_refused_guess_costs_one_hash(session, app, user, monkeypatch):
    tried = []

    def check(stored, password):
        tried.append(password)
        return check_password_hash(stored, password)

    monkeypatch.setattr("app.services.users.check_password_hash", check)
    for name in ("khong.ai.ca", *[user.username] * (MAX_FAILURES + 1)):
        make_client(app).post("/login/", data={"username": name, "password": "wrong"})
    assert len(tried) == MAX_FAILURES + 2


@pytest.mark.parametrize("is_known", [True, False])
def test_a_name_is_guessed_at_only_so_often_from_all_addresses_together(app, user, monkeypatch, is_known):
    monkeypatch.setattr(app.appbuilder.sm.limiter, "enabled", True)
    name = user.username if is_known else f"khong.ai.{user.id}"
    data = {"username": name, "password": "wrong"}
    statuses = [make_client(app).post("/login/", data=data, environ_base={"REMOTE_ADDR": f"192.0.2.{n}"}).status_code
                for n in range(22)]  # fmt: skip
    assert statuses == [401] * 20 + [429] * 2
    api = make_client(app).post("/api/v1/security/login", json=data | {"username": name.upper()})
    assert (api.status_code, api.mimetype) == (429, "application/problem+json")
    other = make_user(Role.specialist)
    assert _sign_in(make_client(app), other).status_code == 302


@pytest.mark.parametrize(("language", "text"), [
    ("vi", "Quá nhiều lần thử. Hãy chờ một lát."), ("en", "Too many attempts. Please wait a moment.")])
def test_who_sends_too_much_from_one_address_is_told_so_in_his_language(app, language, text):
    limit = SimpleNamespace(limit=parse("20/minute"), error_message=None)
    with app.test_request_context("/api/v1/security/login"), force_locale(language):
        answer = refusal_of(RateLimitExceeded(limit))
    assert (answer.status_code, answer.json["detail"]) == (429, text)


def test_a_success_forgets_earlier_failures(session, app, user):
    for _round in range(3):
        for _number in range(MAX_FAILURES - 1):
            _sign_in(make_client(app), user, "wrong")
        assert _sign_in(make_client(app), user).status_code == 302


def test_the_lock_also_closes_the_api(session, app, user):
    client = make_client(app)
    body = {"username": user.username, "provider": "db"}
    for _number in range(MAX_FAILURES):
        assert client.post("/api/v1/security/login", json=body | {"password": "wrong"}).status_code == 401
    assert client.post("/api/v1/security/login", json=body | {"password": PASSWORD}).status_code == 401


@pytest.mark.parametrize("path", ["/login/", "/api/v1/security/login"])
def test_an_address_may_try_only_so_often(tmp_path, path):
    from app.extensions import db
    from tests import databases

    url = f"sqlite:///{tmp_path / 'limited.db'}"
    settings = config.load(
        "test",
        RATELIMIT_ENABLED=True,
        AUTH_RATE_LIMIT="3 per minute",
        SQLALCHEMY_DATABASE_URI=url,
        SQLALCHEMY_ENGINE_OPTIONS={},
    )
    limited = databases.make_app(settings)
    try:
        client = make_client(limited)
        body = {"username": "nobody", "password": "wrong", "provider": "db"}
        given = {"json": body} if "api" in path else {"data": body}
        answers = [client.post(path, **given) for _number in range(5)]
        assert [one.status_code for one in answers] == [401, 401, 401, 429, 429]
        assert all(1 <= int(one.headers["Retry-After"]) <= 61 for one in answers[3:])
        assert client.get("/login/").status_code == 200
    finally:
        with limited.app_context():
            db.engine.dispose()


@pytest.mark.parametrize("path", ["/login/", "/logout", "/logout/everywhere", "/password", "/preferences"])
def test_forms_without_the_token_are_refused(session, app, user, path):
    client = make_client(app, None if path == "/login/" else user)
    before = _is_in(client)
    answer = client.post(path, data={"username": user.username, "password": PASSWORD}, csrf=False)
    assert answer.status_code == 400
    assert _is_in(client) == before


def test_a_token_of_another_session_is_refused(app, user):
    mine, other = make_client(app, user), make_client(app)
    with other.session_transaction() as kept:
        kept["csrf_token"] = "another"
    answer = mine.post("/sector/add", data={"code": "x"}, headers={"X-CSRFToken": other.token()}, csrf=False)
    assert answer.status_code == 400


def test_a_login_does_not_keep_a_session_made_before_it(client, user):
    client.token()
    with client.session_transaction() as kept:
        kept["planted"] = "by somebody else"
        kept["locale"] = "en"
    _sign_in(client, user)
    with client.session_transaction() as kept:
        assert "planted" not in kept
        assert kept["locale"] == "en"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "https://localhost@evil.example",
        "evil.example/x",
        "/\t/evil.example",
        "/\n/evil.example",
        "",
    ],
)
def test_no_address_of_another_site_is_gone_to(client, user, target):
    answer = client.post(
        "/login/",
        query_string={"next": target},
        data={"username": user.username, "password": PASSWORD},
    )
    assert answer.location == "/admin/"
    back = client.post("/preferences", data={"locale": "vi", "next": target})
    assert back.location == "/"


def test_one_goes_on_where_one_wanted_to(client, user):
    asked = client.get("/sector/list/?q=ho")
    answer = client.post(asked.location, data={"username": user.username, "password": PASSWORD})
    assert answer.location == "/sector/list/?q=ho"


def test_logging_out_ends_the_session(client, user):
    _sign_in(client, user)
    assert client.get("/logout").status_code == 405
    assert client.post("/logout").status_code == 302
    assert not _is_in(client)


def _cookie(client):
    return client.get_cookie("motcua").value


def _with_cookie(app, value):
    thief = make_client(app)
    thief.set_cookie("motcua", value)
    return thief


def test_a_copied_cookie_is_worth_nothing_after_logging_out(session, app, user):
    here, there = make_client(app), make_client(app)
    _sign_in(here, user)
    _sign_in(there, user)
    copied = _cookie(here)
    assert _is_in(_with_cookie(app, copied))
    here.post("/logout")
    thief = _with_cookie(app, copied)
    assert not _is_in(thief)
    thief.get("/healthz")  # renews the cookie of whatever session there is
    assert not _is_in(thief)
    assert thief.post("/logout").status_code == 302
    assert _is_in(there)
    logouts = sa.select(sa.func.count()).where(HistoryEntry.action == "logout")
    assert session.scalar(logouts) == 1


def test_logging_out_everywhere_ends_every_device_and_token_of_this_user_only(session, app, user):
    here, there, other = make_client(app), make_client(app), make_client(app, make_user(Role.catalog_admin))
    _sign_in(here, user)
    _sign_in(there, user)
    copied = _cookie(here)
    body = {"username": user.username, "password": PASSWORD, "provider": "db"}
    bearer = {"Authorization": f"Bearer {there.post('/api/v1/security/login', json=body).json['access_token']}"}
    assert make_client(app).get("/api/v1/sector/", headers=bearer).status_code == 200
    assert vi("Log out on all devices") in here.get("/password").text
    assert here.post("/logout/everywhere").status_code == 302
    assert [_is_in(one) for one in (here, there, _with_cookie(app, copied), other)] == [False, False, False, True]
    assert make_client(app).get("/api/v1/sector/", headers=bearer).status_code == 401
    assert _sign_in(there, user).status_code == 302
    assert _is_in(there)


def test_the_password_is_not_guessed_at_from_an_open_session(app, user, monkeypatch):
    client = make_client(app)
    _sign_in(client, user)
    monkeypatch.setattr(app.appbuilder.sm.limiter, "enabled", True)
    statuses = []
    for n in range(21):
        data = {"current": f"sai {n}", "password": NEW, "again": NEW}
        there = {"REMOTE_ADDR": f"192.0.2.{n}"}
        statuses.append(client.post("/password", data=data, environ_base=there).status_code)
    assert statuses == [422] * 20 + [429]
    assert _change(client).status_code == 429
    assert _sign_in(make_client(app), user).status_code == 302  # counted apart: other devices are not shut out


def test_a_session_of_an_account_put_out_does_not_live_again_with_it(session, app, user):
    client = make_client(app)
    _sign_in(client, user)
    for is_active in (False, True):
        session.get(User, user.id).active = is_active
        session.flush()
        assert not _is_in(client)
    assert _sign_in(client, user).status_code == 302
    assert _is_in(client)


@pytest.mark.parametrize("broken", [{"until": 1}, {"key": None}, {"key": ""}])
def test_a_session_without_a_key_or_past_its_time_opens_nothing(app, user, broken):
    client = make_client(app)
    _sign_in(client, user)
    with client.session_transaction() as kept:
        kept.update(broken)
    assert not _is_in(client)


def test_ended_sessions_are_forgotten_once_their_cookies_ran_out(session, app, user):
    for days in range(2):
        with acting_at(now() + timedelta(days=days)):
            client = make_client(app)
            _sign_in(client, user)
            client.post("/logout")
    assert session.scalar(sa.select(sa.func.count()).select_from(EndedSession)) == 1


def _change(client, current=PASSWORD, new=NEW, again=None):
    data = {"current": current, "password": new, "again": new if again is None else again}
    return client.post("/password", data=data)


def test_a_new_password_asks_the_old_one_and_ends_every_other_session(session, app, user):
    first, second = make_client(app), make_client(app)
    _sign_in(first, user)
    _sign_in(second, user)
    assert _change(first, current="wrong").status_code == 422
    assert _change(first, again="different").status_code == 422
    assert _is_in(second)
    assert _change(first).status_code == 302
    assert _is_in(first)
    assert not _is_in(second)
    assert _sign_in(make_client(app), user).status_code == 401
    assert _sign_in(make_client(app), user, NEW).status_code == 302


@pytest.mark.parametrize("password", ["short1", "onlyletters", "1234567890123", "user", "", " " * 12])
def test_weak_passwords_are_refused(app, user, password):
    client = make_client(app, user)
    assert _change(client, new=password).status_code == 422
    assert _sign_in(make_client(app), user).status_code == 302


def test_a_password_does_not_hold_the_user_name():
    assert password_message("hoa.nguyen2026", "hoa.nguyen") is not None
    assert password_message("mat khau tot 1", "hoa.nguyen") is None


def test_a_new_password_ends_tokens_too(session, app, user):
    client = make_client(app)
    body = {"username": user.username, "password": PASSWORD, "provider": "db", "refresh": True}
    tokens = client.post("/api/v1/security/login", json=body).json
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    refresh = {"Authorization": f"Bearer {tokens['refresh_token']}"}
    assert client.get("/api/v1/sector/", headers=bearer).status_code == 200
    assert client.post("/api/v1/security/refresh", headers=refresh).status_code == 200
    settings = session.scalars(sa.select(UserSetting).where(UserSetting.user_id == user.id)).one()
    settings.session_version += 1
    session.flush()
    assert client.get("/api/v1/sector/", headers=bearer).status_code == 401
    assert client.post("/api/v1/security/refresh", headers=refresh).status_code == 401


def test_a_token_of_a_user_put_out_is_worth_nothing(session, app, user):
    with app.test_request_context():
        token = create_access_token(identity=str(user.id))
        assert decode_token(token)["sv"] == 1
    bearer = {"Authorization": f"Bearer {token}"}
    client = make_client(app)
    assert client.get("/api/v1/sector/", headers=bearer).status_code == 200
    session.get(User, user.id).active = False
    session.flush()
    assert client.get("/api/v1/sector/", headers=bearer).status_code == 401


def test_rights_follow_the_posts_at_once(session, app, user):
    client = make_client(app, user)
    assert client.get("/sector/add").status_code == 200
    from app.models import OfficerPosition

    post = session.scalars(sa.select(OfficerPosition).where(OfficerPosition.user_id == user.id)).one()
    post.valid_to = post.valid_from
    session.flush()
    assert client.get("/sector/list/").status_code == 403
    make_position(user, Role.clerk)
    assert client.get("/sector/list/").status_code == 200
    refused = client.get("/sector/add")
    assert refused.status_code == 403
    words = refused.text.split("error-text", 1)[1].split("</p>", 1)[0]
    asked = ("Catalog administrator", "Clerk", "System administrator", "Specialist")
    assert [role for role in asked if vi(role) in words] == [*asked[:3]], "which opens it, one's own, who gives it"


HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
}


@pytest.mark.parametrize("path", ["/", "/login/", "/nothing-here", "/api/v1/sector/", "/sector/list/"])
def test_every_answer_carries_the_protective_headers(client, path):
    answer = client.get(path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    policy = answer.headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in policy
    assert "'unsafe-eval'" not in policy
    for part in (
        "default-src 'self'",
        "object-src 'none'",
        "frame-ancestors 'self'",
        "base-uri 'self'",
    ):
        assert part in policy
    assert answer.headers["X-Request-Id"]


def test_pages_of_a_session_are_not_stored(app, user):
    assert make_client(app, user).get("/sector/list/").headers["Cache-Control"] == "no-store"


def test_the_nonce_is_new_every_time_and_the_scripts_have_it(client):
    import re

    pages = [client.get("/login/") for _number in range(2)]
    nonces = [re.search(r"'nonce-([^']+)'", p.headers["Content-Security-Policy"])[1] for p in pages]
    assert nonces[0] != nonces[1]
    for page, nonce in zip(pages, nonces, strict=True):
        for tag in re.findall(r"<script[^>]*>", page.text):
            assert f'nonce="{nonce}"' in tag
        assert " style=" not in page.text
        assert not re.search(r"<[^>]+ on[a-z]+=", page.text)


def test_the_session_cookie_is_guarded(app, user):
    answer = _sign_in(make_client(app), user)
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("motcua="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_nothing_of_the_framework_s_own_pages_is_served(client):
    for path in (
        "/users/list/",
        "/roles/list/",
        "/static/appbuilder/css/bootstrap.min.css",
        "/swagger/v1",
        "/api/v1/security/users/",
        "/register/form",
        "/login/google",
        "/resetpassword/form",
    ):
        assert client.get(path).status_code in (302, 404), path
        assert "appbuilder" not in (client.get(path).location or "")
    assert isinstance(client, Client)
