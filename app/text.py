"""Text folded for searching: without case, tone marks or đ."""

import re
import unicodedata
from itertools import pairwise

_SPACES = re.compile(r"\s+")
PHONE = re.compile(r"0(2\d{8,9}|[35789]\d{8})", re.ASCII)


def fold(text: str) -> str:
    """Return ``text`` lower-cased, without diacritics, đ as d, spaces collapsed.

    ``fold("Đăng  ký khai sinh") == "dang ky khai sinh"``, so a search typed on a
    keyboard without Vietnamese input finds the official name.
    """
    plain = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    bare = "".join(char for char in plain if not unicodedata.combining(char))
    return _SPACES.sub(" ", bare).strip().lower()


def word_pairs(text: str) -> list[str]:
    """Return the neighbouring words of ``text``, folded, two by two: words of a to z only, each pair once.

    ``word_pairs("Nguyễn Thị Hoa 046") == ["nguyen thi", "thi hoa"]``. A pair is far rarer than each
    of its words, so that an index of pairs finds a name among millions at once.
    """
    words = fold(text).split(" ")
    return list(dict.fromkeys(f"{one} {two}" for one, two in pairwise(words) if _is_plain(one) and _is_plain(two)))


def _is_plain(word: str) -> bool:
    return word.isascii() and word.isalpha()


def like_pattern(text: str) -> str:
    """Return a LIKE pattern (escape character ``\\``) that finds folded ``text`` anywhere."""
    escaped = fold(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def family_and_given(name: str) -> tuple[str, str]:
    """Return ("Nguyễn Văn", "An") of "Nguyễn Văn An": stored apart, never reordered."""
    head, _space, tail = name.strip().rpartition(" ")
    return (head, tail) if head else (tail, "")


def person_name(name: str) -> str:
    """Return a person's name with its capitals where it was typed without any; with any, it stays as it was typed.

    ``person_name("nguyễn văn an") == "Nguyễn Văn An"``.
    """
    if name != name.lower():
        return name
    return " ".join(word[:1].upper() + word[1:] for word in name.split(" "))


def phone_text(number: str) -> str:
    """Return a phone number in groups, 0905 123 456; one that is written another way as it is."""
    return f"{number[:4]} {number[4:7]} {number[7:]}" if PHONE.fullmatch(number) else number
