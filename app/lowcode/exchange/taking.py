"""Long lists taken along as .xlsx: written by the worker, kept for some days, fetched by who asked."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import IO, Any, Protocol

import sqlalchemy as sa
from flask_appbuilder import Model
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.clock import now
from app.contents import keep_put, storage
from app.errors import DomainError, NotFound
from app.extensions import db
from app.lowcode.exchange.planner import Report
from app.permissions import current_actor
from app.transactions import enqueue, one_at_a_time, transaction
from app.types import JSON, UtcDateTime

AT_ONCE = 5000  # rows that are written while the user waits
KEPT = timedelta(days=7)


class ExportRun(Model):
    """One list on its way out. The file is in the store; both are removed after KEPT."""

    __tablename__ = "export_run"
    __history__ = False
    id: Mapped[int] = mapped_column(primary_key=True)
    target: Mapped[str] = mapped_column(sa.String(60))
    title: Mapped[str] = mapped_column(sa.String(255))
    asked: Mapped[dict[str, str]] = mapped_column(JSON)  # search and filters, as the address has them
    user_id: Mapped[int] = mapped_column(sa.Integer, index=True)
    locale: Mapped[str] = mapped_column(sa.String(5))
    address: Mapped[str] = mapped_column(sa.String(255), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    state: Mapped[str] = mapped_column(sa.String(10))  # waiting, done, refused
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    file_name: Mapped[str] = mapped_column(sa.String(200))
    sha256: Mapped[str | None] = mapped_column(sa.String(64))
    size: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    message: Mapped[str | None] = mapped_column(sa.Text)


class Taking(Protocol):
    """A list that can be taken along; every answer is the actor's."""

    def count(self, session: Session, asked: Mapping[str, str], most: int) -> int:
        """Return how many rows it has, counting no further than ``most``; raises NotAllowed."""

    def write(self, session: Session, asked: Mapping[str, str], report: Report | None) -> IO[bytes]:
        """Return the open file; raises NotAllowed."""


_takings: dict[str, Taking] = {}
_families: dict[str, Callable[[str], Taking]] = {}


def register_taking(name: str, taking: Taking) -> None:
    """Remember what ``ExportRun.target`` ``name`` means."""
    _takings[name] = taking


def register_taking_family(name: str, make: Callable[[str], Taking]) -> None:
    """Remember what targets "name:which" mean: ``make`` is given what stands behind the colon."""
    _families[name] = make


def taking_of(target: str) -> Taking:
    """Return what is taken along under ``target``; raises NotFound."""
    family, colon, which = target.partition(":")
    found = _families[family](which) if colon and family in _families else _takings.get(target)
    if found is None:
        raise _nothing()
    return found


def order(target: str, title: str, file_name: str, asked: Mapping[str, str], address: Callable[[int], str]) -> str:
    """Leave a list to the worker and return the address of its page; the same one asked twice is made once.

    address: of the page of a run, by its number.
    """
    actor = current_actor()
    with transaction() as session:
        one_at_a_time(session, f"export:{actor.user_id}")
        same = sa.select(ExportRun).where(
            ExportRun.user_id == actor.user_id, ExportRun.target == target, ExportRun.state == "waiting")  # fmt: skip
        for run in session.scalars(same.order_by(ExportRun.id)):
            if run.asked == dict(asked):
                return run.address
        run = ExportRun(
            target=target, title=title[:255], asked=dict(asked), user_id=actor.user_id or 0,
            locale=str(get_locale() or "vi"), created_at=now(), state="waiting", file_name=file_name[:200],
        )  # fmt: skip
        session.add(run)
        session.flush()
        run.address = address(run.id)
        enqueue("exports.write", run_id=run.id)
        return run.address


def get_export(session: Session, target: str, number: int) -> ExportRun:
    """Return one's own run; raises NotFound for those of others."""
    run = session.scalar(sa.select(ExportRun).where(
        ExportRun.id == number, ExportRun.target == target,
        ExportRun.user_id == current_actor().user_id))  # fmt: skip
    if run is None:
        raise _nothing()
    return run


def recent(session: Session, target: str, limit: int = 5) -> list[ExportRun]:
    """Return one's own latest runs."""
    mine = sa.select(ExportRun).where(ExportRun.target == target, ExportRun.user_id == current_actor().user_id)
    return list(session.scalars(mine.order_by(ExportRun.id.desc()).limit(limit)))


def notice_key(number: int) -> str:
    """Return the key of the notice that a run is done."""
    return f"export:{number}"


def address_of(session: Session, key: str) -> str | None:
    """Return the page a notice with ``key`` leads to, None if it is of something else or gone."""
    kind, _colon, number = key.partition(":")
    if kind != "export" or not number.isdecimal():
        return None
    return session.scalar(sa.select(ExportRun.address).where(
        ExportRun.id == int(number), ExportRun.user_id == current_actor().user_id))  # fmt: skip


def make(number: int, report: Report) -> ExportRun | None:
    """Write the file of a run and keep it, or tell in the run why not; None if there is nothing to do.

    The session only reads meanwhile; the caller tells the user. Safe to run twice.
    """
    session = db.session()
    run = session.get(ExportRun, number)
    if run is None or run.state != "waiting":
        return None
    try:
        file = taking_of(run.target).write(session, run.asked, report)
    except DomainError as exc:
        with transaction() as session:
            return _end(session, number, state="refused", message=str(exc))
    name = run.file_name
    session.rollback()  # others read and write while the file is on its way into the store
    with file:
        stored = storage().put(file, name)
        with transaction() as session:
            keep_put(session, stored, file, name)
            return _end(session, number, state="done", sha256=stored.sha256, size=stored.size)


def _end(session: Session, number: int, **values: Any) -> ExportRun:
    query = sa.update(ExportRun).where(ExportRun.id == number, ExportRun.state == "waiting")
    session.execute(query.values(**values))
    return session.get_one(ExportRun, number, populate_existing=True)


def old(session: Session) -> list[ExportRun]:
    """Return the runs whose time is over."""
    query = sa.select(ExportRun).where(ExportRun.created_at < now() - KEPT)
    return list(session.scalars(query.order_by(ExportRun.id)))


def _nothing() -> NotFound:
    return NotFound(_("There is no such record, or you may not see it."))

