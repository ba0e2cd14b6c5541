"""What a field of an electronic form is, to the rules: its own cells, choices and words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from flask_babel import get_locale
from flask_babel import gettext as _

from app.i18n import N_
from app.models.account import GENDERS
from app.models.form_words import BLOCK_KINDS, ROW_KINDS, FieldKind

AGENCY = "a:"  # before an agency's code among the names of what answers refer to


class FieldLike(Protocol):
    """What the rules ask of a field; a FormField and a table's column both have it."""

    key: str
    label: str
    kind: str
    is_required: bool
    options: list[Any] | None
    pattern: str | None
    pattern_message: str | None
    min_value: int | None
    max_value: int | None
    min_date: str | None
    max_date: str | None
    max_length: int | None
    columns: list[Any] | None
    label_en: str | None
    help_text: str | None
    help_text_en: str | None
    catalog_code: str | None


@dataclass
class Column:
    """A column of a table or a part of a block, seen as a field of its own."""

    key: str
    label: str
    kind: str = FieldKind.text
    is_required: bool = True
    options: list[Any] | None = None
    pattern: str | None = None
    pattern_message: str | None = None
    min_value: int | None = None
    max_value: int | None = None
    min_date: str | None = None
    max_date: str | None = None
    max_length: int | None = None
    columns: list[Any] | None = None
    label_en: str | None = None
    help_text: str | None = None
    help_text_en: str | None = None
    catalog_code: str | None = None
    owner_id: int | None = None  # the stored field it is a cell of


# The parts a block is made of: key → (label, kind, required, longest text).
PERSON = {
    "name": (N_("Family, middle and given name"), FieldKind.text, True, 120),
    "id_number": (N_("Personal identification number"), FieldKind.personal_id, True, None),
    "born_on": (N_("Date of birth"), FieldKind.date, True, None),
    "gender": (N_("Sex"), FieldKind.select, False, None),
    "nationality": (N_("Nationality"), FieldKind.text, False, 60),
    "phone": (N_("Phone"), FieldKind.phone, False, None),
    "address": (N_("Address"), FieldKind.address, False, None),
}
ORGANISATION = {
    "name": (N_("Name of the organisation"), FieldKind.text, True, 255),
    "tax_code": (N_("Tax code"), FieldKind.text, True, 14),
    "representative": (N_("Legal representative"), FieldKind.text, False, 120),
    "phone": (N_("Phone"), FieldKind.phone, False, None),
    "email": (N_("E-mail"), FieldKind.email, False, None),
    "address": (N_("Address"), FieldKind.address, False, None),
}
_TAX_CODE = r"^\d{10}(-\d{3})?$"
# Without a choice of parts, a block has these.
_USUAL = {
    FieldKind.person: ("name", "id_number", "born_on", "gender", "phone", "address"),
    FieldKind.organisation: ("name", "tax_code", "representative", "phone", "address"),
}


def columns_of(field: FieldLike) -> list[Column]:
    """Return the columns of a table or group, or the parts of a block; [] for other kinds."""
    if field.kind in BLOCK_KINDS:
        return _parts(field)
    if field.kind not in ROW_KINDS:
        return []
    return [_column(given, getattr(field, "id", None)) for given in field.columns or []
            if isinstance(given, Mapping) and given.get("key")]  # fmt: skip


def _column(given: Mapping[str, Any], owner_id: int | None) -> Column:
    known = ("options", "pattern", "pattern_message", "min_value", "max_value", "min_date",
             "max_date", "max_length", "label_en", "help_text", "help_text_en", "catalog_code")  # fmt: skip
    return Column(
        owner_id=owner_id, key=str(given["key"]), label=str(given.get("label") or given["key"]),
        kind=str(given.get("kind") or FieldKind.text),
        is_required=bool(given.get("required", True)), **{name: given.get(name) for name in known},
    )  # fmt: skip


def _parts(field: FieldLike) -> list[Column]:
    table = PERSON if field.kind == FieldKind.person else ORGANISATION
    wanted = [c for c in field.columns or [] if isinstance(c, Mapping) and c.get("key") in table]
    given = {c["key"]: c for c in wanted} or {key: {} for key in _USUAL[FieldKind(field.kind)]}
    return [_part(key, table[key], given[key]) for key in given]


def _part(key: str, row: tuple[str, FieldKind, bool, int | None], given: Mapping[str, Any]) -> Column:
    label, kind, is_required, longest = row
    return Column(
        key=key, label=str(given.get("label") or _(label)), kind=kind, max_length=longest,
        is_required=bool(given.get("required", is_required)),
        options=_sexes() if key == "gender" else None,
        max_date="today" if key == "born_on" else None,
        pattern=_TAX_CODE if key == "tax_code" else None,
        pattern_message=_("A tax code has 10 digits, or 10 digits, a hyphen and 3 digits."),
    )  # fmt: skip


def _sexes() -> list[dict[str, str]]:
    return [{"value": value, "label": _(text)} for value, text in GENDERS.items()]


def choices(field: FieldLike, *, is_official: bool = False) -> list[tuple[str, str]]:
    """Return (value, label) of a choice field; official: as printed, whatever the reader's language."""
    name = "label" if is_official else _worded("label")
    return [(str(o["value"]), str(o.get(name) or o.get("label") or o["value"]))
            for o in field.options or [] if isinstance(o, Mapping) and "value" in o]  # fmt: skip


def label_of(thing: Any) -> str:
    """Return the label of a field in the reader's language; the Vietnamese one where it has none."""
    return str(getattr(thing, _worded("label")) or thing.label)


def help_of(thing: Any) -> str:
    """Return the help text of a field or section in the reader's language; "" for none."""
    return str(getattr(thing, _worded("help_text")) or thing.help_text or "")


def title_of(section: Any) -> str:
    """Return the title of a section in the reader's language."""
    return str(getattr(section, _worded("title")) or section.title)


def _worded(name: str) -> str:
    locale = get_locale()
    return f"{name}_en" if locale is not None and locale.language == "en" else name
