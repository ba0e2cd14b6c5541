"""Full and minimal data for every kind of letter. All persons are invented."""

import io
from typing import Any

from PIL import Image, ImageDraw

CODE = "H57.24-261127-0007"
URL = f"https://dichvucong.example.vn/tra-cuu/{CODE}"
PROCEDURE = "Thủ tục đăng ký khai sinh"
DESK = "Trung tâm Phục vụ hành chính công phường Thuận Hóa"
RECEIVED, DUE, NEW_DUE = (
    "2026-11-27T01:15:00+00:00", "2026-12-04T09:30:00+00:00", "2026-12-11T09:30:00+00:00",
)  # fmt: skip


def signature_png() -> bytes:
    """Return a small drawn signature."""
    picture = Image.new("RGBA", (300, 110), (255, 255, 255, 0))
    ImageDraw.Draw(picture).line(
        [(10, 80), (60, 20), (90, 95), (140, 40), (180, 85), (290, 30)], fill=(20, 40, 140), width=5
    )
    out = io.BytesIO()
    picture.save(out, format="PNG")
    return out.getvalue()


HEAD: dict[str, Any] = {"agency": DESK, "place": "Huế", "issued_on": "2026-11-27"}
FULL_HEAD: dict[str, Any] = {
    **HEAD, "parent_agency": "UBND phường Thuận Hóa", "number": "152/TNHS", "code": CODE,
    "lookup_url": URL, "hotline": "1900 1075",
}  # fmt: skip
PERSON: dict[str, Any] = {"applicant": "Nguyễn Thị Hồng Hạnh"}
FULL_PERSON: dict[str, Any] = {
    **PERSON, "address": "Số 12 đường Lê Lợi, phường Thuận Hóa, thành phố Huế",
    "phone": "0905 123 456", "email": "honghanh@example.vn", "id_number": "046190001234",
}  # fmt: skip
SIGNER: dict[str, Any] = {"name": "Phan Văn Định", "title": "Giám đốc"}
FULL_SIGNER: dict[str, Any] = {
    "authority": ["TM. Ủy ban nhân dân", "KT. Chủ tịch"], "title": "Phó Chủ tịch",
    "name": "Phan Văn Định", "image": signature_png(), "approved_at": "2026-12-03T03:05:09+00:00",
}  # fmt: skip
PAPERS = [
    {"name": "Tờ khai đăng ký khai sinh theo mẫu", "originals": 1},
    {"name": "Giấy chứng sinh; trường hợp không có Giấy chứng sinh thì nộp văn bản của người làm "
     "chứng xác nhận về việc sinh", "certified": 1, "photos": 1},
    {"name": "Thẻ căn cước công dân", "electronic": 1, "note": "đã đối chiếu bản chính"},
]  # fmt: skip
ITEMS = [
    {"name": "Giấy chứng sinh", "request": "Bản chụp bị mờ, đề nghị chụp lại rõ cả bốn góc"},
    {"name": "Mục “Nơi cư trú” của người mẹ", "request": "Ghi theo địa danh sau ngày 01/7/2025"},
]
FEES = [
    {"name": "Lệ phí đăng ký khai sinh", "amount": 8000, "kind": "le_phi"},
    {"name": "Phí cấp bản sao trích lục", "amount": 16000, "kind": "phi"},
]
HANDOVERS = [
    {"giver_unit": "Bộ phận Một cửa", "giver": "Trần Văn Bình", "receiver_unit": "Phòng Tư pháp",
     "receiver": "Lê Thị Mai", "handed_at": RECEIVED, "taken_at": "2026-11-27T02:00:00+00:00",
     "outcome": "on_time"},
    {"giver_unit": "Phòng Tư pháp", "giver": "Lê Thị Mai", "receiver_unit": "Bộ phận Một cửa",
     "receiver": "Trần Văn Bình", "handed_at": "2026-12-03T08:00:00+00:00", "outcome": "early",
     "note": "Kèm 02 bản trích lục"},
]  # fmt: skip
REGISTER_ROWS = [
    {"code": f"H57.24-261127-{n:04d}", "procedure": PROCEDURE, "applicant": "Nguyễn Thị Hồng Hạnh",
     "sets": 1, "contact": "12 Lê Lợi, phường Thuận Hóa; 0905 123 456",
     "lead_agency": "UBND phường Thuận Hóa", "received_on": "2026-11-27", "due_on": "2026-12-04",
     "transferred_on": "2026-11-27", "result_on": "2026-12-03", "returned_on": "2026-12-04",
     "return_way": "Một cửa"}
    for n in range(1, 15)
]  # fmt: skip
SECTIONS = [
    {"title": "Người yêu cầu", "rows": [
        {"label": "Họ, chữ đệm, tên", "value": "Nguyễn Thị Hồng Hạnh"},
        {"label": "Số định danh cá nhân", "value": "046190001234"},
        {"label": "Quan hệ với người được khai sinh", "value": "Mẹ đẻ"},
        {"label": "Số điện thoại khác", "value": None},
    ]},
    {"title": "Người được khai sinh", "rows": [
        {"label": "Họ, chữ đệm, tên", "value": "Trần Nguyễn Bảo An"},
        {"label": "Đề nghị cấp bản sao", "value": True},
        {"label": "Giấy tờ kèm theo", "value": ["Giấy chứng sinh", "Giấy chứng nhận kết hôn"]},
    ], "tables": [{"title": "Anh, chị, em ruột", "columns": ["Họ tên", "Năm sinh"],
                   "rows": [["Trần Nguyễn Bảo Châu", 2021], ["Trần Nguyễn Bảo Minh", 2023]]}]},
]  # fmt: skip
CONVERSION = {
    "system": "Hệ thống thông tin giải quyết thủ tục hành chính thành phố Huế",
    "owner": "Ủy ban nhân dân thành phố Huế", "converted_at": "2026-12-04T10:00:00+07:00",
    "identifier": CODE, "officer": "Trần Văn Bình",
}  # fmt: skip

