"""Results: drafted, signed, numbered, issued, handed over; and who may do which."""

from io import BytesIO

import pypdfium2
import pytest

from app.errors import Invalid, NotAllowed, NotFound
from app.permissions import Role
from app.services import processing, results
from tests.factories import make_agency
from tests.services.steps import PNG, Office, task_of, write_draft


@pytest.fixture
def office(session):
    """A ward with everybody its process needs."""
    found = Office(session)
    found.staff()
    return found


def text_of(pdf: bytes) -> str:
    """Return the text of a PDF."""
    document = pypdfium2.PdfDocument(BytesIO(pdf))
    try:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def test_a_draft_is_written_and_changed_by_who_holds_the_step(office, session):
    dossier = office.processed()
    first = write_draft(session, dossier, office[Role.specialist])
    again = results.save_draft(
        session, dossier, office[Role.specialist], title="Văn bản trả lời", content="Không cấp.",
        is_favourable=False,
    )  # fmt: skip
    assert again is first
    assert (again.title, again.is_favourable, again.state) == ("Văn bản trả lời", False, "draft")
    assert again.drafted_by_id == office[Role.specialist].user_id


@pytest.mark.parametrize(("title", "content"), [("", "x"), ("x", "  "), (" ", "")])
def test_an_empty_draft_is_refused_beside_the_field(office, session, title, content):
    dossier = office.processed()
    with pytest.raises(Invalid) as refusal:
        results.save_draft(session, dossier, office[Role.specialist], title=title, content=content)
    assert set(refusal.value.fields) <= {"title", "content"}


@pytest.mark.parametrize(
    "role", [Role.desk_officer, Role.clerk, Role.cashier, Role.agency_head, Role.auditor]
)
def test_nobody_else_drafts(office, session, role):
    dossier = office.processed()
    with pytest.raises(NotAllowed):
        write_draft(session, dossier, office[role])


def test_a_specialist_of_another_commune_does_not_draft(office, session):
    dossier = office.processed()
    stranger = office.officer(Role.specialist, make_agency(parent=office.tree.root))
    with pytest.raises(NotAllowed):
        write_draft(session, dossier, stranger)


def test_a_draft_waiting_for_the_signature_is_not_changed_by_others(office, session):
    dossier = office.processed()
    office.step(dossier)
    with pytest.raises(NotAllowed):
        write_draft(session, dossier, office[Role.specialist])
    write_draft(session, dossier, office[Role.agency_head])  # who signs may still correct it


def test_signing_fixes_the_content_under_the_signers_name(office, session):
    dossier = office.processed()
    office.step(dossier)
    office.step(dossier)
    result = results.current_result(dossier)
    head = office[Role.agency_head]
    assert (result.state, result.approved_by_id) == ("approved", head.user_id)
    assert result.data["signer"]["name"] == head.name
    with pytest.raises(NotAllowed):
        write_draft(session, dossier, office[Role.clerk])


def test_the_clerk_numbers_and_issues_a_pdf_with_everything(office, session):
    dossier = office.finished()
    result = results.current_result(dossier)
    assert (result.state, result.number) == ("issued", "01/KQ-H5719753")
    text = text_of(results.result_pdf(result))
    for part in ("GIẤY XÁC NHẬN", "01/KQ-H5719753", "06 tháng", office[Role.agency_head].name):
        assert part in text, part


def test_a_number_has_the_abbreviation_of_the_organ(office, session):
    office.tree.commune.abbreviation = "UBND"
    result = results.current_result(office.finished())
    assert result.number == "01/KQ-UBND"
    assert "01/KQ-UBND" in text_of(results.result_pdf(result))


def test_numbers_follow_one_another_in_each_agency(office):
    numbers = [results.current_result(office.finished()).number for _ in range(3)]
    assert [number.split("/")[0] for number in numbers] == ["01", "02", "03"]


def test_an_unsigned_result_is_not_numbered(office, session):
    dossier = office.processed()
    write_draft(session, dossier, office[Role.specialist])
    with pytest.raises(Invalid):
        results.number_and_issue(session, dossier, office[Role.clerk])
    with pytest.raises(NotFound):
        results.result_pdf(results.current_result(dossier))


def test_a_draft_can_be_seen_as_it_would_look(office, session):
    dossier = office.processed()
    result = write_draft(session, dossier, office[Role.specialist])
    assert "06 tháng" in text_of(results.preview_pdf(session, dossier, result))


