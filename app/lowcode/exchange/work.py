"""One file of a run worked out and written: in one go, or part by part where it is long."""

from collections.abc import Iterator
from typing import TypeVar

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import Conflict
from app.lowcode.exchange import applying
from app.lowcode.exchange.exchanges import Exchange
from app.lowcode.exchange.long import LongPlanner
from app.lowcode.exchange.outcome import Outcome
from app.lowcode.exchange.plan import Entry, Plan
from app.lowcode.exchange.planner import Planner, Report
from app.lowcode.exchange.reading import open_workbook, type_over
from app.lowcode.exchange.run import ImportRun
from app.permissions import Actor

P = TypeVar("P", bound=Planner)


class Work:
    """The file of ``run`` as ``actor`` may use it; raises Invalid for what is no file of the exchange."""

    def __init__(self, session: Session, run: ImportRun, exchange: Exchange, actor: Actor) -> None:
        self._session, self._exchange, self._actor = session, exchange, actor
        raw, self._skipped = open_workbook(run.file_name, run.content or b""), {(s, n) for s, n in run.skipped}
        type_over(raw, run.corrections)
        self._raw, self._adopted = exchange.prepare(session, raw, self._skipped)
        self.plan = Plan()  # of a file worked out in one go: with all its rows

    def outcome(self, report: Report | None = None) -> Outcome:
        """Work the file out and return what would become of it; nothing is flushed."""
        found, long = Outcome(), self._long(report)
        if long is None:
            planner = self._planner(Planner, report)
            self.plan = planner.run(self._exchange.sheets(), self._raw)
            with self._session.no_autoflush:
                self._exchange.review(planner)
            found.add(self.plan)
            return found
        for plan in long.parts(self._exchange.review):
            found.add(plan)
        for fault, kind in long.late:
            found.blame(fault, kind)
        return found

    def write(self, reason: str, report: Report | None = None) -> Iterator[Entry]:
        """Store what was worked out, and yield the rows the actor may not keep where they now lie."""
        long = self._long(None)
        if long is None:
            entries = applying.written(self.plan.entries())
            applying.write(self._session, entries, reason, report)
            yield from applying.outside(self._session, entries, self._actor)
            return
        done, total = 0, long.count
        for plan in long.parts(self._exchange.review, is_writing=True):
            if plan.faults:
                raise Conflict(_("Someone else has just changed this record. Please look again."))
            entries = applying.written([*long.again, *plan.entries()])
            applying.write(self._session, entries, reason)
            yield from applying.outside(self._session, entries, self._actor)
            done += sum(len(table.entries) for table in plan.tables)
            if report is not None:
                report(done, total)

    def _long(self, report: Report | None) -> LongPlanner | None:
        planner = self._planner(LongPlanner, report)
        return planner if planner.begin(self._exchange.sheets(), self._raw) else None

    def _planner(self, kind: type[P], report: Report | None) -> P:
        return kind(self._session, self._actor, report=report, skipped=self._skipped, adopted=self._adopted)
