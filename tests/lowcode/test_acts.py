"""Copying a record, taking it out of use instead of deleting it, choices that hang on others."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app.clock import today
from app.lowcode.problems import problems
from app.models import Agency, OfficerPosition, Process, ProcessStep, Sector
from app.permissions import Role
from tests.factories import (
    make_agency,
    make_division,
    make_position,
    make_procedure,
    make_process,
    make_sector,
    make_tree,
    make_user,
)
from tests.lowcode.sent import as_sent
from tests.wording import vi

ATTACK = "<script>alert(1)</script>"


def test_a_copy_is_a_filled_form_and_nothing_more_until_it_is_saved(session, login):
    process = make_process(name=ATTACK)
    client = login(Role.catalog_admin)
    show = client.get(f"/process/show/{process.id}").text
    assert f'href="/process/add?copy={process.id}"' in show
    page = client.get(f"/process/add?copy={process.id}")
    assert ATTACK not in page.text
    assert session.scalar(sa.select(sa.func.count()).select_from(Process)) == 1
    data = as_sent(page.text)
    assert data["code"] == f"{process.code}-2"
    assert not [key for key in data if key.endswith("-id") and data[key]]
    names = [step.name for step in process.steps]
    assert client.post("/process/add", data=data).status_code == 302
    session.expire_all()
    copied = session.scalars(sa.select(Process).where(Process.code == f"{process.code}-2")).one()
    assert [(step.name, step.position) for step in copied.steps] == [(n, p) for p, n in enumerate(names, 1)]
    assert len(session.get(Process, process.id).steps) == 5
    assert as_sent(client.get(f"/process/add?copy={process.id}").text)["code"] == f"{process.code}-3"


def test_a_copy_of_a_numbered_version_gets_the_next_number_and_starts_as_a_draft(session, login):
    version = make_procedure()
    client = login(Role.catalog_admin)
    data = as_sent(client.get(f"/procedure-version/add?copy={version.id}").text)
    assert data["number"] == str(version.number + 1)
    made = client.post("/procedure-version/add", data=data)
    assert made.status_code == 302
    copied = session.scalars(sa.select(type(version)).where(type(version).id != version.id)).one()
    assert (copied.state, len(copied.components), len(copied.fees)) == ("draft", 2, len(version.fees))


@pytest.mark.parametrize("number", ["999999", "x", "-1"])
def test_there_is_no_copy_of_nothing(session, login, number):
    answer = login(Role.catalog_admin).get(f"/process/add?copy={number}")
    assert answer.status_code == (404 if number.isdigit() else 200)
    assert "Quy trình nội bộ 1" not in answer.text


def test_copying_needs_the_right_to_add(session, login):
    process = make_process()
    client = login(Role.specialist)
    assert "copy=" not in client.get(f"/process/show/{process.id}").text
    assert client.get(f"/process/add?copy={process.id}").status_code in (302, 403)


def test_what_is_in_use_is_told_with_counts_and_links_and_can_be_retired(session, login):
    sector = make_sector(name="Hộ tịch")
    make_procedure(sector=sector)
    make_procedure(sector=sector)
    client = login(Role.catalog_admin)
    refused = client.post(f"/sector/delete/{sector.id}")
    assert refused.location == f"/sector/show/{sector.id}?in_use=1"
    page = client.get(refused.location).text
    assert f'<a href="/procedure/list/?f.sector={sector.id}">{vi("Procedures")} (2)</a>' in page
    assert f'action="/sector/deactivate/{sector.id}"' in page
    assert client.post(f"/sector/deactivate/{sector.id}").status_code == 302
    session.refresh(sector)
    assert sector.is_active is False
    again = client.post(f"/sector/deactivate/{sector.id}", follow_redirects=True)
    assert vi("This is no longer in use already.") in again.text
    assert f'action="/sector/deactivate/{sector.id}"' not in client.get(refused.location).text
    assert session.get(Sector, sector.id) is not None


def test_the_hint_needs_the_right_to_remove(session, login):
    sector = make_sector()
    make_procedure(sector=sector)
    client = login(Role.specialist)
    assert "deactivate" not in client.get(f"/sector/show/{sector.id}?in_use=1").text
    assert client.post(f"/sector/deactivate/{sector.id}").status_code in (302, 403)
    session.refresh(sector)
    assert sector.is_active is True


def test_a_validity_ends_today_and_rules_still_hold(session, login):
    tree = make_tree()
    agency = make_agency(parent=tree.root, valid_from=today() + timedelta(days=5))
    client = login(Role.catalog_admin)
    answer = client.post(f"/agency/deactivate/{agency.id}", follow_redirects=True)
    assert vi("The end of validity must not lie before its beginning.") in answer.text
    client.post(f"/agency/deactivate/{tree.commune.id}")
    session.refresh(tree.commune)
    session.refresh(agency)
    assert (tree.commune.valid_to, agency.valid_to) == (today(), None)


@pytest.mark.parametrize("path", ["/agency/deactivate/999999", "/document-type/deactivate/999999"])
def test_nothing_is_retired_that_is_not_there(session, login, path):
    client = login(Role.catalog_admin)
    assert client.post(path).status_code == 404
    assert client.get(path).status_code == 405
    assert client.post(path, csrf=False).status_code == 400


def test_what_is_out_of_use_is_not_offered_and_not_accepted_for_new_records(session, login):
    old, new = make_sector(name="Lĩnh vực cũ", is_active=False), make_sector(name="Lĩnh vực mới")
    procedure = make_procedure(sector=old).procedure
    client = login(Role.catalog_admin)
    texts = [row["text"] for row in client.get("/procedure/choices/sector?form=1&q=linh").json["results"]]
    assert texts == ["Lĩnh vực mới"]
    assert len(client.get("/procedure/choices/sector?q=linh").json["results"]) == 2
    assert "choices/sector?form=1" in client.get("/procedure/add").text
    data = {"code": "1.200000", "name": "Thủ tục", "sector": old.id, "is_active": "y"}
    answer = client.post("/procedure/add", data=data)
    assert answer.status_code == 422
    assert vi("“%(name)s” is no longer in use.", name="Lĩnh vực cũ") in answer.text
    assert client.post("/procedure/add", data=data | {"sector": new.id}).status_code == 302
    kept = as_sent(client.get(f"/procedure/edit/{procedure.id}").text)
    assert client.post(f"/procedure/edit/{procedure.id}", data=kept | {"name": "Tên mới"}).status_code == 302
    api = client.post("/api/v1/procedure/", json={"code": "1.300000", "name": "x", "sector": old.id})
    assert api.status_code == 422


def test_a_choice_is_narrowed_by_another_and_checked_again(session, login):
    tree = make_tree()
    mine, other = make_division(tree.department, name="Phòng A"), make_division(tree.commune, name="Phòng B")
    person = make_user(Role.specialist, tree.department)
    client = login(Role.system_admin)
    url = f"/officer-position/choices/division?form=1&agency={tree.department.id}"
    assert [row["id"] for row in client.get(url).json["results"]] == [mine.id]
    assert len(client.get("/officer-position/choices/division?form=1").json["results"]) == 2
    for nonsense in ("x", "0", "99999999999", "-1"):
        assert client.get(f"/officer-position/choices/division?agency={nonsense}").status_code == 200
    page = client.get("/officer-position/add").text
    assert 'data-depends="agency" data-depends-on="agency"' in page
    data = {"user": person.id, "agency": tree.department.id, "role": "clerk", "division": other.id,
            "valid_from": "2026-01-01"}  # fmt: skip
    answer = client.post("/officer-position/add", data=data)
    assert answer.status_code == 422
    assert 'id="division-error"' in answer.text
    wrong = "“%(name)s” does not belong to the chosen %(label)s “%(owner)s”."
    assert vi(wrong, name="Phòng B", label=vi("Agency"), owner=tree.department) in answer.text
    api = client.post("/api/v1/officer_position/", json=data)
    assert api.status_code == 422
    assert client.post("/officer-position/add", data=data | {"division": mine.id}).status_code == 302
    kept = session.scalars(sa.select(OfficerPosition).where(OfficerPosition.role == "clerk")).one()
    assert kept.division_id == mine.id


def test_a_post_is_ended_in_one_click(session, login):
    post = make_position(make_user(), Role.clerk, make_tree().commune, valid_from=date(2026, 1, 1))
    client = login(Role.system_admin)
    client.post(f"/officer-position/deactivate/{post.id}")
    session.refresh(post)
    assert post.valid_to == today()


@pytest.mark.parametrize(
    ("model", "change", "words"),
    [
        (OfficerPosition, {"depends": {"division": "role"}}, "only a relation hangs on another"),
        (OfficerPosition, {"depends": {"division": "agency.parent"}}, "have no 'parent'"),
        (OfficerPosition, {"depends": {"division": "nobody"}}, "unknown attribute 'nobody'"),
        (Agency, {"inline": ["children"]}, "not parts that a record owns"),
        (Agency, {"ends": "gone"}, "unknown attribute 'gone'"),
    ],
)
def test_a_wrong_declaration_of_parts_and_choices_is_named(app, monkeypatch, model, change, words):
    from dataclasses import replace

    monkeypatch.setattr(model, "screen", replace(model.screen, **change))
    assert any(words in text for text in problems(model))


def test_a_declaration_may_keep_its_parts_out_of_the_form(session, login, monkeypatch):
    from dataclasses import replace

    process = make_process()
    monkeypatch.setattr(Process, "screen", replace(Process.screen, inline=[]))
    assert "parts-steps" not in login(Role.catalog_admin).get(f"/process/edit/{process.id}").text
    assert session.scalar(sa.select(sa.func.count()).select_from(ProcessStep)) == 5
