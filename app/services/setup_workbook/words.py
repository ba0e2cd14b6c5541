"""What published tables say in words, as values: time limits, fees, papers, steps' times."""

import re
from dataclasses import dataclass

from app.documents.words import number_in_words
from app.text import fold

_UNITS = {"ngay": "day", "gio": "hour", "h": "hour", "thang": "month", "nlv": "working_day"}
_UNIT = r"(?P<unit>ngay|gio|h|thang|nlv)\b(?: \(?(?P<working>(?:lam viec|lv)\b)\)?)?"
_ASIDE_WITHOUT_UNIT = r"\((?P<again>(?![^)]*\b(?:ngay|gio|h|thang|tuan|phut)\b)[^)]*)\)"
_LIMIT = re.compile(
    r"(?:khong qua |toi da |trong (?:thoi han )?)?(?P<number>\d{1,3})(?![.,]?\d)\s*"
    rf"(?:{_ASIDE_WITHOUT_UNIT}\s*)?(?:\(?{_UNIT}\)?)?"
)
# "3 ngày - 5 ngày", "15 ngày hoặc 20 ngày", "1 giờ 30 phút", "2 tháng rưỡi": not the one number before it
_GOES_ON = re.compile(r"\s*(?:(?:[-–—~/+]|den|hoac)?\s*\d|ruoi\b)")
# "10 (mười ngày)": the unit inside the bracket, behind the number said again
_SAID_AGAIN = re.compile(r"(?P<number>\d{1,3})\s*\((?P<again>[a-z0-9 ]+?) ?(?P<unit>(?:ngay|gio|h|thang|nlv)\b[^)]*)\)")
# "5 ngày tại xã + 3 ngày tại tỉnh" adds up, unless it tells what the limit before it consists of;
# "đủ đơn và 02 bản sao" counts no time
_ADDS = re.compile(r"(?:\+|\bcong(?: them| voi)?|\bva)\s*\d[\d.,–-]*\s*(?:(?:ngay|gio|h|thang|nlv|tuan|phut|buoi)\b|$)")
_OF_WHICH = re.compile(r"\btrong do\b|\b(?:bao )?gom\b")
_SAME_DAY = re.compile(r"(?:giai quyet |tra ket qua )?(?:ngay )?trong ngay")
_AMOUNT = re.compile(r"(\d{1,3}(?:\.\d{3})+|\d+)\s*(?:đồng|dong|vnđ|vnd|đ)\b", re.IGNORECASE)
_NOTHING = frozenset({"", "khong", "khong co", "khong quy dinh", "khong thu", "mien phi", "mien", "0", "-"})
_ASIDE = re.compile(r"\([^)]*\)|/ ?ho so")
_HOURS = re.compile(r"\d{1,9}(?:[.,]\d{1,9})?")
_THOUSANDS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}\.\d{3}(?!\d)")  # a thousand, or one and three decimals
_CLOCK = re.compile(r"(\d+) ?(?:h|gio) ?(\d{1,2})$")  # 1h30
_PART = re.compile(r"(\d{1,9}(?:[.,]\d{1,9})?) ?(ngay|buoi|gio|h|phut|p)(?: lam viec)?(?:[ ,+]+|$)")
_MINUTES = {"ngay": 480, "buoi": 240, "gio": 60, "h": 60, "phut": 1, "p": 1}
_PROVINCE = re.compile(r"cap tinh|\bso \w|thanh pho|\btinh\b|ban quan ly")
_COMMUNE = re.compile(r"cap xa|\bxa\b|phuong|dac khu")


@dataclass(frozen=True)
class Limit:
    """A time limit: value and unit, whether the answer comes the same day, what else was said."""

    value: str
    unit: str
    is_same_day: bool
    note: str


