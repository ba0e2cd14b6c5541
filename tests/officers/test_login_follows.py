"""One logs in with the number in one's record, whoever corrects it there."""

from datetime import date

import pytest
import sqlalchemy as sa

from app.history import HistoryEntry
from app.models import AdministrativeUnit, User
from app.models.account import IDENTITY
from app.models.account_login import let_login_follow
from app.permissions import Role
from app.services import accounts
from tests.clients import make_client
from tests.factories import make_account, make_position, make_user
from tests.officers.test_counter import sent as reception
from tests.wording import vi

WORD = "hoa sen 2026"
OLD, NEW = "046190990001", "046190990002"
TAKEN = "Another login has this number as its user name. Please ask the administrator of the system."


@pytest.fixture
def desk(enter):
    """The desk officer's browser."""
    return enter(Role.desk_officer)


@pytest.fixture
def account(session, office):
    """Somebody who registered online and was received at the desk once."""
    values = {"kind": "citizen", "name": "Lê Thị Hoa", "id_kind": "personal_id", "id_number": OLD,
              "born_on": make_account().born_on, "email": None, "gender": None, "phone": None,
              "address": None}  # fmt: skip
    user = accounts.register(session, values, WORD)
    dossier = office.received()
    session.flush()
    found = session.scalars(sa.select(accounts.Account).where(accounts.Account.user_id == user.id)).one()
    dossier.account = found
    session.flush()
    return found


def _put(desk, account, **values):
    return desk.put(f"/api/v1/account/{account.id}", json=values)


def _enters(app, name):
    return make_client(app).post("/login/", data={"username": name, "password": WORD}).status_code == 302


def test_a_number_and_an_address_corrected_at_the_desk_reach_the_login(app, desk, session, account):
    assert _put(desk, account, id_number=NEW, email="hoa@example.vn", name="Lê Thị Hòa").status_code == 200
    user = account.user
    assert (account.id_number, user.username, user.email, user.get_full_name()) == (
        NEW, NEW, "hoa@example.vn", "Lê Thị Hòa")  # fmt: skip
    assert (_enters(app, NEW), _enters(app, OLD)) == (True, False)
    told = session.scalars(sa.select(HistoryEntry.changes).where(
        HistoryEntry.record == "ab_user", HistoryEntry.record_id == user.id, HistoryEntry.action == "update"))
    assert [OLD, NEW] in [changes.get("username") for changes in told]


def test_a_login_that_drifted_apart_before_comes_back(session, desk, account):
    session.execute(sa.update(User).where(User.id == account.user_id).values(username="046190990009"))
    session.expire_all()
    assert _put(desk, account, email="hoa@example.vn").status_code == 200
    assert account.user.username == OLD


def test_what_the_login_does_not_hold_costs_no_statement(session, account, count_queries):
    kept = session.get_one(accounts.Account, account.id)
    kept.phone = "0905123457"
    with session.no_autoflush, count_queries() as seen:
        let_login_follow(kept)
    assert seen == []


def test_a_number_that_is_another_login_is_refused_and_nothing_written(app, desk, session, account):
    make_user(username=NEW)
    answer = _put(desk, account, id_number=NEW, email="hoa@example.vn")
    assert answer.status_code == 422
    assert vi(TAKEN) in str(answer.json["errors"]["id_number"])
    session.expire_all()
    assert (account.id_number, account.email, account.user.username) == (OLD, None, OLD)
    assert _enters(app, OLD)


@pytest.mark.parametrize("is_officer", [True, False])
def test_names_that_are_no_number_and_logins_of_officers_stay(session, desk, account, is_officer):
    user = make_user(username=OLD + "9" if is_officer else "le.hoa", email="co.quan@example.vn")
    if is_officer:
        make_position(user, Role.specialist)
    name = user.username
    account.user = user
    session.flush()
    assert _put(desk, account, id_number=NEW, email="hoa@example.vn").status_code == 200
    assert (user.username, user.email) == (name, "co.quan@example.vn" if is_officer else "hoa@example.vn")


@pytest.mark.parametrize(
    ("number", "name", "follows"),
    [
        ("191234567", "191234567", True), ("C01X00T47", "c01x00t47", True),
        ("191234567", "C1234567", True), ("191234567", "197654321", False), ("191234567", "le.hoa", False),
    ],
)  # fmt: skip
def test_a_login_follows_from_a_number_that_breaks_todays_rules(session, desk, account, number, name, follows):
    session.execute(sa.update(accounts.Account).where(accounts.Account.id == account.id).values(id_number=number))
    session.execute(sa.update(User).where(User.id == account.user_id).values(username=name))
    session.expire_all()
    assert _put(desk, account, id_number=NEW).status_code == 200
    assert (account.id_number, account.user.username) == (NEW, NEW if follows else name)


@pytest.mark.parametrize("level", [0, 2])
def test_an_address_changed_alone_on_ones_profile_reaches_the_login(session, level):
    user = make_user(Role.citizen)
    account = session.scalars(sa.select(accounts.Account).where(accounts.Account.user_id == user.id)).one()
    account.verified_level = level
    session.add(AdministrativeUnit(code="19753", name="Phú Xuân", full_name="Phường Phú Xuân", kind="ward",
                                   valid_from=date(2025, 7, 1)))  # fmt: skip
    session.commit()
    given = {name: getattr(account, name) for name in (*IDENTITY, "gender", "phone", "address")}
    given |= {"email": "moi@example.vn", "unit": "19753"}
    accounts.update_profile(session, account, given, str(account.row_version))
    assert (account.email, account.unit.code, user.email) == ("moi@example.vn", "19753", "moi@example.vn")


def test_an_address_corrected_at_the_desk_together_with_the_ward_reaches_the_login(session, desk, account):
    unit = AdministrativeUnit(code="19753", name="Phú Xuân", full_name="Phường Phú Xuân", kind="ward",
                              valid_from=date(2025, 7, 1))  # fmt: skip
    session.add(unit)
    session.flush()
    assert _put(desk, account, email="moi@example.vn", unit=unit.id).status_code == 200
    assert (account.unit_id, account.user.email) == (unit.id, "moi@example.vn")


def test_an_address_first_told_at_the_counter_reaches_the_login(office, desk, session, account):
    account.verified_level = 2
    session.flush()
    form = reception(office, id_number=OLD, name="Lê Thị Hoa", email="hoa@example.vn")
    assert desk.post("/reception/new", data=form).status_code == 302
    assert (account.email, account.user.email) == ("hoa@example.vn", "hoa@example.vn")


def test_who_may_not_change_applicants_moves_no_login(session, enter, account):
    answer = _put(enter(Role.specialist), account, id_number=NEW)
    assert answer.status_code in (403, 404)
    session.expire_all()
    assert account.user.username == OLD
