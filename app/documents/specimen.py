"""Made-up data to look at a letter with: every field of every kind filled, nobody's dossier."""

from typing import Any, get_type_hints

from app.documents.data import KINDS
from app.documents.wording import BLOCKS

_CODE = "H57.00-260727-0152"
_UNIT = "Trung tâm Phục vụ hành chính công"
_RECEIVED, _DUE = "2026-07-27T08:15:00+07:00", "2026-08-03T16:30:00+07:00"
_EVERYTHING: dict[str, Any] = {
    "agency": _UNIT, "parent_agency": "Ủy ban nhân dân phường Phú Xuân", "place": "Huế", "number": "152/VD",
    "code": _CODE, "lookup_url": f"https://dichvucong.example.vn/tra-cuu/{_CODE}", "hotline": "1900 1075",
    "applicant": "Nguyễn Thị Hồng Hạnh", "addressee": "Bà Nguyễn Thị Hồng Hạnh", "owner": "Nguyễn Thị Hồng Hạnh",
    "payer": "Nguyễn Thị Hồng Hạnh", "address": "Số 12 đường Lê Lợi, phường Phú Xuân, thành phố Huế",
    "phone": "0905 123 456", "email": "honghanh@example.vn", "id_number": "046190001234",
    "desk": _UNIT, "procedure": "Thủ tục đăng ký khai sinh", "procedure_code": "1.001193",
    "components": [{"name": "Tờ khai đăng ký khai sinh", "originals": 1},
                   {"name": "Giấy chứng sinh", "certified": 1, "electronic": 1}],
    "papers": [{"name": "Giấy khai sinh", "file": "giay-chung-sinh.pdf", "number": "215/2026",
                "summary": "Trần Nguyễn Bảo An", "issued_on": "2026-08-03", "quantity": 1}],
    "items": [{"name": "Giấy chứng sinh", "request": "Bản chụp bị mờ, đề nghị chụp lại rõ cả bốn góc"}],
    "received_at": _RECEIVED, "submitted_at": _RECEIVED, "counted_from_at": _RECEIVED, "due_at": _DUE,
    "decide_by_at": _DUE, "new_due_at": "2026-08-10T16:30:00+07:00", "returned_at": _DUE, "paid_at": _RECEIVED,
    "answer_by_on": "2026-08-14", "stopped_on": "2026-07-31", "from_on": "2026-07-01", "to_on": "2026-07-31",
    "time_limit": "05 ngày làm việc", "return_place": _UNIT, "officer": "Trần Văn Bình", "cashier": "Võ Thị Lan",
    "sets": 1, "fees": [{"name": "Lệ phí đăng ký khai sinh", "amount": 8000, "kind": "le_phi"}],
    "lines": [{"name": "Lệ phí đăng ký khai sinh", "amount": 8000, "kind": "le_phi"}], "method": "Tiền mặt",
    "decision": "12/QĐ-TTPVHCC", "receipt_number": "0000123/2026", "paid": "8.000 đồng", "paid_back_at": _DUE,
    "copy_name": "Liên 2: Giao người nộp", "reason": "Giấy tờ còn thiếu, cần xác minh tại nơi cư trú.",
    "legal_basis": "Nghị định số 61/2018/NĐ-CP", "consequence": "Lệ phí đã nộp được hoàn trả theo quy định.",
    "contact_phone": "0234 3 822 999", "receiver": "Nguyễn Thị Hồng Hạnh", "receiver_relation": "Chủ hồ sơ",
    "way": "Trực tiếp tại quầy", "handling_agency": "Ủy ban nhân dân phường Phú Xuân",
    "signer": {"name": "Phan Văn Định", "title": "Giám đốc", "approved_at": _RECEIVED},
    "handovers": [{"giver_unit": _UNIT, "giver": "Trần Văn Bình", "receiver_unit": "Phòng Tư pháp",
                   "receiver": "Lê Thị Mai", "handed_at": _RECEIVED, "taken_at": _RECEIVED, "outcome": "on_time"}],
    "rows": [{"code": _CODE, "procedure": "Thủ tục đăng ký khai sinh", "applicant": "Nguyễn Thị Hồng Hạnh",
              "contact": "Số 12 đường Lê Lợi; 0905 123 456", "lead_agency": "UBND phường Phú Xuân",
              "received_on": "2026-07-27", "due_on": "2026-08-03", "transferred_on": "2026-07-27"}],
}  # fmt: skip


def specimen(kind: str, form_set: str, texts: dict[str, str], issued_on: str) -> tuple[str, dict[str, Any]]:
    """Return the kind of letter and the data that show ``texts`` of a kind of wording; KeyError for an unknown one."""
    if kind not in BLOCKS:
        raise KeyError(kind)
    letter, _slash, cause = kind.partition("_") if kind.startswith("apology_") else (kind, "", "")
    known = get_type_hints(KINDS[letter])
    data = {key: value for key, value in _EVERYTHING.items() if key in known}
    if cause:
        data["cause"] = cause
    return letter, data | {"form_set": form_set, "issued_on": issued_on, "wording": {"edition": 0, "blocks": texts}}
