"""Fees before sending: chosen, computed, shown, kept with the dossier, checked by the desk."""

import pytest
import sqlalchemy as sa

from app.extensions import db
from app.models import Dossier, Fee, FeeExemption, FeeSubject
from app.permissions import Role
from app.services import charges, publication, reception
from app.services.actors import build_actor
from app.services.fees import set_charges
from app.services.guards import GUARDS
from tests.applicant.forms import attach_required, send
from tests.applicant.world import make_draft
from tests.factories import make_user
from tests.wording import vi


@pytest.fixture
def rules(world):
    """A registration of two cases, one of them by the person, and a copy one may ask for."""
    poor = FeeSubject(code="ho_ngheo", name="Người thuộc hộ nghèo", proof="Giấy chứng nhận hộ nghèo")
    single = Fee(position=1, name="Lệ phí tạm trú", amount=15_000, case_label="Hộ gia đình",
                 online_amount=8_000, legal_basis="TT 75/2022")  # fmt: skip
    single.exemptions.append(FeeExemption(subject=poor, legal_basis="TT 75/2022 Điều 4"))
    listed = Fee(position=2, name="Lệ phí theo danh sách", amount=10_000, case_label="Theo danh sách",
                 basis="unit", unit_name="người")  # fmt: skip
    copy = Fee(position=3, name="Phí bản sao", kind="phi", amount=8_000, is_optional=True, due="return")
    world.version.fees[:] = [single, listed, copy]
    db.session.flush()
    return world.version.fees


@pytest.fixture
def draft(me, world, rules):
    made = make_draft(world)
    attach_required(me, made)
    return made


def choose(me, draft, **given):
    return me.post(f"/nop-ho-so/{draft.key}/phi", data=given)


def review(me, draft):
    return me.get(f"/nop-ho-so/{draft.key}/xem-lai").text


def test_nothing_is_guessed_before_the_case_is_known(me, draft):
    html = review(me, draft)
    assert vi("The amount depends on the case.") in html
    assert vi("Which case is yours?") in html
    assert "15.000" in html or "Hộ gia đình" in html


def test_the_chosen_case_is_shown_with_its_reasons_and_kept_with_the_dossier(me, draft, rules):
    assert choose(me, draft, fee_case="Hộ gia đình", **{f"fee-want-{rules[2].id}": "y"}).status_code == 302
    html = review(me, draft)
    assert "15.000 đồng" in html
    assert "<strong>15.000 đồng</strong>" in html  # 7.000 + 8.000
    assert send(me, draft).status_code == 302
    dossier = db.session.scalars(sa.select(Dossier)).one()
    assert [(c.amount, c.full_amount, c.due) for c in dossier.charges] == [
        (7_000, 15_000, None), (8_000, 8_000, "return")
    ]  # fmt: skip
    assert dossier.charges[0].explanation[-1][1] == {"amount": "8.000"}
    assert dossier.charges[0].legal_basis == "TT 75/2022"


def test_people_of_a_list_are_counted(me, draft, rules):
    choose(me, draft, fee_case="Theo danh sách")
    assert f'name="fee-units-{rules[1].id}"' in review(me, draft)
    choose(me, draft, fee_case="Theo danh sách", **{f"fee-units-{rules[1].id}": "12"})
    assert "120.000 đồng" in review(me, draft)


@pytest.mark.parametrize("given", [
    {"fee_case": "Trường hợp lạ"}, {"fee_subject": "vua"}, {"units": "0"}, {"units": "-1"},
    {"units": "1001"}, {"units": "abc"}, {"units": "9" * 400},
])  # fmt: skip
def test_what_was_not_offered_is_refused_and_nothing_kept(me, draft, rules, given):
    if "units" in given:
        given = {"fee_case": "Theo danh sách", f"fee-units-{rules[1].id}": given["units"]}
    assert choose(me, draft, **given).status_code == 422
    db.session.refresh(draft)
    assert draft.fee_choices is None


