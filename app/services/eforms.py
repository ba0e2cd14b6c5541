"""Electronic forms at work: one definition in rows drives page, check, API and print."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar

import sqlalchemy as sa
import wtforms
from sqlalchemy.orm import Session, joinedload, object_session, selectinload
from wtforms.meta import DefaultMeta

from app.clock import today
from app.lowcode.forms import BaseForm
from app.models import Account, AdministrativeUnit, Form, FormField, FormSection
from app.models.account import IdKind
from app.models.form import FieldKind
from app.services.eform_fields import problem
from app.services.eform_values import columns_of, read, show, tidy
from app.text import fold

PREFIX = "f_"  # keys come from data: one named "data" must not hide an attribute of the form
Data = Mapping[str, Any]
# (title, [column labels], [[cells]])
AnswerTable = tuple[str, list[str], list[list[str]]]
Answers = list[tuple[str, list[tuple[str, str]], list[AnswerTable]]]


def prepare(form: Form) -> Form:
    """Return ``form`` with its sections and fields loaded, in three statements at most."""
    session = object_session(form)
    is_loaded = "sections" in form.__dict__ and all("fields" in s.__dict__ for s in form.sections)
    if session is not None and not is_loaded:
        loads = selectinload(Form.sections).selectinload(FormSection.fields)
        session.scalars(sa.select(Form).where(Form.id == form.id).options(loads)).one()
    return form


def fields_of(form: Form, only: Collection[str] | None = None) -> list[FormField]:
    """Return the fields of ``form`` in reading order; only: those keys."""
    return [f for f in prepare(form).fields() if only is None or f.key in only]


class AnswerField(wtforms.Field):
    """One field of an electronic form on a page; ``row`` is its definition."""

    def __init__(self, row: FormField, **kwargs: Any) -> None:
        super().__init__(row.label, description=row.help_text or "", **kwargs)
        self.row = row
        if row.is_required:
            self.flags.required = True

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Take the value that was sent or, without a sending, the stored one."""
        self.process_errors: list[str] = []
        is_stored = isinstance(data, str | int | float | bool | list | dict)
        self.object_data = data if is_stored else None
        self.data = self.object_data if formdata is None else read(self.row, formdata, self.name)
        self.raw_data = None


class EForm(wtforms.Form):
    """The page of one electronic form. CSRF is the page's; a field is named ``f_<key>``."""

    row: ClassVar[Form]

    class Meta(DefaultMeta):
        """WTForms' own messages from our catalogue."""

        get_translations = BaseForm.Meta.get_translations

    def values(self) -> dict[str, Any]:
        """Return {key: value} as JSON."""
        return {field.row.key: field.data for field in self}

    def validate(self, extra_validators: Any = None) -> bool:
        """Check every field by the rule that the API asks too."""
        problems = data_problems(self.row, self.values(), only=set(self.values()))
        self.add_errors(problems)
        return not problems

    def add_errors(self, problems: Mapping[str, str]) -> None:
        """Put messages beside their fields; keys are those of the definition."""
        for field in self:
            if field.row.key in problems:
                field.errors = [problems[field.row.key]]


def form_class(form: Form, only: Collection[str] | None = None) -> type[EForm]:
    """Return the page form made of the rows of ``form``; only: these keys."""
    fields = {PREFIX + field.key: AnswerField(field) for field in fields_of(form, only)}
    return type("AnswersForm", (EForm,), {**fields, "row": form})


def bind(
    form: Form, data: Data, problems: Mapping[str, str] | None = None,
    only: Collection[str] | None = None,
) -> EForm:  # fmt: skip
    """Return the page form showing stored ``data``, with messages beside the fields."""
    bound = form_class(form, only)(data={PREFIX + key: value for key, value in data.items()})
    bound.add_errors(problems or {})
    return bound


def read_data(form: Form, formdata: Any, only: Collection[str] | None = None) -> dict[str, Any]:
    """Return what a sent page holds, as JSON: the keys of the form and nothing else.

    Inputs may be named as on our pages (``f_<key>``). Files are not read here: what is
    attached is known by its own rows, never by what a page says.
    """
    return {f.key: read(f, formdata, PREFIX + f.key) for f in fields_of(form, only)
            if f.kind != FieldKind.file}  # fmt: skip


def clean_data(form: Form, data: Any, only: Collection[str] | None = None) -> dict[str, Any]:
    """Return ``data`` of any origin (API, draft) tidied: unknown keys dropped, values as JSON."""
    given = data if isinstance(data, Mapping) else {}
    return {f.key: tidy(f, given[f.key]) for f in fields_of(form, only) if f.key in given}


def data_problems(form: Form, data: Data, only: Collection[str] | None = None) -> dict[str, str]:
    """Return {field key: message} of everything wrong with ``data``; {} when it may be sent.

    only: check these keys alone (one page, or what a supplement asks for).
    """
    fields = fields_of(form, only)
    tidied = clean_data(form, data, only)
    units = _known_units(form, tidied.values())
    found = {f.key: problem(f, tidied.get(f.key), units) for f in fields}
    return {key: message for key, message in found.items() if message is not None}


def prefill(form: Form, account: Account) -> dict[str, Any]:
    """Return what the applicant's profile answers already (QN20 Đ17.3)."""
    found = {f.key: tidy(f, _from_profile(f, account)) for f in fields_of(form) if f.prefill}
    wrong = data_problems(form, found, only=set(found))
    # An address without a house number still saves choosing the commune.
    kept = {f.key for f in fields_of(form) if f.kind == FieldKind.address}
    return {key: value for key, value in found.items()
            if value not in (None, "", []) and (key not in wrong or key in kept)}  # fmt: skip


