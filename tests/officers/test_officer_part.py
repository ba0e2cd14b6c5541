"""The officers' part of a form: who fills it in, what is checked, who reads it."""

import pytest

from app.models import Dossier
from app.permissions import Role
from tests import factories
from tests.officers.pages import page
from tests.services.steps import Office
from tests.wording import vi

ROWS = (
    {"key": "noi_dung", "label": "Nội dung", "kind": "text"},
    {"key": "dat", "label": "Đạt yêu cầu", "kind": "select", "filled_by": "officer",
     "options": [{"value": "co", "label": "Có"}, {"value": "khong", "label": "Không"}]},
    {"key": "ly_do", "label": "Lý do không đạt", "kind": "text", "filled_by": "officer",
     "show_when": {"field": "dat", "op": "eq", "value": "khong"}},
)  # fmt: skip


@pytest.fixture
def office(session):
    found = Office(session, form=factories.make_form(ROWS))
    found.staff()
    return found


@pytest.fixture
def dossier(office):
    return office.submitted(data={"noi_dung": "Xin xác nhận"})[0]


def test_the_desk_fills_in_the_officers_part(enter, dossier, session):
    client, url = enter(Role.desk_officer), f"/officer-part/{dossier.code}"
    assert vi("Fill in the officers' part") in page(client, dossier)
    html = client.get(url).text
    assert 'name="f_dat"' in html
    assert "f_noi_dung" not in html
    assert client.post(url, data={"f_dat": "co", "f_noi_dung": "sửa lời dân"}).status_code == 302
    kept = session.get(Dossier, dossier.id).revisions[-1]
    assert kept.data == {"noi_dung": "Xin xác nhận", "dat": "co"}
    assert kept.number == 2
    assert "Đạt yêu cầu" in page(client, dossier)


def test_what_is_missing_stands_beside_its_field(enter, dossier):
    answer = enter(Role.desk_officer).post(f"/officer-part/{dossier.code}", data={"f_dat": ""})
    assert answer.status_code == 422
    assert vi("Please choose.") in answer.text


@pytest.mark.parametrize("role", [Role.specialist, Role.agency_head, Role.clerk])
def test_who_does_not_work_on_it_may_not(enter, dossier, session, role):
    client = enter(role)
    assert vi("Fill in the officers' part") not in page(client, dossier)
    assert client.get(f"/officer-part/{dossier.code}").status_code == 403
    assert client.post(f"/officer-part/{dossier.code}", data={"f_dat": "co"}).status_code in {302, 403}
    assert len(session.get(Dossier, dossier.id).revisions) == 1


def test_the_applicant_and_strangers_find_nothing(login, office, dossier):
    centre = factories.make_tree().centre
    for user in (factories.make_user(Role.citizen), factories.make_user(Role.desk_officer, centre)):
        assert login(user).get(f"/officer-part/{dossier.code}").status_code in {302, 403, 404}
