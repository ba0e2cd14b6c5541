"""The life of an import: begun, worked out without writing, corrected, applied once."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session, undefer

from app import history
from app.clock import now
from app.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from app.extensions import db
from app.filetypes import XLSX, check_upload
from app.lowcode.exchange import applying
from app.lowcode.exchange.corrections import Corrections, Place, TooLong, take
from app.lowcode.exchange.exchanges import Exchange, exchange_of
from app.lowcode.exchange.outcome import Kept, Outcome
from app.lowcode.exchange.plan import Fault
from app.lowcode.exchange.planner import Report
from app.lowcode.exchange.reading import MANY_ROWS, MAX_BYTES, open_workbook
from app.lowcode.exchange.run import ImportRun
from app.lowcode.exchange.work import Work
from app.official import officially
from app.permissions import Actor, acting_as, current_actor
from app.transactions import enqueue, locked, one_at_a_time, transaction

SHORT_BYTES = 64 * 1024  # about five hundred rows: handled while the user waits
KEPT = timedelta(days=30)


def begin(target: str, name: str, content: bytes) -> int:
    """Keep a file to be imported and return its run's id; long ones are left to the worker.

    Raises Invalid for what is no workbook.
    """
    actor = current_actor()
    check_upload(name, content, frozenset({XLSX}), MAX_BYTES)
    is_long = _is_long(name, content)
    with transaction() as session:
        run = ImportRun(
            target=target, file_name=name[:200], user_id=actor.user_id or 0, user_name=actor.name,
            locale=str(get_locale() or "vi"), created_at=now(), touched_at=now(), state="waiting",
            content=content, corrections=[], skipped=[], counts=[],
            is_long=is_long,
        )  # fmt: skip
        session.add(run)
        _note_reading(session, run)
        session.flush()
        number = run.id
        if is_long:
            enqueue("imports.check", run_id=number)
    if not is_long:
        check(number)
    return number


def _is_long(name: str, content: bytes) -> bool:
    """Return whether a file is the worker's: a small one may hold many rows that say the same."""
    if len(content) > SHORT_BYTES:
        return True
    return sum(len(sheet.rows) for sheet in open_workbook(name, content)) > MANY_ROWS


def _note_reading(session: Session, run: ImportRun) -> None:
    """Write down who compares a file with personal records: its plan shows what is stored of them."""
    models = {sheet.model for sheet in exchange_of(run.target).sheets() if sheet.model.screen.is_personal}
    for table in sorted(model.__tablename__ for model in models):
        history.record(session, (table, 0), "read", reason=run.file_name)


def get_run(
    session: Session, target: str, number: int, *options: Any, to_change: bool = False
) -> ImportRun:  # fmt: skip
    """Return one's own run, held where it is to change; raises NotFound for those of others."""
    query = sa.select(ImportRun).where(
        ImportRun.id == number, ImportRun.target == target,
        ImportRun.user_id == current_actor().user_id,
    )  # fmt: skip
    run = session.scalar((locked(query) if to_change else query).options(*options))
    if run is None:
        raise NotFound(_("There is no such record, or you may not see it."))
    return run


def recent(session: Session, target: str, limit: int = 5) -> list[ImportRun]:
    """Return one's own latest runs."""
    mine = sa.select(ImportRun).where(ImportRun.target == target, ImportRun.user_id == current_actor().user_id)
    return list(session.scalars(mine.order_by(ImportRun.id.desc()).limit(limit)))


def check(number: int, report: Report | None = None) -> None:
    """Work out run ``number`` and keep the plan; nothing else is written.

    A file that cannot be used is told in the run's message. Safe to run twice.
    """
    session = db.session()
    run = session.scalar(sa.select(ImportRun).where(ImportRun.id == number).options(undefer(ImportRun.content)))
    if run is None or run.state not in ("waiting", "checking"):
        return
    exchange = exchange_of(run.target)
    actor = exchange.acting(current_actor())
    try:
        with acting_as(actor):
            if applying.has_row_rules(exchange.sheets(), actor):
                values = _try_out(run, exchange, actor, report)
            else:
                values = _values(Work(session, run, exchange, actor).outcome(report))
    except Invalid as exc:
        values = {"message": str(exc), "state": "checked", "faults": 1, "plan": None, "counts": []}
    session.rollback()
    with transaction() as session:
        query = sa.update(ImportRun).where(ImportRun.id == number, ImportRun.state.in_(("waiting", "checking")))
        session.execute(query.values(touched_at=now(), **values))


def _try_out(run: ImportRun, exchange: Exchange, actor: Actor, report: Report | None) -> dict[str, Any]:
    """Work out a plan under row rules: where new rows would lie shows only once they are there.

    They are written behind a savepoint and taken back at once.
    """
    number = run.id
    with transaction() as session:
        run = session.get_one(ImportRun, number)
        trial = session.begin_nested()
        work = Work(session, run, exchange, actor)
        found = work.outcome(report)
        for entry in work.write("") if not found.fault_count else ():
            found.blame(Fault(entry.table.name, entry.number, -1, "", entry.text, applying.outside_words()), entry.kind)
        trial.rollback()
    return _values(found)


def _values(found: Outcome) -> dict[str, Any]:
    return {
        "state": "checked", "counts": found.counts, "faults": found.fault_count,
        "fingerprint": found.fingerprint(), "plan": found.packed(),
    }  # fmt: skip


