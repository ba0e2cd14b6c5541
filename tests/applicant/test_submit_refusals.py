"""Applying badly: stale pages, forged ids, scripts, malformed JSON; nothing is written."""

import io

import pytest

from app.extensions import db
from app.models import Attachment, Dossier, Draft
from app.permissions import Role
from tests import factories
from tests.applicant.forms import attach_required, count, page_inputs, send
from tests.applicant.world import ANSWERS, make_draft, png

SCRIPT = '<script>alert("x")</script>'


@pytest.mark.parametrize("agency", ["", "abc", "999999", "١٢", "9" * 30])
def test_without_a_commune_nothing_begins(me, world, agency):
    answer = me.post(f"/nop-ho-so/{world.version.procedure.code}", data={"agency": agency})
    assert answer.status_code == 422
    assert count(Draft) == 0


def test_a_department_or_an_ended_commune_cannot_be_chosen(me, world):
    from datetime import date

    gone = factories.make_agency(valid_to=date(2025, 6, 30))
    for agency in (world.tree.department, gone):
        answer = me.post(f"/nop-ho-so/{world.version.procedure.code}", data={"agency": agency.id})
        assert answer.status_code == 422
    assert count(Draft) == 0


def test_an_information_only_procedure_is_refused(me, world):
    version = factories.make_procedure(service_level="information")
    url = f"/nop-ho-so/{version.procedure.code}"
    assert '<form method="post" action=""' not in me.get(url).text
    assert me.post(url, data={"agency": world.commune.id}).status_code == 302
    assert count(Draft) == 0


def test_of_two_windows_the_stale_one_is_told_and_sees_both(me, world):
    draft = make_draft(world, {})
    url = f"/nop-ho-so/{draft.key}/to-khai"
    one, two = page_inputs(me.get(url).text), page_inputs(me.get(url).text)
    assert me.post(url, data={"f_ho_ten": "Một", "go": "later"} | one).status_code == 302
    autosave = me.post(f"/nop-ho-so/{draft.key}/autosave?phan=1", data={"f_ho_ten": "Hai"} | two)
    assert autosave.status_code == 409
    assert autosave.json["error"]
    answer = me.post(
        url, data={"f_ho_ten": "Hai", "f_so_dinh_danh": "046190000001", "go": "next"} | two
    )
    assert answer.status_code == 409
    assert "Một" in answer.text
    assert 'value="Hai"' in answer.text
    db.session.refresh(draft)
    assert draft.data["ho_ten"] == "Một"
    again = {"f_ho_ten": "Hai", "f_so_dinh_danh": "046190000001", "go": "next"} | page_inputs(
        answer.text
    )
    assert me.post(url, data=again).status_code == 302
    db.session.refresh(draft)
    assert draft.data["ho_ten"] == "Hai"


def test_a_stale_review_is_not_sent(me, world):
    draft = make_draft(world)
    attach_required(me, draft)
    review = page_inputs(me.get(f"/nop-ho-so/{draft.key}/xem-lai").text)
    form = page_inputs(me.get(f"/nop-ho-so/{draft.key}/to-khai").text)
    me.post(f"/nop-ho-so/{draft.key}/to-khai", data={"f_ho_ten": "Khác", "go": "later"} | form)
    answer = me.post(
        f"/nop-ho-so/{draft.key}/xem-lai", data={"result_way": "online", "consent": "y"} | review
    )
    assert answer.status_code == 409
    assert count(Dossier) == 0


