"""Packs and the abbreviation of an agency, between this release and those that did not know it."""

import pytest

from app.packs import archive, yamls
from app.packs.exporting import Chosen
from app.packs.reading import Refused, read_pack
from app.packs.undoing import undo
from tests.factories import make_sector, make_tree
from tests.packs.carrying import files_of, put, take
from tests.wording import vi


@pytest.fixture
def commune(session):
    """An agency whose symbol is UBND, beside others without one."""
    found = make_tree().commune
    found.abbreviation = "UBND"
    session.flush()
    return found


def as_made_before(files, *, names_kinds=True):
    """Return the files as the release before made them, which knew neither abbreviations nor turns."""
    about = yamls.load(files[archive.MANIFEST], archive.MANIFEST) | {"release": 2}
    known = [kind for kind in about.pop("kinds") if kind not in archive.SINCE]
    return files | {archive.MANIFEST: yamls.dump(about | ({"kinds": known} if names_kinds else {}))}


def release_of(files):
    return yamls.load(files[archive.MANIFEST], archive.MANIFEST)["release"]


def without_any(session, commune):
    """Return a pack of agencies without abbreviation, and give one of them its own again."""
    commune.abbreviation = None
    session.flush()
    files = files_of(session)
    commune.abbreviation = "UBND"
    session.flush()
    return files


def test_only_a_pack_with_abbreviations_asks_for_a_release_that_knows_them(session, commune, monkeypatch):
    files, bare = files_of(session), without_any(session, commune)
    make_sector()
    others = files_of(session, Chosen("kind", "sector"))
    assert [release_of(one) for one in (files, bare, others)] == [3, 2, 2]
    monkeypatch.setattr(archive, "RELEASE", 2)  # as the release before this one reads them
    assert read_pack(bare).records
    with pytest.raises(Refused) as refused:
        read_pack(files)
    assert [fault.text for fault in refused.value.faults] == [
        vi("this pack comes from a newer release of Một Cửa; update this system first")]  # fmt: skip


@pytest.mark.parametrize("is_replacing", [False, True])
@pytest.mark.parametrize("names_kinds", [False, True])
def test_a_pack_made_before_leaves_abbreviations_alone(session, commune, names_kinds, is_replacing):
    files = as_made_before(without_any(session, commune), names_kinds=names_kinds)
    run = take(session, files, is_replacing=is_replacing)
    assert (run.state, run.lines) == ("planned", [])


def test_what_it_says_of_such_an_agency_is_taken_and_undone(session, commune):
    old = commune.address
    files = as_made_before(without_any(session, commune))
    commune.address = "Số 1 đường Mới"
    session.flush()
    run = put(session, files)
    assert (commune.address, commune.abbreviation) == (old, "UBND")
    undo(session, run, None)
    assert (commune.address, commune.abbreviation) == ("Số 1 đường Mới", "UBND")


def test_an_abbreviation_written_into_it_by_hand_is_taken(session, commune):
    files = as_made_before(files_of(session))
    commune.abbreviation = "CU"
    session.flush()
    put(session, files)
    assert commune.abbreviation == "UBND"


@pytest.mark.parametrize("is_replacing", [False, True])
def test_a_pack_of_this_release_without_abbreviations_empties_them(session, commune, is_replacing):
    files, before = without_any(session, commune), files_of(session)
    assert release_of(files) == 2
    run = put(session, files, is_replacing=is_replacing)
    assert commune.abbreviation is None
    assert files_of(session) == files
    undo(session, run, None)
    assert files_of(session) == before
