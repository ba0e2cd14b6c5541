"""Procedures that follow from what the applicant did before (QN20 Đ17.3b)."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.models import Component, DocumentType, Dossier, Procedure, ProcedureVersion, Result
from app.models.life_events import LIFE_EVENTS
from app.permissions import Actor
from app.services.catalog import in_force
from app.workflows.result import ResultState
from app.workflows.states import State

LIMIT = 4
_LOOKED_AT = 50  # dossiers, the latest first


@dataclass(frozen=True)
class Suggestion:
    """A procedure and, in words, why it is suggested."""

    code: str
    name: str
    reason: str


def suggested(session: Session, actor: Actor, limit: int = LIMIT) -> list[Suggestion]:
    """Return procedures in force that the applicant has not applied for and that follow from his dossiers.

    First those that ask for a paper he was issued, then those of the same event of life. It rests on
    his own dossiers only, nothing is kept about it, and it takes a fixed number of statements.
    """
    if actor.account_id is None:
        return []
    recent = session.execute(
        sa.select(Dossier.procedure_id, Procedure.life_events)
        .join(Procedure, Procedure.id == Dossier.procedure_id)
        .where(Dossier.account_id == actor.account_id)
        .order_by(Dossier.submitted_at.desc(), Dossier.id.desc()).limit(_LOOKED_AT)
    ).all()  # fmt: skip
    if not recent:
        return []
    done = {row.procedure_id for row in recent}
    found = _by_result(session, actor.account_id, done, limit)
    events = list(dict.fromkeys(key for row in recent for key in row.life_events or () if key in LIFE_EVENTS))
    if len(found) < limit and events:
        known = done | set(found)
        found |= _by_event(session, events, known, limit - len(found))
    return list(found.values())


def _by_result(session: Session, account_id: int, done: set[int], limit: int) -> dict[int, Suggestion]:
    held = sa.select(Result.document_type_id).join(Dossier, Dossier.id == Result.dossier_id).where(
        Dossier.account_id == account_id, Dossier.state == State.returned,
        Result.state == ResultState.issued, Result.is_favourable.is_(True),
    )  # fmt: skip
    query = (
        _versions(done).add_columns(sa.func.min(DocumentType.name))
        .join(Component, Component.version_id == ProcedureVersion.id)
        .join(DocumentType, DocumentType.id == Component.document_type_id)
        .where(DocumentType.id.in_(held))
        .group_by(ProcedureVersion.procedure_id, Procedure.code, ProcedureVersion.name)
        .order_by(Procedure.code).limit(limit)
    )  # fmt: skip
    return {pk: Suggestion(code, name, _("You hold the paper it asks for: %(name)s", name=paper))
            for pk, code, name, paper in session.execute(query)}  # fmt: skip


def _by_event(session: Session, events: list[str], known: set[int], limit: int) -> dict[int, Suggestion]:
    text = sa.cast(Procedure.life_events, sa.Text)
    query = _versions(known).add_columns(text).where(sa.or_(*(text.like(f'%"{key}"%') for key in events)))
    rows = session.execute(query.order_by(Procedure.code).limit(limit))
    return {pk: Suggestion(code, name, _why(events, own)) for pk, code, name, own in rows}


def _why(events: list[str], own: str) -> str:
    key = next(key for key in events if f'"{key}"' in own)
    return _("Belongs to the same event: %(event)s", event=_(LIFE_EVENTS[key].title))


def _versions(known: set[int]) -> Any:
    return (
        sa.select(ProcedureVersion.procedure_id, Procedure.code, ProcedureVersion.name)
        .join(Procedure, Procedure.id == ProcedureVersion.procedure_id)
        .where(*in_force(), ProcedureVersion.procedure_id.not_in(known))
    )
