"""Files at fields of a form: what counts is sent, what no longer does is not, and a supplement can bring new ones."""

import io

import pytest
import sqlalchemy as sa

from app.extensions import db
from app.models import Attachment, Component, Dossier, StoredFile, User
from app.permissions import Role
from app.services import drafts, reception
from app.services.eform_state import Evaluation
from tests import factories
from tests.applicant.forms import attach_required, send
from tests.applicant.test_conditional_forms import IF_YES, YES_NO
from tests.applicant.world import make_draft, make_world, png
from tests.services.steps import Office
from tests.wording import vi

ROWS = (
    {"key": "co", "label": "Có ủy quyền không?", "kind": "select", "options": YES_NO},
    {"key": "giay", "label": "Giấy ủy quyền", "kind": "file", "show_when": IF_YES},
)


@pytest.fixture
def world(session):
    return make_world(form=factories.make_form(ROWS))


@pytest.fixture
def me(world, login):
    return login(world.user)


def attach(me, address, name="Giấy ủy quyền.png"):
    return me.post(address, data={"file": (io.BytesIO(png()), name)})


def test_a_file_that_is_attached_is_not_called_missing(me, world):
    draft = make_draft(world, {"co": "y"})
    attach_required(me, draft)
    assert vi("Please attach a file.") in me.get(f"/nop-ho-so/{draft.key}/xem-lai").text
    assert attach(me, f"/files/draft/{draft.key}?field=giay").status_code == 200
    assert "error-summary" not in me.get(f"/nop-ho-so/{draft.key}/xem-lai").text
    assert vi("Please attach a file.") not in me.get(f"/nop-ho-so/{draft.key}/to-khai?kiem-tra=1").text
    assert send(me, draft).status_code == 302


def test_a_file_nothing_asks_for_any_more_is_named_and_stays_behind(me, world, session):
    draft = make_draft(world, {"co": "y"})
    attach_required(me, draft)
    attach(me, f"/files/draft/{draft.key}?field=giay")
    session.execute(sa.update(StoredFile).where(StoredFile.id.in_(
        sa.select(Attachment.file_id).where(Attachment.field_key == "giay"))).values(scan_status="pending"))
    draft.data = {"co": "n"}
    session.commit()
    text = me.get(f"/nop-ho-so/{draft.key}/xem-lai").text
    assert vi("Not sent, because nothing asks for it any more: %(names)s.", names="Giấy ủy quyền.png") in text
    assert "error-summary" not in text, "nobody waits for the scan of what is not sent"
    assert send(me, draft).status_code == 302
    (dossier,) = db.session.scalars(sa.select(Dossier))
    assert [one.name for one in dossier.attachments] == ["Tờ khai.pdf"]


def test_a_paper_the_new_version_no_longer_asks_for_stays_behind(me, world, session):
    draft = make_draft(world, {"co": "n"})
    attach_required(me, draft)
    gone = draft.attachments[0].component
    session.add(Component(version=world.version, position=9, name="Giấy khác", is_required=False))
    draft.attachments[0].component = None  # as when its paper is not in the version now in force
    gone.is_required = False
    session.commit()
    send(me, draft)
    (dossier,) = db.session.scalars(sa.select(Dossier))
    assert dossier.attachments == []
    assert drafts.list_drafts(session, world.actor) == []


@pytest.fixture
def asked(session, login):
    """An applicant asked to answer ``co`` anew."""
    office = Office(session, form=factories.make_form(ROWS))
    dossier, citizen = office.submitted(data={"co": "n"})
    reception.ask_supplement(session, dossier, office[Role.desk_officer], reason="Xin khai lại",
                             field_keys=["co"], component_ids=[])  # fmt: skip
    session.commit()
    return dossier, login(session.get(User, citizen.user_id))


def test_a_supplement_takes_the_file_that_only_the_new_answer_asks_for(asked, session):
    dossier, me = asked
    url = f"/my/{dossier.code}/bo-sung"
    assert me.post(url, data={"f_co": "y"}).status_code == 422
    assert attach(me, f"/files/supplement/{dossier.code}?field=giay").status_code == 200
    assert me.post(url, data={"f_co": "y"}).status_code == 302
    session.expire_all()
    assert dossier.revisions[-1].data == {"co": "y", "giay": ["Giấy ủy quyền.png"]}


def test_without_scripts_too(asked, session):
    dossier, me = asked
    sent = {"f_co": "y", "f_giay_file": (io.BytesIO(png()), "Giấy ủy quyền.png")}
    assert me.post(f"/my/{dossier.code}/bo-sung", data=sent).status_code == 302
    session.expire_all()
    assert dossier.revisions[-1].data["giay"] == ["Giấy ủy quyền.png"]


def test_a_supplement_with_a_file_that_is_not_scanned_is_not_taken(asked, session):
    dossier, me = asked
    attach(me, f"/files/supplement/{dossier.code}?field=giay")
    session.execute(sa.update(StoredFile).values(scan_status="pending"))
    session.commit()
    answer = me.post(f"/my/{dossier.code}/bo-sung", data={"f_co": "y"})
    assert answer.status_code == 422
    assert vi("%(name)s has not passed the safety check yet.", name="Giấy ủy quyền.png") in answer.text
    session.expire_all()
    assert len(dossier.revisions) == 1


def test_a_better_scan_takes_the_place_of_the_first(session, login):
    office = Office(session, form=factories.make_form([dict(ROWS[1], show_when=None, is_required=False)]))
    dossier, citizen = office.submitted(data={})
    held = Attachment(dossier=dossier, field_key="giay", name="Mờ.png", file=dossier.attachments[0].file)
    session.add(held)
    session.flush()
    reception.ask_supplement(session, dossier, office[Role.desk_officer], reason="Bản chụp mờ",
                             field_keys=["giay"], component_ids=[])  # fmt: skip
    session.commit()
    me = login(session.get(User, citizen.user_id))
    attach(me, f"/files/supplement/{dossier.code}?field=giay", "Rõ.png")
    assert me.post(f"/my/{dossier.code}/bo-sung", data={}).status_code == 302
    session.expire_all()
    assert {a.name: a.is_replaced for a in dossier.attachments if a.field_key} == {"Mờ.png": True, "Rõ.png": False}


@pytest.mark.parametrize("answer", ["y", "n"])
def test_the_page_of_review_judges_the_answers_once(me, world, monkeypatch, answer):
    draft = make_draft(world, {"co": answer})
    attach(me, f"/files/draft/{draft.key}?field=giay")
    db.session.commit()
    judge, judged = Evaluation.__init__, []

    def count(self, *given):
        judged.append(self)
        judge(self, *given)

    monkeypatch.setattr(Evaluation, "__init__", count)
    assert me.get(f"/nop-ho-so/{draft.key}/xem-lai").status_code == 200
    assert len(judged) == 1
