"""Procedures, and their versions with all content a procedure must show (HCM24 Đ7.1b)."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.errors import Invalid
from app.lowcode.entity import Entity, Searchable, is_same
from app.lowcode.screen import Screen
from app.models.freezing import owners_of
from app.models.life_events import LIFE_EVENTS
from app.models.menus import PROCEDURES
from app.models.procedure_words import (
    AUTHENTICATION_LEVELS,
    FEE_MOMENTS,
    HANDLING_LEVELS,
    LIMIT_UNITS,
    SERVICE_LEVELS,
    VERSION_STATES,
    VersionState,
)
from app.permissions import EVERY_OFFICER, Actor, Role
from app.types import JSON

if TYPE_CHECKING:
    from app.models.agency import Agency
    from app.models.fee import Fee
    from app.models.form import Form
    from app.models.process import Process
    from app.models.sector import DocumentType, Sector

_WRITE = frozenset({Role.catalog_admin})
_NATIONAL = re.compile(r"\d\.\d{6}")
_LIKE_NATIONAL = re.compile(r"\d\s*[.,][\d\s]*")


class Procedure(Searchable, Entity):
    """Thủ tục hành chính, known by its national code."""

    code: Mapped[str] = mapped_column(
        sa.String(40), unique=True, info={"label": _l("Procedure code")}
    )
    name: Mapped[str] = mapped_column(sa.String(1000), info={"label": _l("Name")})
    sector_id: Mapped[int] = mapped_column(
        sa.ForeignKey("sector.id"), index=True, info={"label": _l("Sector")}
    )
    life_events: Mapped[list[Any] | None] = mapped_column(
        JSON, info={"label": _l("Life events"), "kind": "life_events",
                    "words": {event.key: event.title for event in LIFE_EVENTS.values()}}
    )
    keywords: Mapped[str | None] = mapped_column(
        sa.String(2000),
        info={"label": _l("Everyday words"),
              "help": _l("What people call it who do not know its official name. One phrase per line, or with commas "
                         "between them. The search finds the procedure by them.")},
    )  # fmt: skip
    is_active: Mapped[bool] = mapped_column(default=True, info={"label": _l("In use")})
    sector: Mapped[Sector] = relationship("Sector")
    versions: Mapped[list[ProcedureVersion]] = relationship(
        back_populates="procedure", order_by="ProcedureVersion.number.desc()",
        info={"label": _l("Versions")},
    )  # fmt: skip

    screen = Screen(
        menu=PROCEDURES, icon="list-check", title=_l("Procedures"), singular=_l("Procedure"),
        columns=["code", "name", "sector", "is_active"], search=["code", "name", "keywords"],
        filters=["sector", "is_active"], related=["versions"], sheets=["versions"], order="code",
        read=EVERY_OFFICER, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def check(self, actor: Actor) -> None:
        """Refuse a new code that looks like one of the national database and is none.

        It has six digits behind the dot; a spreadsheet programme drops the zeros at the end of 1.000410. What a
        province numbers in another way is left alone.
        """
        if not is_same(self, ["code"]) and _LIKE_NATIONAL.fullmatch(self.code) and not _NATIONAL.fullmatch(self.code):
            message = _("A code of the national database of administrative procedures has one digit, a dot and six "
                        "digits, for example 1.004873. Write the zeros at the end, too; keep the cell as text.")
            raise Invalid(message, {"code": message})


class ProcedureVersion(Searchable, Entity):
    """Phiên bản thủ tục: the content in force from a date; dossiers pin it."""

    procedure_id: Mapped[int] = mapped_column(
        sa.ForeignKey("procedure.id"), index=True, info={"label": _l("Procedure")}
    )
    number: Mapped[int] = mapped_column(default=1, info={"label": _l("Version")})
    state: Mapped[str] = mapped_column(
        sa.String(20), default=VersionState.draft, index=True,
        info={"label": _l("State"), "choices": VERSION_STATES},
    )  # fmt: skip
    name: Mapped[str] = mapped_column(sa.String(1000), info={"label": _l("Name")})
    decision_number: Mapped[str | None] = mapped_column(
        sa.String(60), info={"label": _l("Publication decision")}
    )
    decision_on: Mapped[date | None] = mapped_column(info={"label": _l("Date of decision")})
    valid_from: Mapped[date | None] = mapped_column(info={"label": _l("Valid from")})
    valid_to: Mapped[date | None] = mapped_column(info={"label": _l("Valid to")})
    subjects: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Who may apply")})
    agency_level: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("Handled at"), "choices": HANDLING_LEVELS}
    )
    agency_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("agency.id"), index=True,
        info={"label": _l("Handling agency"),
              "help": _l("Empty: the commune whose desk received it")},
    )  # fmt: skip
    steps_text: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("How it is done")})
    ways_text: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Ways to apply")})
    time_limit_value: Mapped[int] = mapped_column(default=1, info={"label": _l("Time limit")})
    time_limit_unit: Mapped[str] = mapped_column(
        sa.String(20), default="working_day",
        info={"label": _l("Unit of the time limit"), "choices": LIMIT_UNITS},
    )  # fmt: skip
    time_limit_note: Mapped[str | None] = mapped_column(
        sa.Text, info={"label": _l("Note on the time limit")}
    )
    is_same_day: Mapped[bool] = mapped_column(
        default=False, info={"label": _l("Answered on the same day")}
    )
    result_text: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Result")})
    result_type_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("document_type.id"), index=True, info={"label": _l("Type of the result")}
    )
    conditions: Mapped[str | None] = mapped_column(
        sa.Text, info={"label": _l("Requirements and conditions")}
    )
    legal_basis: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Legal basis")})
    service_level: Mapped[str] = mapped_column(
        sa.String(20), default="partial",
        info={"label": _l("Service level"), "choices": SERVICE_LEVELS},
    )  # fmt: skip
    authentication_level: Mapped[int] = mapped_column(
        default=2, info={"label": _l("Authentication level"), "choices": AUTHENTICATION_LEVELS}
    )
    form_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("form.id"), index=True, info={"label": _l("Electronic form")}
    )
    process_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("process.id"), index=True, info={"label": _l("Internal process")}
    )
    fee_due: Mapped[str] = mapped_column(
        sa.String(20), default="reception",
        info={"label": _l("When fees are paid"), "choices": FEE_MOMENTS},
    )  # fmt: skip
    procedure: Mapped[Procedure] = relationship(back_populates="versions")
    agency: Mapped[Agency | None] = relationship("Agency")
    result_type: Mapped[DocumentType | None] = relationship("DocumentType")
    form: Mapped[Form | None] = relationship("Form")
    process: Mapped[Process | None] = relationship("Process")
    components: Mapped[list[Component]] = relationship(
        back_populates="version", order_by="Component.position", cascade="all, delete-orphan",
        info={"label": _l("Components of the dossier")},
    )  # fmt: skip
    fees: Mapped[list[Fee]] = relationship(
        "Fee", back_populates="version", order_by="Fee.position", cascade="all, delete-orphan",
        info={"label": _l("Fees and charges")},
    )  # fmt: skip
    __table_args__ = (
        sa.UniqueConstraint("procedure_id", "number"),
        # At most one version of a procedure is in force.
        sa.Index("uq_procedure_version_published", "procedure_id", unique=True,
                 postgresql_where=sa.text("state = 'published'"),
                 sqlite_where=sa.text("state = 'published'")),
    )  # fmt: skip
    search_columns = ("name", "decision_number")

    screen = Screen(
        menu=PROCEDURES, icon="git-branch",
        title=_l("Procedure versions"), singular=_l("Procedure version"),
        columns=["procedure", "number", "state", "agency_level", "service_level", "valid_from"],
        search=["name", "decision_number"], readonly=["state"],
        filters=["state", "agency_level", "service_level", "procedure", "agency"],
        sections=[
            (_l("Publication"), ["procedure", "number", "state", "name", "decision_number",
                                 "decision_on", "valid_from", "valid_to"]),
            (_l("Content"), ["subjects", "agency_level", "agency", "steps_text", "ways_text",
                             "conditions", "legal_basis"]),
            (_l("Time limit and result"), ["time_limit_value", "time_limit_unit", "is_same_day",
                                           "time_limit_note", "result_text", "result_type"]),
            (_l("Online service"), ["service_level", "authentication_level", "form", "process",
                                    "fee_due"]),
        ],
        form=["procedure", "number", "name", "decision_number", "decision_on", "valid_from",
              "valid_to", "subjects", "agency_level", "agency", "steps_text", "ways_text",
              "conditions", "legal_basis", "time_limit_value", "time_limit_unit", "is_same_day",
              "time_limit_note", "result_text", "result_type", "service_level",
              "authentication_level", "form", "process", "fee_due"],
        related=["components", "fees"], read=EVERY_OFFICER, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"

    def check(self, actor: Actor) -> None:
        """Refuse a change of what is published, and a limit below one."""
        refuse_frozen(self)
        if self.time_limit_value < 1:
            message = _("The time limit must be at least 1.")
            raise Invalid(message, {"time_limit_value": message})

    def check_delete(self, actor: Actor) -> None:
        """Refuse to remove what is or was in force."""
        refuse_frozen(self)


def refuse_frozen(version: ProcedureVersion) -> None:
    """Raise Invalid unless ``version`` is a draft: dossiers rest on it, or a check does."""
    if version.state in {VersionState.published, VersionState.retired}:
        raise Invalid(_("A published version never changes. Make a new version instead."))
    if version.state in {VersionState.checked, VersionState.approved}:
        raise Invalid(_("This version was checked. Send it back to draft before changing it."))


class Component(Entity):
    """Thành phần hồ sơ: one paper of the dossier, with kind and number of copies."""

    __history_owner__ = ("procedure_version", "version_id")
    version_id: Mapped[int] = mapped_column(
        sa.ForeignKey("procedure_version.id"), index=True,
        info={"label": _l("Procedure version")},
    )  # fmt: skip
    position: Mapped[int] = mapped_column(info={"label": _l("Order")})
    name: Mapped[str] = mapped_column(sa.Text, info={"label": _l("Name")})
    case_label: Mapped[str | None] = mapped_column(
        sa.String(500), info={"label": _l("In which case")}
    )
    originals: Mapped[int] = mapped_column(default=1, info={"label": _l("Originals")})
    copies: Mapped[int] = mapped_column(default=0, info={"label": _l("Copies")})
    is_required: Mapped[bool] = mapped_column(default=True, info={"label": _l("Required")})
    document_type_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("document_type.id"), index=True, info={"label": _l("Document type")}
    )
    version: Mapped[ProcedureVersion] = relationship(back_populates="components")
    document_type: Mapped[DocumentType | None] = relationship("DocumentType")

    screen = Screen(
        icon="paperclip", title=_l("Components of dossiers"), singular=_l("Component"),
        columns=["version", "position", "name", "originals", "copies", "is_required"],
        key=["version", "position"],
        filters=["version", "is_required"], order="position", read=EVERY_OFFICER, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def check(self, actor: Actor) -> None:
        """Refuse a change of a published version's papers, and taking one away from it."""
        for version in owners_of(self, "version"):
            refuse_frozen(version)

    check_delete = check
