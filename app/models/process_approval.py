"""The way of an internal process from its draft into use, with every stage kept (HUE25 Đ16)."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.errors import Invalid
from app.lowcode.entity import Entity, Searchable
from app.lowcode.screen import Screen
from app.models.menus import PROCEDURES
from app.official import officially
from app.permissions import Actor, Role
from app.types import UtcDateTime
from app.workflows.governance import APPROVAL, APPROVAL_STATES, ApprovalState

if TYPE_CHECKING:
    from app.models.agency import Agency
    from app.models.process import Process

_DRAFTERS = frozenset({Role.division_head, Role.agency_head})
_WRITE = _DRAFTERS | {Role.catalog_admin}
_READ = _WRITE | {Role.control_focal_point, Role.specialist, Role.system_admin, Role.auditor}


class ProcessApproval(Searchable, Entity):
    """Phê duyệt quy trình nội bộ: who drafted, examined, approved, configured, tested, assigned."""

    title: Mapped[str] = mapped_column(sa.String(500), info={"label": _l("Title")})
    process_id: Mapped[int] = mapped_column(
        sa.ForeignKey("process.id"), index=True, info={"label": _l("Process")}
    )
    agency_id: Mapped[int] = mapped_column(
        sa.ForeignKey("agency.id"), index=True, info={"label": _l("Drafting agency")}
    )
    state: Mapped[str] = mapped_column(
        sa.String(20), default=ApprovalState.drafting, index=True,
        info={"label": _l("Stage"), "choices": APPROVAL_STATES},
    )  # fmt: skip
    due_on: Mapped[date | None] = mapped_column(
        info={"label": _l("To be finished by"),
              "help": _l("HUE25 Đ16 sets no limit; the Office may set one")}
    )  # fmt: skip
    decision_number: Mapped[str | None] = mapped_column(
        sa.String(60), info={"label": _l("Decision of approval"),
                             "help": _l("The Office enters number and date once the Chairman has decided")}
    )
    decision_on: Mapped[date | None] = mapped_column(info={"label": _l("Date of decision")})
    note: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Note")})
    process: Mapped[Process] = relationship("Process", back_populates="approvals")
    agency: Mapped[Agency] = relationship("Agency")
    stages: Mapped[list[ApprovalStage]] = relationship(
        back_populates="approval", order_by="ApprovalStage.id", cascade="all, delete-orphan",
        info={"label": _l("Stages so far")},
    )  # fmt: skip
    __table_args__ = (sa.UniqueConstraint("process_id", "title"),)

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import by_agency

        return by_agency(ProcessApproval.agency_id, actor, _READ)

    @staticmethod
    def _own_rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import by_agency

        return by_agency(ProcessApproval.agency_id, actor, _WRITE)

    screen = Screen(
        menu=PROCEDURES, icon="route", title=_l("Approval of processes"),
        singular=_l("Approval of a process"),
        columns=["title", "process", "agency", "state", "due_on"], search=["title", "decision_number"],
        filters=["state", "agency", "due_on"],
        sections=[(_l("Approval of a process"), ["title", "process", "agency", "state", "due_on",
                                                 "decision_number", "decision_on", "note"])],
        form=["title", "process", "agency", "due_on", "decision_number", "decision_on", "note"],
        readonly=["state"], related=["stages"], can_delete=False, rows=_rows, write_rows=_own_rows,
        read=_READ, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.title

    @staticmethod
    def suggested(actor: Actor, given: dict[str, Any]) -> dict[str, Any]:
        """Return a title from the process, and the id of the agency: whose process it is, or the actor's own."""
        process = given.get("process")
        with officially():  # stored, and read by others
            title = _("Approval of: %(process)s", process=process.name)[:500] if process is not None else None
        own = next((post.agency_id for post in actor.positions if post.role in _DRAFTERS), None)
        return {"title": title, "agency": getattr(process, "agency_id", None) or own}

    def check(self, actor: Actor) -> None:
        """Refuse a change of what the Office has; from then on only the Office enters facts."""
        if self.state == ApprovalState.in_use:
            raise Invalid(_("This process is in use; its approval is closed."))
        drafter = APPROVAL.find("draft").roles
        if self.state != ApprovalState.drafting and not actor.has(Role.catalog_admin):
            raise Invalid(_("The Office has it now. Only a draft can be changed by the agency."))
        if not actor.roles & {Role(role) for role in drafter}:
            raise Invalid(_("You may not do this: “%(step)s”.", step=_(APPROVAL.find("draft").label)))
        if self.process.agency is not None and self.process.agency is not self.agency:
            message = _("This process belongs to %(agency)s, which drafts it.", agency=self.process.agency)
            raise Invalid(message, {"process": message})


class ApprovalStage(Entity):
    """One stage passed: which, when, by whom of which agency, with what remark."""

    __history_owner__ = ("process_approval", "approval_id")
    approval_id: Mapped[int] = mapped_column(
        sa.ForeignKey("process_approval.id"), index=True,
        info={"label": _l("Approval of a process")},
    )  # fmt: skip
    transition: Mapped[str] = mapped_column(
        sa.String(40), info={"label": _l("What was done"),
                             "choices": {row.name: row.label for row in APPROVAL.transitions}}
    )  # fmt: skip
    target: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("Next stage"), "choices": APPROVAL_STATES}
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("Time")})
    by_name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Officer")})
    by_agency: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Agency")})
    remark: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Remark")})
    approval: Mapped[ProcessApproval] = relationship(back_populates="stages")

    screen = Screen(
        icon="git-branch", title=_l("Stages of approvals"), singular=_l("Stage of an approval"),
        columns=["approval", "transition", "at", "by_name", "by_agency", "remark"],
        filters=["approval"], form=[], can_add=False, can_delete=False, order="id",
        rows=lambda actor: _through_approval(actor), read=_READ,
    )  # fmt: skip

    def __str__(self) -> str:
        return _(APPROVAL_STATES[ApprovalState(self.target)])


def _through_approval(actor: Actor) -> ColumnElement[bool] | None:
    condition = ProcessApproval._rows(actor)
    if condition is None:
        return None
    return ApprovalStage.approval_id.in_(sa.select(ProcessApproval.id).where(condition))
