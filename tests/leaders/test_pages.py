"""The dashboard's pages: who may open them, what they cost, and absurd addresses."""

import re
from html import unescape

import pytest

from app.permissions import Role
from app.services.dashboard_period import GROUPS
from app.views.leaders import LEADERS
from tests.factories import make_agency, make_tree
from tests.leaders.dossiers import add_dossier, add_one_of_each

MOST_STATEMENTS = 30


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", ["/dashboard/", "/dashboard/dossiers?group=overdue"])
def test_only_leaders_and_overseers_open_it(login, role, path):
    status = login(role).get(path).status_code
    assert status == (200 if role in LEADERS else 403)


def test_a_visitor_is_asked_to_sign_in(client):
    response = client.get("/dashboard/")
    assert response.status_code == 302
    assert "/login/" in response.headers["Location"]


def test_statements_do_not_grow_with_agencies_or_dossiers(session, login, count_queries):
    add_one_of_each()
    reader = login(Role.auditor)
    costs = []
    for _round in range(2):
        for path in ("/dashboard/", "/dashboard/dossiers?group=in_progress"):
            reader.get(path)  # what is cached for good is cached now
            with count_queries() as seen:
                assert reader.get(path).status_code == 200
            costs.append(len(seen))
        for _i in range(12):
            add_dossier("overdue", make_agency(parent=make_tree().root))
    assert costs[:2] == costs[2:]
    assert max(costs) <= MOST_STATEMENTS


def test_numbers_lead_to_the_dossiers_behind_them(session, login):
    row = add_dossier("overdue")
    reader = login(Role.auditor)
    text = reader.get("/dashboard/?period=year").text
    links = re.findall(r'href="(/dashboard/dossiers[^"]*)"', text)
    overdue = [unescape(link) for link in links if "group=overdue" in link]
    assert len(overdue) >= 3  # in all, of the agency, of the sector
    for link in overdue:
        assert row.code in reader.get(link).text
    assert all("period=year" in link for link in overdue)


def test_names_are_escaped(session, login):
    add_dossier("overdue", applicant_name="<script>alert(1)</script>", step_name='"><b>x')
    text = login(Role.auditor).get("/dashboard/dossiers?group=overdue").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("query", [
    "period=custom&from=2026-99-99&to=1", "agency=-1&sector=99999999999999999999", "agency=abc",
    "group=%00", "after=zzz", "after=2026-01-01T00:00:00~1", "before=2026-01-01T00:00:00%2B00:00~x",
    "after=2026-01-01T00:00:00%2B00:00~999999999999999", "period[]=1", "from=%F0%9F%92%A9",
    "after=0001-01-01T00:00:00%2B00:00~1",
])  # fmt: skip
def test_absurd_addresses_are_answered(login, query):
    reader = login(Role.control_focal_point)
    for path in ("/dashboard/", "/dashboard/dossiers"):
        assert reader.get(f"{path}?{query}").status_code == 200


@pytest.mark.parametrize("group", GROUPS)
def test_every_list_opens_with_rows(session, login, group):
    add_one_of_each()
    response = login(Role.auditor).get(f"/dashboard/dossiers?group={group}&period=year")
    assert response.status_code == 200
    assert "<tbody" in response.text
