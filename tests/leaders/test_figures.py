"""A figure and the list behind it are the same condition; what each counts is laid down here."""

from datetime import date, timedelta

import pytest

from app.clock import acting_at, now, today
from app.permissions import Role
from app.services import dashboard
from app.services.dashboard_period import GROUPS, PERIODS, RUNNING_GROUPS, month_wanted, wanted_of
from app.services.statistics import midnight, month_start
from tests.factories import make_agency, make_tree
from tests.leaders.dossiers import add_dossier, add_one_of_each

# A Wednesday at noon, inside working hours: half an hour from now is nearly due.
NOON = midnight(date(2026, 9, 16)) + timedelta(hours=10)

EXPECTED = {
    "received": {"registered", "registered late", "in time", "nearly due", "overdue",
                 "withdrawal asked", "without due date", "supplement asked, past due",
                 "payment asked", "refused", "stopped", "finished on time",
                 "finished to the minute", "finished late"},
    "finished": {"finished on time", "finished to the minute", "finished late"},
    "on_time": {"finished on time", "finished to the minute"},
    "late": {"finished late"},
    "in_progress": {"registered", "registered late", "in time", "nearly due", "overdue",
                    "withdrawal asked", "without due date", "supplement asked, past due",
                    "payment asked"},
    "in_time": {"registered", "in time", "withdrawal asked", "without due date"},
    "near_due": {"nearly due"},
    "overdue": {"registered late", "overdue"},
    "waiting": {"supplement asked, past due", "payment asked"},
}  # fmt: skip


@pytest.fixture
def noon(session):
    with acting_at(NOON):
        yield


def wanted(**args):
    return wanted_of({"period": "month"} | {key: str(value) for key, value in args.items()})


@pytest.mark.parametrize("group", GROUPS)
def test_each_figure_counts_exactly_its_situations(session, actor, noon, group):
    made = add_one_of_each()
    page = dashboard.find_dossiers(session, wanted(group=group), actor(Role.auditor))
    names = {row.id: name for name, row in made.items()}
    assert {names[row.id] for row in page.rows} == EXPECTED[group]


def test_every_number_is_the_length_of_its_list(session, actor, noon):
    add_one_of_each()
    add_one_of_each(make_tree().department)
    leader = actor(Role.control_focal_point)
    found = dashboard.overview(session, wanted(), leader)
    for line, narrow in [(found.total, {}), *((x, {"agency": x.id}) for x in found.agencies),
                         *((x, {"sector": x.id}) for x in found.sectors)]:  # fmt: skip
        for group in GROUPS:
            page = dashboard.find_dossiers(session, wanted(group=group, **narrow), leader)
            assert page.total == len(page.rows) == line.counts[group], (group, narrow)


def test_parts_of_what_is_in_progress_do_not_overlap(session, actor, noon):
    add_one_of_each()
    counts = dashboard.overview(session, wanted(), actor(Role.auditor)).total.counts
    assert sum(counts[group] for group in RUNNING_GROUPS[1:]) == counts["in_progress"] == 9


def test_rate_is_of_the_finished_ones(session, actor, noon):
    add_one_of_each()
    found = dashboard.overview(session, wanted(), actor(Role.auditor))
    assert found.total.rate == 66.7
    assert dashboard.Line(None, "", dict.fromkeys(GROUPS, 0)).rate is None


def test_near_is_counted_in_working_hours(session, actor, noon):
    # Eight working hours from 10:00 end at 10:00 of the next day, not at 18:00.
    near = dashboard.near_until(session, actor(Role.auditor))
    assert near == NOON + timedelta(days=1)


def test_due_this_very_moment_is_nearly_due_and_not_overdue(session, actor, noon):
    row = add_dossier("in time", due_at=now())
    counts = dashboard.overview(session, wanted(), actor(Role.auditor)).total.counts
    assert (counts["near_due"], counts["overdue"]) == (1, 0)
    assert dashboard.urgency_of(session, row, now() + timedelta(hours=1)) == "near"


def test_a_list_colours_each_situation_as_the_figures_count_it(session, actor, noon):
    near = dashboard.near_until(session, actor(Role.auditor))
    expected = {"ok": EXPECTED["in_time"], "near": EXPECTED["near_due"],
                "overdue": EXPECTED["overdue"], "paused": EXPECTED["waiting"],
                "late": EXPECTED["late"], "done": EXPECTED["on_time"] | {"refused", "stopped"}}  # fmt: skip
    for name, row in add_one_of_each().items():
        assert name in expected[dashboard.urgency_of(session, row, near)]


