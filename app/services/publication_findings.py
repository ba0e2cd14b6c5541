"""What a publication decision still needs: its own facts, and the checks of all its versions."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.models import ProcedureVersion, PublicationDecision, PublicationItem
from app.models.procedure import VersionState
from app.models.publication import ItemKind
from app.services.publication import COMING
from app.services.publication_checks import Check, checks_of, faults

Running = dict[int, ProcedureVersion]


@dataclass(frozen=True)
class Findings:
    """Points of the decision itself, and of each item, in the order of the items."""

    own: list[Check]
    items: list[tuple[PublicationItem, list[Check]]]

    @property
    def has_faults(self) -> bool:
        """True when nothing of it may be published."""
        return bool(faults(self.own)) or any(faults(points) for _item, points in self.items)

    def fault_texts(self) -> list[str]:
        """Return every fault, each of a procedure with the procedure's code before it."""
        texts = [point.text for point in faults(self.own)]
        return texts + [f"{item.procedure.code}: {point.text}"
                        for item, points in self.items for point in faults(points)]  # fmt: skip


def in_force_of(session: Session, procedures: set[int]) -> Running:
    """Return the version in force of each procedure that has one."""
    query = sa.select(ProcedureVersion).where(
        ProcedureVersion.procedure_id.in_(procedures),
        ProcedureVersion.state == VersionState.published,
    )
    return {row.procedure_id: row for row in session.scalars(query)}


def findings(session: Session, decision: PublicationDecision) -> Findings:
    """Return every point of the decision. Statements: a fixed number, whatever its items."""
    running = in_force_of(session, {item.procedure_id for item in decision.items})
    coming = [item.version for item in decision.items if item.kind != ItemKind.repealed]
    points = checks_of(
        session, coming, day=decision.effective_on, decision=(decision.number or "").strip()
    )
    return Findings(
        list(_own(decision)),
        [(item, [*_item(decision, item, running), *points.get(item.version_id, [])])
         for item in decision.items],
    )  # fmt: skip


def _own(decision: PublicationDecision) -> Iterator[Check]:
    needed = (
        (_("Decision number"), decision.number, "fault"),
        (_("Date of decision"), decision.decided_on, "fault"),
        (_("Day of effect"), decision.effective_on, "fault"),
        (_("Issuing agency"), decision.agency_id, "fault"),
        (_("Signed by"), decision.signer, "fault"),
        (_("Legal basis"), decision.legal_basis, "warning"),
        (_("Signed file"), decision.file_id, "warning"),
    )
    place = ("publication_decision", decision.id)
    for label, value, level in needed:
        if value is None or not str(value).strip():
            yield Check(_("%(label)s: missing", label=label), level, place)
        else:
            yield Check(_("%(label)s: given", label=label))
    if not decision.items:
        yield Check(_("No procedure stands in the decision"), "fault")


def _item(
    decision: PublicationDecision, item: PublicationItem, running: Running
) -> Iterator[Check]:
    present = running.get(item.procedure_id)
    if item.kind == ItemKind.repealed:
        if item.version.state != VersionState.published:
            yield Check(_("This version is no longer in force."), "fault")
        else:
            yield Check(_("The version in force ends the day before"))
    elif item.version.state not in COMING:
        yield Check(_("This version is no longer being prepared: take it out"), "fault")
    elif (present is None) != (item.kind == ItemKind.new):
        yield Check(_("Whether a version is in force has changed: take it out and add it again"), "fault")
    day = decision.effective_on
    if present is not None and day is not None and present.valid_from and present.valid_from >= day:
        yield Check(_("The version in force begins only on %(day)s",
                      day=f"{present.valid_from:%d/%m/%Y}"), "fault")  # fmt: skip
