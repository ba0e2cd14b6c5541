"""Records for tests: each function flushes one record, with what it needs, and returns it.

Names and numbers count up, so that any number of records can be made; whatever matters
to a test is passed by name.
"""

from dataclasses import dataclass
from datetime import date, time
from itertools import count
from typing import Any

import sqlalchemy as sa
from werkzeug.security import generate_password_hash

from app.extensions import db
from app.models import (
    Account,
    Agency,
    CalendarDay,
    CalendarSession,
    Component,
    Division,
    DocumentType,
    Fee,
    Form,
    FormField,
    FormSection,
    OfficerPosition,
    Procedure,
    ProcedureVersion,
    Process,
    ProcessStep,
    Sector,
    User,
    UserSetting,
    WorkingCalendar,
)
from app.permissions import Role
from app.services.users import sync_roles

PASSWORD = "mat khau 123"
_PASSWORD_HASH = generate_password_hash(PASSWORD, method="pbkdf2:sha256:10")
_numbers = count(1)
# The five steps most processes of a commune have: (name, kind, role, place, minutes).
STEPS = (
    ("Tiếp nhận hồ sơ", "receive", Role.desk_officer, "desk", 120),
    ("Thẩm định hồ sơ", "work", Role.specialist, "agency", 480),
    ("Ký duyệt kết quả", "sign", Role.agency_head, "agency", 240),
    ("Vào số, đóng dấu", "number_and_seal", Role.clerk, "agency", 60),
    ("Trả kết quả", "return", Role.desk_officer, "desk", 60),
)
FIELDS = (
    {"key": "ho_ten", "label": "Họ và tên", "kind": "text", "prefill": "name", "max_length": 200},
    {"key": "so_dinh_danh", "label": "Số định danh", "kind": "personal_id", "prefill": "id_number"},
    {"key": "noi_dung", "label": "Nội dung đề nghị", "kind": "textarea", "is_required": False},
)


@dataclass(frozen=True)
class Tree:
    """A province with one department, one commune and their desks."""

    root: Agency
    centre: Agency
    department: Agency
    commune: Agency
    desk: Agency


def number() -> int:
    """Return a number not given out before."""
    return next(_numbers)


def _add(row: Any) -> Any:
    db.session.add(row)
    db.session.flush()
    return row


def make_tree() -> Tree:
    """Return the tree of this test: H57, its centre, a department, a ward and its desk."""
    root = find_agency("H57") or make_agency(
        code="H57",
        name="Ủy ban nhân dân thành phố Huế",
        level="province",
        calendar=make_calendar(),
    )
    public_centre = "Trung tâm Phục vụ hành chính công"
    centre = _branch(root, "H57.TT", f"{public_centre} thành phố Huế", "desk")
    department = _branch(root, "H57.SXD", "Sở Xây dựng", "province")
    commune = _branch(root, "H57.19753", "Ủy ban nhân dân phường Phú Xuân", "commune")
    desk = _branch(commune, "H57.19753.01", f"{public_centre} phường Phú Xuân", "desk")
    department.desk, commune.desk = centre, desk
    db.session.flush()
    return Tree(root, centre, department, commune, desk)


def _branch(parent: Agency, code: str, name: str, level: str) -> Agency:
    return find_agency(code) or make_agency(code=code, name=name, level=level, parent=parent)


def find_agency(code: str) -> Agency | None:
    """Return the agency with ``code``, or None."""
    return db.session.scalar(sa.select(Agency).where(Agency.code == code))


def make_agency(**given: Any) -> Agency:
    """Return a commune without a parent, unless told otherwise."""
    n = number()
    return _add(
        Agency(
            **{"code": f"H57.{n:05}", "name": f"Ủy ban nhân dân phường {n}", "level": "commune"}
            | given
        )
    )


def make_division(agency: Agency | None = None, **given: Any) -> Division:
    """Return a division of ``agency`` (default: the department)."""
    n = number()
    agency = agency or make_tree().department
    return _add(Division(**{"agency": agency, "code": f"P{n}", "name": f"Phòng số {n}"} | given))


def make_user(role: Role | None = None, agency: Agency | None = None, **given: Any) -> User:
    """Return an active user (password PASSWORD), posted as ``role`` at ``agency`` if given.

    Administrators, auditors and focal points stand at the root by default, officers at the
    commune. A citizen gets an account instead of a post.
    """
    n = number()
    values = {
        "username": f"user{n}",
        "first_name": "Nguyễn Văn",
        "last_name": f"An {n}",
        "email": f"user{n}@example.vn",
        "active": True,
        "password": _PASSWORD_HASH,
    }
    user = _add(User(**values | given))
    _add(UserSetting(user_id=user.id, session_version=1, failed_logins=0))
    if role is Role.citizen:
        make_account(user=user, name=user.get_full_name())
    elif role is not None:
        make_position(user, role, agency)
    sync_roles(db.session(), user, is_applicant=role is Role.citizen)
    db.session.flush()
    return user


_AT_ROOT = {Role.catalog_admin, Role.system_admin, Role.auditor, Role.control_focal_point}


