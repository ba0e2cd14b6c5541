"""Who an officer is when he applies: his personal number, so that his own dossiers are known whoever's login sent them.

``Account.officer_id`` follows from it: kept by the two records whenever one of their numbers is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, event, inspect
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session, relationship

from app.errors import Invalid
from app.lowcode.entity import Entity, is_same
from app.lowcode.screen import Screen
from app.models.account import NUMBER, Account, IdKind, number_message
from app.models.identifiers import tidy_number
from app.models.menus import ORGANISATION
from app.permissions import Actor, Role
from app.transactions import one_at_a_time

if TYPE_CHECKING:
    from flask_appbuilder.security.sqla.models import User


class OfficerIdentity(Entity):
    """Số định danh của cán bộ: by it nobody handles what he asked for under another login or at a counter."""

    user_id: Mapped[int] = mapped_column(  # active: whose it was is known when it is written
        sa.ForeignKey("ab_user.id"), unique=True, active_history=True, info={"label": _l("Officer")}
    )
    id_number: Mapped[str] = mapped_column(
        sa.String(20), unique=True, info={"label": _l("Personal identification number")}
    )
    user: Mapped[User] = relationship("User")

    screen = Screen(
        menu=ORGANISATION, icon="id", title=_l("Officers' personal numbers"), singular=_l("Officer's personal number"),
        columns=["user", "id_number"], filters=["user"], order="user_id", key=["user"], is_personal=True,
        read=frozenset({Role.system_admin}), write=frozenset({Role.system_admin}),
        help=_l("By this number the system knows an officer as the applicant of a dossier, under whatever login or at "
                "whatever counter he applied, and leaves the dossier to his colleagues."),
    )  # fmt: skip

    def __str__(self) -> str:
        return str(self.user)

    def check(self, actor: Actor) -> None:
        """Refuse a number that breaks its rule or contradicts his login's own; one's own is another's to change."""
        self.id_number = tidy_number(IdKind.personal_id, self.id_number)
        _refuse_own(self, actor)
        message = number_message(IdKind.personal_id, self.id_number) or _contradiction(self)
        if message:
            raise Invalid(message, {"id_number": message})

    def check_delete(self, actor: Actor) -> None:
        """Who would handle his own dossier does not take his number away."""
        _refuse_own(self, actor)


def _refuse_own(row: OfficerIdentity, actor: Actor) -> None:
    if actor.user_id is not None and actor.user_id in {row.user_id, row.user.id}:
        message = _("Your own number is entered and changed by another administrator.")
        raise Invalid(message, {"user": message})


def _contradiction(row: OfficerIdentity) -> str:
    """Return what to say if this login applies by itself, as somebody with another personal number."""
    session = object_session(row.user)
    query = sa.select(Account.id_number).where(Account.user_id == row.user.id, Account.id_kind == IdKind.personal_id)
    own = session.scalar(query) if session is not None else None
    if own is None or own == row.id_number:
        return ""
    return _("This login applies under another personal number. Please compare the officer's identity card.")


def _one_by_one(target: OfficerIdentity | Account, number: str) -> None:
    """Number and applicant entered at the same moment must see each other."""
    session = object_session(target)
    if isinstance(session, Session):
        one_at_a_time(session, f"person:{number}")


@event.listens_for(Account, "before_insert")
@event.listens_for(Account, "before_update")
def _find_officer(_mapper: Any, connection: Connection, account: Account) -> None:
    """Keep with an applicant which officer he is."""
    if is_same(account, NUMBER):
        return
    account.officer_id = None
    if account.id_kind == IdKind.personal_id:
        _one_by_one(account, account.id_number)
        query = sa.select(OfficerIdentity.user_id).where(OfficerIdentity.id_number == account.id_number)
        account.officer_id = connection.scalar(query)


@event.listens_for(OfficerIdentity, "before_insert")
@event.listens_for(OfficerIdentity, "before_update")
def _wait(_mapper: Any, _connection: Connection, row: OfficerIdentity) -> None:
    _one_by_one(row, row.id_number)


@event.listens_for(OfficerIdentity, "after_insert")
@event.listens_for(OfficerIdentity, "after_update")
def _find_applicant(_mapper: Any, connection: Connection, row: OfficerIdentity) -> None:
    """Keep with the applicant who has this number that he is this officer; nobody else is."""
    _forget(_mapper, connection, row)
    is_he = sa.and_(Account.id_kind == IdKind.personal_id, Account.id_number == row.id_number)
    connection.execute(sa.update(Account).where(is_he).values(officer_id=row.user_id))


@event.listens_for(OfficerIdentity, "after_delete")
def _forget(_mapper: Any, connection: Connection, row: OfficerIdentity) -> None:
    users = {row.user_id, *(inspect(row).attrs.user_id.history.deleted or ())}
    connection.execute(sa.update(Account).where(Account.officer_id.in_(users)).values(officer_id=None))
