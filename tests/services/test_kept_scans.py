"""Scans kept at the counter and never received are removed after seven days; what hangs on anything stays."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app import contents
from app.clock import acting_at, now
from app.contents import storage
from app.errors import NotFound
from app.extensions import db
from app.models import KeptScan, StoredFile
from app.permissions import Role
from app.services import files, kept_scans
from app.tasks.scanning import clean
from app.transactions import transaction
from config import BEAT
from tests.applicant.world import png
from tests.services.test_catch_up import enter, office  # noqa: F401 - a fixture


def kept(session, colour, days):
    """Return a file kept at the counter so many days ago."""
    with acting_at(now() - timedelta(days=days)), transaction() as unit:
        stored = files.store_upload(unit, f"{colour}.png", png(colour), max_mb=5)
        unit.add(KeptScan(file_id=stored.id))
        number = stored.id
    return session.get(StoredFile, number)


def left(session):
    session.expire_all()
    return set(session.scalars(sa.select(StoredFile.id)))


def test_only_what_is_old_goes_with_its_content(session):
    old, young = kept(session, "red", 8), kept(session, "blue", 6)
    content, keeps = old.sha256, young.id
    assert storage().open(content)
    assert (clean(), clean()) == (1, 0)
    assert left(session) == {keeps}
    with pytest.raises(NotFound):
        b"".join(storage().open(content))
    assert session.scalar(sa.select(sa.func.count(KeptScan.id))) == 1
    assert "scans.clean" in BEAT


def test_what_became_part_of_a_dossier_or_a_late_entry_stays(session, office):  # noqa: F811
    dossier = office.received()
    session.commit()
    of_entry, received = kept(session, "green", 9), kept(session, "red", 9)
    files.attach(session, received, "a.png", office[Role.desk_officer], dossier=dossier)
    enter(office).scans = [[of_entry.id, "a.png", None]]
    session.commit()
    both = {received.id, of_entry.id}
    assert clean() == 2
    assert both <= left(session)
    assert session.scalar(sa.select(sa.func.count(KeptScan.id))) == 0


def test_kept_again_lately_it_stays(session):
    old = kept(session, "red", 9)
    number = old.id
    assert kept(session, "red", 1).id == number
    assert clean() == 1
    assert left(session) == {number}
    with acting_at(now() + timedelta(days=7)):
        assert clean() == 1
    assert left(session) == set()


def test_statements_do_not_grow_with_the_scans(session, count_queries):
    counts = []
    for many in (1, 5):
        for number in range(many):
            kept(session, f"#0000{many}{number}", 9)
        with count_queries() as found, transaction() as unit:
            assert kept_scans.forget(unit)[0] == many
        counts.append(len(found))
    assert counts[0] == counts[1]


@pytest.fixture
def meanwhile(monkeypatch):
    """Give a function that runs once, while somebody waits for a content that another transaction holds."""
    def wait(run):
        waiting = [run]
        monkeypatch.setattr(contents, "one_at_a_time", lambda *_key: waiting and waiting.pop()())

    return wait


def test_content_removed_while_the_same_is_uploaded_is_written_again(session, meanwhile):
    content = storage().put(png("red")).sha256  # of something forgotten
    meanwhile(lambda: storage().remove(content))
    assert kept(session, "red", 0).sha256 == content
    assert storage().open(content) == png("red")


def test_content_uploaded_again_while_it_was_to_be_removed_stays(session, meanwhile):
    old = kept(session, "red", 9)
    content = old.sha256

    def upload():
        values = {"sha256": content, "size": old.size, "media_type": "image/png", "scan_status": "clean"}
        session.execute(sa.insert(StoredFile).values(created_at=now(), row_version=1, **values))

    meanwhile(upload)
    assert clean() == 1
    assert len(left(session)) == 1
    assert storage().open(content) == png("red")


def test_the_clean_up_waits_for_an_upload_that_has_not_ended(own_database):
    """The upload has found the row of the old scan; until it has named it again, nobody takes the row away."""
    done = []

    def clean_up():
        with own_database.app_context():
            done.append(clean())
            db.session.remove()

    with own_database.app_context():
        content = kept(db.session(), "red", 9).sha256
        worker = threading.Thread(target=clean_up)
        with transaction() as unit:
            stored = files.store_upload(unit, "again.png", png("red"), max_mb=5)
            worker.start()
            worker.join(0.5)  # as far as it comes
            unit.add(KeptScan(file_id=stored.id))
        worker.join()
        assert done == [1]
        assert db.session.scalar(sa.select(StoredFile.sha256)) == content
        assert storage().open(content) == png("red")
        db.session.remove()
