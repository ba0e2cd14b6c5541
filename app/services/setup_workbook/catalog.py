"""Sectors, procedures with their drafts, and processes, from the other two sheets."""

from itertools import chain, count
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.lowcode.exchange.cells import Unread
from app.lowcode.exchange.reading import RawSheet
from app.models import Component, Fee, Procedure, ProcedureVersion, Process, ProcessStep, Sector
from app.models.procedure_words import FEE_KINDS, HANDLING_LEVELS, LIMIT_UNITS, VersionState
from app.models.process import STEP_KINDS, STEP_PLACES, STEP_ROLES, StepPlace
from app.permissions import Role
from app.services.setup_workbook import words
from app.services.setup_workbook.sources import Derived, Row, Source, text_of
from app.text import fold
from app.workflows.process import StepKind

_KIND_OF = {
    Role.specialist: StepKind.work, Role.division_head: StepKind.check, Role.agency_head: StepKind.sign,
    Role.clerk: StepKind.number_and_seal, Role.centre_director: StepKind.check,
}  # fmt: skip


def processes(source: Source) -> list[RawSheet | None]:
    """Return the sheets of processes and their steps; an empty code means the one above."""
    heads = Derived(Process, source, {"code": "process", "name": "process_name"})
    names = ("position", "kind", "role", "place")
    steps = Derived(
        ProcessStep, source, {"process": "process", "name": "step", "working_minutes": "limit"} | {n: n for n in names}
    )
    made: dict[str, Row] = {}
    counts: dict[str, int] = {}
    code = ""
    for number, row in source.rows():
        code = text_of(row, "process") or code
        if code not in made:
            made[code] = heads.add(number, code=code)
        if text_of(row, "process_name"):
            made[code].setdefault("name", text_of(row, "process_name"))
        if not text_of(row, "step"):
            continue
        counts[code] = counts.get(code, 0) + 1
        steps.add(number, process=code, **_step(row, counts[code]))
    return [heads.raw(), steps.raw()]


def _step(row: Row, count: int) -> Row:
    role = next((r for r, word in STEP_ROLES.items() if fold(text_of(row, "role")) in (fold(_(word)), str(r))), None)
    at_desk = role in (Role.desk_officer, Role.cashier)
    first = StepKind.receive if count == 1 else StepKind.return_
    kind = first if at_desk else _KIND_OF.get(role) if role else None
    place = StepPlace.desk if at_desk else StepPlace.agency
    return {
        "position": row.get("position") or count, "name": text_of(row, "step"),
        "kind": row.get("kind") or (_(STEP_KINDS[kind]) if kind else None), "role": row.get("role"),
        "place": row.get("place") or _(STEP_PLACES[place]),
        "working_minutes": _minutes(_time_in(row)),
    }  # fmt: skip


def _time_in(row: Row) -> str:
    text = text_of(row, "limit")
    # The dot of a cell that holds a number parts decimals, never thousands.
    return text.replace(".", ",") if isinstance(row.get("limit"), float) else text


def _minutes(text: str) -> int | Unread | None:
    minutes = words.minutes_of(text)
    if minutes is None and text:
        return Unread(text, _("The time cannot be read. Write working hours, for example 1,5, or a unit: "
                              "0,5 days; 30 minutes."))  # fmt: skip
    return minutes


def _limit(text: str) -> Row:
    limit = words.limit_of(text or "1")
    if limit is None:
        return {"time_limit_value": Unread(text, _("The time limit cannot be read. Write a whole number of days, hours "
                                                   "or months, for example: 03 working days; 4 hours; same day."))}
    return {
        "time_limit_value": limit.value, "time_limit_unit": _(LIMIT_UNITS[limit.unit]),
        "is_same_day": _("Yes") if limit.is_same_day else _("No"), "time_limit_note": limit.note,
    }  # fmt: skip


