"""An agency comes under another calendar: who is moved is shown first; no other way past the page."""

from datetime import date, time, timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at
from app.errors import Conflict, Invalid, NotAllowed
from app.models import Agency, CalendarChange, CalendarDay, CalendarSession, Dossier, DueChange
from app.packs import yamls
from app.packs.exporting import Chosen
from app.permissions import Role
from app.services import agency_calendars as places
from app.services import calendar_changes as changes
from app.services import calendar_moving as moving
from app.services.agency_calendars import PlaceWish
from app.services.calendar_days import base_of
from app.services.calendar_weeks import WeekWish
from tests.exchange.books import book, send
from tests.factories import find_agency, make_agency, make_calendar, make_tree
from tests.packs.carrying import files_of, take
from tests.services.test_calendar_changes import MONDAY, admin, at, office, running
from tests.wording import vi

__all__ = ["admin", "office", "running"]  # fixtures


@pytest.fixture
def mornings(session):
    """A calendar of mornings only, Monday to Friday."""
    calendar = make_calendar(code="SANG", name="Chỉ buổi sáng")
    calendar.sessions = [CalendarSession(weekday=day, starts_at=time(7, 30), ends_at=time(11, 30)) for day in range(5)]
    session.flush()
    return calendar


def wish(agency, calendar):
    return PlaceWish(agency.parent, calendar)


def apply(session, agency, wanted, actor, **given):
    values = {"base": str(agency.row_version), "reason": "Quyết định của Ủy ban", "decision": "12/QĐ-UBND"} | given
    with acting_at(MONDAY + timedelta(hours=1)):
        return places.place_agency(session, agency, wanted, actor, **values)


def test_what_is_shown_is_what_moves(session, running, admin, mornings):
    agency = running.agency
    effect = places.effect_of_place(session, agency, wish(agency, mornings))
    assert [(code, old) for code, _name, old, _new in effect.rows] == [(running.code, at(26, 17, 30))]
    change = apply(session, agency, wish(agency, mornings), admin)
    moving.move_waiting(session, change.id)
    assert running.due_at == effect.rows[0][3] == at(26, 11, 30)
    assert running.original_due_at == at(26, 17, 30)
    assert change.moved == 1
    assert change.done_at is not None
    kept = session.scalars(sa.select(DueChange).where(DueChange.dossier_id == running.id)).one()
    assert "Quyết định của Ủy ban" in kept.reason
    back = apply(session, agency, wish(agency, None), admin)
    moving.move_waiting(session, back.id)
    assert running.due_at == at(26, 17, 30)


def test_until_that_day_the_old_calendar_counts(session, running, admin, mornings):
    with acting_at(at(25, 8)):
        effect = places.effect_of_place(session, running.agency, wish(running.agency, mornings))
    assert [row[3] for row in effect.rows] == [at(26, 11, 30)]


def _off(calendar):
    calendar.days.append(CalendarDay(day=date(2026, 11, 25), kind="holiday", note="Nghỉ riêng"))


def _shorter_from_wednesday(calendar):
    for one in calendar.sessions:
        one.valid_to = date(2026, 11, 24)
    since = date(2026, 11, 25)
    calendar.sessions += [CalendarSession(weekday=day, starts_at=time(8), ends_at=time(10), valid_from=since)
                          for day in range(5)]  # fmt: skip


@pytest.mark.parametrize(("prepare", "due"), [
    (lambda calendar: None, at(26, 11, 30)), (_off, at(27, 11, 30)), (_shorter_from_wednesday, at(26, 10)),
])  # fmt: skip
def test_coming_days_of_the_new_calendar_count_as_shown(session, office, admin, mornings, prepare, due):
    """Days off and hours that begin in the future: every due date and step is moved as the preview said."""
    prepare(mornings)
    session.flush()
    session.expire_all()
    some = [office.processed() for _number in range(3)]
    agency = some[0].agency
    steps = {task.id: task.due_at for one in some for task in one.tasks if task.state == "open"}
    effect = places.effect_of_place(session, agency, wish(agency, mornings))
    shown = {code: new for code, _name, _old, new in effect.rows}
    assert shown == {one.code: due for one in some}
    change = apply(session, agency, wish(agency, mornings), admin)
    moving.move_waiting(session, change.id)
    session.expire_all()
    assert {one.code: one.due_at for one in some} == shown
    moved = [task for one in some for task in one.tasks if task.id in steps and task.due_at != steps[task.id]]
    assert len(moved) == effect.steps


