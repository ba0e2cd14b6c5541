"""Files: checked by content, kept once, opened by right only (design 3.12)."""

import io
import threading

import pytest
import sqlalchemy as sa

from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.extensions import db
from app.history import HistoryEntry
from app.models import Attachment, StoredFile
from app.permissions import Role, acting_as
from app.services import files
from app.tasks.scanning import scan_waiting
from app.transactions import OutboxEvent, transaction
from tests import factories
from tests.applicant.world import EICAR, make_draft, make_world, pdf, png, send

HTML = b"<html><script>alert(1)</script></html>"
EXE = b"MZ\x90\x00" + b"\x00" * 300


@pytest.fixture
def world(session):
    return make_world()


def test_the_same_content_is_kept_once(session):
    first = files.store_upload(session, "a.png", png(), max_mb=20)
    second = files.store_upload(session, "b.png", io.BytesIO(png()), max_mb=20)
    assert first.id == second.id
    assert (first.media_type, first.scan_status) == ("image/png", "clean")
    assert files.file_bytes(first) == png()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("giay.pdf", HTML),
        ("giay.pdf", EXE),
        ("giay.png", pdf()),
        ("giay.svg", b"<svg onload=x>"),
        ("giay.pdf", b""),
        ("giay.pdf", pdf()[:200]),
        ("anh.jpg", png()),
        ("giay.txt", EICAR),
        ("giay.pdf", b"\x00" * 100),
    ],
)
def test_wrong_content_behind_a_good_name_is_refused_and_nothing_kept(session, name, data):
    with pytest.raises(Invalid, match=name.split(".")[0]):
        files.store_upload(session, name, data, max_mb=20)
    assert session.scalar(sa.select(sa.func.count(StoredFile.id))) == 0


def test_a_file_that_is_too_large_is_refused_with_both_sizes(session):
    with pytest.raises(Invalid, match=r"3.*2"):
        files.store_upload(session, "to.txt", b"a" * (3 * 1024 * 1024), max_mb=2)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\x\\giấy tờ.pdf", "giấy tờ.pdf"),
        ("a\x00b\r\n.pdf", "a b .pdf"),
        ('<b onclick="x">.png', "b onclick= x .png"),
        ("\u202efdp.exe", "fdp.exe"),
        ("...", "tệp"),
        ("", "tệp"),
    ],
)
def test_a_name_is_only_a_name(app, given, kept):
    with app.test_request_context():
        assert files.safe_name(given) in {kept, kept.replace("tệp", "file")}
        assert len(files.safe_name("d" * 500 + ".pdf")) <= files.MAX_NAME
        assert files.safe_name("d" * 500 + ".pdf").endswith(".pdf")