def test_another_persons_draft_is_not_found(login, draft):
    stranger = login(Role.citizen)
    assert choose(stranger, draft, fee_case="Hộ gia đình").status_code == 404


@pytest.fixture
def claimed(me, draft):
    choose(me, draft, fee_case="Hộ gia đình", fee_subject="ho_ngheo")
    words = vi("The exemption is claimed; the amount becomes final when the desk has seen the paper.")
    assert words in review(me, draft)
    send(me, draft)
    return db.session.scalars(sa.select(Dossier)).one()


@pytest.fixture
def desk(session, world):
    user = make_user(Role.desk_officer, world.tree.desk)
    return build_actor(session, user, ip="192.0.2.7")


def test_a_claimed_exemption_waits_for_the_desk(session, claimed, desk, rules):
    assert [(c.amount, c.state, c.claim) for c in claimed.charges] == [(0, "exempt", "claimed")]
    for paper in claimed.version.components:
        if paper.is_required:
            reception.take_papers(claimed, {paper.id: ("original", 1)})
    reception.accept(session, claimed, desk)
    assert not GUARDS["reception_fees_paid"](claimed)
    set_charges(session, claimed, desk, {rules[0].id: 1}, subject="ho_ngheo")
    assert [(c.amount, c.state, c.claim) for c in claimed.charges][-1] == (0, "exempt", "confirmed")
    assert GUARDS["reception_fees_paid"](claimed)
    assert charges.open_charges(claimed) == claimed.charges[-1:]


def test_a_claim_that_is_not_proven_makes_the_whole_amount_due(session, claimed, desk, rules):
    from app.errors import Invalid

    with pytest.raises(Invalid) as refusal:
        set_charges(session, claimed, desk, {rules[0].id: 1})
    assert "fee_reason" in refusal.value.fields
    set_charges(session, claimed, desk, {rules[0].id: 1}, reason="Không có giấy chứng nhận")
    assert [(c.amount, c.state) for c in claimed.charges] == [(0, "cancelled"), (7_000, "due")]


def test_the_desks_card_shows_the_claim(login, claimed, desk):
    from app.models import User

    client = login(db.session.get(User, desk.user_id))
    html = client.get(f"/dossier/{claimed.code}").text
    assert vi("The applicant claims an exemption: keep it if you have seen the paper, choose “None” if not.") in html
    assert '<option value="ho_ngheo" selected>' in html
    papers = client.get(f"/dossier/{claimed.code}?tab=papers").text
    assert vi("Claimed, not checked yet") in papers


def test_the_public_page_tells_the_rules(client, world, rules):
    html = client.get(f"/thu-tuc/{world.version.procedure.code}").text
    for words in ("10.000 đồng/người", vi("Only if you ask for it"), "Người thuộc hộ nghèo", "TT 75/2022 Điều 4"):
        assert words in html


def test_the_next_draft_takes_the_rules_and_exemptions_along(session, world, rules):
    admin = build_actor(session, make_user(Role.catalog_admin), ip="192.0.2.7")
    fresh = publication.draft_from(session, world.version, admin)
    assert [fee.case_label for fee in fresh.fees] == ["Hộ gia đình", "Theo danh sách", None]
    assert [row.subject.code for row in fresh.fees[0].exemptions] == ["ho_ngheo"]
    assert {row.fee_id for row in fresh.fees[0].exemptions} == {fresh.fees[0].id}


def test_publication_names_rules_that_cannot_be_computed(session, world, rules):
    from app.services.fee_checks import fee_doubts
    from app.services.publication_checks import checks

    assert [level for _text, level in fee_doubts(world.version)] == ["warning"]  # no basis given
    rules[1].count_field = "so_nguoi"
    assert "fault" in {level for _text, level in fee_doubts(world.version)}
    assert any(point.is_fault and "so_nguoi" in point.text for point in checks(session, world.version))
