"""Putting back exactly what was there before a pack, unless it was used or changed since."""

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import history
from app.clock import now, to_local
from app.errors import Conflict, DomainError
from app.history import HistoryEntry
from app.i18n import N_
from app.lowcode.naturals import Key, key_paths
from app.models.pack_run import PackRun, RunState
from app.packs import letter_texts
from app.packs.applying import Applier, Report, silent
from app.packs.comparing import Change, compare
from app.packs.documents import ID, Document, from_plain, leaf, to_plain
from app.packs.kinds import Kind, roots
from app.packs.reading import Fault, Refused, read_documents
from app.packs.runs import digest_of, documents_now, keys_by_kind, refuse_without_rights
from app.packs.wording import title
from app.permissions import SYSTEM, Actor, current_actor
from app.services.official import official
from app.transactions import one_at_a_time

_Key = tuple[str, Key]


def refuse_unless_applied(run: PackRun) -> None:
    """Raise Conflict unless the run was applied, and nobody undoes it already."""
    if run.state != RunState.applied:
        raise Conflict(_("Only a pack that is applied can be undone."))


def undo(session: Session, run: PackRun, actor: Actor | None, report: Report = silent) -> None:
    """Put back what was there. Raises Refused naming what was changed since, and by whom, or what
    uses the new records; Conflict unless the pack is applied.

    actor: whose rights bound it; None for the operator at the terminal. report: is told the percent.
    """
    if run.state != RunState.undoing:
        refuse_unless_applied(run)
    one_at_a_time(session, "packs")
    entries = {_key(entry): entry for entry in run.before or []}
    present = documents_now(session, keys_by_kind(entries))
    _refuse_changed(session, run, entries, present)
    changes = _way_back(entries, present)
    refuse_without_rights(changes, actor)
    letter_texts.refuse_used(session, changes)
    reason = official(N_("Undo of the configuration pack “%(name)s” (no. %(number)d)"), name=run.name, number=run.id)
    with session.begin_nested():
        Applier(session, changes, reason=reason, actor=actor, is_undoing=True, report=report).run()
        session.expire_all()
        _refuse_difference(session, changes)
    run.state, run.faults = RunState.undone, []
    run.undone_at, run.undone_by = now(), current_actor().name
    session.flush()
    history.record(session, ("pack_run", run.id), "undo_pack", reason=run.name)


def carry_back(session: Session, run: PackRun, actor: Actor, report: Report = silent) -> None:
    """Undo the pack, or keep in the run why it stays applied, for who looks at it later."""
    try:
        undo(session, run, actor, report)
    except Refused as exc:
        run.state, run.faults = RunState.applied, [[fault.where, fault.text] for fault in exc.faults]
    except DomainError as exc:
        run.state, run.faults = RunState.applied, [["", str(exc)]]
    session.flush()


def _key(entry: dict[str, Any]) -> _Key:
    kind = roots()[entry["kind"]]
    columns = [leaf(kind.model, path) for path in key_paths(kind.model)]
    values = zip(columns, entry["key"], strict=True)
    return kind.name, tuple(to_plain(from_plain(column, value)) for column, value in values)


def _way_back(entries: dict[_Key, dict[str, Any]], present: dict[_Key, Document]) -> list[Change]:
    kept = {entry["path"]: entry["document"] for entry in entries.values() if entry["document"]}
    before = {(r.kind.name, r.key): r.document for r in read_documents(kept, is_ours=True)}
    return [compare(roots()[key[0]], present.get(key), before.get(key), entry["path"], is_replacing=True)
            for key, entry in entries.items()]  # fmt: skip


def _refuse_changed(
    session: Session, run: PackRun, entries: dict[_Key, dict[str, Any]], present: dict[_Key, Document]
) -> None:
    faults = []
    for key, entry in entries.items():
        kind, document = roots()[key[0]], present.get(key)
        if digest_of(kind, document) != entry["after"]:
            faults.append(Fault(entry["path"], _what_happened(session, run, kind, key[1], document)))
    if faults:
        raise Refused(faults)


def _what_happened(
    session: Session, run: PackRun, kind: Kind, key: Key, document: Document | None
) -> str:
    if document is None:
        return _("%(kind)s “%(name)s” was removed or renamed since", kind=kind.singular,
                 name=", ".join(map(str, key)))  # fmt: skip
    entry = HistoryEntry
    query = sa.select(entry).where(
        entry.aggregate == kind.name, entry.aggregate_id == document[ID], entry.at > run.applied_at
    )
    last = session.scalar(query.order_by(entry.id.desc()).limit(1))
    name = title(kind, document)
    if last is None:
        return _("“%(name)s” was changed since", name=name)
    who = last.actor_name if last.actor_name not in ("", SYSTEM.name) else _("the system")
    return _("“%(name)s” was changed since by %(who)s at %(at)s", name=name, who=who,
             at=to_local(last.at).strftime("%H:%M %d/%m/%Y"))  # fmt: skip


def _refuse_difference(session: Session, changes: list[Change]) -> None:
    """What stands there now must be what stood there before, to the letter."""
    found = documents_now(session, keys_by_kind((c.kind.name, c.key) for c in changes))
    faults = [Fault(c.path, _("this could not be put back exactly as it was")) for c in changes
              if digest_of(c.kind, found.get((c.kind.name, c.key))) != digest_of(c.kind, c.new)]  # fmt: skip
    if faults:
        raise Refused(faults)
