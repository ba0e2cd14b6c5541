"""Access tokens of connected systems: issued once, never more than their owner, ended at once."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import now, today
from app.errors import Invalid
from app.history import HistoryEntry
from app.models import ApiClient, ApiToken, OfficerPosition
from app.permissions import Role, acting_as
from app.services import api_tokens
from app.services.actors import build_actor
from tests.clients import make_client
from tests.factories import make_account, make_agency, make_sector, make_tree, make_user, number
from tests.wording import vi

SECTORS = ["sector:read", "sector:add", "sector:change", "sector:remove"]


def make_api_client(session, owner, **given):
    n = number()
    values = {"code": f"may_{n}", "name": f"Kho dữ liệu {n}", "owner": owner, "agency": make_tree().root}
    row = ApiClient(**values | given)
    session.add(row)
    session.flush()
    return row


def _issue(session, owner, scopes=SECTORS, **given):
    client = make_api_client(session, owner, **given)
    with acting_as(build_actor(session, owner)):
        text = api_tokens.issue(session, client, scopes, today() + timedelta(days=30))
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
def program(app, session):
    """A client that keeps no cookie and sends no CSRF token."""
    return make_client(app)


def test_a_token_works_within_its_scopes(session, program):
    owner = make_user(Role.catalog_admin)
    bearer = _issue(session, owner, ["sector:read", "sector:add"])
    made = program.post("/api/v1/sector/", json={"code": "a", "name": "A"}, headers=bearer, csrf=False)
    assert made.status_code == 201
    path = f"/api/v1/sector/{made.json['id']}"
    assert program.get(path, headers=bearer).status_code == 200
    assert program.put(path, json={"name": "B"}, headers=bearer, csrf=False).status_code == 403
    assert program.delete(path, headers=bearer, csrf=False).status_code == 403
    assert program.get("/api/v1/agency/", headers=bearer).status_code == 403
    assert program.get("/api/v1/_openapi", headers=bearer).status_code == 200
    # The token opens no page, only the API.
    assert program.get("/sector/list/", headers=bearer).status_code in (302, 401, 403)


def test_the_history_names_person_and_program(session, program):
    owner = make_user(Role.catalog_admin)
    bearer = _issue(session, owner)
    program.post("/api/v1/sector/", json={"code": "a", "name": "A"}, headers=bearer, csrf=False)
    entry = session.scalars(sa.select(HistoryEntry).where(HistoryEntry.record == "sector")).one()
    client = session.scalars(sa.select(ApiClient)).one()
    assert entry.actor_id == owner.id
    assert owner.get_full_name() in entry.actor_name
    assert client.name in entry.actor_name


def test_a_token_never_does_more_than_its_owner_now(session, program):
    owner = make_user(Role.catalog_admin)
    bearer = _issue(session, owner)
    post = session.scalars(sa.select(OfficerPosition).where(OfficerPosition.user_id == owner.id)).one()
    post.valid_to = today() - timedelta(days=1)
    assert program.get("/api/v1/sector/", headers=bearer).status_code == 403
    post.valid_to, post.role = None, Role.clerk
    assert program.get("/api/v1/sector/", headers=bearer).status_code == 200
    body = {"code": "a", "name": "A"}
    assert program.post("/api/v1/sector/", json=body, headers=bearer, csrf=False).status_code == 403
    owner.active = False
    assert program.get("/api/v1/sector/", headers=bearer).status_code == 401


def test_row_rules_are_those_of_the_owner(session, program):
    make_account()
    owner = make_user(Role.desk_officer, make_agency(parent=make_tree().commune))
    bearer = _issue(session, owner, ["account:read"])
    assert program.get("/api/v1/account/", headers=bearer).json["count"] == 0


@pytest.mark.parametrize("end", ["revoked", "expired", "client", "address", "forged"])
def test_a_token_that_ended_opens_nothing(session, program, end):
    bearer = _issue(session, make_user(Role.catalog_admin), addresses="10.0.0.0/8" if end == "address" else None)
    token = session.scalars(sa.select(ApiToken)).one()
    if end == "revoked":
        api_tokens.revoke(session, token.id)
    elif end == "expired":
        token.expires_on = today() - timedelta(days=1)
    elif end == "client":
        token.client.is_active = False
    elif end == "forged":
        bearer = {"Authorization": bearer["Authorization"][:-1] + "\u00e9".encode().decode("latin-1")}
    answer = program.get("/api/v1/sector/", headers=bearer)
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")


def test_addresses_are_single_or_networks(session):
    client = make_api_client(session, make_user(Role.clerk), addresses="10.1.0.0/16\n2001:db8::/32\n192.0.2.7")
    inside = ("10.1.2.3", "2001:db8::5", "192.0.2.7")
    assert all(client.accepts(one) for one in inside)
    assert not any(client.accepts(one) for one in ("10.2.0.1", "192.0.2.8", "::1", None, "x"))
    for wrong in ("10.0.0.300", "host", "10.0.0.0/33"):
        client.addresses = wrong
        with pytest.raises(Invalid):
            client.check(None)


def test_only_the_hash_of_a_token_is_kept(session):
    bearer = _issue(session, make_user(Role.catalog_admin))
    text = bearer["Authorization"].removeprefix("Bearer ")
    row = session.scalars(sa.select(ApiToken)).one()
    assert len(text) > 40
    assert text.startswith(row.prefix)
    assert text not in str([getattr(row, column.key) for column in sa.inspect(ApiToken).column_attrs])
    entries = session.scalars(sa.select(HistoryEntry).where(HistoryEntry.record == "api_token"))
    told = str([entry.changes for entry in entries])
    assert text not in told
    assert row.key_hash not in told


def test_use_is_noted_once_a_minute(session, program):
    bearer = _issue(session, make_user(Role.catalog_admin))
    program.get("/api/v1/sector/", headers=bearer)
    token = session.scalars(sa.select(ApiToken)).one()
    first = token.last_used_at
    assert first is not None
    program.get("/api/v1/sector/", headers=bearer)
    session.refresh(token)
    assert token.last_used_at == first
    token.last_used_at = now() - timedelta(minutes=2)
    program.get("/api/v1/sector/", headers=bearer)
    session.refresh(token)
    assert token.last_used_at > first - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("scopes", "days", "field"),
    [
        ([], 30, "scopes"),
        (["user:change"], 30, "scopes"),
        (["sector:eat"], 30, "scopes"),
        (SECTORS, None, "expires_on"),
        (SECTORS, -1, "expires_on"),
        (SECTORS, 366, "expires_on"),
    ],
)
def test_a_token_needs_scopes_of_its_owner_and_an_end(session, scopes, days, field):
    client = make_api_client(session, make_user(Role.catalog_admin))
    end = None if days is None else today() + timedelta(days=days)
    with pytest.raises(Invalid) as refused:
        api_tokens.issue(session, client, scopes, end)
    assert set(refused.value.fields) == {field}
    assert session.scalar(sa.select(sa.func.count()).select_from(ApiToken)) == 0


def test_an_administrator_issues_and_revokes_in_the_browser(session, login, program):
    client = make_api_client(session, make_user(Role.catalog_admin))
    admin = login(Role.system_admin)
    page = f"/admin/api-tokens/{client.id}"
    assert client.name in admin.get("/admin/api-tokens/").text
    form = {"scope": SECTORS, "expires_on": (today() + timedelta(days=90)).isoformat()}
    answer = admin.post(f"{page}/issue", data=form)
    text = answer.text.partition('<code class="token">')[2].partition("</code>")[0]
    assert text.startswith("mc_")
    assert text not in admin.get(page).text
    bearer = {"Authorization": f"Bearer {text}"}
    token = session.scalars(sa.select(ApiToken)).one()
    assert program.get("/api/v1/sector/", headers=bearer).status_code == 401
    login(client.owner).post(f"/account/api-tokens/{token.id}/confirm")
    assert program.get("/api/v1/sector/", headers=bearer).status_code == 200
    for _again in "12":
        assert admin.post(f"/admin/api-tokens/token/{token.id}/revoke").status_code == 302
    assert program.get("/api/v1/sector/", headers=bearer).status_code == 401
    refused = admin.post(f"{page}/issue", data={"scope": "sector:read", "expires_on": "rubbish"})
    assert refused.status_code == 422
    assert 'value="sector:read" aria-label' in refused.text
    assert "checked" in refused.text
    for gone in ("/admin/api-tokens/999999", "/admin/api-tokens/999999/issue"):
        assert admin.post(gone, data=form).status_code in (404, 405)
    assert admin.post("/admin/api-tokens/token/999999/revoke").status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.system_admin])
def test_others_neither_see_nor_issue_tokens(session, login, role):
    client = make_api_client(session, make_user(Role.catalog_admin))
    other = login(role)
    for answer in (other.get("/admin/api-tokens/"), other.get(f"/admin/api-tokens/{client.id}"),
                   other.post(f"/admin/api-tokens/{client.id}/issue"),
                   other.post("/admin/api-tokens/token/1/revoke")):  # fmt: skip
        assert answer.status_code in (302, 403)
    assert session.scalar(sa.select(sa.func.count()).select_from(ApiToken)) == 0


@pytest.mark.parametrize(("form", "status", "words"), [
    ({"tokens": "1"}, 401, " Đã thu hồi 1 mã truy cập."), ({}, 200, "")])  # fmt: skip
def test_logging_out_everywhere_ends_the_tokens_on_the_account_where_that_is_ticked(
    session, app, program, form, status, words
):  # fmt: skip
    owner = make_user(Role.catalog_admin)
    bearer, others = _issue(session, owner), _issue(session, make_user(Role.catalog_admin))
    session.commit()
    client = make_client(app, owner)
    page = client.get("/password").text
    assert re.search(r'<input[^>]*name="tokens"[^>]* checked>', page)
    client.post("/logout/everywhere", data=form)
    assert f"{vi('You are logged out on all devices.')}{words}" in client.get("/").text
    assert program.get("/api/v1/sector/", headers=bearer).status_code == status
    assert program.get("/api/v1/sector/", headers=others).status_code == 200
    told = sa.select(HistoryEntry.record, HistoryEntry.actor_id).where(
        HistoryEntry.reason == vi("Log out on all devices")
    )
    assert session.execute(told).all() == ([("api_token", owner.id)] if form else [])
    logouts = sa.select(HistoryEntry.record_id).where(HistoryEntry.action == "logout_everywhere")
    assert session.scalars(logouts).all() == [owner.id]


def test_a_program_is_told_how_many_seconds_are_left_of_the_minute(session, app, program, monkeypatch):
    bearer = _issue(session, make_user(Role.catalog_admin), per_minute=1)
    monkeypatch.setattr(app.appbuilder.sm.limiter, "enabled", True)
    monkeypatch.setattr("app.services.rates.seconds_left", lambda *_place: 17)
    answers = [program.get("/api/v1/sector/", headers=bearer) for _ in range(3)]
    assert answers[-1].headers["Retry-After"] == "17"


def test_a_program_that_asks_too_often_waits(session, app, program, monkeypatch):
    limiter = app.appbuilder.sm.limiter
    bearer = _issue(session, make_user(Role.catalog_admin), per_minute=3)
    monkeypatch.setattr(limiter, "enabled", True)
    statuses = [program.get("/api/v1/sector/", headers=bearer).status_code for _ in range(5)]
    assert 200 in statuses
    assert statuses[-1] == 429
    answer = program.get("/api/v1/sector/", headers=bearer)
    assert answer.mimetype == "application/problem+json"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.json["detail"] == vi("Too many requests this minute.")


def test_a_token_beside_a_cookie_needs_the_csrf_token(session, login):
    bearer = _issue(session, make_user(Role.catalog_admin))
    make_sector()
    body = {"code": "a", "name": "A"}
    answer = login(Role.catalog_admin).post("/api/v1/sector/", json=body, headers=bearer, csrf=False)
    assert answer.status_code == 400


def test_a_token_on_another_person_s_account_waits_for_him(session, login, program):
    owner, other = make_user(Role.catalog_admin), make_user(Role.catalog_admin)
    client = make_api_client(session, owner)
    admin = login(Role.system_admin)
    end = (today() + timedelta(days=9)).isoformat()
    page = admin.post(f"/admin/api-tokens/{client.id}/issue", data={"scope": ["sector:read"], "expires_on": end}).text
    text = re.search(r'<code class="token">([^<]+)<', page)[1]
    bearer = {"Authorization": f"Bearer {text}"}
    assert program.get("/api/v1/sector/", headers=bearer).status_code == 401
    token = session.scalar(sa.select(ApiToken))
    path = f"/account/api-tokens/{token.id}/confirm"
    assert admin.post(path).status_code == 404
    assert login(other).post(path).status_code == 404
    assert client.name not in login(other).get("/account/api-tokens/").text
    mine = login(owner)
    assert client.name in mine.get("/account/api-tokens/").text
    assert mine.post(path).status_code == 302
    assert program.get("/api/v1/sector/", headers=bearer).status_code == 200
    # Another owner has agreed to nothing.
    client.owner = other
    session.commit()
    assert program.get("/api/v1/sector/", headers=bearer).status_code == 401


def test_the_owner_ends_a_token_on_his_account(session, login, program):
    owner = make_user(Role.catalog_admin)
    bearer = _issue(session, owner)
    session.commit()
    token = session.scalar(sa.select(ApiToken))
    assert program.get("/api/v1/sector/", headers=bearer).status_code == 200
    login(owner).post(f"/account/api-tokens/{token.id}/refuse")
    assert program.get("/api/v1/sector/", headers=bearer).status_code == 401
    login(owner).post(f"/account/api-tokens/{token.id}/confirm")
    assert program.get("/api/v1/sector/", headers=bearer).status_code == 401


def test_who_may_own_tokens_of_connected_systems_is_asked_about_them(session, login):
    said = vi("Also revoke the access tokens with which connected systems act in my name")
    page = login(Role.specialist).get("/password").text
    assert said in page
    assert 'href="/account/api-tokens/"' in page.partition(said)[2].partition("</p>")[0]
    citizen = login(Role.citizen)
    assert [said in citizen.get(path).text for path in ("/password", "/profile")] == [False, False]
