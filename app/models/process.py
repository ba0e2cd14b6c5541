"""Internal processes: the steps inside "being processed" (HUE25 Đ16)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.errors import Invalid
from app.i18n import N_
from app.lowcode.entity import Entity, Searchable
from app.lowcode.screen import Screen
from app.models.drafting import DRAFTERS, drawn_by, steps_drawn_by
from app.models.freezing import owners_of, refuse_in_force
from app.models.menus import PROCEDURES
from app.permissions import EVERY_OFFICER, ROLE_LABELS, Actor, Role
from app.types import JSON
from app.workflows.process import Assign, Join, Split, StepKind

if TYPE_CHECKING:
    from app.models.agency import Agency
    from app.models.procedure import Procedure
    from app.models.process_approval import ProcessApproval


class StepPlace(StrEnum):
    """Where a step is done: at the desk, the handling agency, the province's head or a named agency."""

    desk = "desk"
    agency = "agency"
    province = "province"
    named = "named"


STEP_KINDS = {
    StepKind.receive: N_("Receive and hand over"), StepKind.work: N_("Handle"),
    StepKind.check: N_("Check"), StepKind.sign: N_("Sign"),
    StepKind.number_and_seal: N_("Number and seal"), StepKind.return_: N_("Return the result"),
    StepKind.consult: N_("Consult other agencies"), StepKind.payment: N_("Wait for payment"),
    StepKind.applicant: N_("Wait for the applicant"), StepKind.decide: N_("Choose the way by the form"),
    StepKind.sub_process: N_("Another process in its place"),
    StepKind.child: N_("Linked dossier at another agency"),
}  # fmt: skip
STEP_PLACES = {
    StepPlace.desk: N_("One-stop desk"), StepPlace.agency: N_("Handling agency"),
    StepPlace.province: N_("People's Committee of the province"),
    StepPlace.named: N_("The agency named here"),
}  # fmt: skip
SPLITS = {Split.every: N_("Every way whose condition holds"), Split.first: N_("The first way whose condition holds")}
JOINS = {
    Join.every: N_("When nothing can arrive any more"), Join.first: N_("With the first to arrive"),
    Join.several: N_("When so many have arrived"),
}  # fmt: skip
ASSIGNMENTS = {
    Assign.pool: N_("Anybody of the role"), Assign.post: N_("Whoever holds the post"),
    Assign.officer: N_("A named officer"), Assign.same: N_("Whoever did an earlier step"),
    Assign.least_loaded: N_("Whoever has least to do"), Assign.in_turn: N_("Each in turn"),
}  # fmt: skip
STEP_ROLES = {role: ROLE_LABELS[role] for role in (
    Role.desk_officer, Role.specialist, Role.division_head, Role.agency_head, Role.clerk,
    Role.cashier, Role.centre_director)}  # fmt: skip