def make_position(
    user: User, role: Role, agency: Agency | None = None, **given: Any
) -> OfficerPosition:
    """Return a post of ``user``, valid since the beginning of 2025."""
    if agency is None:
        tree = make_tree()
        places = {
            Role.desk_officer: tree.desk,
            Role.cashier: tree.desk,
            Role.centre_director: tree.centre,
        }
        agency = tree.root if role in _AT_ROOT else places.get(role, tree.commune)
    values = {"user": user, "agency": agency, "role": role, "valid_from": date(2025, 1, 1)}
    return _add(OfficerPosition(**values | given))


def make_account(**given: Any) -> Account:
    """Return a citizen with a valid personal number."""
    n = number()
    values = {
        "kind": "citizen",
        "name": f"Trần Thị Bình {n}",
        "id_kind": "personal_id",
        "id_number": f"046190{n:06}",
        "born_on": date(1990, 5, 17),
        "gender": "female",
        "phone": "0901234567",
        "email": f"nguoidan{n}@example.vn",
        "address": "12 Lê Lợi, phường Phú Xuân",
        "verified_level": 2,
    }
    return _add(Account(**values | given))


def make_sector(**given: Any) -> Sector:
    """Return a sector in use."""
    n = number()
    return _add(Sector(**{"code": f"linh_vuc_{n}", "name": f"Lĩnh vực {n}"} | given))


def make_document_type(**given: Any) -> DocumentType:
    """Return a kind of document that is the result of a procedure."""
    n = number()
    return _add(
        DocumentType(
            **{"code": f"giay_{n}", "name": f"Giấy xác nhận {n}", "is_result": True} | given
        )
    )


def make_form(fields: Any = FIELDS, **given: Any) -> Form:
    """Return a form of one section with ``fields``: mappings of FormField attributes."""
    n = number()
    form = Form(**{"code": f"mau_{n}", "name": f"Tờ khai {n}"} | given)
    section = FormSection(form=form, position=1, title="Thông tin người đề nghị")
    for position, values in enumerate(fields, 1):
        FormField(**{"section": section, "position": position} | dict(values))
    return _add(form)


def make_process(steps: Any = STEPS, **given: Any) -> Process:
    """Return a process of ``steps``: (name, kind, role, place, minutes)."""
    n = number()
    process = Process(**{"code": f"qt_{n}", "name": f"Quy trình nội bộ {n}"} | given)
    for position, (name, kind, role, place, minutes) in enumerate(steps, 1):
        ProcessStep(
            process=process,
            position=position,
            key=f"b{position}",
            name=name,
            kind=kind,
            role=role,
            place=place,
            working_minutes=minutes,
        )
    return _add(process)


def make_procedure(**version_values: Any) -> ProcedureVersion:
    """Return a published version of a new procedure, with form, process, papers and a fee.

    Keywords are attributes of the version; ``sector``, ``code``, ``life_events`` and ``keywords`` are of
    the procedure, ``fee`` is the amount in đồng (default 50,000; 0: none).
    """
    n = number()
    sector = version_values.pop("sector", None) or make_sector()
    code = version_values.pop("code", f"7.{n:06}")  # none that a test names itself
    fee = version_values.pop("fee", 50_000)
    name = version_values.get("name", f"Thủ tục số {n}")
    procedure = Procedure(
        code=code, name=name, sector=sector, life_events=version_values.pop("life_events", None),
        keywords=version_values.pop("keywords", None),
    )
    values = {
        "procedure": procedure,
        "number": 1,
        "state": "published",
        "name": name,
        "decision_number": "2031/QĐ-UBND",
        "decision_on": date(2025, 6, 20),
        "valid_from": date(2025, 7, 1),
        "agency_level": "commune",
        "subjects": "Công dân Việt Nam",
        "time_limit_value": 3,
        "time_limit_unit": "working_day",
        "service_level": "full",
        "result_text": "Giấy xác nhận",
        "legal_basis": "Luật Hộ tịch năm 2014",
    }
    for key, make in (
        ("form", make_form),
        ("process", make_process),
        ("result_type", make_document_type),
    ):
        if key not in version_values:
            values[key] = make()
    version = ProcedureVersion(**values | version_values)
    Component(version=version, position=1, name="Bản chính tờ khai", originals=1, copies=0)
    Component(
        version=version,
        position=2,
        name="Bản sao giấy tờ chứng minh",
        originals=0,
        copies=1,
        is_required=False,
    )
    if fee:
        Fee(version=version, position=1, name="Lệ phí giải quyết", kind="le_phi", amount=fee)
    return _add(version)


def make_calendar(**given: Any) -> WorkingCalendar:
    """Return Huế's working week (7:30–11:30, 13:30–17:30) with two days off of 2026."""
    n = number()
    values = {
        "code": f"lich_{n}",
        "name": "Lịch làm việc hành chính",
        "valid_from": date(2025, 1, 1),
    }
    calendar = WorkingCalendar(**values | given)
    for weekday in range(5):
        for start, end in ((time(7, 30), time(11, 30)), (time(13, 30), time(17, 30))):
            CalendarSession(calendar=calendar, weekday=weekday, starts_at=start, ends_at=end)
    CalendarDay(calendar=calendar, day=date(2026, 1, 1), kind="holiday", note="Tết Dương lịch")
    CalendarDay(calendar=calendar, day=date(2026, 9, 2), kind="holiday", note="Quốc khánh")
    return _add(calendar)
