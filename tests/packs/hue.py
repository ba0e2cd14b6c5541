"""The files of the Huế pack, read once for the tests of this folder."""

from pathlib import Path
from typing import Any

import yaml

PACKS = Path(__file__).parents[2] / "app" / "packs"
HUE = PACKS / "hue"
ROLES = {
    "catalog_admin", "system_admin", "desk_officer", "specialist", "division_head", "agency_head",
    "clerk", "cashier", "centre_director", "control_focal_point", "auditor",
}  # fmt: skip


def read(path: Path) -> Any:
    """Return the content of one YAML file."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def rows(name: str, key: str | None = None) -> list[dict[str, Any]]:
    """Return the list of a file of the Huế pack; its key is the file's name unless given."""
    found: list[dict[str, Any]] = read(HUE / f"{name}.yaml")[key or name]
    return found


def folder(name: str) -> dict[str, dict[str, Any]]:
    """Return the files of a folder by code, which must be the name of the file."""
    files = {path.stem: read(path) for path in sorted((HUE / name).glob("*.yaml"))}
    assert all(stem == item["code"] for stem, item in files.items()), "file name is not the code"
    return files


AGENCIES = {row["code"]: row for row in rows("agencies")}
UNITS = {row["code"]: row for row in rows("units")}
