"""Dossiers: what an applicant asks for, where it is and by when it must be answered."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.i18n import N_
from app.lowcode.entity import Entity, SearchableByPhrase
from app.lowcode.screen import Near, Screen
from app.models.menus import DOSSIERS
from app.permissions import DOSSIER_READERS, Actor
from app.types import JSON, UtcDateTime
from app.workflows.states import OPEN, State

if TYPE_CHECKING:
    from flask_appbuilder.security.sqla.models import User

    from app.models.account import Account
    from app.models.agency import Agency
    from app.models.apology import Apology
    from app.models.attachment import Attachment
    from app.models.dossier_time import ClockSegment, DueChange, Movement
    from app.models.extension import Extension
    from app.models.letter import Letter
    from app.models.money import Charge
    from app.models.procedure import Component, Procedure, ProcedureVersion
    from app.models.process import Process
    from app.models.rating import Rating
    from app.models.result import Result
    from app.models.sector import Sector
    from app.models.supplement import SupplementRequest
    from app.models.task import Task

DOSSIER_STATES = {int(state): state.label for state in State}
DOSSIER_CHANNELS = {
    "counter": N_("At the counter"), "online": N_("Online"), "post": N_("By post"),
    "linked": N_("From a linked dossier"),
}  # fmt: skip
RESULT_WAYS = {
    "desk": N_("At the one-stop desk"), "post": N_("By public post"),
    "online": N_("On the system, to the applicant's account"),
}  # fmt: skip
PAPER_KINDS = {
    "original": N_("Original"), "certified": N_("Certified copy"), "photo": N_("Photocopy"),
    "electronic": N_("Electronic copy"),
}  # fmt: skip

_STILL_OPEN = sa.text(f"state IN ({', '.join(str(int(state)) for state in sorted(OPEN))})")
_INBOX_DATES = ["state", "due_at", "received_at", "reception_due_at"]


class Dossier(SearchableByPhrase, Entity):
    """Hồ sơ. ``state`` holds the national codes 1–10; only a service moves it.

    ``original_due_at`` never changes; ``due_at`` does, each time with a DueChange.
    The applicant's particulars are copied as they were given.
    """

    code: Mapped[str] = mapped_column(
        sa.String(60), unique=True, info={"label": _l("Dossier code")}
    )
    state: Mapped[int] = mapped_column(
        sa.SmallInteger, info={"label": _l("State"), "choices": DOSSIER_STATES}
    )
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("procedure_version.id"), index=True)
    procedure_id: Mapped[int] = mapped_column(
        sa.ForeignKey("procedure.id"), index=True, info={"label": _l("Procedure")}
    )
    sector_id: Mapped[int] = mapped_column(
        sa.ForeignKey("sector.id"), index=True, info={"label": _l("Sector")}
    )
    agency_id: Mapped[int] = mapped_column(
        sa.ForeignKey("agency.id"), info={"label": _l("Handling agency")}
    )
    desk_id: Mapped[int] = mapped_column(
        sa.ForeignKey("agency.id"), info={"label": _l("Receiving desk")}
    )
    channel: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("Channel"), "choices": DOSSIER_CHANNELS}
    )
    account_id: Mapped[int] = mapped_column(
        sa.ForeignKey("account.id"), index=True, info={"label": _l("Applicant")}
    )
    applicant_name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Applicant")})
    applicant_id_number: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("Identification number")}
    )
    applicant_phone: Mapped[str | None] = mapped_column(sa.String(20), info={"label": _l("Phone"), "kind": "phone"})
    applicant_email: Mapped[str | None] = mapped_column(
        sa.String(120), info={"label": _l("E-mail")}
    )
    applicant_address: Mapped[str | None] = mapped_column(
        sa.String(500), info={"label": _l("Address")}
    )
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("Submitted")})
    reception_due_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, info={"label": _l("Reception due")}
    )
    received_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, info={"label": _l("Received")}
    )
    original_due_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, info={"label": _l("Original due date")}
    )
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Due")})
    finished_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, info={"label": _l("Finished")}
    )
    returned_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, info={"label": _l("Result returned")}
    )
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Closed at")})
    supplement_count: Mapped[int] = mapped_column(
        default=0, info={"label": _l("Supplement requests")}
    )
    step_name: Mapped[str | None] = mapped_column(
        sa.String(500), info={"label": _l("Present step")}
    )
    holder_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("ab_user.id"), index=True, info={"label": _l("Held by")}
    )
    result_way: Mapped[str] = mapped_column(
        sa.String(20), default="desk",
        info={"label": _l("How the result is returned"), "choices": RESULT_WAYS},
    )  # fmt: skip
    # Set once per form a user opened: the same form sent twice finds the first dossier.
    request_key: Mapped[str | None] = mapped_column(sa.String(40), unique=True)
    request_print: Mapped[str | None] = mapped_column(sa.String(64))  # of what that form held
    # The folded answers of the form's searchable fields (services/eform_search.py).
    answers_text: Mapped[str] = mapped_column(
        sa.Text, default="", server_default="", deferred=True, info={"trigram": True}
    )
    # What was explained to the applicant when the due date was fixed: [[msgid, params], …].
    due_explanation: Mapped[list[Any] | None] = mapped_column(JSON)
    delivery: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    # The newer process it was moved to on purpose; None: that of its version.
    process_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("process.id"), index=True, info={"label": _l("Moved to the process")}
    )

    version: Mapped[ProcedureVersion] = relationship("ProcedureVersion")
    process: Mapped[Process | None] = relationship("Process")
    procedure: Mapped[Procedure] = relationship("Procedure")
    sector: Mapped[Sector] = relationship("Sector")
    agency: Mapped[Agency] = relationship("Agency", foreign_keys=[agency_id])
    desk: Mapped[Agency] = relationship("Agency", foreign_keys=[desk_id])
    account: Mapped[Account] = relationship("Account")
    holder: Mapped[User | None] = relationship("User")
    papers: Mapped[list[DossierPaper]] = relationship(
        back_populates="dossier", order_by="DossierPaper.id", info={"label": _l("Papers")}
    )
    revisions: Mapped[list[FormRevision]] = relationship(
        back_populates="dossier", order_by="FormRevision.number",
        info={"label": _l("Form data")},
    )  # fmt: skip
    attachments: Mapped[list[Attachment]] = relationship(
        "Attachment", back_populates="dossier", order_by="Attachment.id"
    )
    tasks: Mapped[list[Task]] = relationship(
        "Task", back_populates="dossier", order_by="Task.id", info={"label": _l("Tasks")}
    )
    movements: Mapped[list[Movement]] = relationship(
        "Movement", back_populates="dossier", order_by="Movement.id",
        info={"label": _l("Course of the dossier")},
    )  # fmt: skip
    segments: Mapped[list[ClockSegment]] = relationship(
        "ClockSegment", back_populates="dossier", order_by="(ClockSegment.started_at, ClockSegment.id)"
    )
    due_changes: Mapped[list[DueChange]] = relationship(
        "DueChange", back_populates="dossier", order_by="DueChange.id"
    )
    supplements: Mapped[list[SupplementRequest]] = relationship(
        "SupplementRequest", back_populates="dossier", order_by="SupplementRequest.number"
    )
    extensions: Mapped[list[Extension]] = relationship(
        "Extension", back_populates="dossier", order_by="Extension.number"
    )
    apologies: Mapped[list[Apology]] = relationship(
        "Apology", back_populates="dossier", order_by="Apology.id"
    )
    letters: Mapped[list[Letter]] = relationship(
        "Letter", back_populates="dossier", order_by="Letter.id", info={"label": _l("Letters")}
    )
    charges: Mapped[list[Charge]] = relationship(
        "Charge", back_populates="dossier", order_by="Charge.id", info={"label": _l("Charges")}
    )
    results: Mapped[list[Result]] = relationship(
        "Result", back_populates="dossier", order_by="Result.id", info={"label": _l("Results")}
    )
    rating: Mapped[Rating | None] = relationship("Rating", back_populates="dossier", uselist=False)

    __table_args__ = (
        sa.Index("ix_dossier_agency_state", "agency_id", "state", "due_at"),
        sa.Index("ix_dossier_desk_state", "desk_id", "state", "reception_due_at"),
        sa.Index("ix_dossier_state_due", "state", "due_at"),
        sa.Index("ix_dossier_submitted", "submitted_at", "id"),
        sa.Index("ix_dossier_finished", "finished_at"),
        # As the list sorts by it: rows without a due date apart, no ties.
        sa.Index("ix_dossier_due_order", sa.text("(due_at IS NULL)"), "due_at", "id"),
        # What the inbox reads of dossiers that are not closed, without touching their rows.
        sa.Index("ix_dossier_inbox", "id", postgresql_where=_STILL_OPEN, sqlite_where=_STILL_OPEN,
                 postgresql_include=_INBOX_DATES),
        sa.Index("ix_dossier_desk_open", "desk_id", "state", postgresql_where=_STILL_OPEN, sqlite_where=_STILL_OPEN,
                 postgresql_include=["id", "holder_id", *_INBOX_DATES[1:]]),
        sa.CheckConstraint("state BETWEEN 1 AND 10", name="state_is_national"),
    )

    @staticmethod
    def _rows(actor: Actor, near: Near | None = None) -> ColumnElement[bool] | None:
        from app.models.scope import dossiers_of

        return dossiers_of(actor, near)

    screen = Screen(
        menu=DOSSIERS, icon="files", title=_l("All dossiers"), singular=_l("Dossier"),
        columns=["code", "procedure", "applicant_name", "state", "agency", "step_name", "due_at"],
        search=["code", "applicant_name", "applicant_id_number"],
        filters=["state", "agency", "desk", "sector", "procedure", "channel", "submitted_at"],
        sections=[
            (_l("Dossier"), ["code", "procedure", "sector", "state", "channel", "agency", "desk",
                             "step_name", "holder", "result_way"]),
            (_l("Applicant"), ["applicant_name", "applicant_id_number", "applicant_phone",
                               "applicant_email", "applicant_address"]),
            (_l("Time"), ["submitted_at", "reception_due_at", "received_at", "original_due_at",
                          "due_at", "finished_at", "returned_at", "closed_at",
                          "supplement_count"]),
        ],
        form=[], related=["movements", "tasks", "letters", "charges", "results"],
        can_add=False, can_delete=False, is_personal=True, rows=_rows, rows_from=_rows,
        read=DOSSIER_READERS,
        scope={"agency": ["agency_id", "desk_id"], "owner": ["holder_id"]},
    )  # fmt: skip

    def __str__(self) -> str:
        return self.code

    @property
    def national_state(self) -> State:
        """The state as the workflow table knows it."""
        return State(self.state)


def _without(text: ColumnElement[str], sign: str) -> ColumnElement[str]:
    return sa.func.replace(text, sa.text(f"'{sign}'"), sa.text("''"), type_=sa.String())


# As numbering.bare() writes codes, which are kept in capitals. The signs are written out: no index serves bound ones.
BARE_CODE = _without(_without(Dossier.__table__.c.code, "-"), ".")
sa.Index("ix_dossier_bare_code", BARE_CODE)


class DossierPaper(Entity):
    """Giấy tờ handed in: which component, as what, how many."""

    __history_owner__ = ("dossier", "dossier_id")
    dossier_id: Mapped[int] = mapped_column(sa.ForeignKey("dossier.id"), index=True)
    component_id: Mapped[int | None] = mapped_column(sa.ForeignKey("component.id"), index=True)
    name: Mapped[str] = mapped_column(sa.Text, info={"label": _l("Name")})
    kind: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("Kind"), "choices": PAPER_KINDS}
    )
    quantity: Mapped[int] = mapped_column(default=1, info={"label": _l("Quantity")})
    is_received: Mapped[bool] = mapped_column(default=True, info={"label": _l("Handed in")})
    dossier: Mapped[Dossier] = relationship(back_populates="papers")
    component: Mapped[Component | None] = relationship("Component")


class FormRevision(Entity):
    """One state of the form's data; a supplement adds the next, none is lost (QN20 Đ13)."""

    __history_owner__ = ("dossier", "dossier_id")
    dossier_id: Mapped[int] = mapped_column(sa.ForeignKey("dossier.id"), index=True)
    number: Mapped[int] = mapped_column()
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str | None] = mapped_column(sa.String(255))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    author_name: Mapped[str] = mapped_column(sa.String(255))
    dossier: Mapped[Dossier] = relationship(back_populates="revisions")
    __table_args__ = (sa.UniqueConstraint("dossier_id", "number"),)
