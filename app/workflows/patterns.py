"""Patterns an administrator writes for a field: only those that cannot hang a page are taken.

Matching takes exponential time when a repeated group can split its text in several ways. Such
patterns are refused when they are written; and every match is given up after a moment, for
patterns written before and for whatever the inspection misses.
"""

import re
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

import regex  # type: ignore[import-untyped]

from app.i18n import N_
from app.workflows.wording import Phrase

MAX_LENGTH = 255
PATIENCE = 0.2  # seconds for one match; an ordinary one takes microseconds
_PROBE = 0.05
_FEW = 20  # a repeat of more counts as without end
_PROBE_LENGTH, _PROBES = 800, 14
_BEGINNINGS = {_constants.AT_BEGINNING, _constants.AT_BEGINNING_STRING}
_ENDS = {_constants.AT_END, _constants.AT_END_STRING}
_REPEATS = {_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT}


def fault(pattern: str) -> Phrase | None:
    """Return why ``pattern`` may not be used, or None when it may."""
    if len(pattern) > MAX_LENGTH:
        return Phrase(N_("A pattern has at most 255 characters."))
    try:
        tree = _parser.parse(pattern)
        regex.compile(pattern)
    except (re.error, regex.error, RecursionError, OverflowError, ValueError):
        return Phrase(N_("This is not a valid pattern."))
    if any(op is _constants.GROUPREF for op, _given in _walk(tree)):
        return Phrase(N_("A pattern may not refer back to an earlier group: checking it could take "
                         "too long."))  # fmt: skip
    if _may_explode(tree) or _is_slow(pattern):
        return Phrase(N_("Checking this pattern could take too long: a group that repeats holds "
                         "parts that repeat or alternate. Please write it without repeating the "
                         "group, or limit its length in “Longest text”."))  # fmt: skip
    return None


def fits(pattern: str, value: str) -> bool | None:
    """Return whether the whole of ``value`` matches ``pattern``; None if the pattern cannot be read.

    A match that takes too long counts as none: only a text that does not fit takes that long.
    """
    try:
        return regex.fullmatch(pattern, value, timeout=PATIENCE) is not None
    except TimeoutError:
        return False
    except regex.error:
        return None


def is_anchored(pattern: str) -> bool:
    """Return whether a pattern says of itself, by ^ and $, that it is of the whole value.

    Others once were looked for within the value; since then they mean the whole of it. False for
    what cannot be read.
    """
    try:
        tree = list(_parser.parse(pattern))
    except (re.error, RecursionError, OverflowError):
        return False
    return _is_closed(tree, 0, _BEGINNINGS) and _is_closed(tree, -1, _ENDS)


def _is_closed(tree: Any, at: int, anchors: Any) -> bool:
    """Return whether every way through ``tree`` begins (at 0) or ends (at -1) with one of ``anchors``."""
    if not len(tree):
        return False
    op, given = tree[at]
    if op is _constants.AT:
        return given in anchors
    if op is _constants.SUBPATTERN:
        return _is_closed(given[3], at, anchors)
    return op is _constants.BRANCH and all(_is_closed(way, at, anchors) for way in given[1])


def _walk(tree: Any) -> Iterator[tuple[Any, Any]]:
    for op, given in tree:
        yield op, given
        for part in _parts(given):
            yield from _walk(part)


def _parts(given: Any) -> Iterator[Any]:
    """Yield the patterns inside one item of a parsed pattern."""
    if isinstance(given, _parser.SubPattern):
        yield given
    elif isinstance(given, tuple | list):
        for item in given:
            yield from _parts(item)


def _may_explode(tree: Any) -> bool:
    return any(
        op in _REPEATS and given[1] > 1 and _splits(given[2], endless=given[1] > _FEW)
        for op, given in _walk(tree)
    )


def _splits(body: Any, *, endless: bool) -> bool:
    """Return whether one text may be read by the repeated ``body`` in several ways."""
    for op, given in _walk(body):
        if op in _REPEATS and given[0] != given[1] and (endless or given[1] > _FEW):
            return True
        if op is _constants.BRANCH and endless:
            return True
    return False


def _is_slow(pattern: str) -> bool:
    """Try texts of the pattern's own letters, ending so that they do not fit."""
    letters = [c for c in dict.fromkeys(pattern) if c.isalnum() or c in " .-/,"]
    seeds = list(dict.fromkeys(["0", "a", "A", " ", "0a", "a ", "0.", *letters]))[:_PROBES]
    for seed in seeds:
        text = (seed * _PROBE_LENGTH)[:_PROBE_LENGTH] + "\x01"
        try:
            regex.fullmatch(pattern, text, timeout=_PROBE)
        except TimeoutError:
            return True
    return False
