"""What came on paper while the system was down: entered later, approved by another, true in time."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now, today
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.models import Dossier, HistoryEntry, IncidentNotice, Notice, OfficerPosition, PaperReception, User
from app.permissions import Role
from app.services import catch_up, catch_up_scans, reception
from app.services.actors import build_actor
from app.services.ledger import ledger_of
from app.services.submission import new_key
from tests.factories import make_position, make_procedure
from tests.services.steps import Office
from tests.workflows.hue import at

DOWN, UP = at("2026-11-10 10:00"), at("2026-11-10 15:00")
TRUE = at("2026-11-10 10:40")
ENTERED, APPROVED = at("2026-11-12 08:30"), at("2026-11-12 14:00")


@pytest.fixture
def office(session) -> Office:
    found = Office(session)
    found.staff()
    session.add(IncidentNotice(title="Mất kết nối", body="…", starts_at=DOWN, ended_at=UP, agency=found.tree.desk))
    session.flush()
    return found


def director(office: Office):
    return office.officer(Role.centre_director, office.tree.desk)


def enter(office: Office, *, received_at=TRUE, paper_number="15/SGT", key=None, **given):
    with acting_at(ENTERED):
        return catch_up.enter(
            office.session, office.given(key=key or new_key(), **given), office[Role.desk_officer],
            received_at=received_at, paper_number=paper_number,
        )  # fmt: skip


def approve(office: Office, row: PaperReception, actor=None) -> Dossier:
    with acting_at(APPROVED):
        return catch_up.approve(office.session, row.id, actor or director(office))


def test_it_counts_only_once_it_is_approved(office):
    head = director(office)
    row = enter(office)
    assert office.session.scalar(sa.select(sa.func.count(Dossier.id))) == 0
    dossier = approve(office, row, head)
    assert (row.state, row.dossier, row.decided_by_name) == ("approved", dossier, head.name)
    told = office.session.scalars(sa.select(Notice.user_id).where(Notice.key.startswith("catch-up:"))).all()
    assert told == [head.user_id]


def test_code_due_date_and_course_carry_the_true_time(office):
    dossier = approve(office, enter(office))
    with acting_at(TRUE):
        usual = reception.receive_at_counter(office.session, office.given(), office[Role.desk_officer])
    assert (dossier.submitted_at, dossier.received_at) == (TRUE, TRUE)
    assert dossier.due_at == dossier.original_due_at == usual.due_at
    assert "261110" in dossier.code
    assert dossier.code.rsplit("-", 1)[0] == usual.code.rsplit("-", 1)[0]
    assert dossier.segments[0].started_at == TRUE
    assert [(m.transition, m.at) for m in dossier.movements] == [("receive_at_counter", TRUE), ("catch_up", APPROVED)]
    with acting_at(APPROVED):
        assert ledger_of(office.session, dossier).faults == []


def test_the_history_tells_when_it_was_really_entered(office):
    dossier = approve(office, enter(office))
    entries = office.session.scalars(
        sa.select(HistoryEntry).where(HistoryEntry.aggregate == "dossier", HistoryEntry.aggregate_id == dossier.id)
    ).all()
    assert entries
    assert {entry.at for entry in entries} == {APPROVED}
    remark = dossier.movements[-1].remark
    assert "15/SGT" in remark
    reasons = office.session.scalars(
        sa.select(HistoryEntry.reason).where(HistoryEntry.record == "paper_reception").order_by(HistoryEntry.id)
    ).all()
    assert reasons[1:] == [remark]


OUTSIDE = [DOWN - timedelta(minutes=1), UP + timedelta(minutes=1), ENTERED + timedelta(days=9)]


@pytest.mark.parametrize("moment", OUTSIDE)
def test_the_true_time_lies_in_a_declared_incident_of_the_desk(office, moment):
    with pytest.raises(Invalid) as caught:
        enter(office, received_at=moment)
    assert "paper_received_at" in caught.value.fields


def test_an_incident_of_others_is_none_of_this_desk(office):
    row = office.session.scalars(sa.select(IncidentNotice)).one()
    row.agency = office.tree.department
    with pytest.raises(Invalid):
        enter(office)
    row.agency = None
    assert enter(office).state == "pending"


@pytest.mark.parametrize(
    ("wrong", "field"), [({"received_at": None}, "paper_received_at"), ({"paper_number": " "}, "paper_number")]
)
def test_what_is_missing_is_named(office, wrong, field):
    with pytest.raises(Invalid) as caught:
        enter(office, **wrong)
    assert list(caught.value.fields) == [field]


def test_missing_papers_are_named_at_the_desk_and_not_to_the_director(office):
    needed = {c.id: c.name for c in office.version.components if c.is_required}
    with pytest.raises(Invalid) as caught:
        enter(office, papers={})
    assert set(caught.value.fields) == {f"component-{pk}" for pk in needed}
    assert all(name in caught.value.fields[f"component-{pk}"] for pk, name in needed.items())


def test_the_same_form_sent_twice_is_one_entry(office):
    key = new_key()
    given = office.given(key=key)
    rows = [enter(office, key=key, account=given.account) for _time in range(2)]
    assert rows[0] is rows[1]
    first = approve(office, rows[0])
    with pytest.raises(Conflict):
        approve(office, rows[0])
    assert office.session.scalars(sa.select(Dossier)).all() == [first]


def test_nobody_approves_what_he_entered_or_what_is_his_own(office):
    row = enter(office)
    both = director(office)
    row.entered_by_id = both.user_id
    with pytest.raises(NotAllowed):
        approve(office, row, both)
    row.entered_by_id, row.account.user_id = office[Role.desk_officer].user_id, both.user_id
    with pytest.raises(NotAllowed):
        approve(office, row, both)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.citizen, Role.centre_director, Role.desk_officer}))
def test_others_find_nothing_to_approve(office, role):
    row = enter(office)
    with pytest.raises(NotFound):
        approve(office, row, office.officer(role, office.tree.desk))


def test_a_director_of_elsewhere_and_a_desk_officer_may_not_approve(office):
    row = enter(office)
    with pytest.raises(NotFound):
        approve(office, row, office.officer(Role.centre_director, office.tree.centre))
    with pytest.raises(NotAllowed):
        approve(office, row, office.officer(Role.desk_officer, office.tree.desk))
    with pytest.raises(NotAllowed):
        catch_up.enter(office.session, office.given(), office[Role.specialist], received_at=TRUE, paper_number="1")


def test_a_refused_entry_needs_a_reason_and_receives_nothing(office):
    row = enter(office)
    head = director(office)
    with pytest.raises(Invalid):
        catch_up.refuse(office.session, row.id, head, " ")
    catch_up.refuse(office.session, row.id, head, "Sổ giấy không có số này")
    assert (row.state, row.reason) == ("refused", "Sổ giấy không có số này")
    assert office.session.scalar(sa.select(sa.func.count(Dossier.id))) == 0
    assert catch_up.listed(office.session, office[Role.desk_officer]) == [row]
    assert catch_up.listed(office.session, office[Role.specialist]) == []


@pytest.fixture
def moved_away(office):
    """The officer who received on paper and stands at another desk since; returns his new desk."""
    user = office.session.get(User, office[Role.desk_officer].user_id)
    post = office.session.scalars(sa.select(OfficerPosition).where(OfficerPosition.user_id == user.id)).one()
    post.valid_to = TRUE.date()
    make_position(user, Role.desk_officer, office.tree.centre, valid_from=ENTERED.date())
    office.session.flush()
    with acting_at(ENTERED):
        office.people[Role.desk_officer] = build_actor(office.session, user)
    return office.tree.centre


def test_it_is_received_at_the_desk_of_that_day(office, moved_away):
    head, officer = director(office), office[Role.desk_officer]
    row = enter(office)
    assert row.desk is office.tree.desk
    assert catch_up.listed(office.session, officer) == [row]
    assert catch_up_scans.may_add(row, officer)
    dossier = approve(office, row, head)
    assert (dossier.desk, dossier.received_at) == (office.tree.desk, TRUE)
    (task,) = dossier.tasks
    assert (task.agency, task.assignee_id) == (office.tree.desk, None), "his colleagues there pass it on"
    with acting_at(APPROVED):
        assert ledger_of(office.session, dossier).faults == []
        colleague = office.officer(Role.desk_officer, office.tree.desk)
        office.people[Role.desk_officer] = colleague
        office.pay(dossier)
        assert reception.pass_on(office.session, dossier, colleague).state == 4


def test_one_moved_before_the_approval_received_where_he_stood(office):
    head, row = director(office), enter(office)
    post = office.session.scalars(sa.select(OfficerPosition).where(
        OfficerPosition.user_id == office[Role.desk_officer].user_id)).one()
    post.valid_to = ENTERED.date()
    office.session.flush()
    assert approve(office, row, head).desk is office.tree.desk


def test_who_stood_at_no_desk_that_day_enters_nothing(office, moved_away):
    post = office.session.scalars(sa.select(OfficerPosition).where(OfficerPosition.valid_to == TRUE.date())).one()
    post.valid_to = TRUE.date() - timedelta(days=1)
    office.session.flush()
    with pytest.raises(Invalid) as caught:
        enter(office)
    assert list(caught.value.fields) == ["paper_received_at"]


def test_an_entry_of_one_who_never_stood_there_is_sent_back_in_words(office, moved_away):
    head, row = director(office), enter(office)
    row.desk = office.tree.desk
    for post in office.session.scalars(sa.select(OfficerPosition).where(OfficerPosition.valid_to == TRUE.date())):
        post.valid_to = TRUE.date() - timedelta(days=1)
    office.session.flush()
    with pytest.raises(Invalid):
        approve(office, row, head)
    assert row.state == "pending"


@pytest.fixture
def desk(office, login):
    return login(office.session.get(User, office[Role.desk_officer].user_id))


def newer_version(office: Office, day):
    """Put another version in force from ``day``; the one before ends the day before it."""
    old = office.version
    office.version = make_procedure(procedure=old.procedure, number=2, state="checked")
    old.state, old.valid_to = "retired", day - timedelta(days=1)
    office.session.flush()
    office.version.state, office.version.valid_from = "published", day
    office.session.flush()
    return old, office.version


def test_a_version_that_came_in_between_stops_no_late_entry(office):
    row = enter(office)
    old, _new = newer_version(office, ENTERED.date())
    dossier = approve(office, row)
    assert (dossier.version, dossier.received_at) == (old, TRUE)


def test_it_is_entered_under_the_version_of_its_true_day(office):
    old, new = newer_version(office, ENTERED.date())
    with pytest.raises(Invalid) as refused:
        enter(office)
    assert "paper_received_at" in refused.value.fields
    office.version = old
    assert approve(office, enter(office)).version == old
    with pytest.raises(NotAllowed), acting_at(APPROVED):
        reception.receive_at_counter(office.session, office.given(), office[Role.desk_officer])
    office.version = new
    assert reception.receive_at_counter(office.session, office.given(), office[Role.desk_officer]).version == new


def test_the_counter_offers_the_version_of_that_day(office, desk):
    old, new = newer_version(office, today())
    incident = office.session.scalars(sa.select(IncidentNotice)).one()
    incident.starts_at, incident.ended_at = now() - timedelta(days=2), now() - timedelta(days=1)
    page = desk.get(f"/reception/new?version={new.id}").get_data(as_text=True)
    assert f"version={old.id}" in page
    page = desk.get(f"/reception/new?version={old.id}").get_data(as_text=True)
    assert "chỉ dùng cho hồ sơ nhận trên giấy" in page


def test_without_an_incident_nothing_old_is_offered(office, desk):
    old, _new = newer_version(office, today())
    office.session.execute(sa.delete(IncidentNotice))
    assert desk.get(f"/reception/new?version={old.id}").status_code == 404


def test_one_number_of_the_paper_book_is_entered_once(office):
    first = enter(office)
    with pytest.raises(Invalid) as refused:
        enter(office, paper_number=" 15/sgt ")
    assert "paper_number" in refused.value.fields
    with acting_at(APPROVED):
        catch_up.refuse(office.session, first.id, director(office), "Sai người nộp")
    again = enter(office)
    approve(office, again)
    with pytest.raises(Invalid):
        enter(office)
    enter(office, paper_number="16/SGT")