def limit_of(text: str) -> Limit | None:
    """Return the time limit in ``text``, None if it cannot be read: "vài hôm", "1,5 ngày", "3 - 5 ngày".

    A number alone counts working days; one with a unit that no limit has ("30 phút", "02 tuần") is not read, nor
    is a sum of several.
    """
    plain = _SAID_AGAIN.sub(_said_once, fold(text), count=1)
    if _SAME_DAY.match(plain):
        return Limit("1", "working_day", True, text if len(plain) > len("trong ngay") else "")
    found = _LIMIT.match(plain)
    if found is None:
        return None
    rest = plain[found.end() :]
    if _GOES_ON.match(rest) if found["unit"] else rest.strip(" .,;"):
        return None
    if found["again"] and _number_said(found["again"]) not in {None, int(found["number"])}:
        return None
    if _ADDS.search(_OF_WHICH.split(_ASIDE.sub("", rest))[0]):
        return None
    unit = _UNITS[found["unit"] or "nlv"]
    return Limit(found["number"], f"working_{unit}" if found["working"] else unit, False, text if rest else "")


def _said_once(found: re.Match[str]) -> str:
    """Return "10 ngày" for "10 (mười ngày)"; where words and number differ, what stands there."""
    is_same = _number_said(found["again"]) == int(found["number"])
    return f"{found['number']} {found['unit']}" if is_same else found[0]


def _number_said(text: str) -> int | None:
    """Return the number below a thousand in ``text``, None where it is no number: "muoi lam" → 15."""
    said = text.strip()
    if said.isdecimal():
        return int(said[:9])
    return next((number for number in range(1000) if fold(number_in_words(number)) == said), None)


@dataclass(frozen=True)
class Charge:
    """One fee: its name, its kind, the amount in đồng, and the words if there is no amount."""

    name: str
    kind: str
    amount: int
    note: str


def fees_of(text: str, usual: str) -> list[Charge]:
    """Return the fees named in ``text``, parted by semicolons or lines. usual: the name of one without a name."""
    if fold(text).rstrip(".") in _NOTHING:
        return []
    return [_fee(part.strip(" -+•\t"), usual) for part in re.split(r"[;\n]", text) if part.strip(" -+•\t")]


def _fee(text: str, usual: str) -> Charge:
    found = _AMOUNT.search(text)
    name = text[: found.start()].strip(" :-–") if found else ""
    is_fee = fold(name).startswith("phi")
    amount = int(found[1].replace(".", "")) if found else 0
    rest = text[found.end() :].strip(" .,:") if found else text
    return Charge(name[:500] or usual, "phi" if is_fee else "le_phi", amount, rest)


def papers_of(text: str) -> list[str]:
    """Return the papers in a cell, one for each line."""
    lines = [re.sub(r"^\s*(?:[-+•*]|\d{1,2}[.)]|[a-zđ]\))\s*", "", line).strip(" ;.") for line in text.splitlines()]
    return [line for line in lines if line]


def minutes_of(text: str) -> int | None:
    """Return the working minutes of a step's time, None if it cannot be read. A bare number counts hours."""
    plain = _CLOCK.sub(r"\1 h \2 p", _ASIDE.sub("", fold(text)).strip())
    if _HOURS.fullmatch(plain):
        plain += " h"
    parts = list(_PART.finditer(plain))
    if _THOUSANDS.search(plain) or not parts or sum(len(part[0]) for part in parts) != len(plain):
        return None
    return round(sum(float(part[1].replace(",", ".")) * _MINUTES[part[2]] for part in parts))


def level_of(place: str) -> str:
    """Return at which level a place of handling stands: "commune" unless it names the province."""
    plain = fold(place)
    return "province" if _PROVINCE.search(plain) and not _COMMUNE.search(plain) else "commune"


def slug_of(text: str, length: int = 40) -> str:
    """Return a code made from a name: "Hộ tịch" → "ho-tich"."""
    return re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")[:length] or "khac"


def initials_of(text: str) -> str:
    """Return the first letters of a name: "Phòng Kinh tế" → "PKT"."""
    return "".join(word[0] for word in re.findall(r"[a-z0-9]+", fold(text))).upper()[:8] or "P"


def sector_of(heading: str) -> str:
    """Return the sector a heading row names: "I. LĨNH VỰC HỘ TỊCH" → "Hộ tịch"."""
    bare = re.sub(r"^\s*(?:[IVXLC]+|[A-Z]|\d+(?:\.\d+)*)\s*[.)\-:]\s*", "", heading).strip(" :.")
    bare = re.sub(r"^(?:thủ tục hành chính\s+)?(?:thuộc\s+)?lĩnh vực\s*:?\s*", "", bare, flags=re.IGNORECASE).strip()
    return bare.capitalize() if bare.isupper() else bare
