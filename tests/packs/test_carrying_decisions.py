"""Publication decisions in packs: with their procedures, their file by its content, their state once."""

from contextlib import suppress
from datetime import UTC, date, datetime
from hashlib import sha256

import pytest
import sqlalchemy as sa
from flask_babel import force_locale

from app.errors import Conflict, Invalid
from app.models import PublicationDecision, PublicationItem, StoredFile
from app.packs import yamls
from app.packs.exporting import Chosen, export, left_out
from app.packs.reading import Refused
from app.packs.undoing import undo
from app.permissions import Role
from app.services.publication_files import keep_file
from tests.factories import make_procedure, make_tree
from tests.packs.carrying import files_of, forget_configuration, put, take

DIGEST = sha256(b"signed").hexdigest()


def stored(session, content=b"signed", **given):
    row = StoredFile(sha256=sha256(content).hexdigest(), size=len(content), media_type="application/pdf",
                     **{"scan_status": "clean"} | given)  # fmt: skip
    session.add(row)
    session.flush()
    return row


@pytest.fixture
def decision(session):
    make_tree()
    version = make_procedure()
    row = PublicationDecision(
        number="2031/QĐ-UBND", title="Công bố danh mục", decided_on=date(2026, 1, 5), effective_on=date(2026, 1, 10),
        agency=make_tree().root, signer="Nguyễn Văn A", state="published", file=stored(session), file_name="qd.pdf",
        file_digest=DIGEST, published_at=datetime(2026, 1, 10, 1, tzinfo=UTC), fault="lỗi cũ",
    )  # fmt: skip
    row.items = [PublicationItem(kind="new", procedure=version.procedure, version=version)]
    session.add(row)
    session.add(PublicationDecision(title="Đang soạn, chưa có số"))
    session.flush()
    return row


def told(session, chosen):
    return left_out(session, export(session, chosen))


def test_an_export_says_what_of_the_decisions_stays_here_and_why(session, decision, login):
    said = ["1 quyết định công bố chưa có số và ngày không đi theo gói: nơi áp dụng nhận ra quyết định bằng số và "
            "ngày.",
            "Văn bản ký của 1 quyết định không đi theo gói: gói chỉ gồm văn bản cấu hình, không mang bản quét. Nơi "
            "áp dụng thêm tệp ở trang của quyết định."]  # fmt: skip
    with force_locale("vi"):
        for chosen in (Chosen("all"), Chosen("kind", "publication_decision")):
            assert told(session, chosen) == said
        assert told(session, Chosen("kind", "sector")) == []
        decision.file_digest = None
        session.flush()
        assert told(session, Chosen("all")) == said[:1]
    session.commit()
    assert said[0] in login(Role.catalog_admin).get("/admin/packs/export?scope=all").text


def path_of(files):
    return next(path for path in files if path.startswith("publication_decision/"))


def changed(files, **values):
    path = path_of(files)
    return files | {path: yamls.dump(yamls.load(files[path], path) | values)}


def test_a_decision_comes_back_with_its_procedures_its_state_and_its_file(session, decision):
    files = files_of(session)
    document = yamls.load(files[path_of(files)], "x")
    assert document["file_digest"] == DIGEST
    code = decision.items[0].procedure.code
    assert document["items"] == [{"procedure": code, "kind": "new", "version": {"procedure": code, "number": 1}}]
    assert "fault" not in document
    assert sum(path.startswith("publication_decision/") for path in files) == 1
    session.execute(sa.delete(PublicationItem))
    session.execute(sa.delete(PublicationDecision))
    forget_configuration(session)
    put(session, files)
    assert files_of(session) == files
    row = session.scalars(sa.select(PublicationDecision)).one()
    assert (row.state, row.file.sha256, len(row.items)) == ("published", DIGEST, 1)


def test_a_file_that_is_not_here_is_said_and_only_the_signed_one_is_taken(session, decision, actor):
    files = changed(files_of(session), number="2032/QĐ-UBND", file_digest=sha256(b"other").hexdigest())
    run = put(session, files)
    assert any("2032/QĐ-UBND" in text for text in run.remarks)
    row = session.scalars(sa.select(PublicationDecision).where(PublicationDecision.number == "2032/QĐ-UBND")).one()
    assert row.file is None
    admin = actor(Role.catalog_admin)
    with pytest.raises(Invalid):
        keep_file(session, row, stored(session, b"false"), "qd.pdf", admin)
    keep_file(session, row, stored(session, b"other"), "qd.pdf", admin)
    assert row.file.sha256 == row.file_digest
    with pytest.raises(Conflict):
        keep_file(session, row, stored(session, b"third"), "qd.pdf", admin)


def test_an_infected_file_is_not_linked(session, decision):
    stored(session, b"other", scan_status="infected")
    put(session, changed(files_of(session), number="2032/QĐ-UBND", file_digest=sha256(b"other").hexdigest()))
    row = session.scalars(sa.select(PublicationDecision).where(PublicationDecision.number == "2032/QĐ-UBND")).one()
    assert row.file is None


def test_undone_it_is_gone_and_the_one_before_stays(session, decision):
    before = files_of(session)
    run = put(session, changed(before, number="2032/QĐ-UBND"))
    undo(session, run, None)
    assert files_of(session) == before


@pytest.mark.parametrize(
    "values",
    [{"title": "Khác"}, {"state": "draft"}, {"state": "scheduled"}, {"items": []}, {"file_digest": "0" * 64},
     {"items": [{"kind": "repealed"}]}, {"state": "nonsense"}],
)  # fmt: skip
def test_what_was_published_never_changes(session, decision, values):
    files = files_of(session)
    with suppress(Refused):
        assert take(session, changed(files, **values), is_replacing=True).state == "refused"
    assert files_of(session) == files


def test_a_decision_in_preparation_is_published_by_a_pack(session, decision):
    files = files_of(session)
    decision.state, decision.published_at = "draft", None
    session.flush()
    run = put(session, files)
    assert [line["path"] for line in run.lines] == [path_of(files)]
    assert files_of(session) == files


@pytest.mark.parametrize("role", [Role.system_admin, Role.control_focal_point, Role.desk_officer])
def test_only_the_catalog_administrator_brings_one(session, decision, actor, role):
    files = changed(files_of(session), number="2032/QĐ-UBND")
    assert take(session, files, actor(role)).state == "refused"
    run = take(session, files, actor(Role.catalog_admin))
    assert run.state == "planned", run.faults
