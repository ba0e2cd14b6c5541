"""The administrators' home, the overview of rights, and the description of the API."""

import re

import pytest

from app.clock import now
from app.lowcode.generate import declared_models
from app.models import OutboxEvent, ProcessApproval
from app.permissions import EVERY_OFFICER, Role
from app.services.health import health_of
from tests.factories import make_procedure, make_tree
from tests.wording import vi

ADMINS = {Role.system_admin, Role.catalog_admin}
WHO = {
    "/admin/": ADMINS, "/admin/users/": {Role.system_admin},
    "/admin/rights/": {Role.system_admin, Role.catalog_admin, Role.auditor}, "/api/docs/": set(EVERY_OFFICER),
}  # fmt: skip


def make_event(session, **given):
    at = now()
    values = {"name": "mail.send", "payload": {}, "created_at": at, "due_at": at, "attempts": 0}
    event = OutboxEvent(**values | given)
    session.add(event)
    session.flush()
    return event


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", list(WHO))
def test_who_may_open_what(login, role, path):
    assert (login(role).get(path).status_code == 200) == (role in WHO[path])


def test_health_counts_what_waits_and_what_failed(session, app):
    make_event(session)
    make_event(session, attempts=2, error="OSError: no route")
    make_event(session, attempts=1, done_at=now())
    found = health_of(session)
    assert (found.waiting, found.failed) == (2, 1)
    assert found.broker_answers == bool(app.config["REDIS_URL"])
    assert not found.mail_configured


def test_a_failed_task_is_tried_again_by_the_system_administrator_only(session, login):
    later = now().replace(year=now().year + 1)
    event = make_event(session, attempts=5, error="<b>boom</b>", due_at=later, sent_at=now())
    done = make_event(session, attempts=1, error="x", done_at=now(), due_at=later)
    home = login(Role.system_admin).get("/admin/").text
    assert "&lt;b&gt;boom" in home
    assert "boom" not in login(Role.catalog_admin).get("/admin/").text
    assert login(Role.catalog_admin).post(f"/admin/outbox/{event.id}/retry").status_code == 403
    assert session.get(OutboxEvent, event.id).due_at == later
    for number in (event.id, done.id):
        login(Role.system_admin).post(f"/admin/outbox/{number}/retry")
    found = session.get(OutboxEvent, event.id)
    assert found.due_at <= now()
    assert found.sent_at is None
    assert session.get(OutboxEvent, done.id).due_at == later
    assert login(Role.system_admin).post("/admin/outbox/999999/retry").status_code == 404


def test_the_home_links_to_what_the_role_may_change(login):
    catalog = login(Role.catalog_admin).get("/admin/").text
    system = login(Role.system_admin).get("/admin/").text
    assert 'href="/agency/list/"' in catalog
    assert 'href="/user/list/"' in system
    main = system.partition("<main")[2]
    assert 'href="/procedure/list/"' not in main


def test_the_home_says_what_waits_for_the_reader(session, login):
    tree = make_tree()
    version = make_procedure(state="retired")
    for number, state in enumerate(("drafting", "submitted", "submitted", "in_use")):
        session.add(ProcessApproval(title=f"Quy trình {number}", process=version.process, agency=tree.department,
                                    state=state))  # fmt: skip
    session.commit()
    page = _waiting(login(Role.catalog_admin, tree.root))
    assert 'href="/process-approval/list/?f.state=submitted"' in page
    assert ">2<" in page.replace("\n", "").replace(" ", "")
    assert "drafting" not in page
    assert vi("Nothing waits for you here.") in _waiting(login(Role.system_admin, tree.root))
    assert vi("Nothing waits for you here.") in _waiting(login(Role.catalog_admin, tree.department))


def _waiting(client):
    return client.get("/admin/").text.partition('id="waiting"')[2].partition("</section>")[0]


def test_the_overview_of_rights_says_what_is_granted(session, login):
    text = login(Role.auditor).get("/admin/rights/").text
    for model in declared_models():
        assert str(model.screen.title) in text
    (row,) = [row for row in text.split("<tr>") if ">Cơ quan</a></th>" in row]
    roles = [role for role in Role if role is not Role.citizen]
    cells = dict(zip(roles, re.findall("<td>(.*?)</td>", row), strict=True))
    for role, letters, words in (
        (Role.catalog_admin, "XTSORN", ("read", "add", "change", "remove", "export", "import")),
        (Role.auditor, "XR", ("read", "export")),
    ):
        said = ", ".join(vi(word) for word in words)
        assert cells[role] == (f'<span aria-hidden="true" title="{said}">{letters}</span>'
                               f'<span class="visually-hidden">{said}</span>')  # fmt: skip


def test_the_api_page_lists_every_operation_of_the_description(login):
    reader = login(Role.specialist)
    spec = reader.get("/api/v1/_openapi").get_json()
    text = reader.get("/api/docs/").text
    for path in spec["paths"]:
        if path.startswith("/api/v1/") and "security" not in path and "_openapi" not in path:
            assert f"<code>{path}</code>" in text, path
    assert "swagger" not in text.lower()