class Process(Searchable, Entity):
    """Quy trình nội bộ, configured as the electronic process dossiers follow."""

    code: Mapped[str] = mapped_column(sa.String(60), unique=True, info={"label": _l("Code")})
    name: Mapped[str] = mapped_column(sa.String(500), info={"label": _l("Name")})
    agency_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("agency.id"), index=True,
        info={"label": _l("Owner agency"),
              "help": _l("It draws the process until it hands it in; empty: for the whole province")},
    )  # fmt: skip
    decision_number: Mapped[str | None] = mapped_column(
        sa.String(60), info={"label": _l("Decision number")}
    )
    decision_on: Mapped[date | None] = mapped_column(info={"label": _l("Date of decision")})
    agency: Mapped[Agency | None] = relationship("Agency")
    steps: Mapped[list[ProcessStep]] = relationship(
        back_populates="process", order_by="ProcessStep.position", cascade="all, delete-orphan",
        foreign_keys="ProcessStep.process_id", info={"label": _l("Steps")},
    )  # fmt: skip
    approvals: Mapped[list[ProcessApproval]] = relationship(
        back_populates="process", order_by="ProcessApproval.id", passive_deletes="all",
        info={"label": _l("Approval of processes")},
    )  # fmt: skip

    screen = Screen(
        menu=PROCEDURES, icon="route", title=_l("Internal processes"), singular=_l("Process"),
        columns=["code", "name", "agency", "decision_number", "decision_on"], search=["code", "name"],
        filters=["agency"], related=["steps", "approvals"], order="name", read=EVERY_OFFICER, write=DRAFTERS,
        write_rows=drawn_by, is_configuration=True,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def check(self, actor: Actor) -> None:
        """Refuse a change of what a published version rests on, and a process of nobody's."""
        self.check_delete(actor)
        if self.agency is None and actor.is_known and not actor.has(Role.catalog_admin):
            message = _("Choose your agency: only the catalog administrator draws for the whole province.")
            raise Invalid(message, {"agency": message})

    def check_delete(self, actor: Actor) -> None:
        """Refuse to remove what a published version rests on."""
        refuse_in_force(self)


class ProcessStep(Entity):
    """Bước of a process; ``working_minutes`` is its time limit in working time."""

    __history_owner__ = ("process", "process_id")
    process_id: Mapped[int] = mapped_column(
        sa.ForeignKey("process.id"), index=True, info={"label": _l("Process")}
    )
    position: Mapped[int] = mapped_column(info={"label": _l("Order")})
    name: Mapped[str] = mapped_column(sa.String(500), info={"label": _l("Name")})
    kind: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("Kind"), "choices": STEP_KINDS}
    )
    role: Mapped[str] = mapped_column(
        sa.String(40), info={"label": _l("Done by"), "choices": STEP_ROLES}
    )
    place: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("Done at"), "choices": STEP_PLACES}
    )
    working_minutes: Mapped[int] = mapped_column(info={"label": _l("Limit in working minutes")})
    # Names the step in ways, mappings and packs; it stays when the steps are put in another order.
    key: Mapped[str] = mapped_column(sa.String(40), default=lambda _context=None: f"b{token_hex(3)}",
                                     info={"label": _l("Key of the step")})  # fmt: skip
    agency_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("agency.id"), index=True, info={"label": _l("Named agency")}
    )
    # The ways out: [{"to": key, "when": condition | None, "label": text}]; None = the next step.
    goes_to: Mapped[list[Any] | None] = mapped_column(JSON, info={"label": _l("Next steps")})
    split: Mapped[str] = mapped_column(
        sa.String(10), default=Split.every, server_default=Split.every,
        info={"label": _l("Ways taken"), "choices": SPLITS},
    )  # fmt: skip
    join: Mapped[str] = mapped_column(
        sa.String(10), default=Join.every, server_default=Join.every,
        info={"label": _l("Opens"), "choices": JOINS},
    )  # fmt: skip
    join_count: Mapped[int | None] = mapped_column(info={"label": _l("How many must arrive")})
    assign: Mapped[str] = mapped_column(
        sa.String(20), default=Assign.pool, server_default=Assign.pool,
        info={"label": _l("Given to"), "choices": ASSIGNMENTS},
    )  # fmt: skip
    assign_value: Mapped[str | None] = mapped_column(
        sa.String(120),
        info={"label": _l("Which one"), "help": _l("Title of the post, user name or key of a step")},
    )
    # Codes of the agencies that a consultation asks.
    consulted: Mapped[list[Any] | None] = mapped_column(JSON, info={"label": _l("Agencies asked")})
    silence_consents: Mapped[bool] = mapped_column(
        default=False, server_default=sa.false(),
        info={"label": _l("Silence is consent"), "help": _l("What no answer in time means")},
    )  # fmt: skip
    sub_process_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("process.id"), index=True, info={"label": _l("Process in its place")}
    )
    child_procedure_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("procedure.id"), index=True, info={"label": _l("Procedure of the linked dossier")}
    )
    process: Mapped[Process] = relationship(back_populates="steps", foreign_keys=[process_id])
    agency: Mapped[Agency | None] = relationship("Agency")
    sub_process: Mapped[Process | None] = relationship(foreign_keys=[sub_process_id])
    child_procedure: Mapped[Procedure | None] = relationship("Procedure")
    __table_args__ = (
        sa.UniqueConstraint("process_id", "position"), sa.UniqueConstraint("process_id", "key"),
    )  # fmt: skip

    screen = Screen(
        icon="git-branch", title=_l("Process steps"), singular=_l("Step"),
        columns=["process", "position", "name", "kind", "role", "place", "working_minutes"],
        filters=["process", "role"], order="position", key=("process", "position"),
        form=["process", "position", "name", "kind", "role", "place", "agency", "working_minutes"],
        sections=[
            (_l("Step"), ["process", "position", "key", "name", "kind", "role", "place", "agency",
                          "working_minutes"]),
            (_l("Ways"), ["goes_to", "split", "join", "join_count"]),
            (_l("Who gets it"), ["assign", "assign_value", "consulted", "silence_consents",
                                 "sub_process", "child_procedure"]),
        ],
        read=EVERY_OFFICER, write=DRAFTERS,
        write_rows=steps_drawn_by, scope={"agency": ["process.agency_id"]}, is_configuration=True,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def check(self, actor: Actor) -> None:
        """Refuse a change of a published version's process, and a negative limit."""
        self.check_delete(actor)
        if self.working_minutes < 0:
            message = _("The limit must not be negative.")
            raise Invalid(message, {"working_minutes": message})

    def check_delete(self, actor: Actor) -> None:
        """Refuse to take a step away from a published version's process."""
        for process in owners_of(self, "process"):
            refuse_in_force(process)
