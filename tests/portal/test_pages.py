"""All public pages: open to everybody, cheap, light, in both languages, without personal data."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask_appbuilder import IndexView

from app.clock import now, today
from app.views.portal import PORTAL_VIEWS
from app.views.portal.home import PortalHomeView
from tests.factories import make_agency, make_calendar, make_procedure, make_tree
from tests.portal.records import make_dossier, make_feedback

LIMIT = 150 * 1024  # bytes of the first load, fonts left out
PAGES = (
    "/",
    "/thu-tuc",
    "/thu-tuc/1.001193",
    "/co-quan",
    "/co-quan/H57.19753",
    "/tra-cuu",
    "/phan-anh",
    "/phan-anh/gui",
    "/thong-ke",
    "/dieu-khoan",
    "/bao-ve-du-lieu",
    "/huong-dan",
)


def furnish(rows=1):
    tree = make_tree()
    make_procedure(code="1.001193", name="Đăng ký khai sinh", life_events=["birth"])
    for _ in range(rows):
        make_procedure(agency_level="province", agency=tree.department)
        make_agency(parent=tree.commune)
        make_feedback("published")
        make_dossier(9, finished_at=now())
    return tree


@pytest.mark.parametrize("view", [*PORTAL_VIEWS, PortalHomeView])
def test_public_views_say_so_and_ask_for_no_permission(view):
    assert view.public is True
    for name in dir(view):
        endpoint = getattr(view, name)
        if hasattr(endpoint, "_urls") and name not in dir(IndexView):
            assert not hasattr(endpoint, "_permission_name"), name


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("address", PAGES)
def test_every_page_opens_to_everybody_in_both_languages(session, client, address, language):
    furnish()
    answer = client.get(f"{address}?_l_={language}")
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.text
    assert "style=" not in answer.text.split("<body", 1)[1]
    assert not re.search(r"\son[a-z]+=", answer.text)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_costs_the_same_whatever_its_rows(session, client, count_queries, address):
    counts = []
    for rows in (1, 15):
        session.rollback()
        furnish_once(session, rows)
        client.get(address)  # what is kept as long as no agency changes is found here
        with count_queries() as seen:
            assert client.get(address).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1], counts
    assert counts[0] <= 12, counts


def furnish_once(session, rows):
    """Add rows to what a former round has left."""
    tree = make_tree()
    from app.models import Procedure

    if session.query(Procedure).filter_by(code="1.001193").first() is None:
        furnish(1)
    for _ in range(rows):
        make_procedure(agency_level="province", agency=tree.department)
        make_procedure()
        make_agency(parent=tree.commune)
        make_feedback("published")
        make_dossier(9, finished_at=now())


def test_the_first_load_is_light(app, session, client):
    """ux.md: 150 KB without fonts, counted as sent when nothing compresses it."""
    for _ in range(40):
        make_procedure()
    page = client.get("/")
    files = set(re.findall(r'(?:href|src)="(/static/[^"#?]+)', page.text))
    folder = Path(app.static_folder)
    sizes = {name: (folder / name.removeprefix("/static/")).stat().st_size for name in files}
    assert any(name.endswith(".css") for name in sizes)
    assert sum(sizes.values()) + len(page.data) <= LIMIT, sizes


def test_home_leads_to_everything(session, client):
    furnish()
    page = client.get("/").text
    for address in (
        'action="/thu-tuc',
        'action="/tra-cuu',
        "su_kien=birth",
        "linh_vuc=",
        "cap=commune",
    ):
        assert address in page


# The directory


def test_an_agency_shows_how_to_reach_it(session, client):
    tree = furnish()
    tree.commune.hotline, tree.commune.address = "0234 3000 150", "12 Đinh Tiên Hoàng"
    tree.commune.email = "phuong@example.vn"
    session.flush()
    page = client.get("/co-quan/H57.19753").text
    for text in (
        "0234 3000 150",
        "12 Đinh Tiên Hoàng",
        "phuong@example.vn",
        "07:30–11:30, 13:30–17:30",
        "Thứ Hai – Thứ Sáu",
        "Đăng ký khai sinh",
        "/co-quan/H57.19753.01",
    ):
        assert text in page, text


def test_a_desk_says_for_whom_it_receives(session, client):
    furnish()
    page = client.get("/co-quan/H57.19753.01").text
    assert "/co-quan/H57.19753" in page.split("Tiếp nhận hồ sơ cho", 1)[1]


def test_its_own_calendar_counts_before_that_of_the_parent(session, client):
    tree = make_tree()
    calendar = make_calendar()
    for part in calendar.sessions:
        part.starts_at = part.starts_at.replace(minute=5)
    tree.desk.calendar = calendar
    session.flush()
    assert "07:05" in client.get("/co-quan/H57.19753.01").text
    assert "07:05" not in client.get("/co-quan/H57.19753").text


def test_an_agency_without_any_calendar_has_no_hours_and_no_fault(session, client):
    agency = make_agency()
    assert client.get(f"/co-quan/{agency.code}").status_code == 200


def test_ended_agencies_leave_the_list_but_name_their_successor(session, client):
    tree = make_tree()
    ended = make_agency(
        name="Ủy ban nhân dân quận cũ", valid_to=today() - timedelta(days=1), successor=tree.commune
    )
    assert "quận cũ" not in client.get("/co-quan").text
    assert "/co-quan/H57.19753" in client.get(f"/co-quan/{ended.code}").text


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("/co-quan?q=phu xuan", True),
        ("/co-quan?q=PHÚ", True),
        ("/co-quan?cap=commune", True),
        ("/co-quan?cap=vertical", False),
        ("/co-quan?q=khong co", False),
        ("/co-quan?cap=x", False),
    ],
)
def test_agencies_are_found_by_any_spelling_and_by_level(session, client, address, found):
    make_tree()
    answer = client.get(address)
    assert answer.status_code == 200
    assert ("/co-quan/H57.19753" in answer.text.split("<main", 1)[1]) is found


@pytest.mark.parametrize("code", ["khong-co", "x" * 300, "<script>", "%00"])
def test_an_unknown_agency_is_answered_plainly(session, client, code):
    answer = client.get(f"/co-quan/{code}")
    assert answer.status_code == 404
    assert "<script>" not in answer.text.replace("<script type", "").replace("<script src", "")
