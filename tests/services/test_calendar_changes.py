"""Changing days of a calendar: who is moved, shown before it is saved, once, with the reason."""

from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from app.clock import acting_at
from app.errors import Conflict, Invalid, NotAllowed
from app.models import CalendarChange, CalendarDay, Dossier, DueChange, Notice
from app.models.calendar_use import unrefused
from app.permissions import Role
from app.services import calendar_changes as changes
from app.services import calendar_days as days
from app.services import calendar_moving as moving
from app.services import chunks
from app.services.calendar_days import DayWish, read_wishes
from app.workflows.wording import VIETNAM
from tests.factories import make_calendar, make_tree
from tests.services.steps import Office, task_of
from tests.services.test_extensions import use_profile

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=VIETNAM)


def at(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=VIETNAM)


@pytest.fixture
def office(session):
    with acting_at(MONDAY):
        yield Office(session)


@pytest.fixture
def running(office):
    """A dossier of three working days received on Monday: due on Thursday."""
    dossier = office.processed()
    assert dossier.due_at == at(26, 17, 30)
    return dossier


@pytest.fixture
def admin(actor):
    return actor(Role.catalog_admin)


def calendar_of(running):
    return make_tree().root.calendar


def apply(session, calendar, wishes, who, **given):
    values = {"base": days.base_of(calendar), "reason": "Nghỉ Ngày Văn hóa Việt Nam", "decision": "1234/QĐ-TTg"}
    with acting_at(MONDAY + timedelta(hours=1)):
        return changes.change_days(session, calendar, wishes, who, **values | given)


TUESDAY_OFF = [DayWish(date(2026, 11, 24), "holiday", note="Ngày Văn hóa Việt Nam")]
# (wishes, the due date of the running dossier afterwards)
EFFECTS = [
    (TUESDAY_OFF, at(27, 17, 30)),
    ([DayWish(date(2026, 11, 24), "compensatory"), DayWish(date(2026, 11, 25), "compensatory")], at(30, 17, 30)),
    ([DayWish(date(2026, 11, 27), "holiday")], at(26, 17, 30)),
    ([DayWish(date(2026, 11, 26), "special_hours", "07:30-11:30")], at(26, 11, 30)),
    ([DayWish(date(2026, 11, 25), "special_hours", "08:00-10:00")], at(26, 17, 30)),
    ([DayWish(date(2026, 11, 24), "holiday"), DayWish(date(2026, 11, 28), "make_up")], at(27, 17, 30)),
    ([DayWish(date(2026, 11, 26), "holiday"), DayWish(date(2026, 11, 27), "holiday"),
      DayWish(date(2026, 11, 28), "make_up")], at(28, 17, 30)),
]  # fmt: skip


@pytest.mark.parametrize(("wishes", "due"), EFFECTS)
def test_what_is_shown_is_what_happens(session, running, admin, wishes, due):
    calendar = calendar_of(running)
    effect = changes.effect_of(session, calendar, wishes)
    moves = due != at(26, 17, 30)
    assert effect.total == int(moves)
    assert [(code, new) for code, _agency, _old, new in effect.rows] == [(running.code, due)] * moves
    assert running.due_at == at(26, 17, 30)  # nothing written yet
    change = apply(session, calendar, wishes, admin)
    moving.move_waiting(session, change.id)
    assert running.due_at == due
    assert running.original_due_at == at(26, 17, 30)
    assert change.done_at is not None
    assert change.moved == int(moves)


def test_each_move_keeps_why_and_by_whom_and_the_applicant_is_told(session, running, admin):
    change = apply(session, calendar_of(running), TUESDAY_OFF, admin)
    moving.move_waiting(session, change.id)
    row = session.scalars(sa.select(DueChange)).one()
    assert (row.old_due_at, row.new_due_at) == (at(26, 17, 30), at(27, 17, 30))
    assert "Nghỉ Ngày Văn hóa Việt Nam" in row.reason
    assert (row.clause, row.actor_name) == ("1234/QĐ-TTg", admin.name)
    told = session.scalar(sa.select(sa.func.count()).select_from(Notice).where(Notice.key.like("calendar:%")))
    assert told == (1 if running.account.user_id else 0)
    day = session.scalars(sa.select(CalendarDay).where(CalendarDay.day == date(2026, 11, 24))).one()
    assert day.decision == "1234/QĐ-TTg"


def _officers_told(session, kind):
    rows = session.scalars(sa.select(Notice).where(Notice.key.startswith(f"calendar-{kind}:")))
    return [(row.user_id, row.dossier_id, row.body) for row in rows]


