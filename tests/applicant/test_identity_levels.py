"""The level of electronic identity a procedure asks for is asked of who sends online, and of nobody at a counter."""

import pytest

from app.extensions import db
from app.models import Dossier, Draft
from app.permissions import Role
from app.services import identity_levels, reception
from tests.applicant.forms import attach_required, count, send
from tests.applicant.world import make_draft
from tests.factories import make_account, make_procedure
from tests.services.steps import Office
from tests.wording import vi

ASKED = vi("Electronic identity level %(level)d is asked for to send it online.") % {"level": 2}


@pytest.mark.parametrize(("kind", "held", "wanted", "may"), [
    ("citizen", 0, 0, True), ("citizen", 0, 1, False), ("citizen", 0, 2, False), ("citizen", 1, 1, True),
    ("citizen", 1, 2, False), ("citizen", 2, 1, True), ("citizen", 2, 2, True),
    ("organisation", 0, 1, False), ("organisation", 0, 2, False), ("organisation", 1, 2, True),
])  # fmt: skip
def test_every_level_against_every_account(session, kind, held, wanted, may):
    account = make_account(kind=kind, verified_level=held)
    assert identity_levels.is_enough(account, make_procedure(authentication_level=wanted)) is may


def test_a_lower_account_fills_in_is_told_keeps_all_and_sends_once_it_is_raised(me, world):
    draft = make_draft(world)
    attach_required(me, draft)
    draft.account.verified_level = 1
    db.session.commit()
    assert ASKED in me.get(f"/nop-ho-so/{world.version.procedure.code}").text
    text = me.get(f"/nop-ho-so/{draft.key}/xem-lai").text
    assert ASKED in text
    assert "0901 234 567" in text
    answer = send(me, draft)
    assert answer.status_code == 422
    assert "Nội dung đã khai vẫn được lưu" in answer.text
    assert (count(Dossier), count(Draft), draft.data["noi_dung"]) == (0, 1, "Xin xác nhận")
    draft.account.verified_level = 2
    db.session.commit()
    assert ASKED not in me.get(f"/nop-ho-so/{draft.key}/xem-lai").text
    assert "/xong/" in send(me, draft).location
    assert count(Dossier) == 1


def test_an_organisation_is_told_the_level_it_is_asked_for(me, world):
    """Its account knows levels 0 and 1 only: page and refusal name the same."""
    draft = make_draft(world)
    attach_required(me, draft)
    draft.account.kind, draft.account.verified_level = "organisation", 0
    db.session.commit()
    asked = vi("Electronic identity level %(level)d is asked for to send it online.") % {"level": 1}
    for path in (f"/nop-ho-so/{world.version.procedure.code}", f"/nop-ho-so/{draft.key}/xem-lai"):
        page = me.get(path).text
        assert (asked in page, ASKED in page) == (True, False)
    assert "mức 1" in send(me, draft).text


def test_at_the_counter_the_card_is_compared_and_no_level_is_asked_for(session):
    office = Office(session, authentication_level=2)
    office.staff()
    given = office.given(account=make_account(verified_level=0))
    dossier = reception.receive_at_counter(session, given, office[Role.desk_officer])
    assert dossier.state == 2


def test_a_level_that_is_too_low_is_no_item_to_correct(me, world):
    draft = make_draft(world)
    attach_required(me, draft)
    draft.account.verified_level = 1
    db.session.commit()
    text = send(me, draft).text
    assert "error-summary" not in text, "no field corrects it: the page says where to go instead"
    assert vi("Addresses of the one-stop desks") in text
    assert "cap=desk" in text
