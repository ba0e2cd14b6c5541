"""The pieces letters are made of: heads, persons, rows, signatures.

Keys ending in ``_at`` are instants (aware ``datetime`` or ISO text; a plain date is shown without
an hour), keys ending in ``_on`` are civil dates (``date`` or ISO text), ``amount`` is whole đồng.
All other text is printed as it is: it is data, never markup. Letter texts are Vietnamese.
"""

from datetime import date, datetime
from typing import Literal, NotRequired, TypedDict

FormSet = Literal["tt01_2018", "tt03_2025"]
Day = date | str
Moment = datetime | date | str


class Wording(TypedDict):
    """The office's own texts of a letter (``wording``), kept with it: a later edition changes nothing."""

    edition: int
    blocks: dict[str, str]


class Head(TypedDict):
    """The head and foot that every print shares (NĐ 30/2020, Phụ lục I)."""

    agency: str  # printed bold under its parent, e.g. "Trung tâm Phục vụ hành chính công"
    place: str  # "Huế"
    issued_on: Day
    parent_agency: NotRequired[str]  # cơ quan chủ quản
    number: NotRequired[str]  # whole number and symbol, e.g. "123/TNHS"; empty leaves dots
    code: NotRequired[str]  # dossier code
    lookup_url: NotRequired[str]  # goes into the QR and the foot
    hotline: NotRequired[str]
    form_set: NotRequired[FormSet]  # default tt03_2025
    wording: NotRequired[Wording]  # default the built-in texts


class Person(TypedDict):
    """Who the letter is about; addressed as ông/bà."""

    applicant: str
    address: NotRequired[str]
    phone: NotRequired[str]
    email: NotRequired[str]
    id_number: NotRequired[str]


class Paper(TypedDict):
    """One row of the component table; quantities are pieces, 0 or absent prints a dash."""

    name: str
    originals: NotRequired[int]  # bản chính
    certified: NotRequired[int]  # bản sao chứng thực, sao y
    photos: NotRequired[int]  # bản chụp
    electronic: NotRequired[int]  # bản điện tử
    note: NotRequired[str]


class Amount(TypedDict):
    """One line of money."""

    name: str
    amount: int
    kind: NotRequired[Literal["phi", "le_phi"]]


class Request(TypedDict):
    """One thing that the applicant has to complete."""

    name: str
    request: NotRequired[str]


class Signer(TypedDict):
    """The signature block. ``image`` is PNG or JPEG (bytes or base64) and only a picture."""

    name: str
    title: str  # e.g. "CHỦ TỊCH"; printed in capitals
    authority: NotRequired[list[str]]  # lines above, e.g. ["TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH"]
    image: NotRequired[bytes | str]
    approved_at: NotRequired[Moment]  # prints the line "approved in the system at …"


class Drawn(TypedDict):
    """A signature drawn on the screen: PNG as bytes, base64 or data: address."""

    image: bytes | str


class Handover(TypedDict):
    """One leg of the dossier's way."""

    giver_unit: str
    receiver_unit: str
    handed_at: Moment
    giver: NotRequired[str]
    receiver: NotRequired[str]
    taken_at: NotRequired[Moment]
    outcome: NotRequired[Literal["early", "on_time", "late"]]
    note: NotRequired[str]


class RegisterRow(TypedDict):
    """One dossier in the book; the serial number is the row's place unless given."""

    code: str
    procedure: str
    applicant: str
    serial: NotRequired[str]
    sets: NotRequired[int]
    contact: NotRequired[str]  # address, phone
    lead_agency: NotRequired[str]
    received_on: NotRequired[Day]
    due_on: NotRequired[Day]
    transferred_on: NotRequired[Day]
    result_on: NotRequired[Day]
    returned_on: NotRequired[Day]
    return_way: NotRequired[str]
    signature: NotRequired[str]
    note: NotRequired[str]


class UploadedPaper(TypedDict):
    """One paper as it was sent."""

    name: str
    file: NotRequired[str]
    note: NotRequired[str]


class ReturnedPaper(TypedDict):
    """One result document handed over."""

    name: str
    number: NotRequired[str]
    summary: NotRequired[str]
    issued_on: NotRequired[Day]
    quantity: NotRequired[int]


class Field(TypedDict):
    """A label with its value; lists print one under another, booleans as có/không."""

    label: str
    value: NotRequired[str | int | float | bool | list[str] | None]


class Table(TypedDict):
    """A small table of texts; every row has as many cells as there are columns."""

    columns: list[str]
    rows: list[list[str | int | float | bool | None]]
    title: NotRequired[str]


class Difference(TypedDict):
    """What changes in one part of a procedure, in sentences."""

    title: str
    sentences: list[str]


class Change(TypedDict):
    """One procedure of an annex: what becomes of it, and how it differs from before."""

    code: str
    name: str
    what: str  # "mới ban hành", "được sửa đổi, bổ sung", "bị bãi bỏ"
    before: NotRequired[str]  # which version it is compared with
    parts: NotRequired[list[Difference]]
    note: NotRequired[str]


class Section(TypedDict):
    """One part of a printed form."""

    title: str
    rows: NotRequired[list[Field]]
    tables: NotRequired[list[Table]]


class Conversion(TypedDict):
    """Who turned the electronic original into paper, and when (NĐ 45/2020 Đ18.2, QN20 Đ19)."""

    system: str  # "Hệ thống thông tin giải quyết thủ tục hành chính thành phố Huế"
    owner: str  # the agency that runs it
    converted_at: Moment
    identifier: str  # to look the original up
    officer: NotRequired[str]
