"""Reading the files of a pack."""

from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent
# libyaml's loader is ten times faster; a Python without it still works.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(name: str) -> Any:
    """Return the content of one YAML file, e.g. "hue/agencies.yaml"."""
    with (FOLDER / name).open(encoding="utf-8") as file:
        return yaml.load(file, Loader=_LOADER)  # noqa: S506 - a safe loader either way


def read_folder(name: str) -> list[Any]:
    """Return the contents of all YAML files of a folder, by file name."""
    return [read(f"{name}/{path.name}") for path in sorted((FOLDER / name).glob("*.yaml"))]
