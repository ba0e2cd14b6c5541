"""Lists: one statement, any number of rows, any address."""

import base64
import json
from datetime import date
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from app.lowcode.listing import COUNT_CAP, find_page, parse
from app.models import Agency, CalendarDay, Component, Sector
from app.permissions import SYSTEM, Role
from tests.factories import (
    make_account,
    make_agency,
    make_calendar,
    make_division,
    make_procedure,
    make_sector,
    make_tree,
    make_user,
)
from tests.wording import vi

# The session's user with posts, account, notices and marks; his views; the page. Rights and the
# facts of the frame are kept between requests: the first request finds them.
STATEMENTS = 3


def _rows(number):
    tree = make_tree()
    for _place in range(number):
        sector = make_sector()
        make_procedure(sector=sector)
        make_agency(parent=tree.root)
        make_division(tree.department)
        make_account()
        make_user(Role.specialist, tree.commune)


LISTS = [
    "sector",
    "agency",
    "procedure",
    "procedure-version",
    "component",
    "fee",
    "division",
    "process-step",
    "form-field",
    "officer-position",
    "document-type",
]


@pytest.mark.parametrize("rows", [5, 50])
def test_a_list_costs_the_same_whatever_its_rows(session, login, count_queries, rows):
    _rows(rows)
    for role, slugs in ((Role.catalog_admin, LISTS), (Role.system_admin, ["user", "role"])):
        client = login(role)
        client.get(f"/{slugs[0]}/list/")
        for slug in slugs:
            with count_queries() as seen:
                answer = client.get(f"/{slug}/list/?size=100")
            assert answer.status_code == 200
            assert len(seen) <= STATEMENTS, (slug, len(seen), seen)


@pytest.mark.parametrize("rows", [5, 50])
def test_a_list_of_the_api_costs_the_same_whatever_its_rows(session, login, count_queries, rows):
    _rows(rows)
    client = login(Role.catalog_admin)
    client.get("/api/v1/agency/")
    for slug in ("agency", "procedure_version", "component"):
        with count_queries() as seen:
            answer = client.get(f"/api/v1/{slug}/?size=100")
        assert answer.status_code == 200
        assert len(seen) <= STATEMENTS, (slug, len(seen))


@pytest.mark.parametrize("rows", [5, 50])
def test_a_record_and_its_history_cost_the_same_whatever_its_parts(session, login, count_queries, rows):
    version = make_procedure(state="draft")
    for place in range(rows):
        session.add(Component(version=version, position=place + 3, name=f"Giấy tờ {place}"))
    session.flush()
    client = login(Role.catalog_admin)
    for tail, limit in (("", 9), ("?tab=history", 13)):
        with count_queries() as seen:
            answer = client.get(f"/procedure-version/show/{version.id}{tail}")
        assert answer.status_code == 200
        assert len(seen) <= limit, (tail, len(seen), seen)


def _walk(session, model, **args):
    """Return ids of every page forwards, and of every page backwards from the last."""
    pages, after = [], None
    while True:
        wanted = parse(model, args | ({"after": after} if after else {}))
        assert not wanted.faults
        page = find_page(session, model, SYSTEM, wanted)
        pages.append([row.id for row in page.rows])
        if page.next is None:
            break
        after = page.next
    back, before = [pages[-1]], page.previous
    while before:
        page = find_page(session, model, SYSTEM, parse(model, args | {"before": before}))
        back.insert(0, [row.id for row in page.rows])
        before = page.previous
    return pages, back


@pytest.mark.parametrize("sort", ["name", "-name", "valid_to", "-valid_to", "code", "level", "phone"])
def test_pages_hold_every_row_once_in_both_directions(session, sort):
    for number in range(23):
        given = {"name": f"Phường {number // 4}", "phone": f"0{number % 3}" if number % 2 else None}
        given["valid_to"] = date(2026, 1, 1 + number % 5) if number % 3 else None
        make_agency(**given)
    pages, back = _walk(session, Agency, sort=sort, size="4")
    ids = [pk for page in pages for pk in page]
    assert len(pages) == 6
    assert sorted(ids) == sorted(session.scalars(sa.select(Agency.id)))
    assert len(set(ids)) == len(ids)
    assert back == pages


def test_pages_of_times_and_choices_by_number(session):
    make_calendar()
    for model, sort in ((CalendarDay, "day"), (CalendarDay, "-day")):
        pages, back = _walk(session, model, sort=sort, size="1")
        assert back == pages
        assert len(pages) == 2


