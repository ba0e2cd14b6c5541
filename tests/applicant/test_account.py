"""Registering and the profile (domain A2): one account per number, nobody takes another's."""

from datetime import date

import pytest
import sqlalchemy as sa

from app.extensions import db
from app.models import Account, OfficerIdentity, User
from app.permissions import Role
from tests import factories
from tests.applicant.forms import page_inputs

GOOD = {
    "id_kind": "personal_id",
    "id_number": "046 190 000 777",
    "name": "Nguyễn Thị  Hạnh",
    "born_on": "1990-05-17",
    "phone": "0905 123 456",
    "email": "hanh@example.vn",
    "password": "hoa sen 2026",
    "again": "hoa sen 2026",
    "terms": "y",
}


def accounts():
    return db.session.scalar(sa.select(sa.func.count(Account.id)))


def test_registering_makes_an_account_and_logs_in(client):
    answer = client.post("/register?next=/nop-ho-so/1.000001", data=GOOD)
    assert answer.location == "/nop-ho-so/1.000001"
    account = db.session.scalars(sa.select(Account)).one()
    assert (account.id_number, account.phone, account.kind) == (
        "046190000777",
        "0905123456",
        "citizen",
    )
    assert account.verified_level == 0
    assert [role.name for role in account.user.roles] == ["citizen"]
    assert client.get("/my/").status_code == 200


def test_one_logs_in_with_the_number(client):
    client.post("/register", data=GOOD)
    client.post("/logout")
    entered = client.post(
        "/login/", data={"username": "046190000777", "password": GOOD["password"]}
    )
    assert entered.location == "/my"


def test_an_organisation_registers_by_its_tax_code(client):
    given = GOOD | {
        "id_kind": "tax_code",
        "id_number": "0100109106",
        "name": "Công ty " + "dài " * 40,
        "born_on": "",
    }
    assert client.post("/register", data=given).status_code == 302
    account = db.session.scalars(sa.select(Account)).one()
    assert (account.kind, account.born_on) == ("organisation", None)
    assert len(account.user.first_name) <= 64


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"id_number": "12345678901"}, "id_number"),
        ({"id_number": "046290000777"}, "id_number"),
        ({"id_kind": "tax_code"}, "id_number"),
        ({"id_kind": "x"}, "id_kind"),
        ({"born_on": ""}, "born_on"),
        ({"born_on": "3000-01-01"}, "born_on"),
        ({"phone": "123"}, "phone"),
        ({"email": "hanh@"}, "email"),
        ({"password": "ngan1", "again": "ngan1"}, "password"),
        ({"again": "khác hẳn 1"}, "again"),
        ({"terms": ""}, "terms"),
        ({"name": "\x00"}, "name"),
        ({"name": "x" * 251}, "name"),
        ({"password": "046190000777a", "again": "046190000777a"}, "password"),
    ],
)
def test_each_fault_stands_at_its_field(client, wrong, field):
    answer = client.post("/register", data=GOOD | wrong)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert accounts() == 0


@pytest.mark.parametrize("has_login", [True, False])
def test_a_known_number_is_refused_without_telling_whose(client, has_login):
    user = factories.make_user() if has_login else None
    factories.make_account(id_number="046190000777", name="Lê Văn Khuất", user=user)
    answer = client.post("/register", data=GOOD)
    assert answer.status_code == 422
    assert 'href="#id_number"' in answer.text
    assert "Khuất" not in answer.text
    assert accounts() == 1


def test_a_shared_mailbox_is_no_obstacle_and_not_told(client):
    factories.make_user(email="hanh@example.vn")
    assert client.post("/register", data=GOOD).status_code == 302
    account = db.session.scalars(sa.select(Account)).one()
    assert account.email == "hanh@example.vn"
    assert account.user.email == "046190000777@tai-khoan.invalid"


def test_a_script_in_the_name_is_text(client):
    client.post("/register", data=GOOD | {"name": "<script>alert(1)</script>"})
    assert "<script>alert(1)" not in client.get("/profile/").text


def test_registering_needs_the_page_it_came_from(client):
    assert client.post("/register", data=GOOD, csrf=False).status_code == 400
    assert accounts() == 0


