"""The district level of government, which ended on 1 July 2025: every way of entering an agency keeps to it."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app.clock import today
from app.models import Agency
from app.packs.exporting import Chosen
from app.permissions import Role
from tests.exchange.books import book, run, send
from tests.factories import make_agency, make_tree
from tests.packs.carrying import files_of, take
from tests.services.test_profiles import demand
from tests.wording import vi

CODE = "H57.60"
REFUSED = vi("The district level of government ended on 1 July 2025: choose the provincial or the commune level.")


@pytest.fixture
def province(session):
    """The root of a province, under the national rules: two levels."""
    return make_tree().root


def _old(province, **given):
    return make_agency(code=CODE, name="Ủy ban nhân dân huyện Cũ", level="district", parent=province, **given)


def _form(client, province, **given):
    sent = {"code": CODE, "name": "Huyện Mới", "level": "district", "parent": str(province.id)} | given
    return client.post("/agency/add", data=sent)


def _api(client, province, **given):
    sent = {"code": CODE, "name": "Huyện Mới", "level": "district", "parent": province.id} | given
    return client.post("/api/v1/agency/", json=sent)


def _listed(client, province):
    head = [vi("Identifier code"), vi("Name"), vi("Level"), vi("Parent agency")]
    return send(client, "agency", book({vi("Agencies"): [head, [CODE, "Huyện Mới", "Cấp huyện", province.code]]}))


def _known(session):
    return session.scalar(sa.select(Agency.level).where(Agency.code == CODE))


def test_the_form_takes_no_new_one_and_keeps_what_was_typed(session, login, province):
    page = _form(login(Role.catalog_admin), province)
    assert (page.status_code, REFUSED in page.text) == (422, True)
    assert 'value="Huyện Mới"' in page.text
    assert _known(session) is None


def test_the_api_takes_no_new_one(session, login, province):
    answer = _api(login(Role.catalog_admin), province)
    assert (answer.status_code, set(answer.json["errors"])) == (422, {"level"})
    assert REFUSED in answer.text or REFUSED in str(answer.json)
    assert _known(session) is None


def test_the_list_takes_no_new_one(session, login, province):
    _status, number, page = _listed(login(Role.catalog_admin), province)
    assert (run(number).faults, REFUSED in page) == (1, True)
    assert _known(session) is None


def test_no_agency_is_moved_to_it_but_one_that_is_there_is_edited(session, login, province):
    other, old = make_agency(parent=province), _old(province)
    client = login(Role.catalog_admin)
    moved = client.put(f"/api/v1/agency/{other.id}", json={"level": "district"})
    assert (moved.status_code, set(moved.json["errors"])) == (422, {"level"})
    kept = client.put(f"/api/v1/agency/{old.id}", json={"name": "Huyện Cũ", "level": "district"})
    assert kept.status_code == 200
    assert client.get(f"/agency/show/{old.id}").status_code == 200


@pytest.mark.parametrize("enter", [_form, _api])
def test_one_that_has_ended_is_entered_to_be_looked_up(session, login, province, enter):
    ended = {"valid_to": "2025-06-30"}
    assert enter(login(Role.catalog_admin), province, **ended).status_code in (201, 302)
    assert _known(session) == "district"


@pytest.mark.parametrize("valid_to", [None, (today() + timedelta(400)).isoformat()])
def test_one_that_has_ended_does_not_come_back(session, login, province, valid_to):
    old = _old(province, valid_to=date(2025, 6, 30))
    session.commit()
    client = login(Role.catalog_admin)
    answer = client.put(f"/api/v1/agency/{old.id}", json={"valid_to": valid_to})
    assert (answer.status_code, set(answer.json["errors"])) == (422, {"valid_to"})
    typed = {"code": CODE, "name": old.name, "level": "district", "parent": province.id, "valid_to": valid_to or ""}
    page = client.post(f"/agency/edit/{old.id}", data=typed)
    assert (page.status_code, REFUSED in page.text) == (422, True)
    session.refresh(old)
    assert old.valid_to == date(2025, 6, 30)


@pytest.mark.parametrize("valid_to", [date(2025, 6, 30), today() + timedelta(30)])
def test_one_that_lasts_is_ended(session, login, province, valid_to):
    old = _old(province)
    session.commit()
    answer = login(Role.catalog_admin).put(f"/api/v1/agency/{old.id}", json={"valid_to": valid_to.isoformat()})
    assert answer.status_code == 200
    session.refresh(old)
    assert old.valid_to == valid_to


@pytest.mark.parametrize("enter", [_form, _api])
def test_a_regulation_with_three_levels_takes_it(session, login, province, enter):
    demand(session, government_levels=["province", "district", "commune"])
    session.commit()
    assert enter(login(Role.catalog_admin), province).status_code in (201, 302)
    assert _known(session) == "district"


@pytest.mark.parametrize(("valid_to", "is_refused"), [(None, True), (today() + timedelta(400), True),
                                                      (date(2025, 6, 30), False)])  # fmt: skip
def test_nor_does_a_pack_bring_one(session, province, valid_to, is_refused):
    old = _old(province, valid_to=valid_to)
    files = files_of(session, Chosen("kind", "agency"))
    session.delete(old)
    session.flush()
    found = take(session, files)
    assert any(REFUSED in str(fault) for fault in found.faults or ()) is is_refused
