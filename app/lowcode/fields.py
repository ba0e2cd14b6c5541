"""Form fields that WTForms lacks: local instants, JSON, lines, one related record."""

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from wtforms import Field, SelectField, TextAreaField, ValidationError
from wtforms.fields.choices import Choice
from wtforms.fields.datetime import DateTimeLocalField
from wtforms.validators import InputRequired, StopValidation

from app.clock import VIETNAM, to_local
from app.lowcode.choosing import find_choice
from app.lowcode.values import YEARS, as_id
from app.text import fold

MAX_TEXT = 20_000
# Control characters, and halves of surrogate pairs: no database stores them as text.
UNUSABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def clean(text: Any) -> Any:
    """Return typed text composed (NFC), without unusable characters and outer spaces.

    Line ends become "\n"; "" becomes None; what is not text is returned as it is.
    """
    if not isinstance(text, str):
        return text
    plain = UNUSABLE.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", plain).strip() or None


def clean_json(value: Any) -> Any:
    """Return a JSON value with every text in it cleaned."""
    if isinstance(value, str):
        return clean(value) or ""
    if isinstance(value, list):
        return [clean_json(item) for item in value]
    if isinstance(value, dict):
        return {clean(key) or "": clean_json(item) for key, item in value.items()}
    return value


def check_year(_form: Any, field: Field) -> None:
    """Refuse dates that no record of ours can have: databases differ in what they store."""
    if isinstance(field.data, date) and field.data.year not in YEARS:
        raise ValidationError(
            _("The year must lie between %(first)d and %(last)d.", first=YEARS[0], last=YEARS[-1])
        )


class Present(InputRequired):
    """Required, and still something after cleaning: blanks are nothing."""

    def __call__(self, form: Any, field: Field) -> None:
        """Stop if nothing was given; a value that cannot be read says so itself."""
        super().__call__(form, field)
        if field.data is None and not field.errors:
            raise StopValidation(self.message)


class LocalDateTimeField(DateTimeLocalField):
    """An instant typed on the Vietnamese wall clock, kept aware."""

    def process_data(self, value: datetime | None) -> None:
        """Show the stored instant in local time."""
        self.stored = value
        super().process_data(to_local(value).replace(tzinfo=None) if value else None)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read local time as an aware instant; an untouched one keeps its seconds."""
        super().process_formdata(valuelist)
        kept = to_local(self.stored) if self.stored else None
        if kept and valuelist and valuelist[0] == kept.strftime("%Y-%m-%dT%H:%M"):
            self.data = kept
        elif self.data is not None and self.data.year in YEARS:
            self.data = self.data.replace(tzinfo=VIETNAM)


class JsonField(TextAreaField):
    """A JSON value typed as text; "" and null are nothing."""

    @staticmethod
    def dump(value: Any) -> str:
        """Return ``value`` as the text one would type."""
        return json.dumps(value, ensure_ascii=False, indent=1)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.dump(self.data)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Parse the text."""
        text = str(valuelist[0]) if valuelist else ""
        self.data = None
        if len(text) > MAX_TEXT:
            raise ValidationError(_("This is too long."))
        try:
            if text.strip():
                self.data = clean_json(json.loads(text, parse_constant=_refuse_constant))
        except (ValueError, RecursionError) as exc:
            raise ValidationError(_("This is not valid JSON.")) from exc


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)  # NaN and Infinity: Python reads them, no database does


class LinesField(TextAreaField):
    """A list typed one item a line; ``value = label`` lines make {value, label} items.

    words: {key: msgid} of a list of keys: it is read and written by their names.
    """

    def __init__(
        self, *args: Any, is_pairs: bool = False, words: Mapping[str, str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.is_pairs, self.words = is_pairs, words or {}

    def _value(self) -> str:
        if self.raw_data and isinstance(self.raw_data[0], str):
            return self.raw_data[0]
        return "\n".join(
            f"{item['value']} = {item['label']}" if isinstance(item, dict) else self._named(item)
            for item in self.data or []
        )

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Split the lines; a list (API) is kept if its items have the right shape."""
        raw = valuelist[0] if valuelist else ""
        self.data = None
        if isinstance(raw, list):
            if not all(self._fits(item) for item in raw):
                raise ValidationError(_("The items of this list do not have the right form."))
            self.data = clean_json(raw) or None
            return
        if len(str(raw)) > MAX_TEXT:
            raise ValidationError(_("This is too long."))
        lines = [clean(line) for line in str(raw).splitlines() if clean(line)]
        self.data = ([_pair(line) for line in lines] if self.is_pairs else list(map(self._key, lines))) or None

    def _named(self, item: Any) -> str:
        return _(self.words[item]) if item in self.words else str(item)

    def _key(self, line: str) -> str:
        """Return the key that a line names; what is stored already may stay."""
        if not self.words or line in self.words or line in (self.object_data or ()):
            return line
        keys = {fold(_(word)): key for key, word in self.words.items()}
        if fold(line) not in keys:
            names = "; ".join(_(word) for word in self.words.values())
            raise ValidationError(_("“%(text)s” is not among these: %(names)s.", text=line[:60], names=names))
        return keys[fold(line)]

    def _fits(self, item: Any) -> bool:
        if not self.is_pairs:
            return isinstance(item, str)
        return (
            isinstance(item, dict)
            and set(item) == {"value", "label"}
            and all(isinstance(part, str) for part in item.values())
        )


def _pair(line: str) -> dict[str, str]:
    value, _equals, label = line.partition("=")
    return {"value": value.strip(), "label": label.strip() or value.strip()}


class ChoiceField(SelectField):
    """One of a column's declared choices, which are translated when shown."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the choice; "" means nothing."""
        if valuelist and valuelist[0] == "":
            self.data = None
            return
        super().process_formdata(valuelist)

    def iter_choices(self) -> Any:
        """Yield the choices with the chosen one marked."""
        chosen = "" if self.data is None else self.data
        for choice in super().iter_choices():
            yield choice._replace(selected=choice.value == chosen)


class RelationField(SelectField):
    """A choice of one related record, found through the choices address, checked by the gate."""

    def __init__(self, *args: Any, target: type[Any], **kwargs: Any) -> None:
        super().__init__(*args, choices=[], validate_choice=False, coerce=str, **kwargs)
        self.target = target
        self.known: dict[int, Any] | None = None  # of a form's rows: found for all of them at once

    def process_data(self, value: Any) -> None:
        """Offer the present record as the one choice."""
        self.data = value if isinstance(value, self.target) else None
        self._offer()

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Load the chosen record among those the actor may see; keep the one that is there."""
        text = str(valuelist[0]) if valuelist else ""
        if self.data is not None and text == str(self.data.id):
            return
        number = as_id(text)
        self.data = self._find(number) if number else None
        self._offer()
        if text and self.data is None:
            raise ValidationError(_("Choose one of the offered records."))

    def _find(self, number: int) -> Any:
        if self.known is not None:
            return self.known.get(number)
        return find_choice(self.target, number)

    def _offer(self) -> None:
        chosen = [(str(self.data.id), str(self.data))] if self.data is not None else []
        self.choices = [("", ""), *chosen]

    def iter_choices(self) -> Any:
        """Yield the choices with the chosen one marked."""
        for value, label in self.choices:
            yield Choice(value, label, selected=bool(value), render_kw={})

    def pre_validate(self, form: Any) -> None:
        """The record was checked when it was loaded."""
