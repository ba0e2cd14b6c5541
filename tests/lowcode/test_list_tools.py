"""What a user makes of a list: its columns, his views of it, one act on many rows."""

import pytest
import sqlalchemy as sa

from app.lowcode.columns import chosen_columns, offered_columns
from app.lowcode.saved_views import MAX_VIEWS, SavedView
from app.models import Agency, Component, Fee, Procedure, Sector
from app.permissions import Role
from tests.factories import make_agency, make_procedure, make_sector, make_tree, make_user
from tests.wording import vi


def heads(page):
    return page.split("<thead>")[1].split("</thead>")[0]


def test_the_reader_chooses_the_columns(session, login):
    agency = make_agency(name="Ủy ban A", address="12 Lê Lợi")
    client = login(Role.catalog_admin)
    plain = client.get("/agency/list/").text
    assert "12 Lê Lợi" not in plain
    page = client.get("/agency/list/?cols=name,address,desk").text
    assert agency.address in page
    assert vi("Phone") not in heads(page)
    ticked = client.get("/agency/list/?col=name&col=address&q=ban")
    assert ticked.location.endswith("/agency/list/?q=ban&cols=name%2Caddress")


def test_only_offered_columns_are_shown(app):
    faults: list[str] = []
    assert chosen_columns(Sector, {"cols": "name,id,search_text,__class__,row_version"}, faults) == ("code", "name")
    assert faults == ["cols"]
    assert chosen_columns(Sector, {}, faults) == tuple(Sector.screen.columns)
    assert "life_events" not in offered_columns(Procedure)
    assert "versions" not in offered_columns(Procedure)


def test_chosen_relations_cost_no_statement_per_row(session, login, count_queries):
    tree = make_tree()
    client, path = login(Role.catalog_admin), "/agency/list/?cols=name,desk,unit,calendar,successor,parent"
    make_agency(parent=tree.root, desk=tree.centre, successor=tree.commune)
    client.get(path)
    with count_queries() as few:
        client.get(path)
    for _place in range(6):
        make_agency(parent=tree.root, desk=make_agency(), successor=make_agency())
    session.expire_all()
    client.get(path)  # what is kept as long as no agency changes is found here
    with count_queries() as many:
        client.get(path)
    assert len(many) == len(few)


def test_a_view_is_saved_opened_and_dropped_by_its_owner_alone(session, login):
    make_sector(code="A1", name="Hộ tịch")
    owner = make_user(Role.catalog_admin)
    client = login(owner)
    client.post("/sector/views", data={"name": " Của  tôi ", "query": "q=ho&after=xyz&sort=-name", "is_default": "y"})
    view = session.scalars(sa.select(SavedView)).one()
    assert (view.name, view.query, view.is_default) == ("Của tôi", "q=ho&sort=-name", True)
    assert client.get("/sector/list/").location.endswith("?q=ho&sort=-name")
    assert "Của tôi" in client.get("/sector/list/?cols=").text
    other = login(make_user(Role.catalog_admin))
    assert "Của tôi" not in other.get("/sector/list/?cols=").text
    assert other.post(f"/sector/views/{view.id}/drop").status_code == 404
    assert login(owner).post(f"/agency/views/{view.id}/drop").status_code == 404
    assert login(owner).post(f"/sector/views/{view.id}/drop").status_code == 302
    assert session.scalars(sa.select(SavedView)).all() == []


def test_a_view_of_the_same_name_is_replaced_and_one_is_the_first(session, login):
    client = login(make_user(Role.catalog_admin))
    for name, query in (("A", "q=1"), ("B", "q=2"), ("A", "q=3")):
        client.post("/sector/views", data={"name": name, "query": query, "is_default": "y"})
    rows = {row.name: (row.query, row.is_default) for row in session.scalars(sa.select(SavedView))}
    assert rows == {"A": ("q=3", True), "B": ("q=2", False)}


@pytest.mark.parametrize("given", [
    {"name": " "}, {"name": "x" * 61}, {"name": "A", "query": f"q={'x' * 1001}"},
], ids=lambda given: str(given)[:20])  # fmt: skip
def test_a_view_that_cannot_be_kept_is_refused(session, login, given):
    client = login(make_user(Role.catalog_admin))
    assert client.post("/sector/views", data={"query": "q=1"} | given).status_code == 302
    assert session.scalars(sa.select(SavedView)).all() == []


