"""A small province in which the machine acts: officers in every post, and what one run draws anew."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clock import acting_at, today
from app.extensions import db
from app.models import (
    Agency,
    CalendarDay,
    CalendarSession,
    Delegation,
    OfficerPosition,
    Procedure,
    ProcedureVersion,
    Process,
    Profile,
    ProfileParameter,
    User,
    WorkingCalendar,
)
from app.permissions import Actor, Role, acting_as
from app.services.actors import build_actor
from app.services.process_graphs import steps_of
from app.transactions import transaction
from app.workflows.process_checks import problems
from tests.factories import (
    make_account,
    make_agency,
    make_procedure,
    make_process,
    make_tree,
    make_user,
    number,
)
from tests.machine.drawn import START, DrawnCalendar, Row, clock_time

PASSED_ON = ("Bước con", "work", Role.specialist, "agency", 60)  # a step inside another process
POSTS = {
    "desk": (Role.desk_officer, "desk"), "desk2": (Role.desk_officer, "desk"), "cashier": (Role.cashier, "desk"),
    "director": (Role.centre_director, "desk"), "specialist": (Role.specialist, "commune"),
    "applying": (Role.specialist, "commune"), "division": (Role.division_head, "commune"),
    "head": (Role.agency_head, "commune"), "clerk": (Role.clerk, "commune"), "chairman": (Role.agency_head, "root"),
    "far_desk": (Role.desk_officer, "centre"), "far": (Role.specialist, "department"),
    "far_head": (Role.agency_head, "department"), "far_clerk": (Role.clerk, "department"),
    "finance": (Role.specialist, "finance"), "auditor": (Role.auditor, "root"),
}  # fmt: skip
NAMES = (*POSTS, "citizen", "stranger", "nobody")


@dataclass
class Province:
    """What stays the same in all runs: places, and who is who (name → user id)."""

    places: dict[str, int]  # of the tree of agencies
    users: dict[str, int]
    accounts: dict[str, int]
    child: int  # the procedure of linked dossiers, handled by the department
    inner: int  # the process that stands in the place of a step


def make_province() -> Province:
    """Return the province with somebody in every post; flushed."""
    tree = make_tree()
    finance = make_agency(code="H57.STC", name="Sở Tài chính", level="province", parent=tree.root, desk=tree.centre)
    places = {**vars(tree), "finance": finance}
    users = {name: make_user(role, places[place]) for name, (role, place) in POSTS.items()}
    users |= {name: make_user(Role.citizen) for name in ("citizen", "stranger")}
    make_account(user=users["applying"], name="Người vừa là cán bộ vừa là người nộp")
    db.session.flush()
    child = make_procedure(agency=tree.department, agency_level="province", fee=0)
    inner = make_process([PASSED_ON, PASSED_ON])
    accounts = {n: db.session.scalar(sa.text("SELECT id FROM account WHERE user_id = :u"), {"u": users[n].id})
                for n in ("citizen", "stranger", "applying")}  # fmt: skip
    ids = {name: user.id for name, user in users.items()}
    return Province({name: p.id for name, p in places.items()}, ids, accounts, child.procedure_id, inner.id)


@dataclass
class World:
    """One run: its calendar, profile and procedures, the present instant, the dossiers so far."""

    session: Session
    province: Province
    at: datetime = START
    versions: list[int] = field(default_factory=list)
    drafts: dict[str, int] = field(default_factory=dict)  # key → dossier
    dossiers: list[int] = field(default_factory=list)
    _actors: dict[tuple[str, date], Actor] = field(default_factory=dict)

    def furnish(self, calendars: Sequence[DrawnCalendar], profile: Row, versions: Sequence[tuple[Row, list[Row]]],
                deputy: bool) -> None:  # fmt: skip
        """Put what was drawn in force: calendars of province and ward, profile, procedures, a delegation."""
        with acting_at(self.at), transaction() as session:
            for place, drawn in zip(("root", "commune"), calendars, strict=False):
                session.get_one(Agency, self.province.places[place]).calendar = _calendar(drawn)
            _put_in_force(session, profile)
            self.versions = [self._version(given, rows).id for given, rows in versions]
            if deputy:
                _lend(session, self.province.users["head"], self.province.users["division"])

    def _version(self, given: Row, rows: list[Row]) -> ProcedureVersion:
        process = make_process([tuple(row[k] for k in ("name", "kind", "role", "place", "working_minutes"))
                                for row in rows])  # fmt: skip
        for step, row in zip(process.steps, rows, strict=True):
            for name in row.keys() - {"name", "kind", "role", "place", "working_minutes"}:
                setattr(step, name, row[name])
            if step.place == "named":
                step.agency_id = self.province.places["department"]
            if step.kind == "child":
                step.child_procedure = self.session.get_one(Procedure, self.province.child)
            if step.kind == "sub_process":
                step.sub_process = self.session.get_one(Process, self.province.inner)
        self.session.flush()
        assert problems(steps_of(process)) == [], rows
        return make_procedure(process=process, **given)

    def ward(self, session: Session) -> Agency:
        """Return the ward that handles what is sent."""
        return session.get_one(Agency, self.province.places["commune"])

    def actor(self, name: str) -> Actor:
        """Return who ``name`` is today: posts of his own and lent ones; "nobody" is not logged in."""
        key = (name, today())
        if key not in self._actors:
            user_id = self.province.users.get(name)
            user = self.session.get(User, user_id) if user_id else None
            self._actors[key] = build_actor(self.session, user, ip="192.0.2.7")
        return self._actors[key]

    @contextmanager
    def acting(self, name: str) -> Iterator[tuple[Session, Actor]]:
        """Run a block as one request of ``name``, now: a transaction of its own."""
        with acting_at(self.at):
            actor = self.actor(name)
            with acting_as(actor), transaction() as session:
                yield session, actor


def _calendar(drawn: DrawnCalendar) -> WorkingCalendar:
    calendar = WorkingCalendar(code=f"lich_{number()}", name="Lịch làm việc", valid_from=date(2025, 1, 1))
    for weekday, parts in enumerate(drawn.weeks):
        for start, end in parts:
            CalendarSession(calendar=calendar, weekday=weekday, starts_at=clock_time(start), ends_at=clock_time(end))
    for day, (kind, hours) in sorted(drawn.special.items()):
        CalendarDay(calendar=calendar, day=day, kind=kind, hours=hours, note="quyết định")
    db.session.add(calendar)
    return calendar


def _put_in_force(session: Session, values: Row) -> None:
    profile = Profile(code=f"quy_che_{number()}", name="Quy chế", is_active=True)
    profile.parameters = [ProfileParameter(key=key, value=value, valid_from=date(2025, 1, 1))
                          for key, value in sorted(values.items()) if value is not None]  # fmt: skip
    session.add(profile)
    session.flush()
    session.info.pop("profile_values", None)


def _lend(session: Session, giver: int, delegate: int) -> None:
    post = session.scalars(sa.select(OfficerPosition).where(OfficerPosition.user_id == giver)).one()
    session.add(Delegation(
        position_id=post.id, user_id=giver, delegate_id=delegate, agency_id=post.agency_id, valid_from=today(),
        valid_to=today() + timedelta(days=20), document_number="12/QĐ-UBND", reason="Đi công tác",
    ))  # fmt: skip


@contextmanager
def undone(session: Session) -> Iterator[None]:
    """Undo at the end what the block committed, as the test that calls it is undone in its turn."""
    session.rollback()
    session.expunge_all()
    whole: Any = db.engines[None]
    point = whole.begin_nested()
    try:
        yield
    finally:
        session.rollback()
        session.expunge_all()
        point.rollback()
