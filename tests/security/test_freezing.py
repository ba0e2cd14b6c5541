"""What a published version rests on stays as it is, whichever way one tries to change it."""

import pytest

from app.models import Component, Fee, FormField, ProcessStep
from app.permissions import Role
from app.services import publication
from tests.factories import make_procedure


@pytest.fixture
def admin(login):
    return login(Role.catalog_admin)


@pytest.fixture
def published(session):
    return make_procedure()


@pytest.fixture
def draft(session, actor, published):
    return publication.draft_from(session, published, actor(Role.catalog_admin))


@pytest.mark.parametrize("part", ["components", "fees"])
def test_a_part_cannot_be_moved_out_of_a_published_version(session, admin, published, draft, part):
    row = getattr(published, part)[0]
    path = f"/api/v1/{row.__tablename__}/{row.id}"
    assert admin.put(path, json={"version": draft.id}).status_code == 422
    assert session.get(type(row), row.id).version_id == published.id


@pytest.mark.parametrize("part", ["components", "fees"])
def test_a_part_cannot_be_moved_into_a_published_version(session, admin, published, draft, part):
    row = getattr(draft, part)[0]
    path = f"/api/v1/{row.__tablename__}/{row.id}"
    assert admin.put(path, json={"version": published.id}).status_code == 422
    assert session.get(type(row), row.id).version_id == draft.id


def _parts_of(version):
    """Return (path, changes) of everything a version's form and process are made of."""
    section, step = version.form.sections[0], version.process.steps[2]
    return [
        (f"form/{version.form_id}", {"name": "Khác"}),
        (f"form_section/{section.id}", {"title": "Khác"}),
        (f"form_field/{section.fields[0].id}", {"label": "Khác", "is_required": False}),
        (f"process/{version.process_id}", {"name": "Khác"}),
        (f"process_step/{step.id}", {"role": "desk_officer", "kind": "work"}),
    ]


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("state", ["published", "retired"])
def test_form_and_process_of_a_version_in_force_stay(session, admin, published, state, number):
    published.state = state
    path, changes = _parts_of(published)[number]
    before = admin.get(f"/api/v1/{path}").json
    assert admin.put(f"/api/v1/{path}", json=changes).status_code == 422
    assert admin.delete(f"/api/v1/{path}").status_code == 422
    assert admin.get(f"/api/v1/{path}").json == before


@pytest.mark.parametrize("number", range(5))
def test_the_draft_of_the_next_version_changes_copies_of_its_own(session, admin, draft, number):
    path, changes = _parts_of(draft)[number]
    answer = admin.put(f"/api/v1/{path}", json=changes)
    assert answer.status_code == 200, answer.json
    name, value = next(iter(changes.items()))
    assert answer.json["result"][name] == value


def test_nothing_is_added_to_or_moved_between_a_published_form_and_process(session, admin, published, draft):
    field = {"position": 9, "key": "moi", "label": "Mới", "kind": "text", "is_required": True}
    section, other = published.form.sections[0], draft.form.sections[0]
    added = admin.post("/api/v1/form_field/", json=field | {"section": section.id})
    moved = admin.put(f"/api/v1/form_field/{section.fields[0].id}", json={"section": other.id, "key": "x"})
    step = published.process.steps[0]
    passed = admin.put(f"/api/v1/process_step/{step.id}",
                       json={"process": draft.process_id, "position": 99})  # fmt: skip
    assert [added.status_code, moved.status_code, passed.status_code] == [422] * 3
    assert session.get(FormField, section.fields[0].id).section_id == section.id
    assert session.get(ProcessStep, step.id).process_id == published.process_id


def test_a_draft_of_a_draft_keeps_counting_editions(session, actor, published, draft):
    admin = actor(Role.catalog_admin)
    draft.decision_number = "7/QĐ-UBND"
    session.flush()
    draft.state, published.state = "retired", "retired"
    session.flush()
    third = publication.draft_from(session, draft, admin)
    codes = [version.form.code for version in (published, draft, third)]
    assert codes == [codes[0], f"{codes[0]}-b2", f"{codes[0]}-b3"]
    assert session.get(Component, third.components[0].id).version_id == third.id
    assert session.get(Fee, third.fees[0].id).amount == published.fees[0].amount


@pytest.mark.parametrize("columns", [1, "x", [1], ["x"], [{"key": 1, "label": "x"}], [{"key": "x"}], {"a": 1}])
def test_columns_that_no_page_can_show_are_refused(session, admin, draft, columns):
    field = draft.form.sections[0].fields[0]
    answer = admin.put(f"/api/v1/form_field/{field.id}", json={"columns": columns})
    assert answer.status_code == 422
    assert "columns" in answer.json["errors"]
