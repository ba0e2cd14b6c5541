"""What follows from the answers of a form: which fields are shown and required, what is computed.

Conditions are always judged here, whatever a page has shown: an answer to a hidden field is no
answer, and what depends on it is judged without it.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _

from app.clock import today
from app.documents.words import money_in_words, number_in_words
from app.models import Dossier, Form, FormField
from app.models.form_words import FieldKind, Filler
from app.services.eform_columns import columns_of
from app.services.eform_show import show
from app.services.eform_values import tidy
from app.workflows import conditions, expressions

Data = Mapping[str, Any]


def _in_words(value: Any) -> str | None:
    is_whole = isinstance(value, int | float | Decimal) and value == int(value)
    return number_in_words(int(value)).capitalize() if is_whole else None


def _money_in_words(value: Any) -> str | None:
    is_whole = isinstance(value, int | float | Decimal) and value == int(value)
    return money_in_words(int(value)).capitalize() if is_whole else None


def _date_in_words(value: Any) -> str | None:
    day = conditions.day_of(value, today())
    if day is None:
        return None
    parts = (("Ngày", day.day), ("tháng", day.month), ("năm", day.year))
    return " ".join(f"{name} {number_in_words(number)}" for name, number in parts)


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    **expressions.FUNCTIONS, "words": _in_words, "money_words": _money_in_words,
    "date_words": _date_in_words,
}  # fmt: skip


class Evaluation:
    """The answers of one form, judged: ``value`` of a hidden or unknown field is None."""

    def __init__(self, form: Form, data: Data, day: date | None = None) -> None:
        self.fields = {field.key: field for field in form.fields()}
        self.given = {key: tidy(f, data.get(key)) for key, f in self.fields.items() if key in data}
        self.today = day or today()
        self.form = form
        self._shown: dict[str, bool] = {}
        self._computed: dict[str, Any] = {}

    def is_shown(self, key: str) -> bool:
        """Return whether a field is asked at all; False for a key that is none."""
        field = self.fields.get(key)
        if field is None:
            return False
        if key not in self._shown:
            self._shown[key] = True  # a condition that leads back to its own field
            self._shown[key] = self.is_section_shown(field.section) and self.holds(field.show_when)
        return self._shown[key]

    def is_section_shown(self, section: Any) -> bool:
        """Return whether a section is asked at all."""
        return self.holds(section.show_when)

    def is_required(self, field: FormField) -> bool:
        """Return whether a shown field must be answered."""
        return field.is_required or (
            field.required_when is not None and self.holds(field.required_when)
        )

    def holds(self, condition: Any, *, unknown: bool = False) -> bool:
        """Return whether a condition holds; one that cannot be read holds."""
        if not condition or conditions.fault(condition) is not None:
            return True
        return conditions.holds(condition, self.value, self.today, unknown=unknown)

    def value(self, path: str) -> Any:
        """Return the answer at "key", a block's "key.part" or a table's column of values."""
        key, _dot, part = path.partition(".")
        if not self.is_shown(key):
            return None
        if self.fields[key].kind == FieldKind.computed:
            return self._compute(self.fields[key])
        found = self.given.get(key)
        if part and isinstance(found, list):
            return [row.get(part) for row in found if isinstance(row, Mapping)]
        return found.get(part) if part and isinstance(found, Mapping) else None if part else found

    def text(self, path: str) -> str:
        """Return the answer at "key" or "key.part" as it is read, for templates."""
        key, _dot, part = path.partition(".")
        field: Any = self.fields.get(key)
        if field is not None and part:
            field = next((c for c in columns_of(field) if c.key == part), None)
        value = self.value(path)
        return show(field, value) if field is not None and not isinstance(value, list) else ""

    def _compute(self, field: FormField) -> Any:
        if field.key not in self._computed:
            self._computed[field.key] = None  # an expression that leads back to itself
            self._computed[field.key] = expressions.evaluate(
                field.expression or "", self.value, self.text, FUNCTIONS
            )
        return self._computed[field.key]

    def data(self) -> dict[str, Any]:
        """Return what counts: answers of shown fields, computed texts, nothing else."""
        found = {}
        for key, field in self.fields.items():
            if not self.is_shown(key):
                continue
            if field.kind == FieldKind.computed:
                found[key] = self.value(key)
            elif key in self.given:
                found[key] = self.given[key]
        return found

    def broken_rules(self) -> Iterator[tuple[list[str], str]]:
        """Yield (keys to stand beside, the best first; message) of each broken rule."""
        for rule in self.form.rules or ():
            if not isinstance(rule, Mapping) or conditions.fault(rule.get("must")) is not None:
                continue
            keys = conditions.keys_in(rule["must"])
            if not any(self.is_shown(key) for key in keys) or not self.holds(rule.get("when")):
                continue
            if not self.holds(rule["must"], unknown=True):
                named = [key for key in reversed(self.fields) if key in keys]
                places = [key for key in [rule.get("at"), *named] if self.is_shown(str(key))]
                yield [str(key) for key in places], _rule_message(rule)


def _rule_message(rule: Mapping[str, Any]) -> str:
    locale = get_locale()
    is_english = locale is not None and locale.language == "en"
    text = (rule.get("message_en") if is_english else None) or rule.get("message")
    return str(text or _("These answers do not fit together."))


def may_fill(field: FormField, *, officer: bool) -> bool:
    """Return whether a page or the API takes an answer to ``field`` from this reader."""
    if field.kind == FieldKind.computed:
        return False
    return officer or field.filled_by is None


def may_see(field: FormField, *, officer: bool) -> bool:
    """Return whether ``field`` is shown to this reader at all."""
    return officer or field.filled_by != Filler.officer


def dependents(form: Form, keys: set[str]) -> set[str]:
    """Return the keys of the fields that appear or vanish with the answers to ``keys``."""
    found: set[str] = set()
    while True:
        fresh = {f.key for f in form.fields() if f.key not in found | keys
                 and (conditions.keys_in(f.show_when) | conditions.keys_in(f.section.show_when))
                 & (keys | found)}  # fmt: skip
        if not fresh:
            return found
        found |= fresh


def reopened(form: Form, data: Data, keys: set[str]) -> set[str]:
    """Return ``keys`` a supplement asks for, with the fields that only a new answer would show.

    What was asked and answered before stays closed, though it depends on a reopened answer.
    """
    before = Evaluation(form, data)
    return keys | {key for key in dependents(form, keys) if not before.is_shown(key)}


def open_fields(dossier: Dossier) -> list[FormField]:
    """Return the fields a supplement may ask for: the applicant's own, shown by his answers."""
    form = dossier.version.form
    if form is None:
        return []
    data = dossier.revisions[-1].data if dossier.revisions else {}
    judged = Evaluation(form, data)
    fields = [field for field in form.fields() if may_fill(field, officer=False)]
    return [field for field in fields if not data or judged.is_shown(field.key)]
