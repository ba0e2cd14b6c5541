"""Officers' posts and what each user set for themselves."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import inspect
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.clock import today
from app.errors import Invalid
from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.lowcode.telling import set_post_finder
from app.models.menus import ORGANISATION
from app.permissions import ROLE_LABELS, Actor, Role
from app.types import UtcDateTime

if TYPE_CHECKING:
    from flask_appbuilder.security.sqla.models import User

    from app.models.agency import Agency, Division

OFFICER_ROLES = {role: text for role, text in ROLE_LABELS.items() if role is not Role.citizen}


class OfficerPosition(Entity):
    """Vị trí công tác: a user holds a role at an agency while it is valid.

    Posts are the only source of an officer's roles; what he sees follows the agency.
    """

    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("ab_user.id"), index=True, info={"label": _l("Officer")}
    )
    agency_id: Mapped[int] = mapped_column(
        sa.ForeignKey("agency.id"), index=True, info={"label": _l("Agency")}
    )
    division_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("division.id"), index=True, info={"label": _l("Division")}
    )
    role: Mapped[str] = mapped_column(
        sa.String(40), info={"label": _l("Role"), "choices": OFFICER_ROLES}
    )
    title: Mapped[str | None] = mapped_column(sa.String(120), info={"label": _l("Job title")})
    valid_from: Mapped[date] = mapped_column(default=today, info={"label": _l("Valid from")})
    valid_to: Mapped[date | None] = mapped_column(info={"label": _l("Valid to")})
    user: Mapped[User] = relationship("User")
    agency: Mapped[Agency] = relationship("Agency")
    division: Mapped[Division | None] = relationship("Division")
    __table_args__ = (sa.Index("ix_officer_position_role", "agency_id", "role"),)

    screen = Screen(
        menu=ORGANISATION, icon="id", title=_l("Officers' positions"), singular=_l("Position"),
        columns=["user", "agency", "division", "role", "title", "valid_to"],
        filters=["agency", "role", "user"], order="agency_id", depends={"division": "agency"},
        key=["user", "agency", "role", "valid_from"], is_configuration=True,
        read=frozenset({Role.system_admin, Role.catalog_admin, Role.auditor, Role.agency_head}),
        write=frozenset({Role.system_admin}), scope={"agency": ["agency_id"], "owner": ["user_id"]},
    )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.user} – {_(ROLE_LABELS[Role(self.role)])}"

    def check(self, actor: Actor) -> None:
        """Refuse giving oneself a role, rewriting who held what."""
        if actor.user_id is not None and self.user.id == actor.user_id:
            message = _("Nobody may give a role to themselves.")
            raise Invalid(message, {"user": message})
        if self.id is not None and self._is_another_post():
            message = _("Who held which post must stay known: end this one and add another.")
            raise Invalid(message)

    def _is_another_post(self) -> bool:
        """Return whether person, agency or role differ from what is stored (not yet flushed)."""
        is_other = self.user.id != self.user_id or self.agency.id != self.agency_id
        return is_other or inspect(self).attrs.role.history.has_changes()

    def check_delete(self, actor: Actor) -> None:
        """A post that was held is ended, not forgotten."""
        raise Invalid(_("Set the end of validity instead: who held the post must stay known."))


def _posts_of(session: Session, ids: set[int]) -> dict[int, list[OfficerPosition]]:
    """Return the posts that users hold or held, in one statement."""
    found: dict[int, list[OfficerPosition]] = {}
    query = sa.select(OfficerPosition).where(OfficerPosition.user_id.in_(ids))
    for post in session.scalars(query.order_by(OfficerPosition.id)):
        found.setdefault(post.user_id, []).append(post)
    return found


set_post_finder(_posts_of)


class UserSetting(Entity):
    """What a user set for themselves, and the state of their sign-in."""

    __history_owner__ = ("ab_user", "user_id")
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_user.id"), unique=True)
    locale: Mapped[str | None] = mapped_column(sa.String(5))
    theme: Mapped[str | None] = mapped_column(sa.String(10))
    session_version: Mapped[int] = mapped_column(default=1)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    must_change_password: Mapped[bool] = mapped_column(default=False)
