"""./manage conformance: the obligations of the four regulations, and whether their tests pass."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click
import yaml

from app.cli import tables
from config import ROOT

FOLDER = ROOT / "tests" / "regulations"
REGISTER = FOLDER / "clauses.yaml"
REGULATIONS = ("HUE25", "QN20", "HCM24", "TTH17")
PASSED, FAILED, NOT_YET = "passed", "failed", "not_yet"
WORDS = {PASSED: "đạt", FAILED: "không đạt", NOT_YET: "chưa"}
_HEAD = ("Quy chế", "Điều khoản", "Yêu cầu", "Kiểm thử", "Kết quả")
_SHOWN = 60  # characters of a requirement on a terminal


@dataclass
class Obligation:
    """One clause that concerns the system: what it asks, which tests show it, how they ended."""

    item: str
    regulation: str
    clause: str
    requirement: str
    missing: str | None = None
    tests: list[str] = field(default_factory=list)
    status: str = NOT_YET


def register() -> list[Obligation]:
    """Return every obligation of the register, in its order, none tested yet."""
    rows = yaml.safe_load(REGISTER.read_text(encoding="utf-8"))
    return [
        Obligation(row["item"], clause.split()[0], clause, row["requirement"], row.get("missing"))
        for row in rows for clause in row["clauses"]
    ]  # fmt: skip


def judge(obligations: Iterable[Obligation], report: Path) -> None:
    """Enter the outcome of each test of a JUnit ``report`` at the clause it shows."""
    by_key: dict[str, list[Obligation]] = {}
    for one in obligations:
        by_key.setdefault(f"{one.item} {one.clause}", []).append(one)
    for case in ElementTree.parse(report).iter("testcase"):
        for key in {p.get("value") for p in case.iter("property") if p.get("name") == "clause"}:
            name = str(case.get("name")).partition("[")[0]
            is_good = all(case.find(fault) is None for fault in ("failure", "error", "skipped"))
            for one in by_key[str(key)]:
                one.tests += [name] if name not in one.tests else []
                one.status = FAILED if not is_good or one.status == FAILED else PASSED


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")
@click.option("--regulation", type=click.Choice(REGULATIONS), help="Only the tests of this regulation.")
def conformance(as_json: bool, regulation: str | None) -> None:
    """Run the tests of the regulations' clauses and print the table (đối chiếu quy chế).

    Needs the tests folder and the packages of requirements-dev.txt; touches no data of the
    system: the tests make a database of their own. Ends with 1 if a clause fails.
    """
    if find_spec("pytest") is None or not REGISTER.exists():
        raise click.ClickException("Run this in a source tree with requirements-dev.txt installed (./test does it).")
    obligations = [one for one in register() if regulation in (None, one.regulation)]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        _run(report, regulation)
        judge(obligations, report)
    counts = {status: sum(one.status == status for one in obligations) for status in WORDS}
    click.echo(_as_json(obligations, counts) if as_json else _as_table(obligations, counts))
    if counts[FAILED]:
        sys.exit(1)


def _run(report: Path, regulation: str | None) -> None:
    name = f"test_{regulation.lower()}.py" if regulation else ""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", str(FOLDER / name), "-q", "-p", "no:cacheprovider",
         "-o", "junit_family=xunit1", f"--junit-xml={report}"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode not in (0, 1):  # neither "all passed" nor "some failed"
        raise click.ClickException(f"The tests could not be run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    if done.returncode == 1:
        click.echo(done.stdout, err=True)


def _as_json(obligations: list[Obligation], counts: dict[str, int]) -> str:
    content: dict[str, Any] = {"summary": counts, "clauses": [asdict(one) for one in obligations]}
    return json.dumps(content, ensure_ascii=False, indent=2)


def _as_table(obligations: list[Obligation], counts: dict[str, int]) -> str:
    rows = [
        (one.regulation, one.clause.partition(" ")[2], _cut(one.requirement), ", ".join(one.tests) or "–",
         WORDS[one.status])
        for one in sorted(obligations, key=lambda one: REGULATIONS.index(one.regulation))
    ]  # fmt: skip
    total = ", ".join(f"{WORDS[status]}: {count}" for status, count in counts.items())
    return f"{tables.grid(_HEAD, rows)}\n\n{len(rows)} điều khoản; {total}"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