def _from_profile(field: FormField, account: Account) -> Any:
    value: Any = getattr(account, str(field.prefill), None)
    if field.prefill == "id_number" and field.kind == FieldKind.personal_id:
        return value if account.id_kind == IdKind.personal_id else None
    if field.kind == FieldKind.address:
        return {"unit": account.unit.code if account.unit else "", "detail": _street(account)}
    return value.isoformat() if hasattr(value, "isoformat") else value


def _street(account: Account) -> str:
    """Return the address without the names of the units, which are chosen from the catalog."""
    units = (account.unit, account.unit.parent) if account.unit is not None else ()
    named = {fold(unit.full_name) for unit in units if unit is not None}
    parts = (part.strip() for part in (account.address or "").split(","))
    return ", ".join(part for part in parts if fold(part) not in named)


def answers(form: Form, data: Data) -> Answers:
    """Return the form as it is read: [(section, [(label, value)], tables)], in order."""
    units = unit_names(object_session(form), _unit_codes(data.values()))
    found: Answers = []
    for section in prepare(form).sections:
        lines = [(f.label, show(f, data.get(f.key), units))
                 for f in section.fields if f.kind != FieldKind.table]  # fmt: skip
        tables = [_table(f, data.get(f.key), units)
                  for f in section.fields if f.kind == FieldKind.table]  # fmt: skip
        found.append((section.title, lines, tables))
    return found


def _table(field: FormField, rows: Any, units: Mapping[str, str]) -> AnswerTable:
    columns = columns_of(field)
    given = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    cells = [[show(column, row.get(column.key), units) for column in columns] for row in given]
    return field.label, [column.label for column in columns], cells


def print_sections(form: Form, data: Data) -> list[dict[str, Any]]:
    """Return the sections of a printed form, as app.documents kind "form_print" takes them."""
    return [
        {"title": title, "rows": [{"label": name, "value": text} for name, text in rows],
         "tables": [{"title": name, "columns": head, "rows": cells}
                    for name, head, cells in tables]}
        for title, rows, tables in answers(form, data)
    ]  # fmt: skip


def differences(form: Form, old: Data, new: Data) -> list[tuple[str, str, str]]:
    """Return (label, old, new) of each answer that differs, in reading order."""
    units = unit_names(object_session(form), _unit_codes([*old.values(), *new.values()]))
    return [(f.label, _brief(f, old.get(f.key), units), _brief(f, new.get(f.key), units))
            for f in fields_of(form)
            if tidy(f, old.get(f.key)) != tidy(f, new.get(f.key))]  # fmt: skip


def shown(form: Form, data: Data) -> dict[str, str]:
    """Return {key: answer in words}; tables in one line."""
    units = unit_names(object_session(form), _unit_codes(data.values()))
    return {f.key: _brief(f, data.get(f.key), units) for f in fields_of(form)}


def _brief(field: FormField, value: Any, units: Mapping[str, str]) -> str:
    if field.kind != FieldKind.table:
        return show(field, value, units)
    return "; ".join(", ".join(filter(None, row)) for row in _table(field, value, units)[2])


def unit_choices(session: Session) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return today's wards and communes by province: [(province, [(code, full name)])]."""
    query = _current_units().options(joinedload(AdministrativeUnit.parent)).order_by(
        AdministrativeUnit.search_text, AdministrativeUnit.id)  # fmt: skip
    groups: dict[str, list[tuple[str, str]]] = {}
    for unit in session.scalars(query):
        province = unit.parent.full_name if unit.parent else ""
        groups.setdefault(province, []).append((unit.code, unit.full_name))
    return sorted(groups.items())


def _current_units() -> sa.Select[AdministrativeUnit]:
    unit, day = AdministrativeUnit, today()
    return sa.select(unit).where(
        unit.kind.in_(["ward", "commune", "township"]), unit.valid_from <= day,
        sa.or_(unit.valid_to.is_(None), unit.valid_to >= day),
    )  # fmt: skip


def unit_names(session: Session | None, codes: Collection[str]) -> dict[str, str]:
    """Return {code: "Phường Phú Xuân, Thành phố Huế"}; today's unit where a code was used twice."""
    if session is None or not codes:
        return {}
    unit = AdministrativeUnit
    query = sa.select(unit).where(unit.code.in_(codes)).options(joinedload(unit.parent))
    rows = session.scalars(query.order_by(unit.valid_from))
    return {row.code: ", ".join(u.full_name for u in (row, row.parent) if u) for row in rows}


def _known_units(form: Form, values: Iterable[Any]) -> set[str]:
    session, codes = object_session(form), _unit_codes(values)
    if session is None or not codes:
        return set()
    query = _current_units().where(AdministrativeUnit.code.in_(codes))
    return {unit.code for unit in session.scalars(query)}


def _unit_codes(values: Iterable[Any]) -> set[str]:
    """Return every unit code in ``values``, those in table cells too."""
    found: set[str] = set()
    for value in values:
        if isinstance(value, Mapping):
            unit = value.get("unit")
            found |= {unit} if isinstance(unit, str) else _unit_codes(value.values())
        elif isinstance(value, list):
            found |= _unit_codes(value)
    return found
