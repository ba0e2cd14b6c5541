"""Whatever is typed: cleaned, checked, and never run as a script."""

import pytest
import sqlalchemy as sa

from app.lowcode.registry import view_of
from app.lowcode.screen import writable
from app.models import (
    FormField,
    IncidentNotice,
    Sector,
    User,
)
from app.permissions import Role
from tests.factories import (
    make_agency,
    make_form,
    make_procedure,
    make_sector,
    make_tree,
    make_user,
)
from tests.wording import vi

ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def _texts(model):
    mapper = sa.inspect(model)
    return [
        name
        for name in writable(model)
        if name in mapper.columns
        and isinstance(mapper.columns[name].type, sa.String)
        and not {"choices", "kind"} & set(mapper.columns[name].info)
    ]


@pytest.mark.parametrize("name", ["Sector", "Agency", "ProcedureVersion", "Component", "FormField", "User"])
def test_scripts_in_any_text_come_back_as_text(session, login, name):
    rows = {
        "Sector": make_sector,
        "Agency": make_agency,
        "User": make_user,
        "ProcedureVersion": lambda: make_procedure(state="draft"),
        "Component": lambda: make_procedure(state="draft").components[0],
        "FormField": lambda: make_form().fields()[0],
    }
    row = rows[name]()
    model = type(row)
    for text in _texts(model):
        setattr(row, text, ATTACK[: sa.inspect(model).columns[text].type.length or None])
    session.flush()
    client = login(Role.system_admin if model is User else Role.catalog_admin)
    base = view_of(model).route_base
    for tail in ("/list/", f"/show/{row.id}", f"/show/{row.id}?tab=history", f"/edit/{row.id}"):
        page = client.get(base + tail)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text


def test_a_web_address_is_never_a_script(session, login):
    root = make_tree().root
    client = login(Role.catalog_admin)
    data = {"code": "H57", "name": "A", "level": "province"}
    for address in ("javascript://x.vn/%0aalert(1)", "data:text/html,x", "ftp://x.vn"):
        answer = client.post(f"/agency/edit/{root.id}", data=data | {"website": address})
        assert answer.status_code == 422, address
    root.website = "javascript:alert(1)"
    assert 'href="javascript' not in client.get(f"/agency/show/{root.id}").text


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ("2026-11-20T08:30", 302),
        ("0001-01-01T00:00", 422),
        ("9999-12-31T23:59", 422),
        ("x", 422),
        ("", 422),
    ],
)
def test_instants_are_typed_in_local_time(session, login, typed, status):
    data = {"title": "Mất điện", "body": "x", "starts_at": typed, "clause": "HUE25 Đ23.1"}
    answer = login(Role.system_admin).post("/incident-notice/add", data=data)
    assert answer.status_code == status
    found = session.scalars(sa.select(IncidentNotice)).all()
    assert [row.starts_at.isoformat() for row in found] == (
        ["2026-11-20T01:30:00+00:00"] if status == 302 else []
    )


def test_choices_and_columns_of_a_form_field_are_typed_as_lines(session, login):
    section = make_form().sections[0]
    client = login(Role.catalog_admin)
    data = {
        "section": section.id,
        "position": 9,
        "key": "gioi_tinh",
        "label": "Giới tính",
        "kind": "select",
        "options": "nam = Nam\r\nnu = Nữ\r\n\r\nkhac",
    }
    assert client.post("/form-field/add", data=data).status_code == 302
    field = session.scalars(sa.select(FormField).where(FormField.key == "gioi_tinh")).one()
    assert field.options == [
        {"value": "nam", "label": "Nam"},
        {"value": "nu", "label": "Nữ"},
        {"value": "khac", "label": "khac"},
    ]
    assert "nam = Nam\nnu = Nữ\nkhac = khac" in client.get(f"/form-field/edit/{field.id}").text
    table = data | {
        "key": "bang",
        "kind": "table",
        "options": "",
        "columns": '[{"key": "a\\u0000", "n": NaN}]',
    }
    assert client.post("/form-field/add", data=table).status_code == 422
    table["columns"] = '[{"key": "a\\u0000", "label": "A"}]'
    assert client.post("/form-field/add", data=table).status_code == 302
    field = session.scalars(sa.select(FormField).where(FormField.key == "bang")).one()
    assert field.columns == [{"key": "a", "label": "A"}]