def unpack(run: ImportRun) -> Kept:
    """Return the kept plan: faults, notes, lines, and what was made besides."""
    return Kept(run.plan)


def keep(target: str, number: int, typed: Corrections) -> None:
    """Keep what was typed over faulty cells, and which rows to leave out, for the next check.

    What was typed elsewhere than over a fault is not kept. Raises Conflict when the import has gone on, TooLong for
    what is too long, by itself or with all the rest, once the others are kept.
    """
    with transaction() as session:
        _run, lost = _keep(session, target, number, typed)
    if lost:
        raise TooLong(lost)


def _keep(session: Session, target: str, number: int, typed: Corrections) -> tuple[ImportRun, dict[Place, str]]:
    run = get_run(session, target, number, undefer(ImportRun.plan), to_change=True)
    if run.state != "checked":
        raise Conflict(_("This import has gone on meanwhile."))
    faults = unpack(run).faults
    kept = {(s, n, at): text for s, n, at, text in run.corrections}
    places = {(fault.sheet, fault.row, fault.column) for fault in faults} | set(kept)
    lost = take(kept, {place: text for place, text in typed.texts.items() if place in places})
    run.corrections = [[*place, text] for place, text in sorted(kept.items())]
    skips = typed.skips & {(fault.sheet, fault.row) for fault in faults}
    run.skipped = sorted(({(s, n) for s, n in run.skipped} | skips) - typed.taken)
    run.touched_at = now()
    return run, lost


def correct(target: str, number: int, typed: Corrections) -> None:
    """Keep what was typed on this page beside what was kept of others, and check all of it again.

    Raises TooLong as ``keep`` does; nothing is checked then.
    """
    with transaction() as session:
        run, lost = _keep(session, target, number, typed)
        is_long = run.is_long
        if not lost:
            run.state, run.done, run.message = "waiting", 0, None
        if is_long and not lost:
            enqueue("imports.check", run_id=number)
    if lost:
        raise TooLong(lost)
    if not is_long:
        check(number)


def order_apply(target: str, number: int) -> None:
    """Apply a checked run, or leave a long one to the worker.

    Raises Conflict when the records changed since; the plan is then worked out anew.
    """
    with transaction() as session:
        run = get_run(session, target, number, to_change=True)
        if run.is_long and not run.faults:
            if run.state == "checked":
                run.state, run.done, run.touched_at = "applying", 0, now()
                enqueue("imports.apply", run_id=number)
            return
    try:
        with transaction() as session:
            apply(session, number)
    except Conflict as exc:
        again(target, number, str(exc))
        raise


def again(target: str, number: int, message: str | None = None) -> None:
    """Check a run anew."""
    with transaction() as session:
        run = get_run(session, target, number, to_change=True)
        if run.state in ("applied", "dropped"):
            return
        run.state, run.message, run.touched_at = "waiting", message, now()
        is_long = run.is_long
        if is_long:
            enqueue("imports.check", run_id=number)
    if not is_long:
        check(number)


def apply(session: Session, number: int, report: Report | None = None) -> None:
    """Write what run ``number`` planned; a second call finds it done and does nothing.

    Raises Conflict when the plan is no longer what the user saw, Invalid when it has faults.
    """
    one_at_a_time(session, f"import_run:{number}")
    query = sa.select(ImportRun).where(ImportRun.id == number).options(undefer(ImportRun.content))
    run = session.scalars(query.execution_options(populate_existing=True)).one()
    if run.state not in ("checked", "applying") or run.content is None:
        return
    if run.faults:
        raise Invalid(_("Please correct the faults first, or leave those rows out."))
    exchange = exchange_of(run.target)
    if not exchange.may():
        raise NotAllowed(_("You may not import here."))
    with acting_as(exchange.acting(current_actor())) as actor:
        _apply(session, run, exchange, actor, report)


def _apply(session: Session, run: ImportRun, exchange: Exchange, actor: Actor, report: Report | None) -> None:
    work = Work(session, run, exchange, actor)
    found = work.outcome()
    if found.fault_count or found.fingerprint() != run.fingerprint:
        raise Conflict(_("The records have changed since this file was checked. It was checked again: "
                         "look at the new result."))  # fmt: skip
    with officially():  # the reason stays in the history, for readers of any language
        reason = _("Import from the file %(name)s", name=run.file_name)
    for _entry in work.write(reason, report):
        raise NotAllowed(applying.outside_words())
    made = exchange.finish(session, work.plan)
    if made is not None:
        run.plan = found.packed(made)
    run.state, run.applied_at, run.touched_at, run.message = "applied", now(), now(), None
    session.flush()


def apply_or_tell(session: Session, number: int, report: Report | None = None) -> None:
    """Apply in the worker; a refusal is kept in the run's message and the file checked anew."""
    try:
        with session.begin_nested():
            apply(session, number, report)
    except DomainError as exc:
        run = session.get_one(ImportRun, number, populate_existing=True)
        run.state, run.message, run.touched_at = "waiting", str(exc), now()
        enqueue("imports.check", run_id=number)


def clean(session: Session) -> int:
    """Remove runs older than KEPT; returns how many."""
    gone = session.execute(sa.delete(ImportRun).where(ImportRun.created_at < now() - KEPT))
    return int(getattr(gone, "rowcount", 0))
