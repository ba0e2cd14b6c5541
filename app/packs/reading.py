"""Reading a pack without trusting it: every name, type, length, choice and reference is checked."""

import difflib
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from app.errors import Invalid
from app.lowcode.fields import UNUSABLE
from app.lowcode.naturals import Key, key_paths
from app.packs import archive, yamls
from app.packs.checking import column_value, typed
from app.packs.documents import ID, REST, Document, flat_key, key_in, leaf, reference, to_plain
from app.packs.kinds import Kind, kinds, roots

MAX_FAULTS = 200
_SINCE_2 = frozenset({"ab_role", "ab_user", "publication_decision"})
# What no manifest names that does not name kinds: younger kinds need no mention here.
_UNNAMED = frozenset({"agency_calendar"})


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where: the file, and the place in it."""

    where: str
    text: str


class Refused(Invalid):
    """A pack that cannot be taken; ``faults`` says why, nothing was written."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = list(faults)[:MAX_FAULTS]
        super().__init__(_("The pack cannot be used; nothing was written."),
                         {fault.where or "pack": fault.text for fault in self.faults})  # fmt: skip


@dataclass(frozen=True)
class Record:
    """One file: the record it describes."""

    path: str
    kind: Kind
    key: Key
    document: Document


@dataclass
class Contents:
    """A pack that was read: its name, what was chosen when it was made, its records, remarks."""

    name: str
    scope: str
    without: list[str] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def read_pack(files: archive.Files) -> Contents:
    """Return the records of a pack's files; raises Refused naming every fault."""
    about = _manifest(files)
    contents = Contents(about["name"], str(about["set"].get("scope", ""))[:20], _left_out(about))
    contents.remarks = _altered(files, about["files"])
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for path in sorted(set(files) - {archive.MANIFEST}):
        try:
            values[path] = yamls.load(files[path], path)
        except Invalid as exc:
            faults.append(Fault("", str(exc)))
    if faults:
        raise Refused(faults)
    contents.records = read_documents(values)
    return contents


def read_documents(values: dict[str, Any], *, is_ours: bool = False) -> list[Record]:
    """Return the records in {path: value}; raises Refused naming every fault.

    is_ours: kept by ourselves for undoing; a pack from outside names no ids.
    """
    reader = _Reader(is_ours)
    records = [record for path in sorted(values) if (record := reader.record(path, values[path]))]
    seen: dict[tuple[str, Key], str] = {}
    for record in records:
        other = seen.setdefault((record.kind.name, record.key), record.path)
        if other != record.path:
            reader.fault(record.path, _("the same record stands in %(file)s", file=other))
    if reader.faults:
        raise Refused(reader.faults)
    return records


def _manifest(files: archive.Files) -> dict[str, Any]:
    if archive.MANIFEST not in files:
        raise Refused([Fault(archive.MANIFEST, _("the manifest is missing"))])
    about = yamls.load(files[archive.MANIFEST], archive.MANIFEST)
    shapes = {"format": int, "release": int, "name": str, "set": dict, "files": dict}
    if not isinstance(about, dict) or any(not isinstance(about.get(k), t) for k, t in shapes.items()):
        names = ", ".join(shapes)
        raise Refused([Fault(archive.MANIFEST, _("it must give: %(names)s", names=names))])
    if about["format"] > archive.FORMAT or about["release"] > archive.RELEASE:
        text = _("this pack comes from a newer release of Một Cửa; update this system first")
        raise Refused([Fault(archive.MANIFEST, text)])
    missing = sorted(set(map(str, about["files"])) - set(files))
    if missing:
        raise Refused([Fault(name[:120], _("the manifest names this file, but it is missing")) for name in missing])
    about["name"] = UNUSABLE.sub("", about["name"])[:200] or _("Pack")
    return about


def _left_out(about: dict[str, Any]) -> list[str]:
    """Return what a pack says nothing of: kinds left out, kinds and attributes its maker did not know."""
    given = about["set"].get("without")
    named = [str(name)[:60] for name in given[:50]] if isinstance(given, list) else []
    return sorted({*named, *_unknown(about)})


def _unknown(about: dict[str, Any]) -> set[str]:
    """Return our kinds and attributes that the release did not know which made the pack: it cannot mean to remove them.

    A pack may ask for less than its maker's release: that one knew at least what came with the kinds and attributes
    it names.
    """
    given = about.get("kinds")
    known = set(map(str, given)) if isinstance(given, list) else set(kinds()) - _UNNAMED
    maker = max([about["release"], *(archive.SINCE[name] for name in known & set(archive.SINCE))])
    attributes = {name for name, release in archive.SINCE.items() if "." in name and release > maker}
    return (set(kinds()) - known) | attributes | (_SINCE_2 if about["release"] < 2 else set())


