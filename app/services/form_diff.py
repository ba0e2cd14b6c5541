"""Two definitions of a form side by side, as sentences fit for a decision's annex."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext as _

from app.lowcode.screen import label_of
from app.lowcode.values import choices_of, plain_text
from app.models import Form, FormField, FormSection
from app.models.form_words import FIELD_KINDS
from app.workflows import conditions

Definition = Mapping[str, Any]
_CONDITIONS = frozenset({"show_when", "required_when"})
_LISTS = frozenset({"options", "columns"})
_TITLES = {"label", "title"}


def sentences(old: Definition, new: Definition) -> list[str]:
    """Return what changed from ``old`` to ``new``, in reading order; [] when they say the same."""
    labels = {**_labels(old), **_labels(new)}
    found = list(_properties(Form, old, new, _("The form"), labels))
    found += _section_sentences(old, new, labels)
    found += _field_sentences(old, new, labels)
    found += rule_sentences(old.get("rules") or [], new.get("rules") or [])
    return found


def _labels(given: Definition) -> dict[str, str]:
    return {field["key"]: field["label"] for _section, field in _fields(given)}


def _fields(given: Definition) -> Iterator[tuple[Definition, Definition]]:
    for section in given["sections"]:
        for field in section["fields"]:
            yield section, field


def _section_sentences(old: Definition, new: Definition, labels: Mapping[str, str]) -> Iterator[str]:
    before, after = (
        {section["title"]: section for section in given["sections"]} for given in (old, new)
    )
    renamed = _renamed(before, after)
    for title in before:
        if title not in after and title not in renamed:
            yield _("Remove the section “%(title)s”", title=title)
    for title in after:
        if title not in before and title not in renamed.values():
            yield _("Add the section “%(title)s”", title=title)
    for title, section in before.items():
        fresh = after.get(renamed.get(title, title))
        if fresh is not None:
            yield from _properties(FormSection, section, fresh, _("Section “%(title)s”", title=title), labels)


def _renamed(before: Mapping[str, Definition], after: Mapping[str, Definition]) -> dict[str, str]:
    """A section of another title that kept most of its fields is the same section."""
    found = {}
    for title, section in before.items():
        keys = {field["key"] for field in section["fields"]}
        for other, fresh in after.items():
            kept = keys & {field["key"] for field in fresh["fields"]}
            if title not in after and other not in before and keys and len(kept) * 2 >= len(keys):
                found[title] = other
    return found


def _field_sentences(old: Definition, new: Definition, labels: Mapping[str, str]) -> Iterator[str]:
    before, after = ({f["key"]: (s, f) for s, f in _fields(given)} for given in (old, new))
    renamed = _renamed({s["title"]: s for s in old["sections"]}, {s["title"]: s for s in new["sections"]})
    for key, (section, field) in before.items():
        if key not in after:
            yield _("Remove the field “%(label)s” from “%(section)s”",
                    label=field["label"], section=section["title"])  # fmt: skip
    for key, (section, field) in after.items():
        if key not in before:
            yield _("Add the field “%(label)s” (%(kind)s) to “%(section)s”", label=field["label"],
                    kind=_kind(field["kind"]), section=section["title"])  # fmt: skip
            continue
        was_in, was = before[key]
        if renamed.get(was_in["title"], was_in["title"]) != section["title"]:
            yield _("Move the field “%(label)s” from “%(old)s” to “%(new)s”", label=field["label"],
                    old=was_in["title"], new=section["title"])  # fmt: skip
        name = _("Field “%(label)s”", label=was["label"])
        yield from _properties(FormField, was, field, name, labels)
    yield from _order(old, new)


def _kind(kind: str) -> str:
    return _(FIELD_KINDS[kind]).lower() if kind in FIELD_KINDS else kind  # type: ignore[index]


def _order(old: Definition, new: Definition) -> Iterator[str]:
    """One sentence for each section whose kept fields stand in another order."""
    places = {f["key"]: n for n, (_s, f) in enumerate(_fields(old))}
    for section in new["sections"]:
        kept = [places[f["key"]] for f in section["fields"] if f["key"] in places]
        if kept != sorted(kept):
            yield _("Change the order of the fields in “%(section)s”", section=section["title"])


def _properties(
    model: type[Any], old: Definition, new: Definition, subject: str, labels: Mapping[str, str]
) -> Iterator[str]:
    for name in sorted(set(old) & set(new) - {"sections", "fields", "rules", "key"}):
        if (old[name] or None) == (new[name] or None):
            continue
        values = {"old": _words(model, name, old[name], labels) or _("(empty)"),
                  "new": _words(model, name, new[name], labels) or _("(empty)")}  # fmt: skip
        if name == "label":
            yield _("Change the label of the field “%(old)s” to “%(new)s”", **values)
        elif name == "is_required":
            yield _("%(subject)s: now required", subject=subject) if new[name] else _(
                "%(subject)s: no longer required", subject=subject)  # fmt: skip
        else:
            yield _("%(subject)s: change “%(name)s” from “%(old)s” to “%(new)s”", subject=subject,
                    name=label_of(model, name), **values)  # fmt: skip


def _words(model: type[Any], name: str, value: Any, labels: Mapping[str, str]) -> str:
    if value is None:
        return ""
    if name in _CONDITIONS:
        return condition_words(value, labels)
    if name in _LISTS and isinstance(value, list):
        return ", ".join(str(o.get("label") or o.get("key")) for o in value if isinstance(o, Mapping))
    choices = choices_of(model, name)
    return _(choices[value]) if choices and value in choices else plain_text(value)


def rule_sentences(old: list[Any], new: list[Any]) -> Iterator[str]:
    """Yield which rules between answers were removed and added."""
    for rule in old:
        if rule not in new:
            yield _("Remove the rule “%(message)s”", message=rule.get("message", ""))
    for rule in new:
        if rule not in old:
            yield _("Add the rule “%(message)s”", message=rule.get("message", ""))


def condition_words(condition: Any, labels: Mapping[str, str]) -> str:
    """Return a condition as it is spoken: "Loại đăng ký" là đăng ký lại và …; "" for none."""
    if not isinstance(condition, Mapping) or not condition:
        return ""
    for name, word in (("all", _(" and ")), ("any", _(" or ")), ("none", _(" or "))):
        if isinstance(condition.get(name), list):
            parts = condition[name]
            told = word.join(_part_words(part, labels, has_fellows=len(parts) > 1) for part in parts)
            return _("not (%(parts)s)", parts=told) if name == "none" else told
    key = str(condition.get("field"))
    words = [labels.get(key.partition(".")[0], key), _(conditions.OPS.get(str(condition.get("op")), ""))]
    if "other" in condition:
        words.append(labels.get(str(condition["other"]), str(condition["other"])))
    elif "value" in condition:
        value = condition["value"]
        words.append(", ".join(map(str, value)) if isinstance(value, list) else plain_text(value))
    return " ".join(words)


def _part_words(part: Any, labels: Mapping[str, str], *, has_fellows: bool) -> str:
    """Return a part of a group in words, in brackets where "and" and "or" would run together."""
    told = condition_words(part, labels)
    is_group = isinstance(part, Mapping) and any(len(part.get(name) or ()) > 1 for name in ("all", "any"))
    return f"({told})" if has_fellows and is_group else told
