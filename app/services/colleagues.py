"""Who else may do the tasks a page shows, and which agencies may be asked: columns only, once per page."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clock import today
from app.lowcode.collation import in_order
from app.models import Agency, OfficerPosition, Task, User
from app.services.directory import current

People = dict[int, dict[int, str]]  # by task id: {user id: name}


def people_for(session: Session, tasks: Iterable[Task]) -> People:
    """Return who may do each of ``tasks``, by name, in one statement; never the applicant himself."""
    wanted = list(tasks)
    if not wanted:
        return {}
    post, places = OfficerPosition, {(task.agency_id, task.role) for task in wanted}
    query = (
        sa.select(post.agency_id, post.role, User.id, User.first_name, User.last_name)
        .join(User, User.id == post.user_id)
        .where(post.agency_id.in_({agency for agency, _role in places}), post.role.in_({role for _a, role in places}))
        .where(*_held(), User.active.is_(True)).order_by(User.first_name, User.last_name, User.id)
    )  # fmt: skip
    found: dict[tuple[int, str], dict[int, str]] = {}
    for row in session.execute(query):
        found.setdefault((row.agency_id, row.role), {})[row.id] = f"{row.first_name} {row.last_name}".strip()
    return {task.id: {key: name for key, name in found.get((task.agency_id, task.role), {}).items()
                      if key not in task.dossier.account.people} for task in wanted}  # fmt: skip


def agencies_with(session: Session, roles: Iterable[str]) -> list[tuple[int, str]]:
    """Return (id, name) of the agencies of today where somebody holds one of ``roles``, by name."""
    post = OfficerPosition
    staffed = sa.select(post.agency_id).where(post.role.in_(sorted(map(str, roles))), *_held())
    query = sa.select(Agency.id, Agency.name).where(Agency.id.in_(staffed), *current())
    return [(row.id, row.name) for row in session.execute(query.order_by(in_order(Agency.name), Agency.id))]


def _held() -> tuple[sa.ColumnElement[bool], ...]:
    post, day = OfficerPosition, today()
    return post.valid_from <= day, sa.or_(post.valid_to.is_(None), post.valid_to >= day)