def test_period_takes_in_its_first_and_last_moment_only(session, actor, noon):
    first, end = midnight(date(2026, 8, 1)), midnight(date(2026, 9, 1))
    for at in (first - timedelta(seconds=1), first, end - timedelta(seconds=1), end):
        add_dossier("in time", submitted_at=at)
    asked = {"period": "custom", "from": "2026-08-01", "to": "2026-08-31"}
    found = dashboard.overview(session, wanted(**asked), actor(Role.auditor))
    assert found.total.counts["received"] == 2


def test_months_agree_with_their_lists(session, actor, noon):
    for months in (0, 1, 1, 5, 11, 13):
        add_dossier("in time", submitted_at=midnight(month_start(today(), months)))
    leader = actor(Role.auditor)
    found = dashboard.overview(session, wanted(), leader)
    assert [row.received for _month, row in found.months] == [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 1]
    for month, row in found.months:
        asked = month_wanted(wanted(group="received"), month)
        asked = wanted_of({**{k: str(v) for k, v in asked.args().items()}, "group": "received"})
        assert dashboard.find_dossiers(session, asked, leader).total == row.received


def test_scope_follows_the_agency_tree(session, actor, noon):
    tree = make_tree()
    other = make_agency(parent=tree.root)
    add_dossier("overdue"), add_dossier("overdue", other)
    places = [(Role.agency_head, tree.commune, 1), (Role.division_head, other, 1),
              (Role.auditor, tree.root, 2), (Role.agency_head, tree.department, 0)]  # fmt: skip
    for role, place, expected in places:
        found = dashboard.overview(session, wanted(), actor(role, place))
        assert found.total.counts["overdue"] == expected, (role, place.name)
    head = actor(Role.agency_head, tree.commune)
    assert dashboard.overview(session, wanted(agency=other.id), head).total.counts["overdue"] == 0
    assert not dashboard.find_dossiers(session, wanted(agency=other.id, group="overdue"), head).rows
    names = [name for _id, name in dashboard.agency_choices(session, head)]
    assert names == [tree.commune.name]


def test_pages_hold_every_dossier_once_in_both_directions(session, actor, noon, monkeypatch):
    monkeypatch.setattr(dashboard, "PAGE_SIZE", 4)
    version = add_dossier("overdue").version
    for _i in range(10):
        add_dossier("overdue", version=version)  # the same due date: the id decides
    leader, asked = actor(Role.auditor), wanted(group="overdue")
    page, seen, pages = dashboard.find_dossiers(session, asked, leader), [], []
    while True:
        pages.append([row.id for row in page.rows])
        seen += pages[-1]
        if page.next is None:
            break
        page = dashboard.find_dossiers(session, asked, leader, after=page.next)
    assert len(seen) == len(set(seen)) == page.total == 11
    back = dashboard.find_dossiers(session, asked, leader, before=page.previous or "")
    assert [row.id for row in back.rows] == pages[-2]


@pytest.mark.parametrize("key", PERIODS[:-1])
def test_standard_periods_hold_today_and_their_name(key):
    found = wanted_of({"period": key})
    assert not found.is_corrected
    assert found.first <= today() <= found.last
    days = (found.last - found.first).days + 1
    assert days in {"week": {7}, "month": {28, 29, 30, 31}, "quarter": {90, 91, 92},
                    "year": {365, 366}}[key]  # fmt: skip


@pytest.mark.parametrize("args", [
    {"period": "century"}, {"period": "custom"},
    {"period": "custom", "from": "2026-13-01", "to": "x"},
    {"period": "custom", "from": "2026-09-02", "to": "2026-09-01"},
    {"period": "custom", "from": "0001-01-01", "to": "9999-12-31"},
    {"period": "custom", "from": "9999-12-30", "to": "9999-12-31"}, {"group": "../etc"},
])  # fmt: skip
def test_what_makes_no_sense_becomes_this_month(args):
    found = wanted_of(args)
    assert (found.period, found.is_corrected, found.group) == ("month", True, "in_progress")
