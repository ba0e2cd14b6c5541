"""Papers looked at: digital signatures (QN20 Đ12.2b), originals shown when asked (HUE25 Đ10.4, TTH17 Đ11.3)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import now
from app.errors import Conflict, Invalid
from app.models import Notice, OutboxEvent, User
from app.permissions import Role
from app.services import files, originals, signatures
from tests.regulations import scenes
from tests.regulations.support import clause
from tests.services.signing import Signer, signed_pdf


def handed_in(office, dossier, data):
    """Return the file handed in for the first paper, looked at as the worker does."""
    stored = files.store_upload(office.session, "to-khai.pdf", data, max_mb=5)
    paper = files.attach(office.session, stored, "to-khai.pdf", office[Role.desk_officer], dossier=dossier,
                         component=office.version.components[0])  # fmt: skip
    waiting = office.session.query(OutboxEvent).filter_by(name="signatures.check", done_at=None)
    for event in waiting.order_by(OutboxEvent.id):
        signatures.check_file(office.session, **event.payload)
    return paper


@clause("A4.5", "QN20 Đ12.2b")
@pytest.mark.parametrize(("change", "told"), [
    (lambda pdf: pdf, "Chưa bị sửa từ khi ký"),
    (lambda pdf: pdf.replace(b"Giay xac nhan", b"Giay xac nhaN"), "Tệp đã bị sửa sau khi ký"),
    (lambda pdf: pdf + b"\n% them\n", "Chữ ký số đúng, nhưng tệp được thêm nội dung sau khi ký"),
], ids=["whole", "changed", "added-to"])  # fmt: skip
def test_d12_2b_desk_and_officers_see_whether_a_paper_is_as_signed(office, login, change, told):
    dossier, _citizen = scenes.in_process(office)
    paper = handed_in(office, dossier, change(signed_pdf(Signer("Trần Thị Bình"))))
    for role in (Role.desk_officer, Role.specialist):
        client = login(office.session.get(User, office[role].user_id))
        text = client.get(f"/dossier/{dossier.code}").text
        assert told in text
        assert "Người ký: Trần Thị Bình" in text
        assert "Chưa xác minh được nơi cấp chứng thư" in text  # nobody named the issuer
        assert told in client.get(f"/dossier/{dossier.code}?tab=compare&file={paper.id}").text


@clause("A3.5", "HUE25 Đ10.4", "TTH17 Đ11.3")
def test_originals_are_shown_when_asked_and_the_comparison_is_kept(office, session):
    dossier, citizen = scenes.in_process(office)
    paper, specialist = office.version.components[0], office[Role.specialist]
    (check,) = originals.ask(session, dossier, specialist, component_ids=[paper.id], reason="Bản chụp mờ",
                             at=now() + timedelta(days=1))  # fmt: skip
    assert [one.paper_name for one in originals.waiting(session, dossier)] == [paper.name]
    told = session.scalars(sa.select(Notice.body).where(Notice.user_id == citizen.user_id)).all()
    assert any(paper.name in text and dossier.desk.name in text for text in told)
    with pytest.raises(Invalid):  # a difference is described
        originals.record(session, check, specialist, found="differs", finding="")
    originals.record(session, check, specialist, found="differs", finding="Khác số giấy tờ")
    assert (check.paper_name, check.state, check.finding) == (paper.name, "differs", "Khác số giấy tờ")
    assert (check.done_by_name, check.done_at is not None) == (specialist.name, True)
    with pytest.raises(Conflict):
        originals.record(session, check, office[Role.desk_officer], found="agrees", finding="")
    assert originals.waiting(session, dossier) == []
