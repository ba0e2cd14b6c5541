"""The annex of a publication decision: what becomes of each procedure, in sentences."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload, selectinload

from app.clock import today
from app.documents.render import render
from app.errors import NotFound
from app.models import (
    Agency,
    Component,
    Fee,
    ProcedureVersion,
    PublicationDecision,
    PublicationItem,
)
from app.models.publication import ITEM_KINDS, ItemKind
from app.official import officially
from app.services.letter_data import place_of
from app.services.publication import whole
from app.services.publication_decisions import get_decision
from app.services.version_diff import Section, as_text, compare


@dataclass(frozen=True)
class Entry:
    """One procedure of the annex; sections are empty for what is new or repealed."""

    item: PublicationItem
    before: ProcedureVersion | None
    sections: list[Section]


def _parts() -> list[Any]:
    version = ProcedureVersion
    return [
        *whole(), selectinload(version.components).joinedload(Component.document_type),
        selectinload(version.fees).selectinload(Fee.exemptions),
        joinedload(version.result_type),
    ]  # fmt: skip


def get_pair(session: Session, old: int, new: int) -> tuple[ProcedureVersion, ProcedureVersion]:
    """Return two versions of one procedure with all their parts; raises NotFound."""
    query = sa.select(ProcedureVersion).where(ProcedureVersion.id.in_([old, new])).options(*_parts())
    rows = {row.id: row for row in session.scalars(query).unique()}
    if old not in rows or new not in rows or rows[old].procedure_id != rows[new].procedure_id:
        raise NotFound(_("There is no such procedure version."))
    return rows[old], rows[new]


def annex_of(session: Session, number: int) -> tuple[PublicationDecision, list[Entry]]:
    """Return a decision and what becomes of each of its procedures; raises NotFound.

    Statements: a fixed number, whatever its procedures. An amended version is compared with
    the one before it.
    """
    decision = get_decision(session, number)
    amended = [item for item in decision.items if item.kind == ItemKind.amended]
    query = sa.select(ProcedureVersion).options(*_parts()).where(
        ProcedureVersion.procedure_id.in_([item.procedure_id for item in amended])
    )
    by_procedure: dict[int, list[ProcedureVersion]] = {}
    for row in session.scalars(query.order_by(ProcedureVersion.number)).unique():
        by_procedure.setdefault(row.procedure_id, []).append(row)
    return decision, [_entry(item, by_procedure.get(item.procedure_id, [])) for item in decision.items]


def _entry(item: PublicationItem, versions: list[ProcedureVersion]) -> Entry:
    earlier = [row for row in versions if row.number < item.version.number]
    if not earlier:
        return Entry(item, None, [])
    return Entry(item, earlier[-1], compare(earlier[-1], item.version))


def annex_text(entries: list[Entry]) -> str:
    """Return the annex as plain text, to be pasted into a document."""
    return "\n\n".join(_entry_text(number, entry) for number, entry in enumerate(entries, 1))


def _entry_text(number: int, entry: Entry) -> str:
    item = entry.item
    head = f"{number}. {item.procedure.code} – {item.version.name} ({_(ITEM_KINDS[ItemKind(item.kind)])})"
    return f"{head}\n{as_text(entry.sections)}" if entry.sections else head


def annex_pdf(session: Session, number: int) -> bytes:
    """Return the annex of a decision as a PDF, in Vietnamese, as the decision is published (HCM24 Đ8.1).

    Raises NotFound, and Invalid for a decision without procedures.
    """
    with officially():
        decision, entries = annex_of(session, number)
        day, agency = decision.decided_on, decision.agency or _top(session)
        basis = _("With decision No. %(number)s of %(day)s", number=decision.number or "…",
                  day=f"{day:%d/%m/%Y}" if day else "…")  # fmt: skip
        data = {
            "agency": agency.name, "place": place_of(agency), "issued_on": day or today(), "title": _("Annex"),
            "subtitle": basis, "subject": decision.title, "procedures": [_procedure(entry) for entry in entries],
        }  # fmt: skip
        return render("annex", data)


def _top(session: Session) -> Agency:
    """Return the province's own agency: it publishes where the decision names none yet."""
    return session.scalars(sa.select(Agency).where(Agency.parent_id.is_(None)).order_by(Agency.id).limit(1)).one()


def _procedure(entry: Entry) -> dict[str, Any]:
    item, before = entry.item, entry.before
    found: dict[str, Any] = {
        "code": item.procedure.code, "name": item.version.name, "what": _(ITEM_KINDS[ItemKind(item.kind)]),
        "parts": [{"title": part.title, "sentences": part.sentences} for part in entry.sections],
    }  # fmt: skip
    if before is not None:
        found["before"] = _("version %(number)s", number=before.number)
        if not entry.sections:
            found["note"] = _("The two versions do not differ in content, papers, fees, form or process.")
    return found
