"""Officers with their posts, and what was decided for roles: who may carry them, what follows them.

A file never makes a role and never removes a user or a post; a new account has no password and
cannot sign in until an administrator gives it a temporary one.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.history import because
from app.lowcode.overrides import FieldRight, RoleRight, RoleScope
from app.lowcode.sync import sync_permissions
from app.models import Agency, AgencyCalendar, FabRole, OfficerPosition, PublicationDecision, PublicationItem, User
from app.packs.comparing import ADD, SAME, Change
from app.packs.kinds import Kind
from app.packs.reading import Fault, Refused
from app.permissions import Actor, Role
from app.services import rights_changes
from app.services.users import sync_roles

USERS, ROLES, POSTS = "ab_user", "ab_role", OfficerPosition.__tablename__
ACCESS = frozenset({USERS, ROLES})  # kinds that stand in files of their own
LASTING = frozenset({POSTS})  # what was held must stay known: a pack ends it, and removes none
_DECISIONS = frozenset({model.__tablename__ for model in (RoleRight, RoleScope, FieldRight)})
_RIGHTS = _DECISIONS | {ROLES}


def may(actor: Actor, right: str, kind: Kind) -> bool:
    """Return whether ``actor`` has ``right`` on records of ``kind``.

    Rights are the system administrator's; a decision's procedures are written with the decision.
    """
    if kind.name in _RIGHTS:
        return actor.has(Role.system_admin)
    if kind.model is PublicationItem:
        return actor.may("can_import" if right == "can_import" else "can_change", PublicationDecision.__name__)
    if kind.model is AgencyCalendar:  # who may say which calendar an agency goes by
        asked = right if right in {"can_import", "can_export", "can_read"} else "can_change"
        return actor.may(asked, Agency.__name__) and "calendar" not in actor.closed.get((asked, Agency.__name__), ())
    return actor.may(right, kind.model.__name__)


def carries_access(actor: Actor | None) -> bool:
    """Return whether a pack of everything made by ``actor`` holds officers and rights: he could apply it."""
    if actor is None:
        return True
    return actor.has(Role.system_admin) and actor.may("can_import", User.__name__)


def carried(kind: Kind) -> list[Any]:
    """Return the conditions of the rows that files hold; applicants' accounts never are among them."""
    if kind.name == USERS:
        return [User.id.in_(sa.select(OfficerPosition.user_id))]
    if kind.name == ROLES:
        decided = [FabRole.id.in_(sa.select(model.role_id)) for model in (RoleRight, RoleScope, FieldRight)]
        return [sa.or_(*decided)]
    if kind.model is PublicationDecision:  # before it has a number nothing could name it elsewhere
        return [PublicationDecision.number.is_not(None), PublicationDecision.decided_on.is_not(None)]
    return []


class Follow:
    """What must follow officers and rights that a pack writes; begun before anything is written."""

    def __init__(self, session: Session, changes: Iterable[Change]) -> None:
        self.session, self.changes = session, [c for c in changes if c.is_change]
        self.decides = any(c.kind.name in _DECISIONS for c in self.changes)
        self.before = rights_changes.decided(session) if self.decides else {}

    def finish(self, posts: Iterable[Any], reason: str, *, is_checked: bool) -> None:
        """Give officers the roles of the posts written, and every role its rights.

        is_checked: as the matrix does, refuse what no declaration allows; raises Refused.
        """
        if self.decides and is_checked:
            wanted = dict.fromkeys(self.before, "") | rights_changes.decided(self.session)
            try:
                rights_changes.check(self.before, rights_changes.differing(self.before, wanted))
            except Invalid as exc:
                raise Refused([Fault(ROLES, str(exc))]) from exc
        because(self.session, reason=reason)
        for user in {post.user.id: post.user for post in posts if post.user in self.session}.values():
            is_applicant = any(role.name == Role.citizen for role in user.roles)
            sync_roles(self.session, user, is_applicant=is_applicant)
        if self.decides:
            sync_permissions(self.session)
        self.session.flush()


def refuse_new_roles(changes: Iterable[Change]) -> None:
    """Raise Refused if a pack makes or renames a role."""
    text = _("there is no such role; a pack makes and renames none")
    faults = [Fault(c.path, text) for c in changes if c.kind.name == ROLES and c.act != SAME]
    if faults:
        raise Refused(faults)


def new_accounts(changes: Iterable[Change]) -> list[str]:
    """Say how many accounts a pack makes: nobody can sign in with them yet."""
    count = sum(change.kind.name == USERS and change.act == ADD for change in changes)
    if not count:
        return []
    return [ngettext(
        "%(num)d new account has no password: give it a temporary one before its officer can sign in.",
        "%(num)d new accounts have no password: give them temporary ones before their officers can sign in.",
        count,
    )]  # fmt: skip
