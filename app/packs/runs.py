"""A pack from upload to undoing: planned, applied once, put back.

Planning tries everything in a savepoint that is rolled back: what the plan promises, applying
does. Applying refuses when anything the pack is about is no longer as the plan saw it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import history
from app.clock import now
from app.errors import Conflict, NotAllowed, NotFound
from app.i18n import N_
from app.lowcode.naturals import Key
from app.models.pack_run import RUN_STATES, PackRun, RunState
from app.models.procedure import ProcedureVersion
from app.models.publication import PublicationDecision
from app.packs import access, archive, decisions, freezing, wording
from app.packs.applying import Applier, Report, silent
from app.packs.cautions import cautions
from app.packs.comparing import ADD, CHANGE, REMOVE, SAME, Change, compare
from app.packs.documents import Document, Writer, digest, key_in, without_marks
from app.packs.kinds import Kind, roots
from app.packs.reading import Fault, Record, Refused, read_documents, read_pack
from app.permissions import Actor, Role, current_actor
from app.services.official import official
from app.transactions import locked, one_at_a_time

_RIGHTS = {ADD: "can_add", CHANGE: "can_change", REMOVE: "can_remove"}


def take_in(session: Session, files: archive.Files, *, is_replacing: bool) -> PackRun:
    """Return the run of an uploaded pack, read and checked but not yet compared.

    Raises Refused, and keeps nothing, when the pack itself is wrong.
    """
    run = new_run("", is_replacing)
    read_into(run, files)
    return keep(session, run)


def keep(session: Session, run: PackRun) -> PackRun:
    """Return a new run, kept; flushed."""
    session.add(run)
    session.flush()
    return run


def new_run(name: str, is_replacing: bool) -> PackRun:
    """Return the run of a pack that is not read yet, of who acts now."""
    who = current_actor()
    return PackRun(
        name=name, is_replacing=is_replacing, state=RunState.waiting, content={}, remarks=[], lines=[], counts={},
        faults=[], target="", author_id=who.user_id, author_name=who.name,
    )  # fmt: skip


def read_into(run: PackRun, files: archive.Files) -> None:
    """Fill in what the files of a pack say. Raises Refused."""
    contents = read_pack(files)
    run.name, run.scope, run.without, run.remarks = contents.name, contents.scope, contents.without, contents.remarks
    run.content = {record.path: as_json(record.document) for record in contents.records}


def is_read(run: PackRun) -> bool:
    """Return whether a pack could be read: one that could not is corrected and uploaded again."""
    return run.state != RunState.refused or bool(run.content)


def plan(session: Session, run: PackRun, actor: Actor | None, report: Report = silent) -> None:
    """Compare and try the pack; the run is then planned, or refused with its faults.

    actor: whose rights bound it; None for the operator at the terminal. report: is told the percent.
    """
    if run.state not in {RunState.waiting, RunState.planned, RunState.refused}:
        raise Conflict(_("This pack has already been applied."))
    if not is_read(run):
        raise Conflict(_("This pack could not be read. Correct it and upload it again."))
    try:
        changes = changes_of(session, run)
        run.target, run.counts = _target(run, changes), _counts(changes)
        run.lines = wording.Teller(session, changes).lines(changes)
        refuse_without_rights(changes, actor)
        with session.begin_nested() as trial:
            applier = Applier(session, changes, reason="", actor=actor, report=report)
            applier.run()
            warnings = cautions(session, applier.rows_of(ProcedureVersion))
            warnings += decisions.missing_files(applier.rows_of(PublicationDecision))
            warnings += access.new_accounts(applier.all)
            trial.rollback()
        run.state, run.faults, run.remarks = RunState.planned, [], _once([*run.remarks, *warnings])
    except Refused as exc:
        run.state = RunState.refused
        run.faults = [[fault.where, fault.text] for fault in exc.faults]
    except NotAllowed as exc:  # nor is he told what stands there
        run.state, run.faults, run.lines = RunState.refused, [["", str(exc)]], []
    session.flush()


class TargetChanged(Conflict):
    """What the pack is about is no longer as the plan saw it."""


def carry_out(session: Session, run: PackRun, actor: Actor | None, report: Report = silent) -> None:
    """Apply the pack, or keep in the run why not: a new plan if its target changed, its faults.

    Raises Conflict when it was applied already, NotAllowed when ``actor`` may not (and sees it).
    """
    is_waited_for = run.state == RunState.planned
    try:
        apply(session, run, actor, report)
    except TargetChanged as exc:
        run.state = RunState.planned
        plan(session, run, actor)
        run.remarks = _once([str(exc), *run.remarks])
    except Refused as exc:
        run.state, run.faults = RunState.refused, [[fault.where, fault.text] for fault in exc.faults]
    except NotAllowed as exc:
        if is_waited_for:
            raise
        run.state, run.remarks = RunState.planned, [str(exc)]
    session.flush()


def _once(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def refuse_unless_planned(run: PackRun) -> None:
    """Raise Conflict unless the run waits to be applied."""
    if run.state != RunState.planned:
        raise Conflict(_("This pack is not ready to be applied, or already was."))
    if not has_changes(run):
        raise Conflict(_("There is nothing to apply."))


def apply(session: Session, run: PackRun, actor: Actor | None, report: Report = silent) -> None:
    """Write the pack. Raises Conflict when it was applied, or its target changed since the plan."""
    if run.state != RunState.applying:
        refuse_unless_planned(run)
    one_at_a_time(session, "packs")  # of two packs at once, the second sees what the first did
    changes = changes_of(session, run)
    if _target(run, changes) != run.target:
        raise TargetChanged(_("What the pack would change is no longer as the plan saw it. Look at "
                              "the new plan before applying."))  # fmt: skip
    refuse_without_rights(changes, actor)
    touched = [change for change in changes if change.is_change]
    with session.begin_nested():
        Applier(session, changes, reason=_reason(run), actor=actor, report=report).run()
    session.expire_all()
    after = documents_now(session, keys_by_kind((c.kind.name, c.key) for c in touched))
    run.before = [{"kind": c.kind.name, "path": c.path, "document": as_json(c.old) if c.old else None,
                   "key": as_json(list(c.key)), "after": digest_of(c.kind, after.get((c.kind.name, c.key)))}
                  for c in touched]  # fmt: skip
    run.state, run.applied_at, run.applied_by = RunState.applied, now(), current_actor().name
    session.flush()
    history.record(session, ("pack_run", run.id), "apply_pack", reason=run.name)


def get_run(session: Session, number: int, *, to_change: bool = False) -> PackRun:
    """Return a run with its plan; raises NotFound."""
    query = sa.select(PackRun).where(PackRun.id == number)
    if to_change:
        query = locked(query)
    run = session.scalar(query)
    if run is None:
        raise NotFound(_("There is no such pack."))
    return run


def latest(session: Session) -> PackRun:
    """Return the pack applied last and not undone; raises NotFound."""
    query = sa.select(PackRun).where(PackRun.state == RunState.applied)
    run = session.scalar(query.order_by(PackRun.applied_at.desc(), PackRun.id.desc()).limit(1))
    if run is None:
        raise NotFound(_("No pack is applied that could be undone."))
    return run


def changes_of(session: Session, run: PackRun) -> list[Change]:
    """Return what the pack of ``run`` changes now, in the order of its files."""
    records = read_documents(run.content)
    present = documents_now(session, keys_by_kind((r.kind.name, r.key) for r in records))
    lasting = access.LASTING.union(run.without)
    found = [compare(r.kind, present.get((r.kind.name, r.key)), r.document, r.path,
                     is_replacing=run.is_replacing, lasting=lasting) for r in records]  # fmt: skip
    if run.is_replacing and run.scope == "all":
        found += _left_over(session, records, {*run.without, access.USERS})
    return found


def documents_now(session: Session, keys: dict[str, list[Key]]) -> dict[tuple[str, Key], Document]:
    """Return {(kind, key): whole document} of what is there. Raises Refused for doubtful keys."""
    writer, present = Writer(session, is_whole=True), {}
    for table, wanted in keys.items():
        try:
            found = writer.find(roots()[table], wanted)
        except LookupError as exc:
            text = _("the system holds two records with the same key; the pack cannot tell which is meant")
            raise Refused([Fault(table, text)]) from exc
        present |= {(table, key): document for key, document in found.items()}
    return present


def keys_by_kind(pairs: Iterable[tuple[str, Key]]) -> dict[str, list[Key]]:
    """Return {kind: keys} of (kind, key) pairs."""
    found: dict[str, list[Key]] = {}
    for table, key in pairs:
        found.setdefault(table, []).append(key)
    return found


def _left_over(session: Session, records: list[Record], spared: set[str]) -> Iterator[Change]:
    """Yield the removal of what a pack of everything does not hold; of a role, of what was decided."""
    named = {(record.kind.name, record.key) for record in records}
    writer = Writer(session, is_whole=True)
    for table, kind in roots().items():
        if table in spared:
            continue
        query = sa.select(kind.model).where(*access.carried(kind))
        rows = list(session.scalars(query.order_by(kind.model.id)).unique())
        for document in writer.documents(kind, rows):
            key = key_in(kind, document)
            if (table, key) not in named:
                path = archive.file_names(table, [key])[key]
                left = {"name": document["name"]} if table == access.ROLES else None
                yield compare(kind, document, left, path, is_replacing=True)


def as_json(value: Any) -> Any:
    """Return ``value`` as JSON holds it."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    return [as_json(item) for item in value] if isinstance(value, list) else history.plain(value)


