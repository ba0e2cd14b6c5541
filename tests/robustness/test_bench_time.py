"""``./manage bench time``: fast, the same as the brute force, and honest when it is not."""

import json

from click.testing import CliRunner

from app.cli.bench import bench
from bench import due_dates


def test_it_agrees_with_the_brute_force_and_prints_the_ratio():
    done = CliRunner().invoke(bench, ["time", "--count", "3000", "--compared", "40", "--json"])
    report = json.loads(done.stdout)
    assert (report["count"], report["compared"], report["wrong"]) == (3000, 40, 0)
    assert report["ratio"] > 10
    assert done.exit_code == (0 if all(check["is_met"] for check in report["checks"]) else 1)
    text = CliRunner().invoke(bench, ["time", "--count", "500", "--compared", "5"]).stdout
    assert "brute force" in text


def test_a_wrong_answer_and_a_slow_one_are_misses(monkeypatch):
    monkeypatch.setattr(due_dates, "MOST_SECONDS", 0.0)
    monkeypatch.setattr(due_dates, "_slowly", lambda brutes, case: None)
    report = due_dates.run(200, 3)
    assert [check["is_met"] for check in report.checks] == [False, False]
    assert report.wrong == 3
    assert "MISSED" in report.as_text()
