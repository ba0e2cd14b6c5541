"""Tasks: a step of the process while a dossier stands at it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from app.i18n import N_
from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.process import STEP_KINDS
from app.models.task_copies import FACTS
from app.permissions import DOSSIER_READERS, ROLE_LABELS, Actor
from app.types import JSON, UtcDateTime

if TYPE_CHECKING:
    from flask_appbuilder.security.sqla.models import User

    from app.models.agency import Agency
    from app.models.dossier import Dossier
    from app.models.process import ProcessStep


class TaskState(StrEnum):
    """What became of a task."""

    open = "open"
    done = "done"
    returned = "returned"
    cancelled = "cancelled"


TASK_STATES = {
    TaskState.open: N_("Open"), TaskState.done: N_("Done"),
    TaskState.returned: N_("Sent back"), TaskState.cancelled: N_("Cancelled"),
}  # fmt: skip


# What an asked agency or colleague answered; silent: the limit passed without a word.
ANSWERS = {
    "agree": N_("Agrees"), "disagree": N_("Does not agree"), "comment": N_("Has remarks"),
    "silent": N_("No answer in time"),
}  # fmt: skip


# Why an open step waits for nobody: who has it may not do it any more, and nobody else may before it is given on.
STRANDED = {
    "left": N_("The officer no longer holds the post of this step"), "own": N_("The dossier is the officer's own"),
    "away": N_("The officer is away beyond the limit of the step, and nobody stands in"),
}  # fmt: skip
_STRANDED = sa.text("state = 'open' AND stranded IS NOT NULL")
_ASKED = sa.text("state = 'open' AND asked_by_id IS NOT NULL")


class Task(Entity):
    """Việc of one step: who must do it, where, and until when."""

    __history_owner__ = ("dossier", "dossier_id")
    dossier_id: Mapped[int] = mapped_column(
        sa.ForeignKey("dossier.id"), index=True, info={"label": _l("Dossier")}
    )
    step_id: Mapped[int] = mapped_column(sa.ForeignKey("process_step.id"), index=True)
    position: Mapped[int] = mapped_column(info={"label": _l("Order")})
    name: Mapped[str] = mapped_column(sa.String(500), info={"label": _l("Step")})
    kind: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("Kind"), "choices": STEP_KINDS}
    )
    role: Mapped[str] = mapped_column(
        sa.String(40), info={"label": _l("Done by"), "choices": dict(ROLE_LABELS)}
    )
    agency_id: Mapped[int] = mapped_column(sa.ForeignKey("agency.id"), info={"label": _l("Agency")})
    assignee_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("ab_user.id"), info={"label": _l("Officer")}
    )
    # Who did it in the officer's place, under a delegation.
    delegate_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("ab_user.id"), info={"label": _l("Delegate")}
    )
    state: Mapped[str] = mapped_column(
        sa.String(20), default=TaskState.open,
        info={"label": _l("State"), "choices": TASK_STATES},
    )  # fmt: skip
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("Opened")})
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("Limit of the step")})
    finished_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, info={"label": _l("Finished")}
    )
    remark: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Remark")})
    # Its place in the graph: the step's key, or "b3/b1" inside a process that stands for step b3.
    key: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    # Tells apart questions to several agencies or colleagues at one step: "agency:user".
    slot: Mapped[str] = mapped_column(sa.String(40), default="", server_default="")
    went_to: Mapped[list[Any] | None] = mapped_column(JSON)  # keys of the steps it led to
    # False once the dossier was sent back past it: it counts no longer.
    is_current: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    asked_by_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("task.id"), index=True, info={"label": _l("Asked from")}
    )
    question: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Question")})
    answer: Mapped[str | None] = mapped_column(
        sa.String(20), info={"label": _l("Answer"), "choices": ANSWERS}
    )
    # Written by services/stranded.py; gone with the officer it speaks of.
    stranded: Mapped[str | None] = mapped_column(
        sa.String(20), info={"label": _l("Must be given on"), "choices": STRANDED}
    )
    # Copies of the dossier's, written by the database (``task_copies.py``).
    dossier_state: Mapped[int | None] = mapped_column(sa.SmallInteger, deferred=True)
    dossier_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, deferred=True)
    dossier_received_at: Mapped[datetime | None] = mapped_column(UtcDateTime, deferred=True)
    dossier_reception_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, deferred=True)
    dossier: Mapped[Dossier] = relationship("Dossier", back_populates="tasks")
    step: Mapped[ProcessStep] = relationship("ProcessStep")
    agency: Mapped[Agency] = relationship("Agency")
    assignee: Mapped[User | None] = relationship("User", foreign_keys=[assignee_id])
    delegate: Mapped[User | None] = relationship("User", foreign_keys=[delegate_id])
    __table_args__ = (
        sa.Index("ix_task_agency_role", "agency_id", "role", "state", "due_at"),
        sa.Index("ix_task_assignee", "assignee_id", "state", "due_at"),
        sa.Index("ix_task_inbox", "agency_id", "role", "assignee_id", postgresql_where=sa.text("state = 'open'"),
                 sqlite_where=sa.text("state = 'open'"),
                 postgresql_include=["dossier_id", "due_at", "id", *(f"dossier_{fact}" for fact in FACTS)]),
        # Which steps wait for opinions, for the inbox.
        sa.Index("ix_task_asked_open", "asked_by_id", "dossier_id", postgresql_where=_ASKED, sqlite_where=_ASKED),
        sa.Index("ix_task_stranded", "agency_id", postgresql_where=_STRANDED, sqlite_where=_STRANDED),
        # Parallel steps stand open side by side, but none of them twice.
        sa.Index("uq_task_open", "dossier_id", "key", "slot", unique=True,
                 postgresql_where=sa.text("state = 'open'"),
                 sqlite_where=sa.text("state = 'open'")),
    )  # fmt: skip

    @validates("assignee_id")
    def _given_on(self, _key: str, assignee_id: int | None) -> int | None:
        if assignee_id != self.assignee_id:
            self.stranded = None
        return assignee_id

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import through_dossier

        return through_dossier(Task.dossier_id, actor)

    screen = Screen(
        icon="list-check", title=_l("Tasks"), singular=_l("Task"),
        columns=["dossier", "name", "agency", "assignee", "state", "due_at", "finished_at"],
        filters=["state", "agency", "assignee"], form=[], can_add=False, can_delete=False,
        rows=_rows, read=DOSSIER_READERS,
        scope={"agency": ["agency_id"], "owner": ["assignee_id"]},
    )  # fmt: skip

    def __str__(self) -> str:
        return self.name
