"""The values of shared catalogs' items: read, checked by the definition, compared with others."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.lowcode.choosing import choosable
from app.lowcode.fields import clean
from app.lowcode.values import YEARS, as_id
from app.models.shared_catalog import SharedCatalog
from app.models.shared_field import REFERENCES, SharedCatalogField, ValueKind
from app.models.shared_item import SharedCatalogItem
from app.models.shared_references import offered
from app.permissions import Actor
from app.workflows import patterns

MAX_LENGTH = 1000
SHOWN = 10  # items named in a refusal
_NUMBER = re.compile(r"-?\d{1,15}([.,]\d{1,6})?", re.ASCII)
_YES_NO = {"1": True, "true": True, "0": False, "false": False}
_CHUNK = 500


class Wrong(ValueError):
    """A value does not fit its field; the message is for people."""


def check_values(
    session: Session, catalog: SharedCatalog, given: Any, actor: Actor, item: SharedCatalogItem | None = None
) -> dict[str, Any]:
    """Return ``given`` as it is stored; raises Invalid naming every field that is wrong.

    item: the record they are of; what it refers to already may stay though it ended since, or though
    ``actor`` may not choose it.
    """
    if not isinstance(given, Mapping):
        raise Invalid(_("Values are an object: {field: value}."), {"data": _("Values are an object: {field: value}.")})
    fields = {field.key: field for field in catalog.fields}
    wrong = {str(key)[:60]: _("This catalog has no such field.") for key in given if key not in fields}
    old = stored_data(item)
    found: dict[str, Any] = {}
    for key, field in fields.items():
        try:
            value = read_value(field, given.get(key))
            if value is None and field.is_required:
                raise Wrong(_("This field is required."))
            if value is not None:
                found[key] = find_reference(session, field, value, actor, old.get(key))
                refuse_double(session, field, found[key], item)
        except Wrong as exc:
            wrong[key] = str(exc)
    if wrong:
        labels = ", ".join(fields[key].label if key in fields else key for key in wrong)
        raise Invalid(_("Please correct: %(fields)s", fields=labels), wrong | {"data": next(iter(wrong.values()))})
    return found


def stored_data(item: SharedCatalogItem | None) -> dict[str, Any]:
    """Return the values of ``item`` as the database has them."""
    if item is None or item.id is None:
        return {}
    past = sa.inspect(item).attrs.data.history
    stored = past.deleted[0] if past.deleted else item.data
    return stored or {}


def read_value(field: SharedCatalogField, given: Any) -> Any:
    """Return what a page or a program sent as it is stored (None: nothing); raises Wrong."""
    if isinstance(given, str):
        given = clean(given)
    if given is None or given == "":
        return None
    return _READ[ValueKind(field.kind)](field, given)


def _text(field: SharedCatalogField, given: Any) -> str:
    if not isinstance(given, str):
        raise Wrong(_("This is not a single value."))
    limit = field.max_length or MAX_LENGTH
    if len(given) > limit:
        raise Wrong(_("At most %(limit)d characters. You typed %(count)d.", limit=limit, count=len(given)))
    if field.pattern and patterns.fits(field.pattern, given) is False:
        raise Wrong(_("This does not have the required form."))
    return given


def _number(field: SharedCatalogField, given: Any) -> int | float:
    if isinstance(given, str) and _NUMBER.fullmatch(given):
        given = float(given.replace(",", "."))
    # A whole number may be longer than any float: it is compared, never turned into one.
    is_number = isinstance(given, int | float) and not isinstance(given, bool)
    if not is_number or (isinstance(given, float) and not math.isfinite(given)):
        raise Wrong(_("Please enter a number, for example 1250 or 12,5."))
    value = int(given) if given == int(given) else given
    low, high = field.min_value, field.max_value
    if abs(value) >= 10**15 or (low is not None and value < low) or (high is not None and value > high):
        raise Wrong(_("The number must lie between %(low)s and %(high)s.",
                      low="-∞" if low is None else low, high="∞" if high is None else high))  # fmt: skip
    return value


def _date(_field: SharedCatalogField, given: Any) -> str:
    try:
        day = given if isinstance(given, date) else date.fromisoformat(given)
    except (ValueError, TypeError) as exc:
        raise Wrong(_("This is not a day. Write it as 2026-11-30.")) from exc
    if day.year not in YEARS:
        raise Wrong(_("The year must lie between %(first)d and %(last)d.", first=YEARS[0], last=YEARS[-1]))
    return day.isoformat()[:10]


def _yes_no(_field: SharedCatalogField, given: Any) -> bool:
    value = given if isinstance(given, bool) else _YES_NO.get(str(given).lower())
    if value is None:
        raise Wrong(_("Choose yes or no."))
    return value


def _choice(field: SharedCatalogField, given: Any) -> str:
    if given not in [option.get("value") for option in field.options or []]:
        raise Wrong(_("Please choose one of the offered answers."))
    return str(given)


def _reference(_field: SharedCatalogField, given: Any) -> Any:
    """Return an id, or {"code"}; what it leads to is looked up after all else is read."""
    if isinstance(given, Mapping):
        number, code = given.get("id"), given.get("code")
        if number is None and isinstance(code, str):
            return {"code": clean(code) or ""}
        given = number
    found = as_id(given) if not isinstance(given, bool) else None
    if found is None:
        raise Wrong(_("Choose one of the offered records."))
    return found


_READ: dict[ValueKind, Any] = {
    ValueKind.text: _text, ValueKind.number: _number, ValueKind.date: _date, ValueKind.yes_no: _yes_no,
    ValueKind.choice: _choice, ValueKind.item: _reference, ValueKind.agency: _reference,
    ValueKind.unit: _reference,
}  # fmt: skip


def find_reference(session: Session, field: SharedCatalogField, value: Any, actor: Actor, old: Any = None) -> Any:
    """Return the id of the record that ``value`` names; other values as they are.

    Raises Wrong, in the same words, for what is not there and for what ``actor`` may not choose.
    """
    if field.kind not in REFERENCES or value == old:
        return value
    model, query = offered(field)
    is_meant = model.code == value["code"] if isinstance(value, Mapping) else model.id == value
    query = choosable(query.where(is_meant), model, actor).with_only_columns(model.id)
    found = list(session.scalars(query.limit(2)))
    if not found and type(old) is int:  # what is there already, said again by its code
        found = list(session.scalars(sa.select(model.id).where(is_meant, model.id == old)))
    if len(found) != 1:
        raise Wrong(_("Choose one of the offered records."))
    return found[0]


def json_value(field: SharedCatalogField) -> Any:
    """Return the SQL expression of a field's value, typed so that both databases compare it."""
    value = SharedCatalogItem.data[field.key]
    if field.kind == ValueKind.number:
        return value.as_float()
    if field.kind == ValueKind.yes_no:
        return value.as_boolean()
    return value.as_integer() if field.kind in REFERENCES else value.as_string()


