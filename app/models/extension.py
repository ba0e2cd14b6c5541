"""Extensions of the time limit: who asked, who confirmed, what became of the due date."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.menus import DOSSIERS
from app.permissions import DOSSIER_READERS, ROLE_LABELS, Actor
from app.types import JSON, UtcDateTime
from app.workflows.extension import EXTENSION_STATES, ExtensionState

if TYPE_CHECKING:
    from app.models.dossier import Dossier

_WAITING = sa.text("state IN ('asked', 'confirmed')")


class Extension(Entity):
    """Đề nghị gia hạn (TTH17 Đ14.4): ``minutes`` of working time beyond the due date.

    approvers: the roles that confirm, in their order, as the profile said when it was asked;
    confirmed: what each of them did: [{"role", "user_id", "name", "agency", "at", "remark"}].
    new_due_at: as proposed, then as granted.
    """

    __history_owner__ = ("dossier", "dossier_id")
    dossier_id: Mapped[int] = mapped_column(
        sa.ForeignKey("dossier.id"), index=True, info={"label": _l("Dossier")}
    )
    number: Mapped[int] = mapped_column(info={"label": _l("Number")})
    state: Mapped[str] = mapped_column(
        sa.String(20), default=ExtensionState.asked,
        info={"label": _l("State"), "choices": EXTENSION_STATES},
    )  # fmt: skip
    waits_for: Mapped[str | None] = mapped_column(
        sa.String(40), info={"label": _l("Waits for"), "choices": dict(ROLE_LABELS)}
    )
    minutes: Mapped[int] = mapped_column(info={"label": _l("Working minutes asked for")})
    reason: Mapped[str] = mapped_column(sa.Text, info={"label": _l("Reason")})
    clause: Mapped[str] = mapped_column(sa.String(120), info={"label": _l("Clause")})
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("Asked")})
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    asked_by_name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Asked by")})
    # In whose place it was asked: he confirms it no more than who asked.
    asked_for_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    old_due_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("Due before")})
    new_due_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("New due date")})
    approvers: Mapped[list[Any]] = mapped_column(JSON, default=list)
    confirmed: Mapped[list[Any]] = mapped_column(JSON, default=list)
    decided_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, info={"label": _l("Decided")}
    )
    decided_by_name: Mapped[str | None] = mapped_column(
        sa.String(255), info={"label": _l("Decided by")}
    )
    answer: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Remark")})
    dossier: Mapped[Dossier] = relationship("Dossier", back_populates="extensions")
    __table_args__ = (
        sa.UniqueConstraint("dossier_id", "number"),
        sa.Index("ix_extension_waits", "waits_for", "state"),
        # One at a time: the next is asked for when this one is decided.
        sa.Index("uq_extension_waiting", "dossier_id", unique=True,
                 postgresql_where=_WAITING, sqlite_where=_WAITING),
    )  # fmt: skip

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import through_dossier

        return through_dossier(Extension.dossier_id, actor)

    screen = Screen(
        menu=DOSSIERS, icon="hourglass", title=_l("Extensions"), singular=_l("Extension"),
        columns=["dossier", "state", "waits_for", "old_due_at", "new_due_at", "asked_by_name",
                 "asked_at"],
        filters=["state", "waits_for", "asked_at"], form=[], can_add=False, can_delete=False,
        rows=_rows, read=DOSSIER_READERS,
    )  # fmt: skip

    def __str__(self) -> str:
        return _("Extension %(number)d of %(code)s", number=self.number, code=self.dossier.code)
