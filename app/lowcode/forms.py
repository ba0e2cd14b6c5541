"""Forms made from a model's columns: one definition for the page and for the API."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
import wtforms
from flask import request
from flask_babel import get_translations
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from flask_wtf import FlaskForm
from sqlalchemy import inspect
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    Field,
    HiddenField,
    IntegerField,
    StringField,
    TextAreaField,
    TimeField,
    URLField,
    ValidationError,
)
from wtforms.validators import URL, Email, Length, NumberRange, Optional

from app.lowcode.fields import (
    MAX_TEXT,
    ChoiceField,
    JsonField,
    LinesField,
    LocalDateTimeField,
    Present,
    RelationField,
    check_year,
    clean,
)
from app.lowcode.screen import declared_writable, label_of, writable
from app.lowcode.values import choices_of, kind_of


class _Messages:
    """WTForms' own messages from our catalogue, in the language of the request."""

    def gettext(self, text: str) -> str:
        """Return the message translated."""
        return _(text) if text else text

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Return the message for ``n`` translated; WTForms fills in the numbers itself."""
        return get_translations().ngettext(singular, plural, n)


class BaseForm(FlaskForm):
    """The base of hand-made forms: our messages, CSRF from the application."""

    class Meta(FlaskForm.Meta):
        """Messages from the application's one catalogue."""

        def get_translations(self, form: Any) -> Any:
            """Return the source of WTForms' messages."""
            return _Messages()

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Return what a page sent. JSON is no page: of any shape, it is an empty form."""
            if request.is_json and request.method == "POST":
                return MultiDict()
            return super().wrap_formdata(form, formdata)

    def add_errors(self, fields: Mapping[str, str]) -> None:
        """Put messages of a refused save beside their fields."""
        _add_errors(self, fields)


class RecordForm(wtforms.form.BaseForm):
    """The form of one model. Fields are found by subscript only: an attribute may be called
    "process" or "data" without hiding a method. CSRF is checked before every view.
    """

    def __init__(
        self, model: type[Any], names: Sequence[str] = (), prefix: str = "", action: str = "change"
    ) -> None:
        """Make the form of ``model``: of ``names`` if given, else of what the actor may write by
        ``action``. prefix: of its fields' names."""
        meta = wtforms.meta.DefaultMeta()
        meta.get_translations = lambda form: _Messages()
        fields = fields_of(model)
        names = names or [*writable(model, action), "row_version"]
        super().__init__({name: fields[name] for name in names}, prefix=prefix, meta=meta)

    def add_errors(self, fields: Mapping[str, str]) -> None:
        """Put messages of a refused save beside their fields."""
        _add_errors(self, fields)

    def keep_only(self, names: set[str]) -> None:
        """Drop every field but ``names``: a change of some attributes checks only those."""
        for name in [field.name for field in self if field.name not in names]:
            del self[name]


def _add_errors(form: Any, fields: Mapping[str, str]) -> None:
    for name, message in fields.items():
        if name in form and message not in form[name].errors:
            form[name].errors = [*form[name].errors, message]


def make_form(
    model: type[Any],
    *,
    formdata: Any = None,
    row: Any = None,
    given: Mapping[str, Any] | None = None,
) -> RecordForm:
    """Return the form of ``model``: over what ``row`` holds or is ``given``, what was typed."""
    form = RecordForm(model, action="add" if row is None else "change")
    form.process(formdata, row, data=dict(given or {}))
    return form


@cache
def fields_of(model: type[Any]) -> dict[str, Any]:
    """Return the form fields of everything ``model`` lets people write, not yet bound."""
    return {name: _field(model, name) for name in declared_writable(model)} | {"row_version": HiddenField()}


def is_needed(model: type[Any], name: str) -> bool:
    """Return whether a new record cannot do without being given ``name``."""
    column = column_of(model, name)
    return not column.nullable and column.default is None and column.server_default is None


def column_of(model: type[Any], name: str) -> Any:
    """Return the column behind an attribute; of a relation, its foreign key."""
    mapper = inspect(model)
    if name in mapper.relationships:
        return next(iter(mapper.relationships[name].local_columns))
    return mapper.columns[name]


def _field(model: type[Any], name: str) -> Any:
    mapper = inspect(model)
    column = column_of(model, name)
    common = {"description": column.info.get("help", ""), "validators": _presence(column)}
    if name in mapper.relationships:
        target = mapper.relationships[name].mapper.class_
        return RelationField(label_of(model, name), target=target, **common)
    return _column_field(model, name, column, common)


def _presence(column: Any) -> list[Any]:
    return [Optional()] if column.nullable else [Present(_l("This field is required."))]


