"""Linked procedures (liên thông): dossiers that a step of another one opened at other agencies."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.permissions import DOSSIER_READERS, Actor
from app.types import UtcDateTime

if TYPE_CHECKING:
    from app.models.dossier import Dossier
    from app.models.task import Task


class LinkedDossier(Entity):
    """One dossier opened for a step of another, with a clock of its own; its result comes back."""

    __history_owner__ = ("dossier", "parent_id")
    parent_id: Mapped[int] = mapped_column(
        sa.ForeignKey("dossier.id"), index=True, info={"label": _l("Leading dossier")}
    )
    child_id: Mapped[int] = mapped_column(
        sa.ForeignKey("dossier.id"), unique=True, info={"label": _l("Linked dossier")}
    )
    task_id: Mapped[int] = mapped_column(
        sa.ForeignKey("task.id"), unique=True, info={"label": _l("Step")}
    )
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("Opened")})
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Finished")})
    parent: Mapped[Dossier] = relationship("Dossier", foreign_keys=[parent_id])
    child: Mapped[Dossier] = relationship("Dossier", foreign_keys=[child_id])
    task: Mapped[Task] = relationship("Task")

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import through_dossier

        return through_dossier(LinkedDossier.parent_id, actor)

    screen = Screen(
        icon="external", title=_l("Linked dossiers"), singular=_l("Linked dossier"),
        columns=["parent", "child", "task", "opened_at", "ended_at"],
        form=[], can_add=False, can_delete=False, rows=_rows, read=DOSSIER_READERS,
    )  # fmt: skip

    def __str__(self) -> str:
        return str(self.child)
