"""The pages of incidents and late entries: who may open them, and what they do."""

from base64 import b64decode
from datetime import timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now
from app.models import Dossier, IncidentNotice, OutageDecision, PaperReception
from app.permissions import Role
from app.services import outages
from app.services.incidents import DECIDERS
from tests.officers.test_counter import sent
from tests.services.steps import PNG
from tests.wording import vi

WORDS = {"reason": "Mất điện toàn thành phố", "clause": "HUE25 Đ23.3"}


@pytest.fixture
def incident(session, office) -> IncidentNotice:
    """An incident of this very hour that has ended a minute ago."""
    row = IncidentNotice(
        title="Mất kết nối trục", body="Đang sửa", starts_at=now() - timedelta(hours=30),
        ended_at=now() - timedelta(minutes=1),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def at_root(office, role):
    return office.officer(role, office.tree.root)


def test_a_running_incident_stands_on_every_page(session, office, enter, client, incident):
    incident.ended_at = None
    session.flush()
    for browser, address in ((client, "/"), (enter(Role.specialist), "/inbox/")):
        assert "Mất kết nối trục" in browser.get(address).get_data(as_text=True)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.citizen}))
def test_who_opens_the_pages(office, enter, incident, role):
    browser = enter(at_root(office, role))
    expected = 200 if role in DECIDERS | {Role.system_admin} else 403
    assert browser.get("/outages/").status_code == expected
    assert browser.get(f"/outages/{incident.id}").status_code == expected
    late = 200 if role in {Role.desk_officer, Role.centre_director} else 403
    assert browser.get("/late-entries/").status_code == late


def test_the_operator_declares_and_does_not_decide(session, office, enter, incident):
    browser = enter(at_root(office, Role.system_admin))
    page = browser.get(f"/outages/{incident.id}").get_data(as_text=True)
    assert vi("Give the time back") not in page
    assert browser.post(f"/outages/{incident.id}", data=WORDS | {"do": "credit"}).status_code == 302  # told why not
    assert session.scalars(sa.select(OutageDecision)).all() == []


def test_the_decision_is_previewed_taken_and_shown(session, office, enter, incident):
    with acting_at(now() - timedelta(days=3)):
        dossier = office.processed()
    browser = enter(at_root(office, Role.control_focal_point))
    page = browser.get(f"/outages/{incident.id}").get_data(as_text=True)
    effect = outages.effect_of(session, incident)
    assert (dossier.code in page) == bool(effect.total)
    wrong = browser.post(f"/outages/{incident.id}", data={"do": "credit", "reason": "", "clause": "HUE25 Đ23.3"})
    assert wrong.status_code == 422
    assert "HUE25 Đ23.3" in wrong.get_data(as_text=True)
    assert browser.post(f"/outages/{incident.id}", data=WORDS | {"do": "credit"}).status_code == 302
    again = browser.post(f"/outages/{incident.id}", data=WORDS | {"do": "leave"})
    assert again.status_code == 409
    assert session.scalars(sa.select(OutageDecision.is_credited)).all() == [True]
    assert WORDS["reason"] in browser.get(f"/outages/{incident.id}").get_data(as_text=True)
    assert vi("Given back") in browser.get("/outages/").get_data(as_text=True)


def test_what_is_not_there_is_not_found(office, enter, incident):
    browser = enter(at_root(office, Role.control_focal_point))
    assert browser.get("/outages/99999999999999999999").status_code == 404
    director = enter(at_root(office, Role.centre_director))
    assert director.post("/late-entries/77", data={"do": "approve"}).status_code == 404