def refuse_double(
    session: Session, field: SharedCatalogField, value: Any, item: SharedCatalogItem | None
) -> None:
    """Raise Wrong if the field says that no two items have the same value, and one has."""
    if not field.is_unique:
        return
    query = sa.select(SharedCatalogItem.code).where(
        SharedCatalogItem.catalog_id == field.catalog_id, json_value(field) == value)  # fmt: skip
    if item is not None and item.id is not None:
        query = query.where(SharedCatalogItem.id != item.id)
    code = session.scalar(query.limit(1))
    if code is not None:
        raise Wrong(_("The item %(code)s has this value already.", code=code))


@event.listens_for(Session, "after_flush")
def _refuse_doubles_together(session: Session, _context: Any) -> None:
    """Refuse items with the same unique value written in one go: none saw the other's row yet."""
    written = {row.catalog_id for row in [*session.new, *session.dirty] if isinstance(row, SharedCatalogItem)}
    if not written:
        return
    unique = sa.select(SharedCatalogField).where(
        SharedCatalogField.catalog_id.in_(written), SharedCatalogField.is_unique.is_(True))  # fmt: skip
    with session.no_autoflush:
        for field in list(session.scalars(unique)):
            value = json_value(field)
            query = sa.select(sa.func.max(SharedCatalogItem.code)).where(
                SharedCatalogItem.catalog_id == field.catalog_id, value.is_not(None))  # fmt: skip
            code = session.scalar(query.group_by(value).having(sa.func.count() > 1).limit(1))
            if code is not None:
                message = _("The item %(code)s has this value already.", code=code)
                raise Invalid(f"{field.label}: {message}", {field.key: message})


def holders(session: Session, catalog_id: int, key: str) -> list[str]:
    """Return the codes of the first items that have a value under ``key``."""
    item = SharedCatalogItem
    query = sa.select(item.code).where(item.catalog_id == catalog_id, item.data[key].as_string().is_not(None))
    return list(session.scalars(query.order_by(item.code).limit(SHOWN)))


def broken_items(session: Session, field: SharedCatalogField) -> list[str]:
    """Return "code: why" of the first items that ``field``, as it is about to be, would break."""
    past = sa.inspect(field).attrs.key.history
    old_key = past.deleted[0] if past.deleted else field.key
    if old_key != field.key:
        return [f"{code}: {old_key}" for code in holders(session, field.catalog.id, old_key)]
    item = SharedCatalogItem
    query = sa.select(item.id, item.code, item.data).where(item.catalog_id == field.catalog.id)
    seen: dict[Any, str] = {}
    found: list[str] = []
    for _id, code, data in session.execute(query.order_by(item.code)).yield_per(_CHUNK):
        message = _broken(session, field, (data or {}).get(field.key), seen, code)
        if message:
            found.append(f"{code}: {message}")
        if len(found) >= SHOWN:
            break
    return found


def _broken(session: Session, field: SharedCatalogField, stored: Any, seen: dict[Any, str], code: str) -> str:
    try:
        value = read_value(field, stored)
        if value is None and field.is_required:
            raise Wrong(_("This field is required."))
        if value is not None and value != stored:
            raise Wrong(_("This does not have the required form."))
        if field.kind in REFERENCES and value is not None:
            _refuse_strange(session, field, value)
    except Wrong as exc:
        return str(exc)
    if field.is_unique and value is not None and seen.setdefault(value, code) != code:
        return str(_("The item %(code)s has this value already.", code=seen[value]))
    return ""


def _refuse_strange(session: Session, field: SharedCatalogField, value: int) -> None:
    """Raise Wrong if ``value`` leads nowhere, or into another catalog; ended records may stay."""
    model, _query = offered(field)
    row = session.get(model, value)
    if row is None or (field.kind == ValueKind.item and row.catalog_id != field.target_id):
        raise Wrong(_("Choose one of the offered records."))


def referring_items(session: Session, item: SharedCatalogItem) -> list[str]:
    """Return "catalog: code" of the first items that refer to ``item``."""
    found: list[str] = []
    query = sa.select(SharedCatalogField).where(SharedCatalogField.target_id == item.catalog_id)
    for field in session.scalars(query):
        codes = sa.select(SharedCatalogItem.code).where(
            SharedCatalogItem.catalog_id == field.catalog_id, json_value(field) == item.id)  # fmt: skip
        found += [f"{field.catalog.name}: {code}" for code in session.scalars(codes.limit(SHOWN))]
    return found[:SHOWN]