@pytest.mark.parametrize(
    "body", ["{", "[]", "7", "null", '"x"', '{"data": []}', '{"data": null}', "\x00"]
)
def test_malformed_json_at_autosave_is_refused(me, world, body):
    draft = make_draft(world)
    version = draft.row_version
    answer = me.post(f"/nop-ho-so/{draft.key}/autosave", data=body, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json["error"]
    db.session.refresh(draft)
    assert (draft.row_version, draft.data) == (version, ANSWERS)


def test_json_at_autosave_keeps_known_keys_only(me, world):
    draft = make_draft(world, {})
    sent = {
        "base": 0,
        "tab": "t",
        "data": {"ho_ten": "Lê\x00", "la": 1, "_pages": {"1": {"rev": 9}}},
    }
    answer = me.post(f"/nop-ho-so/{draft.key}/autosave", json=sent)
    assert answer.status_code == 200
    db.session.refresh(draft)
    assert draft.data["ho_ten"] == "Lê"
    assert "la" not in draft.data
    assert draft.data["_pages"]["1"]["rev"] == 1


def test_an_autosave_after_the_log_out_says_so(client, world):
    draft = make_draft(world)
    answer = client.post(f"/nop-ho-so/{draft.key}/autosave", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.json["error"]


def test_a_script_in_every_field_is_only_text(me, world):
    draft = make_draft(world, dict.fromkeys(ANSWERS, SCRIPT))
    attach_required(me, draft)
    for step in ("to-khai", "giay-to", "xem-lai"):
        html = me.get(f"/nop-ho-so/{draft.key}/{step}").text
        assert SCRIPT not in html
    assert send(me, draft).status_code == 422  # the number is none; names may be anything


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("step", ["to-khai", "giay-to", "xem-lai"])
def test_another_persons_draft_does_not_exist(login, world, method, step):
    draft = make_draft(world)
    other = login(Role.citizen)
    assert getattr(other, method)(f"/nop-ho-so/{draft.key}/{step}").status_code in {404, 302}
    if method == "get":
        assert other.get(f"/nop-ho-so/{draft.key}/{step}").status_code == 404
    assert db.session.get(Draft, draft.id).data == ANSWERS


def test_another_persons_draft_is_neither_saved_nor_deleted_nor_filled(login, world):
    draft = make_draft(world)
    other = login(Role.citizen)
    component = draft.version.components[0]
    assert other.post(f"/nop-ho-so/{draft.key}/autosave", data={"f_ho_ten": "x"}).status_code == 404
    other.post(f"/nop-ho-so/{draft.key}/xoa")
    upload = other.post(
        f"/files/draft/{draft.key}?component={component.id}",
        data={"file": (io.BytesIO(png()), "a.png")},
    )
    assert upload.status_code == 404
    assert db.session.get(Draft, draft.id).data == ANSWERS
    assert count(Attachment) == 0


@pytest.mark.parametrize(
    "name", ["component-999999_file", "component-x_file", "f_khong_co_file", "x_file"]
)
def test_a_file_for_a_foreign_paper_is_not_kept(me, world, name):
    draft = make_draft(world)
    me.post(f"/nop-ho-so/{draft.key}/giay-to", data={name: (io.BytesIO(png()), "a.png")})
    assert count(Attachment) == 0


def test_absurd_page_parameters_show_a_page(me, world):
    draft = make_draft(world)
    for part in ("0", "-1", "99999999999999999999", "x", "٣", "1.5", "%00"):
        assert me.get(f"/nop-ho-so/{draft.key}/to-khai?phan={part}").status_code == 200
    for page in ("0", "-1", "9" * 40, "x"):
        assert me.get(f"/my/?trang={page}&loc=zzz").status_code == 200


def test_the_pages_cost_a_bounded_number_of_statements(me, world, count_queries):
    draft = make_draft(world)
    attach_required(me, draft)
    for step in ("to-khai", "giay-to", "xem-lai"):
        with count_queries() as seen:
            assert me.get(f"/nop-ho-so/{draft.key}/{step}").status_code == 200
        assert len(seen) <= 22, (step, len(seen))


def test_the_list_of_communes_costs_the_same_for_forty(me, world, count_queries):
    for _ in range(40):
        factories.make_agency(parent=world.tree.root)
    with count_queries() as seen:
        html = me.get(f"/nop-ho-so/{world.version.procedure.code}").text
    assert html.count("<option") >= 41
    assert len(seen) <= 18


def test_a_label_that_stands_twice_is_named_with_its_part(me, world):
    (section,) = world.version.form.sections
    lone, other = section.fields[:2]
    draft = make_draft(world, {})
    page = me.get(f"/nop-ho-so/{draft.key}/xem-lai").text
    assert f">{lone.label}: " in page
    other.label = lone.label
    db.session.flush()
    page = me.get(f"/nop-ho-so/{draft.key}/xem-lai").text
    assert f">{section.title} – {lone.label}: " in page
