"""The demo's people: officers at their posts, applicants, and names made from parts."""

import random
from datetime import date
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from app.models import Account, OfficerPosition, User, UserSetting
from app.packs.files import read
from app.packs.loader import PackLoader
from app.permissions import ROLE_LABELS, Role
from app.services.official import official
from app.services.users import sync_roles
from app.text import family_and_given

_SERIALS = 9_000  # of the range 990000–999999 kept for samples


def load_people(session: Session, pack: PackLoader) -> None:
    """Load officers with their posts, and applicants who can log in.

    All share the demo's password, hashed once.
    """
    content = read(f"{pack.folder}/officers.yaml")
    hashed = generate_password_hash(content["password"])
    for row in content["officers"]:
        user = _user(
            session, row["username"], row["name"], f"{row['username']}@hue.example", hashed
        )
        for post in row["positions"]:
            session.add(OfficerPosition(
                user=user, agency=pack.agencies[post["agency"]], role=post["role"],
                division=pack.divisions.get(post.get("division") or ""), title=post.get("title"),
                valid_from=post["valid_from"],
            ))  # fmt: skip
        session.flush()
        sync_roles(session, user)
    for row in content["accounts"]:
        user = _user(session, row.pop("username"), row["name"], row["email"], hashed)
        session.add(Account(**row | {"unit": pack.units.get(row["unit"] or "")}, user=user))
        sync_roles(session, user, is_applicant=True)
    session.flush()


def _user(session: Session, username: str, name: str, email: str, hashed: str) -> User:
    first_name, last_name = family_and_given(name)
    user = User(username=username, first_name=first_name, last_name=last_name, email=email,
                active=True, password=hashed)  # fmt: skip
    session.add(user)
    session.flush()
    session.add(UserSetting(user_id=user.id, session_version=1, failed_logins=0))
    return user


def list_logins() -> list[dict[str, str]]:
    """Return the demo's log-ins: role, role_label, username, password, name, agency (code)."""
    content = read("hue/officers.yaml")
    names = {
        row["code"]: row["short_name"] or row["name"]
        for row in read("hue/agencies.yaml")["agencies"]
    }
    rows = [_login(row, post["role"], names[post["agency"]], content["password"])
            for row in content["officers"] for post in row["positions"]]  # fmt: skip
    return rows + [_login(row, "citizen", "", content["password"]) for row in content["accounts"]]


def _login(row: dict[str, Any], role: str, agency: str, password: str) -> dict[str, str]:
    return {"role": role, "role_label": official(ROLE_LABELS[Role(role)]), "username": row["username"],
            "password": password, "name": row["name"], "agency": agency}  # fmt: skip


class NameMaker:
    """Makes plausible people from name parts; never real ones (numbers of the sample range)."""

    def __init__(self, seed: int, folder: str) -> None:
        self.random = random.Random(seed)
        self.parts = read(f"{folder}/names.yaml")
        self.serials = iter(self.random.sample(range(990_100, 990_100 + _SERIALS), _SERIALS))

    def applicant(self, unit: Any) -> dict[str, Any]:
        """Return the columns of one citizen's account living in ``unit``."""
        gender = self.random.choice(("male", "female"))
        born_on = date(
            self.random.randint(1955, 2006), self.random.randint(1, 12), self.random.randint(1, 28)
        )
        return {
            "kind": "citizen", "name": self.name(gender), "id_kind": "personal_id",
            "id_number": self._number(gender, born_on), "born_on": born_on, "gender": gender,
            "phone": f"{self.random.choice(('090', '091', '093', '097', '098'))}0000{self.random.randint(100, 999)}",
            "address": f"{self.random.randint(1, 250)} {self.random.choice(self.parts['streets'])}, {unit.full_name}",
            "unit": unit, "verified_level": 2,
        }  # fmt: skip

    def name(self, gender: str) -> str:
        """Return a full name, family name first."""
        surnames = self.parts["surnames"] + self.parts[f"surnames_{gender}"]
        family = self.random.choices([s[0] for s in surnames], [s[1] for s in surnames])[0]
        middle = self.random.choice(self.parts[f"middle_{gender}"])
        given = self.random.choice(self.parts[f"given_{gender}"])
        return f"{family} {given}" if family.startswith("Tôn") else f"{family} {middle} {given}"

    def _number(self, gender: str, born_on: date) -> str:
        century = 2 * (born_on.year // 100 - 19) + (gender == "female")
        return f"046{century}{born_on.year % 100:02d}{next(self.serials)}"
