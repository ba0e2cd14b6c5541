"""Applying step by step (HCM24 Đ10.1, QN20 Đ11–12): the good way and its pages."""

import io
import json
import re

import pytest
import sqlalchemy as sa

from app.extensions import db
from app.models import Attachment, Component, Dossier, Draft, FormRevision, Letter
from app.permissions import Role
from tests import factories
from tests.applicant.forms import attach_required, count, page_inputs, send
from tests.applicant.world import ANSWERS, make_draft, make_world, pdf, png


def test_a_visitor_is_sent_to_the_log_in_and_back(client, world):
    answer = client.get(f"/nop-ho-so/{world.version.procedure.code}")
    assert answer.status_code == 302
    assert answer.location == f"/login/?next=/nop-ho-so/{world.version.procedure.code}"


def test_an_officer_without_an_account_may_not_apply(login, world):
    officer = login(Role.desk_officer)
    assert officer.get(f"/nop-ho-so/{world.version.procedure.code}").status_code == 403


def test_the_first_page_names_what_is_needed_and_who_handles_it(me, world):
    html = me.get(f"/nop-ho-so/{world.version.procedure.code}").text
    for words in ("Bản chính tờ khai", "50.000 đồng", "Ủy ban nhân dân phường Phú Xuân"):
        assert words in html
    assert "Bản sao giấy tờ chứng minh" not in html  # not required


def test_a_provincial_procedure_has_its_agency_fixed(me, world):
    version = factories.make_procedure(agency_level="province", agency=world.tree.department)
    url = f"/nop-ho-so/{version.procedure.code}"
    html = me.get(url).text
    assert "Sở Xây dựng" in html
    assert "Trung tâm Phục vụ hành chính công thành phố Huế" in html
    assert me.post(url, data={"agency": world.commune.id}).status_code == 302
    assert db.session.scalars(sa.select(Draft)).one().agency.name == "Sở Xây dựng"


def test_beginning_twice_goes_on_with_the_same_draft_filled_from_the_profile(me, world):
    url = f"/nop-ho-so/{world.version.procedure.code}"
    first = me.post(url, data={"agency": world.commune.id})
    second = me.post(url, data={"agency": world.commune.id})
    assert first.location == second.location
    draft = db.session.scalars(sa.select(Draft)).one()
    assert draft.data == {"ho_ten": draft.account.name, "so_dinh_danh": draft.account.id_number}
    assert draft.account.name in me.get(first.location).text


def test_a_draft_of_an_older_version_is_brought_to_the_one_in_force(me, world):
    draft = make_draft(world)
    attach_required(me, draft)
    old = draft.version
    old.state = "retired"
    db.session.flush()
    from app.models import ProcedureVersion

    new = ProcedureVersion(
        procedure=old.procedure,
        number=2,
        state="published",
        name=old.name,
        agency_level="commune",
        form=old.form,
        process=old.process,
    )
    Component(version=new, position=1, name="Bản chính tờ khai", originals=1, copies=0)
    db.session.add(new)
    db.session.flush()
    start = f"/nop-ho-so/{old.procedure.code}"
    own = f"/nop-ho-so/{draft.key}"
    for page in ("to-khai", "giay-to", "xem-lai"):
        assert me.get(f"{own}/{page}").location == start
    sent = {"consent": "y", "result_way": "desk", "row_version": draft.row_version}
    assert me.post(f"{own}/xem-lai", data=sent).location == start
    assert "thủ tục đã thay đổi" in me.get(start).text.lower()
    me.post(start, data={"agency": world.commune.id})
    db.session.refresh(draft)
    assert me.get(f"{own}/xem-lai").status_code == 200
    assert draft.version.number == 2
    assert draft.attachments[0].component.version.number == 2


