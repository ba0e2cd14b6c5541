"""One logs in with the number in one's record, whoever corrects it there."""

from datetime import date

import pytest
import sqlalchemy as sa

from app.history import HistoryEntry
from app.models import AdministrativeUnit, MailMessage, Notice, User
from app.models.account import IDENTITY
from app.models.account_login import let_login_follow
from app.permissions import Role
from app.services import accounts
from app.tasks import outbox
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


def test_a_login_under_an_old_card_comes_to_the_number_of_today(session, desk, account):
    session.execute(sa.update(User).where(User.id == account.user_id).values(username="191234567"))
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
        ("191234567", "C1234567", True), ("191234567", "197654321", True), ("191234567", "19765432", False),
        ("191234567", "le.hoa", False),
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


def _told(session, account):
    """Let the worker tell; returns the notices about the name, and the mails by address."""
    session.commit()
    outbox.run_waiting()
    own = sa.select(Notice).where(Notice.user_id == account.user_id, Notice.key.startswith("login-name:"))
    mails = session.scalars(sa.select(MailMessage).where(MailMessage.key.startswith("login-name:")))
    return session.scalars(own).all(), {mail.recipient: mail.body for mail in mails}


def test_whose_name_a_desk_changed_is_told_at_his_old_and_his_new_address(session, desk, account):
    assert _put(desk, account, email="cu@example.vn").status_code == 200
    assert _told(session, account) == ([], {}), "his name stays"
    assert _put(desk, account, id_number=NEW, email="moi@example.vn").status_code == 200
    (notice,), mails = _told(session, account)
    assert notice.title == "Tên đăng nhập của ông/bà đã được đổi"
    assert f"từ {OLD} thành {NEW}" in notice.body
    assert mails.keys() == {"cu@example.vn", "moi@example.vn"}
    assert "từ …001 thành …002" in mails["moi@example.vn"], "his number he knows"
    assert "…001" in mails["cu@example.vn"], "nothing more: it may be somebody else's"
    assert not any(name in mails["cu@example.vn"] for name in ("002", NEW, OLD))


def test_an_address_that_a_family_shares_is_told_too(session, desk, account):
    make_user(email="nha@example.vn")
    assert _put(desk, account, email="nha@example.vn").status_code == 200
    assert account.user.email.endswith(".invalid")
    assert _put(desk, account, id_number=NEW, email=None).status_code == 200
    assert set(_told(session, account)[1]) == {"nha@example.vn"}


def test_who_has_no_address_is_told_in_the_system_alone(session, desk, account):
    assert _put(desk, account, id_number=NEW).status_code == 200
    notices, mails = _told(session, account)
    assert (len(notices), mails) == (1, {})


def test_whose_name_an_administrator_changed_is_told_but_not_of_a_refused_change(session, enter, account):
    admin = enter(Role.system_admin)
    make_user(username=NEW)
    assert admin.put(f"/api/v1/user/{account.user_id}", json={"username": NEW}).status_code == 422
    assert _told(session, account)[0] == []
    assert admin.put(f"/api/v1/user/{account.user_id}", json={"username": "hoa.le"}).status_code == 200
    assert admin.put(f"/api/v1/user/{account.user_id}", json={"username": "Hoa.Le"}).status_code == 200
    (notice,), _mails = _told(session, account)
    assert f"từ {OLD} thành Hoa.Le" in notice.body, "other capitals are the same name"


def test_who_cannot_sign_in_reads_his_new_name_in_the_mail_to_his_address(session, enter):
    user, admin = make_user(username="hoa", email="cu@example.vn"), enter(Role.system_admin)
    session.commit()
    given = {"username": "lan.le", "email": "moi@example.vn"}
    assert admin.put(f"/api/v1/user/{user.id}", json=given).status_code == 200
    session.commit()
    outbox.run_waiting()
    query = sa.select(MailMessage).where(MailMessage.key.startswith("login-name:"))
    mails = {mail.recipient: mail.body for mail in session.scalars(query)}
    assert mails.keys() == {"cu@example.vn", "moi@example.vn"}
    assert "từ … thành lan.le." in mails["moi@example.vn"]
    former = mails["cu@example.vn"]
    assert former.startswith("Tên đăng nhập … của tài khoản")
    assert "bộ phận một cửa" in former
    assert not any(name in former for name in ("lan", "hoa")), "short names are not shown at all"


def test_a_login_shut_meanwhile_is_not_told(session, desk, account):
    assert _put(desk, account, id_number=NEW, email="moi@example.vn").status_code == 200
    account.user.active = False
    assert _told(session, account) == ([], {})
