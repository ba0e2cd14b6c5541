"""Generated screens: kept input, stale forms, vetoes, history, the way back."""

import re

import pytest
import sqlalchemy as sa

from app.history import HistoryEntry
from app.lowcode.history_labels import action_label
from app.lowcode.values import inside_sentence
from app.models import (
    Component,
    Process,
    Sector,
)
from app.permissions import Role
from app.workflows.dossier import DOSSIER
from tests.factories import (
    make_agency,
    make_form,
    make_procedure,
    make_process,
    make_sector,
    make_tree,
    make_user,
)
from tests.lowcode.sent import as_sent
from tests.wording import vi

ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def _entries(session, record, action=None):
    query = sa.select(HistoryEntry).where(HistoryEntry.record == record).order_by(HistoryEntry.id)
    return [e for e in session.scalars(query) if action in (None, e.action)]


def test_the_whole_life_of_a_record_with_its_history(session, login):
    admin = make_user(Role.catalog_admin)
    client = login(admin)
    assert "<h1>Thêm lĩnh vực</h1>" in client.get("/sector/add").text
    made = client.post("/sector/add", data={"code": "ho_tich", "name": "Hộ tịch", "is_active": "y"})
    sector = session.scalars(sa.select(Sector)).one()
    assert made.location == f"/sector/show/{sector.id}"
    assert "Hộ tịch" in client.get(made.location).text
    client.post(f"/sector/edit/{sector.id}", data={"code": "ho_tich", "name": "Hộ tịch mới"})
    session.refresh(sector)
    assert (sector.name, sector.is_active, sector.row_version) == ("Hộ tịch mới", False, 2)
    page = client.get(f"/sector/show/{sector.id}?tab=history").text
    assert f"{vi('before:')} </span>Hộ tịch</del>" in page
    assert client.post(f"/sector/delete/{sector.id}").location.startswith("/sector/list/")
    entries = _entries(session, "sector")
    assert [e.action for e in entries] == ["create", "update", "delete"]
    assert entries[1].changes == {"name": ["Hộ tịch", "Hộ tịch mới"], "is_active": [True, False]}
    assert {e.actor_id for e in entries} == {admin.id}
    assert session.scalar(sa.select(Sector.id)) is None


def test_saving_without_a_change_changes_nothing(session, login):
    version = make_procedure(state="draft", conditions="Dòng một\nDòng hai\n", fee=0)
    client = login(Role.catalog_admin)
    page = client.get(f"/procedure-version/edit/{version.id}").text
    data = as_sent(page)
    assert client.post(f"/procedure-version/edit/{version.id}", data=data).status_code == 302
    assert _entries(session, "procedure_version", "update") == []


def test_what_was_typed_is_kept_and_errors_stand_beside_their_fields(session, login):
    make_sector(code="ho_tich")
    client = login(Role.catalog_admin)
    missing = client.post("/sector/add", data={"code": "   ", "name": "Giữ lại"})
    assert missing.status_code == 422
    assert 'value="Giữ lại"' in missing.text
    assert 'id="code-error"' in missing.text
    assert 'href="#code"' in missing.text
    double = client.post("/sector/add", data={"code": "ho_tich", "name": "Giữ lại"})
    assert double.status_code == 422
    taken = "%(label)s: this value is already used by another record."
    assert vi(taken, label=vi("Code")) in double.text
    assert 'value="Giữ lại"' in double.text
    assert session.scalar(sa.select(sa.func.count()).select_from(Sector)) == 1


def test_a_veto_keeps_the_form_and_writes_nothing(session, login):
    root = make_tree().root
    child = make_agency(parent=root, name="Phường con")
    form = {"code": "H57", "name": "Đổi tên", "level": "province", "parent": str(child.id)}
    answer = login(Role.catalog_admin).post(f"/agency/edit/{root.id}", data=form)
    assert answer.status_code == 422
    assert vi("An agency cannot stand under itself.") in answer.text
    assert 'value="Đổi tên"' in answer.text
    assert "Phường con" in answer.text
    session.refresh(root)
    assert root.name == "Ủy ban nhân dân thành phố Huế"
    assert root.parent_id is None
    assert [e for e in _entries(session, "agency", "update") if e.record_id == root.id] == []


@pytest.mark.parametrize("given", ["67/UBND", "U B", "-UBND", "UBND-", "ubnd", "VP-Ubnd"])
def test_an_abbreviation_fits_into_a_symbol(session, login, given):
    root, client = make_tree().root, login(Role.catalog_admin)
    form = {"code": "H57", "name": root.name, "level": "province", "abbreviation": given}
    answer = client.post(f"/agency/edit/{root.id}", data=form)
    assert answer.status_code == 422
    assert 'href="#abbreviation"' in answer.text
    assert f'value="{given}"' in answer.text
    for fits in ("SGD&ĐT", "VP-UBND", "BQL1", ""):
        answer = client.post(f"/agency/edit/{root.id}", data=form | {"abbreviation": fits, "row_version": "1"})
        assert answer.status_code != 422 or 'href="#abbreviation"' not in answer.text


