"""The mark that says which clause a test shows, and the profile it runs under."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.models import Profile, ProfileParameter
from app.packs.files import read_folder
from app.text import fold

# Short name of a regulation → the code of its profile.
PROFILES = {"HUE25": "hue_2025", "QN20": "quang_nam_2020", "HCM24": "hcmc_2024", "TTH17": "thua_thien_hue_2017"}


def clause(item: str, *clauses: str) -> Any:
    """Mark a test as showing ``clauses`` of ``item``: it runs once for each, under its profile."""
    given = [(item, name) for name in clauses]
    ids = [fold(f"{item} {name}").replace(" ", "-").upper() for name in clauses]
    return pytest.mark.parametrize("shown", given, ids=ids, indirect=True)


def enact(session: Session, code: str) -> Profile:
    """Return the profile ``code`` of the pack, in force from now on, with the one it rests on."""
    rows = {row["code"]: row for row in read_folder("profiles")}
    made = _made(session, rows, code)
    for row in session.query(Profile):
        row.is_active = row is made
    session.flush()
    session.info.pop("profile_values", None)
    return made


def _made(session: Session, rows: dict[str, Any], code: str) -> Profile:
    row, known = rows[code], session.query(Profile).filter_by(code=code).first()
    if known is not None:
        return known
    base = _made(session, rows, row["base"]) if row["base"] else None
    profile = Profile(code=code, name=row["name"], base=base, is_active=False)
    for given in row["parameters"]:
        columns = {key: value for key, value in given.items() if hasattr(ProfileParameter, key)}
        profile.parameters.append(ProfileParameter(**columns))
    session.add(profile)
    session.flush()
    return profile
