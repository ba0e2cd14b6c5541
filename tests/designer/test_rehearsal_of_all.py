"""Rehearsal of any number of finished dossiers by the worker: in chunks, added up, kept."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now
from app.errors import Conflict
from app.extensions import db
from app.models import Dossier, HistoryEntry, OutboxEvent, ProcessRehearsal
from app.permissions import Role
from app.services import chunks, rehearsal, rehearsing
from app.services.actors import build_actor
from app.services.rehearsal import rehearse
from app.services.rehearsal_report import Compared, Rehearsal, Tally, bucket
from app.services.version_copies import copy_process
from app.tasks.outbox import run_waiting
from app.tasks.rehearsals import clean
from app.workflows.rehearsal import Play
from config import BEAT
from tests import factories
from tests.services.steps import Office
from tests.wording import vi


@pytest.fixture
def office(session):
    return Office(session)


@pytest.fixture
def admin(session):
    return build_actor(session, factories.make_user(Role.catalog_admin))


def drafted(session, office, more=480):
    """Return a draft of the office's process in which the second step has more minutes."""
    draft = copy_process(session, office.version.process)
    session.add(draft)
    draft.steps[1].working_minutes += more
    session.flush()
    return draft


def finished(session, office, count):
    """Finish dossiers, each a minute after the one before; returns their codes."""
    rows, at = [office.finished() for _ in range(count)], now()
    for number, row in enumerate(rows):
        row.finished_at = at - timedelta(minutes=count - number)
    session.flush()
    return [row.code for row in rows]


def played(session, act):
    """Let the worker come to the end; returns the report."""
    number = act.id
    session.commit()
    while run_waiting():
        session.expire_all()
    return Rehearsal.read(rehearsing.get_act(session, number).report)


