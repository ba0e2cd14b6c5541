"""A result by post asks for an address before anything is sent, online and at the counter."""

import re

import pytest
import sqlalchemy as sa

from app.extensions import db
from app.models import Dossier, User
from app.permissions import Role
from tests.applicant.forms import attach_required, count, page_inputs, send
from tests.applicant.world import make_draft
from tests.officers.test_counter import sent
from tests.services.steps import Office

REFUSED = "Bạn hãy ghi địa chỉ nhận kết quả qua bưu chính."


def only():
    return db.session.scalars(sa.select(Dossier)).one()


@pytest.fixture
def draft(me, world):
    made = make_draft(world)
    attach_required(me, made)
    return made


def test_the_page_offers_the_known_address_and_says_who_pays_the_postage(me, draft):
    html = me.get(f"/nop-ho-so/{draft.key}/xem-lai").text
    assert f'name="address" value="{draft.account.address}"' in html.replace("\n", " ")
    assert "Cước bưu chính do bạn trả" in html


@pytest.mark.parametrize("typed", ["", "   "])
def test_without_an_address_nothing_is_sent_by_post(me, draft, typed):
    answer = send(me, draft, result_way="post", address=typed)
    assert answer.status_code == 422
    assert REFUSED in answer.text
    assert count(Dossier) == 0
    assert send(me, draft, result_way="online", address=typed).status_code == 302
    assert only().applicant_address == draft.account.address, "only a result by post goes there"


def test_the_result_is_sent_to_the_address_typed_for_it(me, draft):
    known = draft.account.address
    assert send(me, draft, result_way="post", address=" 7 Hùng Vương, phường Thuận Hóa ").status_code == 302
    assert only().applicant_address == "7 Hùng Vương, phường Thuận Hóa"
    assert only().account.address == known


def later(me, draft, **given):
    return me.post(f"/nop-ho-so/{draft.key}/xem-lai", data={"go": "later"} | given)


def test_way_and_address_are_kept_until_one_goes_on(me, draft):
    assert later(me, draft, result_way="post", address=" 7 Hùng Vương ").status_code == 302
    assert count(Dossier) == 0
    html = me.get(f"/nop-ho-so/{draft.key}/xem-lai").text
    assert re.search(r'value="post"[^>]* checked', html)
    assert 'name="address" value="7 Hùng Vương"' in html.replace("\n", " ")
    assert later(me, draft, result_way="chim", address="9 Lê Lợi").status_code == 422
    db.session.expire_all()
    assert (draft.result_way, draft.result_address) == ("post", "7 Hùng Vương"), "what is refused writes nothing"
    later(me, draft, result_way="post", address="")
    assert 'name="address" value=""' in me.get(f"/nop-ho-so/{draft.key}/xem-lai").text, "emptied, not offered again"


def test_what_was_kept_is_nobody_elses_and_ends_with_sending(me, draft, login):
    assert later(login(Role.citizen), draft, result_way="post", address="9 Lê Lợi").status_code == 404
    later(me, draft, result_way="post", address="7 Hùng Vương")
    html = me.get(f"/nop-ho-so/{draft.key}/xem-lai").text
    sent = {"result_way": "post", "consent": "y"} | page_inputs(html)
    assert me.post(f"/nop-ho-so/{draft.key}/xem-lai", data=sent).status_code == 302
    assert only().applicant_address == "7 Hùng Vương"
    answer = later(me, draft, result_way="desk", address="9 Lê Lợi")
    assert answer.location.endswith(f"/nop-ho-so/xong/{only().code}")
    assert only().applicant_address == "7 Hùng Vương"


def test_who_is_known_without_an_address_is_asked_for_one(me, draft):
    draft.account.address = None
    db.session.commit()
    answer = send(me, draft, result_way="post")
    assert (answer.status_code, count(Dossier)) == (422, 0)
    assert REFUSED in answer.text


@pytest.mark.parametrize("do", ["receive", "register"])
def test_the_counter_refuses_a_result_by_post_without_an_address(session, login, do):
    office = Office(session)
    desk = login(db.session.get(User, office[Role.desk_officer].user_id))
    form = sent(office, do=do, result_way="post", address="")
    answer = desk.post("/reception/new", data=form)
    assert answer.status_code == 422
    assert REFUSED in answer.text
    assert count(Dossier) == 0
    assert desk.post("/reception/new", data=form | {"address": "7 Hùng Vương"}).status_code == 302
    assert only().applicant_address == "7 Hùng Vương"
