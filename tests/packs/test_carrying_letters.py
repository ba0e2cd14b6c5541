"""Editions of letter texts in packs: they come back word for word, and only forward."""

from datetime import date

import pytest
import sqlalchemy as sa

from app.clock import now
from app.documents.builtin import built_in
from app.errors import Conflict
from app.models import Letter, LetterTemplate
from app.packs import yamls
from app.packs.reading import Refused
from app.packs.undoing import undo
from app.permissions import SYSTEM, Actor, acting_as
from app.services.letter_templates import in_force
from tests.factories import make_procedure
from tests.factories import number as number_of
from tests.leaders.dossiers import add_dossier
from tests.packs.carrying import files_of, forget_configuration, put, take

KIND, SET = "stop", "tt03_2025"


def edition(session, number=1, **given):
    words = built_in(KIND, SET) | {"closing": f"Trân trọng cảm ơn Ông/Bà, lần {number}./."}
    row = LetterTemplate(**{
        "kind": KIND, "form_set": SET, "edition": number, "texts": words, "state": "published",
        "valid_from": date(2026, 1, 5), "published_by": "Trần Thị Bình"} | given)  # fmt: skip
    session.add(row)
    session.flush()
    return row


def slip(session, kind, form_set, edition, **data):
    """Return a letter issued with the words of an edition."""
    at = number_of()
    dossier, kept = add_dossier("in time", version=make_procedure()), {"form_set": form_set} | data
    row = Letter(dossier=dossier, kind=kind, number=f"{at}/TBD", data=kept,
                 created_at=now(), cause=f"x{at}", edition=edition)  # fmt: skip
    session.add(row)
    session.flush()
    return row


def path_of(files):
    (path,) = [path for path in files if path.startswith("letter_template/")]
    return path


def changed(files, **values):
    path = path_of(files)
    return files | {path: yamls.dump(yamls.load(files[path], path) | values)}


def test_the_words_of_letters_come_back_and_are_printed(session):
    words = edition(session).texts
    files = files_of(session)
    assert b"Tr\xe1\xba\xa7n" not in files[path_of(files)], "who published it stays here"
    forget_configuration(session)
    put(session, files)
    row = in_force(session, KIND, SET, date(2026, 2, 1))
    assert row is not None
    assert row.texts == words
    assert files_of(session) == files


def test_a_published_edition_is_neither_changed_nor_removed(session):
    bare = files_of(session)
    row = edition(session)
    files = files_of(session)
    faults = take(session, changed(files, texts=built_in(KIND, SET))).faults
    assert "đã ban hành" in str(faults)
    assert "lưu giữ" in str(take(session, bare, is_replacing=True).faults)
    with pytest.raises(Conflict):
        row.check_delete(SYSTEM)


@pytest.mark.parametrize(("values", "said"), [
    ({"texts": {"body": "Kính gửi {{khong_co}}"}}, "khong_co"),
    ({"texts": {"than": "x"}}, "than"),
    ({"texts": {"body": 3}}, "khối"),
    ({"texts": ["x"]}, "khối"),
    ({"state": "published", "valid_from": None}, "ngày"),
])  # fmt: skip
def test_what_cannot_be_printed_is_refused(session, values, said):
    row = edition(session, state="draft", valid_from=None)
    files = changed(files_of(session), **values)
    session.delete(row)
    session.flush()
    run = take(session, files)
    assert said in str(run.faults)
    assert session.scalar(sa.select(sa.func.count(LetterTemplate.id))) == 0


def test_undoing_takes_a_new_edition_away_and_leaves_the_old_one(session):
    edition(session)
    files = files_of(session)
    second = edition(session, 2, valid_from=date(2026, 3, 1))
    with_second = files_of(session)
    session.delete(second)
    session.flush()
    run = put(session, with_second)
    assert in_force(session, KIND, SET, date(2026, 4, 1)).edition == 2
    undo(session, run, None)
    assert in_force(session, KIND, SET, date(2026, 4, 1)).edition == 1
    assert files_of(session) == files


def test_undoing_takes_no_edition_away_that_letters_were_issued_with(session):
    row = edition(session)
    with_edition = files_of(session)
    session.delete(row)
    session.flush()
    run = put(session, with_edition)
    slip(session, "stop", SET, 2)
    slip(session, "stop", "tt01_2018", 1)
    slip(session, "supplement", SET, 1)
    with session.begin_nested() as trial:  # letters of other editions, sets and kinds are no use of this one
        undo(session, run, None)
        trial.rollback()
    session.expire_all()
    used = slip(session, "stop", SET, 1)
    with pytest.raises(Refused) as refused:
        undo(session, run, None)
    said = str([fault.text for fault in refused.value.faults])
    assert f"({used.number})" in said
    session.delete(used)
    session.flush()
    undo(session, run, None)
    assert session.scalar(sa.select(sa.func.count(LetterTemplate.id))) == 0


def test_undoing_makes_no_draft_again_of_what_was_used(session):
    row = edition(session, state="draft", valid_from=None, published_by=None)
    run = put(session, changed(files_of(session), state="published", valid_from="2026-05-01"))
    used = slip(session, "stop", SET, 1)
    with pytest.raises(Refused):
        undo(session, run, None)
    session.delete(used)
    session.flush()
    undo(session, run, None)
    session.expire_all()
    assert (row.state, row.valid_from, row.published_by) == ("draft", None, None)


def test_an_apology_counts_for_the_words_of_its_cause(session):
    row = edition(session, kind="apology_guidance", texts=built_in("apology_guidance", SET))
    files = files_of(session)
    session.delete(row)
    session.flush()
    run = put(session, files)
    slip(session, "apology", SET, 1, cause="extension")
    with session.begin_nested() as trial:
        undo(session, run, None)
        trial.rollback()
    session.expire_all()
    slip(session, "apology", SET, 1, cause="guidance")
    with pytest.raises(Refused):
        undo(session, run, None)


def test_who_applied_a_pack_is_named_as_the_publisher(session):
    row = edition(session, state="draft", valid_from=None, published_by=None)
    files = changed(files_of(session), state="published", valid_from="2026-05-01")
    with acting_as(Actor(name="Lê Văn Cường")):
        put(session, files)
    assert row.published_by == "Lê Văn Cường"
    forget_configuration(session)
    with acting_as(Actor(name="Phạm Thị Dung")):
        put(session, files)
    assert session.scalar(sa.select(LetterTemplate.published_by)) == "Phạm Thị Dung"


def test_a_draft_goes_on_to_be_published(session):
    row = edition(session, state="draft", valid_from=None)
    files = changed(files_of(session), state="published", valid_from="2026-05-01")
    put(session, files)
    assert (row.state, row.valid_from) == ("published", date(2026, 5, 1))
    assert take(session, changed(files, valid_from="2026-06-01")).faults, "its day stays"
