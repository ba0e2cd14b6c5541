"""The rules of one field of an electronic form, by kind: what is wrong with a value.

Page, API and supplement all ask here, so that a rule stands once.
"""

import logging
from collections.abc import Collection, Iterable
from typing import Any

from flask_babel import gettext as _

from app.clock import today
from app.models.account import IdKind, number_message
from app.models.form_words import BLOCK_KINDS, CHOICE_KINDS, ROW_KINDS, FieldKind
from app.services.eform_catalogs import name_of
from app.services.eform_columns import AGENCY, FieldLike, choices, columns_of, label_of
from app.services.eform_show import show_number
from app.services.eform_values import ELSEWHERE, ISO_DATE, MAX_ROWS
from app.text import PHONE
from app.workflows import patterns
from app.workflows.conditions import day_of, is_empty

log = logging.getLogger(__name__)

MAX_MATCHED = 1_000  # characters a pattern is tried on
MAX_EMAIL = 120
DEFAULT_LENGTHS = {FieldKind.text: 500, FieldKind.textarea: 5_000}
_MAX_NUMBER = 10**15


def problem(
    field: FieldLike, value: Any, units: Collection[str] = (), *, is_required: bool | None = None
) -> str | None:
    """Return what is wrong with a tidied value, in the user's language, or None.

    units: what an answer may name: codes of administrative units, codes of agencies after AGENCY.
    is_required: as the answers make it; None leaves it to the definition.
    """
    must = field.is_required if is_required is None else is_required
    if is_empty(value):
        return _missing(field) if must else None
    if field.kind == FieldKind.address:
        return _address_problem(field, value, units, is_required=must)
    if field.kind == FieldKind.agency:
        return _agency_problem(value, units)
    if field.kind == FieldKind.catalog:
        is_known = name_of(field.catalog_code, value) in units
        return None if is_known else _("Please choose one of the offered items.")
    if field.kind in ROW_KINDS:
        return _table_problem(field, value, units)
    if field.kind in BLOCK_KINDS:
        return _block_problem(field, value, units)
    check = _CHECKS.get(field.kind)
    message = check(field, value) if check is not None else None
    return message or _pattern_problem(field, value)


def _missing(field: FieldLike) -> str:
    if field.kind in CHOICE_KINDS | {FieldKind.agency, FieldKind.catalog}:
        return _("Please choose.")
    if field.kind == FieldKind.checkbox:
        return _("Please tick this box to go on.")
    if field.kind == FieldKind.file:
        return _("Please attach a file.")
    if field.kind in ROW_KINDS:
        return _("Please enter at least one row.")
    return _("Please fill this in.")


def _length_problem(field: FieldLike, value: Any) -> str | None:
    limit = field.max_length or DEFAULT_LENGTHS.get(FieldKind(field.kind), 500)
    count = len(str(value))
    if count > limit:
        return _("At most %(limit)d characters. You typed %(count)d.", limit=limit, count=count)
    return None


def _pattern_problem(field: FieldLike, value: Any) -> str | None:
    if not field.pattern or not isinstance(value, str):
        return None
    message = field.pattern_message or _("This does not have the required form.")
    if len(value) > MAX_MATCHED:
        return message
    is_fitting = patterns.fits(field.pattern, value)
    if is_fitting is None:
        log.warning("pattern of field %s cannot be read", field.key)
    return message if is_fitting is False else None


def _number_problem(field: FieldLike, value: Any) -> str | None:
    if not isinstance(value, int | float):
        first, last = field.min_value, field.max_value
        if first is not None and last is not None:  # an example from elsewhere would mislead: 12,5 copies
            return _("Please enter a number from %(first)s to %(last)s.", first=show_number(first),
                     last=show_number(last))  # fmt: skip
        return _("Please enter a number, for example 1.250 or 12,5.")
    if field.min_value is not None and value < field.min_value:
        return _("The smallest allowed value is %(value)s.", value=show_number(field.min_value))
    top = field.max_value if field.max_value is not None else _MAX_NUMBER
    if value > top or value < -_MAX_NUMBER:
        return _("The largest allowed value is %(value)s.", value=show_number(top))
    return None