@pytest.fixture
def citizen(session):
    return factories.make_user(Role.citizen)


def account_of(user):
    return db.session.scalars(sa.select(Account).where(Account.user_id == user.id)).one()


def test_a_verified_name_and_number_do_not_change(login, citizen):
    me, account = login(citizen), account_of(citizen)
    before = (account.name, account.id_number, account.born_on)
    html = me.get("/profile/").text
    assert 'name="id_number"' not in html
    sent = {
        "phone": "0912345678",
        "email": "",
        "name": "Kẻ Khác",
        "id_number": "046190000888",
        "verified_level": "2",
        "born_on": "1980-01-01",
    } | page_inputs(html)
    sent["row_version"] = str(account.row_version)
    assert me.post("/profile/", data=sent).status_code == 302
    db.session.refresh(account)
    assert (account.name, account.id_number, account.born_on) == before
    assert (account.phone, account.email) == ("0912345678", None)


def test_an_unverified_person_may_correct_the_number_and_logs_in_with_the_new_one(login, citizen):
    account = account_of(citizen)
    account.verified_level, citizen.username = 0, account.id_number
    db.session.flush()
    sent = {
        "id_kind": "personal_id",
        "id_number": "046190000888",
        "name": "Trần Thị Mới",
        "born_on": "1990-01-01",
        "phone": "0912345678",
        "row_version": str(account.row_version),
    }
    assert login(citizen).post("/profile/", data=sent).status_code == 302
    db.session.refresh(account)
    assert (account.id_number, account.born_on) == ("046190000888", date(1990, 1, 1))
    assert db.session.get(User, citizen.id).username == "046190000888"


@pytest.mark.parametrize("change", [{"id_number": "046190000888"}, {"id_kind": "passport", "id_number": "B1234567"}])
def test_by_another_login_too_an_officer_keeps_the_number_he_is_known_by(login, citizen, change):
    account, officer = account_of(citizen), factories.make_user(Role.desk_officer)
    account.verified_level = 0
    db.session.add(OfficerIdentity(user_id=officer.id, id_number=account.id_number))
    db.session.commit()
    me, number = login(citizen), account.id_number
    sent = {"id_kind": "personal_id", "id_number": number, "name": "Trần Thị Mới", "born_on": "1990-05-17",
            "phone": "0912345678", "row_version": str(account.row_version)}  # fmt: skip
    answer = me.post("/profile/", data=sent | change)
    assert answer.status_code == 422
    assert 'href="#id_number"' in answer.text
    assert "do cán bộ khác" in answer.text
    db.session.expire_all()
    assert (account.id_number, account.officer_id, account.phone) == (number, officer.id, "0901234567")
    assert me.post("/profile/", data=sent).status_code == 302
    db.session.refresh(account)
    assert (account.name, account.phone) == ("Trần Thị Mới", "0912345678")


def test_anothers_number_cannot_be_taken(login, citizen):
    account = account_of(citizen)
    account.verified_level = 0
    factories.make_account(id_number="046190000888")
    db.session.flush()
    sent = {
        "id_kind": "personal_id",
        "id_number": "046190000888",
        "name": "Trần Thị Mới",
        "born_on": "1990-01-01",
        "phone": "0912345678",
        "row_version": str(account.row_version),
    }
    answer = login(citizen).post("/profile/", data=sent)
    assert answer.status_code == 422
    db.session.refresh(account)
    assert account.id_number != "046190000888"


def test_a_stale_profile_is_not_saved(login, citizen):
    account = account_of(citizen)
    sent = {"phone": "0912345678", "row_version": "99"}
    answer = login(citizen).post("/profile/", data=sent)
    assert answer.status_code == 200
    db.session.refresh(account)
    assert account.phone != "0912345678"


def test_an_unknown_commune_is_refused(login, citizen):
    account = account_of(citizen)
    sent = {"phone": "0912345678", "unit": "99999", "row_version": str(account.row_version)}
    answer = login(citizen).post("/profile/", data=sent)
    assert answer.status_code == 422
    assert 'href="#unit"' in answer.text
