"""At the desk: a login for who has none, a temporary password for who forgot his."""

from contextlib import contextmanager
from datetime import date

import pytest
import sqlalchemy as sa
from werkzeug.security import check_password_hash

from app.errors import Conflict
from app.history import HistoryEntry
from app.models import Account, MailMessage, Notice, Profile, ProfileParameter, User
from app.permissions import Role
from app.services import accounts
from app.services.users import settings_of
from app.transactions import transaction
from tests.clients import make_client
from tests.factories import PASSWORD, make_account, make_user
from tests.wording import vi

GIVEN = "hoa sen 2026"
ADDRESS = "/desk-login/"


@pytest.fixture
def desk(enter):
    """The desk officer's browser."""
    return enter(Role.desk_officer)


def sent(account, **changes):
    """Return the form with the box ticked."""
    return {"id_kind": account.id_kind, "id_number": account.id_number, "do": "give", "password": GIVEN,
            "is_compared": "y"} | changes  # fmt: skip


def acts(session, account):
    query = sa.select(HistoryEntry.action, HistoryEntry.reason).where(
        HistoryEntry.aggregate == "account", HistoryEntry.aggregate_id == account.id,
        HistoryEntry.action.in_(["give_login", "reset_login", "confirm_identity"]))  # fmt: skip
    return [tuple(row) for row in session.execute(query.order_by(HistoryEntry.id))]


def test_who_was_received_at_a_counter_gets_a_login_and_chooses_his_own_password(app, desk, session):
    account = make_account(verified_level=0, user=None)
    found = desk.post(ADDRESS, data=sent(account, do="find"))
    assert account.name in found.text
    assert "0901 234 567" in found.text
    answer = desk.post(ADDRESS, data=sent(account))
    assert (answer.status_code, GIVEN in answer.text) == (200, True)
    assert (account.user.username, account.verified_level) == (account.id_number, 2)
    assert acts(session, account) == [("give_login", "Đã đối chiếu giấy tờ tùy thân tại quầy")]
    visitor = make_client(app)
    assert visitor.post("/login/", data={"username": account.id_number, "password": GIVEN}).location == "/password"
    assert visitor.get("/my/").location.startswith("/password")
    own = {"current": GIVEN, "password": "sông hương 2026", "again": "sông hương 2026"}
    assert visitor.post("/password", data=own).location == "/my"
    assert visitor.get("/my/").status_code == 200
    assert GIVEN not in str(session.scalars(sa.select(HistoryEntry.changes)).all())


def test_a_forgotten_password_is_replaced_and_sessions_end(app, desk, session):
    account = make_account(user=make_user())
    at_home = make_client(app, account.user)
    assert at_home.get("/password").status_code == 200
    assert desk.post(ADDRESS, data=sent(account)).status_code == 200
    assert check_password_hash(account.user.password, GIVEN)
    assert settings_of(session, account.user).must_change_password
    assert at_home.get("/password").status_code == 302
    assert [name for name, _reason in acts(session, account)] == ["reset_login"]
    entry = session.scalars(sa.select(HistoryEntry).where(
        HistoryEntry.aggregate == "ab_user", HistoryEntry.action == "reset_login")).one()  # fmt: skip
    assert entry.reason == "Đã đối chiếu giấy tờ tùy thân tại quầy"


def test_the_applicant_is_told_in_vietnamese(desk, session):
    account = make_account(user=make_user())
    desk.post("/preferences", data={"locale": "en"})
    desk.post(ADDRESS, data=sent(account))
    notice = session.scalars(sa.select(Notice).where(Notice.user_id == account.user_id)).one()
    mail = session.scalars(sa.select(MailMessage)).one()
    assert (mail.recipient, mail.subject) == (account.email, notice.title)
    assert "mật khẩu tạm" in notice.title
    assert GIVEN not in mail.body


def test_the_same_form_sent_twice_has_one_effect(desk, session):
    account = make_account(user=None)
    for _time in range(2):
        assert GIVEN in desk.post(ADDRESS, data=sent(account)).text
    assert len(acts(session, account)) == 1
    assert settings_of(session, account.user).session_version == 2


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.desk_officer])
def test_only_desk_officers_give_logins(login, session, role):
    account, client = make_account(user=None), login(role)
    assert client.get(ADDRESS).status_code in {302, 403}
    assert client.post(ADDRESS, data=sent(account)).status_code in {302, 403}
    assert account.user is None


@pytest.mark.parametrize("role", [Role.desk_officer, Role.specialist, Role.system_admin])
def test_the_login_of_an_officer_is_never_touched(desk, session, role):
    account = make_account(user=make_user(role))
    assert desk.post(ADDRESS, data=sent(account)).status_code == 403
    assert check_password_hash(account.user.password, PASSWORD)
    assert acts(session, account) == []


def test_nobody_gives_one_to_himself(office, desk, session):
    officer = session.get(User, office[Role.desk_officer].user_id)
    account = make_account(user=officer)
    answer = desk.post(ADDRESS, data=sent(account))
    assert answer.status_code == 403
    assert "chính bạn" in answer.text
    assert check_password_hash(officer.password, PASSWORD)


def test_a_login_shut_by_an_administrator_stays_shut(desk, session):
    account = make_account(user=make_user(active=False))
    assert desk.post(ADDRESS, data=sent(account)).status_code == 403
    assert (account.user.active, check_password_hash(account.user.password, PASSWORD)) == (False, True)


