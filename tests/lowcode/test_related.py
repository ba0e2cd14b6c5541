"""Related lists: their own pages and search in the address, at a constant cost."""

import html
import re

import pytest

from app.models import Component
from app.permissions import Role
from tests.factories import make_agency, make_division, make_procedure, make_tree
from tests.wording import vi


def _part(page, name):
    start = page.index(f'<section class="card section" id="{name}"')
    return page[start : page.index("</section>", start)]


def _links(part):
    return [html.unescape(url) for url in re.findall(r'<a class="btn btn-sm" href="([^"]+)" rel', part)]


def test_one_walks_through_a_related_list_and_back(session, login):
    version = make_procedure(state="draft")
    for place in range(3, 51):
        version.components.append(Component(position=place, name=f"Giấy {place:02}"))
    session.flush()
    client = login(Role.catalog_admin)
    seen, url = [], f"/procedure-version/show/{version.id}?fees.q=giu"
    for _page in range(3):
        part = _part(client.get(url).text, "components")
        seen += re.findall(r">(Giấy \d\d)</a>", part)
        assert '<span class="count">50</span>' in part
        last = url
        url = _links(part)[-1]
        assert "fees.q=giu" in url
        assert url.endswith("#components")
    assert seen == [f"Giấy {place:02}" for place in range(3, 51)]
    back = _links(_part(client.get(last).text, "components"))[0]
    assert "components.before=" in back
    assert "Giấy 30" in _part(client.get(back).text, "components")


def test_a_related_list_is_searched_by_itself(session, login):
    tree = make_tree()
    for number in range(25):
        make_agency(parent=tree.department, name=f"Trạm {number}", code=f"T{number}")
    make_division(tree.department, name="Trạm 7 phòng")
    client = login(Role.catalog_admin)
    page = client.get(f"/agency/show/{tree.department.id}?children.q=tram%207").text
    part = _part(page, "children")
    assert "Trạm 7" in part
    assert "Trạm 8" not in part
    assert 'name="children.q" value="tram 7"' in part
    assert "Trạm 7 phòng" in _part(page, "divisions")
    none = client.get(f"/agency/show/{tree.department.id}?children.q=%3Cscript%3Ealert(1)")
    assert vi("Nothing found") in _part(none.text, "children")
    assert "<script>alert" not in none.text


@pytest.mark.parametrize(
    "query", ["components.after=x", "components.before=e30", "components.q=%00", "x.after=1", "components.after="]
)
def test_an_odd_address_shows_the_first_page(session, login, query):
    version = make_procedure(state="draft")
    page = login(Role.catalog_admin).get(f"/procedure-version/show/{version.id}?{query}")
    assert page.status_code == 200
    assert version.components[0].name in _part(page.text, "components")


def test_a_related_list_follows_the_rights(session, login, monkeypatch):
    from app.permissions import Actor

    version = make_procedure(state="draft")
    client = login(Role.catalog_admin)
    plain = Actor.may
    monkeypatch.setattr(Actor, "may", lambda self, p, view: view != "Component" and plain(self, p, view))
    page = client.get(f"/procedure-version/show/{version.id}?components.q=a").text
    assert 'id="components"' not in page


@pytest.mark.parametrize("rows", [2, 60])
def test_related_lists_cost_the_same_whatever_their_rows(session, login, count_queries, rows):
    version = make_procedure(state="draft")
    for place in range(3, rows + 3):
        version.components.append(Component(position=place, name=f"Giấy {place}"))
    session.flush()
    client = login(Role.catalog_admin)
    with count_queries() as seen:
        assert client.get(f"/procedure-version/show/{version.id}").status_code == 200
    assert len(seen) <= 14, (len(seen), seen)
