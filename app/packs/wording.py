"""Changes of a pack as sentences a civil servant reads."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.i18n import N_
from app.lowcode.naturals import Key
from app.lowcode.screen import label_of
from app.lowcode.values import display, inside_sentence
from app.packs.comparing import ADD, CHANGE, REMOVE, Change
from app.packs.documents import Document, Writer, flat_key, from_plain
from app.packs.kinds import Kind, kinds

Line = dict[str, Any]
_TITLES = ("full_name", "name", "title", "label")
_LONG = 300
SENTENCES = {
    ADD: N_("Add %(kind)s “%(name)s”"),
    CHANGE: N_("Change %(kind)s “%(name)s”"),
    REMOVE: N_("Remove %(kind)s “%(name)s”"),
}


class Teller:
    """Tells changes; ``named`` gives what records outside the pack are called."""

    def __init__(self, session: Session, changes: list[Change]) -> None:
        self.session = session
        self.titles = {(one.kind.name, one.key): title(one.kind, one.shown)
                       for root in changes for one in root.walk()}  # fmt: skip
        self._learn(changes)

    def lines(self, changes: list[Change]) -> list[Line]:
        """Return one entry for each changed record: act, sentence, path, details of values and parts."""
        return [self._line(change) for change in changes if change.is_change]

    def _line(self, change: Change) -> Line:
        act = change.act if change.act in SENTENCES else CHANGE
        name, kind = title(change.kind, change.shown), inside_sentence(change.kind.singular)
        line: Line = {"act": act, "path": change.path, "text": _(SENTENCES[act], kind=kind, name=name)}
        if change.act == CHANGE:
            line["values"] = [self._value(change, attribute) for attribute in change.values]
        if act == ADD:
            line["note"] = _brought(change)
        elif act == CHANGE:
            line["parts"] = [self._line(part) for part in change.all_parts() if part.is_change]
        if change.kept:
            line["kept"] = change.kept
        return line

    def _value(self, change: Change, name: str) -> list[str]:
        """Return [label, old, new] of one attribute in words."""
        kind, (old, new) = change.kind, change.values[name]
        return [str(label_of(kind.model, name)), self._words(kind, name, old), self._words(kind, name, new)]

    def _words(self, kind: Kind, name: str, value: Any) -> str:
        if value is None:
            return ""
        if name in kind.references:
            target = kind.target(name)
            key = flat_key(target, value)
            return self.titles.get((target.name, key)) or ", ".join(map(str, key))
        text = display(kind.model, name, from_plain(kind.column(name), value))
        return text if len(text) <= _LONG else f"{text[:_LONG]}…"

    def _learn(self, changes: list[Change]) -> None:
        """Find what the records that changed references lead to are called."""
        wanted: dict[str, set[Key]] = {}
        for change in (one for root in changes for one in root.walk() if one.act == CHANGE):
            for name in set(change.values) & set(change.kind.references):
                target = change.kind.target(name)
                keys = {flat_key(target, value) for value in change.values[name] if value is not None}
                wanted.setdefault(target.name, set()).update(keys)
        writer = Writer(self.session)
        for table, keys in wanted.items():
            rows = writer.rows(kinds()[table], keys)
            self.titles |= {(table, key): str(row) for key, row in rows.items()
                            if (table, key) not in self.titles}  # fmt: skip


def title(kind: Kind, document: Document) -> str:
    """Return what the record of a document is called: its name, or else its key."""
    found = next((document[name] for name in _TITLES if isinstance(document.get(name), str)), None)
    if found is None:
        values = [display(kind.model, name, from_plain(kind.column(name), document.get(name)))
                  for name in kind.key if name in kind.columns]  # fmt: skip
        found = ", ".join(values)
    return found if len(found) <= _LONG else f"{found[:_LONG]}…"


def _brought(change: Change) -> str:
    """Say what a new record brings along: "Phần: 3; Trường: 17"."""
    counts: dict[str, int] = {}
    for part in list(change.walk())[1:]:
        label = part.kind.singular
        counts[label] = counts.get(label, 0) + 1
    return "; ".join(f"{label}: {count}" for label, count in counts.items())


def plain_lines(lines: list[Line], indent: str = "") -> list[str]:
    """Return the plan as lines of text, for a terminal."""
    marks, found = {ADD: "+", CHANGE: "~", REMOVE: "-"}, []
    for line in lines:
        note = f" ({line['note']})" if line.get("note") else ""
        found.append(f"{indent}{marks[line['act']]} {line['text']}{note}")
        for label, old, new in line.get("values", ()):
            found.append(f"{indent}    {label}: {old or '∅'} → {new or '∅'}")
        found += plain_lines(line.get("parts", []), f"{indent}    ")
    return found