def _column_field(model: type[Any], name: str, column: Any, common: dict[str, Any]) -> Any:
    label = label_of(model, name)
    if column.default is not None:
        common["default"] = _default(column.default)
    choices = choices_of(model, name)
    if choices is not None:
        return _choice_field(label, choices, column, common)
    kind = kind_of(model, name) or ""
    if kind in _SPECIAL:
        common["description"] = common["description"] or _HINTS.get(kind, "")
        if "words" in column.info:
            words = common["words"] = column.info["words"]
            common["description"] = LazyString(lambda: f"{_HINTS[kind]}: {'; '.join(map(_, words.values()))}.")
        return _SPECIAL[kind](label, common)
    for sql_type, build in _BY_TYPE:
        if isinstance(column.type, sql_type):
            return build(label, column, common)
    raise TypeError(f"{model.__name__}.{name}: no form field for {column.type!r}")


def _default(default: Any) -> Any:
    """Return a column's default for the empty form; a callable one is asked each time."""
    return (lambda: default.arg(None)) if default.is_callable else default.arg


def _choice_field(
    label: Any, choices: dict[Any, str], column: Any, common: dict[str, Any]
) -> Field:
    coerce = int if isinstance(next(iter(choices)), int) else str
    has_blank = column.nullable or "default" not in common

    def offered() -> list[tuple[Any, str]]:
        named = [(coerce(value), _(text)) for value, text in choices.items()]
        return [("", ""), *named] if has_blank else named

    def read(value: Any) -> Any:
        return value if value in ("", None) else coerce(value)

    return ChoiceField(label, choices=offered, coerce=read, **common)


def _email(label: Any, common: dict[str, Any]) -> Field:
    common["validators"] += [Email(_l("This is not a valid e-mail address.")), Length(max=120)]
    return EmailField(label, filters=[clean], **common)


def _check_scheme(_form: Any, field: Field) -> None:
    if not (field.data or "").lower().startswith(("http://", "https://")):
        raise ValidationError(_("This is not a valid web address."))


def _url(label: Any, common: dict[str, Any]) -> Field:
    url = URL(message=_l("This is not a valid web address."))
    common["validators"] += [url, _check_scheme, Length(max=200)]
    return URLField(label, filters=[clean], **common)


def _check_pattern(_form: Any, field: Field) -> None:
    try:
        re.compile(field.data or "")
    except re.error as exc:
        raise ValidationError(_("This is not a valid pattern.")) from exc


def _pattern(label: Any, common: dict[str, Any]) -> Field:
    common["validators"] += [Length(max=255), _check_pattern]
    return StringField(label, filters=[clean], **common)


def _boolean(label: Any, _column: Any, common: dict[str, Any]) -> Field:
    common["validators"] = []
    return BooleanField(label, false_values=(False, "false", "0", "", 0, None), **common)


def _integer(label: Any, column: Any, common: dict[str, Any]) -> Field:
    bits = {sa.SmallInteger: 15, sa.BigInteger: 53}.get(type(column.type), 31)
    common["validators"] += [NumberRange(min=-(2**bits) + 1, max=2**bits - 1)]
    return IntegerField(label, **common)


def _long_text(label: Any, _column: Any, common: dict[str, Any]) -> Field:
    common["validators"] += [Length(max=MAX_TEXT)]
    return TextAreaField(label, filters=[clean], **common)


def _short_text(label: Any, column: Any, common: dict[str, Any]) -> Field:
    common["validators"] += [Length(max=column.type.length or MAX_TEXT)]
    cls = TextAreaField if (column.type.length or 0) > 300 else StringField
    return cls(label, filters=[clean], **common)


def _date(label: Any, _column: Any, common: dict[str, Any]) -> Field:
    common["validators"] += [check_year]
    return DateField(label, **common)


def _instant(label: Any, _column: Any, common: dict[str, Any]) -> Field:
    common["validators"] += [check_year]
    return LocalDateTimeField(label, **common)


_SPECIAL = {
    "email": _email, "url": _url, "pattern": _pattern,
    "json": lambda label, common: JsonField(label, **common),
    "columns": lambda label, common: JsonField(label, **common),
    "options": lambda label, common: LinesField(label, is_pairs=True, **common),
    "life_events": lambda label, common: LinesField(label, **common),
}  # fmt: skip
_HINTS = {
    "options": _l("One choice per line, written as: value = label"),
    "life_events": _l("One event per line, of these"),
    "json": _l("A JSON value, for example 8, true or [1, 2]"),
    "columns": _l('A JSON list of columns: [{"key": …, "label": …, "kind": …, "required": …}]'),
    "pattern": _l("A regular expression that the whole value must match"),
}
_BY_TYPE: tuple[tuple[Any, Any], ...] = (
    (sa.Boolean, _boolean),
    (sa.Integer, _integer),
    (sa.Text, _long_text),
    (sa.String, _short_text),
    (sa.Date, _date),
    (sa.Time, lambda label, _column, common: TimeField(label, **common)),
    ((sa.types.TypeDecorator, sa.DateTime), _instant),
)
