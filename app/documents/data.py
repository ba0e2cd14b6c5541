"""What each letter needs: one typed dictionary per kind, checked before anything is drawn.

Titles and numbers of the forms: TT 01/2018/TT-VPCP and, from 15/09/2025, TT 03/2025/TT-VPCP;
their fields: NĐ 61/2018 Đ17–20. The pieces and the meaning of key endings are in ``parts``.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

from flask_babel import gettext as _

from app.documents.parts import (
    Amount,
    Change,
    Conversion,
    Day,
    Drawn,
    Field,
    Handover,
    Head,
    Moment,
    Paper,
    Person,
    RegisterRow,
    Request,
    ReturnedPaper,
    Section,
    Signer,
    Table,
    UploadedPaper,
)
from app.documents.receipts import ChargeReceipt, RefundSlip
from app.documents.words import to_moment


class ReceiptSlip(Head, Person):
    """Mẫu 01: Giấy tiếp nhận hồ sơ và hẹn trả kết quả."""

    desk: str
    procedure: str
    components: list[Paper]
    received_at: Moment
    due_at: Moment
    time_limit: str  # "05 ngày làm việc"
    return_place: str
    officer: str
    owner: NotRequired[str]  # chủ hồ sơ, if it is not the applicant
    procedure_code: NotRequired[str]
    sets: NotRequired[int]  # default 1
    fees: NotRequired[list[Amount]]
    fee_note: NotRequired[str]
    book: NotRequired[str]
    serial: NotRequired[str]
    submitter: NotRequired[str]  # printed under the left signature; default the applicant


class Supplement(Head, Person):
    """Mẫu 02: Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ."""

    procedure: str
    items: list[Request]
    reason: str
    officer: str
    contact: NotRequired[str]  # default the officer
    contact_phone: NotRequired[str]
    answer_by_on: NotRequired[Day]
    fees: NotRequired[list[Amount]]  # due with the answer


class Refusal(Head, Person):
    """Mẫu 03: Phiếu từ chối tiếp nhận giải quyết hồ sơ."""

    desk: str
    procedure: str
    reason: str
    officer: str
    legal_basis: NotRequired[str]
    submitter: NotRequired[str]


class Apology(Head):
    """Mẫu 04: xin lỗi và hẹn lại ngày trả / đề nghị gia hạn; or the apology for wrong guidance."""

    addressee: str
    procedure: str
    reason: str
    signer: Signer
    received_at: NotRequired[Moment]
    due_at: NotRequired[Moment]  # the date promised before
    new_due_at: NotRequired[Moment]  # required unless cause is guidance
    cause: NotRequired[Literal["overdue", "extension", "guidance"]]  # default overdue


class Stop(Head):
    """Mẫu 05 of TT 03/2025: Thông báo dừng giải quyết hồ sơ."""

    addressee: str
    procedure: str
    reason: str
    stopped_on: Day
    signer: Signer
    received_at: NotRequired[Moment]
    legal_basis: NotRequired[str]
    consequence: NotRequired[str]  # money returned, papers given back, how to apply again


class ControlSlip(Head):
    """Phiếu kiểm soát quá trình giải quyết hồ sơ (Mẫu 05 of 2018, Mẫu 06 of 2025)."""

    procedure: str
    handling_agency: str
    handovers: list[Handover]
    partner_agencies: NotRequired[str]
    applicant: NotRequired[str]
    received_at: NotRequired[Moment]
    due_at: NotRequired[Moment]


class Register(Head):
    """Sổ theo dõi hồ sơ (Mẫu 06 of 2018, Mẫu 07 of 2025), landscape."""

    rows: list[RegisterRow]
    from_on: NotRequired[Day]
    to_on: NotRequired[Day]
    book: NotRequired[str]


class Acknowledgement(Head, Person):
    """Automatic acknowledgement of an online submission (QN20 Đ12.1, NĐ 45/2020 Đ11)."""

    desk: str
    procedure: str
    submitted_at: Moment
    decide_by_at: Moment
    papers: NotRequired[list[UploadedPaper]]
    procedure_code: NotRequired[str]
    counted_from_at: NotRequired[Moment]  # official time of reception, if sent out of hours
    return_place: NotRequired[str]


class ReturnReceipt(Head):
    """Giấy biên nhận trả kết quả."""

    procedure: str
    owner: str
    receiver: str
    officer: str
    returned_at: Moment
    papers: list[ReturnedPaper]
    officer_phone: NotRequired[str]
    receiver_phone: NotRequired[str]
    receiver_id_number: NotRequired[str]
    receiver_relation: NotRequired[str]  # "Chủ hồ sơ", "Người được ủy quyền"
    receiver_signature: NotRequired[Drawn]  # drawn at the desk; else the printed slip is signed
    way: NotRequired[str]
    note: NotRequired[str]


class ResultLetter(Head):
    """The result itself: a decision, certificate, extract or written answer."""

    title: str  # tên loại: "QUYẾT ĐỊNH", "TRÍCH LỤC KHAI SINH", "VĂN BẢN TRẢ LỜI"
    signer: Signer
    summary: NotRequired[str]  # trích yếu
    addressee: NotRequired[str]
    legal_bases: NotRequired[list[str]]  # "Căn cứ …", italic, before the body
    paragraphs: NotRequired[list[str]]
    fields: NotRequired[list[Field]]
    tables: NotRequired[list[Table]]
    recipients: NotRequired[list[str]]  # Nơi nhận
    conversion: NotRequired[Conversion]  # only when printed from the electronic original


class FormPrint(Head):
    """The print of an electronic form, as the applicant filled it in."""

    title: str
    sections: list[Section]
    form_number: NotRequired[str]  # "TP/HT-2024-TKKS"
    legal_basis: NotRequired[str]
    addressee: NotRequired[str]  # kính gửi
    applicant: NotRequired[str]
    submitted_at: NotRequired[Moment]
    declaration: NotRequired[str]  # the oath above the signature; a common one is the default
    revision: NotRequired[int]


class Guidance(Head, Person):
    """Phiếu hướng dẫn: one complete guidance before anything is received (TTH17 Đ13.2)."""

    desk: str
    procedure: str
    items: list[Request]
    officer: str
    time_limit: NotRequired[str]
    fee_note: NotRequired[str]
    submit_to: NotRequired[str]  # where and how to submit
    contact_phone: NotRequired[str]
    note: NotRequired[str]


class Annex(Head):
    """Phụ lục of a publication decision: each procedure with what is new, changed or repealed (HCM24 Đ8.1)."""

    title: str  # "Phụ lục"
    subtitle: str  # "Kèm theo Quyết định số 1204/QĐ-UBND ngày 03/12/2026"
    procedures: list[Change]
    subject: NotRequired[str]  # what the decision is about


KINDS: dict[str, type] = {
    "receipt_slip": ReceiptSlip,
    "supplement": Supplement,
    "refusal": Refusal,
    "apology": Apology,
    "stop": Stop,
    "control_slip": ControlSlip,
    "register": Register,
    "acknowledgement": Acknowledgement,
    "charge_receipt": ChargeReceipt,
    "refund_slip": RefundSlip,
    "return_receipt": ReturnReceipt,
    "result_letter": ResultLetter,
    "form_print": FormPrint,
    "guidance": Guidance,
    "annex": Annex,
}
# A receipt without a line, or a return without a document, would certify nothing.
AT_LEAST_ONE = {"lines", "papers", "procedures"}


def problems(kind: str, data: Mapping[str, Any]) -> dict[str, str]:
    """Return ``{path: message}`` for what is missing or unusable; empty when it can be drawn.

    Paths look like ``signer.name`` or ``components[2].name``. Raises KeyError for an unknown kind.
    """
    found = dict(_problems(KINDS[kind], data, ""))
    if kind == "apology" and data.get("cause") != "guidance":
        found |= {key: _("is missing") for key in ("due_at", "new_due_at") if not data.get(key)}
    return found


def _problems(shape: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, Mapping):
        yield path, _("is not a group of fields")
        return
    required: frozenset[str] = shape.__required_keys__
    for key, hint in get_type_hints(shape).items():
        where = f"{path}.{key}" if path else key
        item = value.get(key)
        if item is None or item == "" or (item == [] and key in AT_LEAST_ONE):
            if key in required:
                yield where, _("is missing")
        else:
            yield from _value_problems(key, hint, item, where)


def _value_problems(key: str, hint: Any, item: Any, where: str) -> Iterator[tuple[str, str]]:
    if get_origin(hint) is list:
        yield from _list_problems(get_args(hint)[0], item, where)
    elif is_typeddict(hint):
        yield from _problems(hint, item, where)
    elif get_origin(hint) is Literal:
        if item not in get_args(hint):
            yield where, _("is not one of: %(choices)s", choices=", ".join(get_args(hint)))
    elif key.endswith(("_at", "_on")):
        if to_moment(item) is None:
            yield where, _("is not a date or time")
    elif hint is int and (not isinstance(item, int) or isinstance(item, bool)):
        yield where, _("is not a whole number")


def _list_problems(shape: Any, items: Any, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(items, list | tuple):
        yield where, _("is not a list")
        return
    if is_typeddict(shape):
        for number, item in enumerate(items):
            yield from _problems(shape, item, f"{where}[{number}]")