MINIMAL: dict[str, dict[str, Any]] = {
    "receipt_slip": {**HEAD, **PERSON, "desk": DESK, "procedure": PROCEDURE, "components": [],
                     "received_at": RECEIVED, "due_at": DUE, "time_limit": "05 ngày làm việc",
                     "return_place": "Bộ phận Một cửa", "officer": "Trần Văn Bình"},
    "supplement": {**HEAD, **PERSON, "procedure": PROCEDURE, "items": [], "reason": "Thiếu giấy tờ",
                   "officer": "Trần Văn Bình"},
    "refusal": {**HEAD, **PERSON, "desk": DESK, "procedure": PROCEDURE, "officer": "Trần Văn Bình",
                "reason": "Không thuộc thẩm quyền"},
    "apology": {**HEAD, "addressee": "Bà Nguyễn Thị Hồng Hạnh", "procedure": PROCEDURE,
                "reason": "Chờ xác minh", "signer": SIGNER, "due_at": DUE, "new_due_at": NEW_DUE},
    "stop": {**HEAD, "addressee": "Bà Nguyễn Thị Hồng Hạnh", "procedure": PROCEDURE,
             "reason": "Ông/Bà đã đề nghị rút hồ sơ", "stopped_on": "2026-12-01", "signer": SIGNER},
    "control_slip": {**HEAD, "procedure": PROCEDURE, "handling_agency": "Phòng Tư pháp",
                     "handovers": []},
    "register": {**HEAD, "rows": []},
    "acknowledgement": {**HEAD, **PERSON, "desk": DESK, "procedure": PROCEDURE,
                        "submitted_at": RECEIVED, "decide_by_at": DUE},
    "charge_receipt": {**HEAD, "payer": "Nguyễn Thị Hồng Hạnh", "lines": FEES[:1],
                       "paid_at": RECEIVED, "method": "Tiền mặt", "cashier": "Võ Thị Lan"},
    "refund_slip": {**HEAD, "payer": "Nguyễn Thị Hồng Hạnh", "receiver": "Nguyễn Thị Hồng Hạnh", "lines": FEES[:1],
                    "reason": "Dừng giải quyết", "method": "Tiền mặt", "decision": "12/QĐ-TTPVHCC",
                    "cashier": "Võ Thị Lan", "signer": SIGNER, "paid_back_at": DUE},
    "return_receipt": {**HEAD, "procedure": PROCEDURE, "owner": "Nguyễn Thị Hồng Hạnh",
                       "receiver": "Nguyễn Thị Hồng Hạnh", "officer": "Trần Văn Bình",
                       "returned_at": DUE, "papers": [{"name": "Giấy khai sinh"}]},
    "result_letter": {**HEAD, "title": "Quyết định", "signer": SIGNER},
    "form_print": {**HEAD, "title": "Tờ khai đăng ký khai sinh", "sections": []},
    "guidance": {**HEAD, **PERSON, "desk": DESK, "procedure": PROCEDURE, "items": [],
                 "officer": "Trần Văn Bình"},
    "annex": {**HEAD, "title": "Phụ lục", "subtitle": "Kèm theo Quyết định chưa có số",
              "procedures": [{"code": "1.001193", "name": PROCEDURE, "what": "Mới ban hành"}]},
}  # fmt: skip

