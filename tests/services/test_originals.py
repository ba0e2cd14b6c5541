"""Originals asked for and compared: who may, what is told, what stays."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import now
from app.errors import Conflict, Invalid, NotAllowed
from app.models import Notice, User
from app.permissions import Role
from app.services import originals
from tests.officers.pages import act, page

TOMORROW = timedelta(days=1)


def ask(office, dossier, who=Role.specialist, **given):
    paper = office.version.components[0]
    values = {"component_ids": [paper.id], "reason": "Bản chụp mờ", "at": now() + TOMORROW}
    return originals.ask(office.session, dossier, office[who], **values | given)


@pytest.mark.parametrize("who", [Role.specialist, Role.agency_head, Role.desk_officer])
def test_who_handles_the_dossier_asks_and_the_clock_runs_on(office, session, who):
    dossier = office.processed()
    due = dossier.due_at
    (check,) = ask(office, dossier, who)
    assert (dossier.state, dossier.due_at) == (4, due)
    assert (check.state, check.place, check.asked_by_name) == ("asked", dossier.desk, office[who].name)
    assert dossier.movements[-1].transition == "ask_originals"


def test_the_applicant_is_told_what_to_bring_and_sees_it(office, session, login):
    dossier, citizen = office.submitted()
    ask(office, dossier, Role.desk_officer)
    body = session.scalars(sa.select(Notice.body).where(Notice.user_id == citizen.user_id)).all()
    assert any("Bản chụp mờ" in text and dossier.desk.name in text for text in body)
    text = login(session.get(User, citizen.user_id)).get(f"/my/{dossier.code}").text
    assert "Bản chính cần xuất trình" in text


def test_every_request_is_told_of_not_only_the_first(office, session):
    for _number in range(2):
        dossier, citizen = office.submitted()
        ask(office, dossier, Role.desk_officer)
        keys = session.scalars(sa.select(Notice.key).where(Notice.user_id == citizen.user_id)).all()
        assert f"originals:{originals.checks_of(session, dossier)[0].id}" in keys


@pytest.mark.parametrize(("given", "name"), [
    ({"component_ids": []}, "component"), ({"component_ids": [999999]}, "component"),
    ({"reason": "  "}, "reason"), ({"at": None}, "appointment_at"),
    ({"at": now() - TOMORROW}, "appointment_at"), ({"at": now() + 200 * TOMORROW}, "appointment_at"),
])  # fmt: skip
def test_what_is_missing_is_named_and_nothing_is_written(office, session, given, name):
    dossier = office.processed()
    with pytest.raises(Invalid) as refusal:
        ask(office, dossier, **given)
    assert name in refusal.value.fields
    assert originals.checks_of(session, dossier) == []


def test_a_paper_is_asked_for_once_and_again_after_it_was_compared(office, session):
    dossier = office.processed()
    (check,) = ask(office, dossier)
    with pytest.raises(Invalid):
        ask(office, dossier)
    originals.record(session, check, office[Role.specialist], found="differs", finding="Khác số")
    assert len(ask(office, dossier)) == 1


def test_the_finding_is_kept_once_with_who_and_when(office, session):
    dossier = office.processed()
    (check,) = ask(office, dossier)
    with pytest.raises(Invalid):
        originals.record(session, check, office[Role.specialist], found="differs", finding=" ")
    with pytest.raises(Invalid):
        originals.record(session, check, office[Role.specialist], found="maybe", finding="x")
    originals.record(session, check, office[Role.desk_officer], found="agrees", finding="", shown="certified")
    assert (check.state, check.shown, check.done_by_id) == ("agrees", "certified", office[Role.desk_officer].user_id)
    assert check.done_at is not None
    with pytest.raises(Conflict):
        originals.record(session, check, office[Role.specialist], found="differs", finding="x")


def test_the_asker_hears_of_a_difference_the_applicant_of_what_is_dropped(office, session):
    dossier, citizen = office.submitted()
    (check,) = ask(office, dossier, Role.desk_officer)
    other = office.officer(Role.desk_officer, office.tree.desk)
    originals.record(session, check, other, found="differs", finding="Khác ngày sinh")
    told = sa.select(Notice.user_id).where(Notice.key == f"original-differs:{check.id}")
    assert session.scalars(told).all() == [office[Role.desk_officer].user_id]
    (check,) = ask(office, dossier, Role.desk_officer)
    originals.record(session, check, other, found="dropped", finding="Đã tra được")
    told = sa.select(Notice.user_id).where(Notice.key == f"originals-dropped:{check.id}")
    assert session.scalars(told).all() == [citizen.user_id]
    assert check.shown is None


def test_others_may_not_and_nobody_once_the_dossier_is_over(office, session):
    dossier = office.processed()
    stranger = office.officer(Role.specialist, office.tree.department)
    for actor in (stranger, office.applicant()[1], office[Role.clerk], office[Role.cashier]):
        with pytest.raises(NotAllowed):
            originals.ask(session, dossier, actor, component_ids=[office.version.components[0].id], reason="x",
                          at=now() + TOMORROW)  # fmt: skip
    dossier.state = 10
    with pytest.raises(NotAllowed):
        ask(office, dossier)


def test_it_is_done_by_the_buttons_of_the_page(office, enter, session):
    dossier = office.processed()
    client = enter(Role.specialist)
    given = {"component": str(office.version.components[0].id), "reason": "Bản chụp <b>mờ"}
    bad = act(client, dossier, "ask_originals", **given, appointment_at="hôm qua")
    assert bad.status_code == 422
    assert "&lt;b&gt;mờ" in bad.text
    at = (now() + TOMORROW).strftime("%Y-%m-%dT%H:%M")
    assert act(client, dossier, "ask_originals", **given, appointment_at=at).status_code == 302
    (check,) = originals.checks_of(session, dossier)
    assert "Ghi kết quả đối chiếu bản chính" in page(client, dossier)
    given = {"check": str(check.id), "found": "agrees", "shown": "original"}
    assert act(client, dossier, "record_original", **given).status_code == 302
    assert act(client, dossier, "record_original", **given).status_code == 409
    assert "Khớp với bản chính" in page(client, dossier)
    assert "Đã đối chiếu" in page(client, dossier, "?tab=course")
