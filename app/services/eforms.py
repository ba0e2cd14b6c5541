"""Electronic forms at work: one definition in rows drives page, check, API and print."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, ClassVar

import sqlalchemy as sa
import wtforms
from sqlalchemy.orm import object_session, selectinload
from wtforms.meta import DefaultMeta

from app.lowcode.forms import BaseForm
from app.models import Account, Form, FormField, FormSection
from app.models.form_words import BLOCK_KINDS, ROW_KINDS, FieldKind
from app.official import officially
from app.services.eform_columns import columns_of, help_of, label_of, title_of
from app.services.eform_fields import problem
from app.services.eform_names import known_references, reference_names, unit_choices, unit_names
from app.services.eform_prefill import Known, known_answers
from app.services.eform_show import block_lines, show
from app.services.eform_state import Evaluation, may_fill, may_see
from app.services.eform_values import read, tidy
from app.workflows.conditions import is_empty

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


def fields_of(
    form: Form, only: Collection[str] | None = None, *, officer: bool = False
) -> list[FormField]:
    """Return the fields of ``form`` this reader answers, in reading order; only: those keys."""
    return [f for f in prepare(form).fields()
            if (only is None or f.key in only) and may_fill(f, officer=officer)]  # fmt: skip


class AnswerField(wtforms.Field):
    """One field of an electronic form on a page; ``row`` is its definition."""

    def __init__(self, row: FormField, **kwargs: Any) -> None:
        super().__init__(label_of(row), description=help_of(row), **kwargs)
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
    judged: Evaluation | None = None  # with all answers, those of other pages too

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


def form_class(
    form: Form, only: Collection[str] | None = None, *, officer: bool = False
) -> type[EForm]:
    """Return the page form made of the rows of ``form``; only: these keys. Computed texts show."""
    rows = [f for f in prepare(form).fields() if (only is None or f.key in only)
            and (may_fill(f, officer=officer) or _is_computed_for(f, officer=officer))]  # fmt: skip
    fields = {PREFIX + field.key: AnswerField(field) for field in rows}
    return type("AnswersForm", (EForm,), {**fields, "row": form})


def _is_computed_for(field: FormField, *, officer: bool) -> bool:
    return field.kind == FieldKind.computed and may_see(field, officer=officer)


def bind(
    form: Form, data: Data, problems: Mapping[str, str] | None = None,
    only: Collection[str] | None = None, *, officer: bool = False,
) -> EForm:  # fmt: skip
    """Return the page form showing stored ``data``, with messages beside the fields.

    data: all answers, for conditions look at fields of other pages too.
    """
    cls = form_class(form, only, officer=officer)
    judged = Evaluation(form, data)
    values = {**data, **{key: judged.text(key) for key, field in judged.fields.items()
                         if field.kind == FieldKind.computed}}  # fmt: skip
    bound = cls(data={PREFIX + key: value for key, value in values.items()})
    bound.judged = judged
    bound.add_errors(problems or {})
    return bound


def read_data(
    form: Form, formdata: Any, only: Collection[str] | None = None, *, officer: bool = False
) -> dict[str, Any]:
    """Return what a sent page holds, as JSON: the keys of the form and nothing else.

    Inputs may be named as on our pages (``f_<key>``). Files are not read here: what is
    attached is known by its own rows, never by what a page says.
    """
    return {f.key: read(f, formdata, PREFIX + f.key)
            for f in fields_of(form, only, officer=officer) if f.kind != FieldKind.file}  # fmt: skip


def clean_data(
    form: Form, data: Any, only: Collection[str] | None = None, *, officer: bool = False
) -> dict[str, Any]:
    """Return ``data`` of any origin (API, draft) tidied: unknown keys dropped, values as JSON."""
    given = data if isinstance(data, Mapping) else {}
    return {f.key: tidy(f, given[f.key]) for f in fields_of(form, only, officer=officer)
            if f.key in given}  # fmt: skip


def judge(form: Form, data: Data) -> Evaluation:
    """Return the answers judged: worth sharing where several things are asked about the same ones."""
    return Evaluation(prepare(form), data)


def complete(form: Form, data: Data) -> dict[str, Any]:
    """Return what is kept of answers when they are sent: hidden ones dropped, texts computed."""
    return judge(form, data).data()


def data_problems(
    form: Form, data: Data, only: Collection[str] | None = None, *,
    officer: bool = False, is_whole: bool = False,
) -> dict[str, str]:  # fmt: skip
    """Return {field key: message} of everything wrong with ``data``; {} when it may be sent.

    only: check these keys alone (one page, or what a supplement asks for). is_whole: the form was
    answered before, so a rule broken with a closed field is said beside an open one.
    What officers answer is demanded of them alone, and only where it is asked for by ``only``.
    """
    return problems(judge(form, data), only, officer=officer, is_whole=is_whole)


def problems(
    judged: Evaluation, only: Collection[str] | None = None, *, officer: bool = False, is_whole: bool = False
) -> dict[str, str]:
    """Return what ``data_problems`` does, of answers judged already."""
    fields = [f for f in fields_of(judged.form, only, officer=officer) if judged.is_shown(f.key)]
    known = known_references(judged.form, judged.given)
    found: dict[str, str] = {}
    for field in fields:
        must = judged.is_required(field) and (only is not None or may_fill(field, officer=False))
        message = problem(field, judged.given.get(field.key), known, is_required=must)
        if message is not None:
            found[field.key] = message
    asked = {field.key for field in fields}
    for places, message in judged.broken_rules():
        at = next((key for key in (places if is_whole else places[:1]) if key in asked), None)
        if at is not None:
            found.setdefault(at, message)
    return found


def prefill(form: Form, account: Account) -> dict[str, Any]:
    """Return what is known of the applicant already and stands the form's own checks."""
    return fitting(form, known_answers(prepare(form), account))


