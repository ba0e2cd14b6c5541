"""The three sheets of the set-up workbook and what their headings may be called."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from app.i18n import N_
from app.models.agency import AGENCY_LEVELS
from app.models.officer import OFFICER_ROLES
from app.models.procedure_words import HANDLING_LEVELS
from app.models.process import STEP_KINDS, STEP_PLACES, STEP_ROLES
from app.permissions import Role

# A workbook of catalogs must not make administrators: only one of them may.
_ADMINS = frozenset({Role.catalog_admin, Role.system_admin})
GIVEN_ROLES = {role: word for role, word in OFFICER_ROLES.items() if role not in _ADMINS}


@dataclass(frozen=True)
class Heading:
    """One column: its name here, its label, what is noted at it, and other labels it may have."""

    key: str
    label: str
    note: str = ""
    needed: bool = False
    also: tuple[str, ...] = ()  # folded, as published tables have them
    choices: Mapping[Any, str] | None = None


@dataclass(frozen=True)
class Part:
    """One sheet. keys: the columns without which a sheet is not this one."""

    name: str
    label: str
    keys: tuple[str, ...]
    headings: tuple[Heading, ...]

    @property
    def title(self) -> str:
        """What the sheet is called."""
        return _(self.label)


H = Heading
AGENCIES = Part("agencies", N_("Agencies and officers"), ("agency", "agency_name"), (
    H("agency", N_("Agency code"), N_("Repeat it on the row of each officer."), True, ("ma co quan", "ma don vi")),
    H("agency_name", N_("Agency name"), N_("On the first row of the agency."), also=("co quan", "ten don vi")),
    H("abbreviation", N_("Abbreviation"),
      N_("Stands in the symbol of results, as in 67/KQ-UBND. Empty: the identifier code"),
      also=("ten viet tat", "chu viet tat", "viet tat")),
    H("level", N_("Level"), choices=AGENCY_LEVELS),
    H("parent", N_("Code of the parent agency"),
      N_("Empty: the agency whose code this one continues, else the province's.")),
    H("desk", N_("Code of the receiving desk"), N_("Empty: the one-stop desk that stands under it in this sheet.")),
    H("calendar", N_("Code of the working calendar"), N_("Empty: as the parent agency.")),
    H("address", N_("Address"), also=("dia chi",)),
    H("phone", N_("Phone"), also=("dien thoai", "so dien thoai")),
    H("division_name", N_("Division"), N_("The officer's division; it is added to the agency."),
      also=("phong", "phong ban")),
    H("officer", N_("Officer's full name"), also=("ho va ten", "ho ten", "ho ten can bo")),
    H("username", N_("User name"), N_("What the officer signs in with: letters without marks, digits, . _ - @."),
      also=("ten dang nhap",)),
    H("email", N_("E-mail"), also=("email", "thu dien tu")),
    H("id_number", N_("Personal identification number"),
      N_("12 digits, as text: by it nobody handles what he applied for himself. Only of officers this file adds; "
         "of others a system administrator enters it."),
      also=("so dinh danh", "so can cuoc", "so can cuoc cong dan", "so cccd", "cccd")),
    H("role", N_("Role"), choices=GIVEN_ROLES),
    H("job", N_("Job title"), also=("chuc danh", "chuc vu")),
    H("since", N_("In the post since"), N_("Empty: today."), also=("tu ngay",)),
))  # fmt: skip
PROCEDURES = Part("procedures", N_("Procedures"), ("code", "name"), (
    H("code", N_("Procedure code"), N_("As in the national database: 1.004873. Keep the column as text."), needed=True,
      also=("ma so", "ma so tthc", "ma tthc", "ma ho so tthc", "ma thu tuc hanh chinh")),
    H("name", N_("Procedure name"), needed=True,
      also=("ten", "thu tuc hanh chinh", "ten thu tuc hanh chinh", "ten tthc", "ten thu tuc")),
    H("sector", N_("Sector"), N_("A new name adds a sector. Empty: the heading row above."), also=("ten linh vuc",)),
    H("keywords", N_("Everyday words"), N_("One phrase per line, or with commas between them."),
      also=("tu khoa", "ten thuong goi")),
    H("level", N_("Handled at"), N_("Empty: as the place says, else the commune."), choices=HANDLING_LEVELS,
      also=("cap thuc hien", "cap giai quyet")),
    H("agency", N_("Code of the handling agency"), also=("co quan giai quyet", "co quan thuc hien")),
    H("limit", N_("Time limit"), N_("For example: 03 working days; same day."),
      also=("thoi han", "thoi gian giai quyet")),
    H("place", N_("Place"), also=("dia diem", "dia diem thuc hien", "noi thuc hien", "cach thuc, dia diem thuc hien")),
    H("fee", N_("Fees and charges"), N_("For example: 8.000 đồng; Fee of appraisal: 50.000 đồng."),
      also=("phi, le phi (neu co)", "phi le phi", "le phi", "phi", "phi/le phi")),
    H("fee_basis", N_("Legal basis of the fees"), N_("Of every fee of the row; each can be given its own later."),
      also=("can cu thu phi", "can cu thu phi, le phi", "van ban quy dinh phi, le phi")),
    H("papers", N_("Components of the dossier"), N_("One paper per line."),
      also=("thanh phan", "ho so", "thanh phan, so luong ho so")),
    H("subjects", N_("Who may apply"), also=("doi tuong", "doi tuong thuc hien")),
    H("steps", N_("How it is done"), also=("trinh tu", "trinh tu thuc hien")),
    H("result", N_("Result"), also=("ket qua", "ket qua thuc hien", "ket qua giai quyet")),
    H("basis", N_("Legal basis"), also=("can cu", "can cu phap ly", "co so phap ly")),
    H("process", N_("Process code"), N_("One of the sheet of processes, or one that is there already."),
      also=("ma quy trinh",)),
    H("form", N_("Form code"), N_("One of the form designer. Empty: chosen in the draft later."),
      also=("ma mau don", "mau don dien tu")),
))  # fmt: skip
PROCESSES = Part("processes", N_("Internal processes"), ("process", "step"), (
    H("process", N_("Process code"), N_("Empty: as the row above."), True, ("ma quy trinh",)),
    H("process_name", N_("Process name"), N_("On the first row of the process."), also=("ten quy trinh",)),
    H("position", N_("Order"), N_("Empty: one after the other."), also=("buoc", "stt", "thu tu", "so thu tu")),
    H("step", N_("Step"), needed=True, also=("ten buoc", "noi dung cong viec", "noi dung")),
    H("kind", N_("Kind of step"), N_("Empty: as the role does it."), choices=STEP_KINDS),
    H("role", N_("Done by"), needed=True, choices=STEP_ROLES, also=("nguoi thuc hien", "trach nhiem", "vai tro")),
    H("place", N_("Done at"), N_("Empty: desk officers at the desk, others at the agency."), choices=STEP_PLACES),
    H("limit", N_("Time of the step"), N_("In working hours, for example 1,5, or as 0,5 days, 30 minutes."), True,
      ("thoi gian", "thoi han")),
))  # fmt: skip
PARTS = (AGENCIES, PROCEDURES, PROCESSES)
