"""Conditions on the applicant's own pages, with and without scripts, and in a supplement."""

import pytest

from app.errors import Invalid
from app.extensions import db
from app.models import Dossier, FormField, FormSection, User
from app.permissions import Role
from app.services import reception
from app.services.eform_prefill import known_answers
from app.services.global_search import search
from tests import factories
from tests.applicant.forms import attach_required, page_inputs
from tests.applicant.forms import send as send_page
from tests.applicant.world import make_draft, make_world, send
from tests.services.steps import Office
from tests.wording import vi

YES_NO = [{"value": "y", "label": "Có"}, {"value": "n", "label": "Không"}]
IF_YES = {"field": "co", "op": "eq", "value": "y"}
ROWS = (
    {"key": "co", "label": "Có xe không?", "kind": "select", "options": YES_NO, "is_searchable": True},
    {"key": "bien_so", "label": "Biển số", "kind": "text", "show_when": IF_YES, "is_searchable": True},
    {"key": "mau", "label": "Màu xe", "kind": "text", "show_when": IF_YES, "is_required": False},
    {"key": "tham_tra", "label": "Kết quả thẩm tra", "kind": "text", "filled_by": "officer"},
    {"key": "vao_so", "label": "Số vào sổ", "kind": "text", "filled_by": "officer_shown", "is_required": False},
)  # fmt: skip


@pytest.fixture
def world(session):
    return make_world(form=factories.make_form(ROWS))


@pytest.fixture
def me(world, login):
    return login(world.user)


def form_url(draft):
    return f"/nop-ho-so/{draft.key}/to-khai"


def save(me, draft, **sent):
    html = me.get(form_url(draft)).text
    return me.post(form_url(draft), data=page_inputs(html) | {"go": "next"} | sent)


def test_a_hidden_field_is_hidden_and_an_officers_field_is_not_there(me, world):
    html = me.get(form_url(make_draft(world, {}))).text
    assert 'data-eform-item="bien_so" hidden' in html
    assert "tham_tra" not in html
    assert "vao_so" not in html
    assert "Kết quả thẩm tra" not in me.get(f"/thu-tuc/{world.version.procedure.code}").text


def test_without_scripts_the_next_sending_shows_what_is_asked_then(me, world):
    draft = make_draft(world, {})
    answer = save(me, draft, f_co="y", shown="co")
    assert answer.status_code == 422
    assert 'data-eform-item="bien_so">' in answer.text
    assert vi("Please fill this in.") in answer.text
    assert save(me, draft, f_co="y", f_bien_so="75A-1", shown="co,bien_so,mau").status_code == 302


def test_a_field_that_may_stay_empty_is_shown_before_one_goes_on(me, world):
    draft = make_draft(world, {})
    answer = save(me, draft, f_co="y", f_bien_so="75A-1", shown="co,bien_so")
    assert answer.status_code == 200
    assert vi("Your answers ask for something more on this page. Please look through it.") in answer.text


def test_a_section_no_answer_shows_is_no_page(me, world, session):
    section = FormSection(form_id=world.version.form_id, position=2, title="Về chiếc xe", show_when=IF_YES)
    section.fields = [FormField(position=1, key="doi_xe", label="Đời xe", kind="text")]
    session.add(section)
    session.flush()
    draft = make_draft(world, {})
    assert "giay-to" in save(me, draft, f_co="n").location
    assert "phan=2" in save(me, draft, f_co="y", f_bien_so="1").location


def test_what_is_hidden_or_the_officers_is_never_sent(me, world):
    draft = make_draft(world, {"co": "n", "bien_so": "75A-1", "tham_tra": "tự phê", "vao_so": "9"})
    attach_required(me, draft)
    assert send_page(me, draft).status_code == 302
    dossier = db.session.query(Dossier).one()
    assert dossier.revisions[0].data == {"co": "n"}


def test_the_applicant_reads_what_is_meant_for_him_and_nothing_else(me, world, session):
    dossier = send(world, data={"co": "n"})
    revision = dossier.revisions[0]
    revision.data = {**revision.data, "tham_tra": "nghi ngờ", "vao_so": "12/2026"}
    session.flush()
    html = me.get(f"/my/{dossier.code}").text
    assert "12/2026" in html
    assert "nghi ngờ" not in html
    assert "Kết quả thẩm tra" not in html


