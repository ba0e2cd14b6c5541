"""Choosing what a pack holds, and writing it.

A procedure, or a sector, brings everything it rests on: form, process, sector, document types.
Agencies are named only: each province has its own, and they must be there before.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import Invalid, NotAllowed
from app.lowcode.naturals import Key, key_of
from app.lowcode.rows import visible
from app.models import Procedure, Sector
from app.official import officially
from app.packs import access, archive, decisions, yamls
from app.packs.documents import Document, Writer, flat_key, key_in
from app.packs.kinds import Kind, family, kinds, root_of, roots
from app.packs.wording import title
from app.permissions import Actor

# They belong to the province, not to what is carried: named in files, not brought along.
NAMED_ONLY = frozenset({"agency", "administrative_unit", "working_calendar", "profile"})
_CHUNK = 500


@dataclass(frozen=True)
class Chosen:
    """What to export: a procedure or sector by code, all records of one kind, or everything."""

    scope: str  # procedure, sector, kind, access (officers, posts and rights) or all
    code: str = ""
    without: tuple[str, ...] = ()  # kinds that a pack of everything leaves out

    def as_dict(self) -> dict[str, Any]:
        """As the manifest holds it."""
        left_out = {"without": list(self.without)} if self.without else {}
        return {"scope": self.scope} | ({"code": self.code} if self.code else {}) | left_out


@dataclass(frozen=True)
class Pack:
    """Documents by file name, with what the manifest says about them."""

    name: str
    chosen: Chosen
    documents: dict[str, Document]

    @property
    def counts(self) -> dict[str, int]:
        """How many records of each kind are inside."""
        found: dict[str, int] = {}
        for path in self.documents:
            table = path.partition("/")[0]
            found[table] = found.get(table, 0) + 1
        return found

    def samples(self, kind: str) -> list[str]:
        """Return what the first four records of a kind are called."""
        return [title(roots()[kind], document) for path, document in self.documents.items()
                if path.startswith(f"{kind}/")][:4]  # fmt: skip

    def files(self) -> archive.Files:
        """Return the files, manifest included."""
        files = {path: yamls.dump(document) for path, document in sorted(self.documents.items())}
        about = archive.manifest(self.name, self.chosen.as_dict(), files, self.counts, self._held())
        return {archive.MANIFEST: about, **files}

    def _held(self) -> set[str]:
        """Return the kinds of the records and of all their parts, and their attributes with a value."""
        pairs = ((roots()[path.partition("/")[0]], document) for path, document in self.documents.items())
        return {name for root, document in pairs for name in _names_in(root, document)}


def _names_in(kind: Kind, document: Document) -> Iterator[str]:
    yield kind.name
    yield from (f"{kind.name}.{name}" for name in kind.attributes if document.get(name) is not None)
    for name, table in kind.parts.items():
        for part in document.get(name, ()):
            yield from _names_in(kinds()[table], part)


def export(session: Session, chosen: Chosen, actor: Actor | None = None) -> Pack:
    """Return the pack of what was chosen; a few statements for each kind of record.

    actor: whose rights bound what is read; None for the operator at the terminal.
    Raises Invalid when there is no such thing, NotAllowed when it may not be read.
    """
    if chosen.scope == "all" and not access.carries_access(actor):
        chosen = replace(chosen, without=tuple(sorted(access.ACCESS)))
    writer = Writer(session)
    found: dict[str, dict[Key, Document]] = {}
    waiting = _chosen_rows(session, chosen, actor)
    while waiting:
        wanted: dict[str, set[Key]] = {}
        for kind, rows in waiting.items():
            documents = dict(zip(map(key_of, rows), writer.documents(roots()[kind], rows), strict=True))
            found.setdefault(kind, {}).update(documents)
            for document in documents.values():
                for target, key in references(roots()[kind], document):
                    wanted.setdefault(target.name, set()).add(key)
        waiting = _missing(writer, wanted, found, actor) if chosen.scope in {"procedure", "sector"} else {}
    with officially():  # the same content makes the same pack, whichever language its maker reads
        return Pack(_title(session, chosen), chosen, dict(sorted(_named(found))))


def left_out(session: Session, pack: Pack, actor: Actor | None = None) -> list[str]:
    """Return in sentences what of the chosen the pack leaves here, and why."""
    table = decisions.TABLE
    if pack.chosen.scope != "all" and (pack.chosen.scope, pack.chosen.code) != ("kind", table):
        return []
    found = {path: document for path, document in pack.documents.items() if path.startswith(f"{table}/")}
    return decisions.left_out(session, found, actor)


def left_behind(pack: Pack) -> dict[str, list[str]]:
    """Return {kind: codes} of what the pack names and does not hold: it must be there already."""
    held, named = set(), set()
    for path, document in pack.documents.items():
        kind = roots()[path.partition("/")[0]]
        held.add((kind.name, key_in(kind, document)))
        named.update((target.name, key) for target, key in references(kind, document)
                     if root_of(target) is target)  # fmt: skip
    found: dict[str, list[str]] = {}
    for name, key in sorted(named - held, key=str):
        found.setdefault(name, []).append(str(key[0]))
    return found


def references(kind: Kind, document: Document, owner_key: Key = ()) -> Iterator[tuple[Kind, Key]]:
    """Yield (kind, key) of every record that a document and its parts name."""
    key = key_in(kind, document, owner_key)
    for name in kind.references:
        if document.get(name) is not None:
            target = kind.target(name)
            yield target, flat_key(target, document[name])
    for name in kind.columns:
        table = kind.column(name).info.get("refers_to")
        if table is not None and document.get(name) is not None:
            yield kinds()[table], (document[name],)
    for name, table in kind.parts.items():
        for part in document.get(name, ()):
            yield from references(kinds()[table], part, key)


def _named(found: dict[str, dict[Key, Document]]) -> Iterator[tuple[str, Document]]:
    for kind, documents in found.items():
        names = archive.file_names(kind, list(documents))
        yield from ((names[key], document) for key, document in documents.items())


def _chosen_rows(session: Session, chosen: Chosen, actor: Actor | None) -> dict[str, list[Any]]:
    if chosen.scope == "all":
        wanted = {name: kind for name, kind in roots().items() if name not in chosen.without}
        return {name: rows for name, kind in wanted.items() if (rows := readable(session, kind, actor))}
    if chosen.scope == "access":
        return {name: readable(session, roots()[name], actor) for name in sorted(access.ACCESS)}
    if chosen.scope == "kind" and chosen.code in roots():
        return {chosen.code: readable(session, roots()[chosen.code], actor)}
    rules = {
        "procedure": {"procedure": Procedure.code == chosen.code},
        "sector": {"sector": Sector.code == chosen.code,
                   "procedure": Procedure.sector.has(Sector.code == chosen.code)},
    }.get(chosen.scope, {})  # fmt: skip
    rows = {name: readable(session, roots()[name], actor, rule) for name, rule in rules.items()}
    if not rows.get(chosen.scope):
        raise Invalid(_("There is nothing with the code “%(code)s” to export.", code=chosen.code))
    return rows


def readable(session: Session, kind: Kind, actor: Actor | None, *rules: Any) -> list[Any]:
    """Return the rows of ``kind`` that ``actor`` may read; raises NotAllowed if he may read none."""
    query = sa.select(kind.model)
    if actor is not None:
        _refuse_unless_exportable(kind, actor)
        query = visible(kind.model, actor)
    return list(session.scalars(query.where(*rules, *access.carried(kind)).order_by(kind.model.id)).unique())


def _refuse_unless_exportable(kind: Kind, actor: Actor | None) -> None:
    """A file holds all of a record: whoever may not see some of it, or of its parts, exports none."""
    if actor is None:
        return
    closed = [one for one in family(kind)
              if actor.closed.get(("can_read", one.model.__name__), frozenset()) & set(one.attributes)]  # fmt: skip
    if closed or not access.may(actor, "can_export", kind):
        title_of = (closed or [kind])[0].title
        raise NotAllowed(_("You may not export: %(title)s.", title=title_of))


def _missing(
    writer: Writer, wanted: dict[str, set[Key]], found: dict[str, Any], actor: Actor | None
) -> dict[str, list[Any]]:
    """Return the rows that what was found rests on, and that it does not hold yet."""
    fresh: dict[str, list[Any]] = {}
    for name, keys in sorted(wanted.items()):
        kind = kinds()[name]
        if name in NAMED_ONLY or root_of(kind) is not kind:
            continue
        left = keys - set(found.get(name, {}))
        rows = list(writer.rows(kind, left).values())
        if rows:
            _refuse_unless_exportable(kind, actor)
            _refuse_unseen(writer.session, kind, rows, actor)
            fresh[name] = rows
    return fresh


def _refuse_unseen(session: Session, kind: Kind, rows: list[Any], actor: Actor | None) -> None:
    """What is chosen may rest on records outside the actor's reach: it is not exported without them."""
    query = visible(kind.model, actor) if actor is not None else sa.select(kind.model)
    if query.whereclause is None:
        return
    ids = [row.id for row in rows]
    seen = set[int]()
    for start in range(0, len(ids), _CHUNK):
        part = query.with_only_columns(kind.model.id).where(kind.model.id.in_(ids[start : start + _CHUNK]))
        seen |= set(session.scalars(part))
    if not seen.issuperset(ids):
        raise NotAllowed(_("You may not export: %(title)s.", title=kind.title))


def _title(session: Session, chosen: Chosen) -> str:
    if chosen.scope == "all":
        return _("Whole configuration")
    if chosen.scope == "access":
        return _("Officers, posts and rights")
    if chosen.scope == "kind":
        return roots()[chosen.code].title
    model: Any = Procedure if chosen.scope == "procedure" else Sector
    name = session.scalar(sa.select(model.name).where(model.code == chosen.code))
    return f"{model.screen.singular} {chosen.code}: {name}"[:200]