_EXTRA: dict[str, dict[str, Any]] = {
    "receipt_slip": {**FULL_PERSON, "components": PAPERS, "owner": "Trần Nguyễn Bảo An", "sets": 2,
                     "procedure_code": "1.001193", "fees": FEES, "book": "02/2026",
                     "serial": "0152", "submitter": "Trần Văn Cường"},
    "supplement": {**FULL_PERSON, "items": ITEMS, "contact": "Lê Thị Mai",
                   "reason": "Giấy chứng sinh không đọc được.\nNơi cư trú ghi theo địa danh cũ.",
                   "contact_phone": "0234 3 822 999", "answer_by_on": "2026-12-15"},
    "refusal": {**FULL_PERSON, "reason": "Hồ sơ không thuộc phạm vi tiếp nhận.\nĐã có kết quả "
                "giải quyết trước đây.", "legal_basis": "điểm c khoản 1 Điều 17 Nghị định "
                "số 61/2018/NĐ-CP", "submitter": "Trần Văn Cường"},
    "apology": {"received_at": RECEIVED, "signer": FULL_SIGNER},
    "stop": {"received_at": RECEIVED, "signer": FULL_SIGNER,
             "legal_basis": "đơn đề nghị rút hồ sơ ngày 30/11/2026",
             "consequence": "Lệ phí đã nộp được hoàn trả theo quy định."},
    "control_slip": {"handovers": HANDOVERS, "partner_agencies": "Công an phường Thuận Hóa",
                     "applicant": "Nguyễn Thị Hồng Hạnh", "received_at": RECEIVED, "due_at": DUE},
    "register": {"rows": REGISTER_ROWS, "from_on": "2026-11-01", "to_on": "2026-11-30",
                 "book": "02/2026"},
    "acknowledgement": {**FULL_PERSON, "papers": [
        {"name": "Giấy chứng sinh", "file": "giay-chung-sinh.pdf", "note": "(2 trang)"},
        {"name": "Thẻ căn cước công dân", "file": "IMG_20261127_081500.jpg"}],
        "procedure_code": "1.001193", "counted_from_at": "2026-11-27T00:00:00+00:00",
        "return_place": "Bộ phận Một cửa"},
    "charge_receipt": {"lines": FEES, "address": FULL_PERSON["address"], "tax_code": "3300100000",
                       "template": "01BLP", "symbol": "AA-26T", "procedure": PROCEDURE,
                       "copy_name": "Liên 2: Giao người nộp", "note": "Đã gửi qua thư điện tử"},
    "refund_slip": {"signer": FULL_SIGNER, "address": FULL_PERSON["address"], "procedure": PROCEDURE,
                    "number": "HT000001/2026", "receipt_number": "0000123/2026", "paid_at": RECEIVED,
                    "paid": "24.000 đồng", "lines": FEES},
    "return_receipt": {"papers": [
        {"name": "Giấy khai sinh", "number": "215/2026", "summary": "Trần Nguyễn Bảo An",
         "issued_on": "2026-12-03", "quantity": 1},
        {"name": "Trích lục khai sinh (bản sao)", "number": "216/TLKS-BS", "quantity": 2}],
        "officer_phone": "0234 3 822 999", "receiver": "Trần Văn Cường",
        "receiver_phone": "0914 222 333", "receiver_id_number": "046088002211",
        "receiver_relation": "Người được ủy quyền", "way": "Trực tiếp tại quầy",
        "note": "Đã đối chiếu giấy ủy quyền"},
    "result_letter": {"number": "1204/QĐ-UBND", "signer": FULL_SIGNER,
                      "summary": "Về việc cho phép thay đổi hộ tịch",
                      "addressee": "Bà Nguyễn Thị Hồng Hạnh",
                      "legal_bases": ["Căn cứ Luật Hộ tịch ngày 20 tháng 11 năm 2014;",
                                      "Xét đề nghị của Phòng Tư pháp,"],
                      "paragraphs": ["Điều 1. Cho phép thay đổi hộ tịch đối với người có tên dưới "
                                     "đây.", "Điều 2. Quyết định có hiệu lực kể từ ngày ký."],
                      "fields": SECTIONS[0]["rows"], "tables": SECTIONS[1]["tables"],
                      "recipients": ["Như Điều 2", "Lưu: VT, hồ sơ"], "conversion": CONVERSION},
    "form_print": {"sections": SECTIONS, "form_number": "TP/HT-2024-TKKS",
                   "legal_basis": "Ban hành kèm theo Thông tư số 04/2024/TT-BTP",
                   "addressee": "Ủy ban nhân dân phường Thuận Hóa", "revision": 2,
                   "applicant": "Nguyễn Thị Hồng Hạnh", "submitted_at": RECEIVED},
    "guidance": {**FULL_PERSON, "items": ITEMS, "time_limit": "01 ngày làm việc",
                 "fee_note": "Không thu", "submit_to": "Cổng Dịch vụ công hoặc Bộ phận Một cửa",
                 "contact_phone": "0234 3 822 999", "note": "Mang theo bản chính để đối chiếu."},
    "annex": {"subject": "Công bố thủ tục hành chính lĩnh vực hộ tịch", "procedures": [
        {"code": "1.001193", "name": PROCEDURE, "what": "Sửa đổi, bổ sung", "before": "phiên bản 1", "parts": [
            {"title": "Nội dung", "sentences": ["Thời hạn giải quyết: “05 ngày” thành “03 ngày”."]},
            {"title": "Phí, lệ phí", "sentences": ["Bỏ “Phí bản sao”."]}]},
        {"code": "2.000635", "name": "Cấp bản sao trích lục", "what": "Bãi bỏ", "note": "Không còn áp dụng."}]},
}  # fmt: skip
FULL = {kind: {**data, **FULL_HEAD, **_EXTRA[kind]} for kind, data in MINIMAL.items()}
