"""What differs between two versions of a procedure, in sentences fit for an annex (HCM24 Đ8.1).

Reads two versions with all their parts and writes nothing; words come out in the language of
the moment.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import inspect

from app.i18n import N_
from app.lowcode.screen import label_of
from app.lowcode.values import display
from app.models import Component, Fee, FormField, ProcedureVersion, ProcessStep
from app.services.procedure_words import time_limit
from app.services.version_diff_rules import CONDITIONS, condition_of, exemption_sentences, form_rule_sentences
from app.text import fold

_LONG = 160  # characters; longer texts are compared line by line
_ALIKE = 0.6  # how much of two names must agree for them to be one thing under a new name

# Attributes of a version compared one by one; dates and numbers of decisions are not content.
CONTENT = (
    "name", "subjects", "agency_level", "agency", "steps_text", "ways_text", "result_text",
    "result_type", "conditions", "legal_basis", "time_limit_note", "service_level",
    "authentication_level", "fee_due",
)  # fmt: skip


@dataclass(frozen=True)
class Section:
    """One part of the comparison; no sentences = nothing differs there."""

    title: str
    sentences: list[str]


@dataclass(frozen=True)
class _Kind:
    """How parts of one kind are compared: what names one, what is left out, and the words."""

    model: type[Any]
    name: Callable[[Any], str]
    left_out: frozenset[str]
    added: str
    removed: str
    changed: str
    moved: str


_PARTS = frozenset({"position", "version", "version_id", "process", "process_id", "section",
                    "section_id", "form", "form_id", "name", "label", "key"})  # fmt: skip
COMPONENTS = _Kind(
    Component, lambda row: row.name, _PARTS, N_("The component “%(name)s” is added (%(facts)s)."),
    N_("The component “%(name)s” is removed."), N_("Component “%(name)s”: %(changes)s."),
    N_("The components stand in another order."),
)  # fmt: skip
FEES = _Kind(
    Fee, lambda row: row.name, _PARTS, N_("The fee or charge “%(name)s” is added (%(facts)s)."),
    N_("The fee or charge “%(name)s” is removed."), N_("Fee or charge “%(name)s”: %(changes)s."),
    N_("The fees and charges stand in another order."),
)  # fmt: skip
FIELDS = _Kind(
    FormField, lambda row: row.label, _PARTS, N_("The field “%(name)s” is added (%(facts)s)."),
    N_("The field “%(name)s” is removed."), N_("Field “%(name)s”: %(changes)s."),
    N_("The fields stand in another order."),
)  # fmt: skip
STEPS = _Kind(
    ProcessStep, lambda row: row.name, _PARTS, N_("The step “%(name)s” is added (%(facts)s)."),
    N_("The step “%(name)s” is removed."), N_("Step “%(name)s”: %(changes)s."),
    N_("The steps stand in another order."),
)  # fmt: skip


def compare(old: ProcedureVersion, new: ProcedureVersion) -> list[Section]:
    """Return the differences by section, in a fixed order; sections without any are left out."""
    found = [
        Section(_("Content"), _content(old, new)),
        Section(_("Components of the dossier"), compare_parts(COMPONENTS, old.components, new.components)),
        Section(_("Fees and charges"), [*compare_parts(FEES, old.fees, new.fees),
                                        *exemption_sentences(_fee_pairs(old, new))]),
        Section(_("Electronic form"), _forms(old, new)),
        Section(_("Internal process"), compare_parts(STEPS, _steps(old), _steps(new))),
    ]
    return [section for section in found if section.sentences]


def as_text(sections: Iterable[Section]) -> str:
    """Return the comparison as numbered lines, to be pasted into an annex."""
    blocks = [
        "\n".join([f"{number}. {section.title}", *(f"- {text}" for text in section.sentences)])
        for number, section in enumerate(sections, 1)
    ]
    return "\n\n".join(blocks)


def compare_parts(kind: _Kind, old: Sequence[Any], new: Sequence[Any]) -> list[str]:
    """Return the sentences about parts: changed and removed in the old order, then added."""
    pairs = _matched(old, new, kind.name)
    sentences: list[str] = []
    for row in old:
        fresh = pairs.get(id(row))
        if fresh is None:
            sentences.append(_(kind.removed, name=kind.name(row)))
        elif changes := _changes(kind, row, fresh):
            sentences.append(_(kind.changed, name=kind.name(row), changes="; ".join(changes)))
    known = {id(row) for row in pairs.values()}
    sentences += [_(kind.added, name=kind.name(row), facts=_facts(kind, row))
                  for row in new if id(row) not in known]  # fmt: skip
    if [id(pairs[id(row)]) for row in old if id(row) in pairs] != [id(r) for r in new if id(r) in known]:
        sentences.append(_(kind.moved))
    return sentences


def _fee_pairs(old: ProcedureVersion, new: ProcedureVersion) -> list[tuple[Fee, Fee]]:
    pairs = _matched(old.fees, new.fees, FEES.name)
    return [(fee, pairs[id(fee)]) for fee in old.fees if id(fee) in pairs]


def _matched(old: Sequence[Any], new: Sequence[Any], name: Callable[[Any], str]) -> dict[int, Any]:
    """Return {id of old row: new row}: same key or name first, then the most alike of the rest."""
    left, pairs = list(new), {}
    tests: tuple[Callable[[Any, Any], bool], ...] = (_same_key, lambda a, b: fold(name(a)) == fold(name(b)))
    for is_same in tests:
        for row in old:
            found = next((one for one in left if id(row) not in pairs and is_same(row, one)), None)
            if found is not None:
                pairs[id(row)] = found
                left.remove(found)
    for row in [row for row in old if id(row) not in pairs]:
        likeness, best = max(((_likeness(name(row), name(one)), number) for number, one in enumerate(left)),
                             default=(0.0, 0))  # fmt: skip
        if likeness >= _ALIKE:
            pairs[id(row)] = left.pop(best)
    return pairs


def _same_key(old: Any, new: Any) -> bool:
    key = getattr(old, "key", None)
    return key is not None and key == getattr(new, "key", None)


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, fold(one), fold(other), autojunk=False).ratio()


def _attributes(kind: _Kind) -> list[str]:
    """Return the labelled attributes of a part, a foreign key as its relation."""
    mapper = inspect(kind.model)
    by_column = {next(iter(r.local_columns)).key: r.key for r in mapper.relationships if not r.uselist}
    names = [by_column.get(a.key, a.key) for a in mapper.column_attrs if "label" in a.columns[0].info]
    return [name for name in names if name not in kind.left_out]


def _changes(kind: _Kind, old: Any, new: Any) -> list[str]:
    found = []
    if kind.name(old).strip() != kind.name(new).strip():
        found.append(_("renamed “%(name)s”", name=kind.name(new)))
    for name in _attributes(kind):
        before, after = _words(old, name), _words(new, name)
        if before != after:
            found.append(_("%(label)s from “%(old)s” to “%(new)s”", label=_label(kind.model, name),
                           old=before or _("(empty)"), new=after or _("(empty)")))  # fmt: skip
    return found


def _facts(kind: _Kind, row: Any) -> str:
    # What is nil or not so goes without saying.
    facts = [(_label(kind.model, name), _words(row, name)) for name in _attributes(kind) if getattr(row, name)]
    return "; ".join(f"{label}: {words}" for label, words in facts if words)


def _label(model: type[Any], name: str) -> str:
    text = str(label_of(model, name))
    return text[:1].lower() + text[1:]


def _words(row: Any, name: str) -> str:
    """Return an attribute in words; a related record by its name."""
    value = getattr(row, name)
    if value is None:
        return ""
    if name in CONDITIONS:
        return condition_of(row, name)
    if name in inspect(type(row)).relationships:
        return str(value)
    return display(type(row), name, value).strip()


def _content(old: ProcedureVersion, new: ProcedureVersion) -> list[str]:
    found = []
    for name in CONTENT:
        label = str(label_of(ProcedureVersion, name))
        found += _texts(label, _words(old, name), _words(new, name))
    return found + _texts(_("Time limit"), time_limit(old), time_limit(new))


def _texts(label: str, old: str, new: str) -> list[str]:
    """Return what became of one text; a long one is told line by line."""
    if old == new:
        return []
    if not old:
        return [_("“%(label)s” is added: “%(new)s”.", label=label, new=new)]
    if not new:
        return [_("“%(label)s” is removed: “%(old)s”.", label=label, old=old)]
    if max(len(old), len(new)) <= _LONG:
        return [_("“%(label)s” changes from “%(old)s” to “%(new)s”.", label=label, old=old, new=new)]
    return _lines(label, old, new)


def _lines(label: str, old: str, new: str) -> list[str]:
    before, after = ([line.strip() for line in text.splitlines() if line.strip()] for text in (old, new))
    found = []
    for what, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        gone, come = " ".join(before[a:b]), " ".join(after[c:d])
        if what == "replace":
            found.append(_("In “%(label)s”, “%(old)s” becomes “%(new)s”.", label=label, old=gone, new=come))
        elif what == "delete":
            found.append(_("In “%(label)s”, “%(old)s” is removed.", label=label, old=gone))
        elif what == "insert":
            found.append(_("In “%(label)s”, “%(new)s” is added.", label=label, new=come))
    return found


def _forms(old: ProcedureVersion, new: ProcedureVersion) -> list[str]:
    found: list[str] = []
    if (old.form is None) != (new.form is None):
        form = new.form or old.form
        words = N_("The form “%(name)s” is added.") if new.form else N_("The form “%(name)s” is removed.")
        return [_(words, name=form)]
    if old.form is None or new.form is None:
        return found
    if old.form.name != new.form.name:
        found += _texts(_("Name of the form"), old.form.name, new.form.name)
    found += compare_parts(FIELDS, _fields(old), _fields(new))
    return found + form_rule_sentences(old.form.rules, new.form.rules)


def _fields(version: ProcedureVersion) -> list[Any]:
    sections = version.form.sections if version.form is not None else []
    return [field for section in sections for field in section.fields]


def _steps(version: ProcedureVersion) -> list[Any]:
    return list(version.process.steps) if version.process is not None else []
