"""Which properties the form designer offers, and how each is edited: data for form_designer.js."""

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.i18n import N_
from app.lowcode.choosing import choosable
from app.lowcode.collation import in_order
from app.lowcode.screen import label_of
from app.models import Form, FormField, FormSection, SharedCatalog
from app.models.form_words import (
    BLOCK_KINDS,
    CELL_KINDS,
    CHOICE_KINDS,
    FIELD_KINDS,
    FILLERS,
    GROUP_KINDS,
    PREFILLS,
    ROW_KINDS,
    SEARCHED_KINDS,
    FieldKind,
)
from app.permissions import current_actor
from app.services.eform_columns import ORGANISATION, PERSON
from app.views.condition_words import CONDITION_WORDS, condition_spec

_TEXTS = frozenset({FieldKind.text, FieldKind.textarea})
_COUNTED = ROW_KINDS | {FieldKind.number, FieldKind.multi_select}
_ASKED = frozenset(FieldKind) - {FieldKind.computed}
_FILLED = _ASKED - ROW_KINDS - {FieldKind.file, FieldKind.checkbox}


def designer_spec(session: Session) -> dict[str, Any]:
    """Return the properties of forms, sections and fields in the reader's language."""
    return {
        "form": [_of(Form, "name", "text"), _of(Form, "name_en", "text"), _of(Form, "legal_basis", "textarea")],
        "section": [
            _of(FormSection, "title", "text"), _of(FormSection, "title_en", "text"),
            _of(FormSection, "help_text", "textarea"), _of(FormSection, "help_text_en", "textarea"),
            _of(FormSection, "show_when", "condition"),
        ],
        "field": _field(_catalogs(session)), "catalogs": _catalogs(session),
        "kinds": _pairs(FIELD_KINDS), "cell_kinds": _pairs(FIELD_KINDS, CELL_KINDS),
        "group_kinds": _pairs(FIELD_KINDS, GROUP_KINDS), **condition_spec(),
        "parts": {FieldKind.person: _parts(PERSON), FieldKind.organisation: _parts(ORGANISATION)},
    }  # fmt: skip


def _field(catalogs: list[list[str]]) -> list[dict[str, Any]]:
    choices = [["", _("The applicant")], *_pairs(FILLERS)]
    return [
        _of(FormField, "label", "text"), _of(FormField, "label_en", "text"),
        _of(FormField, "kind", "choice", choices=_pairs(FIELD_KINDS)),
        _of(FormField, "key", "key", help=_("Answers are kept under it; letters, digits and _.")),
        _of(FormField, "is_required", "bool", kinds=_ASKED),
        _of(FormField, "help_text", "textarea"), _of(FormField, "help_text_en", "textarea"),
        _of(FormField, "options", "options", kinds=CHOICE_KINDS,
            help=_("One choice per line: label, or value | label, or value | label | English label.")),
        _of(FormField, "columns", "columns", kinds=ROW_KINDS),
        _of(FormField, "columns", "parts", kinds=BLOCK_KINDS, label=_("What is asked of it")),
        _of(FormField, "catalog_code", "choice", kinds={FieldKind.catalog}, choices=[["", "—"], *catalogs]),
        _of(FormField, "expression", "text", kinds={FieldKind.computed},
            help=_("= and arithmetic over keys, for example =so_ban * 8000 or =sum(bang.tien); or a "
                   "text with keys in braces: {ho} {ten}. Functions: sum, count, min, max, round, "
                   "words, money_words, date_words.")),
        _of(FormField, "max_length", "int", kinds=_TEXTS),
        _of(FormField, "pattern", "text", kinds=_TEXTS,
            help=_("The whole answer must match it, for example [A-Z]{2}[0-9]{6}")),
        _of(FormField, "pattern_message", "text", kinds=_TEXTS),
        _of(FormField, "min_value", "int", kinds=_COUNTED,
            help=_("For rows and several choices: the smallest number of them.")),
        _of(FormField, "max_value", "int", kinds=_COUNTED),
        _of(FormField, "min_date", "text", kinds={FieldKind.date},
            help=_("2026-01-31, or today, today-18y, today+30d")),
        _of(FormField, "max_date", "text", kinds={FieldKind.date}),
        _of(FormField, "show_when", "condition"),
        _of(FormField, "required_when", "condition", kinds=_ASKED),
        _of(FormField, "prefill", "choice", kinds=_FILLED, choices=[["", "—"], *_pairs(PREFILLS)]),
        _of(FormField, "filled_by", "choice", choices=choices, label=_("Answered by")),
        _of(FormField, "is_searchable", "bool", kinds=SEARCHED_KINDS),
    ]  # fmt: skip


