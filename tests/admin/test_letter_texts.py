"""The pages of letter texts: who may, what is shown, what is refused."""

import re

import pytest

from app.clock import today
from app.documents.builtin import built_in
from app.models import LetterTemplate
from app.permissions import Role
from app.services import letter_templates
from tests.wording import vi

READERS = {Role.catalog_admin, Role.system_admin, Role.auditor}
PLACE = "/letter-texts/tt03_2025/refusal"


@pytest.fixture
def draft(session, actor):
    return letter_templates.start_draft(session, "refusal", "tt03_2025", actor(Role.catalog_admin))


def form(row, **given):
    return {**letter_templates.texts_of(row), "row_version": str(row.row_version), "do": "save", **given}


@pytest.mark.parametrize("role", list(Role))
def test_who_may_look_and_who_may_edit(login, draft, role):
    client, edit = login(role), f"/letter-texts/edition/{draft.id}"
    for path in ("/letter-texts/", PLACE, f"{edit}.pdf"):
        assert (client.get(path).status_code == 200) == (role in READERS), path
    is_editor = role is Role.catalog_admin
    assert (client.get(edit).status_code == 200) == is_editor
    assert (client.post(f"{PLACE}/preview", data=form(draft)).status_code == 200) == is_editor
    client.post(edit, data=form(draft, closing="Đổi."))
    client.post(f"{PLACE}/draft")
    assert (letter_templates.texts_of(draft)["closing"] == "Đổi.") == is_editor


def test_from_a_draft_to_a_published_edition(login, session):
    client = login(Role.catalog_admin)
    place = client.post(f"{PLACE}/draft").location
    page = client.get(place)
    assert "data:image/png;base64," in page.text
    assert "{{ho_ten}}" in page.text
    row = session.query(LetterTemplate).one()
    answer = client.post(place, data=form(row, closing="Kết mới./.", do="publish", valid_from=today().isoformat()))
    assert answer.status_code == 302
    session.expire_all()
    assert letter_templates.in_force(session, "refusal", "tt03_2025", today()).texts["closing"] == "Kết mới./."
    again = client.post(place, data=form(row, do="publish", valid_from=today().isoformat()))
    assert again.status_code == 409
    assert vi("Built-in text") not in client.get(PLACE).text
    assert client.get(f"/letter-template/show/{row.id}").status_code == 200


def test_what_was_typed_stays_and_the_fault_is_named(login, draft, session):
    answer = login(Role.catalog_admin).post(
        f"/letter-texts/edition/{draft.id}", data=form(draft, closing="Gửi {{ho_tem}} <b>")
    )
    assert answer.status_code == 422
    assert "Gửi {{ho_tem}} &lt;b&gt;" in answer.text
    assert "{{ho_ten}}" in answer.text
    assert letter_templates.texts_of(draft) == built_in("refusal", "tt03_2025")


def test_a_stale_form_changes_nothing_and_keeps_what_was_typed(login, draft, session):
    client, old = login(Role.catalog_admin), form(draft, closing="Của tôi.")
    client.post(f"/letter-texts/edition/{draft.id}", data=form(draft, closing="Của người khác."))
    answer = client.post(f"/letter-texts/edition/{draft.id}", data=old)
    assert answer.status_code == 409
    assert "Của tôi." in answer.text
    session.refresh(draft)
    assert draft.texts["closing"] == "Của người khác."


def test_the_preview_draws_or_names_the_fault(login, draft):
    client = login(Role.catalog_admin)
    drawn = client.post(f"{PLACE}/preview", data=form(draft)).json
    assert len(drawn["pages"]) == 1
    assert drawn["faults"] == {}
    wrong = client.post(f"{PLACE}/preview", data=form(draft, opening="{{x}}")).json
    assert wrong["pages"] == []
    assert "{{x}}" in wrong["faults"]["opening"]


def test_restoring_dropping_and_unknown_places(login, draft, session):
    client, edit = login(Role.catalog_admin), f"/letter-texts/edition/{draft.id}"
    client.post(edit, data=form(draft, closing="Khác."))
    session.refresh(draft)
    client.post(edit, data=form(draft, do="restore"))
    session.refresh(draft)
    assert letter_templates.texts_of(draft) == built_in("refusal", "tt03_2025")
    assert client.post(edit, data=form(draft, do="discard")).status_code == 302
    for path in (edit, "/letter-texts/tt03_2025/khac", "/letter-texts/khac/refusal", "/letter-texts/edition/0.pdf"):
        assert client.get(path).status_code == 404


def test_the_list_takes_as_many_statements_for_many_editions(login, session, actor, count_queries):
    client, admin = login(Role.catalog_admin), actor(Role.catalog_admin)

    def statements(path):
        client.get(path)
        with count_queries() as seen:
            assert client.get(path).status_code == 200
        return len(seen)

    before = [statements("/letter-texts/"), statements(PLACE)]
    for _round in range(5):
        row = letter_templates.start_draft(session, "refusal", "tt03_2025", admin)
        letter_templates.publish(session, row.id, today(), row.row_version, admin)
    assert [statements("/letter-texts/"), statements(PLACE)] == before
    assert len(re.findall(r"<td[^>]*>\s*5\s*</td>", client.get(PLACE).text)) == 1
