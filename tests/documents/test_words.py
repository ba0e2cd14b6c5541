"""Numbers, money, dates and times in official Vietnamese."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from app.documents.words import (
    day,
    day_long,
    moment,
    moment_long,
    money,
    money_in_words,
    number_in_words,
    to_moment,
)

READ_ALOUD = [
    (0, "không"),
    (1, "một"),
    (4, "bốn"),
    (5, "năm"),
    (9, "chín"),
    (10, "mười"),
    (11, "mười một"),
    (14, "mười bốn"),
    (15, "mười lăm"),
    (19, "mười chín"),
    (20, "hai mươi"),
    (21, "hai mươi mốt"),
    (24, "hai mươi bốn"),
    (25, "hai mươi lăm"),
    (31, "ba mươi mốt"),
    (55, "năm mươi lăm"),
    (99, "chín mươi chín"),
    (100, "một trăm"),
    (101, "một trăm lẻ một"),
    (105, "một trăm lẻ năm"),
    (110, "một trăm mười"),
    (111, "một trăm mười một"),
    (115, "một trăm mười lăm"),
    (121, "một trăm hai mươi mốt"),
    (505, "năm trăm lẻ năm"),
    (555, "năm trăm năm mươi lăm"),
    (1000, "một nghìn"),
    (1001, "một nghìn không trăm lẻ một"),
    (1010, "một nghìn không trăm mười"),
    (1015, "một nghìn không trăm mười lăm"),
    (1100, "một nghìn một trăm"),
    (2021, "hai nghìn không trăm hai mươi mốt"),
    (8000, "tám nghìn"),
    (10000, "mười nghìn"),
    (15000, "mười lăm nghìn"),
    (21000, "hai mươi mốt nghìn"),
    (50000, "năm mươi nghìn"),
    (100000, "một trăm nghìn"),
    (100005, "một trăm nghìn không trăm lẻ năm"),
    (105000, "một trăm lẻ năm nghìn"),
    (1000000, "một triệu"),
    (1000001, "một triệu không trăm lẻ một"),
    (1050000, "một triệu không trăm năm mươi nghìn"),
    (1234567, "một triệu hai trăm ba mươi bốn nghìn năm trăm sáu mươi bảy"),
    (10500000, "mười triệu năm trăm nghìn"),
    (1000000000, "một tỷ"),
    (1000000005, "một tỷ không trăm lẻ năm"),
    (1005000000, "một tỷ không trăm lẻ năm triệu"),
    (21015001000, "hai mươi mốt tỷ không trăm mười lăm triệu không trăm lẻ một nghìn"),
    (10**12, "một nghìn tỷ"),
    (2005 * 10**9 + 5 * 10**6, "hai nghìn không trăm lẻ năm tỷ không trăm lẻ năm triệu"),
    (10**18, "một tỷ tỷ"),
    (-15000, "âm mười lăm nghìn"),
]


@pytest.mark.parametrize(("number", "words"), READ_ALOUD)
def test_numbers_are_read_as_on_receipts(number: int, words: str) -> None:
    assert number_in_words(number) == words


def test_money_is_written_with_dots_and_in_words() -> None:
    assert money(50000) == "50.000 đồng"
    assert money(0) == "0 đồng"
    assert money(1234567890) == "1.234.567.890 đồng"
    assert money_in_words(50000) == "năm mươi nghìn đồng"


def test_dates_follow_decree_30() -> None:
    when = datetime(2026, 12, 4, 16, 30, tzinfo=timezone(timedelta(hours=7)))
    assert day_long(when) == "ngày 04 tháng 12 năm 2026"
    assert day_long(date(2026, 2, 14)) == "ngày 14 tháng 02 năm 2026"
    assert day_long(date(2026, 3, 1)) == "ngày 01 tháng 3 năm 2026"
    assert day(when) == "04/12/2026"
    assert moment(when) == "16:30 ngày 04/12/2026"
    assert moment_long(when) == "16 giờ 30 phút, ngày 04 tháng 12 năm 2026"
    assert moment(date(2026, 12, 4)) == "04/12/2026"


def test_instants_are_shown_on_the_clock_of_vietnam() -> None:
    # 17:30 UTC is already the next day in Huế.
    shown = to_moment(datetime(2026, 12, 4, 17, 30, tzinfo=UTC))
    assert shown is not None
    assert moment(shown) == "00:30 ngày 05/12/2026"
    assert to_moment("2026-12-04T09:30:00Z") == to_moment("2026-12-04T16:30:00+07:00")


@pytest.mark.parametrize("value", ["", "mai", "2026-13-01", 5, None, datetime(2026, 1, 1, 8)])
def test_what_is_no_time_is_refused(value: object) -> None:
    assert to_moment(value) is None