def test_who_holds_a_moved_step_is_told_once_whatever_the_chunks(session, office, admin, monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK", 1)
    limits = {dossier: task_of(dossier).due_at for dossier in (office.processed(), office.processed())}
    change = apply(session, calendar_of(None), TUESDAY_OFF, admin)
    while change.done_at is None:
        moving.move_waiting(session, change.id)
    moving.move_waiting(session, change.id)
    assert all(task_of(dossier).due_at > limit for dossier, limit in limits.items())
    ((user_id, dossier_id, body),) = _officers_told(session, "steps")
    assert (user_id, dossier_id) == (office[Role.specialist].user_id, None)
    assert "Nghỉ Ngày Văn hóa Việt Nam" in body
    assert "1234/QĐ-TTg" in body
    assert _officers_told(session, "desk") == []


def test_nobody_is_told_of_days_on_which_no_step_rests(session, running, admin):
    change = apply(session, calendar_of(running), [DayWish(date(2026, 12, 24), "holiday")], admin)
    moving.move_waiting(session, change.id)
    assert _officers_told(session, "steps") == _officers_told(session, "desk") == []


def test_the_desk_is_told_that_its_time_to_answer_moved(session, office, admin):
    dossier, _citizen = office.submitted()
    due, desk = dossier.reception_due_at, office[Role.desk_officer]
    change = apply(session, calendar_of(dossier), TUESDAY_OFF, admin)
    moving.move_waiting(session, change.id)
    assert dossier.reception_due_at > due
    assert [user_id for user_id, _dossier, _body in _officers_told(session, "desk")] == [desk.user_id]
    assert _officers_told(session, "steps") == []


def test_moving_again_moves_nothing(session, running, admin):
    change = apply(session, calendar_of(running), TUESDAY_OFF, admin)
    for _turn in range(3):
        moving.move_waiting(session, change.id)
    assert running.due_at == at(27, 17, 30)
    assert session.scalar(sa.select(sa.func.count()).select_from(DueChange)) == 1


def test_many_dossiers_are_moved_in_chunks(session, office, admin, monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK", 2)
    many = [office.processed() for _number in range(5)]
    change = apply(session, calendar_of(None), TUESDAY_OFF, admin)
    turns = 0
    while change.done_at is None:
        moving.move_waiting(session, change.id)
        turns += 1
    assert turns == 3
    assert {dossier.due_at for dossier in many} == {at(27, 17, 30)}
    assert change.moved == 5


def test_taking_a_day_off_back_restores_the_due_date(session, running, admin):
    calendar = calendar_of(running)
    for wishes in (TUESDAY_OFF, [DayWish(date(2026, 11, 24))]):
        change = apply(session, calendar, wishes, admin)
        moving.move_waiting(session, change.id)
    assert running.due_at == running.original_due_at


def test_a_moved_due_date_keeps_its_working_minutes(session, running, admin):
    running.due_at = at(30, 9, 30)  # as after a pause
    session.flush()
    change = apply(session, calendar_of(running), TUESDAY_OFF, admin)
    moving.move_waiting(session, change.id)
    assert running.due_at == datetime(2026, 12, 1, 9, 30, tzinfo=VIETNAM)


def test_finished_dossiers_and_other_calendars_stay(session, running, admin):
    other = make_calendar(code="rieng")
    with unrefused(session):
        make_tree().commune.calendar = other
        session.flush()
    assert changes.effect_of(session, calendar_of(running), TUESDAY_OFF).total == 0
    assert changes.effect_of(session, other, TUESDAY_OFF).total == 1
    running.state = 9
    session.flush()
    assert changes.effect_of(session, other, TUESDAY_OFF).total == 0


REFUSED = [
    ({"reason": " "}, "reason"), ({"wishes": []}, "changes"),
    ({"wishes": [DayWish(date(2026, 9, 2), "holiday", note="Quốc khánh")]}, "changes"),  # is so already
    ({"wishes": [DayWish(date(2026, 11, 20), "holiday")], "decision": ""}, "decision"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "field"), REFUSED)
def test_what_is_missing_is_named_and_nothing_written(session, running, admin, given, field):
    wishes = given.pop("wishes", TUESDAY_OFF) if "wishes" in given else TUESDAY_OFF
    with pytest.raises(Invalid) as refusal:
        apply(session, calendar_of(running), wishes, admin, **given)
    assert field in refusal.value.fields
    assert session.scalar(sa.select(sa.func.count()).select_from(CalendarChange)) == 0


def test_a_page_made_from_other_days_is_stale(session, running, admin):
    calendar = calendar_of(running)
    base = days.base_of(calendar)
    apply(session, calendar, TUESDAY_OFF, admin)
    with pytest.raises(Conflict):
        apply(session, calendar, [DayWish(date(2026, 11, 25), "holiday")], admin, base=base)


def test_a_dead_worker_keeps_nobody_from_the_next_change(session, running, admin):
    """Changes queue up; the event of the last moves the dossiers of all of them, in order."""
    calendar = calendar_of(running)
    first = apply(session, calendar, TUESDAY_OFF, admin)
    second = apply(session, calendar, [DayWish(date(2026, 11, 27), "holiday")], admin)
    third = apply(session, calendar, [DayWish(date(2026, 11, 24))], admin)
    while third.done_at is None:  # the events of the first two died with the worker
        moving.move_waiting(session, third.id)
    assert (first.done_at, second.done_at) != (None, None)
    told = [(row.old_due_at, row.new_due_at) for row in session.scalars(sa.select(DueChange).order_by(DueChange.id))]
    steps = [at(26, 17, 30), at(27, 17, 30), at(30, 17, 30), at(26, 17, 30)]
    assert told == list(pairwise(steps))


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.catalog_admin, Role.citizen}])
def test_nobody_else_changes_it(session, running, actor, role):
    with pytest.raises(NotAllowed):
        apply(session, calendar_of(running), TUESDAY_OFF, actor(role))


