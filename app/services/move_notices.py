"""Whom a move of a small life cycle concerns, told in the system."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.official import officially
from app.permissions import Role
from app.services.feedback_notices import nearest
from app.services.notices import holders, notice_users
from app.services.users import root_agency
from app.workflows.registry import WORKFLOWS
from app.workflows.table import Transition


def tell_move(session: Session, row: Any, step: Transition[Any], remark: str) -> None:
    """Tell everyone whom ``step`` names, once; the remark goes with it."""
    people = {user for who in step.notices for user in _people(session, row, who)}
    with officially():  # stored text: the reader is not the one who acts
        state = _(WORKFLOWS[row.__tablename__].states(row.state).label)
        title = f"{str(row)[:180]}: {state}"
        key = f"{row.__tablename__}:{row.id}:{step.name}:{row.row_version}"
        notice_users(session, people, None, key, title, remark or _(step.consequence))
    session.flush()


def _people(session: Session, row: Any, who: str) -> set[int]:
    if who == "sender":
        return {row.author_id} - {None}
    if who == "chairman":
        return set(holders(session, root_agency(session).id, Role.agency_head))
    if who in (Role.catalog_admin, Role.control_focal_point):
        return set(holders(session, root_agency(session).id, Role(who)))
    return {user for user in nearest(session, row.agency, Role(who)) if user is not None}
