"""The zip of a large pack: kept until the worker reads it."""

from sqlalchemy.orm import Session

from app.errors import DomainError
from app.models.pack_run import PackRun, RunState
from app.packs import archive, runs
from app.packs.applying import Report, silent
from app.packs.reading import Fault, Refused
from app.permissions import Actor


def take_later(session: Session, name: str, upload: bytes, *, is_replacing: bool) -> PackRun:
    """Return the run of an uploaded zip that the worker is to read; it is called after its file until then."""
    run = runs.new_run(name[:200], is_replacing)
    run.upload = upload
    return runs.keep(session, run)


def read_and_plan(session: Session, run: PackRun, actor: Actor | None, report: Report = silent) -> None:
    """Read the zip of a run and plan it; what is wrong with the pack is kept as its faults, nothing else of it."""
    upload, run.upload = run.upload or b"", None
    try:
        runs.read_into(run, archive.unzipped(upload))
    except DomainError as exc:
        faults = exc.faults if isinstance(exc, Refused) else [Fault("", str(exc))]
        run.state, run.faults = RunState.refused, [[fault.where, fault.text] for fault in faults]
    else:
        runs.plan(session, run, actor, report)
    session.flush()
