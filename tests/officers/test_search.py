"""The global search finds within one's rights, without marks, and opens an exact code."""

import pytest

from app.permissions import Role
from app.services.global_search import search
from tests.factories import make_account, make_agency, make_procedure


def test_an_exact_code_opens_its_dossier(office, enter):
    dossier = office.processed()
    for text in (dossier.code, dossier.code.lower(), f" {dossier.code} "):
        response = enter(Role.specialist).get("/search/", query_string={"q": text})
        assert response.status_code == 302
        assert response.location.endswith(f"/dossier/{dossier.code}")


def test_names_numbers_and_parts_of_a_code_are_found_in_scope(office, enter):
    account = make_account(name="Đỗ Thị Hường")
    dossier = office.processed(account=account)
    for text in ("do thi huong", account.id_number, dossier.code[:14]):
        page = enter(Role.specialist).get("/search/", query_string={"q": text}).get_data(as_text=True)
        assert dossier.code in page, text


def test_another_commune_finds_nothing_of_it(office, enter):
    dossier = office.processed(account=make_account(name="Đỗ Thị Hường"))
    stranger = office.officer(Role.specialist, make_agency(parent=office.tree.root))
    client = enter(stranger)
    for text in (dossier.code, "do thi huong", dossier.applicant_id_number):
        response = client.get("/search/", query_string={"q": text})
        assert response.status_code == 200
        assert "Đỗ Thị Hường" not in response.get_data(as_text=True)


def test_applicants_only_for_those_who_may_read_them(office, session):
    office.processed(account=make_account(name="Đỗ Thị Hường"))
    from app.models import User
    from app.services.actors import build_actor

    for role in (Role.desk_officer, Role.system_admin):
        actor = build_actor(session, session.get(User, office[role].user_id))
        may = actor.may("can_read", "Account")
        assert bool(search(session, "do thi huong", actor).accounts) == may, role


def test_procedures_are_found_by_name_and_code(office, enter):
    make_procedure(name="Cấp bản sao trích lục hộ tịch", code="2.000635")
    client = enter(Role.system_admin)
    for text in ("ban sao trich luc", "2.000635"):
        assert "Cấp bản sao trích lục hộ tịch" in client.get(
            "/search/", query_string={"q": text}).get_data(as_text=True)  # fmt: skip


@pytest.mark.parametrize("text", ["", "a", "%", "_", "\\", "<script>alert(1)</script>", "x" * 5000, "'; --"])
def test_strange_text_finds_nothing_and_breaks_nothing(office, enter, text):
    office.processed()
    response = enter(Role.specialist).get("/search/", query_string={"q": text})
    assert response.status_code == 200
    assert "<script>alert(1)" not in response.get_data(as_text=True)