@pytest.mark.parametrize("since", [date(2026, 11, 23), date(2026, 11, 25), date(2026, 11, 27)])
def test_hours_from_a_coming_day_move_what_was_shown(session, office, admin, since):
    some, calendar = [office.processed() for _number in range(2)], make_tree().root.calendar
    wanted = WeekWish(since, None, tuple(((480, 600),) if day < 5 else () for day in range(7)))
    effect = changes.effect_of_week(session, calendar, wanted)
    shown = {code: new for code, _name, _old, new in effect.rows}
    assert set(shown.values()) <= {at(26, 10)}
    assert bool(shown) == (since < date(2026, 11, 27))
    with acting_at(MONDAY + timedelta(hours=1)):
        change = changes.change_week(session, calendar, wanted, admin, base=base_of(calendar), reason="Giờ mùa đông")
    moving.move_waiting(session, change.id)
    session.expire_all()
    assert {one.code: one.due_at for one in some} == {one.code: at(26, 17, 30) for one in some} | shown


def test_a_calendar_that_has_not_begun_is_given_to_nobody(session, running, login, admin, mornings):
    mornings.valid_from = date(2026, 12, 1)
    session.flush()
    with pytest.raises(Invalid) as refused:
        apply(session, running.agency, wish(running.agency, mornings), admin)
    assert set(refused.value.fields) == {"calendar"}
    address, client = f"/agency-calendar/{running.agency_id}", login(Role.catalog_admin)
    sent = {"parent": str(running.agency.parent_id), "calendar": str(mornings.id), "do": "preview"}
    page = client.post(address, data=sent)
    assert page.status_code == 422
    assert "01/12/2026" in page.text
    free = make_agency(code="H57.97", name="Chưa có hồ sơ", parent=make_tree().root)
    answer = client.put(f"/api/v1/agency/{free.id}", json={"calendar": mornings.id})
    assert (answer.status_code, set(answer.json["errors"])) == (422, {"calendar"})
    free.valid_from = date(2026, 12, 1)  # nor does the agency
    session.flush()
    assert client.put(f"/api/v1/agency/{free.id}", json={"calendar": mornings.id}).status_code == 200


def test_a_new_place_in_the_tree_brings_its_calendar(session, running, admin, mornings):
    agency = running.agency
    other = make_agency(code="H57.99", name="Khu kinh tế", parent=make_tree().root, calendar=mornings)
    wanted = PlaceWish(other, None)
    effect = places.effect_of_place(session, agency, wanted)
    assert effect.total == 1
    change = apply(session, agency, wanted, admin)
    assert agency.path.startswith(other.path)
    assert change.agencies[0] == agency.id
    moving.move_waiting(session, change.id)
    assert running.due_at == effect.rows[0][3]


def test_nor_does_a_script_go_past_the_page(session, running):
    running.agency.calendar = make_calendar(code="RIENG")
    with pytest.raises(Invalid):
        session.flush()
    session.rollback()


def test_an_agency_without_running_dossiers_changes_freely(session, mornings):
    agency = make_agency(code="H57.98", name="Mới", parent=make_tree().root)
    agency.calendar = mornings
    session.flush()
    agency.parent = find_agency(make_tree().commune.code)
    session.flush()
    assert session.scalar(sa.select(sa.func.count(CalendarChange.id))) == 0