def _altered(files: archive.Files, digests: dict[str, Any]) -> list[str]:
    """Say which files are not as they were exported: editing a pack by hand is allowed, and told."""
    changed = sorted(path for path, content in files.items() if path != archive.MANIFEST
                     and digests.get(path) != hashlib.sha256(content).hexdigest())  # fmt: skip
    if not changed:
        return []
    names = ", ".join(changed[:5]) + ("…" if len(changed) > 5 else "")
    return [_("Changed by hand since the export: %(files)s", files=names)]


def _nearest(name: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(name, list(known), 1)
    return _("; did you mean “%(name)s”?", name=found[0]) if found else ""


class _Reader:
    """Checks documents against what the models declare; collects faults instead of stopping."""

    def __init__(self, is_ours: bool = False) -> None:
        self.is_ours = is_ours
        self.faults: list[Fault] = []

    def fault(self, where: str, text: str) -> None:
        """Note a fault."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(where, text))

    def record(self, path: str, value: Any) -> Record | None:
        """Return the record of a file, or None if it has faults."""
        table, before = path.partition("/")[0], len(self.faults)
        kind = roots().get(table)
        if kind is None:
            self.fault(path, _("there is no kind of record “%(name)s”", name=table) + _nearest(table, roots()))
            return None
        document = self._document(kind, value, path)
        if len(self.faults) > before:
            return None
        return Record(path, kind, key_in(kind, document), document)

    def _document(self, kind: Kind, given: Any, where: str) -> Document:
        if not isinstance(given, dict):
            self.fault(where, _("names with values are expected here"))
            return {}
        known = [*kind.attributes, *kind.parts]
        for name in given:
            if name not in known and not self._is_mark(name):
                self.fault(where, _("there is no entry “%(name)s”", name=name[:60]) + _nearest(name, known))
        document: Document = {name: given[name] for name in given if self._is_mark(name)}
        for name in kind.attributes:
            value = self._attribute(kind, name, given, f"{where}: {name}")
            if value is not None or kind.column(name).default is not None:
                document[name] = value
        for name, table in kind.parts.items():
            parts = self._parts(kinds()[table], given.get(name), f"{where}: {name}")
            if parts:
                document[name] = parts
        return document

    def _is_mark(self, name: str) -> bool:
        return self.is_ours and name in {ID, REST}

    def _parts(self, kind: Kind, given: Any, where: str) -> list[Document]:
        if given is not None and not isinstance(given, list):
            self.fault(where, _("a list is expected here"))
        if not isinstance(given, list):
            return []
        parts = [self._document(kind, part, f"{where}[{n}]") for n, part in enumerate(given, 1)]
        if _is_unique(kind):
            self._refuse_doubles(kind, parts, where)
        return parts

    def _refuse_doubles(self, kind: Kind, parts: list[Document], where: str) -> None:
        seen: set[str] = set()
        for part in parts:
            named = ", ".join(str(part.get(name)) for name in kind.key)
            if named in seen:
                self.fault(where, _("“%(name)s” is given twice", name=named[:80]))
            seen.add(named)

    def _attribute(self, kind: Kind, name: str, given: Document, where: str) -> Any:
        column = kind.column(name)
        if name not in given and column.default is not None:
            default = column.default
            return to_plain(default.arg(None) if default.is_callable else default.arg)
        value = given.get(name)
        try:
            if value is None or (value == "" and (column.nullable or column.default is None)):
                if column.nullable:
                    return None
                raise ValueError(_("this must be given"))
            if name in kind.references:
                return self._reference(kind.target(name), value)
            return column_value(kind.model, name, column, value)
        except ValueError as exc:
            self.fault(where, str(exc))
            return None

    def _reference(self, kind: Kind, value: Any) -> Any:
        """Return a reference whose key has the right shape and types; raises ValueError."""
        try:
            values = flat_key(kind, value)
        except ValueError as exc:
            raise ValueError(_("the record must be named by: %(names)s", names=str(exc))) from exc
        columns = [leaf(kind.model, path) for path in key_paths(kind.model)]
        return reference(kind, tuple(typed(c, v) for c, v in zip(columns, values, strict=True)))


def _is_unique(kind: Kind) -> bool:
    """Return whether the database lets a key stand only once."""
    names = {*kind.key, *([kind.owner] if kind.owner else [])}
    own = {kind.column(name).key for name in names}
    sets = [{c.key for c in one.columns} for one in kind.model.__table__.constraints
            if isinstance(one, sa.UniqueConstraint)]  # fmt: skip
    return any(columns <= own for columns in sets)
