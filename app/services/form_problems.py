"""What is wrong with a whole form: each fault beside its property (for designer and imports)."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import inspect

from app.extensions import db
from app.models import Form, FormField
from app.models.form_checks import field_problems, said
from app.models.form_words import FieldKind
from app.models.shared_catalog import choosable_codes
from app.permissions import current_actor
from app.services.eform_columns import FieldLike, columns_of
from app.services.eform_state import FUNCTIONS
from app.workflows import conditions, expressions

MAX_RULES = 50
_CONDITIONS = ("show_when", "required_when")


def definition_problems(form: Form, kept: Collection[str] = ()) -> dict[str, str]:
    """Return {path: message}; paths are those of the definition: "sections.0.fields.2.pattern".

    kept: the catalogs that the stored form offers already; they may stay though the actor may not read them.
    """
    keys = {field.key for field in form.fields()}
    found: dict[str, str] = dict(_too_long(form, ""))
    if not (form.name or "").strip():
        found["name"] = _("Please fill this in.")
    for number, section in enumerate(form.sections):
        found |= _section(section, f"sections.{number}.", keys)
    found |= _twice(form) | _rules(form, keys) | _catalogs(form, kept)
    return found or _circles(form)


def _too_long(row: Any, path: str) -> Iterator[tuple[str, str]]:
    for attr in inspect(type(row)).column_attrs:
        limit = getattr(attr.columns[0].type, "length", None)
        value = getattr(row, attr.key)
        if limit and isinstance(value, str) and len(value) > limit:
            yield f"{path}{attr.key}", _("At most %(limit)d characters.", limit=limit)


def _section(section: Any, path: str, keys: set[str]) -> dict[str, str]:
    found = {f"{path}{name}": text for name, text in _condition_faults(section, keys)}
    found |= dict(_too_long(section, path))
    if not (section.title or "").strip():
        found[f"{path}title"] = _("Please fill this in.")
    if conditions.keys_in(section.show_when) & {field.key for field in section.fields}:
        found[f"{path}show_when"] = _("A section cannot depend on its own fields.")
    for number, field in enumerate(section.fields):
        at = f"{path}fields.{number}."
        found |= dict(_too_long(field, at))
        found |= {f"{at}{name}": text for name, text in _condition_faults(field, keys)}
        found |= {f"{at}{name}": text for name, text in _expression(field, keys)}
        found |= {f"{at}{name}": text for name, text in field_problems(field).items()}
    return found


def _condition_faults(row: Any, keys: set[str]) -> Iterator[tuple[str, str]]:
    for name in _CONDITIONS:
        condition = getattr(row, name, None)
        message = said(conditions.fault(condition, keys)) if condition is not None else None
        if message is not None:
            yield name, message


def _expression(field: FormField, keys: set[str]) -> Iterator[tuple[str, str]]:
    if field.kind != FieldKind.computed or not field.expression:
        return
    try:
        unknown = expressions.keys_in(field.expression, FUNCTIONS) - keys
    except expressions.ExpressionFault:
        return  # told by the check of the field itself
    if unknown:
        key = sorted(unknown)[0]
        yield "expression", _("There is no field with the key “%(key)s” in this form.", key=key)


def _twice(form: Form) -> dict[str, str]:
    """Keys are unique in the whole form: answers are kept by them."""
    seen: set[str] = set()
    found = {}
    for number, section in enumerate(form.sections):
        for place, field in enumerate(section.fields):
            if field.key in seen:
                path = f"sections.{number}.fields.{place}.key"
                found[path] = _("The key “%(key)s” is there twice.", key=field.key)
            seen.add(field.key)
    return found


def _rules(form: Form, keys: set[str]) -> dict[str, str]:
    rules = form.rules or []
    if len(rules) > MAX_RULES:
        return {"rules": _("At most %(count)d rules.", count=MAX_RULES)}
    found: dict[str, str] = {}
    for number, rule in enumerate(rules):
        found |= {f"rules.{number}.{name}": text for name, text in _rule(rule, keys)}
    return found


def _rule(rule: Any, keys: set[str]) -> Iterator[tuple[str, str]]:
    given = rule if isinstance(rule, Mapping) else {}
    must = said(conditions.fault(given.get("must"), keys))
    if must is not None:
        yield "must", must
    if given.get("when") is not None and (when := said(conditions.fault(given["when"], keys))):
        yield "when", when
    message = given.get("message")
    if not isinstance(message, str) or not message.strip() or len(message) > 500:
        yield "message", _("Please write what the applicant reads, in at most 500 characters.")
    at = given.get("at")
    if at is not None and at not in keys:
        yield "at", _("There is no field with the key “%(key)s” in this form.", key=str(at)[:60])


def offered_catalogs(form: Form) -> set[str]:
    """Return the codes of the shared catalogs that a form's fields, or their cells, offer."""
    return set().union(*(_offered_by(field) for field in form.fields()))


def _catalogs(form: Form, kept: Collection[str]) -> dict[str, str]:
    """A field may only offer a shared catalog that there is, and that its author may read."""
    offering = {id(field): _offered_by(field) for field in form.fields()}
    strange = offered_catalogs(form) - set(kept)
    missing = strange - choosable_codes(db.session(), strange, current_actor())
    return {
        f"sections.{number}.fields.{place}.{'columns' if columns_of(field) else 'catalog_code'}":
            _("There is no shared catalog with this code.")
        for number, section in enumerate(form.sections)
        for place, field in enumerate(section.fields)
        if offering[id(field)] & missing
    }


def _offered_by(field: FormField) -> set[str]:
    """Return the catalogs that a field, or its cells, offer."""
    found: list[FieldLike] = [field, *columns_of(field)]
    return {one.catalog_code for one in found if one.kind == FieldKind.catalog and one.catalog_code}


def _circles(form: Form) -> dict[str, str]:
    """A field whose showing hangs on itself would never be settled."""
    places = {field.key: f"sections.{n}.fields.{m}." for n, section in enumerate(form.sections)
              for m, field in enumerate(section.fields)}  # fmt: skip
    leads = {field.key: _leads(field) for field in form.fields()}
    found = {}
    for key in leads:
        if _reaches(key, key, leads, set()):
            field = next(f for f in form.fields() if f.key == key)
            name = "expression" if field.kind == FieldKind.computed else "show_when"
            found[f"{places[key]}{name}"] = _("This field would depend on itself.")
    return found


def _leads(field: FormField) -> set[str]:
    found = conditions.keys_in(field.show_when) | conditions.keys_in(field.section.show_when)
    if field.kind == FieldKind.computed and field.expression:
        found |= expressions.keys_in(field.expression, FUNCTIONS)
    return found


def _reaches(start: str, goal: str, leads: dict[str, set[str]], seen: set[str]) -> bool:
    for key in leads.get(start, ()):
        if key == goal:
            return True
        if key not in seen:
            seen.add(key)
            if _reaches(key, goal, leads, seen):
                return True
    return False
