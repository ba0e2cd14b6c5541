"""Items of shared catalogs as answers of electronic forms."""

from datetime import timedelta

import pytest

from app.clock import today
from app.models import FormField
from app.permissions import Role
from app.services import eforms
from app.services.eform_catalogs import LABELS, with_labels
from tests.api.test_catalogs import make_catalog, make_item
from tests.factories import make_form
from tests.wording import vi


@pytest.fixture
def catalog(session):
    return make_catalog(session, ())


@pytest.fixture
def form(session, catalog):
    field = {"key": "bv", "label": "Bệnh viện", "kind": "catalog", "catalog_code": catalog.code}
    return make_form([field])


def test_only_items_of_today_are_accepted(session, catalog, form):
    good = make_item(session, catalog)
    others = [
        make_item(session, catalog, is_active=False),
        make_item(session, catalog, valid_to=today() - timedelta(days=1)),
        make_item(session, make_catalog(session, ())),
    ]
    assert eforms.data_problems(form, {"bv": good.code}) == {}
    for other in others:
        assert eforms.data_problems(form, {"bv": other.code}) == {
            "bv": vi("Please choose one of the offered items.")
        }
    assert eforms.data_problems(form, {}) == {"bv": vi("Please choose.")}
    for rubbish in ({"a": 1}, [1], "x\x00", "\ud800"):
        assert "bv" in eforms.data_problems(form, {"bv": rubbish})
    catalog.is_active = False
    session.flush()
    assert "bv" in eforms.data_problems(form, {"bv": good.code})


def test_the_name_at_sending_is_kept(session, catalog, form):
    item = make_item(session, catalog, name="Bệnh viện cũ")
    sent = with_labels(form, {"bv": item.code})
    assert sent[LABELS] == {"bv": [item.code, "Bệnh viện cũ"]}
    item.name = "Bệnh viện mới"
    session.flush()
    assert eforms.shown(form, sent) == {"bv": "Bệnh viện cũ"}
    assert eforms.shown(form, {"bv": item.code}) == {"bv": "Bệnh viện mới"}
    # A supplement that answers something else leaves the name; another answer takes its own.
    assert with_labels(form, {"bv": item.code}, sent) == sent
    other = make_item(session, catalog, name="Khác")
    assert with_labels(form, {"bv": other.code}, sent)[LABELS] == {"bv": [other.code, "Khác"]}


def test_a_page_asks_for_what_is_typed(session, login, catalog, form):
    make_item(session, catalog, name="Bệnh viện Đà Nẵng", code="DN")
    make_item(session, catalog, name="Bệnh viện Huế", code="H", is_active=False)
    field = session.query(FormField).filter_by(key="bv").one()
    client = login(Role.citizen)
    path = f"/catalog-choices/{field.id}"
    found = {"results": [{"id": "DN", "text": "Bệnh viện Đà Nẵng"}], "more": False}
    assert client.get(f"{path}?q=da nang").json == found
    assert client.get(f"{path}?q=hue").json["results"] == []
    assert client.get("/catalog-choices/999999").status_code == 404


def test_visitors_are_not_answered(session, client, catalog, form):
    field = session.query(FormField).filter_by(key="bv").one()
    assert client.get(f"/catalog-choices/{field.id}").status_code in (302, 401)


def test_a_field_names_a_catalog_that_is_there(session, login, form):
    section = form.sections[0]
    body = {"section": section.id, "position": 2, "key": "x", "label": "X", "kind": "catalog"}
    client = login(Role.catalog_admin)
    for wrong in ({}, {"catalog_code": "khong_co"}):
        answer = client.post("/api/v1/form_field/", json=body | wrong)
        assert set(answer.json["errors"]) == {"catalog_code"}
