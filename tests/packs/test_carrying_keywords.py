"""Packs and the everyday words of a procedure, between this release and those that did not know them."""

import pytest

from app.packs import archive, yamls
from app.packs.exporting import Chosen
from app.packs.reading import Refused, read_pack
from app.packs.undoing import undo
from tests.factories import make_procedure
from tests.packs.carrying import files_of, forget_configuration, put, take

WORDS = "báo tử, bố mất\ngiấy chứng tử"


@pytest.fixture
def procedure(session):
    """A procedure with everyday words, beside one without."""
    make_procedure()
    return make_procedure(keywords=WORDS).procedure


def about(files):
    return yamls.load(files[archive.MANIFEST], archive.MANIFEST)


def without_any(session, procedure):
    """Return a pack without everyday words, and give the procedure its own again."""
    procedure.keywords = None
    session.flush()
    files = files_of(session)
    procedure.keywords = WORDS
    session.flush()
    return files


def test_they_come_back_as_they_were(session, procedure):
    code, files = procedure.code, files_of(session)
    forget_configuration(session)
    put(session, files)
    assert files_of(session) == files
    assert yamls.load(files[f"procedure/{code}.yaml"], "")["keywords"] == WORDS


def test_only_a_pack_with_them_asks_for_a_release_that_knows_them(session, procedure, monkeypatch):
    files, bare = files_of(session), without_any(session, procedure)
    others = files_of(session, Chosen("kind", "sector"))
    assert [about(one)["release"] for one in (files, bare, others)] == [4, 2, 2]
    monkeypatch.setattr(archive, "RELEASE", 3)  # as the release before this one reads them
    assert read_pack(bare).records
    with pytest.raises(Refused):
        read_pack(files)


@pytest.mark.parametrize("is_replacing", [False, True])
def test_a_pack_made_before_leaves_them_alone(session, procedure, is_replacing):
    bare = without_any(session, procedure)
    said = about(bare)
    known = [name for name in said["kinds"] if name != "procedure.keywords"]
    files = bare | {archive.MANIFEST: yamls.dump(said | {"kinds": known})}
    run = take(session, files, is_replacing=is_replacing)
    assert (run.state, run.lines) == ("planned", [])


@pytest.mark.parametrize("is_replacing", [False, True])
def test_a_pack_of_this_release_without_any_empties_them(session, procedure, is_replacing):
    files, before = without_any(session, procedure), files_of(session)
    run = put(session, files, is_replacing=is_replacing)
    assert procedure.keywords is None
    assert files_of(session) == files
    undo(session, run, None)
    assert files_of(session) == before
