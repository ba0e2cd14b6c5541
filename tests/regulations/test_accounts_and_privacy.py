"""Accounts (A2), payments at the Centre and their receipts (A7), transactions and privacy (A13)."""

import pytest
import sqlalchemy as sa

from app.models import Account, Charge, User
from app.permissions import ANONYMOUS, Role
from app.services import accounts, charges, lookup, reception
from tests.applicant.test_account import GOOD
from tests.clients import make_client
from tests.factories import PASSWORD, make_account, make_user
from tests.portal.records import SECRETS, make_dossier
from tests.regulations import scenes
from tests.regulations.support import clause
from tests.services.steps import task_of


def own_page(login, session, citizen, address):
    return login(session.get(User, citizen.user_id)).get(address)


@clause("A2.3", "TTH17 Đ10.1")
def test_d10_1_one_registers_oneself_and_is_told_the_account(client, session):
    assert client.post("/register", data=GOOD | {"id_number": ""}).status_code == 422
    assert client.post("/register", data=GOOD).status_code == 302
    account = session.scalars(sa.select(Account)).one()
    assert account.id_number in client.get("/profile/").text  # the name to log in with


@clause("A2.3", "TTH17 Đ10.2")
def test_d10_2_who_has_an_account_uses_it(client):
    client.post("/register", data=GOOD)
    client.post("/logout")
    answer = client.post("/login/", data={"username": "046190000777", "password": GOOD["password"]})
    assert answer.location == "/my"
    assert client.post("/register", data=GOOD).status_code in {302, 422}  # no second account of the number
    assert client.get("/my/").status_code == 200


@clause("A2.3", "TTH17 Đ10.3")
def test_d10_3_particulars_of_the_account_are_changed(session):
    user = make_user(Role.citizen)
    account = session.scalars(sa.select(Account).where(Account.user_id == user.id)).one()
    given = {"phone": "0912345678", "email": "moi@example.vn", "address": "12 Lê Lợi", "unit": ""}
    accounts.update_profile(session, account, given, str(account.row_version))
    assert (account.phone, account.email) == ("0912345678", "moi@example.vn")


@clause("A2.4", "TTH17 Đ10.4")
def test_d10_4_who_comes_without_an_account_is_entered_at_the_desk(office, session):
    newcomer = make_account(name="Lê Thị Mới", user=None)
    dossier = reception.receive_at_counter(session, office.given(account=newcomer), office[Role.desk_officer])
    assert (dossier.state, dossier.account_id, newcomer.user_id) == (2, newcomer.id, None)


@clause("A2.3", "TTH17 Đ23.3")
def test_d23_3_the_operator_opens_an_account_whose_password_is_lost(app, session, login):
    user = make_user(Role.citizen)
    admin = login(Role.system_admin)
    answer = admin.post(f"/admin/users/{user.id}/password", data={"password": "hoa sen 2026"})
    assert "hoa sen 2026" in answer.text
    visitor = make_client(app)
    entered = visitor.post("/login/", data={"username": user.username, "password": "hoa sen 2026"})
    assert entered.status_code == 302
    assert visitor.get("/my/").location.startswith("/password")  # a password of his own comes first


@clause("A2.9", "HUE25 Đ24.4", "TTH17 Đ23.3")
def test_an_account_that_does_harm_is_stopped_at_once(app, session):
    user = make_user(Role.citizen)
    at_work = make_client(app, user)
    assert at_work.get("/my/").status_code == 200
    user.active = False
    session.flush()
    assert at_work.get("/my/").status_code in {302, 401, 403}  # the running session has ended
    again = make_client(app)
    again.post("/login/", data={"username": user.username, "password": PASSWORD})
    assert again.get("/my/").status_code == 302


