"""Dossier codes by pattern (TT 01/2018 Đ19: unit code, date of receipt, serial of the day)."""

import re
from collections import Counter
from datetime import date

from app.i18n import N_
from app.text import fold
from app.workflows.wording import Phrase

DATES = {"yymmdd": "%y%m%d", "yyyymmdd": "%Y%m%d", "yyyy": "%Y", "yy": "%y", "mm": "%m", "dd": "%d"}
TOKEN = re.compile(r"\{([^{}]*)\}")
SERIAL = re.compile(r"n{1,9}")
# A code is typed, read aloud and part of an address (/tra-cuu/<code>).
PLAIN = re.compile(r"[A-Za-z0-9.\-]*")
_OTHER = re.compile(r"[^A-Z0-9.\-]+")
# Not a digit, so that a counter's key never equals a code.
SERIAL_MARK = "#"


def pattern_problems(pattern: str) -> list[Phrase]:
    """Return what is wrong with a code pattern such as ``{unit}-{yymmdd}-{nnnn}``; [] if sound."""
    tokens = TOKEN.findall(pattern)
    found = [
        Phrase(N_("Unknown part in the code pattern: {%(part)s}"), {"part": token})
        for token in tokens
        if token not in DATES and token not in ("unit", "sector") and not SERIAL.fullmatch(token)
    ]
    if not PLAIN.fullmatch(TOKEN.sub("", pattern)):
        found.append(
            Phrase(N_("A code may hold letters without marks, digits, dots and hyphens only"))
        )
    return found + _serial_problems(tokens) + _part_problems(tokens)


def _serial_problems(tokens: list[str]) -> list[Phrase]:
    serials = [token for token in tokens if SERIAL.fullmatch(token)]
    if len(serials) != 1:
        return [Phrase(N_("The code pattern needs exactly one serial number such as {nnnn}"))]
    if tokens[-1] != serials[0]:
        return [Phrase(N_("The serial number must be the last part of the code"))]
    return []


def _part_problems(tokens: list[str]) -> list[Phrase]:
    counts = Counter(tokens)
    found = [
        Phrase(N_("The code pattern repeats {%(part)s}"), {"part": token})
        for token, times in counts.items()
        if times > 1
    ]
    if "unit" not in counts:
        found.append(Phrase(N_("The code pattern needs the code of the unit: {unit}")))
    if not _has_year(counts):
        found.append(Phrase(N_("The code pattern needs the year: {yymmdd}, {yyyy} or {yy}")))
    if "dd" in counts and "mm" not in counts:
        found.append(Phrase(N_("The code pattern has {dd} without {mm}")))
    return found


def _has_year(counts: Counter[str]) -> bool:
    return any(counts[token] for token in ("yymmdd", "yyyymmdd", "yyyy", "yy"))


def render_code(pattern: str, unit: str, on: date, serial: int, *, sector: str = "") -> str:
    """Return the code of the ``serial``-th dossier that ``unit`` received on ``on``.

    A serial longer than its places is written in full: a desk never stops for lack of digits.
    on: civil date in Vietnam. Raises ValueError for a bad pattern or a serial below 1.
    """
    if serial < 1:
        raise ValueError("serial numbers begin with 1")
    head, places = _head(pattern, unit, on, sector)
    return f"{head}{serial:0{places}d}"


def counter_key(pattern: str, unit: str, on: date, *, sector: str = "") -> str:
    """Return the name of the counter to draw from: one per series of codes.

    It is the code without its serial, so two codes can only be equal if one counter gave the
    same number twice. Raises ValueError for a bad pattern.
    """
    return _head(pattern, unit, on, sector)[0] + SERIAL_MARK


def bare(code: str) -> str:
    """Return a code in capitals without the signs that part it: H57.19753.01-261204-0001 as H5719753012612040001."""
    return code.upper().replace(".", "").replace("-", "")


def _head(pattern: str, unit: str, on: date, sector: str) -> tuple[str, int]:
    problems = pattern_problems(pattern)
    if problems:
        raise ValueError("; ".join(problem.text() for problem in problems))
    values = {token: on.strftime(form) for token, form in DATES.items()}
    values |= {"unit": _plain(unit), "sector": _plain(sector)}
    # In capitals: codes are looked up in capitals, however they are typed.
    head = TOKEN.sub(lambda part: values.get(part[1], ""), pattern).upper()
    return head, len(TOKEN.findall(pattern)[-1])


def _plain(code: str) -> str:
    """Return the code of a unit or sector as it may stand in another: ho_tich as HO-TICH."""
    return _OTHER.sub("-", fold(code).upper()).strip("-")
