"""Fees and charges by rule, and the subjects who pay less (Luật Phí và lệ phí 2015 Đ10)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.errors import Invalid
from app.lowcode.entity import Entity, Searchable
from app.lowcode.screen import Screen
from app.models.freezing import owners_of
from app.models.menus import PROCEDURES
from app.models.procedure import refuse_frozen
from app.models.procedure_words import CHANNELS, FEE_BASES, FEE_KINDS, FEE_LEVELS, FEE_MOMENTS
from app.permissions import EVERY_OFFICER, Actor, Role

if TYPE_CHECKING:
    from app.models.agency import Agency
    from app.models.procedure import ProcedureVersion

_WRITE = frozenset({Role.catalog_admin})
_AT_LEAST_ZERO = ("amount", "first_units", "further_amount", "most_amount", "online_amount")


class FeeSubject(Searchable, Entity):
    """Đối tượng miễn, giảm: who pays less, by which law, and the paper that proves it."""

    code: Mapped[str] = mapped_column(sa.String(40), unique=True, info={"label": _l("Code")})
    name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Name")})
    proof: Mapped[str | None] = mapped_column(
        sa.String(500), info={"label": _l("Paper that proves it")}
    )
    legal_basis: Mapped[str | None] = mapped_column(
        sa.String(255), info={"label": _l("Legal basis")}
    )
    is_active: Mapped[bool] = mapped_column(default=True, info={"label": _l("In use")})

    screen = Screen(
        menu=PROCEDURES, icon="users", title=_l("Subjects exempt from fees"),
        singular=_l("Subject exempt from fees"), columns=["code", "name", "proof", "is_active"],
        search=["code", "name"], filters=["is_active"], order="name",
        read=EVERY_OFFICER, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.name


class Fee(Entity):
    """Phí, lệ phí: one rule; see ``app.workflows.fees`` for how rules make an amount in đồng."""

    __history_owner__ = ("procedure_version", "version_id")
    version_id: Mapped[int] = mapped_column(
        sa.ForeignKey("procedure_version.id"), index=True,
        info={"label": _l("Procedure version")},
    )  # fmt: skip
    position: Mapped[int] = mapped_column(info={"label": _l("Order")})
    name: Mapped[str] = mapped_column(sa.String(500), info={"label": _l("Name")})
    kind: Mapped[str] = mapped_column(
        sa.String(10), default="le_phi", info={"label": _l("Kind"), "choices": FEE_KINDS}
    )
    amount: Mapped[int] = mapped_column(
        sa.BigInteger, default=0, info={"label": _l("Amount (đồng)"), "kind": "money"}
    )
    is_optional: Mapped[bool] = mapped_column(
        default=False, info={"label": _l("Only if the applicant asks for it")}
    )
    due: Mapped[str | None] = mapped_column(
        sa.String(20),
        info={"label": _l("When it is paid"), "choices": FEE_MOMENTS,
              "help": _l("Empty: as the procedure version says")},
    )  # fmt: skip
    basis: Mapped[str] = mapped_column(
        sa.String(10), default="fixed", info={"label": _l("Counted by"), "choices": FEE_BASES}
    )
    unit_name: Mapped[str | None] = mapped_column(
        sa.String(60), info={"label": _l("Unit"), "help": _l("For example: page, copy, person")}
    )
    first_units: Mapped[int | None] = mapped_column(
        info={"label": _l("First units at the amount"),
              "help": _l("For example 2: from the third on, the amount below")}
    )  # fmt: skip
    further_amount: Mapped[int | None] = mapped_column(
        sa.BigInteger, info={"label": _l("Amount of each further unit (đồng)"), "kind": "money"}
    )
    most_amount: Mapped[int | None] = mapped_column(
        sa.BigInteger, info={"label": _l("At most for one copy (đồng)"), "kind": "money"}
    )
    count_field: Mapped[str | None] = mapped_column(
        sa.String(120),
        info={"label": _l("Answer that holds the number"),
              "help": _l("Key of a field of the form; of a table: table:units:copies")},
    )  # fmt: skip
    channel: Mapped[str] = mapped_column(
        sa.String(20), default="any", info={"label": _l("Channel"), "choices": CHANNELS}
    )
    case_label: Mapped[str | None] = mapped_column(
        sa.String(500), info={"label": _l("In which case")}
    )
    case_field: Mapped[str | None] = mapped_column(
        sa.String(60),
        info={"label": _l("Answer that decides the case"),
              "help": _l("Key of a field of the form; empty: the applicant chooses the case")},
    )  # fmt: skip
    case_value: Mapped[str | None] = mapped_column(
        sa.String(255), info={"label": _l("Value of that answer")}
    )
    agency_level: Mapped[str | None] = mapped_column(
        sa.String(20), info={"label": _l("Only when handled at"), "choices": FEE_LEVELS}
    )
    agency_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("agency.id"), index=True, info={"label": _l("Only at this agency")}
    )
    valid_from: Mapped[date | None] = mapped_column(info={"label": _l("Valid from")})
    valid_to: Mapped[date | None] = mapped_column(info={"label": _l("Valid to")})
    online_percent: Mapped[int] = mapped_column(
        default=0, info={"label": _l("Less when sent online (%)")}
    )
    online_amount: Mapped[int] = mapped_column(
        sa.BigInteger, default=0,
        info={"label": _l("Less when sent online (đồng)"), "kind": "money"},
    )  # fmt: skip
    note: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Note")})
    legal_basis: Mapped[str | None] = mapped_column(
        sa.String(255), info={"label": _l("Legal basis")}
    )
    version: Mapped[ProcedureVersion] = relationship("ProcedureVersion", back_populates="fees")
    agency: Mapped[Agency | None] = relationship("Agency")
    exemptions: Mapped[list[FeeExemption]] = relationship(
        back_populates="fee", order_by="FeeExemption.id", cascade="all, delete-orphan",
        info={"label": _l("Exemptions and reductions")},
    )  # fmt: skip

    screen = Screen(
        icon="cash", title=_l("Fees and charges"), singular=_l("Fee or charge"),
        columns=["version", "name", "kind", "case_label", "channel", "amount", "legal_basis"],
        filters=["version", "kind", "channel", "is_optional"], order="position",
        key=["version", "position"],
        sections=[
            (_l("Fee or charge"), ["version", "position", "name", "kind", "amount", "is_optional",
                                   "due", "note", "legal_basis"]),
            (_l("How it is counted"), ["basis", "unit_name", "first_units", "further_amount",
                                       "most_amount", "count_field"]),
            (_l("When it applies"), ["channel", "case_label", "case_field", "case_value",
                                     "agency_level", "agency", "valid_from", "valid_to"]),
            (_l("Reduction for applying online"), ["online_percent", "online_amount"]),
        ],
        related=["exemptions"], read=EVERY_OFFICER, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def check(self, actor: Actor) -> None:
        """Refuse a change of published fees, or taking one away, and rules that contradict."""
        for version in owners_of(self, "version"):
            refuse_frozen(version)
        faults = {name: _("It must not be negative.") for name in _AT_LEAST_ZERO
                  if (getattr(self, name) or 0) < 0}  # fmt: skip
        if not 0 <= (self.online_percent or 0) <= 100:
            faults["online_percent"] = _("Enter a percentage from 0 to 100.")
        if self.first_units and self.further_amount is None:
            faults["further_amount"] = _("Say how much each further unit costs.")
        if bool(self.case_field) != bool(self.case_value):
            faults["case_value"] = _("Name the answer and its value, or neither.")
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            faults["valid_to"] = _("The validity ends before it begins")
        if faults:
            raise Invalid(next(iter(faults.values())), faults)

    def check_delete(self, actor: Actor) -> None:
        """Refuse to remove a published fee."""
        refuse_frozen(self.version)


class FeeExemption(Entity):
    """Miễn, giảm: how much less a subject pays of one fee, and by which law."""

    __history_owner__ = ("fee", "fee_id")
    fee_id: Mapped[int] = mapped_column(
        sa.ForeignKey("fee.id"), index=True, info={"label": _l("Fee or charge")}
    )
    subject_id: Mapped[int] = mapped_column(
        sa.ForeignKey("fee_subject.id"), index=True,
        info={"label": _l("Subject exempt from fees")},
    )  # fmt: skip
    percent: Mapped[int] = mapped_column(
        default=100, info={"label": _l("Forgiven (%)"), "help": _l("100: exempt")}
    )
    legal_basis: Mapped[str | None] = mapped_column(
        sa.String(255),
        info={"label": _l("Legal basis"), "help": _l("Empty: as the subject says")},
    )  # fmt: skip
    fee: Mapped[Fee] = relationship(back_populates="exemptions")
    subject: Mapped[FeeSubject] = relationship("FeeSubject", lazy="joined", innerjoin=True)
    __table_args__ = (sa.UniqueConstraint("fee_id", "subject_id"),)

    screen = Screen(
        icon="cash", title=_l("Exemptions and reductions"), singular=_l("Exemption or reduction"),
        columns=["fee", "subject", "percent", "legal_basis"], filters=["fee", "subject"],
        order="id", read=EVERY_OFFICER, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.subject} ({self.percent}%)"

    def check(self, actor: Actor) -> None:
        """Refuse a change of what is published, and more than the whole."""
        self.check_delete(actor)
        if not 1 <= self.percent <= 100:
            message = _("Enter a percentage from 1 to 100.")
            raise Invalid(message, {"percent": message})

    def check_delete(self, actor: Actor) -> None:
        """Refuse to take an exemption away from a published fee."""
        for fee in owners_of(self, "fee"):
            refuse_frozen(fee.version)
