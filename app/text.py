"""Text folded for searching: without case, tone marks or đ."""

import re
import unicodedata

_SPACES = re.compile(r"\s+")


def fold(text: str) -> str:
    """Return ``text`` lower-cased, without diacritics, đ as d, spaces collapsed.

    ``fold("Đăng  ký khai sinh") == "dang ky khai sinh"``, so a search typed on a
    keyboard without Vietnamese input finds the official name.
    """
    plain = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    bare = "".join(char for char in plain if not unicodedata.combining(char))
    return _SPACES.sub(" ", bare).strip().lower()


def like_pattern(text: str) -> str:
    """Return a LIKE pattern (escape character ``\\``) that finds folded ``text`` anywhere."""
    escaped = fold(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
