"""What the dossiers refer to: a province like Huế, its procedures, and one user per role."""

from dataclasses import dataclass, field
from datetime import date, time

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import (
    Account,
    Agency,
    CalendarSession,
    Procedure,
    ProcedureVersion,
    Process,
    ProcessStep,
    Sector,
    User,
    WorkingCalendar,
)
from app.permissions import Role
from app.services.users import create_user

DEPARTMENTS, COMMUNES, SECTORS = 20, 40, 25
_PASSWORD = "bench mat khau 1"  # of a database that holds nothing real
# Who looks at the lists: name → (role, code of the agency of his post). The first sees all.
VIEWERS = {
    "auditor of the province": (Role.auditor, "H57"),
    "focal point of a department": (Role.control_focal_point, "H57.S07"),
    "centre director": (Role.centre_director, "H57.TT"),
    "desk officer of a commune": (Role.desk_officer, "H57.X20.01"),
    "specialist of a commune": (Role.specialist, "H57.X20"),
    "specialist of the smallest commune": (Role.specialist, "H57.X40"),
    "head of a department": (Role.agency_head, "H57.S01"),
}
# Who uses other screens than the list of dossiers.
OTHERS = {
    "system administrator": (Role.system_admin, "H57"),
    "catalog administrator": (Role.catalog_admin, "H57"),
    "desk officer of the largest commune": (Role.desk_officer, "H57.X01.01"),
}
_STEPS = (
    ("Tiếp nhận hồ sơ", "receive", Role.desk_officer, "desk", 120),
    ("Thẩm định hồ sơ", "work", Role.specialist, "agency", 480),
    ("Ký duyệt kết quả", "sign", Role.agency_head, "agency", 240),
    ("Trả kết quả", "return", Role.desk_officer, "desk", 60),
)


@dataclass
class Catalogs:
    """The ids a dossier is made of."""

    # (handling agency, its desk, how many dossiers it gets compared with the others)
    places: list[tuple[int, int, float]] = field(default_factory=list)
    versions: list[tuple[int, int, int]] = field(default_factory=list)  # version, procedure, sector
    steps: list[tuple[int, str, str, str]] = field(default_factory=list)  # id, name, kind, role
    accounts: list[int] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)


def make_catalogs(session: Session, procedures: int, accounts: int) -> None:
    """Make the catalogs, unless they are there already, and who is missing of their users; flushed."""
    if session.scalar(sa.select(Agency.id).limit(1)) is None:
        _make(session, procedures, accounts)
    give_calendar(session)
    _users(session)


def _make(session: Session, procedures: int, accounts: int) -> None:
    _agencies(session)
    process = Process(code="QT", name="Quy trình nội bộ")
    for place, (name, kind, role, where, minutes) in enumerate(_STEPS, 1):
        process.steps.append(ProcessStep(position=place, name=name, kind=kind, role=role,
                                         place=where, working_minutes=minutes))  # fmt: skip
    session.add(process)
    sectors = [Sector(code=f"LV{n:02}", name=f"Lĩnh vực số {n}") for n in range(1, SECTORS + 1)]
    session.add_all(sectors)
    for n in range(1, procedures + 1):
        name = f"Thủ tục cấp giấy xác nhận số {n}"
        procedure = Procedure(code=f"1.{n:06}", name=name, sector=sectors[n % SECTORS])
        session.add(ProcedureVersion(
            procedure=procedure, number=1, state="published", name=name, process=process,
            valid_from=date(2025, 7, 1), agency_level="commune", time_limit_value=3,
            time_limit_unit="working_day", service_level="full",
        ))  # fmt: skip
    session.add_all(Account(kind="citizen", name=f"Người nộp {n}", id_kind="personal_id",
                            id_number=f"046{n:09}") for n in range(1, accounts + 1))  # fmt: skip
    session.flush()


def give_calendar(session: Session) -> None:
    """Give the province office hours unless it has some; flushed."""
    root = session.scalars(sa.select(Agency).where(Agency.parent_id.is_(None))).one()
    if root.calendar is not None:
        return
    root.calendar = WorkingCalendar(code="bench", name="Lịch làm việc hành chính", valid_from=date(2025, 1, 1))
    for weekday in range(5):
        for begin, end in ((time(7, 30), time(11, 30)), (time(13, 30), time(17, 30))):
            root.calendar.sessions.append(CalendarSession(weekday=weekday, starts_at=begin, ends_at=end))
    session.flush()


def _agencies(session: Session) -> None:
    root = Agency(code="H57", name="Ủy ban nhân dân thành phố", level="province")
    centre = Agency(code="H57.TT", name="Trung tâm Phục vụ hành chính công", level="desk", parent=root)
    session.add_all([root, centre])
    session.flush()
    for n in range(1, DEPARTMENTS + 1):
        session.add(Agency(code=f"H57.S{n:02}", name=f"Sở chuyên ngành số {n}", level="province",
                           parent=root, desk=centre))  # fmt: skip
    session.flush()
    for n in range(1, COMMUNES + 1):
        code = f"H57.X{n:02}"
        commune = Agency(code=code, name=f"Ủy ban nhân dân phường {n}", level="commune", parent=root)
        session.add(commune)
        session.flush()
        name = f"Bộ phận một cửa phường {n}"
        desk = Agency(code=f"{code}.01", name=name, level="desk", parent=commune)
        session.add(desk)
        session.flush()
        commune.desk = desk
    session.flush()


def _users(session: Session) -> None:
    by_code = {row.code: row for row in session.scalars(sa.select(Agency))}
    known = set(session.scalars(sa.select(User.username)))
    for number, (name, (role, code)) in enumerate((VIEWERS | OTHERS).items(), 1):
        if f"bench{number}" not in known:
            create_user(session, username=f"bench{number}", name=name, email=f"bench{number}@example.vn",
                        password=_PASSWORD, agency=by_code[code], roles=(role,))  # fmt: skip
    session.flush()


def viewer(session: Session, name: str) -> User:
    """Return the user standing for ``name`` of VIEWERS or OTHERS."""
    number = [*VIEWERS, *OTHERS].index(name) + 1
    return session.scalars(sa.select(User).where(User.username == f"bench{number}")).one()


def read_catalogs(session: Session) -> Catalogs:
    """Return the ids of what ``make_catalogs`` made."""
    found = Catalogs()
    rows = session.scalars(sa.select(Agency).where(Agency.desk_id.is_not(None)).order_by(Agency.code))
    for row in rows:
        # The first of each kind have most of the work, the last nearly none.
        share = int(row.code[-2:]) ** -0.8
        found.places.append((row.id, row.desk_id or row.id, share))
        found.names[row.id] = row.name
    versions = sa.select(ProcedureVersion.id, Procedure.id, Procedure.sector_id).join(Procedure)
    found.versions = [tuple(row) for row in session.execute(versions)]  # type: ignore[misc]
    steps = sa.select(ProcessStep).order_by(ProcessStep.position)
    found.steps = [(s.id, s.name, s.kind, str(s.role)) for s in session.scalars(steps)]
    found.accounts = list(session.scalars(sa.select(Account.id)))
    return found
