"""What is kept between requests is given up with the change, whoever makes it and however."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now
from app.models import CalendarDay, FabRole, IncidentNotice, PermissionView
from app.permissions import Role
from app.services.actors import build_actor
from app.services.kept import forget_marks, kept, marks_of
from app.services.process_graphs import kept_graph
from app.services.timing import calendar_of
from tests.factories import make_agency, make_calendar, make_process, make_tree, make_user

# What others may do at any moment: statements of plain SQL, past the program.
CHANGES = [
    ("rights", "UPDATE ab_role SET name = name WHERE id = 1"),
    ("rights", "DELETE FROM ab_permission_view_role WHERE role_id = (SELECT min(id) FROM ab_role)"),
    ("rights", "INSERT INTO role_scope (role_id, entity, scope, row_version)"
               " SELECT min(id), 'Sector', 'own', 1 FROM ab_role"),
    ("rights", "INSERT INTO field_right (role_id, entity, field, may_read, may_change, row_version)"
               " SELECT min(id), 'Sector', 'name', false, false, 1 FROM ab_role"),
    ("site", "UPDATE agency SET hotline = '0'"),
    ("incidents", "DELETE FROM incident_notice WHERE id > 0"),
    ("calendars", "UPDATE working_calendar SET name = name"),
    ("calendars", "DELETE FROM calendar_day WHERE id > 0"),
    ("profiles", "INSERT INTO profile (code, name, is_active, row_version) VALUES ('X1', 'X', false, 1)"),
    ("processes", "UPDATE process_step SET working_minutes = working_minutes"),
    ("posts", "UPDATE officer_position SET title = title"),
    ("posts", "INSERT INTO absence (user_id, agency_id, kind, valid_from, valid_to, reason, row_version)"
              " SELECT user_id, agency_id, 'leave', '2026-01-01', '2026-01-02', 'x', 1 FROM officer_position"),
    ("posts", "INSERT INTO delegation (position_id, user_id, delegate_id, agency_id, valid_from, valid_to,"
              " document_number, reason, row_version)"
              " SELECT id, user_id, (SELECT max(id) FROM ab_user), agency_id, '2026-01-01', '2026-01-02',"
              " '1', 'x', 1 FROM officer_position"
              " WHERE id = (SELECT min(id) FROM officer_position)"),
    ("posts", "UPDATE ab_user SET active = false WHERE id = (SELECT max(user_id) FROM officer_position)"),
]  # fmt: skip


def present(session):
    """Return the marks as the database has them now, whatever wrote them."""
    forget_marks(session)
    return dict(marks_of(session))


@pytest.mark.parametrize(("name", "statement"), CHANGES)
def test_every_change_changes_the_mark_of_its_tables_only(session, name, statement):
    make_agency()
    make_calendar()
    make_process()
    for role in (Role.specialist, Role.desk_officer):
        make_user(role, make_agency())
    session.add(IncidentNotice(title="Bảo trì", body="Tối nay"))
    session.flush()
    before = present(session)
    session.execute(sa.text(statement))
    after = present(session)
    assert {key for key in after if after[key] != before[key]} == {name}


def test_a_login_changes_no_mark(session):
    user = make_user(Role.specialist, make_agency())
    session.flush()
    before = present(session)
    user.last_login, user.login_count, user.fail_login_count = now(), 7, 0
    session.flush()
    assert present(session) == before


def test_a_mark_is_never_used_twice(session):
    make_agency()
    seen = set()
    for _number in range(5):
        nested = session.begin_nested()
        session.execute(sa.text("UPDATE agency SET hotline = '1'"))
        seen.add(present(session)["site"])
        nested.rollback()
    assert len(seen) == 5
    assert present(session)["site"] not in seen


def test_what_is_kept_is_found_once_under_a_mark(session):
    asked = []
    for stamp in ("a1", "a1", "b2", "", None, None):
        kept(stamp, ("test",), lambda: asked.append(1) or "found")
    assert len(asked) == 5  # a1, b2, and each time without a mark


def test_a_calendar_and_a_process_are_found_anew_after_a_change(session):
    agency, process = make_agency(), make_process()
    agency.calendar = make_calendar()
    session.flush()
    monday = acting_at(datetime(2026, 7, 6, 1, 0, tzinfo=UTC))
    with monday:
        before = calendar_of(session, agency)
        assert calendar_of(session, agency) is before
        assert kept_graph(process) is kept_graph(process)
        first = kept_graph(process).steps[0].minutes
        process.steps[0].working_minutes = first + 7
        assert kept_graph(process).steps[0].minutes == first + 7, "written before it is kept"
        session.info.pop("calendars")
        agency.calendar.days.append(CalendarDay(day=date(2026, 7, 7), kind="holiday", note="Bão"))
        after = calendar_of(session, agency)
    assert before.sessions_on(date(2026, 7, 7))
    assert not after.sessions_on(date(2026, 7, 7))


def test_what_was_rolled_back_is_not_kept(session):
    process = make_process()
    session.flush()
    minutes = kept_graph(process).steps[0].minutes
    nested = session.begin_nested()
    process.steps[0].working_minutes = minutes + 9
    assert kept_graph(process).steps[0].minutes == minutes + 9
    nested.rollback()
    assert kept_graph(process).steps[0].minutes == minutes


def test_a_right_taken_away_is_gone_with_the_next_request(session, login):
    client = login(Role.specialist)
    assert client.get("/dossier/list/").status_code == 200
    role = sa.select(FabRole.id).where(FabRole.name == str(Role.specialist)).scalar_subquery()
    table = PermissionView.__table__.metadata.tables["ab_permission_view_role"]
    session.execute(sa.delete(table).where(table.c.role_id == role))
    assert client.get("/dossier/list/").status_code == 403
    assert client.get("/api/v1/dossier/").status_code == 403


def test_rights_given_back_by_a_rollback_are_there_again(session):
    user = make_user(Role.specialist)
    whole = build_actor(session, user)
    nested = session.begin_nested()
    session.execute(sa.text("DELETE FROM ab_permission_view_role"))
    assert not build_actor(session, user).grants
    nested.rollback()
    assert build_actor(session, user).grants == whole.grants != frozenset()


def test_the_frame_tells_new_facts_and_incidents_at_once(session, login):
    tree = make_tree()
    client = login(Role.specialist, tree.commune)
    assert "0234 999" not in client.get("/dossier/list/").text
    tree.root.hotline = "0234 999"
    session.add(IncidentNotice(title="Sự cố đường truyền", body="Xin chờ", starts_at=now() - timedelta(hours=1)))
    session.add(IncidentNotice(title="Bảo trì ngày mai", body="Xin chờ", starts_at=now() + timedelta(hours=1)))
    session.flush()
    assert "0234 999" in client.get("/dossier/list/").text
    page = client.get("/thu-tuc").text
    assert "Sự cố đường truyền" in page
    assert "Bảo trì ngày mai" not in page
    session.execute(sa.update(IncidentNotice).values(ended_at=now()))
    assert "Sự cố đường truyền" not in client.get("/thu-tuc").text
