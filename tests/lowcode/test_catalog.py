"""A new catalog is one short file and a migration; the tutorial says so and shows that file."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "tests/lowcode/catalog/street.py"


def test_a_catalog_declared_on_the_fly_works_everywhere(tmp_path):
    command = [sys.executable, "-m", "tests.lowcode.catalog.walk", str(tmp_path)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("TEST_", "MOTCUA_"))}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.endswith("all works\n")


def test_the_tutorial_shows_that_very_file():
    code = MODEL.read_text("utf-8")
    assert len(code.splitlines()) <= 30
    assert code in (ROOT / "docs/developers-catalog.md").read_text("utf-8")
