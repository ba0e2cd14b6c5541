"""An earlier result used again, and procedures suggested from what was done before."""

import pytest

from app.models import Attachment, User
from app.services import earlier_results, suggestions
from app.services.actors import build_actor
from tests.factories import make_document_type, make_procedure
from tests.services.steps import with_result


@pytest.fixture
def kind(session):
    return make_document_type(code="XNTTHN", name="Giấy xác nhận tình trạng hôn nhân")


@pytest.fixture
def world(session, kind):
    """An applicant who was issued a paper, and a procedure that asks for such a paper."""
    return with_result(session, kind)


def draft_of(office, account, version):
    office.version, first = version, office.version
    draft = office.draft(account)
    office.version = first
    draft.attachments = []
    office.session.flush()
    return draft


def test_an_issued_result_is_offered_for_the_paper_it_is(session, world):
    office, account, _citizen, dossier, second = world
    found = earlier_results.reusable(session, account.id, second.components)
    assert [r.dossier_id for r in found[second.components[0].id]] == [dossier.id]
    other, _actor = office.applicant()
    assert earlier_results.reusable(session, other.id, second.components) == {}
    dossier.results[-1].is_favourable = False
    session.flush()
    assert earlier_results.reusable(session, account.id, second.components) == {}


def test_a_result_that_is_not_received_or_paid_for_is_no_earlier_result(session, world, login):
    office, account, citizen, _received, second = world
    fresh = office.finished(account=account)
    result = fresh.results[-1]
    result.document_type = second.components[0].document_type
    session.flush()
    found = earlier_results.reusable(session, account.id, second.components)[second.components[0].id]
    assert result not in found
    draft, paper = draft_of(office, account, second), second.components[0]
    client = login(session.get(User, citizen.user_id))
    answer = client.post(f"/earlier-results/draft/{draft.key}/{paper.id}", data={f"result-{paper.id}": result.id})
    assert answer.status_code == 404
    assert session.query(Attachment).filter_by(draft_id=draft.id).count() == 0


def test_it_is_attached_once_with_its_source_by_the_button(session, world, login):
    office, account, citizen, dossier, second = world
    draft, paper = draft_of(office, account, second), second.components[0]
    client = login(session.get(User, citizen.user_id))
    text = client.get(f"/nop-ho-so/{draft.key}/giay-to").text
    assert "Dùng kết quả đã có" in text
    assert dossier.results[-1].number in text
    for _turn in range(2):
        answer = client.post(f"/earlier-results/draft/{draft.key}/{paper.id}",
                             data={f"result-{paper.id}": dossier.results[-1].id})  # fmt: skip
        assert answer.status_code == 302
    held = session.query(Attachment).filter_by(draft_id=draft.id).all()
    assert [(a.result_id, a.file_id, a.source_class) for a in held] == [
        (dossier.results[-1].id, dossier.results[-1].file_id, 8)]  # fmt: skip


def test_nobody_uses_what_is_not_his_or_is_another_paper(session, world, login):
    office, _account, _citizen, dossier, second = world
    other, actor = office.applicant()
    draft, paper = draft_of(office, other, second), second.components[0]
    client = login(session.get(User, actor.user_id))
    given = {f"result-{paper.id}": dossier.results[-1].id}
    assert client.post(f"/earlier-results/draft/{draft.key}/{paper.id}", data=given).status_code == 404
    assert client.post(f"/earlier-results/draft/{draft.key}/{paper.id}", data={}).status_code == 404
    assert session.query(Attachment).filter_by(draft_id=draft.id).count() == 0


def test_only_an_asked_paper_is_supplemented_so(session, world, login):
    office, account, citizen, dossier, second = world
    client = login(session.get(User, citizen.user_id))
    given = {f"result-{second.components[0].id}": dossier.results[-1].id}
    address = f"/earlier-results/supplement/{dossier.code}/{second.components[0].id}"
    before = session.query(Attachment).filter_by(dossier_id=dossier.id).count()
    answer = client.post(address, data=given)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")  # refused, told on the page
    assert session.query(Attachment).filter_by(dossier_id=dossier.id).count() == before


def test_procedures_follow_from_papers_held_and_events_of_life(session, world):
    _office, _account, citizen, _dossier, second = world
    third = make_procedure(life_events=["marriage"])
    make_procedure(life_events=["death"])
    actor = build_actor(session, session.get(User, citizen.user_id))
    found = suggestions.suggested(session, actor)
    assert [one.code for one in found] == [second.procedure.code, third.procedure.code]
    assert "Giấy xác nhận tình trạng hôn nhân" in found[0].reason
    assert "Kết hôn" in found[1].reason or "ôn nhân" in found[1].reason


def test_who_has_done_nothing_is_suggested_nothing(session, world, count_queries):
    office, _account, citizen, _dossier, _second = world
    _other, actor = office.applicant()
    assert suggestions.suggested(session, actor) == []
    with count_queries() as few:
        suggestions.suggested(session, citizen)
    for _turn in range(5):
        make_procedure(life_events=["marriage"])
    session.flush()
    with count_queries() as many:
        suggestions.suggested(session, citizen)
    assert len(many) <= len(few)


def test_the_page_of_my_dossiers_tells_why(session, world, login):
    _office, _account, citizen, _dossier, second = world
    text = login(session.get(User, citizen.user_id)).get("/my/").text
    assert "Thủ tục có thể bạn cần tiếp theo" in text
    assert second.name in text
