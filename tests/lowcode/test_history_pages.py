"""The history tab: whole, page by page, and without the parts its reader may not see."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app import history
from app.clock import now, today
from app.history import HistoryEntry
from app.lowcode import as_of as past_days
from app.models import SharedCatalogRight
from app.permissions import Role
from app.services import rights_changes as changes
from tests.admin.test_decisions import make_decision
from tests.api.test_catalogs import make_catalog, make_item
from tests.factories import make_division, make_process, make_sector, make_tree, make_user
from tests.services.steps import Office
from tests.wording import vi


def decide(session, *taken):
    state = changes.decided(session)
    wanted = {(str(role), entity, what, name): value for role, entity, what, name, value in taken}
    changes.decide(session, wanted, changes.mark_of(state), "Theo quyết định")
    session.expire_all()


def walked(client, address):
    """The numbers of the entries on all pages, and how many pages there were."""
    found, pages = [], 0
    while address:
        page = client.get(address).text
        found += re.findall(r'id="entry-(\d+)"', page)
        pages += 1
        older = re.search(rf'href="([^"]+)#history" rel="next">{vi("Older")}<', page)
        address = older[1].replace("&amp;", "&") if older else None
    return found, pages


def note(session, key, times):
    for number in range(times):
        history.record(session, key, "export", reason=f"lần {number}")
    session.flush()


def test_the_history_of_a_record_is_told_to_its_beginning(session, login, count_queries):
    sector, client = make_sector(), login(Role.catalog_admin)
    path = f"/sector/show/{sector.id}?tab=history"
    client.get(path)
    with count_queries() as few:
        client.get(path)
    note(session, ("sector", sector.id), 119)
    with count_queries() as many:
        page = client.get(path).text
    assert len(few) == len(many)
    assert vi("Newest") not in page
    found, pages = walked(client, path)
    assert (len(found), len(set(found)), pages) == (120, 120, 3)
    assert found == sorted(found, key=int, reverse=True)
    second = client.get(f"{path}&before={found[49]}").text
    assert f'href="/sector/show/{sector.id}?tab=history#history">{vi("Newest")}<' in second
    for odd in ("x", "0", "-1", "9" * 30, "%00"):
        assert f"entry-{found[0]}" in client.get(f"{path}&before={odd}").text
    end = client.get(f"{path}&before={found[-1]}").text
    assert vi("Nothing has happened to this record yet.") not in end


def test_so_are_those_of_a_dossier_an_item_and_a_decision(session, login):
    dossier = Office(session).received()
    item = make_item(session, make_catalog(session))
    decision = make_decision(session)
    for key, address, role in (
        (("dossier", dossier.id), f"/dossier/{dossier.code}?tab=history", Role.auditor),
        (("shared_catalog_item", item.id), f"/catalogs/{item.catalog.code}/{item.id}?tab=history", Role.catalog_admin),
        (("publication_decision", decision.id), f"/admin/decisions/{decision.id}", Role.catalog_admin),
    ):  # fmt: skip
        note(session, key, 230)
        found, pages = walked(login(role), address)
        assert len(found) == len(set(found)) > 230
        assert pages >= 5


def test_parts_of_a_closed_kind_are_not_told(session, login):
    catalog = make_catalog(session, rights=[(Role.auditor, False)])
    catalog.rights.append(SharedCatalogRight(role=Role.cashier, can_write=True))
    session.flush()
    path, words = f"/shared-catalog/show/{catalog.id}?tab=history", vi("Cashier")
    assert words in login(Role.catalog_admin).get(path).text
    page = login(Role.auditor).get(path).text
    assert words not in page
    assert "Số giường" in page  # its fields are open


def test_parts_outside_a_scope_are_not_told(session, login, count_queries):
    tree = make_tree()
    made = [make_division(agency, name=f"Phòng {agency.code}") for agency in (tree.root, tree.commune)]
    gone = make_division(tree.commune, name="Phòng đã bỏ")
    session.delete(gone)
    session.flush()
    inside, outside = (login(make_user(Role.auditor, agency)) for agency in (tree.commune, tree.root))
    path = f"/agency/show/{tree.commune.id}?tab=history"
    for client in (inside, outside):
        assert made[1].name in client.get(path).text
    decide(session, (Role.auditor, "Division", "scope", "", "agency"))
    assert made[1].name in inside.get(path).text
    page = outside.get(path).text
    assert made[1].name not in page
    assert gone.name not in page
    counts = []
    for _time in range(2):
        session.expire_all()
        inside.get(path)
        with count_queries() as seen:
            inside.get(path)
        counts.append(len(seen))
        for number in range(15):
            make_division(tree.commune, name=f"Phòng thêm {number}")
    assert counts[0] == counts[1]


def test_the_auditor_is_told_no_part_that_was_taken_from_him(session, login):
    office = Office(session)
    dossier, tree = office.received(), office.tree
    auditor, focal = (make_user(role, tree.root) for role in (Role.auditor, Role.control_focal_point))
    near = make_user(Role.auditor, tree.desk)
    pages = (f"/audit/dossier/{dossier.code}", f"/dossier/{dossier.code}?tab=history", "/audit/?kind=letter")
    letters = sa.select(HistoryEntry.id).where(HistoryEntry.record == "letter")
    marks = [mark for number in session.scalars(letters) for mark in (f'entry-{number}"', f'/audit/{number}"')]

    def tells(user, page):
        answer = login(user).get(page)
        return answer.status_code == 200 and any(mark in answer.text for mark in marks)

    assert all(tells(user, page) for user in (auditor, focal, near) for page in pages)
    decide(session, (Role.auditor, "Letter", "action", "read", "no"))
    for page in pages:
        assert (tells(auditor, page), tells(near, page), tells(focal, page)) == (False, False, True), page
    number = session.scalars(letters.order_by(HistoryEntry.id)).first()
    assert [login(user).get(f"/audit/{number}").status_code for user in (auditor, near, focal)] == [404, 404, 200]


@pytest.fixture
def old_process(session, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(history, "recorded_now", lambda: now() - timedelta(days=9))
        process = make_process()
    return process


def test_a_day_too_many_changes_ago_is_refused_in_words(session, login, old_process, monkeypatch):
    process, client = old_process, login(Role.catalog_admin)
    path = f"/process/show/{process.id}?tab=history&on={(today() - timedelta(days=3)).isoformat()}"
    words = vi("More than %(limit)s changes since that day, or as many parts: the record cannot be shown as it "
               "was then. Choose a later day.").partition("%(limit)s")[0]  # fmt: skip
    monkeypatch.setattr(past_days, "_LIMIT", 6)
    first, steps = process.name, process.steps
    for number in range(6):
        process.name = f"Tên {number}"
        session.flush()
    for _time in range(8):
        history.record(session, ("process", process.id), "read")
    page = client.get(path).text  # readings undo nothing and are not counted
    assert words not in page
    assert first in page.partition('class="past"')[2]
    steps[0].name = "Một thay đổi nữa"
    session.flush()
    answer = client.get(path)
    assert answer.status_code == 200
    assert words in answer.text
    assert first not in answer.text.partition('class="past"')[2]


def test_too_many_parts_are_refused_too(login, old_process, monkeypatch):
    monkeypatch.setattr(past_days, "_LIMIT", len(old_process.steps) - 1)
    path = f"/process/show/{old_process.id}?tab=history&on={today().isoformat()}"
    page = login(Role.catalog_admin).get(path).text.partition('class="past"')[2]
    assert old_process.name not in page
    assert old_process.steps[0].name not in page


def test_a_removed_part_outside_a_scope_is_not_rebuilt(session, login, old_process):
    tree = make_tree()
    old_process.agency_id = tree.commune.id
    name = old_process.steps[-1].name = "Bước đã bỏ"
    session.flush()
    session.delete(old_process.steps.pop())
    session.flush()
    path = f"/process/show/{old_process.id}?tab=history&on={(today() - timedelta(days=1)).isoformat()}"
    inside, outside = (login(make_user(Role.auditor, agency)) for agency in (tree.commune, tree.department))
    for client in (inside, outside):
        assert old_process.steps[0].name in client.get(path).text
    decide(session, (Role.auditor, "ProcessStep", "scope", "", "agency"))
    assert old_process.steps[0].name in inside.get(path).text
    page = outside.get(path).text
    assert name not in page
    assert old_process.steps[0].name not in page
