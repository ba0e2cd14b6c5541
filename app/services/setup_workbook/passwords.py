"""One-time passwords of the officers a workbook has made: released by a system administrator, shown once."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, undefer

from app.errors import Conflict, NotAllowed, NotFound
from app.history import because
from app.i18n import N_
from app.lowcode.exchange import runs
from app.lowcode.exchange.run import ImportRun
from app.models import OfficerPosition, User
from app.permissions import Role, current_actor
from app.services.official import official
from app.services.setup_workbook.headings import GIVEN_ROLES
from app.services.user_admin import new_password
from app.services.users import set_password

_MOST = 50  # workbooks looked at


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


def waiting_runs(session: Session, target: str) -> list[tuple[ImportRun, int]]:
    """Return (run, officers who wait for a first password) of applied set-up workbooks, newest first."""
    query = sa.select(ImportRun).where(ImportRun.target == target, ImportRun.state == "applied")
    found = session.scalars(query.options(undefer(ImportRun.plan)).order_by(ImportRun.id.desc()).limit(_MOST))
    counts = [(run, len(waiting_users(session, runs.unpack(run).made))) for run in found]
    return [(run, count) for run, count in counts if count]


def give_passwords(session: Session, target: str, number: int) -> list[Slip]:
    """Give every officer of a run who never signed in a new one-time password.

    For system administrators only, whoever sent the workbook: who makes officers does not get
    to sign in as them. Given again, the ones before end. Raises NotAllowed, NotFound, or
    Conflict when nobody waits for one.
    """
    if not current_actor().has(Role.system_admin):
        raise NotAllowed(_("You may not do this."))
    query = sa.select(ImportRun).where(ImportRun.id == number, ImportRun.target == target)
    run = session.scalar(query.options(undefer(ImportRun.plan)))
    if run is None:
        raise NotFound(_("There is no such record, or you may not see it."))
    users = waiting_users(session, runs.unpack(run).made) if run.state == "applied" else []
    if not users:
        raise Conflict(_("Every officer of this workbook has signed in already."))
    slips = []
    for user in users:
        password = new_password()
        because(session, reason=official(
            N_("First password of an officer added by the workbook of %(name)s"), name=run.user_name
        ))  # fmt: skip
        set_password(session, user, password, is_temporary=True)
        slips.append(Slip(user.get_full_name(), user.username, password))
    return slips
