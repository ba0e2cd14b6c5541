"""One-time passwords of the officers a workbook has made: shown once, to be replaced at sign-in."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, undefer

from app.errors import Conflict
from app.lowcode.exchange import runs
from app.lowcode.exchange.run import ImportRun
from app.models import OfficerPosition, User
from app.services.setup_workbook.headings import GIVEN_ROLES
from app.services.user_admin import new_password
from app.services.users import set_password


@dataclass(frozen=True)
class Slip:
    """What is handed to one officer."""

    name: str
    username: str
    password: str


def waiting_users(session: Session, made: Any) -> list[User]:
    """Return the users of a run who have never signed in.

    Not one who was given a role since that no workbook gives: an administrator's password is
    not for whoever made the workbook.
    """
    numbers = list((made or {}).get("users", ()))
    post = OfficerPosition
    above = sa.select(post.user_id).where(post.role.not_in([str(role) for role in GIVEN_ROLES]))
    query = sa.select(User).where(User.id.in_(numbers), User.last_login.is_(None), User.active.is_(True),
                                  User.id.not_in(above))  # fmt: skip
    return list(session.scalars(query.order_by(User.username)).unique())


def give_passwords(session: Session, target: str, number: int) -> list[Slip]:
    """Give every officer of a run who never signed in a new one-time password.

    Given again, the ones before end. Raises NotFound, or Conflict when nobody waits for one.
    """
    run: ImportRun = runs.get_run(session, target, number, undefer(ImportRun.plan))
    users = waiting_users(session, runs.unpack(run).get("made")) if run.state == "applied" else []
    if not users:
        raise Conflict(_("Every officer of this workbook has signed in already."))
    slips = []
    for user in users:
        password = new_password()
        set_password(session, user, password, is_temporary=True)
        slips.append(Slip(user.get_full_name(), user.username, password))
    return slips
