"""Linked dossiers on each other's pages: a link for who may open the other one, plain text for everybody else."""

import pytest

from app.models import User
from app.permissions import Role
from app.services import dossiers, linked
from tests.factories import make_procedure, make_process
from tests.officers.pages import page
from tests.services.test_graph_processes import BACK, DESK, SIGN, WORK, graph, office_with, task_at


@pytest.fixture
def linked_pair(session):
    """(office, leading dossier, the one it opened at an agency beside it)."""
    child = make_procedure(process=make_process((DESK, WORK, SIGN, BACK)), fee=0)
    steps = graph(session, DESK, ("Liên thông", "child", "specialist", "agency", 240), WORK, SIGN, BACK,
                  b2={"child_procedure_id": child.procedure_id})  # fmt: skip
    office = office_with(session, steps)
    child.agency = office.tree.department
    parent = office.processed()
    return office, parent, linked.open_linked(session, task_at(parent, "b2").id)


def link(dossier):
    return f'<a href="/dossier/{dossier.code}">{dossier.code}</a>'


def test_who_may_open_the_other_dossier_finds_a_link(session, linked_pair, login):
    office, parent, child = linked_pair
    client = login(session.get(User, office.officer(Role.auditor, office.tree.root).user_id))
    assert link(child) in page(client, parent)
    assert link(parent) in page(client, child)


def test_who_may_not_reads_the_code_as_text_and_finds_no_page(session, linked_pair, login):
    office, parent, child = linked_pair
    client = login(session.get(User, office[Role.agency_head].user_id))
    text = page(client, parent)
    assert child.code in text
    assert link(child) not in text
    assert client.get(f"/dossier/{child.code}").status_code == 404
    client = login(session.get(User, office.officer(Role.desk_officer, child.desk).user_id))
    text = page(client, child)
    assert parent.code in text
    assert link(parent) not in text
    assert client.get(f"/dossier/{parent.code}").status_code == 404


def test_rights_are_asked_in_one_statement_and_only_where_there_is_a_link(session, linked_pair, count_queries):
    office, parent, child = linked_pair
    head = office[Role.agency_head]
    session.flush()
    with count_queries() as queries:
        assert dossiers.openable(session, set(), head) == frozenset()
    assert len(queries) == 0
    with count_queries() as queries:
        assert dossiers.openable(session, {parent.id, child.id}, head) == {parent.id}
    assert len(queries) == 1
