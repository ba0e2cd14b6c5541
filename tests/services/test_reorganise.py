"""Agencies merged, split, renamed and closed: all of it moves, nothing is lost, and back again."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import today
from app.errors import Conflict, Invalid, NotAllowed
from app.extensions import db, metadata
from app.history import HistoryEntry
from app.models import Agency, Division, Dossier, OfficerPosition, OutboxEvent, Reorganisation
from app.models.dossier_place import DossierPlace
from app.models.reorganisation import ReorganisationKind as Kind
from app.permissions import Role, acting_as
from app.services import directory, processing, reorganise, submission
from app.services.actors import build_actor
from app.services.lifecycle import open_tasks
from app.services.lookup import find_public
from app.services.reorganise_moves import Wish
from app.services.task_rights import may_do
from tests.factories import make_agency, make_division, make_procedure, make_tree, make_user
from tests.leaders.dossiers import add_dossier
from tests.services.steps import Office

DECISION = {"decision_number": "1675/QĐ-UBND", "decision_on": today()}


@pytest.fixture
def admin(session, actor):
    make_tree()
    with acting_as(actor(Role.catalog_admin)) as who:
        yield who


def another_ward(tree, code="H57.19800", name="Ủy ban nhân dân phường Mới"):
    ward = make_agency(parent=tree.root, code=code, name=name)
    ward.desk = make_agency(parent=ward, code=f"{code}.01", name="Bộ phận một cửa phường Mới", level="desk")
    db.session.flush()
    return ward


def merge(source, target, **given):
    return Wish(kind=Kind.merge, source=source, target=target, **DECISION | given)


def snapshot(session):
    """Every row of what an act may touch, without versions and traces."""
    session.flush()
    names = ("agency", "division", "dossier", "task", "officer_position", "draft", "feedback", "procedure_version",
             "administrative_unit", "dossier_place")  # fmt: skip
    left_out = {"row_version", "updated_at"}
    return {name: sorted(str([(k, v) for k, v in row.items() if k not in left_out])
                         for row in session.execute(sa.select(metadata.tables[name])).mappings())
            for name in names}  # fmt: skip


def test_a_merger_takes_running_dossiers_tasks_and_officers_along(session, admin):
    office = Office(session)
    dossier = office.processed()
    ward, new = office.tree.commune, another_ward(office.tree)
    task = open_tasks(dossier)[0]
    due, code = dossier.due_at, dossier.code
    worker = next(u for u in office.people.values() if may_do(task, u))
    act = reorganise.reorganise(session, merge(ward, new), admin)
    assert act.state == "applied"
    assert (dossier.agency, dossier.desk, dossier.due_at, dossier.code) == (new, new.desk, due, code)
    assert ward.valid_to == today() - timedelta(days=1)
    assert (ward.successor, ward.parent, ward.standing()) == (new, new, new)
    again = build_actor(session, session.get(type(make_user()), worker.user_id))
    assert {post.agency_id for post in again.positions} <= {new.id, new.desk.id}
    assert may_do(open_tasks(dossier)[0], again)
    with acting_as(again):
        office.write(dossier, again)
        processing.finish_task(session, open_tasks(dossier)[0], again)
    assert find_public(session, code, admin).code == code


def test_the_clock_and_the_course_tell_of_the_merger(session, admin):
    office = Office(session)
    dossier = office.processed()
    new = another_ward(office.tree)
    reorganise.reorganise(session, merge(office.tree.commune, new), admin)
    running = [part for part in dossier.segments if part.ended_at is None]
    assert len(running) == 1
    assert running[0].agency_id in {new.id, new.desk.id}
    assert dossier.movements[-1].transition == "rehome"
    assert "1675/QĐ-UBND" in dossier.movements[-1].remark
    told = session.scalars(sa.select(HistoryEntry).where(HistoryEntry.action == "reorganise")).all()
    assert any("1675/QĐ-UBND" in (entry.reason or "") for entry in told)


def test_ended_dossiers_stay_with_the_old_agency_and_are_seen_by_the_new(session, admin):
    tree = make_tree()
    ended = add_dossier("finished late", tree.commune)
    new = another_ward(tree)
    reorganise.reorganise(session, merge(tree.commune, new), admin)
    assert ended.agency is tree.commune
    places = set(session.scalars(sa.select(DossierPlace.agency_id).where(DossierPlace.dossier_id == ended.id)))
    assert {tree.commune.id, new.id} <= places


def test_a_published_procedure_of_the_old_agency_leads_to_its_successor(session, admin):
    tree = make_tree()
    other = make_agency(parent=tree.root, code="H57.SGT", name="Sở Giao thông", level="province")
    version = make_procedure(agency=tree.department, agency_level="province")
    reorganise.reorganise(session, merge(tree.department, other), admin)
    assert version.agency is tree.department  # what is published never changes
    assert submission.handling_agency(version, None) is other


@pytest.mark.parametrize("kind", list(Kind))
def test_undoing_puts_back_exactly_what_was_there(session, admin, kind):
    office = Office(session)
    dossier = office.processed()
    tree = office.tree
    division = make_division(tree.commune)
    new = another_ward(tree)
    lone = make_agency(parent=tree.root)
    make_user(Role.specialist, lone)
    post = session.scalars(sa.select(OfficerPosition).where(OfficerPosition.agency_id == tree.commune.id)).first()
    wishes = {
        Kind.merge: merge(tree.commune, new),
        Kind.split: Wish(kind=Kind.split, source=tree.commune, code="H57.19999", name="Phường Tách",
                         divisions=frozenset({division.id}), posts=frozenset({post.id}),
                         sectors=frozenset({dossier.sector_id}), **DECISION),
        Kind.rename: Wish(kind=Kind.rename, source=tree.commune, code="H57.20000", name="Phường Đổi", **DECISION),
        Kind.close: Wish(kind=Kind.close, source=lone, **DECISION),
    }  # fmt: skip
    before = snapshot(session)
    act = reorganise.reorganise(session, wishes[kind], admin)
    assert snapshot(session) != before
    session.expire_all()
    reorganise.undo(session, act.id, admin)
    session.expire_all()
    assert snapshot(session) == before
    assert act.state == "undone"
    with pytest.raises(Conflict):
        reorganise.undo(session, act.id, admin)


def test_a_split_takes_what_was_chosen_and_nothing_else(session, admin):
    tree = make_tree()
    taken, left = add_dossier("in time"), add_dossier("in time")
    going, staying = make_division(tree.commune), make_division(tree.commune)
    wish = Wish(kind=Kind.split, source=tree.commune, code="H57.19999", name="Ủy ban nhân dân phường Tách",
                divisions=frozenset({going.id}), sectors=frozenset({taken.sector_id}), **DECISION)  # fmt: skip
    act = reorganise.reorganise(session, wish, admin)
    assert act.target is not None
    assert (taken.agency, left.agency) == (act.target, tree.commune)
    assert (going.agency, staying.agency) == (act.target, tree.commune)
    assert act.target.is_open()
    assert tree.commune.is_open()
    assert act.target.path.startswith(tree.root.path)


def test_a_renamed_agency_is_found_by_its_old_name_and_code(session, admin):
    tree = make_tree()
    old = tree.commune.code
    name = "Ủy ban nhân dân phường Hóa Châu"
    wish = Wish(kind=Kind.rename, source=tree.commune, code="H57.20000", name=name, **DECISION)
    reorganise.reorganise(session, wish, admin)
    session.expire_all()
    assert directory.get_agency(session, old) is tree.commune
    assert tree.commune in directory.list_agencies(session, "phu xuan")
    assert old in tree.commune.former_names


@pytest.mark.parametrize(("given", "field"), [
    ({"decision_number": " "}, "decision_number"), ({"decision_on": None}, "decision_on"),
    ({"decision_on": today() + timedelta(days=2)}, "decision_on"), ({"target": None}, "target"),
    ({"target": "source"}, "target"), ({"target": "desk"}, "target"), ({"source": "root"}, "source"),
    ({"source": "ended"}, "source"),
    ({"kind": Kind.split, "name": "A"}, "code"), ({"kind": Kind.split, "code": "H57", "name": "A"}, "code"),
    ({"kind": Kind.rename, "code": "H57.1"}, "name"), ({"kind": Kind.close}, "source"),
], ids=str)  # fmt: skip
def test_what_forbids_an_act_is_named_and_nothing_is_written(session, admin, given, field):
    tree = make_tree()
    add_dossier("in time")
    ended = make_agency(parent=tree.root, valid_to=today() - timedelta(days=1))
    places = {"source": tree.commune, "desk": tree.desk, "root": tree.root, "ended": ended}
    values = {"kind": Kind.merge, "source": tree.commune, "target": another_ward(tree)} | DECISION | given
    values |= {name: places[values[name]] for name in ("source", "target") if isinstance(values[name], str)}
    before = snapshot(session)
    with pytest.raises(Invalid) as caught:
        reorganise.reorganise(session, Wish(**values), admin)
    assert field in caught.value.fields
    assert snapshot(session) == before


def test_nothing_happens_twice(session, admin):
    tree = make_tree()
    wish = merge(tree.commune, another_ward(tree))
    reorganise.reorganise(session, wish, admin)
    with pytest.raises(Invalid):
        reorganise.reorganise(session, wish, admin)


def test_what_changed_since_the_preview_is_not_carried_out(session, admin):
    tree = make_tree()
    wish = merge(tree.commune, another_ward(tree))
    seen = reorganise.plan_of(session, wish).digest
    add_dossier("in time")
    with pytest.raises(Conflict):
        reorganise.reorganise(session, wish, admin, seen)


def test_what_was_used_since_cannot_be_undone(session, admin):
    office = Office(session)
    dossier = office.processed()
    new = another_ward(office.tree)
    act = reorganise.reorganise(session, merge(office.tree.commune, new), admin)
    task = open_tasks(dossier)[0]
    worker = build_actor(session, make_user(Role(task.role), task.agency))
    task.assignee_id = None
    with acting_as(worker):
        office.write(dossier, worker)
        processing.finish_task(session, task, worker)
    with pytest.raises(Conflict, match=dossier.code):
        reorganise.undo(session, act.id, admin)


def test_only_a_catalog_administrator_reorganises(session, actor):
    tree = make_tree()
    wish = merge(tree.commune, another_ward(tree))
    for role in set(Role) - {Role.catalog_admin}:
        with pytest.raises(NotAllowed):
            reorganise.reorganise(session, wish, actor(role))
    assert session.scalar(sa.select(sa.func.count()).select_from(Reorganisation)) == 0


def test_many_dossiers_are_left_to_the_worker_and_moved_once(session, admin, monkeypatch):
    monkeypatch.setattr(reorganise, "IN_THE_REQUEST", 0)
    tree = make_tree()
    dossier, new = add_dossier("in time"), another_ward(tree)
    user = make_user(Role.catalog_admin)
    doer = build_actor(session, user)
    act = reorganise.reorganise(session, merge(tree.commune, new), doer)
    assert (act.state, dossier.agency) == ("waiting", tree.commune)
    event = session.scalars(sa.select(OutboxEvent).where(OutboxEvent.name == "agencies.reorganise")).one()
    for _time in range(2):
        reorganise.reorganise_waiting(session, **event.payload)
    assert (act.state, dossier.agency) == ("applied", new)
    assert [m.transition for m in dossier.movements].count("rehome") == 1


def test_a_waiting_act_that_became_impossible_says_why(session, admin, monkeypatch):
    monkeypatch.setattr(reorganise, "IN_THE_REQUEST", -1)
    tree = make_tree()
    new = another_ward(tree)
    act = reorganise.reorganise(session, merge(tree.commune, new), build_actor(session, make_user(Role.catalog_admin)))
    new.valid_to = today() - timedelta(days=1)
    reorganise.reorganise_waiting(session, act.id)
    assert act.state == "refused"
    assert act.fault


# What leads to an agency and does not follow a merger, with the reason.
STAYS = {
    "agency_calendar.agency_id": "tells by what the agency counted on each day; the successor counts by its own",
    "agency.successor_id": "earlier mergers lead on through the chain",
    "dossier_place.agency_id": "derived from the dossiers",
    "clock_segment.agency_id": "tells who held the dossier then; the running one is handed over",
    "reorganisation.source_id": "the act itself", "reorganisation.target_id": "the act itself",
    "process_step.agency_id": "decided with the process; running dossiers go to the agency that came after",
    "fee.agency_id": "a rule decided for that agency; it counts at its successor (fee_facts.rules_of)",
    "publication_decision.agency_id": "tells who decided then",
    "incident_notice.agency_id": "tells whom an incident concerned then",
    "paper_reception.desk_id": "tells where the paper was received; an approval needs that desk",
    "outage_notice.agency_id": "tells whose applicants were told then",
    "original_check.place_id": "tells where the paper was to be shown",
    "officer_position.agency_id": "posts end and begin again",
    "delegation.agency_id": "a delegation ends with its post",
    "absence.agency_id": "tells where the officer was posted then",
}  # fmt: skip
FOLLOWS = {"dossier.agency_id", "dossier.desk_id", "task.agency_id", "draft.agency_id", "feedback.agency_id",
           "procedure_version.agency_id", "process.agency_id",
           "api_client.agency_id", "process_approval.agency_id", "procedure_report.agency_id",
           "online_service.agency_id", "division.agency_id", "agency.desk_id", "agency.parent_id"}  # fmt: skip


def test_every_column_that_leads_to_an_agency_is_thought_of():
    leading = {f"{table.name}.{column.name}" for table in metadata.tables.values() for column in table.columns
               for key in column.foreign_keys if key.column.table is Agency.__table__}  # fmt: skip
    assert leading == FOLLOWS | set(STAYS)


def test_the_preview_counts_and_costs_the_same_however_many_move(session, admin, count_queries):
    tree = make_tree()
    new = another_ward(tree)
    add_dossier("in time")
    make_division(tree.commune)
    with count_queries() as few:
        reorganise.plan_of(session, merge(tree.commune, new))
    for _place in range(5):
        add_dossier("in time")
    session.flush()
    with count_queries() as many:
        plan = reorganise.plan_of(session, merge(tree.commune, new))
    assert len(many) <= len(few)
    assert plan.dossiers == 6
    assert session.scalar(sa.select(sa.func.count()).select_from(Dossier).where(Dossier.agency == new)) == 0
    assert session.scalars(sa.select(Division)).all()