def test_names_follow_the_vietnamese_alphabet(session):
    names = [
        "Chứng thực",
        "Bảo trợ",
        "Đất đai",
        "Dân tộc",
        "Du lịch",
        "Ân xá",
        "An ninh",
        "Ăn uống",
        "Đầu tư",
        "Giáo dục",
        "Giao thông",
    ]
    for name in names:
        make_sector(name=name)
    page = find_page(session, Sector, SYSTEM, parse(Sector, {}))
    assert [row.name for row in page.rows] == [
        "An ninh",
        "Ăn uống",
        "Ân xá",
        "Bảo trợ",
        "Chứng thực",
        "Dân tộc",
        "Du lịch",
        "Đất đai",
        "Đầu tư",
        "Giáo dục",
        "Giao thông",
    ]


@pytest.mark.parametrize("typed", ["dang ky khai sinh", "Đăng ký Khai Sinh", "DANG KY", "ĐĂNG  ký"])
def test_search_needs_no_diacritics(session, login, typed):
    make_sector(name="Đăng ký khai sinh")
    make_sector(name="Kết hôn")
    answer = login(Role.catalog_admin).get("/sector/list/", query_string={"q": typed}).text
    assert "Đăng ký khai sinh" in answer
    assert "Kết hôn" not in answer


@pytest.mark.parametrize("typed", ["%", "_", "\\", "%%%", "100%"])
def test_search_takes_wildcards_literally(session, typed):
    make_sector(name="Kết hôn", code="khong")
    found = find_page(session, Sector, SYSTEM, parse(Sector, {"q": typed}))
    assert found.rows == []


def test_the_count_stops_at_its_cap(session, login):
    rows = [
        {"code": f"s{n}", "name": f"S {n}", "is_active": True, "search_text": "", "row_version": 1}
        for n in range(COUNT_CAP + 5)
    ]
    session.execute(sa.insert(Sector), rows)
    page = find_page(session, Sector, SYSTEM, parse(Sector, {}))
    assert (page.count, page.is_capped) == (COUNT_CAP, True)
    assert (
        vi("more than %(count)s records", count="1.000")
        in login(Role.catalog_admin).get("/sector/list/").text
    )


@pytest.mark.parametrize("sort", ["id", "-id", "name", "-name", "phone", "-phone"])
def test_a_search_is_found_sorted_and_counted_once(session, count_queries, sort):
    """Its first page comes from the rows that are counted; the others go on from where it ends."""
    for number in range(7):
        make_agency(name=f"Phường Thuận Hóa {number}", phone=None if number % 3 else f"0234{9 - number}")
        make_agency(name=f"Xã Phú Lộc {number}", phone=f"0235{number}")
    args = {"q": "thuan hoa", "sort": sort, "size": "3"}
    with count_queries() as statements:
        page = find_page(session, Agency, SYSTEM, parse(Agency, args))
    assert (len(statements), page.count) == (1, 7)
    found = [row.id for row in page.rows]
    while page.next:
        page = find_page(session, Agency, SYSTEM, parse(Agency, args | {"after": page.next}))
        found += [row.id for row in page.rows]
    whole = find_page(session, Agency, SYSTEM, parse(Agency, {"sort": sort, "size": "100"}))
    assert found == [row.id for row in whole.rows if "Thuận Hóa" in row.name]


def test_a_search_is_counted_up_to_the_cap(session):
    rows = [{"code": f"s{n}", "name": f"Hộ tịch {n}", "is_active": True, "search_text": "ho tich", "row_version": 1}
            for n in range(COUNT_CAP + 5)]  # fmt: skip
    session.execute(sa.insert(Sector), rows)
    page = find_page(session, Sector, SYSTEM, parse(Sector, {"q": "ho tich", "sort": "-code", "size": "25"}))
    assert (page.count, page.is_capped, len(page.rows)) == (COUNT_CAP, True, 25)


def test_filters_are_chips_that_can_be_removed(session, login):
    tree = make_tree()
    make_agency(name="Phường khác")
    address = f"/agency/list/?f.level=commune&f.parent={tree.root.id}&q=phuong&sort=-name"
    text = login(Role.catalog_admin).get(address).text
    assert f"{vi('Level')}: <strong>{vi('Commune level')}</strong>" in text
    assert "Phường khác" not in text
    assert f'href="/agency/list/?f.level=commune&amp;f.parent={tree.root.id}&amp;sort=-name"' in text