def _target(run: PackRun, changes: list[Change]) -> str:
    present = [[c.kind.name, list(c.key), without_marks(c.kind, c.old) if c.old else None] for c in changes]
    return digest([run.is_replacing, run.content, present])


def digest_of(kind: Kind, document: Document | None) -> str | None:
    """Return the digest of a record as it is shown, None for no record."""
    return digest(without_marks(kind, document)) if document is not None else None


def _counts(changes: list[Change]) -> dict[str, int]:
    counts = dict.fromkeys((ADD, CHANGE, REMOVE, SAME), 0)
    for change in changes:
        counts[CHANGE if change.act == SAME and change.is_change else change.act] += 1
    return counts


def _reason(run: PackRun) -> str:
    return official(N_("Configuration pack “%(name)s” (no. %(number)d)"), name=run.name, number=run.id)


def refuse_without_rights(changes: list[Change], actor: Actor | None) -> None:
    """Raise NotAllowed unless ``actor`` may import, and do, what is done to each kind of record."""
    if actor is None:
        return
    closed = {(model, name) for (right, model), names in actor.closed.items()
              if right in {"can_read", "can_change"} for name in names}  # fmt: skip
    acts = {(c.act, c.kind) for root in changes for c in root.walk() if c.act in _RIGHTS}
    denied = sorted({kind.title for act, kind in acts
                     if not (access.may(actor, "can_import", kind) and access.may(actor, _RIGHTS[act], kind))})
    denied += sorted({c.kind.title for root in changes for c in root.walk()
                      for name in c.values if (c.kind.model.__name__, name) in closed})  # fmt: skip
    if freezing.moves_states(changes) and not actor.has(Role.catalog_admin):
        denied.append(_("Publication of procedures"))
    if denied:
        raise NotAllowed(_("You may not change these records: %(titles)s.", titles=", ".join(denied)))


def stands(run: PackRun) -> tuple[str, str]:
    """Return where a run stands, and in words: its state, or "same" for a plan that would write nothing."""
    if run.state == RunState.planned and not has_changes(run):
        return "same", _("Nothing differs")
    return run.state, _(RUN_STATES[RunState(run.state)])


def has_changes(run: PackRun) -> bool:
    """Return whether a planned pack would write anything."""
    return any(run.counts.get(act, 0) for act in (ADD, CHANGE, REMOVE))
