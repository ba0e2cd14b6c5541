"""The heart imports only the standard library, its own modules and the N_ marker."""

import ast
import sys
from pathlib import Path

import pytest

import app.workflows

MODULES = sorted(Path(app.workflows.__path__[0]).glob("*.py"))


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_imports(path):
    outside = {
        name
        for name in imported(path)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not name.startswith("app.workflows")
    }
    # app.i18n, app.text: as pure; regex: the pattern matcher with a time limit; it knows nothing of us
    assert outside <= {"app.i18n", "app.text", "regex"}
