"""Judge one test group by its JUnit file: ``python .ci/report.py services report.xml``.

A group that ran nothing, or skipped a test that is not on the list below, has failed:
a green build must mean that the tests ran.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

# Group -> test (class::name as pytest reports it) that may be skipped there, with its cause.
ALLOWED: dict[str, dict[str, str]] = {
    "embedded": {
        "tests.test_migrations::test_folded_columns_have_an_index_for_contains": "PostgreSQL only",
        "tests.test_migrations::test_names_kept_before_are_found_by_their_words": "PostgreSQL only",
        "tests.test_migrations::test_the_history_cannot_be_emptied": "SQLite has no TRUNCATE",
        "tests.robustness.test_many_users::test_200_users_act_on_one_process_at_once":
            "PostgreSQL only: SQLite has one writer at a time",
        "tests.services.test_owed_now::test_a_plan_that_serves_any_values_finds_what_is_owed_by_its_own_index":
            "PostgreSQL only: SQLite plans each statement as it is written",
        "tests.services.test_reorganise_many::test_an_act_holds_few_locks_however_many_dossiers_follow":
            "PostgreSQL only: SQLite has no table of locks",
        "tests.test_connections::test_a_plan_outlives_the_rollback_that_ends_a_request": "PostgreSQL only",
        "tests.test_connections::test_what_hangs_on_its_values_is_planned_each_time": "PostgreSQL only",
        "tests.test_connections::test_nothing_is_compiled_for_a_misjudged_cost": "PostgreSQL only",
        "tests.test_connections::test_a_fault_throws_the_plans_away": "PostgreSQL only",
        "tests.test_connections::test_a_connection_whose_server_has_gone_is_made_anew": "PostgreSQL only",
    },
    "services": {
        "tests.exchange.test_long::test_how_far_a_run_is_stands_beside_sqlite_while_it_writes":
            "SQLite only: PostgreSQL tells it in the run's own row",
        "tests.packs.test_pack_pages::test_how_far_the_worker_is_stands_beside_sqlite":
            "SQLite only: PostgreSQL tells it in the run's own row",
        "tests.packs.test_undo_of_large::test_the_percent_grows_and_is_forgotten":
            "SQLite only: PostgreSQL tells it in the run's own row",
    },
    "browser": {},
}


@dataclass
class Report:
    """What happened to the tests of one group."""

    passed: int = 0
    failed: int = 0
    skipped: dict[str, str] = field(default_factory=dict)


def read_report(path: Path) -> Report:
    """Return the counts in a JUnit file. Raises OSError, ElementTree.ParseError."""
    report = Report()
    for case in ElementTree.parse(path).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        skip = case.find("skipped")
        if skip is not None:
            report.skipped[name] = skip.get("message") or ""
        elif case.find("failure") is not None or case.find("error") is not None:
            report.failed += 1
        else:
            report.passed += 1
    return report


def faults(group: str, report: Report) -> list[str]:
    """Return what is wrong with ``report``; empty when the group may count as passed."""
    found = []
    if not report.passed:
        found.append("no test passed")
    if report.failed:
        found.append(f"{report.failed} tests failed")
    for name, reason in report.skipped.items():
        if name not in ALLOWED.get(group, {}):
            found.append(f"skipped without leave: {name} ({reason})")
    return found


def main(group: str, path: str) -> int:
    """Print the verdict and return the exit code."""
    report = read_report(Path(path))
    found = faults(group, report)
    print(f"{group}: {report.passed} passed, {report.failed} failed, {len(report.skipped)} skipped")
    for fault in found:
        print(f"{group}: {fault}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