def test_the_worker_finds_what_a_rehearsal_at_once_finds(session, office, admin, monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK", 2)
    codes = finished(session, office, 5)
    draft = drafted(session, office)
    at_once = rehearse(session, draft)
    act = rehearsing.begin(session, draft, None, admin)
    found = played(session, act)
    assert (act.wanted, act.played, act.fault) == (5, 5, "")
    assert sorted(one.name for one in found.compared) == sorted(codes)
    assert (found.count(-1), found.count(0), found.count(1)) == (0, 0, 5)
    for name in ("stuck", "nobody", "untaken", "unreached", "spread", "bare"):
        assert getattr(found, name) == getattr(at_once, name), name


def test_only_the_last_finished_are_played(session, office, admin):
    codes = finished(session, office, 4)
    act = rehearsing.begin(session, drafted(session, office), 3, admin)
    assert act.wanted == 3
    assert sorted(one.name for one in played(session, act).compared) == sorted(codes[1:])


def test_nothing_but_the_report_is_written(session, office, admin):
    finished(session, office, 2)
    draft = drafted(session, office)
    session.commit()
    while run_waiting():  # letters and notices of the dossiers themselves
        session.expire_all()
    act = rehearsing.begin(session, draft, None, admin)
    session.commit()
    before = db.session.query(HistoryEntry).count(), sorted(session.scalars(sa.select(Dossier.row_version)))
    played(session, act)
    assert (db.session.query(HistoryEntry).count(), sorted(session.scalars(sa.select(Dossier.row_version)))) == before


def test_a_chunk_costs_the_same_however_many_there_are(session, office, admin, monkeypatch, count_queries):
    finished(session, office, 6)
    costs = {}
    for size in (1, 3):
        monkeypatch.setattr(chunks, "CHUNK", size)
        act = rehearsing.begin(session, drafted(session, office), None, admin)
        session.commit()
        session.expire_all()
        with count_queries() as seen:
            rehearsing.rehearse_waiting(session, act.id)
        costs[size] = len(seen)
        assert act.played == size
        assert act.done_at is None
        session.rollback()
    assert costs[1] == costs[3]


def test_what_is_kept_does_not_grow_with_the_dossiers():
    def tally_of(count):
        tally = Tally()
        for number in range(count):
            one = Compared(f"H{number:05}", None, None, None, number % 7 * 480 - 960, "b2" if number % 2 else "")
            tally.add(one, Play(None, "b2" if number % 2 else "", frozenset({"b1", "b2"}), frozenset()), is_bare=True)
            tally.come_to("b1", number % 5)
        return tally

    few, many = tally_of(100), tally_of(5000)
    assert many.stuck["b2"].count == 2500
    assert many.stuck["b2"].examples == few.stuck["b2"].examples
    assert len(many.compared) == len(few.compared) == 20
    assert {one.later for one in many.compared} == {4 * 480}, "those farthest apart"
    assert len(str(many.stored())) < len(str(few.stored())) + 60
    assert Tally.read(many.stored()) == many


@pytest.mark.parametrize(("later", "place"), [
    (0, 0), (1, 1), (-479, -1), (480, 2), (-2399, -2), (2400, 3), (-99999, -3)])  # fmt: skip
def test_differences_are_told_apart_by_working_days(later, place):
    assert bucket(later) == place


def test_asked_twice_it_is_one_act(session, office, admin):
    finished(session, office, 1)
    draft = drafted(session, office)
    act = rehearsing.begin(session, draft, None, admin)
    assert rehearsing.begin(session, draft, 500, admin) is act
    assert session.query(OutboxEvent).filter_by(name="processes.rehearse").count() == 1


def test_one_that_stands_still_keeps_nobody_from_another(session, office, admin):
    finished(session, office, 1)
    draft = drafted(session, office)
    first = rehearsing.begin(session, draft, None, admin)
    with acting_at(now() + timedelta(days=2)):
        assert rehearsing.begin(session, draft, None, admin) is not first


def test_reports_are_removed_after_ninety_days_done_or_not(session, office, admin):
    finished(session, office, 1)
    draft = drafted(session, office)
    kept = [rehearsing.begin(session, draft, None, admin)]
    kept[0].at -= rehearsing.KEPT - timedelta(minutes=5)
    played(session, kept[0])
    for done in (True, False):  # the worker never came to the last
        old = rehearsing.begin(session, draft, None, admin)
        old.at -= rehearsing.KEPT + timedelta(minutes=5)
        played(session, old) if done else session.commit()
    assert session.query(ProcessRehearsal).count() == 3
    assert (clean(), clean()) == (2, 0)
    session.expire_all()
    assert rehearsing.acts_of(session, draft) == kept
    run_waiting()  # what was promised of the one that is gone does nothing
    assert session.query(ProcessRehearsal).count() == 1
    assert "rehearsals.clean" in BEAT


def test_without_finished_dossiers_nothing_begins(session, office, admin):
    with pytest.raises(Conflict):
        rehearsing.begin(session, drafted(session, office), None, admin)
    assert session.query(ProcessRehearsal).count() == 0


def test_a_process_changed_meanwhile_ends_it_in_words(session, office, admin, monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK", 1)
    finished(session, office, 2)
    draft = drafted(session, office)
    act = rehearsing.begin(session, draft, None, admin)
    session.flush()
    rehearsing.rehearse_waiting(session, act.id)
    draft.steps[1].working_minutes += 60
    session.flush()
    rehearsing.rehearse_waiting(session, act.id)
    assert (act.played, act.report, act.done_at is not None) == (1, None, True)
    assert act.fault == vi("The process was changed meanwhile. Please rehearse it again.")


def test_a_dossier_older_than_the_calendar_is_told_and_breaks_nothing(session, office, admin):
    finished(session, office, 2)
    old = session.scalars(sa.select(Dossier).order_by(Dossier.id)).first()
    old.received_at = now().replace(year=1999)
    session.flush()
    found = played(session, rehearsing.begin(session, drafted(session, office), None, admin))
    assert (found.bare.count, found.bare.examples) == (1, [old.code])
    assert found.count(1) == 1


def test_the_pages_begin_it_and_show_its_report(login, session, office, monkeypatch):
    monkeypatch.setattr(rehearsal, "MOST", 1)
    code = finished(session, office, 2)[0]
    draft = drafted(session, office)
    client = login(Role.catalog_admin)
    url = f"/process-rehearsal/{draft.id}"
    assert "Chạy thử tất cả: 2 hồ sơ" in client.get(url).text
    assert client.post(f"{url}/start", data={"count": "1"}).headers["Location"].endswith("?count=1")
    place = client.post(f"{url}/start", data={"all": "1"}).headers["Location"]
    assert client.get(f"{place}/progress").json["busy"] is True
    assert "data-progress-url" in client.get(place).text
    while run_waiting():
        session.expire_all()
    page = client.get(place).text
    assert code in page
    assert vi("One to five working days later") in page
    assert "data-progress-url" not in page
    assert place in client.get(url).text
    assert client.get("/process-rehearsal/report/999999").status_code == 404
    other = login(Role.desk_officer)
    assert other.post(f"{url}/start", data={"all": "1"}).status_code in {302, 403}
    assert other.get(place).status_code in {302, 403}


def test_without_any_finished_the_page_says_so(login, session, office):
    page = login(Role.catalog_admin).post(f"/process-rehearsal/{drafted(session, office).id}/start",
                                          data={"count": "5000"}, follow_redirects=True)  # fmt: skip
    assert vi("No dossier of these procedures is finished yet.") in page.text


def test_a_draft_that_was_rehearsed_can_still_be_removed(login, session, office, admin):
    finished(session, office, 1)
    draft = drafted(session, office)
    played(session, rehearsing.begin(session, draft, None, admin))
    client = login(Role.catalog_admin)
    assert client.delete(f"/api/v1/process/{draft.id}", headers={"If-Match": "*"}).status_code < 300
    session.expire_all()
    assert session.query(ProcessRehearsal).count() == 0
