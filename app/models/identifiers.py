"""Rules of the personal and organisation numbers an applicant gives."""

import re
from datetime import date

from stdnum.exceptions import ValidationError
from stdnum.vn import mst

_PERSONAL_ID = re.compile(r"^(?P<place>\d{3})(?P<sex>\d)(?P<year>\d{2})\d{6}$")
_BETWEEN = re.compile(r"[\s.\x00-\x1f]+")
_PASSPORT = re.compile(r"^[A-Z]{1,2}\d{7}$")
# Luật Căn cước 26/2023: place of birth 001–096 (provinces) or 1xx–2xx codes of countries.
_MAX_PLACE = 300


def tidy_number(id_kind: str | None, number: str | None) -> str:
    """Return an identification number as it is kept: no spaces or dots, capitals, a tax code without hyphens.

    A branch's tax code 0100109106-001 is kept as 0100109106001: one number, one applicant.
    """
    plain = _BETWEEN.sub("", number or "").upper()
    return plain.replace("-", "") if id_kind == "tax_code" else plain


def personal_id_problem(number: str, born_on: date | None = None) -> str | None:
    """Return the key of the rule a 12-digit personal number breaks, or None.

    Keys: "length", "place", "century" (digit 4 does not fit the birth year).
    Source: NĐ 70/2024 on the structure of the personal identification number.
    """
    match = _PERSONAL_ID.match(number)
    if match is None:
        return "length"
    if not 1 <= int(match["place"]) <= _MAX_PLACE:
        return "place"
    if born_on is not None:
        century = 1900 + 100 * (int(match["sex"]) // 2)
        if century + int(match["year"]) != born_on.year:
            return "century"
    return None


def tax_code_problem(number: str) -> str | None:
    """Return "check_digit" if the tax code (10 digits, or 13 with the branch) is wrong, else None."""
    try:
        mst.validate(number)
    except ValidationError:
        return "check_digit"
    return None


def passport_problem(number: str) -> str | None:
    """Return "format" unless the number is one or two capitals and seven digits."""
    return None if _PASSPORT.match(number) else "format"
