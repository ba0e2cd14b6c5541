"""The definition of a form as one JSON value: what the designer shows, checks and saves.

{"name", "name_en", "legal_basis", "rules", "sections": [{"title", …, "fields": [{"key", …}]}]}
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session, selectinload

from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.lowcode.fields import clean_json
from app.models import Form, FormField, FormSection
from app.models.form_words import FieldKind
from app.models.freezing import refuse_in_force
from app.permissions import Actor, Role
from app.services.form_problems import definition_problems, offered_catalogs

Definition = dict[str, Any]
_KEPT = frozenset({"id", "row_version", "search_text", "code", "position", "form_id", "section_id"})
MAX_SECTIONS, MAX_FIELDS = 40, 400
_WHOLE = re.compile(r"-?[0-9]{1,18}")


def names_of(model: type[Any]) -> list[str]:
    """Return the properties of a form, section or field that a designer changes."""
    return [name for name in inspect(model).column_attrs.keys() if name not in _KEPT]  # noqa: SIM118


def get_form(session: Session, pk: int, *, to_change: bool = False) -> Form:
    """Return a form with its sections and fields; raises NotFound. to_change: locked first."""
    if to_change:
        session.execute(sa.select(Form.id).where(Form.id == pk).with_for_update())
    loads = selectinload(Form.sections).selectinload(FormSection.fields)
    form = session.scalar(sa.select(Form).where(Form.id == pk).options(loads))
    if form is None:
        raise NotFound(_("There is no such form."))
    return form


def definition(form: Form) -> Definition:
    """Return everything a form says, without the identities of its rows."""
    return {
        **_values(form, Form),
        "sections": [
            {**_values(section, FormSection),
             "fields": [_values(field, FormField) for field in section.fields]}
            for section in form.sections
        ],
    }  # fmt: skip


def _values(row: Any, model: type[Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names_of(model)}


def revision(form: Form) -> str:
    """Return a text that changes with every change of the form or of any of its parts."""
    rows = [form, *form.sections, *form.fields()]
    seen = ",".join(f"{type(row).__name__}{row.id}:{row.row_version}" for row in rows)
    return hashlib.sha256(seen.encode()).hexdigest()[:16]


def tidied(raw: Any) -> Definition:
    """Return a definition of known properties and fitting types, whatever was sent.

    Raises Invalid for what is no definition, or one larger than any form.
    """
    given = clean_json(raw)
    sections = given.get("sections") if isinstance(given, Mapping) else None
    parts = [part for part in sections or () if isinstance(part, Mapping)] if isinstance(sections, list) else None
    if parts is None:
        raise Invalid(_("What was sent is no form. Please reload the page."))
    fields = [[f for f in part.get("fields") or () if isinstance(f, Mapping)]
              if isinstance(part.get("fields"), list) else [] for part in parts]  # fmt: skip
    if len(parts) > MAX_SECTIONS or sum(map(len, fields)) > MAX_FIELDS:
        raise Invalid(_("A form has at most %(sections)d sections and %(fields)d fields.",
                        sections=MAX_SECTIONS, fields=MAX_FIELDS))  # fmt: skip
    return {
        **_tidy(given, Form),
        "sections": [
            {**_tidy(part, FormSection), "fields": [_tidy(field, FormField) for field in own]}
            for part, own in zip(parts, fields, strict=True)
        ],
    }


def _tidy(given: Mapping[str, Any], model: type[Any]) -> dict[str, Any]:
    columns = inspect(model).columns
    return {name: fitting(given.get(name), columns[name]) for name in names_of(model)}


def fitting(value: Any, column: sa.Column[Any]) -> Any:
    """Return ``value`` as the column keeps it; None for what cannot be one."""
    kind = column.type
    if isinstance(kind, sa.Boolean):
        return value is True
    if isinstance(kind, sa.Integer):
        return _whole(value)
    if isinstance(kind, sa.JSON):
        return value if isinstance(value, dict | list) and value else None
    text = value.strip() if isinstance(value, str) else None
    longest = getattr(kind, "length", None) or 4_000
    # One character more than fits is kept, so that the check can name the fault.
    return text[: longest + 1] or (None if column.nullable else "") if text is not None else (
        None if column.nullable else "")  # fmt: skip


def _whole(value: Any) -> int | None:
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and abs(value) < 10**18 else None


def built(given: Definition) -> Form:
    """Return a form made of a tidied definition and never saved: for checks and previews."""
    form = Form(**_own(given, Form), code="")
    for position, part in enumerate(given["sections"], 1):
        section = FormSection(**_own(part, FormSection), position=position)
        section.fields = [FormField(**_own(field, FormField), position=place)
                          for place, field in enumerate(part["fields"], 1)]  # fmt: skip
        form.sections.append(section)
    return form


def _own(given: Mapping[str, Any], model: type[Any]) -> dict[str, Any]:
    return {name: given[name] for name in names_of(model) if name in given}


def save(session: Session, form: Form, raw: Any, base: str, actor: Actor) -> Form:
    """Make ``form`` what the designer sent, in one unit.

    Raises NotAllowed for another role, Conflict when it was changed since ``base``, Invalid for a
    form in force or with faults (fields: {"sections.0.fields.2.pattern": message}).
    """
    if not actor.has(Role.catalog_admin):
        raise NotAllowed(_("Only a catalog administrator may change forms."))
    refuse_in_force(form)
    if base != revision(form):
        raise Conflict(_("This form was changed by someone else since you opened it. Your changes "
                         "are still on this page; reload it to see theirs."))  # fmt: skip
    given = tidied(raw)
    problems = definition_problems(built(given), offered_catalogs(form))
    if problems:
        raise Invalid(_("Please correct what is marked."), problems)
    _apply(form, given)
    session.flush()
    return form


def _apply(form: Form, given: Definition) -> None:
    """Change the rows in place; a section is known by its place, a field by its key.

    Keys are unique in a form: matched by key, no insert ever meets the row it replaces.
    """
    rows = {field.key: field for field in form.fields()}
    for name, value in _own(given, Form).items():
        _set(form, name, value)
    parts = given["sections"]
    for place, part in enumerate(parts):
        if place == len(form.sections):
            form.sections.append(FormSection())
        section = form.sections[place]
        for name, value in {**_own(part, FormSection), "position": place + 1}.items():
            _set(section, name, value)
        section.fields = [_field(rows.pop(f["key"], None), f, at) for at, f in enumerate(part["fields"], 1)]
    del form.sections[len(parts) :]


def _field(row: FormField | None, given: Mapping[str, Any], place: int) -> FormField:
    row = row or FormField()
    for name, value in {**_own(given, FormField), "position": place}.items():
        _set(row, name, value)
    return row


def _set(row: Any, name: str, value: Any) -> None:
    if getattr(row, name) != value:
        setattr(row, name, value)


def new_field(kind: str, key: str, label: str) -> dict[str, Any]:
    """Return the properties of a field just added: blank but for what every field has."""
    blank = dict.fromkeys(names_of(FormField))
    return {**blank, "key": key, "label": label, "kind": kind, "is_searchable": False,
            "is_required": kind != FieldKind.computed}  # fmt: skip