def test_a_supplement_asks_for_what_only_the_new_answer_shows(session, login):
    office = Office(session, form=factories.make_form(ROWS))
    dossier, citizen = office.submitted(data={"co": "n"})
    desk = office[Role.desk_officer]
    reception.ask_supplement(session, dossier, desk, reason="Xin khai lại", field_keys=["co"], component_ids=[])
    me = login(session.get(User, citizen.user_id))
    url = f"/my/{dossier.code}/bo-sung"
    html = me.get(url).text
    assert 'data-eform-item="bien_so" hidden' in html
    assert me.post(url, data={"f_co": "y"}).status_code == 422
    assert me.post(url, data={"f_co": "y", "f_bien_so": "75A-2", "f_tham_tra": "tự phê"}).status_code == 302
    latest = session.get(Dossier, dossier.id).revisions[-1].data
    assert latest == {"co": "y", "bien_so": "75A-2", "mau": None}


def test_officers_cannot_ask_for_their_own_fields(session):
    office = Office(session, form=factories.make_form(ROWS))
    dossier, _citizen = office.submitted(data={"co": "n"})
    desk, asked = office[Role.desk_officer], ["tham_tra"]
    with pytest.raises(Invalid):
        reception.ask_supplement(session, dossier, desk, reason="Xin khai", field_keys=asked, component_ids=[])


def test_dossiers_are_found_by_their_searchable_answers_within_scope(session):
    office = Office(session, form=factories.make_form(ROWS))
    dossier, citizen = office.submitted(data={"co": "y", "bien_so": "75A-99.123 Phú Xuân", "mau": "Tím than"})
    desk = office[Role.desk_officer]
    assert search(session, "75a-99.123 phu xuan", desk).dossiers == [dossier]
    assert search(session, "tim than", desk).dossiers == []  # not declared searchable
    elsewhere = office.officer(Role.desk_officer, factories.make_tree().centre)
    assert search(session, "75A-99.123", elsewhere).dossiers == []
    assert search(session, "75A-99.123", citizen).dossiers == []


@pytest.mark.parametrize("source", ["earlier", "store"])
def test_earlier_dossiers_fill_the_same_question(session, source):
    fields = ({"key": "bien_so", "label": "Biển số", "kind": "text", "prefill": source},
              {"key": "kin", "label": "Kín", "kind": "text", "prefill": source})  # fmt: skip
    office = Office(session, form=factories.make_form(
        (*ROWS, {"key": "kin", "label": "Kín", "kind": "text", "filled_by": "officer"})))  # fmt: skip
    dossier, _citizen = office.submitted(data={"co": "y", "bien_so": "75A-7"})
    dossier.revisions[-1].data = {**dossier.revisions[-1].data, "kin": "mật"}
    dossier.state = 9 if source == "store" else dossier.state
    session.flush()
    form = factories.make_form(fields)
    assert known_answers(form, dossier.account).answers == {"bien_so": "75A-7"}
    assert known_answers(form, factories.make_account()).answers == {}


def test_only_settled_dossiers_are_the_store(session):
    office = Office(session, form=factories.make_form(ROWS))
    dossier, _citizen = office.submitted(data={"co": "y", "bien_so": "75A-7"})
    form = factories.make_form(({"key": "bien_so", "label": "B", "kind": "text", "prefill": "store"},))
    assert known_answers(form, dossier.account).answers == {}


def test_saving_by_itself_answers_with_the_computed_texts(session, login):
    rows = (
        {"key": "so_ban", "label": "Số bản", "kind": "number"},
        {"key": "tien", "label": "Thành tiền", "kind": "computed", "expression": "=so_ban * 8000",
         "is_required": False},
        {"key": "noi_bo", "label": "Nội bộ", "kind": "computed", "expression": "=so_ban + 1", "is_required": False,
         "filled_by": "officer"},
    )  # fmt: skip
    world = make_world(form=factories.make_form(rows))
    me, draft = login(world.user), make_draft(world, {})
    inputs = page_inputs(me.get(form_url(draft)).text)
    for typed, text in (("3", "24.000"), ("12", "96.000"), ("", "")):
        answer = me.post(f"/nop-ho-so/{draft.key}/autosave?phan=1", data=inputs | {"f_so_ban": typed})
        assert answer.json["computed"] == {"tien": text}
