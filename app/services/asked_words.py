"""What people type who look for a procedure, and how near a procedure is to it."""

import unicodedata
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from app.lowcode.collation import in_order
from app.models import Procedure, ProcedureVersion, Sector
from app.text import fold, like_pattern

MAX_WORDS = 8

# What people say around the matter itself. Where letters without their marks have another meaning too ("căn", "hộ")
# only the word with its marks is one of these.
_AROUND = frozenset({
    "làm", "lam", "xin", "cho", "tôi", "toi", "của", "cua", "muốn", "muon", "cần", "giấy", "giay", "mình", "minh",
    "con", "bố", "mẹ", "vợ", "chồng", "thủ", "tục", "hồ", "sơ",
})  # fmt: skip


def asked_words(q: str) -> list[str]:
    """Return the folded words to search for: "xin làm giấy khai sinh cho con" asks for "khai", "sinh"."""
    typed = unicodedata.normalize("NFC", q).lower().split()
    matter = [word for word in typed if word not in _AROUND] or typed
    return fold(" ".join(matter)).split()[:MAX_WORDS]


def has_word(word: str) -> ColumnElement[bool]:
    """Whether a word of the procedure or its sector begins with ``word``; parts of codes stand anywhere."""
    return sa.or_(*(_begins(text, word) for text in (Procedure.search_text, Sector.search_text)))


def _begins(text: Any, word: str) -> ColumnElement[bool]:
    pattern = f"% {word}%" if word.isalpha() else like_pattern(word)
    plain = sa.func.replace(sa.func.replace(text, "(", " ", type_=sa.Text), ",", " ", type_=sa.Text)
    return (" " + plain).like(pattern, escape="\\")


def best_first(q: str) -> tuple[ColumnElement[Any], ...]:
    """Return the order of what was found for ``q``: what the name itself says stands before everyday words.

    Among the rest, words that are passed over as a rule count where a procedure has them: "bố mất" is nearer to the
    registration of a death than to a paper that was lost.
    """
    if not q:
        return (in_order(ProcedureVersion.name),)
    words, typed = asked_words(q), fold(q).split()[:MAX_WORDS]
    name, whole, phrase = ProcedureVersion.search_text, Procedure.search_text, like_pattern(q)
    nearest = sa.case((name.like(phrase, escape="\\"), 0), (_has_all(name, typed), 1),
                      (whole.like(phrase, escape="\\"), 2), else_=3)  # fmt: skip
    said = [sa.case((sa.and_(_begins(whole, word), ~_begins(name, word)), 1), else_=0)
            for word in typed if word not in words]  # fmt: skip
    return (
        nearest, sum(said, start=sa.literal(0)).desc(), sa.case((_has_all(name, words), 0), else_=1),
        sa.func.length(ProcedureVersion.name),  # the shortest name is the plain case; longer ones are its variants
    )


def _has_all(text: Any, words: list[str]) -> ColumnElement[bool]:
    return sa.and_(sa.true(), *(_begins(text, word) for word in words))
