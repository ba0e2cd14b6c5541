"""Several steps of one dossier open at once: a line, and acts, for each that is mine."""

import pytest

from app.models import Task
from app.permissions import Role
from app.services.dossier_offers import find_offers
from app.services.inbox import Tab, Wanted, find_inbox
from tests.officers.pages import act, page
from tests.services.steps import task_of


def second_step(office, dossier, role=Role.specialist) -> Task:
    """Return another open step beside the present one, as a split leaves it."""
    first = task_of(dossier)
    task = Task(dossier=dossier, step=first.step, position=first.position, name="Kiểm tra thực địa", kind="work",
                role=str(role), agency=first.agency, state="open", opened_at=first.opened_at,
                due_at=first.due_at, key=first.key, slot="2")  # fmt: skip
    office.session.add(task)
    office.session.flush()
    return task


def test_each_open_step_of_mine_is_a_line(office, enter):
    dossier = office.processed()
    first, second = task_of(dossier), second_step(office, dossier)
    rows = find_inbox(office.session, office[Role.specialist], Wanted()).rows
    assert {row.task_id for row in rows} == {first.id, second.id}
    assert [row.code for row in rows] == [dossier.code] * 2
    text = enter(Role.specialist).get("/work/").get_data(as_text=True)
    assert text.count("data-row-href") == 2
    assert "Kiểm tra thực địa" in text


def test_steps_of_others_are_no_lines_of_mine(office):
    dossier = office.processed()
    second_step(office, dossier, Role.clerk)
    (mine,) = find_inbox(office.session, office[Role.specialist], Wanted()).rows
    (theirs,) = find_inbox(office.session, office[Role.clerk], Wanted()).rows
    assert mine.task_id != theirs.task_id
    assert len(find_inbox(office.session, office[Role.agency_head], Wanted(tab=Tab.team)).rows) == 2
    (whole,) = find_inbox(office.session, office[Role.auditor], Wanted(tab=Tab.team)).rows
    assert whole.task_id is None


def test_acts_are_offered_per_step_under_keys_of_their_own(office, enter):
    dossier = office.processed()
    office.officer(Role.specialist)
    second = second_step(office, dossier)
    offers = find_offers(office.session, dossier, office[Role.specialist])
    finishing = [offer for offer in offers if offer.name == "finish_step"]
    assert {offer.facts["task"].id for offer in finishing} == {t.id for t in dossier.tasks if t.state == "open"}
    assert len({offer.key for offer in offers}) == len(offers)
    assert any("Kiểm tra thực địa" in offer.title for offer in finishing)
    client = enter(Role.specialist)
    text = page(client, dossier)
    ids = [part.split('"')[0] for part in text.split(' id="')[1:]]
    assert len(ids) == len(set(ids))
    refused = act(client, dossier, "hand_to", task=second.id, user="")
    assert refused.status_code == 422
    assert f'id="fold-hand_to-{second.id}" open' in refused.get_data(as_text=True)


@pytest.mark.parametrize("tab", ["read", "compare", "course", "papers", "time"])
def test_every_part_of_the_page_opens(office, enter, tab):
    dossier = office.processed()
    second_step(office, dossier)
    for role in (Role.specialist, Role.desk_officer, Role.agency_head, Role.auditor):
        assert page(enter(role), dossier, f"?tab={tab}")


def test_colleagues_and_agencies_are_asked_for_once_a_page(office, count_queries):
    """However many steps stand open and people work here: columns only, no agency read as a whole."""
    dossier = office.processed()
    office.officer(Role.specialist)
    with count_queries() as few:
        find_offers(office.session, dossier, office[Role.specialist])
    second_step(office, dossier)
    for _number in range(3):
        office.officer(Role.specialist)
    office.session.refresh(dossier, ["tasks"])
    with count_queries() as many:
        offers = find_offers(office.session, dossier, office[Role.specialist])
    assert len([offer for offer in offers if offer.name == "ask_opinion"]) == 2
    asked = [text for text in map(str, many) if "officer_position" in text]
    assert len(asked) == 2, "who may do the steps, and which agencies may be asked"
    assert len([text for text in map(str, few) if "officer_position" in text]) == 2