def test_views_are_limited_in_number(session, login):
    client = login(make_user(Role.catalog_admin))
    for number in range(MAX_VIEWS + 1):
        client.post("/sector/views", data={"name": f"V{number}", "query": "q=1"})
    assert session.scalar(sa.select(sa.func.count()).select_from(SavedView)) == MAX_VIEWS


def test_a_saved_address_leads_nowhere_else(session, login):
    client = login(make_user(Role.catalog_admin))
    answer = client.post("/sector/views", data={"name": "A", "query": "//evil.example/?x=1"})
    assert answer.location.startswith("/sector/list/?")


def test_many_are_changed_each_with_its_own_result(session, login):
    free, other = make_sector(is_active=True), make_sector(is_active=True)
    client = login(Role.catalog_admin)
    page = client.post("/sector/bulk", data={"act": "set:is_active:False", "pk": [free.id, other.id, 999999]})
    assert vi("%(done)d done, %(refused)d refused.", done=2, refused=1) in page.text
    session.expire_all()
    assert not session.get(Sector, free.id).is_active
    assert not session.get(Sector, other.id).is_active


def test_one_refused_row_leaves_the_others_done(session, login):
    used, free = make_procedure().procedure.sector.id, make_sector().id
    client = login(Role.catalog_admin)
    page = client.post("/sector/bulk", data={"act": "remove", "pk": [used, free]}).text
    assert vi("%(done)d done, %(refused)d refused.", done=1, refused=1) in page
    session.expire_all()
    assert set(session.scalars(sa.select(Sector.id).where(Sector.id.in_([used, free])))) == {used}


def test_bulk_follows_the_rules_of_the_form(session, login):
    frozen = make_procedure()
    component = frozen.components[0]
    client = login(Role.catalog_admin)
    client.post("/component/bulk", data={"act": "set:is_required:False", "pk": [component.id]})
    session.expire_all()
    assert session.get(Component, component.id).is_required


@pytest.mark.parametrize("data", [
    {"act": "set:code:X", "pk": "1"}, {"act": "drop table", "pk": "1"}, {"act": "set:is_active:False"},
    {"act": "set:is_active:maybe", "pk": "1"}, {"pk": "1"}, {"act": "remove", "pk": ["x", "-1"]},
    {"act": "set:is_active:False", "pk": [str(n) for n in range(1, 102)]},
], ids=lambda data: str(data)[:40])  # fmt: skip
def test_what_is_not_offered_is_refused_whole(session, login, data):
    sector = make_sector()
    assert login(Role.catalog_admin).post("/sector/bulk", data=data).status_code == 302
    session.expire_all()
    assert session.get(Sector, sector.id).is_active


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.catalog_admin}))
def test_nobody_else_changes_many_at_once(session, login, role):
    sector = make_sector()
    client = login(role)
    client.post("/sector/bulk", data={"act": "set:is_active:False", "pk": sector.id})
    client.post("/sector/bulk", data={"act": "remove", "pk": sector.id})
    session.expire_all()
    assert session.get(Sector, sector.id).is_active
    if role is not Role.citizen:
        assert 'id="bulk"' not in client.get("/sector/list/").text


def test_a_tree_is_filtered_with_all_below(session, login):
    tree = make_tree()
    deep = make_agency(parent=tree.desk, name="Điểm tiếp nhận thôn")
    page = login(Role.catalog_admin).get(f"/agency/list/?f.parent={tree.commune.id}").text
    assert deep.name in page
    assert tree.desk.name in page
    assert tree.centre.name not in heads(page) + page.split("<tbody")[1]


def test_numbers_are_filtered_between_bounds(session, login, monkeypatch):
    from dataclasses import replace

    monkeypatch.setattr(Fee, "screen", replace(Fee.screen, filters=[*Fee.screen.filters, "amount"]))
    version = make_procedure(state="draft")
    for amount in (10_000, 150_000, 2_000_000):
        version.fees.append(Fee(position=amount, name=f"Phí {amount}", amount=amount))
    session.flush()
    page = login(Role.catalog_admin).get("/fee/list/?f.amount.from=100.000&f.amount.to=2.000.000").text
    assert "Phí 150000" in page
    assert "Phí 2000000" in page
    assert "Phí 10000<" not in page
    assert vi("Some parts of the address could not be used and were left out.") in (
        login(Role.catalog_admin).get("/fee/list/?f.amount.from=x").text)  # fmt: skip


def test_the_tree_filter_uses_only_agencies_one_may_choose(session, login):
    assert session.scalar(sa.select(Agency.id)) is None
    assert login(Role.specialist).get("/agency/list/?f.parent=999999").status_code == 200
