"""Packs carry the calendar an agency turns to on a coming day, and take it only where no due date rests on it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import now, today
from app.models import AgencyCalendar
from app.packs import archive, yamls
from app.packs.reading import Refused, read_pack
from app.packs.undoing import undo
from app.permissions import Role
from app.services.actors import build_actor
from tests.factories import make_calendar, make_tree, make_user
from tests.leaders.dossiers import add_dossier
from tests.packs.carrying import files_of, put, take
from tests.wording import vi

SOON = timedelta(days=10)
MOVED = vi("Due dates of running dossiers rest on the calendar that this agency goes by. Open the agency under "
           "“Calendar of the year” to change its calendar or parent: there you see whose due dates move "
           "before you confirm.")  # fmt: skip


@pytest.fixture
def turn(session):
    """The commune went by another calendar lately, and will again soon."""
    tree, calendar = make_tree(), make_calendar(code="dong", name="Giờ mùa đông")
    past = AgencyCalendar(agency=tree.commune, since=today() - SOON, former=calendar, calendar=None,
                          begun_at=now(), reason="Đã qua")  # fmt: skip
    coming = AgencyCalendar(agency=tree.commune, since=today() + SOON, calendar=calendar, reason="Giờ mùa đông",
                            decision="12/QĐ-UBND")  # fmt: skip
    session.add_all([past, coming])
    session.flush()
    return coming


def path_of(files):
    code = make_tree().commune.code
    return next(path for path in files if path.startswith("agency/") and f"{code}.yaml" in path)


def with_turns(files, *turns):
    path = path_of(files)
    document = {key: value for key, value in yamls.load(files[path], path).items() if key != "agency_calendar"}
    return files | {path: yamls.dump(document | ({"agency_calendar": list(turns)} if turns else {}))}


def waiting(session):
    session.expire_all()
    return list(session.scalars(sa.select(AgencyCalendar).where(AgencyCalendar.begun_at.is_(None))))


def without(session, turn):
    """Return the files that hold a turn, and remove it here."""
    files = files_of(session)
    session.delete(turn)
    session.flush()
    session.expire_all()
    return files


def said(run):
    return " ".join(text for _where, text in run.faults)


def test_only_a_pack_with_turns_asks_for_a_release_that_knows_them(session, turn, monkeypatch):
    files = files_of(session)
    session.delete(turn)
    session.flush()
    session.expire_all()
    bare = files_of(session)
    releases = [yamls.load(one[archive.MANIFEST], archive.MANIFEST)["release"] for one in (files, bare)]
    assert releases == [3, 2]
    monkeypatch.setattr(archive, "RELEASE", 2)  # as the release before this one reads them
    assert read_pack(bare).records
    with pytest.raises(Refused) as refused:
        read_pack(files)
    assert [fault.text for fault in refused.value.faults] == [
        vi("this pack comes from a newer release of Một Cửa; update this system first")]  # fmt: skip


def test_what_waits_stands_in_the_file_of_its_agency_and_what_began_does_not(session, turn):
    files = files_of(session)
    path = path_of(files)
    assert yamls.load(files[path], path)["agency_calendar"] == [
        {"since": turn.since, "calendar": "dong", "reason": "Giờ mùa đông", "decision": "12/QĐ-UBND"}
    ]
    assert files_of(session) == files


def test_it_is_told_applied_and_taken_back(session, turn):
    files = without(session, turn)
    before = files_of(session)
    run = put(session, files)
    [line] = run.lines
    name = vi("Turn to another calendar")
    assert f"{today() + SOON:%d/%m/%Y}" in line["parts"][0]["text"]
    assert name.lower() in line["parts"][0]["text"].lower()
    [kept] = waiting(session)
    assert (kept.agency.code, kept.calendar.code, kept.decision) == (make_tree().commune.code, "dong", "12/QĐ-UBND")
    assert files_of(session) == files
    undo(session, run, None)
    assert waiting(session) == []
    assert files_of(session) == before
    assert session.scalar(sa.select(sa.func.count(AgencyCalendar.id))) == 1  # what began stays


def test_a_pack_that_replaces_removes_what_waits_and_spares_what_began(session, turn):
    put(session, with_turns(files_of(session)), is_replacing=True)
    assert waiting(session) == []
    assert session.scalar(sa.select(sa.func.count(AgencyCalendar.id))) == 1


@pytest.mark.parametrize("knows", ["other kinds", None])
def test_a_pack_made_before_there_were_turns_leaves_those_that_wait(session, turn, knows):
    add_dossier("in time")  # where dossiers run a removal would be refused
    session.flush()
    files = with_turns(files_of(session))
    about = yamls.load(files[archive.MANIFEST], archive.MANIFEST)
    known = [kind for kind in about.pop("kinds") if kind not in archive.SINCE]
    files[archive.MANIFEST] = yamls.dump(about | ({"kinds": known} if knows else {}))
    run = take(session, files, is_replacing=True)
    assert (run.state, run.lines) == ("planned", [])
    assert waiting(session) == [turn]


def test_a_turn_whose_day_has_come_is_refused(session, turn):
    files = with_turns(without(session, turn), {"since": today(), "calendar": "dong", "reason": "x"})
    run = take(session, files)
    assert run.state == "refused"
    assert vi("The day %(day)s on which the agency turns to another calendar has come: export the pack again.",
              day=f"{today():%d/%m/%Y}") in said(run)  # fmt: skip


def test_a_second_turn_of_the_same_branch_is_refused(session, turn):
    files = without(session, turn)
    root = make_tree().root
    session.add(AgencyCalendar(agency=root, since=today() + 2 * SOON, calendar=turn.calendar, reason="x"))
    session.flush()
    run = take(session, files)
    assert run.state == "refused"
    assert vi("%(agency)s goes by another calendar from %(day)s on. Take that back first, or wait for the day.",
              agency=root.name, day=f"{today() + 2 * SOON:%d/%m/%Y}") in said(run)  # fmt: skip


def test_where_dossiers_run_it_is_neither_applied_nor_undone(session, turn):
    files = without(session, turn)
    run = put(session, files)
    add_dossier("in time")
    with pytest.raises(Refused) as refused:
        undo(session, run, None)
    assert [fault.text for fault in refused.value.faults] == [MOVED]
    assert len(waiting(session)) == 1


def test_where_dossiers_run_it_is_not_taken(session, turn):
    files = without(session, turn)
    add_dossier("in time")
    run = take(session, files)
    assert run.state == "refused"
    assert MOVED in said(run)
    assert waiting(session) == []


@pytest.mark.parametrize(
    ("role", "place", "may"),
    [(Role.catalog_admin, "root", True), (Role.catalog_admin, "commune", True),
     (Role.catalog_admin, "department", False),
     (Role.system_admin, "root", False), (Role.specialist, "commune", False)],
)  # fmt: skip
def test_only_who_may_place_the_agency_adds_changes_or_removes_it(session, turn, role, place, may):
    files = files_of(session)
    with_another = with_turns(files, {"since": turn.since, "calendar": "dong", "reason": "Lý do khác"})
    actor = build_actor(session, make_user(role, getattr(make_tree(), place)))
    found = [take(session, with_another, actor), take(session, with_turns(files), actor, is_replacing=True)]
    session.delete(turn)
    session.flush()
    session.expire_all()
    found.append(take(session, files, actor))
    assert [run.state for run in found] == ["planned" if may else "refused"] * 3, [run.faults for run in found]