def test_an_administrator_of_a_ward_changes_only_its_own_calendar(session, running, actor):
    tree = make_tree()
    local = actor(Role.catalog_admin, tree.commune)
    assert not changes.may_change(session, tree.root.calendar, local)
    with unrefused(session):
        tree.commune.calendar = make_calendar(code="phuong")
        session.flush()
    assert changes.may_change(session, tree.commune.calendar, local)


@pytest.mark.parametrize("line", [
    "", "x", "2026-13-01|holiday||", "2026-01-01|vacation||", "2026-01-01|holiday", "0001-01-01|holiday||",
    "2026-01-05|special_hours||", "2026-01-05|special_hours|11:30-07:30|", "2026-01-05|special_hours|7|",
    "2026-01-05|special_hours|07:30-11:30, 11:00-12:00|", "2026-01-05|special_hours|25:00-26:00|",
])  # fmt: skip
def test_a_day_that_cannot_be_read_is_refused(session, line):
    with pytest.raises(Invalid):
        read_wishes([line])


def test_the_library_fills_what_is_missing_and_last_year_is_copied(session):
    calendar = make_calendar()
    found = {wish.day: wish.kind for wish in days.library_wishes(calendar, 2027)}
    assert found[date(2027, 1, 1)] == "holiday"
    assert found[date(2027, 5, 3)] == "compensatory"
    assert date(2027, 2, 6) not in found  # a Saturday is free anyway
    copied = {wish.day for wish in days.copied_wishes(calendar, 2027)}
    assert copied == {date(2027, 1, 1), date(2027, 9, 2)}
    assert date(2026, 1, 1) not in {wish.day for wish in days.library_wishes(calendar, 2026)}


def test_the_effect_costs_the_same_however_many_run(session, office, admin, count_queries):
    calendar = calendar_of(None)
    office.processed()
    session.flush()
    session.info.pop("calendars", None)
    with count_queries() as few:
        changes.effect_of(session, calendar, TUESDAY_OFF)
    for _number in range(4):
        office.processed()
    session.flush()
    with count_queries() as many:
        assert changes.effect_of(session, calendar, TUESDAY_OFF).total == 5
    assert len(many) <= len(few)
    assert session.scalar(sa.select(sa.func.count()).select_from(Dossier)) == 5


def test_an_agency_says_whose_calendar_it_goes_by(session):
    from app.services.calendar_places import list_places

    tree = make_tree()
    tree.commune.calendar = make_calendar(code="phuong", name="Lịch của phường")
    session.flush()
    groups = {group.calendar.name: group for group in list_places(session)}
    assert [a.name for a in groups["Lịch của phường"].own] == [tree.commune.name]
    assert tree.desk in groups["Lịch của phường"].heirs[tree.commune.name]
    assert tree.department in groups[tree.root.calendar.name].heirs[tree.root.name]


def test_without_running_dossiers_the_next_change_need_not_wait(session, office, admin):
    calendar = calendar_of(office)
    apply(session, calendar, TUESDAY_OFF, admin)
    apply(session, calendar, [DayWish(date(2026, 11, 25), "holiday")], admin)
    assert {row.day.day for row in session.scalars(sa.select(CalendarDay))} >= {24, 25}


def test_an_answer_counted_from_the_next_day_stays_so(session, office, admin):
    use_profile(session, reception_out_of_hours="next_day", reception_limit_hours=8)
    with acting_at(at(23, 12)):
        dossier, _citizen = office.submitted()
    assert dossier.reception_due_at == at(24, 17, 30), "noon is outside hours"
    calendar = calendar_of(dossier)
    with acting_at(at(23, 13)):
        wishes = [DayWish(date(2026, 11, 23), "special_hours", "07:30-11:30")]
        change = changes.change_days(session, calendar, wishes, admin, base=days.base_of(calendar),
                                     reason="Mất điện", decision="1/TB")  # fmt: skip
        moving.move_waiting(session, change.id)
    assert dossier.reception_due_at == at(24, 17, 30), "the afternoon cut off was not counted before"