def ways(login, agency, mornings):
    client = login(Role.catalog_admin)
    page = client.get(f"/agency/edit/{agency.id}").text
    assert page
    sent = {"code": agency.code, "name": agency.name, "level": agency.level, "parent": agency.parent_id,
            "desk": agency.desk_id or "", "calendar": mornings.id}  # fmt: skip
    answers = [
        client.post(f"/agency/edit/{agency.id}", data=sent),
        client.put(f"/api/v1/agency/{agency.id}", json={"calendar": mornings.id}, headers={"If-Match": "*"}),
    ]
    return [answer.status_code for answer in answers], answers[0].text


def test_form_and_api_refuse_and_lead_to_the_page(session, running, login, mornings):
    agency = running.agency
    found, page = ways(login, agency, mornings)
    assert found == [422, 422]
    assert vi("Calendar of the year") in page
    session.expire_all()
    assert agency.calendar_id is None
    assert running.due_at == at(26, 17, 30)


def test_so_do_a_workbook_and_a_pack(session, running, login, mornings):
    agency, client = running.agency, login(Role.catalog_admin)
    head = [vi("Identifier code"), vi("Name"), vi("Level"), vi("Parent agency"), vi("Working calendar")]
    row = [agency.code, agency.name, vi("Commune level"), agency.parent.code, mornings.code]
    _status, _number, page = send(client, "agency", book({vi("Agencies"): [head, row]}))
    assert vi("Calendar of the year") in page
    files = files_of(session, Chosen("kind", "agency"))
    path = next(name for name in files if agency.code in name)
    document = yamls.load(files[path], path) | {"calendar": mornings.code}
    run = take(session, files | {path: yamls.dump(document)})
    assert run.state == "refused"
    assert any(vi("Calendar of the year") in text for _where, text in run.faults)


@pytest.mark.parametrize(
    ("given", "refusal"),
    [({"reason": " "}, Invalid), ({"base": "0"}, Conflict)],
)
def test_nothing_is_written_without_reason_or_from_a_stale_page(session, running, admin, mornings, given, refusal):
    with pytest.raises(refusal):
        apply(session, running.agency, wish(running.agency, mornings), admin, **given)
    assert running.agency.calendar is None
    assert session.scalar(sa.select(sa.func.count(CalendarChange.id))) == 0


def test_a_second_change_waits_for_the_first(session, running, admin, mornings):
    agency = running.agency
    apply(session, agency, wish(agency, mornings), admin)
    with pytest.raises(Conflict):
        apply(session, agency, wish(agency, None), admin)


def test_nobody_else_may(session, running, actor, mornings):
    agency = running.agency
    others = [actor(role) for role in (Role.system_admin, Role.agency_head, Role.control_focal_point)]
    others.append(actor(Role.catalog_admin, make_agency(code="H57.97", name="Khác", parent=make_tree().root)))
    for other in others:
        with pytest.raises(NotAllowed):
            apply(session, agency, wish(agency, mornings), other)


def test_the_page_shows_confirms_and_refuses(session, running, login, mornings):
    agency = running.agency
    client, url = login(Role.catalog_admin), f"/agency-calendar/{agency.id}"
    assert client.get(url).status_code == 200
    assert client.get("/agency-calendar/999999").status_code == 404
    assert login(Role.desk_officer).get(url).status_code in {302, 403}
    sent = {"parent": agency.parent_id, "calendar": mornings.id, "base": agency.row_version}
    page = client.post(url, data=sent | {"do": "preview"})
    assert running.code in page.text
    for wrong in ({"calendar": "99999"}, {"parent": agency.id}, {"parent": ""}, {"calendar": "x"}):
        assert client.post(url, data=sent | wrong | {"do": "preview"}).status_code == 422, wrong
    assert client.post(url, data=sent | {"do": "apply"}).status_code == 422
    assert client.post(url, data=sent | {"do": "apply", "reason": "Theo QĐ 12"}).status_code == 302
    session.expire_all()
    assert session.get(Agency, agency.id).calendar_id == mornings.id
    assert session.scalar(sa.select(sa.func.count(Dossier.id))) == 1
