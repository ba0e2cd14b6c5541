"""Decisions that publish, amend or repeal procedures, and what each of them changes (HCM24 Đ8.1)."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.errors import Invalid
from app.i18n import N_
from app.lowcode.entity import Entity, Searchable
from app.lowcode.screen import Screen
from app.models.menus import PROCEDURES
from app.permissions import EVERY_OFFICER, Actor, Role
from app.types import UtcDateTime
from app.workflows.publication import DECISION_STATES, DecisionState

if TYPE_CHECKING:
    from app.models.agency import Agency
    from app.models.attachment import StoredFile
    from app.models.procedure import Procedure, ProcedureVersion

_WRITE = frozenset({Role.catalog_admin})


class ItemKind(StrEnum):
    """What a decision does to a procedure."""

    new = "new"
    amended = "amended"
    repealed = "repealed"


ITEM_KINDS = {
    ItemKind.new: N_("Newly issued"), ItemKind.amended: N_("Amended"),
    ItemKind.repealed: N_("Repealed"),
}  # fmt: skip


class PublicationDecision(Searchable, Entity):
    """Quyết định công bố: its procedures change together on its day of effect, all or none."""

    number: Mapped[str | None] = mapped_column(
        sa.String(60), info={"label": _l("Decision number"), "help": _l("For instance 2031/QĐ-UBND")}
    )
    title: Mapped[str] = mapped_column(sa.String(1000), info={"label": _l("Subject of the decision")})
    decided_on: Mapped[date | None] = mapped_column(info={"label": _l("Date of decision")})
    effective_on: Mapped[date | None] = mapped_column(
        info={"label": _l("Day of effect"),
              "help": _l("A day to come: everything is published by itself on that day")}
    )  # fmt: skip
    agency_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("agency.id"), index=True, info={"label": _l("Issuing agency")}
    )
    signer: Mapped[str | None] = mapped_column(sa.String(255), info={"label": _l("Signed by")})
    legal_basis: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Legal basis")})
    state: Mapped[str] = mapped_column(
        sa.String(20), default=DecisionState.draft, index=True,
        info={"label": _l("State"), "choices": DECISION_STATES},
    )  # fmt: skip
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"), index=True)
    file_name: Mapped[str | None] = mapped_column(
        sa.String(255), info={"label": _l("Signed file")}
    )
    # Names the file where the file itself is not: packs carry this, not the content.
    file_digest: Mapped[str | None] = mapped_column(
        sa.String(64), info={"label": _l("SHA-256 of the signed file")}
    )
    published_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, info={"label": _l("Published at")}
    )
    # Why the last attempt on its day failed; empty once it has worked.
    fault: Mapped[str | None] = mapped_column(
        sa.Text, info={"label": _l("What prevents it"), "pack": False}
    )
    agency: Mapped[Agency | None] = relationship("Agency")
    file: Mapped[StoredFile | None] = relationship("StoredFile")
    items: Mapped[list[PublicationItem]] = relationship(
        back_populates="decision", order_by="PublicationItem.id", cascade="all, delete-orphan",
        info={"label": _l("Procedures of the decision")},
    )  # fmt: skip
    __table_args__ = (sa.UniqueConstraint("number", "decided_on"),)

    screen = Screen(
        menu=PROCEDURES, icon="certificate", title=_l("Publication decisions"),
        singular=_l("Publication decision"),
        key=["number", "decided_on"],
        columns=["number", "title", "decided_on", "effective_on", "state"],
        search=["number", "title", "signer"], filters=["state", "decided_on", "effective_on"],
        sections=[
            (_l("Publication decision"), ["number", "title", "decided_on", "effective_on", "agency", "signer",
                              "legal_basis"]),
            (_l("Publication"), ["state", "published_at", "fault", "file_name", "file_digest"]),
        ],
        form=["number", "title", "decided_on", "effective_on", "agency", "signer", "legal_basis"],
        readonly=["state", "published_at", "fault", "file_name", "file_digest"], related=["items"],
        read=EVERY_OFFICER, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number or _('(no number yet)')} – {self.title}"

    def check(self, actor: Actor) -> None:
        """Refuse a change of what waits for its day or is published, and dates in disorder."""
        if self.state != DecisionState.draft:
            raise Invalid(_("Only a decision being prepared can be changed."))
        if self.decided_on and self.effective_on and self.effective_on < self.decided_on:
            message = _("The day of effect must not lie before the date of the decision.")
            raise Invalid(message, {"effective_on": message})

    def check_delete(self, actor: Actor) -> None:
        """Refuse to remove what was scheduled or published."""
        self.check(actor)


class PublicationItem(Entity):
    """One procedure of a decision: the version put in force, or the one it ends."""

    __history_owner__ = ("publication_decision", "decision_id")
    decision_id: Mapped[int] = mapped_column(
        sa.ForeignKey("publication_decision.id"), index=True,
        info={"label": _l("Publication decision")},
    )  # fmt: skip
    kind: Mapped[str] = mapped_column(
        sa.String(10), info={"label": _l("What it does"), "choices": ITEM_KINDS}
    )
    procedure_id: Mapped[int] = mapped_column(
        sa.ForeignKey("procedure.id"), index=True, info={"label": _l("Procedure")}
    )
    version_id: Mapped[int] = mapped_column(
        sa.ForeignKey("procedure_version.id"), index=True,
        info={"label": _l("Procedure version")},
    )  # fmt: skip
    decision: Mapped[PublicationDecision] = relationship(back_populates="items")
    procedure: Mapped[Procedure] = relationship("Procedure")
    version: Mapped[ProcedureVersion] = relationship("ProcedureVersion")
    __table_args__ = (sa.UniqueConstraint("decision_id", "procedure_id"),)

    screen = Screen(
        icon="list-check", title=_l("Procedures of decisions"), singular=_l("Procedure of a decision"),
        columns=["decision", "kind", "procedure", "version"], filters=["decision", "kind"],
        form=[], can_add=False, can_delete=False, order="id", read=EVERY_OFFICER, is_configuration=True,
    )  # fmt: skip

    def __str__(self) -> str:
        return str(self.procedure)
