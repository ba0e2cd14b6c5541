"""Delegations: who acts with whose post, from which day until which; and absences."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.i18n import N_
from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.menus import ORGANISATION
from app.models.officer import OfficerPosition
from app.models.scope import by_agency
from app.permissions import OVERSEERS, PROCESSING, Actor, Role
from app.types import UtcDateTime

if TYPE_CHECKING:
    from flask_appbuilder.security.sqla.models import User

    from app.models.agency import Agency

# Posts of handling dossiers; those of administration and supervision are nobody's to lend.
DELEGABLE = PROCESSING | {Role.cashier, Role.centre_director}
_HEADS = frozenset({Role.agency_head})
_READERS = OVERSEERS | _HEADS | {Role.system_admin}
ABSENCE_KINDS = {
    "leave": N_("On leave"), "travel": N_("On a business trip"),
    "training": N_("In training"), "illness": N_("Ill"),
}  # fmt: skip


ABSENCE_WAYS = {
    "colleagues": N_("To colleagues, the least loaded first"), "pool": N_("Back to everybody of the role"),
    "delegate": N_("They stay; the delegate does them in his place"), "keep": N_("They stay"),
}  # fmt: skip
_TO_BEGIN = sa.text("given_at IS NULL")


def _seen(model: type[Delegation] | type[Absence], actor: Actor) -> ColumnElement[bool] | None:
    """One's own, and those of the agencies one heads or watches; no post lent by another counts."""
    own = [model.user_id == actor.user_id]
    if model is Delegation:
        own.append(Delegation.delegate_id == actor.user_id)
    where = by_agency(model.agency_id, actor.in_own_name(), _READERS)
    return None if where is None else sa.or_(where, *own)


class Delegation(Entity):
    """Ủy quyền, phân công thực hiện thay: ``delegate`` acts with a post of ``user`` while it is valid.

    agency_id, user_id: of the post, kept for reading by agency and officer. Both days count.
    """

    position_id: Mapped[int] = mapped_column(
        sa.ForeignKey("officer_position.id"), index=True, info={"label": _l("Position")}
    )
    user_id: Mapped[int] = mapped_column(
        sa.ForeignKey("ab_user.id"), index=True, info={"label": _l("Delegating officer")}
    )
    delegate_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_user.id"), info={"label": _l("Delegate")})
    agency_id: Mapped[int] = mapped_column(
        sa.ForeignKey("agency.id"), index=True, info={"label": _l("Agency")}
    )
    valid_from: Mapped[date] = mapped_column(info={"label": _l("Valid from")})
    valid_to: Mapped[date] = mapped_column(info={"label": _l("Valid to")})
    is_withdrawn: Mapped[bool] = mapped_column(
        default=False, server_default=sa.false(), info={"label": _l("Withdrawn")}
    )
    document_number: Mapped[str] = mapped_column(sa.String(120), info={"label": _l("Document number")})
    reason: Mapped[str] = mapped_column(sa.Text, info={"label": _l("Reason")})
    position: Mapped[OfficerPosition] = relationship("OfficerPosition")
    user: Mapped[User] = relationship("User", foreign_keys=[user_id])
    delegate: Mapped[User] = relationship("User", foreign_keys=[delegate_id])
    agency: Mapped[Agency] = relationship("Agency")
    __table_args__ = (
        sa.Index("ix_delegation_delegate", "delegate_id", "valid_to"),
        sa.CheckConstraint("user_id <> delegate_id", name="delegation_to_another"),
        sa.CheckConstraint("valid_from <= valid_to", name="delegation_days"),
    )

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        return _seen(Delegation, actor)

    screen = Screen(
        menu=ORGANISATION, menu_title=_l("List of delegations"), icon="users",
        title=_l("Delegations"), singular=_l("Delegation"),
        columns=["user", "position", "delegate", "valid_from", "valid_to", "is_withdrawn", "document_number"],
        filters=["agency", "valid_from", "is_withdrawn"], order="-valid_from",
        form=[], can_add=False, can_delete=False, rows=_rows, read=_READERS | DELEGABLE,
    )  # fmt: skip

    def __str__(self) -> str:
        return _("%(delegate)s in place of %(name)s", delegate=str(self.delegate), name=str(self.user))

    @classmethod
    def in_force(cls, day: date | sa.BindParameter[date]) -> ColumnElement[bool]:
        """Return the condition that a delegation is valid on ``day``."""
        return sa.and_(cls.valid_from <= day, cls.valid_to >= day, cls.is_withdrawn.is_(False))


def visible_delegations(actor: Actor) -> ColumnElement[bool] | None:
    """Return the condition of the delegations an actor may know of; None for all."""
    return _seen(Delegation, actor)


class Absence(Entity):
    """Vắng mặt: an officer is away; new tasks go to others, open ones were given away as written."""

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_user.id"), info={"label": _l("Officer")})
    agency_id: Mapped[int] = mapped_column(
        sa.ForeignKey("agency.id"), index=True, info={"label": _l("Agency")}
    )
    kind: Mapped[str] = mapped_column(sa.String(20), info={"label": _l("Kind"), "choices": ABSENCE_KINDS})
    valid_from: Mapped[date] = mapped_column(info={"label": _l("Valid from")})
    valid_to: Mapped[date] = mapped_column(info={"label": _l("Valid to")})
    is_withdrawn: Mapped[bool] = mapped_column(
        default=False, server_default=sa.false(), info={"label": _l("Withdrawn")}
    )
    reason: Mapped[str] = mapped_column(sa.Text, info={"label": _l("Reason")})
    given_away: Mapped[int] = mapped_column(
        default=0, server_default="0", info={"label": _l("Tasks given away")}
    )
    # To whom the open tasks go, and when they went: on the first day, by itself if that is to come.
    way: Mapped[str] = mapped_column(
        sa.String(20), default="keep", server_default="keep", info={"label": _l("Open tasks"), "choices": ABSENCE_WAYS}
    )
    given_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Tasks distributed")})
    user: Mapped[User] = relationship("User")
    agency: Mapped[Agency] = relationship("Agency")
    __table_args__ = (
        sa.Index("ix_absence_to_begin", "valid_from", postgresql_where=_TO_BEGIN, sqlite_where=_TO_BEGIN),
        sa.Index("ix_absence_user", "user_id", "valid_to"),
        sa.CheckConstraint("valid_from <= valid_to", name="absence_days"),
    )

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        return _seen(Absence, actor)

    screen = Screen(
        menu=ORGANISATION, menu_title=_l("List of absences"), icon="calendar",
        title=_l("Absences"), singular=_l("Absence"),
        columns=["user", "agency", "kind", "valid_from", "valid_to", "is_withdrawn", "way", "given_at", "given_away"],
        filters=["agency", "kind", "valid_from"], order="-valid_from",
        form=[], can_add=False, can_delete=False, is_personal=True, rows=_rows, read=_READERS | DELEGABLE,
    )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.user}: {_(ABSENCE_KINDS[self.kind])}"

    @classmethod
    def on(cls, day: date | sa.BindParameter[date]) -> ColumnElement[bool]:
        """Return the condition that an absence covers ``day``."""
        return sa.and_(cls.valid_from <= day, cls.valid_to >= day, cls.is_withdrawn.is_(False))