@pytest.mark.parametrize("text", ["a\x00b", "a\x07b", "  ab  "])
def test_text_is_cleaned_before_it_is_stored(session, login, text):
    data = {"code": "x", "name": text}
    assert login(Role.catalog_admin).post("/sector/add", data=data).status_code == 302
    assert session.scalars(sa.select(Sector)).one().name == "ab"


def test_decomposed_letters_are_the_same_text(session, login):
    client = login(Role.catalog_admin)
    client.post("/sector/add", data={"code": "Hộ", "name": "x"})
    answer = client.post("/sector/add", data={"code": "Hô\u0323".encode(), "name": "y"})
    assert answer.status_code == 422


def test_too_long_and_too_large_values_are_refused(session, login):
    version = make_procedure(state="draft")
    client = login(Role.catalog_admin)
    for values in (
        {"name": "x" * 20_001},
        {"originals": "9" * 30},
        {"originals": "1.5"},
        {"position": "９９９９９９９９９９９"},
    ):
        data = {
            "version": version.id,
            "position": 3,
            "name": "x",
            "originals": 1,
            "copies": 0,
        } | values
        assert client.post("/component/add", data=data).status_code == 422, values


def test_a_json_body_is_no_form(session, login):
    client = login(Role.catalog_admin)
    for body in ([1], {"code": "x", "name": "x"}, "x"):
        assert client.post("/sector/add", json=body).status_code == 422
    assert session.scalar(sa.select(Sector.id)) is None


@pytest.mark.parametrize("pk", ["0", "2147483648", "99999999999999999999"])
def test_numbers_that_are_no_record_are_not_found(session, login, pk):
    client = login(Role.catalog_admin)
    for path in (f"/sector/show/{pk}", f"/sector/edit/{pk}", f"/api/v1/sector/{pk}"):
        assert client.get(path).status_code == 404
    assert client.post(f"/sector/delete/{pk}").status_code == 404


@pytest.mark.parametrize("value", ["0", "-1", "x", "99999", "9" * 5000, ""])
def test_a_forged_preset_is_no_record(session, login, value):
    assert login(Role.catalog_admin).get(f"/component/add?version={value}").status_code == 404


def test_a_preset_of_anything_but_a_relation_is_ignored(session, login):
    page = login(Role.catalog_admin).get("/component/add?name=x&state=y&id=1&data=1&process=2")
    assert page.status_code == 200
    assert ">x</textarea>" not in page.text


def test_the_events_of_a_life_are_shown_by_their_names(session, login):
    version = make_procedure(life_events=["birth", "land", "gone"])
    page = login(Role.catalog_admin).get(f"/procedure/show/{version.procedure_id}").text
    assert f"{vi('Having a child')}, {vi('Land')}, gone" in page


def test_the_events_of_a_life_are_typed_by_their_names(session, login):
    version = make_procedure(life_events=["birth", "gone"])
    procedure, client = version.procedure, login(Role.catalog_admin)
    session.commit()
    address = f"/procedure/edit/{procedure.id}"
    assert f"{vi('Having a child')}\ngone</textarea>" in client.get(address).text
    typed = {"code": procedure.code, "name": procedure.name, "sector": procedure.sector_id, "is_active": "y",
             "row_version": procedure.row_version}  # fmt: skip
    refused = client.post(address, data=typed | {"life_events": "Không có sự kiện này"}).text
    assert "“Không có sự kiện này”" in refused
    assert vi("Land") in refused
    assert client.post(address, data=typed | {"life_events": f"{vi('Land').upper()}\ngone\nhealth"}).status_code == 302
    session.refresh(procedure)
    assert procedure.life_events == ["land", "gone", "health"]
