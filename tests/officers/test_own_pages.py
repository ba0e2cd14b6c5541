"""An officer is told on the page why there is nothing to do on a dossier of his own, before he tries."""

import pytest

from app.models import OfficerIdentity
from app.permissions import Role
from app.services.submission import new_key
from tests.factories import make_account
from tests.officers.pages import page
from tests.wording import vi

OWN, NUMBER = "This is a dossier of your own", "This number is your own"


@pytest.fixture
def officer(office):
    """The desk officer, known by a number that is an applicant's too."""
    return office[Role.desk_officer]


def known_as(session, officer, account):
    session.add(OfficerIdentity(user_id=officer.user_id, id_number=account.id_number))
    session.commit()


def test_the_page_of_a_dossier_says_that_it_is_ones_own(session, office, enter, officer):
    dossier = office.received()
    assert vi(OWN) not in page(enter(Role.desk_officer), dossier)
    known_as(session, officer, dossier.account)
    assert vi(OWN) in page(enter(Role.desk_officer), dossier)


def test_the_counter_says_that_a_number_is_ones_own_when_it_is_looked_up(session, office, enter, officer):
    account = make_account(id_number="046088001234")
    session.commit()
    form = {"version": office.version.id, "key": new_key(), "do": "find", "id_kind": "personal_id",
            "id_number": account.id_number}  # fmt: skip
    desk = enter(Role.desk_officer)
    assert vi(NUMBER) not in desk.post("/reception/new", data=form).text
    known_as(session, officer, account)
    assert vi(NUMBER) in desk.post("/reception/new", data=form).text
