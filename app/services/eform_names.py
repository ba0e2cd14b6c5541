"""What answers refer to by code: administrative units and agencies, offered, known and named."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, object_session

from app.clock import today
from app.extensions import db
from app.lowcode.collation import key_of
from app.models import AdministrativeUnit, Agency, Form
from app.models.form_words import FieldKind
from app.services.eform_catalogs import item_names, known_items
from app.services.eform_columns import AGENCY, FieldLike, columns_of

Choices = list[tuple[str, list[tuple[str, str]]]]


def unit_choices(session: Session) -> Choices:
    """Return today's wards and communes by province, both by the alphabet: [(province, [(code, full name)])]."""
    query = current_units().options(joinedload(AdministrativeUnit.parent))
    groups: dict[str, list[tuple[str, str]]] = {}
    for unit in sorted(session.scalars(query), key=lambda one: (key_of(one.full_name), one.id)):
        province = unit.parent.full_name if unit.parent else ""
        groups.setdefault(province, []).append((unit.code, unit.full_name))
    return sorted(groups.items(), key=lambda group: key_of(group[0]))


def agency_choices(session: Session) -> list[tuple[str, str]]:
    """Return today's agencies in the order of their tree: [(code, name)]."""
    query = sa.select(Agency.code, Agency.name).where(*_agency_in_use()).order_by(Agency.path)
    return [(code, name) for code, name in session.execute(query)]


def _agency_in_use() -> tuple[Any, ...]:
    day = today()
    return (sa.or_(Agency.valid_from.is_(None), Agency.valid_from <= day),
            sa.or_(Agency.valid_to.is_(None), Agency.valid_to >= day))  # fmt: skip


def current_units() -> sa.Select[AdministrativeUnit]:
    """Return the query of the wards and communes that exist today."""
    unit, day = AdministrativeUnit, today()
    return sa.select(unit).where(
        unit.kind.in_(["ward", "commune", "township"]), unit.valid_from <= day,
        sa.or_(unit.valid_to.is_(None), unit.valid_to >= day),
    )  # fmt: skip


def reference_names(form: Form, *answers: Mapping[str, Any]) -> dict[str, str]:
    """Return {code: name} of what ``answers`` refer to; an agency's code stands after AGENCY."""
    session = _session_of(form)
    names = unit_names(session, unit_codes(v for data in answers for v in data.values()))
    codes = {code for data in answers for code in _agency_codes(form.fields(), data)}
    if codes:
        query = sa.select(Agency.code, Agency.name).where(Agency.code.in_(codes))
        names |= {f"{AGENCY}{code}": name for code, name in session.execute(query)}
    return names | item_names(form, *answers)


def known_references(form: Form, data: Mapping[str, Any]) -> set[str]:
    """Return those codes in ``data`` that may be chosen today, as ``problem`` takes them."""
    session, codes = _session_of(form), unit_codes(data.values())
    query = current_units().where(AdministrativeUnit.code.in_(codes))
    known = {unit.code for unit in session.scalars(query)} if codes else set()
    agencies = _agency_codes(form.fields(), data)
    if agencies:
        rows = sa.select(Agency.code).where(Agency.code.in_(agencies), *_agency_in_use())
        known |= {f"{AGENCY}{code}" for code in session.scalars(rows)}
    return known | known_items(form, data)


def _session_of(form: Form) -> Session:
    """A form that is only tried out belongs to no session; what it refers to stands in the request's."""
    return object_session(form) or db.session()


def unit_names(session: Session, codes: Collection[str]) -> dict[str, str]:
    """Return {code: "Phường Phú Xuân, Thành phố Huế"}; today's unit where a code was used twice."""
    if not codes:
        return {}
    unit = AdministrativeUnit
    query = sa.select(unit).where(unit.code.in_(codes)).options(joinedload(unit.parent))
    rows = session.scalars(query.order_by(unit.valid_from))
    return {row.code: ", ".join(u.full_name for u in (row, row.parent) if u) for row in rows}


def unit_codes(values: Iterable[Any]) -> set[str]:
    """Return every unit code in ``values``, those in table cells too."""
    found: set[str] = set()
    for value in values:
        if isinstance(value, Mapping):
            unit = value.get("unit")
            found |= {unit} if isinstance(unit, str) else unit_codes(value.values())
        elif isinstance(value, list):
            found |= unit_codes(value)
    return found


def _agency_codes(fields: Iterable[FieldLike], data: Mapping[str, Any]) -> set[str]:
    """Return the agencies named in ``data``, those in the cells of groups too."""
    found: set[str] = set()
    for field in fields:
        value = data.get(field.key)
        if field.kind == FieldKind.agency and isinstance(value, str) and value:
            found.add(value)
        elif field.kind == FieldKind.group and isinstance(value, list):
            rows = [row for row in value if isinstance(row, Mapping)]
            found |= {code for row in rows for code in _agency_codes(columns_of(field), row)}
    return found
