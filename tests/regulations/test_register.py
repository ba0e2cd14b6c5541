"""The register of obligations, the tests and docs/conformance.md say the same."""

import re
from collections import Counter

import pytest

from app.cli.conformance import FAILED, NOT_YET, PASSED, judge, register
from tests.regulations.report import PAGE, page, shown_by

# What has to be shown by tests (issue 4): A3–A6, the look-up by code and QR, A9.1, A12.1.
COVERED = re.compile(r"A[3-6]\.|A8\.[12]$|A9\.1$|A12\.1$")


def test_each_obligation_stands_once():
    counts = Counter((one.item, one.clause, one.requirement) for one in register())
    assert [key for key, count in counts.items() if count > 1] == []


def test_each_obligation_is_either_tested_or_said_to_be_missing():
    tests = shown_by()
    assert set(tests) <= {(one.item, one.clause) for one in register()}
    wrong = [one.clause for one in register() if bool(one.missing) is ((one.item, one.clause) in tests)]
    assert wrong == []


def test_what_must_be_covered_is():
    assert [one.clause for one in register() if COVERED.match(one.item) and one.missing] == []


@pytest.mark.parametrize("clause", [one.clause for one in register()])
def test_clauses_are_written_alike(clause):
    assert re.fullmatch(r"(HUE25|QN20|HCM24|TTH17) Đ\d+(\.\d+[a-zđ]?)?", clause)


def test_the_page_says_what_register_and_tests_say():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: .venv/bin/python -m tests.test_docs"


def test_a_clause_fails_with_any_of_its_tests(tmp_path):
    report = tmp_path / "report.xml"
    case = '<testcase name="{}"><properties><property name="clause" value="{}"/></properties>{}</testcase>'
    report.write_text("<testsuite>" + "".join([
        case.format("test_a[x]", "A4.2 HCM24 Đ11.1a", ""),
        case.format("test_b", "A4.3 HCM24 Đ11.1a", '<failure message="no"/>'),
        case.format("test_c", "A4.3 HCM24 Đ11.1a", ""),
    ]) + "</testsuite>", encoding="utf-8")  # fmt: skip
    rows = register()
    judge(rows, report)
    found = {one.item: (one.status, one.tests) for one in rows if one.clause == "HCM24 Đ11.1a"}
    assert found == {"A4.2": (PASSED, ["test_a"]), "A4.3": (FAILED, ["test_b", "test_c"])}
    assert {one.status for one in rows if one.clause == "TTH17 Đ13.1"} == {NOT_YET}
