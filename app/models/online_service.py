"""Online services from proposal to regular operation (QN20 Đ21–24, HCM24 Đ9, HUE25 Đ27)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.errors import Invalid
from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.menus import PROCEDURES
from app.models.procedure_words import AUTHENTICATION_LEVELS, SERVICE_LEVELS
from app.permissions import Actor, Role
from app.workflows.online import SERVICE_STATES, ServiceState

if TYPE_CHECKING:
    from app.models.agency import Agency
    from app.models.procedure import Procedure

_WRITE = frozenset({Role.division_head, Role.agency_head, Role.catalog_admin})
_READ = _WRITE | {Role.control_focal_point, Role.auditor}
# The six criteria of QN20 Đ21, in their order; one is enough.
CRITERIA = ("many_dossiers", "digitised_inputs", "many_papers", "linked_group", "several_agencies",
            "government_priority")  # fmt: skip


class OnlineService(Entity):
    """Dịch vụ công trực tuyến of a yearly list: criteria, appraisal, decision, trial, operation."""

    procedure_id: Mapped[int] = mapped_column(
        sa.ForeignKey("procedure.id"), index=True, info={"label": _l("Procedure")}
    )
    agency_id: Mapped[int] = mapped_column(
        sa.ForeignKey("agency.id"), index=True, info={"label": _l("Proposing agency")}
    )
    year: Mapped[int] = mapped_column(
        info={"label": _l("Year of the list"), "help": _l("Proposals are due before 15 February (QN20 Đ22.1)")}
    )
    state: Mapped[str] = mapped_column(
        sa.String(20), default=ServiceState.proposed, index=True,
        info={"label": _l("State"), "choices": SERVICE_STATES},
    )  # fmt: skip
    service_level: Mapped[str] = mapped_column(
        sa.String(20), default="partial",
        info={"label": _l("Service level"), "choices": SERVICE_LEVELS},
    )  # fmt: skip
    authentication_level: Mapped[int] = mapped_column(
        default=2, info={"label": _l("Authentication level"), "choices": AUTHENTICATION_LEVELS}
    )
    many_dossiers: Mapped[bool] = mapped_column(
        default=False, info={"label": _l("1. Many dossiers, frequent transactions")}
    )
    digitised_inputs: Mapped[bool] = mapped_column(
        default=False, info={"label": _l("2. Inputs digitised and ready to be shared")}
    )
    many_papers: Mapped[bool] = mapped_column(
        default=False, info={"label": _l("3. Many papers, large electronic dossiers")}
    )
    linked_group: Mapped[bool] = mapped_column(
        default=False, info={"label": _l("4. One of a group of linked procedures")}
    )
    several_agencies: Mapped[bool] = mapped_column(
        default=False, info={"label": _l("5. Several agencies have a part in it")}
    )
    government_priority: Mapped[bool] = mapped_column(
        default=False, info={"label": _l("6. Priority of the Government")}
    )
    roadmap: Mapped[str | None] = mapped_column(
        sa.Text, info={"label": _l("Time and roadmap"), "help": _l("QN20 Đ22.1: building, operating, using it")}
    )
    data_sources: Mapped[str | None] = mapped_column(
        sa.Text, info={"label": _l("Data that replace papers"), "help": _l("See QN20 Đ23.1a")}
    )
    decision_number: Mapped[str | None] = mapped_column(
        sa.String(60), info={"label": _l("Decision on the list")}
    )
    decision_on: Mapped[date | None] = mapped_column(info={"label": _l("Date of decision")})
    trial_from: Mapped[date | None] = mapped_column(info={"label": _l("Trial from")})
    trial_to: Mapped[date | None] = mapped_column(
        info={"label": _l("Trial until"), "help": _l("Two months at most (QN20 Đ23.2c)")}
    )
    procedure: Mapped[Procedure] = relationship("Procedure")
    agency: Mapped[Agency] = relationship("Agency")
    __table_args__ = (sa.UniqueConstraint("procedure_id", "year"),)

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import by_agency

        return by_agency(OnlineService.agency_id, actor, _READ)

    @staticmethod
    def _own_rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import by_agency

        return by_agency(OnlineService.agency_id, actor, _WRITE)

    screen = Screen(
        menu=PROCEDURES, icon="world", title=_l("Online service list"), singular=_l("Online service"),
        columns=["procedure", "agency", "year", "state", "service_level", "trial_to"],
        filters=["state", "agency", "service_level", "trial_to"],
        sections=[
            (_l("Proposal"), ["procedure", "agency", "year", "state", "service_level",
                              "authentication_level", "roadmap", "data_sources"]),
            (_l("Criteria (QN20 Đ21)"), list(CRITERIA)),
            (_l("Decision and trial"), ["decision_number", "decision_on", "trial_from", "trial_to"]),
        ],
        form=["procedure", "agency", "year", "service_level", "authentication_level", "roadmap",
              "data_sources", *CRITERIA, "decision_number", "decision_on", "trial_from", "trial_to"],
        readonly=["state"], can_delete=False, rows=_rows, write_rows=_own_rows,
        read=_READ, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.procedure} ({self.year})"

    def check(self, actor: Actor) -> None:
        """Refuse a change out of turn, a year out of range, a trial that ends before it begins."""
        if self.state in {ServiceState.refused, ServiceState.stopped}:
            raise Invalid(_("This proposal is closed."))
        if self.state != ServiceState.proposed and not actor.has(Role.catalog_admin):
            raise Invalid(_("The Office has it now. Only a proposal can be changed by the agency."))
        if not 2018 <= self.year <= 2100:
            message = _("Please give a year from 2018 to 2100.")
            raise Invalid(message, {"year": message})
        if self.trial_from and self.trial_to and self.trial_to < self.trial_from:
            message = _("The end must not lie before the start.")
            raise Invalid(message, {"trial_to": message})

    @property
    def criteria_met(self) -> int:
        """How many of the six criteria are met."""
        return sum(bool(getattr(self, name)) for name in CRITERIA)