def test_the_whole_way_without_scripts(me, world):
    begun = me.post(f"/nop-ho-so/{world.version.procedure.code}", data={"agency": world.commune.id})
    form = me.get(begun.location)
    assert "data-autosave-url" in form.text
    answers = {f"f_{key}": value for key, value in ANSWERS.items()}
    saved = me.post(begun.location, data=answers | page_inputs(form.text) | {"go": "next"})
    assert saved.location.endswith("/giay-to")
    draft = db.session.scalars(sa.select(Draft)).one()
    paper = f"component-{draft.version.components[0].id}_file"
    papers = me.post(saved.location, data={paper: (io.BytesIO(pdf()), "Tờ khai.pdf"), "go": "next"})
    assert papers.location.endswith("/xem-lai")
    review = me.get(papers.location).text
    for words in ("Trần Thị Bình", "Xin xác nhận", "Tờ khai.pdf", "50.000 đồng"):
        assert words in review
    sent = me.post(
        papers.location, data={"result_way": "online", "consent": "y"} | page_inputs(review)
    )
    dossier = db.session.scalars(sa.select(Dossier)).one()
    assert sent.location == f"/nop-ho-so/xong/{dossier.code}"
    done = me.get(sent.location).text
    letter = db.session.scalars(sa.select(Letter).where(Letter.kind == "acknowledgement")).one()
    assert dossier.code in done
    assert "<svg" in done
    assert f"/letters/{letter.id}.pdf" in done
    assert me.get(f"/letters/{letter.id}.pdf").data[:5] == b"%PDF-"
    revision = db.session.scalars(sa.select(FormRevision)).one()
    assert revision.data == ANSWERS
    assert dossier.result_way == "online"


def test_sending_twice_makes_one_dossier(me, world):
    draft = make_draft(world)
    attach_required(me, draft)
    first, second = send(me, draft), send(me, draft)
    assert first.location == second.location
    assert count(Dossier) == 1
    # The draft's pages lead to the acknowledgement now.
    for step in ("to-khai", "giay-to", "xem-lai"):
        assert me.get(f"/nop-ho-so/{draft.key}/{step}").location == first.location


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"consent": ""}, "consent"),
        ({"result_way": ""}, "result_way"),
        ({"result_way": "chim"}, "result_way"),
    ],
)
def test_sending_needs_consent_and_a_way_of_return(me, world, given, words):
    draft = make_draft(world)
    attach_required(me, draft)
    answer = send(me, draft, **given)
    assert answer.status_code == 422
    assert f'href="#{words}"' in answer.text
    assert count(Dossier) == 0


def test_faults_are_summed_up_with_links_to_where_they_are(me, world):
    draft = make_draft(world, {"ho_ten": "", "so_dinh_danh": "123"})
    answer = send(me, draft)
    assert answer.status_code == 422
    assert f"/nop-ho-so/{draft.key}/to-khai?phan=1&amp;kiem-tra=1#f_ho_ten" in answer.text
    assert f"/giay-to#upload-component-{draft.version.components[0].id}" in answer.text
    assert "aria-invalid" in me.get(f"/nop-ho-so/{draft.key}/to-khai?phan=1&kiem-tra=1").text
    assert count(Dossier) == 0


def test_errors_stand_beside_the_field_and_the_typed_is_kept(me, world):
    draft = make_draft(world, {})
    url = f"/nop-ho-so/{draft.key}/to-khai"
    sent = {"f_ho_ten": "", "f_so_dinh_danh": "12 ba", "go": "next"} | page_inputs(me.get(url).text)
    answer = me.post(url, data=sent)
    assert answer.status_code == 422
    for part in ('id="f_ho_ten-error"', 'href="#f_so_dinh_danh"', 'value="12ba"'):
        assert part in answer.text
    db.session.refresh(draft)
    assert draft.data["so_dinh_danh"] == "12ba"


def test_save_and_go_on_later_needs_nothing(me, world):
    draft = make_draft(world, {})
    url = f"/nop-ho-so/{draft.key}/to-khai"
    sent = {"f_ho_ten": "Lê", "go": "later"} | page_inputs(me.get(url).text)
    assert me.post(url, data=sent).location == "/my"
    assert f"/nop-ho-so/{draft.key}/lam-tiep" in me.get("/my/").text


