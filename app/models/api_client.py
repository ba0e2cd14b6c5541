"""Connected systems and their access tokens: what a program may do here, for whom, until when."""

from __future__ import annotations

import ipaddress
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.errors import Invalid
from app.lowcode.entity import Entity, Searchable
from app.lowcode.screen import Screen
from app.models.menus import SYSTEM
from app.permissions import Actor, Role
from app.types import JSON, UtcDateTime

if TYPE_CHECKING:
    from flask_appbuilder.security.sqla.models import User

    from app.models.agency import Agency

_READ = frozenset({Role.system_admin, Role.auditor})
MAX_PER_MINUTE = 6000


class ApiClient(Searchable, Entity):
    """Hệ thống kết nối: a program of an agency that acts for its owner, within its tokens."""

    code: Mapped[str] = mapped_column(sa.String(40), unique=True, info={"label": _l("Code")})
    name: Mapped[str] = mapped_column(sa.String(120), info={"label": _l("Name")})
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_user.id"), index=True, info={
        "label": _l("Owner"), "help": _l("Tokens never do more than this person may do now.")})  # fmt: skip
    agency_id: Mapped[int] = mapped_column(sa.ForeignKey("agency.id"), index=True, info={"label": _l("Agency")})
    per_minute: Mapped[int] = mapped_column(default=300, info={"label": _l("Requests a minute")})
    addresses: Mapped[str | None] = mapped_column(sa.Text, info={
        "label": _l("Allowed addresses"),
        "help": _l("One IP address or network on each line; empty: from anywhere.")})  # fmt: skip
    note: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Note")})
    is_active: Mapped[bool] = mapped_column(default=True, info={"label": _l("In use")})
    owner: Mapped[User] = relationship("User")
    agency: Mapped[Agency] = relationship("Agency")
    tokens: Mapped[list[ApiToken]] = relationship(
        back_populates="client", order_by="ApiToken.id.desc()", info={"label": _l("Access tokens")}
    )

    screen = Screen(
        menu=SYSTEM, icon="world", title=_l("Connected systems"), singular=_l("Connected system"),
        columns=["code", "name", "owner", "agency", "per_minute", "is_active"],
        search=["code", "name"], filters=["owner", "agency", "is_active"], order="name",
        related=["tokens"], read=_READ, write=frozenset({Role.system_admin}),
    )  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def check(self, actor: Actor) -> None:
        """Refuse an owner who may not sign in, a limit out of range, addresses that are none."""
        if not self.owner.active:
            message = _("This user may not sign in.")
            raise Invalid(message, {"owner": message})
        if not 1 <= self.per_minute <= MAX_PER_MINUTE:
            message = _("From 1 to %(top)d requests a minute.", top=MAX_PER_MINUTE)
            raise Invalid(message, {"per_minute": message})
        for line in (self.addresses or "").split():
            if _network(line) is None:
                message = _("“%(text)s” is no IP address or network.", text=line[:60])
                raise Invalid(message, {"addresses": message})

    def accepts(self, address: str | None) -> bool:
        """Return whether requests may come from ``address``."""
        networks = [_network(line) for line in (self.addresses or "").split()]
        here = _network(address or "")
        return not networks or (here is not None and any(
            net is not None and net.version == here.version and here.subnet_of(net)  # type: ignore[arg-type]
            for net in networks))  # fmt: skip


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


class ApiToken(Entity):
    """Mã truy cập of a connected system. The text is shown once; only its hash is kept.

    ``scopes``: ["sector:read", …], kind of record and one of the six actions.
    """

    __history_owner__ = ("api_client", "client_id")
    client_id: Mapped[int] = mapped_column(
        sa.ForeignKey("api_client.id"), index=True, info={"label": _l("Connected system")})
    prefix: Mapped[str] = mapped_column(sa.String(12), info={"label": _l("Begins with")})
    key_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    scopes: Mapped[list[Any]] = mapped_column(JSON, info={"label": _l("Scopes")})
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, info={"label": _l("Issued")})
    expires_on: Mapped[date] = mapped_column(info={"label": _l("Valid to")})
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Revoked")})
    confirmed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True, info={
        "label": _l("Confirmed by")})  # fmt: skip
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Last used")})
    client: Mapped[ApiClient] = relationship(back_populates="tokens")
    confirmed_by: Mapped[User | None] = relationship("User", info={"label": _l("Confirmed by")})

    screen = Screen(
        icon="key", title=_l("Access tokens"), singular=_l("Access token"),
        columns=["client", "prefix", "created_at", "expires_on", "last_used_at", "revoked_at"],
        filters=["client", "expires_on", "revoked_at"], form=[], can_add=False, can_delete=False, key=["prefix"],
        sections=[(_l("Access token"), ["client", "prefix", "scopes", "created_at", "confirmed_by", "expires_on",
                                        "last_used_at", "revoked_at"])],
        read=_READ,
    )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.prefix}…"

    @property
    def is_confirmed(self) -> bool:
        """Whether the person it acts for, as he is now, has agreed to it."""
        return self.confirmed_by_id is not None and self.confirmed_by_id == self.client.owner_id
