"""Beyond the end of the working calendar nothing is counted: refused in words, wherever somebody asks for it."""

from datetime import date, datetime, timedelta

import pytest

from app.clock import acting_at, now
from app.errors import Invalid
from app.permissions import Role
from app.services import apologies, explanations, extensions, timing
from app.services.dossier_offers import find_offers
from app.workflows import deadlines
from app.workflows.calendars import Calendar
from app.workflows.wording import VIETNAM
from tests.officers.pages import act, page
from tests.services.steps import task_of
from tests.services.test_catch_up import TRUE
from tests.services.test_catch_up import enter as enter_late
from tests.services.test_catch_up import office as paper_office
from tests.services.test_extensions import DAY, ask, dossier, office
from tests.wording import vi

__all__ = ["dossier", "office", "paper_office"]  # fixtures


def ends(session, dossier):
    """Return the last moment that the calendar of a dossier knows."""
    calendar = timing.calendar_of(session, dossier.agency)
    return deadlines.closing(calendar, calendar.valid_to - timedelta(days=7))


@pytest.fixture
def at_the_end(session, dossier):
    """A dossier that is due in the last days of its calendar."""
    dossier.due_at = ends(session, dossier)
    session.flush()
    return dossier


def far_away():
    return datetime(2199, 1, 1, tzinfo=VIETNAM)


FAR = 30 * DAY  # more than is left of the calendar


def test_no_extension_leads_beyond_it(session, office, at_the_end, monkeypatch):
    monkeypatch.setattr(extensions, "longest", lambda *_given: FAR)
    assert all(minutes < 10 * DAY for minutes, _words in extensions.choices(session, at_the_end))
    assert find_offers(session, at_the_end, office[Role.specialist])
    with pytest.raises(Invalid) as caught:
        ask(office, at_the_end, minutes=FAR)
    assert list(caught.value.fields) == ["minutes"]
    assert at_the_end.agency.name in caught.value.fields["minutes"]


def test_one_asked_for_earlier_is_not_granted_beyond_it(session, office, dossier):
    extension = ask(office, dossier, minutes=2 * DAY)
    dossier.due_at = ends(session, dossier) + timedelta(days=6)
    session.flush()
    head = office[Role.agency_head]
    (offer,) = [one for one in find_offers(session, dossier, head) if one.name == "agree_extension"]
    assert dossier.agency.name in offer.blocked
    with pytest.raises(Invalid):
        extensions.agree(session, extension, head)
    assert extension.state == "asked"


def test_the_page_answers_and_the_form_keeps_what_was_typed(session, office, enter, at_the_end, monkeypatch):
    client = enter(Role.specialist)
    assert "act-ask_extension" in page(client, at_the_end)
    monkeypatch.setattr(extensions, "longest", lambda *_given: FAR)
    answer = act(client, at_the_end, "ask_extension", minutes=str(FAR), reason="Chờ xác minh")
    assert answer.status_code == 422
    assert "Chờ xác minh" in answer.text
    at_the_end.due_at = far_away()
    session.commit()
    assert "act-ask_extension" not in page(client, at_the_end)
    assert client.get("/work/").status_code == 200


def test_whatever_counts_beyond_it_is_refused_in_words(session, office, enter, dossier):
    """A step of three million hours: nobody can be given that long."""
    dossier.version.process.steps[2].working_minutes = 60 * 3_000_000
    session.commit()
    client = enter(Role.specialist)
    assert "finish_step" in page(client, dossier)
    office.write(dossier, office[Role.specialist])
    session.commit()
    answer = act(client, dossier, "finish_step", task=task_of(dossier).id)
    assert answer.status_code == 422
    assert vi("The working calendar does not reach that far. Please extend it.") in answer.text
    session.expire_all()
    assert task_of(dossier).name == "Thẩm định hồ sơ"


def test_days_to_explain_or_apologise_are_refused_by_their_field(session, office, dossier, monkeypatch):
    empty = Calendar.from_rows([], [], date(2026, 1, 1), date(2026, 12, 31))
    monkeypatch.setattr(timing, "calendar_of", lambda *_given: empty)
    day = now().astimezone(VIETNAM).date() + timedelta(days=2)
    for ask_for, field in ((explanations._due_at, "due_on"), (apologies._promised, "new_due_on")):
        with pytest.raises(Invalid) as caught:
            ask_for(session, dossier, day)
        assert list(caught.value.fields) == [field]


def test_a_late_entry_of_a_day_the_calendar_does_not_know(paper_office, monkeypatch):
    monkeypatch.setattr(timing, "calendar_of", lambda *_given: Calendar.from_rows(
        [], [], date(2027, 1, 1), date(2027, 12, 31)))
    with pytest.raises(Invalid) as caught:
        enter_late(paper_office, received_at=TRUE)
    assert caught.value.fields == {"paper_received_at": vi("The working calendar does not know that day.")}


def test_what_is_due_beyond_it_is_still_shown(session, office, dossier):
    far = far_away()
    calendar = timing.calendar_of(session, dossier.agency)
    left = deadlines.remaining(now(), far, calendar)
    assert left == deadlines.remaining(now(), far + timedelta(days=9), calendar) > 0
    assert deadlines.remaining(far, now(), calendar) < 0
    with acting_at(now()):
        phrase, urgency = timing.remaining_phrase(session, far, dossier.agency)
    assert (phrase.msgid.startswith("%(days)d"), urgency) == (True, "later")
