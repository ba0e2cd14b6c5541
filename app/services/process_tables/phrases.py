"""What the wording of a published table means: working time, who does a step, what kind it is."""

import re
from dataclasses import dataclass

from app.models.process import StepPlace
from app.permissions import Role
from app.services.setup_workbook.words import minutes_of
from app.text import fold

# "0,5 ngày làm việc", "04 giờ", "30 phút"; days of eight hours, as decisions count them.
_TIME = re.compile(r"(\d+(?:[.,]\d+)?)\s*(ngay|gio|phut|buoi)")
_HALF_DAY = 240
_BARE = re.compile(r"\d+(?:[.,]\d+)?")
_ASIDE = re.compile(r"\([^)]*\)")
_SAME_DAY = re.compile(r"trong ngay")
_UNCOUNTED = re.compile(
    r"khong tinh|khong quy dinh|gio hanh chinh|trong thoi gian|tam dung|^-+$|^0+$"
    r"|theo (?:quy dinh|giay hen|thoi gian|phieu)"
)


@dataclass(frozen=True)
class Time:
    """A step's time: working minutes, None if it cannot be read; a bare number waits for its unit."""

    minutes: int | None = None
    number: float | None = None
    is_uncounted: bool = False  # "không tính thời gian": no time of its own


def time_of(text: str) -> Time:
    """Return the working time that a cell says."""
    plain = fold(text)
    found = _TIME.search(_ASIDE.sub(" ", plain)) or _TIME.search(plain)
    if found is not None:
        return Time(_minutes(found))
    if _BARE.fullmatch(plain):
        number = float(plain.replace(",", "."))
        return Time(number=number) if number else Time(0, is_uncounted=True)
    return Time(0, is_uncounted=True) if _UNCOUNTED.search(plain) else Time()


def _minutes(found: re.Match[str]) -> int | None:
    return minutes_of(found[0])


def total_of(text: str) -> int | None:
    """Return the working minutes a table gives as its whole, None if it gives none or several.

    What stands in brackets says the same in another unit: "168 giờ (tương đương 21 ngày)".
    """
    plain = fold(text)
    found = {_minutes(match) for match in _TIME.finditer(_ASIDE.sub(" ", plain))}
    if not found:  # "trong ngày (08 giờ)"
        found = {_minutes(match) for match in _TIME.finditer(plain)}
    if not found and _SAME_DAY.search(plain):
        return 2 * _HALF_DAY
    return found.pop() if len(found) == 1 else None


@dataclass(frozen=True)
class Doer:
    """Who does a step: a role at a place; is_applicant: the citizen, while the office waits."""

    role: Role
    place: StepPlace
    is_applicant: bool = False
    is_consulted: bool = False  # other agencies asked for their opinion


_APPLICANT = re.compile(r"^(?:nguoi (?:nop|dan|yeu cau|de nghi)|cong dan|to chuc, ca nhan|ca nhan, to chuc|nha dau tu)")
_CONSULTED = re.compile(
    r"(?:duoc|lay|xin) (?:lay |xin )?y kien|^(?:cac )?(?:co quan|don vi)(?:, don vi)? phoi hop|^co quan thue"
    r"|^cac so, (?:ban, )?nganh"
)
_DESK = re.compile(
    r"mot cua|bo phan (?:tiep )?nhan|bo phan tra|tiep nhan (?:ho so )?va tra|tn\s*(?:&|va)\s*tkq|tt\s*pvhcc"
    r"|tt\s*phuc vu|trung tam (?:phuc vu )?hanh chinh cong|trung tam phuc vu"
)
_CLERK = re.compile(r"van thu")
_DIVISION = re.compile(
    r"(?:lanh dao|truong|pho truong|pho)\s+(?:cac\s+)?(?:phong|bo phan|ban|don vi chuyen mon|van phong|chi cuc)"
    r"|chanh van phong"
)
_HEAD = re.compile(
    r"lanh dao|chu tich|giam doc|nguoi dung dau|thu truong|cuc truong|hieu truong|ky duyet"
    r"|(?:^|[;/] ?)(?:ubnd|uy ban nhan dan) (?:tinh|thanh pho|cap|xa|phuong)"
)
_OFFICER = re.compile(r"chuyen vien|cong chuc|vien chuc|can bo|to chuyen mon|thanh vien")
_PROVINCE = re.compile(
    r"(?:ubnd|uy ban nhan dan|hdnd) (?:tinh|thanh pho|tp)|van phong (?:ubnd|uy ban)(?! (?:xa|phuong|cap xa))"
    r"|phong (?:khoa giao|kgvx|noi chinh(?!.*so))"
)


def doer_of(text: str) -> Doer:
    """Return who a cell names; whoever is not recognised counts as an officer of the agency."""
    plain = fold(text).replace("*", " ").strip(" -+.")
    if _APPLICANT.search(plain):
        return Doer(Role.desk_officer, StepPlace.desk, is_applicant=True)
    first = min(
        ((found.start(), rank, role) for rank, (pattern, role) in enumerate(_RANKED)
         if (found := pattern.search(plain))),
        default=(0, 0, Role.specialist),
    )  # fmt: skip
    if _DESK.search(plain) and first[2] is Role.specialist:
        return Doer(Role.desk_officer, StepPlace.desk)
    if first[2] is Role.specialist and _CONSULTED.search(plain):
        return Doer(Role.specialist, StepPlace.agency, is_consulted=True)
    place = StepPlace.province if _PROVINCE.search(plain.partition(";")[0]) else StepPlace.agency
    return Doer(first[2], place)


_RANKED = (
    (_CLERK, Role.clerk), (_DIVISION, Role.division_head), (_HEAD, Role.agency_head), (_OFFICER, Role.specialist),
)  # fmt: skip
_SEES_TO = re.compile(r"tham muu|trinh[^.;]*(?:ubnd|uy ban nhan dan|lanh dao van phong|chu tich)")
ASSIGNS = re.compile(r"phan cong|giao (?:viec|chuyen vien|xu ly)|chuyen (?:cho )?chuyen vien")
RETURNS = re.compile(r"tra (?:va luu tru )?ket qua|tra ho so|nhan ket qua|tra giay|tra tai lieu")
RECEIVES = re.compile(r"tiep nhan|nhan ho so|nop ho so|kiem tra|huong dan")
ASKS = re.compile(
    r"^\W*(?:\d+\W+)?(?:gui (?:ho so|van ban|cong van)[^.;]{0,40} )?(?:lay|xin) y kien"
    r"|^\W*(?:\d+\W+)?phoi hop (?:voi|cung|lay|xin)"
)
PAYS = re.compile(r"nop (?:phi|le phi|tien|thue|nghia vu tai chinh)|nghia vu tai chinh|thanh toan")


def submits_to_province(content: str) -> bool:
    """Return whether a step of the province's office also holds the signing by its head."""
    return _SEES_TO.search(fold(content)) is not None