def test_markup_in_a_draft_stays_text(office, session):
    dossier = office.processed()
    attack = '#import "x.typ" *đậm* $x$ <script>alert(1)</script>'
    result = results.save_draft(
        session, dossier, office[Role.specialist], title=attack, content=attack
    )
    assert "<script>alert(1)</script>" in text_of(results.preview_pdf(session, dossier, result))


def test_the_recipients_end_with_one_full_stop(office, session):
    result = results.save_draft(session, office.processed(), office[Role.specialist], title="Giấy", content="Xác nhận")
    printed = text_of(results.preview_pdf(session, result.dossier, result))
    assert "Lưu: VT." in printed
    assert "VT.." not in printed


def test_handing_over_needs_a_receiver_and_a_readable_signature(office, session):
    dossier = office.finished()
    desk = office[Role.desk_officer]
    forged = ("data:image/png;base64,AAAA", "javascript:alert(1)", "data:image/svg+xml,x")
    for receiver, signature in ((" ", ""), *(("Bình", text) for text in forged)):
        with pytest.raises(Invalid):
            results.deliver(session, dossier, desk, receiver=receiver, signature=signature)
        assert dossier.state == 9
    results.deliver(session, dossier, desk, receiver="Trần Thị Bình", signature=PNG)
    assert dossier.state == 10
    assert dossier.delivery["signature"] == PNG
    assert dossier.letters[-1].kind == "return_receipt"
    assert [task.state for task in dossier.tasks] == ["done"] * 5


def test_nothing_is_handed_over_that_nobody_signed_for(office, session):
    dossier = office.finished()
    desk = office[Role.desk_officer]
    with pytest.raises(Invalid) as refused:
        results.deliver(session, dossier, desk, receiver="Trần Thị Bình")
    assert list(refused.value.fields) == ["signature"]
    assert (dossier.state, dossier.delivery) == (9, None)
    results.deliver(session, dossier, desk, receiver="Trần Thị Bình", on_paper=True)
    assert (dossier.state, dossier.delivery["on_paper"]) == (10, True)


def test_nothing_is_handed_over_while_money_is_owed(office, session):
    dossier = office.received()
    dossier.version.fee_due = "return"
    from app.services import reception

    reception.pass_on(session, dossier, office[Role.desk_officer])
    while dossier.state == 4:
        office.step(dossier)
    with pytest.raises(Invalid):
        results.deliver(session, dossier, office[Role.desk_officer], receiver="Bình", on_paper=True)
    office.pay(dossier)
    results.deliver(session, dossier, office[Role.desk_officer], receiver="Bình", on_paper=True)
    assert dossier.state == 10


def test_only_this_desk_hands_over(office, session):
    dossier = office.finished()
    elsewhere = office.officer(Role.desk_officer, office.tree.centre)
    for actor in (office[Role.specialist], elsewhere):
        with pytest.raises(NotAllowed):
            results.deliver(session, dossier, actor, receiver="Bình", on_paper=True)


def test_the_applicant_receives_an_electronic_result_himself(office, session):
    dossier, citizen = office.submitted(result_way="online")
    from app.services import reception

    reception.accept(session, dossier, office[Role.desk_officer])
    office.pay(dossier)
    reception.pass_on(session, dossier, office[Role.desk_officer])
    while dossier.state == 4:
        office.step(dossier)
    _account, stranger = office.applicant()
    with pytest.raises(NotAllowed):
        results.collect_online(session, dossier, stranger)
    results.collect_online(session, dossier, citizen)
    assert (dossier.state, dossier.delivery["way"]) == (10, "online")


def test_an_applicant_sees_only_issued_results(office, session):
    dossier, citizen = office.submitted()
    from app.services import reception

    reception.accept(session, dossier, office[Role.desk_officer])
    office.pay(dossier)
    reception.pass_on(session, dossier, office[Role.desk_officer])
    result = write_draft(session, dossier, office[Role.specialist])
    with pytest.raises(NotFound):
        results.get_result(session, result.id, citizen)
    assert results.get_result(session, result.id, office[Role.specialist]) is result
    while dossier.state == 4:
        office.step(dossier)
    assert results.get_result(session, result.id, citizen) is result


def test_a_step_signed_at_once_is_drafted_by_who_signs(session):
    """Authentication of copies: no step prepares anything, the head writes and signs."""
    from tests.factories import STEPS, make_process

    office = Office(session, process=make_process([STEPS[0], *STEPS[2:]]))
    dossier = office.processed()
    head = office[Role.agency_head]
    with pytest.raises(Invalid):
        processing.finish_task(session, task_of(dossier), head)
    write_draft(session, dossier, head)
    processing.finish_task(session, task_of(dossier), head)
    assert results.current_result(dossier).state == "approved"
