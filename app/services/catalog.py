"""Finding procedures: only the published version in force today is ever shown to the public."""

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from app.clock import today
from app.errors import NotFound
from app.lowcode.collation import key_of
from app.models import (
    Agency,
    Component,
    Fee,
    Form,
    FormSection,
    Procedure,
    ProcedureVersion,
    Sector,
)
from app.models.life_events import LIFE_EVENTS
from app.models.procedure import HANDLING_LEVELS, SERVICE_LEVELS, VersionState
from app.services.asked_words import asked_words, best_first, has_word
from app.services.paging import Slice, plain_code, slice_of

PAGE_SIZE = 20


@dataclass(frozen=True)
class ProcedureSearch:
    """What a visitor looks for; an unknown key finds nothing rather than everything."""

    q: str = ""
    life_event: str = ""
    sector: str = ""
    level: str = ""
    service_level: str = ""
    agency: str = ""


def in_force(on: date | None = None) -> list[ColumnElement[bool]]:
    """Return the conditions that a version is published and in force on a civil date."""
    day = on or today()
    version = ProcedureVersion
    return [
        version.state == str(VersionState.published),
        sa.or_(version.valid_from.is_(None), version.valid_from <= day),
        sa.or_(version.valid_to.is_(None), version.valid_to >= day),
        Procedure.is_active.is_(True),
    ]


def was_in_force(version: ProcedureVersion, day: date) -> bool:
    """Return whether a version, in force today or no more, was in force on a civil date."""
    is_known = version.state in {VersionState.published, VersionState.retired}
    begun = version.valid_from is None or version.valid_from <= day
    return is_known and begun and (version.valid_to is None or day <= version.valid_to)


def find_procedures(
    session: Session, wanted: ProcedureSearch, page: int = 1, size: int = PAGE_SIZE
) -> Slice[ProcedureVersion]:
    """Return the versions in force that hold every word of ``wanted.q``, and pass its filters.

    If none does, those with at least half of the words, best first (``is_partial``).
    Statements: three, four when the first search fails; whatever the rows.
    """
    words = asked_words(wanted.q)
    base = _filtered(session, wanted)
    found = slice_of(
        session,
        base.where(*map(has_word, words)),
        page,
        size,
        prepare=lambda query: _ordered(query, *best_first(wanted.q)),
    )
    if found.total or len(words) < 2:
        return found
    score = sum((sa.case((has_word(word), 1), else_=0) for word in words), start=sa.literal(0))
    some = slice_of(
        session,
        base.where(score >= math.ceil(len(words) / 2)),
        page,
        size,
        prepare=lambda query: _ordered(query, score.desc(), *best_first(wanted.q)),
    )
    return Slice(some.rows, some.page, some.total, some.size, is_partial=True)


def _ordered(query: sa.Select[Any], *order: ColumnElement[Any]) -> sa.Select[Any]:
    return query.options(
        contains_eager(ProcedureVersion.procedure).contains_eager(Procedure.sector),
        selectinload(ProcedureVersion.fees),
    ).order_by(*order, Procedure.code)


def _filtered(session: Session, wanted: ProcedureSearch) -> sa.Select[Any]:
    query = (
        sa.select(ProcedureVersion)
        .join(Procedure, ProcedureVersion.procedure_id == Procedure.id)
        .join(Sector, Procedure.sector_id == Sector.id)
        .where(*in_force())
    )
    if wanted.life_event:
        query = query.where(_of_event(wanted.life_event))
    if wanted.sector:
        query = query.where(Sector.code == wanted.sector)
    if wanted.level:
        query = query.where(ProcedureVersion.agency_level == wanted.level)
    if wanted.service_level:
        query = query.where(ProcedureVersion.service_level == wanted.service_level)
    return query.where(_handled_by(session, wanted.agency)) if wanted.agency else query


def _of_event(key: str) -> ColumnElement[bool]:
    if key not in LIFE_EVENTS:
        return sa.false()
    return sa.cast(Procedure.life_events, sa.Text).like(f'%"{key}"%')