@pytest.mark.parametrize(("changes", "field"), [
    ({"is_compared": ""}, "is_compared"), ({"password": "short"}, "password"), ({"id_number": "1"}, "id_number"),
    ({"id_kind": "x"}, "id_number"), ({"id_number": "\x00"}, "id_number"), ({"password": ""}, "password"),
])  # fmt: skip
@pytest.mark.parametrize("has_login", [True, False])
def test_what_is_wrong_is_said_and_nothing_is_written(desk, session, changes, field, has_login):
    account = make_account(user=make_user() if has_login else None)
    answer = desk.post(ADDRESS, data=sent(account) | changes)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert acts(session, account) == []
    assert (account.user is not None) == has_login
    assert not has_login or check_password_hash(account.user.password, PASSWORD)


def test_a_login_nobody_compared_is_asked_about(desk, session):
    account = make_account(user=make_user(), verified_level=0)
    answer = desk.post(ADDRESS, data=sent(account))
    assert answer.status_code == 422
    assert vi("Is the online login with this number the applicant’s own?") in answer.text
    assert desk.post(ADDRESS, data=sent(account, login_check="own")).status_code == 200
    assert (account.verified_level, check_password_hash(account.user.password, GIVEN)) == (2, True)


def test_who_took_anothers_number_is_shut_out_and_the_right_one_gets_his_own_login(app, desk, session):
    values = {"kind": "citizen", "name": "Kẻ Mạo Danh", "id_kind": "personal_id", "id_number": "046190990001",
              "born_on": None, "email": None, "gender": None, "phone": None, "address": None}  # fmt: skip
    values["born_on"] = make_account().born_on
    taker = accounts.register(session, values, "chiem cho 2026")
    account = session.scalars(sa.select(Account).where(Account.user_id == taker.id)).one()
    assert desk.post(ADDRESS, data=sent(account, login_check="foreign")).status_code == 200
    assert (taker.active, account.user.username) == (False, "046190990001")
    assert account.user_id != taker.id
    visitor = make_client(app)
    assert visitor.post("/login/", data={"username": "046190990001", "password": "chiem cho 2026"}).status_code == 401
    assert visitor.post("/login/", data={"username": "046190990001", "password": GIVEN}).location == "/password"


def test_who_has_a_login_is_confirmed_and_keeps_his_password(desk, session):
    account = make_account(user=make_user(), verified_level=1)
    wanted = sent(account, do="confirm", password="")
    page = desk.post(ADDRESS, data=wanted | {"do": "find"}).text
    assert vi("Confirm his identity") in page
    assert desk.post(ADDRESS, data=wanted | {"is_compared": ""}).status_code == 422
    assert account.verified_level == 1
    for _turn in range(2):  # the button pressed twice
        assert desk.post(ADDRESS, data=wanted).status_code == 302
    session.expire_all()
    assert account.verified_level == 2
    assert check_password_hash(account.user.password, PASSWORD)
    assert not settings_of(session, account.user).must_change_password
    assert acts(session, account) == [("confirm_identity", "Đã đối chiếu giấy tờ tùy thân tại quầy")]
    assert session.scalars(sa.select(Notice.title).where(Notice.user_id == account.user_id)).one().endswith("mức 2")
    assert vi("Confirm his identity") not in desk.post(ADDRESS, data=wanted | {"do": "find"}).text


def test_nothing_is_told_done_that_was_not_kept(desk, session, monkeypatch):
    account = make_account(user=make_user(), verified_level=1)
    wanted = sent(account, do="confirm")

    @contextmanager
    def outrun():
        with transaction() as unit:
            yield unit
            if acts(unit, account):
                raise Conflict("Người khác vừa sửa bản ghi này.")

    monkeypatch.setattr("app.views.officers.desk_login.transaction", outrun)
    told = vi("%(name)s: electronic identity level %(level)d.", name=account.name, level=2)
    answer = desk.post(ADDRESS, data=wanted)
    assert (answer.status_code, "Người khác vừa sửa" in answer.text, told in answer.text) == (409, True, False)
    monkeypatch.undo()
    assert account.verified_level == 1
    desk.post(ADDRESS, data=wanted)
    assert told in desk.get(ADDRESS).text


def test_a_profile_may_say_that_the_desk_gives_the_lower_level_only(desk, session):
    profile = Profile(code="x", name="X", is_active=True)
    session.query(Profile).update({"is_active": False})
    session.add(profile)
    session.flush()
    session.add(ProfileParameter(profile=profile, key="desk_identity_level", value="1", valid_from=date(2025, 1, 1)))
    session.commit()
    account = make_account(user=make_user(), verified_level=1)
    assert vi("Confirm his identity") not in desk.post(ADDRESS, data=sent(account, do="find")).text
    low = make_account(user=make_user(), verified_level=0)
    desk.post(ADDRESS, data=sent(low, do="confirm", login_check="own"))
    session.expire_all()
    assert low.verified_level == 1


def test_nobody_confirms_himself_nor_another_role_anybody(app, enter, session):
    officer = make_user(Role.desk_officer)
    own = make_account(user=officer, verified_level=0)
    mine = make_client(app, officer)
    assert mine.post(ADDRESS, data=sent(own, do="confirm", login_check="own")).status_code == 403
    other = make_account(user=make_user(), verified_level=0)
    assert enter(Role.specialist).post(ADDRESS, data=sent(other, do="confirm", login_check="own")).status_code == 403
    session.expire_all()
    assert (own.verified_level, other.verified_level) == (0, 0)