class Catalog:
    """What the sheet of procedures makes: sectors, procedures, drafts, papers and fees."""

    def __init__(self, session: Session, source: Source) -> None:
        self.session, self.source = session, source
        self.sectors = Derived(Sector, source, {"code": "sector", "name": "sector"})
        self.procedures = Derived(Procedure, source, {n: n for n in ("code", "name", "sector", "keywords")})
        places = {"procedure": "code", "name": "name", "agency_level": "level", "agency": "agency",
                  "ways_text": "place", "subjects": "subjects", "steps_text": "steps", "result_text": "result",
                  "legal_basis": "basis", "time_limit_value": "limit",
                  "time_limit_unit": "limit", "is_same_day": "limit", "time_limit_note": "limit",
                  "process": "process", "form": "form"}  # fmt: skip
        self.versions = Derived(ProcedureVersion, source, places)
        self.papers = Derived(Component, source, {"version": "code", "name": "papers"})
        self.fees = Derived(Fee, source, {"version": "code"} | dict.fromkeys(("name", "kind", "amount", "note"), "fee")
                            | {"legal_basis": "fee_basis"})  # fmt: skip

    def sheets(self) -> list[RawSheet | None]:
        """Return the sheets in the order in which they refer to each other."""
        self._load()
        above = ""
        for number, row in self.source.rows():
            code = text_of(row, "code")
            if not code and not text_of(row, "sector") and self._heading(row):
                above = self._heading(row)  # "I. LĨNH VỰC HỘ TỊCH" over the rows of a sector
                continue
            sector = self._sector(number, text_of(row, "sector") or above)
            self.procedures.add(number, code=code, name=text_of(row, "name"), sector=sector,
                                keywords=text_of(row, "keywords"))  # fmt: skip
            self._version(number, code, row)
        parts = (self.sectors, self.procedures, self.versions, self.papers, self.fees)
        return [part.raw() for part in parts]

    def _load(self) -> None:
        codes = {text_of(row, "code") for _number, row in self.source.rows()}
        self._sectors: dict[str, str] = {}
        for code, name in self.session.execute(sa.select(Sector.code, Sector.name)):
            self._sectors[fold(name)] = self._sectors[fold(code)] = code
        self._codes = set(self._sectors.values())
        query = sa.select(Procedure.code, ProcedureVersion.number, ProcedureVersion.state).join(
            ProcedureVersion.procedure
        )
        self._numbers: dict[str, int] = {}
        for code, number, state in self.session.execute(
            query.where(Procedure.code.in_(codes)).order_by(ProcedureVersion.number)
        ):
            self._numbers[code] = number if state == VersionState.draft else number + 1

    @staticmethod
    def _heading(row: Row) -> str:
        filled = [cell for cell in row[""] if str(cell or "").strip()]
        texts = [str(cell) for cell in filled if isinstance(cell, str) and len(cell.strip()) > 4]
        return words.sector_of(texts[0]) if len(filled) <= 2 and len(texts) == 1 else ""

    def _sector(self, number: int, name: str) -> str:
        if not name or fold(name) in self._sectors:
            return self._sectors.get(fold(name), "")
        plain = words.slug_of(name, 36)
        code = next(c for c in chain([plain], (f"{plain}-{n}" for n in count(2))) if c not in self._codes)
        self._codes.add(code)
        self._sectors[fold(name)] = code
        self.sectors.add(number, code=code, name=name)
        return code

    def _version(self, number: int, code: str, row: Row) -> None:
        place = text_of(row, "place")
        level = row.get("level") or _(HANDLING_LEVELS[words.level_of(place)])
        version = self._numbers.get(code, 1)
        self.versions.add(
            number, procedure=code, number=version, name=text_of(row, "name"), agency_level=level,
            agency=text_of(row, "agency"), ways_text=place, subjects=text_of(row, "subjects"),
            steps_text=text_of(row, "steps"), result_text=text_of(row, "result"), legal_basis=text_of(row, "basis"),
            process=text_of(row, "process"), form=text_of(row, "form"), **_limit(text_of(row, "limit")),
        )  # fmt: skip
        self._parts(number, f"{code} / {version}", row)

    def _parts(self, number: int, version: str, row: Row) -> None:
        for position, name in enumerate(words.papers_of(text_of(row, "papers")), 1):
            self.papers.add(number, version=version, position=position, name=name)
        usual = _("Fees and charges")
        for position, fee in enumerate(words.fees_of(text_of(row, "fee"), usual), 1):
            values: dict[str, Any] = {"kind": _(FEE_KINDS[fee.kind]), "amount": fee.amount, "note": fee.note,
                                      "legal_basis": text_of(row, "fee_basis")}  # fmt: skip
            self.fees.add(number, version=version, position=position, name=fee.name, **values)
