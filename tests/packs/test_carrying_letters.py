"""Editions of letter texts in packs: they come back word for word, and only forward."""

from datetime import date

import pytest
import sqlalchemy as sa

from app.documents.builtin import built_in
from app.errors import Conflict
from app.models import LetterTemplate
from app.packs import yamls
from app.packs.undoing import undo
from app.permissions import SYSTEM
from app.services.letter_templates import in_force
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


def test_a_draft_goes_on_to_be_published(session):
    row = edition(session, state="draft", valid_from=None)
    files = changed(files_of(session), state="published", valid_from="2026-05-01")
    put(session, files)
    assert (row.state, row.valid_from) == ("published", date(2026, 5, 1))
    assert take(session, changed(files, valid_from="2026-06-01")).faults, "its day stays"
