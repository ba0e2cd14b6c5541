"""Dossier codes (TT 01/2018 Đ19)."""

from datetime import date

import pytest

from app.services.lookup import clean_code
from app.workflows.numbering import counter_key, pattern_problems, render_code

ON = date(2026, 7, 4)


@pytest.mark.parametrize(
    ("pattern", "unit", "serial", "code"),
    [
        ("{unit}-{yymmdd}-{nnnn}", "H57.19753", 1, "H57.19753-260704-0001"),
        ("{unit}-{yymmdd}-{nnnn}", "H57.19753", 9999, "H57.19753-260704-9999"),
        ("{unit}-{yymmdd}-{nnnn}", "H57.19753", 10000, "H57.19753-260704-10000"),
        ("{unit}-{yyyymmdd}-{nnnnnnn}", "G09.20", 92637, "G09.20-20260704-0092637"),
        ("{unit}.{yyyy}.{n}", "H57", 12, "H57.2026.12"),
        ("{unit}-{yy}{mm}{dd}-{nnn}", "H57", 5, "H57-260704-005"),
        ("{unit}.{sector}-{yymmdd}-{nnnn}", "H57", 5, "H57.HT-260704-0005"),
    ],
)
def test_render(pattern, unit, serial, code):
    assert pattern_problems(pattern) == []
    assert render_code(pattern, unit, ON, serial, sector="HT") == code


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("", "exactly one serial number"),
        ("{unit}-{yymmdd}", "exactly one serial number"),
        ("{unit}-{yymmdd}-{nnnn}-{nn}", "exactly one serial number"),
        ("{unit}-{nnnn}-{yymmdd}", "must be the last part"),
        ("{yymmdd}-{nnnn}", "needs the code of the unit"),
        ("{unit}-{nnnn}", "needs the year"),
        ("{unit}-{mm}{dd}-{nnnn}", "needs the year"),
        ("{unit}-{yyyy}{dd}-{nnnn}", "{dd} without {mm}"),
        ("{unit}-{unit}-{yymmdd}-{nnnn}", "repeats {unit}"),
        ("{unit}-{year}-{nnnn}", "Unknown part in the code pattern: {year}"),
        ("{unit}/{yymmdd}/{nnnn}", "letters without marks"),
        ("{unit} {yymmdd}-{nnnn}", "letters without marks"),
        ("Huế-{unit}-{yymmdd}-{nnnn}", "letters without marks"),
        ("{unit}-{yymmdd}-{nnnn", "letters without marks"),
        ("{unit!r}-{yymmdd}-{nnnn}", "Unknown part"),
    ],
)
def test_bad_patterns_are_listed_and_refused(pattern, message):
    found = [problem.text() for problem in pattern_problems(pattern)]
    assert any(message in problem for problem in found), found
    with pytest.raises(ValueError, match="."):
        render_code(pattern, "H57", ON, 1)


@pytest.mark.parametrize("serial", [0, -1])
def test_serials_begin_with_one(serial):
    with pytest.raises(ValueError, match="begin with 1"):
        render_code("{unit}-{yymmdd}-{nnnn}", "H57", ON, serial)


def test_one_counter_per_unit_and_period():
    daily, yearly = "{unit}-{yymmdd}-{nnnn}", "{unit}-{yyyy}-{nnnn}"
    next_day = date(2026, 7, 5)
    assert counter_key(daily, "H57", ON) == "H57-260704-#"
    assert counter_key(daily, "H57", ON) != counter_key(daily, "H57", next_day)
    assert counter_key(daily, "H57", ON) != counter_key(daily, "H58", ON)
    assert counter_key(yearly, "H57", ON) == counter_key(yearly, "H57", next_day)


def test_a_units_code_is_never_read_as_a_pattern():
    assert render_code("{unit}-{yymmdd}-{nnnn}", "{yyyy}", ON, 1) == "YYYY-260704-0001"


@pytest.mark.parametrize(("sector", "shown"), [("ho_tich", "HO-TICH"), ("Hộ tịch", "HO-TICH"), ("dat_dai ", "DAT-DAI")])
def test_a_code_can_be_looked_up_whatever_the_sector_is_called(sector, shown):
    pattern = "{unit}.{sector}-{yymmdd}-{nnnn}"
    code = render_code(pattern, "h57.19753", ON, 7, sector=sector)
    assert code == f"H57.19753.{shown}-260704-0007"
    assert clean_code(code.lower()).upper() == code
    assert code.startswith(counter_key(pattern, "h57.19753", ON, sector=sector).rstrip("#"))