def test_two_uploads_of_one_content_at_once_make_one_row(own_database):
    start, found, faults = threading.Barrier(2), [], []

    def upload():
        try:
            with own_database.app_context():
                start.wait()
                with transaction() as unit:
                    found.append(files.store_upload(unit, "a.png", png("red"), max_mb=20).sha256)
                db.session.remove()
        except Exception as exc:
            faults.append(exc)

    workers = [threading.Thread(target=upload) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert faults == []
    assert len(set(found)) == 1
    with own_database.app_context():
        assert db.session.scalar(sa.select(sa.func.count(StoredFile.id))) == 1
        db.session.remove()


def attached(session, world, **owner):
    stored = files.store_upload(session, "a.png", png(), max_mb=20)
    return files.attach(session, stored, "Ảnh.png", world.actor, **owner)


def test_a_draft_has_a_largest_number_of_files(session, world, monkeypatch):
    monkeypatch.setattr(files, "MAX_FILES", 2)
    draft = make_draft(world)
    for _ in range(2):
        attached(session, world, draft=draft)
    with pytest.raises(Invalid, match="2"):
        attached(session, world, draft=draft)


def test_a_draft_is_open_to_its_owner_alone(session, world, actor):
    attachment = attached(session, world, draft=make_draft(world))
    assert files.get_attachment(session, attachment.id, world.actor) is attachment
    for role in Role:
        with pytest.raises(NotFound):
            files.get_attachment(session, attachment.id, actor(role))


@pytest.mark.parametrize("role", sorted(Role))
def test_a_dossiers_file_is_open_to_officers_in_scope(session, world, actor, role):
    dossier = send(world)
    attachment = dossier.attachments[0]
    elsewhere = factories.make_agency(parent=world.tree.root)
    sees = role not in {Role.citizen, Role.catalog_admin, Role.system_admin, Role.centre_director}
    who = actor(role)
    with acting_as(who):
        if sees:
            assert files.get_attachment(session, attachment.id, who).name == "Tờ khai.pdf"
        else:
            with pytest.raises(NotFound):
                files.get_attachment(session, attachment.id, who)
    if role is not Role.citizen:
        with pytest.raises(NotFound):
            files.get_attachment(session, attachment.id, actor(role, elsewhere))


def test_an_officers_reading_is_recorded_and_the_owners_is_not(session, world, actor):
    dossier = send(world)
    desk = actor(Role.desk_officer)
    for who in (world.actor, desk, desk):  # leafing through its pages is one reading
        with acting_as(who):
            files.get_attachment(session, dossier.attachments[0].id, who)
    query = sa.select(HistoryEntry).where(HistoryEntry.action == "read_file")
    entry = session.scalars(query.where(HistoryEntry.aggregate == "dossier")).one()
    assert (entry.aggregate_id, entry.actor_id) == (dossier.id, desk.user_id)
    assert entry.changes == {"attachment": [None, "Tờ khai.pdf"]}


def test_what_was_sent_stays(session, world):
    dossier = send(world)
    with pytest.raises(NotAllowed):
        files.remove(session, dossier.attachments[0].id, world.actor)
    assert session.scalar(sa.select(sa.func.count(Attachment.id))) == 1


def test_nothing_is_opened_before_it_is_clean(session, world):
    stored = files.store_upload(session, "a.png", png(), max_mb=20)
    for status, refusal in (("pending", Conflict), ("infected", NotAllowed)):
        stored.scan_status = status
        with pytest.raises(refusal):
            files.file_bytes(stored)


def test_files_that_came_while_the_scanner_was_away_are_scanned_by_themselves(session, app, monkeypatch):
    monkeypatch.setitem(app.config, "CLAMD_URL", "unix:///nowhere/clamd.ctl")
    kept = [files.store_upload(session, name, data, max_mb=20) for name, data in (("a.png", png()), ("b.pdf", pdf()))]
    lost = StoredFile(sha256="0" * 64, size=1, media_type="image/png", scan_status="pending")
    session.add(lost)  # the others do not wait for it
    session.commit()
    assert scan_waiting() == 0
    monkeypatch.setitem(app.config, "CLAMD_URL", "")
    before = session.scalar(sa.select(sa.func.count(OutboxEvent.id)).where(OutboxEvent.name == "signatures.check"))
    assert scan_waiting() == 2
    assert scan_waiting() == 0
    assert {session.get_one(StoredFile, one.id).scan_status for one in kept} == {"clean"}
    after = session.scalar(sa.select(sa.func.count(OutboxEvent.id)).where(OutboxEvent.name == "signatures.check"))
    assert after == before + 1, "its signatures are looked at once it is clean"


def test_a_waiting_file_is_scanned_when_it_is_opened(session, app, monkeypatch):
    monkeypatch.setitem(app.config, "CLAMD_URL", "unix:///nowhere/clamd.ctl")
    stored = files.store_upload(session, "a.png", png(), max_mb=20)
    assert stored.scan_status == "pending"
    assert files.ensure_scanned(session, stored).scan_status == "pending"
    monkeypatch.setitem(app.config, "CLAMD_URL", "")
    assert files.ensure_scanned(session, stored).scan_status == "clean"
    assert files.file_bytes(stored) == png()


def test_inner_slips_are_not_the_applicants(session, world, actor):
    from app.clock import now
    from app.models import Letter

    dossier = send(world)
    slip = Letter(dossier=dossier, kind="control_slip", data={}, created_at=now(), cause="x")
    session.add(slip)
    session.flush()
    with pytest.raises(NotFound):
        files.get_letter(session, slip.id, world.actor)
    desk = actor(Role.desk_officer)
    with acting_as(desk):
        assert files.get_letter(session, slip.id, desk) is slip
    stranger = actor(Role.citizen)
    with pytest.raises(NotFound):
        files.get_letter(session, dossier.letters[0].id, stranger)
