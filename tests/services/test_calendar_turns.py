"""An agency goes by another calendar from a coming day: foreseen, counted by each day, taken back, begun."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at
from app.errors import Conflict, Invalid, NotAllowed
from app.extensions import db
from app.models import AgencyCalendar, CalendarDay, HistoryEntry
from app.models.calendar_use import is_running, unrefused
from app.permissions import Role
from app.services import agency_calendars as places
from app.services import calendar_changes as changes
from app.services import calendar_moving as moving
from app.services import calendar_turns as turns
from app.services import timing
from app.services.agency_calendars import PlaceWish
from app.services.calendar_days import DayWish, base_of
from app.services.calendar_weeks import WeekWish
from app.tasks import deadlines
from app.tasks.outbox import run_waiting
from app.workflows.working_time import minutes_between
from tests.factories import make_agency, make_calendar, make_tree
from tests.services.test_agency_calendars import mornings
from tests.services.test_calendar_changes import MONDAY, admin, at, office, running
from tests.wording import vi

__all__ = ["admin", "mornings", "office", "running"]  # fixtures
WEDNESDAY, THURSDAY = date(2026, 11, 25), date(2026, 11, 26)
LATER = MONDAY + timedelta(hours=1)


def wish(agency, calendar, since=WEDNESDAY):
    return PlaceWish(agency.parent, calendar, since)


def turned(session, agency, calendar, actor, since=WEDNESDAY, moves=True):
    with acting_at(LATER):
        change = places.place_agency(session, agency, wish(agency, calendar, since), actor,
                                     base=str(agency.row_version), reason="Giờ mùa đông")  # fmt: skip
    if change is not None and moves:
        moving.move_waiting(session, change.id)
        session.expire_all()
    return change


def fresh(session):
    session.flush()
    session.info.pop("calendars", None)
    session.expire_all()


def test_what_is_shown_is_what_moves_and_today_nothing_changes(session, running, admin, mornings):
    agency = running.agency
    with acting_at(LATER):
        effect = places.effect_of_place(session, agency, wish(agency, mornings))
    assert [(code, new) for code, _name, _old, new in effect.rows] == [(running.code, at(26, 11, 30))]
    assert session.query(AgencyCalendar).count() == 0
    change = turned(session, agency, mornings, admin)
    assert (running.due_at, running.original_due_at) == (at(26, 11, 30), at(26, 17, 30))
    assert (change.moved, change.since, agency.calendar) == (1, WEDNESDAY, None)


def test_a_day_behind_the_due_dates_moves_none(session, running, admin, mornings):
    assert turned(session, running.agency, mornings, admin, date(2026, 11, 30)).moved == 0
    assert running.due_at == at(26, 17, 30)


def test_what_comes_in_meanwhile_is_counted_by_each_day_and_says_so(session, office, running, admin, mornings):
    turned(session, running.agency, mornings, admin)
    with acting_at(LATER + timedelta(minutes=5)):
        other = office.processed()
        due = timing.result_due(session, other.version, other.agency, other.received_at)
    assert other.due_at == due.at == at(26, 11, 30)
    told = [phrase.params for phrase in due.steps if "goes by the calendar" in phrase.msgid]
    assert told == [{"day": "25/11/2026", "name": "Chỉ buổi sáng"}]


def test_on_its_day_the_agency_names_it_once_and_nothing_moves(session, running, admin, mornings):
    agency = running.agency
    turned(session, agency, mornings, admin)
    with acting_at(at(24, 23)):
        assert turns.begin_due(session) == 0
    with acting_at(at(25, 0, 5)):
        assert (turns.begin_due(session), turns.begin_due(session)) == (1, 0)
    fresh(session)
    assert agency.calendar is mornings
    assert running.due_at == at(26, 11, 30)
    entry = session.scalars(sa.select(HistoryEntry).where(
        HistoryEntry.record == "agency", HistoryEntry.aggregate_id == agency.id).order_by(HistoryEntry.id)).all()[-1]
    assert entry.reason == "Giờ mùa đông"
    with acting_at(at(25, 9)):  # the past stays as it was counted
        calendar = timing.calendar_of(session, agency)
        assert minutes_between(calendar, at(24, 0), at(25, 0)) == 480
        assert minutes_between(calendar, at(25, 0), at(26, 0)) == 240


def test_a_change_from_today_keeps_the_days_gone_by(session, running, admin, mornings):
    agency = running.agency
    turned(session, agency, mornings, admin, since=None)
    with acting_at(LATER):
        calendar = timing.calendar_of(session, agency)
    assert minutes_between(calendar, at(20, 0), at(21, 0)) == 480
    assert minutes_between(calendar, at(23, 0), at(24, 0)) == 240
    assert [(turn.since, turn.begun_at is not None) for turn in turns.turns_of(session, agency)] == [
        (MONDAY.date(), True)]  # fmt: skip


def test_those_below_inherit_it_but_for_those_with_their_own(session, running, admin, mornings):
    root = make_tree().root
    separate = make_agency(code="H57.96", name="Khu kinh tế", parent=root, calendar=make_calendar(code="RIENG"))
    turned(session, root, mornings, admin)
    assert running.due_at == at(26, 11, 30)
    with acting_at(LATER):
        found = timing.prepare_calendars(session, [running.agency, separate])
    days = (at(26, 0), at(27, 0))
    assert [minutes_between(found[one.id], *days) for one in (running.agency, separate)] == [240, 480]


def test_taken_back_everything_is_as_it_was(session, running, admin, mornings):
    agency = running.agency
    turned(session, agency, mornings, admin)
    with acting_at(LATER + timedelta(hours=1)):
        shown = places.effect_of_return(session, agency, turns.waiting_at(session, agency))
        change = places.take_back(session, agency, admin, base=str(agency.row_version), reason="Không đổi giờ nữa")
    moving.move_waiting(session, change.id)
    session.expire_all()
    assert [row[3] for row in shown.rows] == [running.due_at] == [at(26, 17, 30)]
    assert turns.turns_of(session, agency) == []
    with acting_at(LATER), pytest.raises(Conflict):
        places.take_back(session, agency, admin, base=str(agency.row_version), reason="Lần nữa")


@pytest.fixture
def second(session, running, admin):
    """The agency has gone by a second calendar since Wednesday; its Tuesday off lies before that day."""
    other = make_calendar(code="HAI", name="Thứ hai")
    other.days.append(CalendarDay(day=date(2026, 11, 24), kind="holiday"))
    session.flush()
    turned(session, running.agency, other, admin)
    with acting_at(at(25, 0, 5)):
        turns.begin_due(session)
    fresh(session)
    assert running.due_at == at(26, 17, 30)
    with acting_at(at(25, 9)):
        yield other


@pytest.mark.parametrize("since", [WEDNESDAY, THURSDAY])  # on the day of the first turn, too
def test_a_second_turn_is_counted_by_the_whole_course_and_so_is_its_return(
    session, running, admin, mornings, second, since
):
    agency = running.agency
    effect = places.effect_of_place(session, agency, wish(agency, mornings, since))
    change = places.place_agency(session, agency, wish(agency, mornings, since), admin, base=str(agency.row_version),
                                 reason="Giờ mùa đông")  # fmt: skip
    moving.move_waiting(session, change.id)
    fresh(session)
    due = timing.result_due(session, running.version, agency, running.received_at).at
    assert [row[3] for row in effect.rows] == [running.due_at] == [due] == [at(26, 11, 30)]
    if since == WEDNESDAY:
        return
    shown = places.effect_of_return(session, agency, turns.waiting_at(session, agency))
    back = places.take_back(session, agency, admin, base=str(agency.row_version), reason="Không đổi giờ nữa")
    moving.move_waiting(session, back.id)
    fresh(session)
    assert [row[3] for row in shown.rows] == [running.due_at] == [at(26, 17, 30)]


def test_one_below_that_had_its_own_until_lately_is_counted_by_it(session, running, admin, mornings):
    """Above it Tuesday was a day off, at itself it was not."""
    agency, root = running.agency, make_tree().root
    above = make_calendar(code="HAI", name="Thứ hai")
    above.days.append(CalendarDay(day=date(2026, 11, 24), kind="holiday"))
    session.add(AgencyCalendar(agency=agency, since=WEDNESDAY, former=root.calendar, calendar=None,
                               begun_at=at(25, 0, 5), reason="Theo cơ quan trên"))  # fmt: skip
    with unrefused(session):
        root.calendar = above
        fresh(session)
    with acting_at(at(25, 9)):
        assert timing.result_due(session, running.version, agency, running.received_at).at == running.due_at
        effect = places.effect_of_place(session, root, wish(root, mornings, THURSDAY))
        change = places.place_agency(session, root, wish(root, mornings, THURSDAY), admin,
                                     base=str(root.row_version), reason="Giờ mùa đông")  # fmt: skip
    moving.move_waiting(session, change.id)
    fresh(session)
    assert [row[3] for row in effect.rows] == [running.due_at] == [at(26, 11, 30)]


def test_when_its_day_has_come_it_is_not_taken_back(session, running, admin, mornings):
    agency = running.agency
    turned(session, agency, mornings, admin)
    with acting_at(at(25, 8)), pytest.raises(Conflict):
        places.take_back(session, agency, admin, base=str(agency.row_version), reason="Muộn rồi")


@pytest.mark.parametrize(("of_new", "day", "due"), [
    (True, 25, at(27, 11, 30)), (True, 24, at(26, 11, 30)), (False, 24, at(27, 11, 30)), (False, 25, at(26, 11, 30))])
def test_days_off_of_either_calendar_count_on_its_own_days(session, running, admin, mornings, of_new, day, due):
    """A holiday of the coming calendar before its day, or of the former from it on, moves nobody here."""
    calendar = mornings if of_new else make_tree().root.calendar
    turned(session, running.agency, mornings, admin)
    wishes = [DayWish(date(2026, 11, day), "holiday", note="Nghỉ riêng")]
    with acting_at(LATER + timedelta(hours=1)):
        session.refresh(calendar)
        effect = changes.effect_of(session, calendar, wishes)
        change = changes.change_days(session, calendar, wishes, admin, base=base_of(calendar), reason="Nghỉ riêng",
                                     decision="1/QĐ")  # fmt: skip
    moving.move_waiting(session, change.id)
    session.expire_all()
    assert running.due_at == due
    assert [row[3] for row in effect.rows] == ([due] if due != at(26, 11, 30) else [])


@pytest.mark.parametrize("of_days", [True, False])
def test_what_is_left_changes_when_all_have_been_moved_from_it(session, running, admin, mornings, of_days):
    calendar = make_tree().root.calendar
    turn = turned(session, running.agency, mornings, admin, moves=False)

    def change():
        said = {"base": base_of(calendar), "reason": "Nghỉ riêng", "decision": "1/QĐ"}
        with acting_at(LATER + timedelta(hours=1)):
            if of_days:
                wishes = [DayWish(date(2026, 11, 24), "holiday")]
                return changes.change_days(session, calendar, wishes, admin, **said)
            week = WeekWish(date(2026, 11, 24), None, tuple(((480, 600),) if day < 5 else () for day in range(7)))
            return changes.change_week(session, calendar, week, admin, **said)

    with pytest.raises(Conflict):
        change()
    moving.move_waiting(session, turn.id)
    session.expire_all()
    moving.move_waiting(session, change().id)
    session.expire_all()
    due = timing.result_due(session, running.version, running.agency, running.received_at).at
    assert running.due_at == due == at(27 if of_days else 26, 11, 30)


def test_a_calendar_that_is_to_come_is_not_changed_past_its_page(session, running, admin, mornings):
    assert not is_running(session, mornings.id)
    turned(session, running.agency, mornings, admin)
    session.info.clear()
    assert is_running(session, mornings.id)
    mornings.days.append(CalendarDay(day=THURSDAY, kind="holiday"))
    with pytest.raises(Invalid):
        session.flush()
    session.rollback()


REFUSED = [
    ({"since": date(2026, 11, 22)}, Invalid, "since"),
    ({"parent": "other"}, Invalid, "parent"),
    ({"begins": date(2026, 11, 26)}, Invalid, "calendar"),
    ({"calendar": None}, Invalid, "calendar"),
    ({"reason": " "}, Invalid, "reason"),
]


@pytest.mark.parametrize(("given", "refusal", "name"), REFUSED)
def test_what_cannot_be_is_said_at_its_field(session, running, admin, mornings, given, refusal, name):
    agency = running.agency
    mornings.valid_from = given.get("begins", mornings.valid_from)
    parent = make_agency(code="H57.95", name="Khác", parent=make_tree().root) if "parent" in given else agency.parent
    wanted = PlaceWish(parent, given.get("calendar", mornings), given.get("since", WEDNESDAY))
    with acting_at(LATER), pytest.raises(refusal) as refused:
        places.place_agency(session, agency, wanted, admin, base=str(agency.row_version),
                            reason=given.get("reason", "Giờ mùa đông"))  # fmt: skip
    assert set(refused.value.fields) == {name}
    assert session.query(AgencyCalendar).count() == 0


def test_a_calendar_of_a_coming_year_may_be_given_from_then_on(session, running, admin, mornings):
    mornings.valid_from = WEDNESDAY
    session.flush()
    assert turned(session, running.agency, mornings, admin).moved == 1


@pytest.mark.parametrize("where", ["itself", "above", "below"])
def test_one_turn_at_a_time_on_a_line_of_the_tree(session, running, admin, mornings, where):
    tree = make_tree()
    other = {"itself": running.agency, "above": tree.root, "below": tree.desk}[where]
    turned(session, running.agency, mornings, admin)
    with pytest.raises(Conflict) as refused:
        turned(session, other, make_calendar(code="RIENG"), admin, date(2026, 11, 27))
    assert running.agency.name in str(refused.value)
    assert "25/11/2026" in str(refused.value)


@pytest.fixture
def turning(session, running, admin, mornings):
    """A second place in the tree, by the same calendar today, that will go by another one."""
    place = make_agency(code="H57.94", name="Khu kinh tế", parent=make_tree().root)
    turned(session, place, mornings, admin)
    return place


def test_no_agency_comes_under_a_waiting_turn(session, running, admin, turning):
    agency = running.agency
    with acting_at(LATER), pytest.raises(Conflict) as refused:
        places.place_agency(session, agency, PlaceWish(turning, None), admin, base=str(agency.row_version),
                            reason="Sắp xếp lại")  # fmt: skip
    assert "Khu kinh tế" in str(refused.value)
    assert "25/11/2026" in str(refused.value)


def test_nor_by_the_form_though_today_the_calendar_is_the_same(session, running, login, turning):
    agency = running.agency
    sent = {"code": agency.code, "name": agency.name, "level": agency.level, "parent": turning.id,
            "desk": agency.desk_id or ""}  # fmt: skip
    with acting_at(LATER):
        page = login(Role.catalog_admin).post(f"/agency/edit/{agency.id}", data=sent)
    assert (page.status_code, vi("Calendar of the year") in page.text) == (422, True)
    session.expire_all()
    assert agency.parent_id != turning.id


def test_nor_does_one_leave_a_waiting_turn_that_its_due_dates_were_moved_for(session, running, admin, mornings):
    agency = running.agency
    other = make_agency(code="H57.94", name="Khu kinh tế", parent=make_tree().root)
    turned(session, agency.parent, mornings, admin)
    assert running.due_at == at(26, 11, 30)
    other.calendar = make_tree().root.calendar  # free: nobody waits there
    session.flush()
    with acting_at(LATER):
        agency.parent = other
        with pytest.raises(Invalid) as refused:
            session.flush()
    assert set(refused.value.fields) == {"calendar"}
    session.rollback()


def test_one_place_is_as_good_as_another_with_the_same_days_to_come(session, running, admin, mornings):
    agency, root = running.agency, make_tree().root
    other = make_agency(code="H57.94", name="Khu kinh tế", parent=root)
    turned(session, root, mornings, admin)
    with acting_at(LATER):
        agency.parent = other
        session.flush()
    assert agency.path.startswith(other.path)


def test_nobody_else_may(session, running, actor, admin, mornings):
    agency = running.agency
    other = actor(Role.agency_head)
    with pytest.raises(NotAllowed):
        turned(session, agency, mornings, other)
    turned(session, agency, mornings, admin)
    with acting_at(LATER), pytest.raises(NotAllowed):
        places.take_back(session, agency, other, base=str(agency.row_version), reason="Không đổi")


def test_reading_costs_the_same_however_many_turns_there_are(session, running, admin, mornings, count_queries):
    root, costs = make_tree().root, []
    for number in (1, 3):
        for _one in range(number):
            place = make_agency(name="Phường", parent=root)
            session.add(AgencyCalendar(agency=place, since=WEDNESDAY, calendar=mornings, reason="Giờ mùa đông"))
        fresh(session)
        agencies = list(session.query(type(root)).order_by(type(root).id))
        with count_queries() as seen:
            timing.prepare_calendars(session, agencies)
        costs.append(len(seen))
        with count_queries() as seen:
            changes.effect_of(session, mornings, [DayWish(THURSDAY, "holiday")])
        costs.append(len(seen))
    assert costs[:2] == costs[2:]


def test_the_page_shows_moves_and_takes_back(session, running, login, mornings):
    agency = running.agency
    address, client = f"/agency-calendar/{agency.id}", login(Role.catalog_admin)
    sent = {"parent": str(agency.parent_id), "calendar": str(mornings.id), "since": "2026-11-25"}
    with acting_at(LATER):
        page = client.post(address, data=sent | {"do": "preview"})
        assert (page.status_code, "11:30 26/11/2026" in page.text) == (200, True)
        base = str(agency.row_version)
        late = client.post(address, data=sent | {"do": "preview", "since": "2026-11-01"})
        assert (late.status_code, vi("What was stays: choose today or a coming day.") in late.text) == (422, True)
        assert client.post(address, data=sent | {"since": "x", "do": "preview"}).status_code == 422
        answer = client.post(address, data=sent | {"do": "apply", "base": base, "reason": "Giờ mùa đông"})
        assert answer.status_code == 302
        page = client.get(address).text
        assert vi("Waits for its day") in page
        assert "Giờ mùa đông" in page
        run_waiting()
        db.session.expire_all()
        assert running.due_at == at(26, 11, 30)
        base = str(agency.row_version)
        assert client.post(address, data={"do": "return", "base": base, "reason": ""}).status_code == 422
        client.post(address, data={"do": "return", "base": base, "reason": "Không đổi nữa"})
        run_waiting()
        db.session.expire_all()
        assert running.due_at == at(26, 17, 30)
    assert session.query(AgencyCalendar).count() == 0
    other = login(Role.agency_head)
    assert other.get(address).status_code in {302, 403}
    assert other.post(address, data={"do": "return", "base": base, "reason": "x"}).status_code in {302, 403}


def test_whose_due_dates_move_back_is_counted_on_asking_and_for_who_may_alone(
    session, running, admin, login, mornings, monkeypatch
):
    agency, counted, count = running.agency, [], places.effect_of_return
    turned(session, agency, mornings, admin)
    monkeypatch.setattr(places, "effect_of_return", lambda *given: counted.append(given) or count(*given))
    other = make_agency(code="H57.97", name="Khác", parent=make_tree().root)
    address, shown = f"/agency-calendar/{agency.id}", vi("Due dates that move")
    with acting_at(LATER):
        client = login(Role.catalog_admin)
        page = client.get(address).text
        assert (vi("See whose due dates move back") in page, shown in page) == (True, False)
        refused = client.post(address, data={"do": "return", "base": str(agency.row_version), "reason": ""})
        assert (refused.status_code, counted) == (422, [])
        page = client.post(address, data={"do": "back"}).text
        assert all(text in page for text in (shown, running.code, "17:30 26/11/2026", vi("Take it back")))
        assert len(counted) == 1
        page = login(Role.catalog_admin, other).post(address, data={"do": "back"})
    assert (page.status_code, shown in page.text, len(counted)) == (200, False, 1)


def test_the_clock_begins_it(session, running, admin, mornings):
    turned(session, running.agency, mornings, admin)
    assert turns.begin_due in list(deadlines._jobs())
