"""Scans kept at the counter and never received are removed after seven days; what hangs on anything stays."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now
from app.errors import NotFound
from app.models import KeptScan, StoredFile
from app.permissions import Role
from app.services import files, kept_scans
from app.services.files import storage
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
