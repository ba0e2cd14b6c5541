"""The bench measures what it says and never touches a database that is not its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import config
from bench import target
from bench.lists import MOST_STATEMENTS

pytestmark = pytest.mark.timeout(600)


def _manage(tmp_path: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    known = {name: text for name, text in os.environ.items() if not name.startswith("TEST_")}
    known.pop("DATABASE_URL", None)
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "bench", *arguments], cwd=config.ROOT,
        env=known | {"TMPDIR": str(tmp_path)} | env, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_bench_prints_json_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'bench.db'}"
    half = _manage(tmp_path, "lists", "--rows", "250", "--rounds", "1", "--json", "--database", url)
    assert half.returncode in (0, 1), half.stderr
    assert json.loads(half.stdout)["rows"] == 250

    done = _manage(tmp_path, "lists", "--rows", "500", "--rounds", "2", "--json", "--database", url)

    report: dict[str, Any] = json.loads(done.stdout)
    lines = {line["name"]: line for line in report["lines"]}
    assert report["rows"] == 500
    assert done.returncode == (0 if all(check["is_met"] for check in report["checks"]) else 1)
    assert {"floor: list", "stock FAB: list", "list, page 1", "record page", "public look-up"} <= set(lines)
    assert all(line["median"] > 0 and line["statements"] > 0 for line in lines.values())
    assert all(lines[name]["statements"] <= MOST_STATEMENTS for name in lines if name.startswith("list,"))
    assert lines["stock FAB: list"]["statements"] > MOST_STATEMENTS  # the counting sees other processes too
    assert lines["list, page 1"]["to_floor"] > 1
    assert lines["list, page 1"]["bytes"] > lines["list, search a code (one)"]["bytes"] > 0


@pytest.mark.parametrize("database", ["sqlite:///{}/motcua.db", "postgresql://u:p@127.0.0.1:1/motcua"])
def test_bench_refuses_a_database_whose_name_does_not_allow_it(tmp_path: Path, database: str) -> None:
    done = _manage(tmp_path, "lists", "--rows", "100", DATABASE_URL=database.format(tmp_path))

    assert done.returncode == 1
    assert "its name contains 'bench'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "motcua.db").exists()


def test_bench_refuses_tables_it_did_not_make(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'bench.db'}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE dossier (id integer)"))
    engine.dispose()

    with pytest.raises(target.Refused, match="did not make"):
        target.make_app(url)


def test_bench_of_the_workflow_finds_every_act_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'bench.db'}"
    words = "workflow --rows 100 --rounds 1 --seconds 1 --users 6 --json --database"
    done = _manage(tmp_path, *words.split(), url)

    report = json.loads(done.stdout or "null")
    assert report is not None, done.stderr
    lines = {line["name"]: line for line in report["lines"]}
    checks = {check["name"]: check for check in report["checks"]}
    assert set(lines) == {"floor: step", "step", "submission"}
    assert all(line["done"] > 0 and line["statements"] > 0 and line["cpu"] > 0 for line in lines.values())
    assert lines["step"]["to_floor"] > 1
    # One notice for each of the officers and what SQLite inserts row by row: PostgreSQL needs fewer.
    assert lines["step"]["statements"] <= 27
    assert lines["submission"]["statements"] <= 52
    assert checks["steps lost or doubled ≤ 0"]["is_met"]
    assert checks["submissions lost or doubled ≤ 0"]["is_met"]
    assert done.returncode == (0 if all(check["is_met"] for check in report["checks"]) else 1)
