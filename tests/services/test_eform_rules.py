"""The rules of single fields: reading, patterns, what never hangs."""

import pytest

from app.services.eform_columns import Column
from app.services.eform_fields import problem
from app.services.eform_values import tidy


def test_control_characters_go_and_letters_are_composed():
    assert tidy(Column("k", "", "text"), "a\x00b\x08 Huê\u0301\n c ") == "ab Huế c"
    assert tidy(Column("k", "", "textarea"), "một\r\nhai\x0b") == "một\nhai"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("1.250", 1250),
        ("1.250.000,5", 1250000.5),
        ("12,5", 12.5),
        ("12.5", 12.5),
        ("12.50", 12.5),
        ("-3", -3),
        ("1 250", 1250),
        ("2.0", 2),
        ("١٢", "١٢"),
        ("1,250,000", "1,250,000"),
    ],
)
def test_numbers_are_read_as_vietnamese_writes_them(typed, kept):
    assert tidy(Column("k", "", "number"), typed) == kept


def test_a_pattern_is_applied_with_its_message():
    field = Column("k", "", pattern=r"^\d{12}$", pattern_message="Phải có 12 chữ số.")
    assert problem(field, "123") == "Phải có 12 chữ số."
    assert problem(field, "1" * 12) is None
    assert problem(Column("k", "", pattern="(", max_length=9), "x") is None


@pytest.mark.parametrize("text", ["abc12345xyz", "123456", "12345\n", " 12345"])
def test_the_whole_value_must_match_as_the_hint_says(text):
    field = Column("k", "", pattern=r"\d{5}", pattern_message="Sai.")
    assert problem(field, text) == "Sai."
    assert problem(field, "12345") is None
    either = Column("k", "", pattern=r"^\d{5}|[A-Z]{2}$", pattern_message="Sai.")
    assert [problem(either, x) for x in ("12345", "AB", "12345AB")] == [None, None, "Sai."]


@pytest.mark.timeout(60)  # tried without a limit it would take years
def test_a_pattern_never_hangs():
    field = Column("k", "", pattern=r"^(a+)+$", max_length=5000)
    assert problem(field, "a" * 900 + "!") is not None
    plain = Column("k", "", "textarea", pattern=r"^a*$", pattern_message="Sai.")
    assert problem(plain, "a" * 1001) == "Sai."
