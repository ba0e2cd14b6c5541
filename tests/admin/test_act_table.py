"""Who may do what: the page says what the tables say, and the services do no other."""

import pytest

from app.permissions import Role
from app.services.act_table import TITLES, acts_of, roles_of, states_of
from app.workflows.registry import WORKFLOWS
from tests.wording import vi


def test_every_life_cycle_has_a_title():
    assert set(TITLES) == set(WORKFLOWS)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_roles_and_states_narrow_to_what_the_table_allows(app, session, name):
    workflow = WORKFLOWS[name]
    with app.test_request_context():
        for state in [None, *workflow.states]:
            key = "new" if state is None else state.name
            for role, _words in roles_of(name):
                shown = {act.name for act in acts_of(name, role=role, state=key)}
                assert shown == {row.name for row in workflow.allowed(state, {role})}
        assert [act.name for act in acts_of(name)] == [row.name for row in workflow.transitions]
        assert len(states_of(name)) == len(workflow.states) + 1


def test_an_act_tells_clause_letter_and_refusal(login):
    page = login(Role.auditor).get("/acts/?cycle=dossier&state=registered&role=desk_officer").text
    for words in (vi("Accept dossier"), "HCM24 Đ11.1a", vi("Every required paper must be marked as received first"),
                  "Phiếu từ chối tiếp nhận"):  # fmt: skip
        assert words in page, words
    assert vi("Sign the result") not in page


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_life_cycle_can_be_read_by_every_officer(login, name):
    for role in (Role.auditor, Role.specialist):
        assert login(role).get(f"/acts/?cycle={name}").status_code == 200


def test_citizens_and_visitors_do_not_read_it(login, client):
    assert login(Role.citizen).get("/acts/").status_code == 403
    assert client.get("/acts/").status_code == 302


@pytest.mark.parametrize(("query", "status"), [
    ("cycle=nonsense", 404), ("cycle=result&state=registered", 200), ("role=%3Cb%3E&state=%00", 200),
])  # fmt: skip
def test_forged_addresses(login, query, status):
    assert login(Role.auditor).get(f"/acts/?{query}").status_code == status
