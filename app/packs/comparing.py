"""What a pack would change: each record and its parts, old against new."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.lowcode.naturals import Key
from app.packs.documents import Document, canonical, key_in, place
from app.packs.kinds import Kind, kinds

ADD, CHANGE, REMOVE, SAME = "add", "change", "remove", "same"


@dataclass
class Change:
    """What happens to one record. values: {attribute: (old, new)} that differ; parts: {name: changes}."""

    kind: Kind
    key: Key
    act: str
    path: str
    old: Document | None
    new: Document | None
    values: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    parts: dict[str, list["Change"]] = field(default_factory=dict)
    kept: int = 0  # parts the pack does not name, left as they are

    @property
    def is_change(self) -> bool:
        """True when anything of it is written."""
        return self.act != SAME or any(part.is_change for part in self.all_parts())

    def all_parts(self) -> Iterator["Change"]:
        """Yield the changes of its parts, not of their parts."""
        for changes in self.parts.values():
            yield from changes

    def walk(self) -> Iterator["Change"]:
        """Yield this change and those of all parts, owners first."""
        yield self
        for part in self.all_parts():
            yield from part.walk()

    @property
    def shown(self) -> Document:
        """The document that tells what the record is called."""
        return self.new if self.new is not None else self.old or {}


def compare(
    kind: Kind, old: Document | None, new: Document | None, path: str, *,
    is_replacing: bool, owner_key: Key = (), lasting: frozenset[str] = frozenset(),
) -> Change:  # fmt: skip
    """Return what turns ``old`` into ``new``; None stands for no record.

    is_replacing: parts that ``new`` does not name are removed, otherwise they stay.
    lasting: kinds of parts that stay in any case, attributes ("agency.name") that stay where ``new`` has none.
    """
    key = key_in(kind, new if new is not None else old or {}, owner_key)
    act = ADD if old is None else REMOVE if new is None else SAME
    change = Change(kind, key, act, path, old, new)
    if new is not None:
        names = [name for name in kind.attributes if (old or {}).get(name) != new.get(name)
                 and (name in new or f"{kind.name}.{name}" not in lasting)]  # fmt: skip
        change.values = {name: ((old or {}).get(name), new.get(name)) for name in names}
        if act == SAME and names:
            change.act = CHANGE
    for name, table in kind.parts.items():
        before = _numbered(kinds()[table], (old or {}).get(name, ()))
        after = _numbered(kinds()[table], (new or {}).get(name, ()))
        gone = {n: part for n, part in before.items() if n not in after}
        if (not is_replacing or table in lasting) and new is not None:
            change.kept += len(gone)
            gone = {}
        wanted = [*after, *gone]
        found = [compare(kinds()[table], before.get(n), after.get(n), path,
                         is_replacing=is_replacing, owner_key=key, lasting=lasting) for n in wanted]  # fmt: skip
        if found:
            change.parts[name] = found
    return change


def _numbered(kind: Kind, documents: Any) -> dict[tuple[str, int], Document]:
    """Return {(own key, how often it stood before): document}: a key may stand several times."""
    found: dict[tuple[str, int], Document] = {}
    counts: dict[str, int] = {}
    for document in sorted(documents, key=lambda one: place(kind, one)):
        key = canonical([document.get(name) for name in kind.key])
        counts[key] = counts.get(key, 0) + 1
        found[key, counts[key]] = document
    return found