@clause("A2.8", "TTH17 Đ18.2")
def test_d18_2_only_an_official_account_with_a_post_handles_dossiers(office, session, login):
    dossier = office.processed()
    for who, open_to in ((make_user(Role.citizen), False), (session.get(User, office[Role.specialist].user_id), True)):
        assert (login(who).get(f"/dossier/{dossier.code}").status_code == 200) is open_to


@clause("A7.1", "HUE25 Đ12.1b", "TTH17 Đ15.1")
def test_fees_are_paid_at_the_centre(office, session):
    dossier = office.received()
    charges.record_payment(session, dossier, office[Role.cashier], "cash")
    rows = session.scalars(sa.select(Charge).where(Charge.dossier_id == dossier.id).order_by(Charge.id)).all()
    assert {(row.state, row.method) for row in rows} == {("paid", "cash")}
    assert all(row.receipt_number for row in rows)


@clause("A7.5", "HUE25 Đ26.1đ", "TTH17 Đ7.3", "TTH17 Đ17.1d")
def test_the_applicant_reads_the_course_and_gets_an_electronic_receipt(office, session, login):
    dossier, citizen = scenes.in_process(office)
    receipt = scenes.letter(dossier, "charge_receipt")
    text = own_page(login, session, citizen, f"/my/{dossier.code}").text
    assert f"/letters/{receipt.id}.pdf" in text
    assert "biên lai" in scenes.words(office, dossier, "charge_receipt").lower()
    answer = own_page(login, session, citizen, f"/letters/{receipt.id}.pdf")
    assert answer.data.startswith(b"%PDF")
    assert login(make_user(Role.citizen)).get(f"/letters/{receipt.id}.pdf").status_code == 404


@clause("A13", "TTH17 Đ6.1", "TTH17 Đ6.2", "TTH17 Đ6.3", "TTH17 Đ6.5")
def test_d6_each_kind_of_electronic_transaction(shown, office):
    dossier, _citizen = scenes.in_process(office)
    if shown == "TTH17 Đ6.1":  # declared, and answered
        assert {"acknowledgement", "receipt_slip"} <= {row.kind for row in dossier.letters}
    elif shown == "TTH17 Đ6.2":  # passed on
        assert task_of(dossier).agency == office.tree.commune
    elif shown == "TTH17 Đ6.3":  # the result comes back to the system
        scenes.finish(office, dossier)
        assert dossier.results[-1].file is not None
    else:  # from hand to hand inside the agency
        office.step(dossier)
        assert task_of(dossier).role == "agency_head"


@clause("A13", "HUE25 Đ22", "TTH17 Đ20")
def test_what_people_entrusted_is_kept_from_others_and_every_look_is_told(office, session, login):
    dossier, citizen = scenes.in_process(office)
    stranger = office.officer(Role.specialist, office.tree.department)
    for who in (make_user(Role.citizen), session.get(User, stranger.user_id)):
        assert login(who).get(f"/dossier/{dossier.code}").status_code in {403, 404}
        assert login(who).get(f"/files/{dossier.attachments[0].id}").status_code in {403, 404}
    login(session.get(User, office[Role.specialist].user_id)).get(f"/dossier/{dossier.code}")
    text = own_page(login, session, citizen, f"/my/{dossier.code}").text
    looked = text.split("Ai đã xem", 1)[1]
    assert office.tree.commune.name in looked


@clause("A13", "HUE25 Đ21", "TTH17 Đ19")
@pytest.mark.parametrize("header", ["Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy"])
def test_pages_are_guarded_and_nothing_is_written_without_its_token(client, header):
    assert header in client.get("/").headers
    assert client.post("/register", data=GOOD, csrf=False).status_code == 400


@clause("A13", "HUE25 Đ4.6", "QN20 Đ17.4")
def test_personal_data_is_used_again_for_its_owner_only(session, client):
    dossier = make_dossier(4)
    assert lookup.find_public(session, dossier.code, ANONYMOUS).state == 4
    text = client.get(f"/tra-cuu/{dossier.code}").text
    assert [secret for secret in SECRETS.values() if secret in text] == []