def _handled_by(session: Session, code: str) -> ColumnElement[bool]:
    """A version without an agency of its own is handled by every commune."""
    agency = session.scalar(sa.select(Agency).where(Agency.code == code))
    if agency is None:
        return sa.false()
    own = ProcedureVersion.agency_id == agency.id
    if agency.level != "commune":
        return own
    return sa.or_(
        own,
        sa.and_(ProcedureVersion.agency_id.is_(None), ProcedureVersion.agency_level == "commune"),
    )


def get_published(session: Session, code: str) -> ProcedureVersion:
    """Return the version of procedure ``code`` in force today, with all the public reads of it.

    Raises NotFound if there is none. Source of the content: HCM24 Đ7.1b.
    """
    query = (
        sa.select(ProcedureVersion)
        .join(Procedure, ProcedureVersion.procedure_id == Procedure.id)
        .where(Procedure.code == plain_code(code), *in_force())
        .options(
            contains_eager(ProcedureVersion.procedure).joinedload(Procedure.sector),
            joinedload(ProcedureVersion.agency).joinedload(Agency.desk),
            joinedload(ProcedureVersion.result_type),
            selectinload(ProcedureVersion.components).joinedload(Component.document_type),
            selectinload(ProcedureVersion.fees).selectinload(Fee.exemptions),
            joinedload(ProcedureVersion.form)
            .selectinload(Form.sections)
            .selectinload(FormSection.fields),
        )
    )
    version = session.scalar(query)
    if version is None:
        message = _(
            "There is no procedure in force with this code. It may have been replaced; "
            "please search for it by name."
        )
        raise NotFound(message)
    return version


def sectors_in_use(session: Session) -> list[tuple[str, str, int]]:
    """Return (code, name, procedures in force) of every sector that has any, by name."""
    number = sa.func.count(ProcedureVersion.id)
    query = (
        sa.select(Sector.code, Sector.name, number)
        .join(Procedure, Procedure.sector_id == Sector.id)
        .join(ProcedureVersion, ProcedureVersion.procedure_id == Procedure.id)
        .where(*in_force())
        .group_by(Sector.id, Sector.code, Sector.name)
    )
    rows = [(code, name, count) for code, name, count in session.execute(query)]
    return sorted(rows, key=lambda row: key_of(row[1]))


@dataclass(frozen=True)
class Choices:
    """What the list of procedures may be narrowed by: [(value, words)]."""

    life_events: list[tuple[str, str]]
    sectors: list[tuple[str, str]]
    levels: list[tuple[str, str]]
    service_levels: list[tuple[str, str]]


def search_choices(session: Session) -> Choices:
    """Return the filters of the list of procedures, in the reader's language."""
    return Choices(
        [(event.key, _(event.title)) for event in LIFE_EVENTS.values()],
        [(code, name) for code, name, _count in sectors_in_use(session)],
        [(value, _(text)) for value, text in HANDLING_LEVELS.items()],
        [(value, _(text)) for value, text in SERVICE_LEVELS.items()],
    )


def papers_by_case(version: ProcedureVersion) -> list[tuple[str, list[Component]]]:
    """Return the papers to hand in, grouped by the case in which they are asked; common first."""
    cases: dict[str, list[Component]] = {"": []}
    for component in version.components:
        cases.setdefault(component.case_label or "", []).append(component)
    return [(label, papers) for label, papers in cases.items() if papers]


def is_not_asked(component: Component) -> bool:
    """Return whether the state already has this paper, so that nobody hands it in.

    Source: NĐ 107/2021 Đ21a.
    """
    kind = component.document_type
    return kind is not None and kind.is_shared_data


def fee_range(fees: list[Fee]) -> tuple[int, int] | None:
    """Return the (least, greatest) amount in đồng, or None if no amount is laid down.

    What is only paid if one asks for it, and what is no longer in force, is left out.
    """
    day = today()
    amounts = [fee.amount for fee in fees if fee.amount and not fee.is_optional
               and (fee.valid_to is None or fee.valid_to >= day)]  # fmt: skip
    return (min(amounts), max(amounts)) if amounts else None
