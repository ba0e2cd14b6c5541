"""Why a delegate may what he may: the explainer knows whose delegation, from which day until which."""

from datetime import timedelta

import pytest

from app import history
from app.clock import acting_at, now, today
from app.models import Sector, User
from app.permissions import Role
from app.services import delegating, explaining_rights, rights_changes, rights_past
from tests.factories import make_tree, make_user
from tests.rights.test_pages import _mark, _texts
from tests.services.steps import Office
from tests.services.test_delegations import lend
from tests.wording import vi


@pytest.fixture
def lent(session):
    """A dossier to be accepted, whose desk officer lent her post to a colleague for nine days."""
    office = Office(session)
    desk, clerk = office[Role.desk_officer], office.officer(Role.cashier, office.tree.desk)
    dossier, _citizen = office.submitted()
    row = lend(session, desk, clerk, days=8)
    return dossier, session.get(User, clerk.user_id), row, desk


def test_what_a_delegate_may_is_explained_by_whose_delegation(session, lent):
    dossier, user, _row, desk = lent
    said = vi("On %(day)s %(name)s is %(role)s at %(agency)s by delegation of %(giver)s.").rpartition("%(agency)s")[2]
    assert "theo ủy quyền của" in said
    found = explaining_rights.explain_transition(session, user, dossier, "accept", today())
    assert said.replace("%(giver)s", desk.name) in _texts(found)
    assert found.reasons[-1][0] or found.reasons[-2][0]  # at most a paper is missing
    for day in (today() - timedelta(days=1), today() + timedelta(days=9)):
        outside = explaining_rights.explain_transition(session, user, dossier, "accept", day)
        assert not outside.may
        assert desk.name not in _texts(outside)
    stranger = make_user(Role.cashier, make_tree().desk)
    assert not explaining_rights.explain_transition(session, stranger, dossier, "accept", today()).may


def test_a_right_by_delegation_is_explained_until_it_is_withdrawn(session, lent, monkeypatch):
    _dossier, user, row, desk = lent
    changes = {("desk_officer", "Sector", "action", "add"): "yes"}
    rights_changes.decide(session, changes, _mark(session), "thử")
    asked = (session, user, Sector, "add")
    assert explaining_rights.explain(*asked, today()).may
    with monkeypatch.context() as patch:
        patch.setattr(history, "recorded_now", lambda: now() + timedelta(days=2))
        delegating.withdraw(session, row.id, desk, "Đã về")
    assert explaining_rights.explain(*asked, today()).may  # withdrawn later
    assert not explaining_rights.explain(*asked, today() + timedelta(days=3)).may
    own = session.get(User, desk.user_id)
    assert explaining_rights.explain(session, own, Sector, "add", today() + timedelta(days=3)).may


def test_a_past_day_asks_whether_the_account_was_open_then(session, monkeypatch):
    with acting_at(now() - timedelta(days=9)):
        user = make_user(Role.catalog_admin)
    asked = (session, user, Sector, "change")
    with acting_at(now() - timedelta(days=5)):
        user.active = False
        session.flush()
    assert not explaining_rights.explain(*asked, today()).may
    open_then = explaining_rights.explain(*asked, today() - timedelta(days=7))
    assert open_then.may
    since = vi("On %(day)s the account was open; it has been closed since.").rpartition("%(day)s")[2]
    assert since in _texts(open_then)
    assert not explaining_rights.explain(*asked, today() - timedelta(days=4)).may
    assert not explaining_rights.explain(*asked, today() - timedelta(days=20)).may, "it was not there yet"
    with acting_at(now() - timedelta(days=3)):
        user.active = True
        session.flush()
    assert explaining_rights.explain(*asked, today() - timedelta(days=2)).may
    assert not explaining_rights.explain(*asked, today() - timedelta(days=4)).may, "open again, but not on that day"
    monkeypatch.setattr(rights_past, "account_on", lambda *_given: None)
    unknown = explaining_rights.explain(*asked, today() - timedelta(days=4))
    assert unknown.may
    assert vi("Nothing tells whether the account was open on %(day)s: it is taken as it is today."
              ).rpartition("%(day)s")[2] in _texts(unknown)  # fmt: skip
