"""Loading a pack into an empty system: catalogs first, then what refers to them."""

from datetime import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import (
    AdministrativeUnit,
    Agency,
    CalendarDay,
    CalendarSession,
    Component,
    Division,
    DocumentType,
    Fee,
    FeeExemption,
    FeeSubject,
    Form,
    FormField,
    FormSection,
    Procedure,
    ProcedureVersion,
    Process,
    ProcessStep,
    Profile,
    ProfileParameter,
    Sector,
    SharedCatalog,
    SharedCatalogField,
    SharedCatalogItem,
    SharedCatalogRight,
    WorkingCalendar,
)
from app.packs.files import read, read_folder
from app.permissions import EVERY_OFFICER, Role

Row = dict[str, Any]


class PackLoader:
    """Puts the rows of a pack into the session, finding references by their codes."""

    def __init__(self, session: Session, folder: str) -> None:
        self.session, self.folder = session, folder
        self.calendars: dict[str, WorkingCalendar] = {}
        self.units: dict[str, AdministrativeUnit] = {}
        self.agencies: dict[str, Agency] = {}
        self.divisions: dict[str, Division] = {}
        self.by_code: dict[type[Any], dict[str, Any]] = {}

    def load_calendars(self) -> None:
        """Load working calendars with sessions and special days."""
        for row in read(f"{self.folder}/calendars.yaml")["calendars"]:
            sessions = [CalendarSession(weekday=s["weekday"], starts_at=_time(s["starts_at"]),
                                        ends_at=_time(s["ends_at"])) for s in row.pop("sessions")]  # fmt: skip
            days = [CalendarDay(**_known(CalendarDay, day)) for day in row.pop("days")]
            calendar = WorkingCalendar(**_known(WorkingCalendar, row), sessions=sessions, days=days)
            self.calendars[row["code"]] = self._add(calendar)
        self.session.flush()

    def load_units(self) -> None:
        """Load today's units, then the former ones with their successors."""
        content = read(f"{self.folder}/units.yaml")
        for row in content["units"]:
            parent = self.units.get(row.pop("parent") or "")
            self.units[row["code"]] = self._add(
                AdministrativeUnit(**_known(AdministrativeUnit, row), parent=parent)
            )
        former: dict[str, AdministrativeUnit] = {}
        for row in content["former_units"]:
            code = row.pop("parent") or ""
            parent = former.get(code) or self.units.get(code)
            successor = self.units.get(row.pop("successor", None) or "")
            unit = AdministrativeUnit(
                **_known(AdministrativeUnit, row), parent=parent, successor=successor
            )
            former[row["code"]] = self._add(unit)
        self.session.flush()

    def load_agencies(self) -> None:
        """Load the agency tree level by level, then who receives for whom."""
        rows = read(f"{self.folder}/agencies.yaml")["agencies"]
        for row in rows:
            agency = Agency(
                **_known(Agency, row), parent=self.agencies.get(row["parent"] or ""),
                unit=self.units.get(row.get("unit") or ""),
                calendar=self.calendars.get(row.get("calendar") or ""),
            )  # fmt: skip
            self.agencies[row["code"]] = self._add(agency)
            self.session.flush()  # a child's path is made from its parent's
            for part in row.get("divisions") or ():
                self.divisions[part["code"]] = self._add(Division(**part, agency=agency))
        for row in rows:
            if row.get("desk"):
                self.agencies[row["code"]].desk = self.agencies[row["desk"]]
        self.session.flush()

    def load_shared_catalogs(self) -> None:
        """Load the catalogs made at run time with their items; every officer reads them."""
        for row in read(f"{self.folder}/shared_catalogs.yaml")["shared_catalogs"]:
            fields = [SharedCatalogField(**field, position=n) for n, field in enumerate(row["fields"], 1)]
            rights = [SharedCatalogRight(role=role) for role in sorted(EVERY_OFFICER - {Role.catalog_admin})]
            catalog = self._add(SharedCatalog(**_known(SharedCatalog, row), fields=fields, rights=rights))
            units = {field["key"] for field in row["fields"] if field["kind"] == "unit"}
            items: dict[str, SharedCatalogItem] = {}
            for one in row["items"]:
                data = {key: self.units[value].id if key in units else value
                        for key, value in (one.get("data") or {}).items()}  # fmt: skip
                items[one["code"]] = self._add(SharedCatalogItem(
                    **_known(SharedCatalogItem, one) | {"data": data}, catalog=catalog,
                    parent=items.get(one.get("parent") or ""),
                ))  # fmt: skip
        self.session.flush()

    def load_catalogs(self) -> None:
        """Load sectors, document types, forms and processes."""
        for model, name in ((Sector, "sectors"), (DocumentType, "document_types"),
                            (FeeSubject, "fee_subjects")):
            rows = read(f"{self.folder}/{name}.yaml")[name]
            self.by_code[model] = {
                row["code"]: self._add(model(**_known(model, row))) for row in rows
            }
        self.by_code[Form] = {
            row["code"]: self._form(row) for row in read_folder(f"{self.folder}/forms")
        }
        processes = read_folder(f"{self.folder}/processes")
        self.by_code[Process] = {row["code"]: self._process(row) for row in processes}
        self.session.flush()

    def _form(self, row: Row) -> Form:
        sections = [
            FormSection(
                **_known(FormSection, section) | {"position": number},
                fields=[FormField(**_known(FormField, field), position=place)
                        for place, field in enumerate(section["fields"], 1)],
            )
            for number, section in enumerate(row["sections"], 1)
        ]  # fmt: skip
        return self._add(Form(**_known(Form, row), sections=sections))

    def _process(self, row: Row) -> Process:
        steps = [
            ProcessStep(**{"key": f"b{number}"} | step, position=number) for number, step in enumerate(row["steps"], 1)
        ]
        return self._add(Process(**_known(Process, row), steps=steps))

    def load_procedures(self) -> None:
        """Load procedures with their version in force."""
        for row in read_folder(f"{self.folder}/procedures"):
            procedure = Procedure(
                code=row["code"], name=row["name"], life_events=row.get("life_events") or [],
                keywords=row.get("keywords"),
                sector=self.by_code[Sector][row["sector"]],
            )  # fmt: skip
            self._add(procedure)
            self._version(procedure, row["version"])
        self.session.flush()

    def _version(self, procedure: Procedure, row: Row) -> None:
        types = self.by_code[DocumentType]
        components = [
            Component(
                **_known(Component, part), document_type=types.get(part.get("document_type") or "")
            )
            for part in row.get("components") or ()
        ]
        fees = [self._fee(fee) for fee in row.get("fees") or ()]
        self._add(ProcedureVersion(
            **_known(ProcedureVersion, row), procedure=procedure, components=components, fees=fees,
            agency=self.agencies.get(row.get("agency") or ""),
            result_type=types.get(row.get("result_type") or ""),
            form=self.by_code[Form].get(row.get("form") or ""),
            process=self.by_code[Process].get(row.get("process") or ""),
        ))  # fmt: skip

    def _fee(self, row: Row) -> Fee:
        subjects = self.by_code[FeeSubject]
        exemptions = [
            FeeExemption(**_known(FeeExemption, part), subject=subjects[part["subject"]])
            for part in row.get("exemptions") or ()
        ]
        agency = self.agencies.get(row.get("agency") or "")
        return Fee(**_known(Fee, row), agency=agency, exemptions=exemptions)

    def load_profiles(self) -> None:
        """Load every regulation profile; the pack says which is active."""
        rows = read_folder("profiles")
        profiles = {row["code"]: Profile(
            code=row["code"], name=row["name"], is_active=bool(row.get("is_active")),
            parameters=[ProfileParameter(**_known(ProfileParameter, p)) for p in row["parameters"]],
        ) for row in rows}  # fmt: skip
        for row in rows:
            profiles[row["code"]].base = profiles.get(row.get("base") or "")
            self._add(profiles[row["code"]])
        self.session.flush()

    def _add(self, row: Any) -> Any:
        self.session.add(row)
        return row


def _known(model: type[Any], row: Row) -> Row:
    """Return the entries of ``row`` that are plain columns of ``model``."""
    mapper = sa.inspect(model)
    relations = set(mapper.relationships.keys())
    columns = {attr.key for attr in mapper.column_attrs}
    return {key: value for key, value in row.items() if key in columns and key not in relations}


def _time(text: str) -> time:
    return time.fromisoformat(text)
