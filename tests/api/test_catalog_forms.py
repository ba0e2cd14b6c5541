"""Items of shared catalogs as answers of electronic forms."""

from datetime import timedelta

import pytest

from app.clock import today
from app.models import FormField
from app.permissions import Role
from app.services import eforms
from app.services.eform_catalogs import LABELS, with_labels
from app.services.form_problems import definition_problems
from app.views.applicant.eform_page import offered_for, page_fields
from tests.api.test_catalogs import make_catalog, make_item
from tests.factories import make_form, make_procedure
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
    make_procedure(form=form)
    client = login(Role.citizen)
    path = f"/catalog-choices/{field.id}"
    found = {"results": [{"id": "DN", "text": "Bệnh viện Đà Nẵng"}], "more": False}
    assert client.get(f"{path}?q=da nang").json == found
    assert client.get(f"{path}?q=hue").json["results"] == []
    assert client.get("/catalog-choices/999999").status_code == 404


@pytest.mark.parametrize("state", ["draft", "checked", "approved", "published", "retired", None])
@pytest.mark.parametrize("role", [Role.citizen, Role.specialist, Role.catalog_admin])
def test_a_form_nobody_published_answers_only_who_designs_it(session, login, catalog, form, state, role):
    item = make_item(session, catalog)
    if state is not None:
        make_procedure(form=form, state=state)
    is_open = state in {"published", "retired"} or role is Role.catalog_admin
    answer = login(role).get(f"/catalog-choices/{form.fields()[0].id}")
    assert answer.status_code == (200 if is_open else 404)
    assert (item.name in str(answer.json)) == is_open


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


@pytest.mark.parametrize("kind", ["table", "group"])
def test_cells_of_tables_and_groups_take_items(session, login, catalog, kind):
    item, gone = make_item(session, catalog, name="Bệnh viện cũ"), make_item(session, catalog, is_active=False)
    column = {"key": "bv", "label": "Bệnh viện", "kind": "catalog", "catalog_code": catalog.code}
    form = make_form([{"key": "noi", "label": "Nơi", "kind": kind, "columns": [column]}])
    assert definition_problems(form) == {}
    assert eforms.data_problems(form, {"noi": [{"bv": item.code}]}) == {}
    wrong = eforms.data_problems(form, {"noi": [{"bv": item.code}, {"bv": gone.code}]})
    assert vi("Please choose one of the offered items.") in wrong["noi"]
    sent = with_labels(form, {"noi": [{"bv": item.code}]})
    item.name = "Bệnh viện mới"
    session.flush()
    assert "Bệnh viện cũ" in str(eforms.answers(form, sent))
    assert "Bệnh viện mới" in str(eforms.answers(form, {"noi": [{"bv": item.code}]}))
    field = session.query(FormField).filter_by(key="noi").one()
    make_procedure(form=form)
    client, path = login(Role.citizen), f"/catalog-choices/{field.id}"
    assert [one["id"] for one in client.get(f"{path}/bv").json["results"]] == [item.code]
    assert (client.get(path).status_code, client.get(f"{path}/khac").status_code) == (404, 404)


def test_a_page_offers_the_items_of_a_column(session, catalog):
    item = make_item(session, catalog, name="Bệnh viện Huế")
    column = {"key": "bv", "label": "Bệnh viện", "kind": "catalog", "catalog_code": catalog.code}
    form = make_form([{"key": "noi", "label": "Nơi", "kind": "table", "columns": [column]}])
    bound = eforms.bind(form, {"noi": [{"bv": "CU"}]})
    shown = page_fields(bound, units=offered_for(bound, session))[0]
    assert shown.columns[0]["options"][1:] == [(item.code, "Bệnh viện Huế"), ("CU", "CU")]


def test_a_column_must_name_a_catalog_there_is(session):
    column = {"key": "bv", "label": "Bệnh viện", "kind": "catalog", "catalog_code": "khong_co"}
    form = make_form([{"key": "noi", "label": "Nơi", "kind": "group", "columns": [column]}])
    assert definition_problems(form) == {
        "sections.0.fields.0.columns": vi("There is no shared catalog with this code.")
    }
    column.pop("catalog_code")
    form.fields()[0].columns = [dict(column)]
    assert vi("Name the shared catalog by its code.") in definition_problems(form).values()
