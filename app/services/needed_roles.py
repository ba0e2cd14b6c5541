"""Which roles open a page that refused somebody: names of roles alone, nothing of any record."""

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.models import FabRole, PermissionView
from app.permissions import ROLE_LABELS, Actor, Role


def roles_opening(session: Session, permission: str, view: str) -> list[str]:
    """Return the labels of the roles of officers that grant ``permission`` on ``view``, as the rights stand now."""
    right, screen = PermissionView.permission, PermissionView.view_menu
    query = (
        sa.select(FabRole.name).join(FabRole.permissions).join(right).join(screen)
        .where(right.property.mapper.class_.name == permission, screen.property.mapper.class_.name == view)
    )  # fmt: skip
    held = set(session.scalars(query)) - {str(Role.citizen)}
    return [_(label) for role, label in ROLE_LABELS.items() if str(role) in held]


def refusal_words(session: Session, actor: Actor, permission: str, view: str) -> str:
    """Return which role a page asks for, which the reader has, and who gives roles; "" for who is no officer."""
    if not actor.is_officer:
        return ""
    needed = "; ".join(roles_opening(session, permission, view)) or _("none at present")
    own = "; ".join(_(label) for role, label in ROLE_LABELS.items() if role in actor.roles)
    return _("This page is open to: %(roles)s. Your roles: %(own)s. If you need it for your work, ask the %(admin)s to "
             "give you a post with such a role, or a colleague who has it to do the work.",
             roles=needed, own=own, admin=_(ROLE_LABELS[Role.system_admin]))  # fmt: skip
