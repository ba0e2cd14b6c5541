"""How numbers, money, dates and times read in official Vietnamese."""

from datetime import date, datetime

from app.clock import to_local

DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
SCALES = ("", "nghìn", "triệu")


def number_in_words(number: int) -> str:
    """Return ``number`` as it is read aloud: 1015 → "một nghìn không trăm mười lăm".

    Any whole number; negative ones begin with "âm". Groups of three digits are named
    nghìn, triệu, tỷ; above that "tỷ" repeats (nghìn tỷ, triệu tỷ, tỷ tỷ).
    """
    if number < 0:
        return f"âm {number_in_words(-number)}"
    if number == 0:
        return DIGITS[0]
    return " ".join(_billions(number, is_first=True))


def money_in_words(amount: int) -> str:
    """Return ``amount`` đồng in words: 50000 → "năm mươi nghìn đồng"."""
    return f"{number_in_words(amount)} đồng"


def money(amount: int) -> str:
    """Return ``amount`` đồng with thousands dotted: 50000 → "50.000 đồng"."""
    return f"{grouped(amount)} đồng"


def grouped(number: int) -> str:
    """Return ``number`` with a dot between thousands."""
    return f"{number:,}".replace(",", ".")


def _billions(number: int, *, is_first: bool) -> list[str]:
    """Words of a number cut at every ninth digit: each cut adds one "tỷ"."""
    above, here = divmod(number, 10**9)
    words = [*_billions(above, is_first=is_first), "tỷ"] if above else []
    return words + _below_billion(here, is_first=is_first and not above)


def _below_billion(number: int, *, is_first: bool) -> list[str]:
    words: list[str] = []
    for power in (2, 1, 0):
        group = number // 1000**power % 1000
        if group:
            words += _group(group, is_first=is_first and not words)
            words += [SCALES[power]] if power else []
    return words


def _group(group: int, *, is_first: bool) -> list[str]:
    """Words of 1–999. Only the first group of a number may leave its hundreds unsaid."""
    hundreds, tens, ones = group // 100, group // 10 % 10, group % 10
    words = [] if is_first and not hundreds else [DIGITS[hundreds], "trăm"]
    if tens == 1:
        words.append("mười")
    elif tens:
        words += [DIGITS[tens], "mươi"]
    elif ones and words:
        words.append("lẻ")
    return words + _ones(ones, tens)


def _ones(ones: int, tens: int) -> list[str]:
    if ones == 1 and tens > 1:
        return ["mốt"]
    if ones == 5 and tens:
        return ["lăm"]
    return [DIGITS[ones]] if ones else []


def to_moment(value: object) -> datetime | date | None:
    """Return an instant on the Vietnamese clock, a civil date, or None if it is neither.

    value: aware ``datetime``, ``date``, or ISO text of either. A naive datetime is refused:
    nobody could tell which clock it was read from.
    """
    if isinstance(value, str):
        value = _parse(value.strip())
    if isinstance(value, datetime):
        return to_local(value) if value.tzinfo else None
    return value if isinstance(value, date) else None


def _parse(text: str) -> datetime | date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        return None


def day(value: datetime | date) -> str:
    """Return "04/12/2026"."""
    return f"{value:%d/%m/%Y}"


def day_long(value: datetime | date) -> str:
    """Return "ngày 04 tháng 12 năm 2026".

    Days below 10 and the months 1 and 2 carry a leading zero (NĐ 30/2020, Phụ lục I, mục II.4).
    """
    month = f"{value.month:02d}" if value.month < 3 else str(value.month)
    return f"ngày {value.day:02d} tháng {month} năm {value.year}"


def moment(value: datetime | date) -> str:
    """Return "16:30 ngày 04/12/2026", or only the day when there is no hour."""
    if isinstance(value, datetime):
        return f"{value:%H:%M} ngày {value:%d/%m/%Y}"
    return day(value)


def moment_long(value: datetime | date) -> str:
    """Return "16 giờ 30 phút, ngày 04 tháng 12 năm 2026", or only the day."""
    if isinstance(value, datetime):
        return f"{value:%H} giờ {value:%M} phút, {day_long(value)}"
    return day_long(value)
