"""Public figures: what counts as in time, in which month, and that they add up."""

from datetime import date, timedelta

import pytest

from app.clock import acting_at, now, today
from app.models import Dossier
from app.services import statistics
from app.services.statistics import Counted, RatingSummary, period_of
from tests.factories import make_procedure, make_sector, make_tree
from tests.portal.records import make_dossier, rate, vietnam


@pytest.mark.parametrize(
    ("key", "first", "end"),
    [
        ("2026-07", date(2026, 7, 1), date(2026, 8, 1)),
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1)),
        ("2026", date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_a_period_is_a_month_or_a_year(key, first, end):
    with acting_at(vietnam("2026-12-20T08:00")):
        found = period_of(key)
    assert (found.key, found.first, found.end) == (key, first, end)


@pytest.mark.parametrize(
    "key",
    [
        None,
        "",
        "x",
        "2026-13",
        "2026-00",
        "2026-7",
        "1999",
        "9999",
        "²026",
        "-",
        "2026-07-01",
        "9" * 400,
    ],
)
def test_anything_else_is_the_last_twelve_months(key):
    with acting_at(vietnam("2026-12-20T08:00")):
        found = period_of(key)
    assert (found.key, found.first, found.end) == ("", date(2026, 1, 1), date(2026, 12, 21))


@pytest.mark.parametrize(("late_by", "on_time", "late"), [(0, 1, 0), (-1, 1, 0), (1, 0, 1)])
def test_in_time_is_no_later_than_due(session, late_by, on_time, late):
    at = now() - timedelta(days=2)
    make_dossier(9, at=at, due_at=at, finished_at=at + timedelta(seconds=late_by))
    found = statistics.totals(session, period_of(""))
    assert (found.received, found.on_time, found.late) == (1, on_time, late)


def test_what_runs_what_waits_and_what_is_over(session):
    past = now() - timedelta(days=1)
    for state in range(1, 11):
        make_dossier(state, due_at=past, finished_at=past if state in {9, 10} else None)
    found = statistics.totals(session, period_of(""))
    assert (found.received, found.finished, found.in_progress) == (10, 2, 6)
    assert found.overdue == 4  # 1, 2, 4, 7; not 5 and 6, which wait for the applicant


def test_months_begin_at_midnight_in_vietnam(session):
    for instant in ("2026-07-31T23:59", "2026-08-01T00:00", "2026-08-31T23:59"):
        at = vietnam(instant)
        make_dossier(9, at=at, due_at=at, finished_at=at)
    with acting_at(vietnam("2026-12-20T08:00")):
        found = dict(statistics.by_month(session, period_of("2026")))
    assert [found[date(2026, month, 1)].on_time for month in (7, 8, 9)] == [1, 2, 0]
    assert [found[date(2026, month, 1)].received for month in (7, 8, 9)] == [1, 2, 0]


def test_groups_add_up_to_the_whole(session):
    tree, past = make_tree(), now() - timedelta(days=6)
    sectors = [make_sector(name=name) for name in ("Đất đai", "Cư trú")]
    for place in range(12):
        version = make_procedure(sector=sectors[place % 2])
        agency = tree.department if place % 3 else tree.commune
        make_dossier(
            9 if place % 4 else 4,
            version=version,
            agency=agency,
            due_at=past,
            finished_at=past + timedelta(days=place % 5) if place % 4 else None,
        )
    period = period_of("")
    total = statistics.totals(session, period)
    agencies = statistics.by_agency(session, period)
    sectors_found = statistics.by_sector(session, period)
    groups = ([row for _level, row in agencies], sectors_found, statistics.by_level(agencies))
    for rows in groups:
        for name in ("received", "on_time", "late", "in_progress", "overdue"):
            assert sum(getattr(row, name) for row in rows) == getattr(total, name), name
    assert [row.label for row in sectors_found] == ["Cư trú", "Đất đai"]
    months = statistics.by_month(session, period)
    assert sum(row.finished for _month, row in months) == total.finished


def test_a_scope_narrows_every_figure(session):
    tree = make_tree()
    make_dossier(4)
    make_dossier(4, agency=tree.department)
    scope = Dossier.agency_id == tree.department.id
    period = period_of("")
    assert statistics.totals(session, period, scope).received == 1
    assert [row.label for _level, row in statistics.by_agency(session, period, scope)] == [
        "Sở Xây dựng"
    ]
    assert sum(row.received for _month, row in statistics.by_month(session, period, scope)) == 1


def test_rates_are_shares_of_what_was_finished():
    assert Counted("x", on_time=2, late=1).rate == 66.7
    assert Counted("x", received=5).rate is None
    assert RatingSummary({5: 3, 4: 1, 1: 1}).satisfied == 80.0
    assert RatingSummary({}).satisfied is None


def test_ratings_of_the_period_are_summed(session):
    for score in (5, 5, 2):
        rate(make_dossier(10, finished_at=now()), score)
    assert statistics.ratings(session, period_of("")).counts == {5: 2, 2: 1}
    assert statistics.ratings(session, period_of(str(today().year - 1))).number == 0


@pytest.mark.parametrize(
    "address", ["/thong-ke", "/thong-ke?ky=2025", "/thong-ke?ky=abc", "/thong-ke?ky=2026-99"]
)
def test_the_page_shows_figures_without_names(session, client, address):
    make_dossier(9, finished_at=now())
    page = client.get(address)
    assert page.status_code == 200
    assert "Bí Mật" not in page.text


@pytest.mark.parametrize("key", ["02026123", "0202612-01", "2026123", "20261", "2026-1", "2026-013", "²026", "-01"])
def test_an_odd_period_is_the_last_twelve_months(client, key):
    assert period_of(key) == period_of("")
    assert client.get(f"/thong-ke?ky={key}", follow_redirects=True).status_code == 200