def test_a_stale_form_shows_present_values_beside_the_typed_ones(session, login):
    sector = make_sector(name="Cũ")
    client = login(Role.catalog_admin)
    seen = sector.row_version
    client.post(f"/sector/edit/{sector.id}", data={"code": "a", "name": "Người thứ nhất", "is_active": "y"})
    late = {"code": "a", "name": "Người thứ hai", "is_active": "y", "row_version": seen}
    answer = client.post(f"/sector/edit/{sector.id}", data=late)
    assert answer.status_code == 409
    assert 'value="Người thứ hai"' in answer.text
    assert vi("Present value: %(value)s", value="Người thứ nhất") in answer.text
    session.refresh(sector)
    assert sector.name == "Người thứ nhất"
    late["row_version"] = re.search(r'name="row_version" value="(\d+)"', answer.text)[1]
    assert client.post(f"/sector/edit/{sector.id}", data=late).status_code == 302
    session.refresh(sector)
    assert sector.name == "Người thứ hai"


def test_a_record_in_use_is_not_deleted_and_the_message_says_by_what(session, login):
    version = make_procedure()
    client = login(Role.catalog_admin)
    sector = version.procedure.sector
    answer = client.post(f"/sector/delete/{sector.id}", follow_redirects=True)
    assert f"{vi('Procedures')} (1)" in answer.text
    assert session.get(Sector, sector.id) is not None


def test_parts_go_with_their_whole_unless_someone_needs_one(session, login):
    process = make_process()
    client = login(Role.catalog_admin)
    client.post(f"/process/delete/{process.id}")
    assert session.scalar(sa.select(Process.id)) is None
    assert len(_entries(session, "process_step", "delete")) == 5


@pytest.mark.parametrize("method", ["get", "head"])
def test_nothing_is_deleted_by_looking(session, login, method):
    sector = make_sector()
    client = login(Role.catalog_admin)
    assert getattr(client, method)(f"/sector/delete/{sector.id}").status_code == 405
    assert session.get(Sector, sector.id) is not None


def test_a_write_without_the_token_is_refused(session, login):
    client = login(Role.catalog_admin)
    sector = make_sector()
    for path in ("/sector/add", f"/sector/edit/{sector.id}", f"/sector/delete/{sector.id}"):
        answer = client.post(path, data={"code": "x", "name": "x"}, csrf=False)
        assert answer.status_code == 400, path
    assert session.scalar(sa.select(sa.func.count()).select_from(Sector)) == 1


def test_the_state_cannot_be_set_from_a_form(session, login):
    version = make_procedure(state="draft")
    client = login(Role.catalog_admin)
    data = as_sent(client.get(f"/procedure-version/edit/{version.id}").text)
    data |= {"state": "published", "id": "999", "search_text": "x", "row_version_": "9"}
    assert client.post(f"/procedure-version/edit/{version.id}", data=data).status_code == 302
    session.refresh(version)
    assert (version.state, version.id) == ("draft", version.id)


def test_a_published_version_refuses_every_change(session, login):
    version = make_procedure()
    client = login(Role.catalog_admin)
    data = as_sent(client.get(f"/procedure-version/edit/{version.id}").text)
    answer = client.post(f"/procedure-version/edit/{version.id}", data=data | {"name": "Khác"})
    assert answer.status_code == 422
    frozen = "A published version never changes. Make a new version instead."
    assert vi(frozen) in answer.text
    client.post(f"/component/delete/{version.components[0].id}")
    assert session.scalar(sa.select(sa.func.count()).select_from(Component)) == 2


def test_related_lists_lead_to_forms_that_know_where_they_came_from(session, login):
    version = make_procedure(state="draft")
    client = login(Role.catalog_admin)
    page = client.get(f"/procedure-version/show/{version.id}").text
    assert f'href="/component/add?version={version.id}"' in page
    form = client.get(f"/component/add?version={version.id}").text
    assert f'<option value="{version.id}" selected>' in form
    assert 'name="position" rows' not in form
    assert re.search(r'name="position" value="3"', form)
    data = {
        "version": version.id,
        "position": 3,
        "name": "Giấy ủy quyền",
        "originals": 1,
        "copies": 0,
    }
    saved = client.post("/component/add", data=data)
    assert saved.location == f"/procedure-version/show/{version.id}"
    again = client.post("/component/add", data=data | {"again": "1", "position": 4})
    assert again.location == f"/component/add?version={version.id}"


def test_history_tells_names_instead_of_numbers(session, login):
    version = make_procedure(state="draft", form=None)
    form = make_form(name="Tờ khai kết hôn")
    client = login(Role.catalog_admin)
    data = as_sent(client.get(f"/procedure-version/edit/{version.id}").text)
    client.post(
        f"/procedure-version/edit/{version.id}",
        data=data | {"form": form.id, "service_level": "partial"},
    )
    page = client.get(f"/procedure-version/show/{version.id}?tab=history").text
    assert "Tờ khai kết hôn</ins>" in page
    assert f"{vi('Fully online')}</del>" in page
    assert f"{vi('Partly online')}</ins>" in page
    assert f"{vi('added')} {inside_sentence(vi('Component'))}" in page


def test_history_names_the_transitions_of_life_cycles():
    for step in DOSSIER.transitions:
        assert action_label(step.name, "dossier") == step.label


def test_a_chain_of_parents_leads_back(session, login):
    field = make_form(name="Tờ khai khai sinh").fields()[0]
    page = login(Role.catalog_admin).get(f"/form-field/show/{field.id}").text
    for part in (
        "/form/list/",
        f"/form/show/{field.section.form_id}",
        f"/form-section/show/{field.section_id}",
    ):
        assert f'href="{part}"' in page
