"""The condition "its search text holds the words typed", by what the actor may see."""

from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from app.lowcode.entity import SearchableByPhrase
from app.lowcode.screen import searched
from app.text import PHONE, fold, like_pattern, word_pairs


def matching(model: type[Any], text: str) -> ColumnElement[bool]:
    """Return the condition that a record of ``model`` holds ``text``, without diacritics.

    The folded column holds all search columns together; an actor to whom one of them is
    closed searches the open ones as they are written, or nothing could be kept from him.
    Several words are found from the beginning of a word where the table has an index of them.
    """
    text = _as_kept(text)
    names = searched(model)
    if len(names) == len(model.screen.search):
        return _folded(model, text)
    found = [getattr(model, name).icontains(text, autoescape=True) for name in names]
    return sa.or_(sa.false(), *found)


def _as_kept(text: str) -> str:
    """A phone number is shown in groups of digits and kept without blanks."""
    bare = "".join(text.split())
    return bare if PHONE.fullmatch(bare) else text


def _folded(model: type[Any], text: str) -> ColumnElement[bool]:
    anywhere = model.search_text.like(like_pattern(text), escape="\\")
    words = fold(text).split(" ")
    pairs = word_pairs(text)
    if not issubclass(model, SearchableByPhrase) or len(pairs) != len(set(pairwise(words))) or not pairs:
        return anywhere  # type: ignore[no-any-return]
    return _has_phrase(model.search_pairs, sa.literal(_vector_query(pairs, " ".join(words[-2:]))), anywhere)


def _vector_query(pairs: list[str], last: str) -> str:
    """All pairs; the second word of the last one may go on, as it is still being typed."""
    return " & ".join(f"'{pair}':*" if pair == last else f"'{pair}'" for pair in pairs)


class _has_phrase(FunctionElement[bool]):  # noqa: N801 - a function of SQL
    """(column of pairs, query for it, the same asked of the text): by the first where it has an index."""

    type = sa.Boolean()
    inherit_cache = True


@compiles(_has_phrase)  # type: ignore[no-untyped-call, untyped-decorator]
def _by_text(element: _has_phrase, compiler: Any, **given: Any) -> str:
    _pairs, _wanted, anywhere = element.clauses
    return str(compiler.process(anywhere, **given))


@compiles(_has_phrase, "postgresql")  # type: ignore[no-untyped-call, untyped-decorator]
def _by_pairs(element: _has_phrase, compiler: Any, **given: Any) -> str:
    pairs, wanted, _anywhere = element.clauses
    return f"{compiler.process(pairs, **given)} @@ CAST({compiler.process(wanted, **given)} AS tsquery)"
