"""Personal data is read under one's name, and nobody reads it by counting numbers up."""

import sqlalchemy as sa

from app.history import HistoryEntry
from app.permissions import Role
from app.services.users import create_user
from tests.exchange.books import book, send
from tests.factories import make_account, make_tree, make_user
from tests.wording import vi


def _readings(session, number):
    entry = HistoryEntry
    query = sa.select(sa.func.count(entry.id)).where(
        entry.aggregate == "account", entry.aggregate_id == number, entry.action == "read")  # fmt: skip
    return session.scalar(query)


def _citizen(session):
    account = make_account()
    account.user = create_user(session, username=account.id_number, name="Lê Thị Ẩn", email="an@example.vn",
                               password="mat khau 123")  # fmt: skip
    session.flush()
    return account


def test_a_list_of_persons_has_its_own_columns_only(session, login):
    desk, account = login(Role.desk_officer, make_tree().root), make_account(email="rieng@example.vn")
    page = desk.get("/account/list/?cols=name,born_on,address,gender").text
    assert account.name in page
    assert account.address not in page
    assert f"{account.born_on:%d/%m/%Y}" not in page
    assert 'name="col" value="address"' not in page


def test_an_answer_to_a_change_of_nothing_is_a_reading(session, login):
    desk, account = login(Role.desk_officer, make_tree().root), make_account()
    answer = desk.put(f"/api/v1/account/{account.id}", json={})
    assert answer.json["result"]["address"] == account.address
    assert _readings(session, account.id) == 1


def test_a_stale_form_that_shows_the_present_state_is_a_reading(session, login):
    desk, account = login(Role.desk_officer, make_tree().root), make_account()
    answer = desk.post(f"/account/edit/{account.id}", data={"row_version": "0"})
    assert (answer.status_code, account.id_number in answer.text) == (409, True)
    assert _readings(session, account.id) == 1


def test_a_file_compared_with_persons_is_written_down(session, login):
    desk, account = login(Role.desk_officer, make_tree().root), make_account()
    head = [vi("Kind of number"), vi("Identification number"), vi("Full name")]
    row = [vi("Personal identification number"), account.id_number, "Người khác"]
    status, _number, _page = send(desk, "account", book({vi("Applicants"): [head, row]}), "ds.xlsx")
    assert status == 200
    assert _readings(session, 0) == 1


def test_a_file_of_catalogs_is_no_reading_of_persons(session, login):
    send(login(Role.catalog_admin), "sector", book({vi("Sectors"): [[vi("Code"), vi("Name")], ["a", "A"]]}))
    assert _readings(session, 0) == 0


def test_nobody_reads_names_and_numbers_of_applicants_by_counting_up(session, login):
    tree, citizen = make_tree(), _citizen(session)
    for role, agency in ((Role.auditor, tree.commune), (Role.catalog_admin, tree.root)):
        page = login(role, agency).get(f"/admin/rights/why/?user={citizen.user_id}&entity=Sector&action=read").text
        assert citizen.id_number not in page
        assert "Lê Thị Ẩn" not in page
        assert vi("Choose a person.") in page
    assert "Lê Thị Ẩn" not in login(Role.auditor, tree.commune).get(f"/audit/?user={citizen.user_id}").text


def test_administrators_of_catalogs_and_of_the_system_still_ask_about_whom_they_may_know(session, login):
    tree, citizen = make_tree(), _citizen(session)
    officer = make_user(Role.specialist, tree.commune)
    asked = f"/admin/rights/why/?user={officer.id}&entity=Sector&action=read"
    admin = login(Role.catalog_admin, tree.root)
    assert officer.username in admin.get(asked).text
    found = {row["id"] for row in admin.get(f"/admin/rights/why/people?q={officer.username}").json["results"]}
    assert found == {officer.id}
    assert admin.get(f"/admin/rights/why/people?q={citizen.id_number}").json["results"] == []
    assert citizen.id_number in login(Role.system_admin).get(f"/admin/rights/why/?user={citizen.user_id}").text