def test_autosave_keeps_every_save_of_one_window(me, world):
    draft = make_draft(world, {})
    inputs = page_inputs(me.get(f"/nop-ho-so/{draft.key}/to-khai").text)
    for name in ("L", "Lê", "Lê A"):
        answer = me.post(
            f"/nop-ho-so/{draft.key}/autosave?phan=1", data={"f_ho_ten": name} | inputs
        )
        assert answer.status_code == 200
        assert re.fullmatch(r"\d\d:\d\d", answer.json["saved_at"])
    db.session.refresh(draft)
    assert draft.data["ho_ten"] == "Lê A"


def test_a_draft_can_be_given_up_with_its_files(me, world):
    draft = make_draft(world)
    attach_required(me, draft)
    assert me.post(f"/nop-ho-so/{draft.key}/xoa").location == "/my"
    assert (count(Draft), count(Attachment)) == (0, 0)


def test_missing_papers_are_named_and_files_are_kept(me, world):
    draft = make_draft(world)
    optional = draft.version.components[1]
    answer = me.post(
        f"/nop-ho-so/{draft.key}/giay-to",
        data={f"component-{optional.id}_file": (io.BytesIO(png()), "ảnh chụp.png"), "go": "next"},
    )
    assert answer.status_code == 422
    assert "ảnh chụp.png" in answer.text
    assert f'href="#upload-component-{draft.version.components[0].id}"' in answer.text


def test_a_paper_the_state_has_is_not_asked(me, world):
    shared = factories.make_document_type(is_shared_data=True)
    component = world.version.components[0]
    component.document_type = shared
    db.session.flush()
    draft = make_draft(world)
    html = me.get(f"/nop-ho-so/{draft.key}/giay-to").text
    assert f'name="component-{component.id}_file"' not in html
    assert send(me, draft).status_code == 302


def test_a_form_of_several_sections_is_a_page_each(login, session):
    from app.models import FormField, FormSection

    world = make_world()
    second = FormSection(form_id=world.version.form_id, position=2, title="Phần thứ hai")
    second.fields = [FormField(position=1, key="ghi_chu", label="Ghi chú", kind="text")]
    session.add(second)
    session.flush()
    draft, me = make_draft(world), login(world.user)
    first = me.get(f"/nop-ho-so/{draft.key}/to-khai")
    sent = (
        {f"f_{key}": value for key, value in ANSWERS.items()}
        | page_inputs(first.text)
        | {"go": "next"}
    )
    answer = me.post(f"/nop-ho-so/{draft.key}/to-khai", data=sent)
    assert answer.location.endswith("phan=2")
    html = me.get(answer.location).text
    assert "Ghi chú" in html
    assert "f_ho_ten" not in html
    # Going back and saving the first page again meets no conflict: only its own saves count.
    assert me.post(f"/nop-ho-so/{draft.key}/to-khai", data=sent).status_code == 302


def test_rows_of_a_table_can_be_added_without_scripts(login, session):
    table = {
        "key": "bang",
        "label": "Giấy tờ",
        "kind": "table",
        "columns": [{"key": "ten", "label": "Tên giấy tờ", "kind": "text", "required": True}],
    }
    world = make_world(form=factories.make_form([table]))
    draft, me = make_draft(world, {}), login(world.user)
    url = f"/nop-ho-so/{draft.key}/to-khai"
    sent = {"f_bang-0-ten": "Bằng", "add_row": "bang"} | page_inputs(me.get(url).text)
    html = me.get(me.post(url, data=sent).location).text
    assert 'name="f_bang-0-ten" value="Bằng"' in html.replace('id="f_bang-0-ten" ', "")
    assert 'name="f_bang-1-ten"' in html


def test_the_answers_sent_are_json_that_the_database_returns(me, world):
    draft = make_draft(world)
    attach_required(me, draft)
    send(me, draft)
    revision = db.session.scalars(sa.select(FormRevision)).one()
    assert json.loads(json.dumps(revision.data)) == ANSWERS