def fitting(form: Form, known: Known) -> dict[str, Any]:
    """Return which known answers an applicant may give here and stand the form's own checks."""
    own = {f.key for f in fields_of(form)}
    found = {k: v for k, v in known.answers.items() if k in own}
    wrong = data_problems(form, found, only=set(found))
    # An address without a house number still saves choosing the commune; so does half a block.
    kept = {f.key for f in form.fields() if f.kind == FieldKind.address or f.kind in BLOCK_KINDS}
    return {key: value for key, value in found.items()
            if not is_empty(value) and (key not in wrong or key in kept)}  # fmt: skip


def read_sections(
    form: Form, data: Data, *, officer: bool = False, judged: Evaluation | None = None
) -> Iterator[tuple[FormSection, list[FormField]]]:
    """Yield each section with the fields this reader sees: shown by the answers, or answered.

    judged: ``data``, or what it was made of, judged already.
    """
    judged = judged or judge(form, data)
    for section in form.sections:
        fields = [f for f in section.fields if may_see(f, officer=officer)
                  and (judged.is_shown(f.key) or not is_empty(data.get(f.key)))]  # fmt: skip
        if fields:
            yield section, fields


def answers(form: Form, data: Data, *, officer: bool = False, judged: Evaluation | None = None) -> Answers:
    """Return the form as it is read: [(section, [(label, value)], tables)], in order; judged: as ``read_sections``."""
    names = reference_names(prepare(form), data)
    found: Answers = []
    for section, fields in read_sections(form, data, officer=officer, judged=judged):
        lines = [line for f in fields if f.kind not in ROW_KINDS
                 for line in _lines(f, data.get(f.key), names)]  # fmt: skip
        tables = [_table(f, data.get(f.key), names) for f in fields if f.kind in ROW_KINDS]
        found.append((title_of(section), lines, tables))
    return found


def _lines(field: FormField, value: Any, names: Mapping[str, str]) -> list[tuple[str, str]]:
    if field.kind not in BLOCK_KINDS:
        return [(label_of(field), show(field, value, names))]
    parts = block_lines(field, value, names)
    return [(f"{label_of(field)} – {name}", text) for name, text in parts]


def _table(field: FormField, rows: Any, units: Mapping[str, str]) -> AnswerTable:
    columns = columns_of(field)
    given = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    cells = [[show(column, row.get(column.key), units) for column in columns] for row in given]
    return label_of(field), [label_of(column) for column in columns], cells


def print_sections(form: Form, data: Data, *, officer: bool = False) -> list[dict[str, Any]]:
    """Return the sections of a printed form, as app.documents kind "form_print" takes them.

    A printed form is an official paper: Vietnamese, whatever the reader's language.
    """
    with officially():
        read_aloud = answers(form, data, officer=officer)
    return [
        {"title": title, "rows": [{"label": name, "value": text} for name, text in rows],
         "tables": [{"title": name, "columns": head, "rows": cells}
                    for name, head, cells in tables]}
        for title, rows, tables in read_aloud
    ]  # fmt: skip


def differences(
    form: Form, old: Data, new: Data, *, officer: bool = False
) -> list[tuple[str, str, str]]:
    """Return (label, old, new) of each answer that differs, in reading order."""
    names = reference_names(prepare(form), old, new)
    return [(label_of(f), show(f, old.get(f.key), names), show(f, new.get(f.key), names))
            for f in form.fields() if may_see(f, officer=officer)
            and tidy(f, old.get(f.key)) != tidy(f, new.get(f.key))]  # fmt: skip


def shown(form: Form, data: Data) -> dict[str, str]:
    """Return {key: answer in words} of what the applicant sees; tables in one line."""
    names = reference_names(prepare(form), data)
    return {f.key: show(f, data.get(f.key), names)
            for f in form.fields() if may_see(f, officer=False)}  # fmt: skip


__all__ = ["PREFIX", "Answers", "EForm", "answers", "bind", "clean_data", "complete",
           "data_problems", "differences", "fields_of", "form_class", "judge", "prefill", "prepare", "problems",
           "print_sections", "read_data", "read_sections", "shown", "unit_choices", "unit_names"]  # fmt: skip