def _catalogs(session: Session) -> list[list[str]]:
    """Return (code, name) of the shared catalogs in use that the actor may read, by name."""
    query = sa.select(SharedCatalog.code, SharedCatalog.name).where(SharedCatalog.is_active.is_(True))
    query = choosable(query, SharedCatalog, current_actor())
    return [[code, name] for code, name in session.execute(query.order_by(in_order(SharedCatalog.name)))]


def _of(model: type[Any], name: str, editor: str, kinds: Any = None, **more: Any) -> dict[str, Any]:
    label = more.pop("label", None) or str(label_of(model, name))
    return {"name": name, "label": label, "editor": editor,
            "kinds": sorted(kinds) if kinds is not None else None, **more}  # fmt: skip


def _pairs(words: dict[Any, str], only: Any = None) -> list[list[str]]:
    return [[str(key), _(text)] for key, text in words.items() if only is None or key in only]


def _parts(table: dict[str, Any]) -> list[list[Any]]:
    return [[key, _(label), required] for key, (label, _kind, required, _longest) in table.items()]


_WORDS = CONDITION_WORDS | {
    "add_section": N_("Add a section"),
    "add_field": N_("Add a field"),
    "new_section": N_("New section"),
    "new_field": N_("New field"),
    "duplicate": N_("Duplicate"),
    "remove": N_("Remove"),
    "up": N_("Move up"),
    "down": N_("Move down"),
    "required": N_("required"),
    "hidden": N_("conditional"),
    "officer": N_("officers"),
    "form": N_("The form and its rules"),
    "section": N_("Section"),
    "rules": N_("Rules between fields"),
    "add_rule": N_("Add a rule"),
    "message": N_("What the applicant reads when it does not"),
    "message_en": N_("The same in English"),
    "at": N_("Shown beside"),
    "last": N_("the last field named"),
    "label": N_("Label"),
    "key": N_("Key"),
    "kind": N_("Kind"),
    "choices": N_("Choices"),
    "add_column": N_("Add a column"), "catalog": N_("Shared catalog"),
    "asked": N_("asked"),
    "remove_question": N_("Remove “{name}” from the form?"),
    "remove_title": N_("Please confirm"),
    "closed": N_("In force, only to be read. “New edition” makes a copy that can be changed."),
    "cancel": N_("Cancel"),
    "moved": N_("“{name}” is now number {place}"),
    "removed": N_("“{name}” is removed. Ctrl+Z brings it back."),
    "saved": N_("Saved"),
    "unsaved": N_("Not saved yet"),
    "saving": N_("Saving…"),
    "faults": N_("{count} properties to correct"),
    "failed": N_("Could not be saved. Please try again."),
    "undone": N_("Undone"),
    "redone": N_("Done again"),
    "empty": N_("There is no field yet. Add a section, then its fields; or import a spreadsheet."),
    "import_found": N_("{sections} sections, {fields} fields were read. Nothing is saved yet."),
    "replace": N_("Replace the whole form"),
    "append": N_("Add at the end"),
    "row": N_("Row"),
    "column": N_("Column"),
    "fault": N_("What is wrong"),
}


def designer_words() -> dict[str, str]:
    """Return what the script says."""
    return {name: _(text) for name, text in _WORDS.items()}
