"""./manage bench excel: a workbook of many rows in and out, and the memory each part takes."""

import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from flask_babel import force_locale
from sqlalchemy.orm import Session

from app.cli.tables import grid
from app.extensions import db
from app.lowcode.exchange import runs
from app.lowcode.exchange.book import Book
from app.lowcode.exchange.export import csv_lines, write_workbook
from app.lowcode.exchange.layout import sheet_of
from app.lowcode.listing import parse
from app.models import Agency, Sector, User
from app.permissions import Actor, Role, acting_as, current_actor
from app.services.actors import build_actor
from app.services.users import create_user
from app.transactions import transaction
from bench import target

_PASSWORD = "bench mat khau 1"  # of a database that holds nothing real
MOST_GROWTH = 60  # megabytes, beside the file itself
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")
_HEAD = ("part", "seconds", "CPU s", "peak MB", "after MB")
Say = Callable[[str, int, int], None]


@dataclass
class Part:
    """One part of the way: seconds, and megabytes of the process at most and afterwards."""

    name: str
    seconds: float
    cpu: float
    peak: int
    after: int


@dataclass
class Report:
    """The result of one run."""

    database: str
    rows: int
    parts: list[Part] = field(default_factory=list)

    @property
    def checks(self) -> list[dict[str, Any]]:
        """What must hold."""
        grown = max(part.peak for part in self.parts) - self.parts[0].after
        return [{"name": f"at most {MOST_GROWTH} MB more than at rest", "value": f"{grown} MB",
                 "is_met": grown <= MOST_GROWTH}]  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """Return all of it for other programs."""
        return asdict(self) | {"checks": self.checks}

    def as_text(self) -> str:
        """Return the report for people."""
        lines = [[p.name, f"{p.seconds:.1f}", f"{p.cpu:.1f}", str(p.peak), str(p.after)] for p in self.parts]
        checks = "\n".join(f"{'met   ' if c['is_met'] else 'MISSED'} {c['name']}: {c['value']}" for c in self.checks)
        return f"{self.rows} rows on {self.database}\n\n{grid(_HEAD, lines)}\n\n{checks}"


def run(rows: int, given: str, say: Say) -> Report:
    """Bring ``rows`` sectors in by Excel, look at the plan, apply it, and take the list out again.

    given: address of a database, "" = a temporary file. Raises target.Refused.
    """
    app = target.make_app(target.address(given, rows))
    with app.app_context(), app.test_request_context(), force_locale("vi"), acting_as(_administrator()):
        _empty()
        report = Report(f"{db.engine.dialect.name} ({db.engine.url.render_as_string()})", rows)
        for name, work in _works(rows):
            say(name, len(report.parts), 7)
            report.parts.append(_measured(name, work))
        _empty()
    return report


def _administrator() -> Actor:
    """Return the catalog administrator of the bench, made at the first run."""
    with transaction() as session:
        user = session.scalar(sa.select(User).where(User.username == "bench.excel"))
        made = user or create_user(session, username="bench.excel", name="Excel", email="excel@example.vn",
                                   password=_PASSWORD, agency=_agency(session), roles=(Role.catalog_admin,))
        session.flush()
        return build_actor(session, made)


def _agency(session: Session) -> Agency:
    agency = session.scalar(sa.select(Agency).order_by(Agency.id).limit(1))
    if agency is None:
        agency = Agency(code="H57", name="Tỉnh đo", level="province")
        session.add(agency)
        session.flush()
    return agency


def _works(rows: int) -> list[tuple[str, Callable[[], Any]]]:
    state: dict[str, Any] = {}

    def begin() -> None:
        state["run"] = runs.begin("Sector", "bench.xlsx", state.pop("content"))

    def apply() -> None:
        with transaction() as session:
            runs.apply(session, state["run"])

    return [
        ("at rest", lambda: None),
        ("making the file", lambda: state.update(content=_workbook(rows))),
        ("sending it in", begin),
        ("checking", lambda: runs.check(state["run"])),
        ("applying", apply),
        ("export .xlsx", _export),
        ("export .csv", _lines),
    ]  # fmt: skip


def _export() -> None:
    file, _count = write_workbook(db.session(), Sector, current_actor(), parse(Sector, {}))
    file.close()


def _lines() -> None:
    for _line in csv_lines(db.session(), Sector, current_actor(), parse(Sector, {})):
        pass


def _workbook(rows: int) -> bytes:
    book, sheet = Book(), sheet_of(Sector)
    by_name = {"code": "LV-{:07}", "name": "Lĩnh vực số {}, phường Phú Xuân"}
    lines = ([by_name[c.name].format(n) if c.name in by_name else None for c in sheet.columns] for n in range(rows))
    book.sheet(sheet, sheet.columns, lines)
    file: IO[bytes] = book.close()
    with file:
        return file.read()


def _empty() -> None:
    """Remove the sectors of earlier runs; the database is the bench's own."""
    with transaction() as session:
        session.execute(sa.delete(Sector).where(Sector.code.like("LV-%")))


def _measured(name: str, work: Callable[[], Any]) -> Part:
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    started, cpu = time.perf_counter(), time.process_time()
    work()
    db.session.remove()
    status = Path("/proc/self/status").read_text()
    peak = int(found[1]) // 1024 if (found := _PEAK.search(status)) else 0
    now = int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) // 1024
    return Part(name, round(time.perf_counter() - started, 1), round(time.process_time() - cpu, 1), peak, now)
