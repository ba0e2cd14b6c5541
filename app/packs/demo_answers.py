"""Plausible answers to an electronic form, made from its own definition."""

from datetime import date, timedelta
from typing import Any

from app.clock import today
from app.models import Account, Form, FormField
from app.models.form_words import BLOCK_KINDS
from app.packs.loader import PackLoader
from app.packs.people import NameMaker
from app.services.eform_columns import FieldLike, columns_of
from app.services.eform_fields import cell_problems
from app.services.eforms import data_problems, prefill
from app.text import fold
from app.workflows.conditions import day_of

# Folded words of a label → what is written there.
_TEXTS = (
    (("so tai khoan",), "1903001234567"),
    (("dan toc",), "Kinh"), (("quoc tich",), "Việt Nam"), (("ton giao",), "Không"),
    (("quan he",), "Bản thân"), (("nghe nghiep",), "Lao động tự do"),
    (("ly do", "noi dung", "de nghi", "muc dich"), "Đề nghị cơ quan giải quyết theo quy định."),
    (("co quan", "noi cap", "noi dang ky"), "Ủy ban nhân dân phường Phú Xuân"),
    (("so giay", "giay to", "can cuoc"), "Căn cước"),
    (("dia chi", "noi o", "noi sinh", "que quan", "noi cu tru", "thuong tru"), "phường Phú Xuân, thành phố Huế"),
)  # fmt: skip


_ROUNDS = 30


class AnswerMaker:
    """Fills forms for demo applicants."""

    def __init__(self, names: NameMaker, pack: PackLoader) -> None:
        self.names, self.pack, self.random = names, pack, names.random

    def data(self, form: Form | None, account: Account) -> dict[str, Any]:
        """Return valid answers: what the profile gives, and something fitting for the rest."""
        if form is None:
            return {}
        data = {f.key: self._value(f, account) for f in form.fields() if f.is_required}
        data |= {key: value for key, value in prefill(form, account).items() if value}
        data = {key: value for key, value in data.items() if value is not None}
        for _round in range(_ROUNDS):  # an answer may show another field or break a rule
            faults = data_problems(form, data)
            if not faults:
                break
            self._mend(form, data, set(faults), account)
        return data

    def _mend(self, form: Form, data: dict[str, Any], wrong: set[str], account: Account) -> None:
        """Answer what is missing, take back what is wrong and may be left out, else try again."""
        for field in form.fields():
            if field.key not in wrong:
                continue
            if field.key in data and not field.is_required:
                del data[field.key]
            else:
                data[field.key] = self._mended(field, data.get(field.key), account)

    def _mended(self, field: FormField, given: Any, account: Account) -> Any:
        """Return another answer; of a block that was begun, only its wrong parts are others."""
        made = self._value(field, account)
        if field.kind not in BLOCK_KINDS or not given:
            return made
        wrong = {key for _row, key in cell_problems(field, [given])}
        return {key: made[key] if key in wrong else given.get(key) for key in made}

    def _value(self, field: FieldLike, account: Account) -> Any:
        makers = {
            "date": lambda: self._date(field).isoformat(), "computed": lambda: None,
            "number": lambda: self._number(field), "select": lambda: self.random.choice(field.options)["value"],
            "multi_select": lambda: [self.random.choice(field.options)["value"]], "checkbox": lambda: True,
            "address": lambda: {"unit": account.unit.code if account.unit else "19753", "detail": "12 Lê Lợi"},
            "personal_id": lambda: account.id_number if len(account.id_number) == 12 else "046090990001",
            "phone": lambda: account.phone or "0900000101", "email": lambda: account.email or "mau@example.com",
            "table": lambda: [self._row(field)], "group": lambda: [self._row(field)], "file": lambda: None,
            "catalog": lambda: None,
            "person": lambda: self._block(field, account), "organisation": lambda: self._block(field, account),
        }  # fmt: skip
        return (
            makers[field.kind]()
            if field.kind in makers
            else self._text(field.label, field.max_length)
        )

    def _block(self, field: FieldLike, account: Account) -> dict[str, Any]:
        named = {"name": self.names.name(self.random.choice(("male", "female")))}
        return {part.key: named.get(part.key) or self._value(part, account) for part in columns_of(field)}

    def _date(self, field: FieldLike) -> date:
        last = day_of(field.max_date, today()) or today()
        return last - timedelta(days=self.random.randint(20, 9000))

    def _number(self, field: FieldLike) -> int:
        low = field.min_value if field.min_value is not None else 1
        high = field.max_value if field.max_value is not None else low + 20
        return self.random.randint(low, max(low, min(high, low + 50)))

    def _row(self, field: FieldLike) -> dict[str, Any]:
        return {column["key"]: self._cell(column) for column in field.columns or []}

    def _cell(self, column: dict[str, Any]) -> Any:
        if column.get("kind") == "number":
            return 1
        if column.get("kind") == "date":
            return date(2020, 1, self.random.randint(1, 28)).isoformat()
        if column.get("kind") == "personal_id":
            return "046090990001"
        if column.get("options"):
            return column["options"][0]["value"]
        return self._text(column["label"], None)

    def _text(self, label: str, longest: int | None) -> str:
        folded = fold(label)
        if "ho" in folded.split() and "ten" in folded.replace(",", " ").split():
            return self.names.name(self.random.choice(("male", "female")))
        text = next(
            (text for words, text in _TEXTS if any(word in folded for word in words)),
            "Theo giấy tờ kèm theo",
        )
        return text[: longest or 500]