def test_a_dossier_on_paper_is_entered_at_the_counter_and_approved(session, office, enter, incident):
    desk = enter(Role.desk_officer)
    assert vi("Hand in for approval") in desk.get(f"/reception/new?version={office.version.id}").get_data(as_text=True)
    true = (now() - timedelta(hours=20)).replace(second=0, microsecond=0)
    local = (true + timedelta(hours=7)).strftime("%Y-%m-%dT%H:%M")
    form = sent(office, do="catch_up", paper_received_at=local, paper_number="15/SGT")
    for wrong in ("", "2026-13-40", "2020-01-01T08:00", "0001-01-01T00:00"):
        answer = desk.post("/reception/new", data=form | {"paper_received_at": wrong})
        assert answer.status_code == 422
        assert "Lê Thị Hoa" in answer.get_data(as_text=True)
    assert desk.post("/reception/new", data=form).status_code == 302
    assert desk.post("/reception/new", data=form).status_code == 302
    (row,) = session.scalars(sa.select(PaperReception)).all()
    assert session.scalar(sa.select(sa.func.count(Dossier.id))) == 0
    assert desk.post(f"/late-entries/{row.id}", data={"do": "approve"}).status_code == 302  # told why not
    assert session.scalar(sa.select(sa.func.count(Dossier.id))) == 0
    director = enter(office.officer(Role.centre_director, office.tree.desk))
    assert "15/SGT" in director.get("/late-entries/").get_data(as_text=True)
    assert director.post(f"/late-entries/{row.id}", data={"do": "refuse"}).status_code == 422
    assert director.post(f"/late-entries/{row.id}", data={"do": "approve"}).status_code == 302
    assert director.post(f"/late-entries/{row.id}", data={"do": "approve"}).status_code == 409
    (dossier,) = session.scalars(sa.select(Dossier)).all()
    assert dossier.received_at == true
    assert dossier.code in desk.get("/late-entries/").get_data(as_text=True)
    course = desk.get(f"/dossier/{dossier.code}?tab=course").get_data(as_text=True)
    assert vi("The dossier received on paper was entered later") in course


def test_scans_chosen_at_the_counter_stay_with_the_late_entry(session, office, enter, incident):
    desk = enter(Role.desk_officer)
    local = (now() - timedelta(hours=13)).strftime("%Y-%m-%dT%H:%M")  # twenty hours ago, as Vietnam's clocks showed it
    component = office.version.components[0]

    def hand_in(content: bytes):
        form = sent(office, do="catch_up", paper_received_at=local, paper_number="16/SGT")
        return desk.post("/reception/new", data=form | {f"scan-{component.id}_file": (BytesIO(content), "quet.png")},
                         content_type="multipart/form-data")  # fmt: skip

    refused = hand_in(b"MZ not a picture")
    assert refused.status_code == 422
    assert f"component-{component.id}" in refused.get_data(as_text=True)
    assert session.scalars(sa.select(PaperReception)).all() == []
    assert hand_in(b64decode(PNG.partition(",")[2])).status_code == 302
    (row,) = session.scalars(sa.select(PaperReception)).all()
    assert [(name, at) for _file, name, at in row.scans] == [("quet.png", component.id)]
    page = enter(office.officer(Role.centre_director, office.tree.desk)).get("/late-entries/").get_data(as_text=True)
    assert "quet.png" in page
    assert component.name in page
    assert vi("Waiting for approval") in page


def test_the_counter_is_silent_without_an_incident(office, enter):
    page = enter(Role.desk_officer).get(f"/reception/new?version={office.version.id}").get_data(as_text=True)
    assert vi("Hand in for approval") not in page


def test_the_list_costs_the_same_however_many_there_are(session, office, enter, incident, count_queries):
    browser = enter(at_root(office, Role.control_focal_point))
    browser.get("/outages/")
    with count_queries() as few:
        browser.get("/outages/")
    for number in range(4):
        session.add(IncidentNotice(title=f"Sự cố {number}", body="…", starts_at=now(), ended_at=now(),
                                   agency=office.tree.commune))  # fmt: skip
    session.flush()
    browser.get("/outages/")  # the frame reads its incidents anew once they changed
    with count_queries() as many:
        browser.get("/outages/")
    assert len(many) <= len(few)


def test_the_notice_leads_to_the_work_after_it(session, office, enter, incident):
    page = enter(at_root(office, Role.system_admin)).get(f"/incident-notice/show/{incident.id}").get_data(as_text=True)
    assert f'href="/outages/{incident.id}"' in page
    outages_page = enter(at_root(office, Role.system_admin)).get("/outages/").get_data(as_text=True)
    assert 'href="/incident-notice/add"' in outages_page
    decider = enter(at_root(office, Role.control_focal_point)).get("/outages/").get_data(as_text=True)
    assert 'href="/incident-notice/add"' not in decider