def test_a_span_of_days_includes_its_last_day(session):
    make_calendar()
    for args, number in (
        ({"f.day.from": "2026-01-01", "f.day.to": "2026-01-01"}, 1),
        ({"f.day.from": "2026-01-02"}, 1),
        ({"f.day.to": "2026-09-02"}, 2),
    ):
        assert len(find_page(session, CalendarDay, SYSTEM, parse(CalendarDay, args)).rows) == number


def _token(*parts):
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


BAD = [
    {"size": "100000"},
    {"size": "-1"},
    {"size": "x"},
    {"size": "٣"},
    {"size": "9" * 5000},
    {"sort": "nothing"},
    {"sort": "--name"},
    {"sort": "search_text"},
    {"sort": "__class__"},
    {"after": "x"},
    {"after": "%00"},
    {"after": "A" * 9000},
    {"before": "!!!!"},
    {"after": _token()},
    {"after": _token(1)},
    {"after": _token("a", "b")},
    {"after": _token({}, 1)},
    {"after": _token("a", 10**30)},
    {"after": _token(None, 1)},
    {"after": _token("a\x00", 1)},
    {"after": _token("\ud800", 1)},
    {"after": _token(["a"], 1)},
    {"after": _token(True, 1)},
    {"after": _token(1, 1), "sort": "is_active"},
    {"after": _token(2**70, 1), "sort": "code"},
    {"f.is_active": "maybe"},
    {"f.is_active.from": "1"},
    {"f.name": "x"},
    {"f.": "x"},
    {"f.sector": "1"},
]
BAD_AGENCY = [
    {"f.parent": "x"},
    {"f.parent": "9" * 5000},
    {"f.parent": str(2**31)},
    {"f.parent": "-1"},
    {"f.level": "city"},
    {"f.parent.to": "1"},
    {"f.level.from": "commune"},
    {"sort": "valid_to", "after": _token(0, "2026-13-45", 1)},
    {"sort": "valid_to", "after": _token(0, 5, 1)},
    {"sort": "valid_to", "after": _token(0, "0001-01-01", 1)},
    {"sort": "valid_to", "after": _token(7, 1)},
    {"sort": "parent"},
    {"sort": "parent_id"},
]
BAD_DAY = [
    {"f.day": "2026-01-01"},
    {"f.day.from": "0001-01-01"},
    {"f.day.to": "9999-12-31"},
    {"f.day.from": "yesterday"},
    {"f.day.between": "2026-01-01"},
    {"f.day.from": "2026-01-01\x00"},
]


@pytest.mark.parametrize(
    ("slug", "args"),
    [("sector", a) for a in BAD]
    + [("agency", a) for a in BAD_AGENCY]
    + [("calendar-day", a) for a in BAD_DAY],
)
def test_bad_parameters_never_break_a_list(session, login, slug, args):
    make_tree()
    make_sector()
    client = login(Role.catalog_admin)
    query = urlencode(args, errors="replace")
    page = client.get(f"/{slug}/list/?{query}")
    assert page.status_code == 200
    assert vi("Some parts of the address could not be used and were left out.") in page.text
    answer = client.get(f"/api/v1/{slug.replace('-', '_')}/?{query}")
    assert answer.status_code == 400
    assert answer.json["detail"]


@pytest.mark.parametrize("q", ["\x00", "a\x00b", "x" * 5000, "';--", "\ufffd", "𠀀", "   ", "\u202e"])
def test_any_text_may_be_searched(session, login, q):
    make_sector()
    client = login(Role.catalog_admin)
    assert client.get("/sector/list/", query_string={"q": q}).status_code == 200
    assert client.get("/api/v1/sector/", query_string={"q": q}).status_code == 200


def test_unknown_arguments_and_repeated_ones_do_no_harm(session, login):
    client = login(Role.catalog_admin)
    assert (
        client.get("/sector/list/?psize_SectorView=9999&q=a&q=b&f.is_active=1&f.is_active=0").status_code
        == 200
    )


def test_one_returns_to_the_list_as_it_was(session, login):
    sector = make_sector(name="Hộ tịch")
    client = login(Role.catalog_admin)
    client.get("/sector/list/?q=ho&sort=-name")
    assert 'href="/sector/list/?q=ho&amp;sort=-name"' in client.get(f"/sector/show/{sector.id}").text


def test_scripts_in_the_address_are_escaped(session, login):
    attack = '"><script>alert(1)</script>'
    args = {
        "q": attack,
        "f.is_active": attack,
        "sort": attack,
        "size": attack,
        "after": attack,
        "f.x": attack,
    }
    text = login(Role.catalog_admin).get("/sector/list/", query_string=args).text
    assert "<script>alert(1)" not in text
