"""Rehearsal: finished dossiers, or invented ones, played through a draft; nothing is written."""

from datetime import UTC, datetime, timedelta

import pytest

from app.extensions import db
from app.history import HistoryEntry
from app.models import Dossier
from app.permissions import Role
from app.services import rehearsal
from app.services.rehearsal import rehearse
from app.services.version_copies import copy_process
from app.workflows.process import Graph, Join, StepSpec, Way
from app.workflows.rehearsal import play
from tests import factories
from tests.services.steps import Office
from tests.wording import vi

BEGUN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def later(step, at):
    return at + timedelta(minutes=step.minutes)


def step(key, minutes, kind="work", **given):
    return StepSpec(key=key, name=key, kind=kind, role="specialist", place="agency", minutes=minutes, **given)


def yes(_condition):
    return True


def test_parallel_steps_take_as_long_as_the_longest():
    graph = Graph([step("a", 60, ways=(Way("b"), Way("c"))), step("b", 30, ways=(Way("d"),)),
                   step("c", 90, ways=(Way("d"),)), step("d", 10), step("e", 500, "return")])  # fmt: skip
    one = play(graph, yes, BEGUN, later)
    assert one.ready_at == BEGUN + timedelta(minutes=160)
    assert one.steps == {"a", "b", "c", "d", "e"}
    assert ("a", "b") in one.ways


def test_the_first_arrival_may_open_the_join():
    graph = Graph([step("a", 60, ways=(Way("b"), Way("c"))), step("b", 30, ways=(Way("d"),)),
                   step("c", 90, ways=(Way("d"),)), step("d", 10, join=Join.first)])  # fmt: skip
    assert play(graph, yes, BEGUN, later).ready_at == BEGUN + timedelta(minutes=100)


def test_where_no_condition_holds_it_sticks():
    graph = Graph([step("a", 60, ways=(Way("b", {"field": "k", "op": "filled"}),)), step("b", 10)])
    one = play(graph, lambda _condition: False, BEGUN, later)
    assert (one.ready_at, one.stuck_at, one.steps) == (None, "a", {"a"})


@pytest.fixture
def office(session):
    return Office(session)


def counted():
    return db.session.query(HistoryEntry).count(), db.session.query(Dossier).count()


def test_only_editions_of_the_same_process_are_played(session):
    """"_" stands for itself in a code, and "-b" may begin another word."""
    own = factories.make_process(code="cap_phep-b2")
    rests = [factories.make_procedure(process=factories.make_process(code=code)) for code in (
        "cap_phep", "cap_phep-b3", "cap_phep-bao_tri", "capxphep-b1", "cap_phep-b99999")]
    found = rehearsal.versions_of(session, own)
    assert found == rests[:2]


def test_finished_dossiers_are_compared_and_nothing_is_written(office, session):
    finished = office.finished()
    draft = copy_process(session, office.version.process)
    session.add(draft)
    draft.steps[1].working_minutes += 480
    session.flush()
    before = counted()
    found = rehearse(session, draft)
    assert not found.is_invented
    assert [one.name for one in found.compared] == [finished.code]
    assert found.compared[0].later == 480
    assert found.compared[0].promised == finished.original_due_at
    assert (found.count(1), found.count(0), found.count(-1)) == (1, 0, 0)
    assert (found.stuck, found.nobody, found.untaken, found.unreached) == ({}, [], [], [])
    assert counted() == before


def test_invented_dossiers_meet_and_miss_every_condition(session):
    factories.make_tree()
    process = factories.make_procedure(state="draft").process
    always, only = {"to": "b4", "when": None}, {"to": "b3", "when": {"field": "noi_dung", "op": "eq", "value": "gap"}}
    process.steps[1].goes_to, process.steps[1].split = [only, always], "one"
    session.flush()
    found = rehearse(session, process, 20)
    assert found.is_invented
    assert len(found.compared) == 20
    assert found.untaken == []
    assert {step for step, _who in found.nobody} >= {"Thẩm định hồ sơ", "Ký duyệt kết quả"}


def test_dead_ends_and_ways_never_taken_are_told(session):
    factories.make_tree()
    process = factories.make_procedure(state="draft").process
    impossible = {"all": [{"field": "ho_ten", "op": "filled"}, {"field": "ho_ten", "op": "empty"}]}
    process.steps[1].goes_to = [{"to": "b3", "when": impossible}]
    session.flush()
    found = rehearse(session, process, 5)
    assert {name: one.count for name, one in found.stuck.items()} == {"Thẩm định hồ sơ": 5}
    assert ("Thẩm định hồ sơ", "Ký duyệt kết quả") in {way[:2] for way in found.untaken}
    assert "Ký duyệt kết quả" in found.unreached


def test_what_fails_is_told_first_and_nothing_is_called_fine_that_would_stop(login, session):
    factories.make_tree()
    process = factories.make_procedure(state="draft").process
    page = login(Role.catalog_admin).get(f"/process-rehearsal/{process.id}").text
    nobody, ends = page.index(vi("Steps that nobody can do")), page.index(vi("Dead ends"))
    assert nobody < ends
    assert vi("Every dossier came to its end.") not in page


def test_a_verdict_from_few_dossiers_says_how_few(login, office, session):
    office.finished()
    draft = copy_process(session, office.version.process)
    session.add(draft)
    session.flush()
    page = login(Role.catalog_admin).get(f"/process-rehearsal/{draft.id}").text
    assert vi("Every dossier came to its end.") + " Mới thử với 1 hồ sơ, chưa đủ để kết luận." in page


@pytest.mark.parametrize("count", [None, "3", "0", "99999999", "x"])
def test_the_report_is_a_page(login, session, count):
    factories.make_tree()
    process = factories.make_procedure(state="draft").process
    page = login(Role.catalog_admin).get(f"/process-rehearsal/{process.id}" + (f"?count={count}" if count else ""))
    assert page.status_code == 200
    assert vi("Nothing was written") in page.text


def test_a_process_without_steps_or_with_a_circle_is_refused_in_words(login, session):
    admin, empty, circle = login(Role.catalog_admin), factories.make_process(()), factories.make_process()
    circle.steps[2].goes_to = [{"to": "b2", "when": None}]
    session.flush()
    for process in (empty, circle):
        page = admin.get(f"/process-rehearsal/{process.id}")
        assert page.status_code == 422
        assert 'role="alert"' in page.text


@pytest.mark.parametrize("role", [Role.desk_officer, Role.citizen, Role.auditor])
def test_others_do_not_rehearse(login, session, role):
    process = factories.make_process()
    assert login(role).get(f"/process-rehearsal/{process.id}").status_code in {302, 403}


def test_the_report_costs_the_same_for_many_dossiers(office, session, count_queries):
    counts = []
    for _time in range(3):
        office.finished()
        session.flush()
        session.expire_all()
        with count_queries() as seen:
            rehearse(session, office.version.process)
        counts.append(len(seen))
    assert counts[1] == counts[2]