def _date_problem(field: FieldLike, value: Any) -> str | None:
    if ISO_DATE.fullmatch(str(value)) is None or (day := day_of(value, today())) is None:
        return _("Please enter an existing date as day/month/year, for example 25/03/1990.")
    if not 1850 <= day.year <= 2200:
        return _("Please check the year of this date.")
    first, last = (day_of(text, today()) for text in (field.min_date, field.max_date))
    if first is not None and day < first:
        return _("The date may not be before %(day)s.", day=f"{first:%d/%m/%Y}")
    if last is not None and day > last:
        return _("The date may not be after %(day)s.", day=f"{last:%d/%m/%Y}")
    return None


def _select_problem(field: FieldLike, value: Any) -> str | None:
    known = {key for key, _label in choices(field)}
    chosen = value if isinstance(value, list) else [value]
    if field.kind == FieldKind.multi_select and set(chosen) <= known:
        return _count_problem(field, len(chosen))
    return None if set(chosen) <= known else _("Please choose one of the offered answers.")


def _count_problem(field: FieldLike, count: int) -> str | None:
    """How many rows or choices: the range of a field that holds several."""
    if field.min_value is not None and count < field.min_value:
        return _("At least %(limit)d are needed; there are %(count)d.",
                 limit=field.min_value, count=count)  # fmt: skip
    if field.max_value is not None and count > field.max_value:
        return _("At most %(limit)d are allowed; there are %(count)d.",
                 limit=field.max_value, count=count)  # fmt: skip
    return None


def _phone_problem(_field: FieldLike, value: Any) -> str | None:
    if PHONE.fullmatch(str(value)):
        return None
    return _("A phone number begins with 0 or +84: a mobile has 10 digits, a landline 10 or 11, for example "
             "0905 123 456.")


def _email_problem(_field: FieldLike, value: Any) -> str | None:
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(str(value), check_deliverability=False)
    except EmailNotValidError:
        return _("This is not a valid e-mail address.")
    return _("This is not a valid e-mail address.") if len(str(value)) > MAX_EMAIL else None


def _personal_id_problem(_field: FieldLike, value: Any) -> str | None:
    text = str(value)
    return number_message(IdKind.personal_id, text if text.isascii() else "")


_CHECKS: dict[str, Any] = {
    FieldKind.text: _length_problem, FieldKind.textarea: _length_problem,
    FieldKind.number: _number_problem, FieldKind.date: _date_problem,
    FieldKind.select: _select_problem, FieldKind.multi_select: _select_problem,
    FieldKind.phone: _phone_problem, FieldKind.email: _email_problem,
    FieldKind.personal_id: _personal_id_problem,
}  # fmt: skip


def _address_problem(
    field: FieldLike, value: Any, units: Collection[str], *, is_required: bool
) -> str | None:
    if not value["unit"]:
        return _("Please choose the ward or commune.")
    if value["unit"] != ELSEWHERE and value["unit"] not in units:
        return _("Please choose one of the offered wards and communes.")
    if value["unit"] == ELSEWHERE and not value["detail"]:
        return _("Please write the full address, with commune and province.")
    if is_required and not value["detail"]:
        return _("Please add the house number and street, or the hamlet.")
    return _length_problem(field, value["detail"])


def _agency_problem(value: Any, units: Collection[str]) -> str | None:
    is_known = f"{AGENCY}{value}" in units
    return None if is_known else _("Please choose one of the offered agencies.")


def _table_problem(field: FieldLike, rows: Any, units: Collection[str]) -> str | None:
    if len(rows) > MAX_ROWS:
        return _("At most %(limit)d rows.", limit=MAX_ROWS)
    labels = {cell.key: label_of(cell) for cell in columns_of(field)}
    for (row, key), message in cell_problems(field, rows, units).items():
        return _("Row %(row)d, %(column)s: %(message)s",
                 row=row + 1, column=labels[key], message=message)  # fmt: skip
    return _count_problem(field, len(rows))


def _block_problem(field: FieldLike, value: Any, units: Collection[str]) -> str | None:
    labels = {cell.key: label_of(cell) for cell in columns_of(field)}
    for (_row, key), message in cell_problems(field, [value], units).items():
        return f"{labels[key]}: {message}"
    return None


def cell_problems(
    field: FieldLike, rows: Iterable[Any], units: Collection[str] = ()
) -> dict[tuple[int, str], str]:
    """Return {(row from 0, column key): message} of the cells of a table, group or block."""
    return {
        (number, cell.key): message
        for number, row in enumerate(rows) for cell in columns_of(field)
        if (message := problem(cell, row.get(cell.key), units)) is not None
    }  # fmt: skip
