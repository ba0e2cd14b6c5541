"""Official titles and form numbers, by set of forms.

Sources: TT 01/2018/TT-VPCP, Phụ lục (six forms); TT 03/2025/TT-VPCP, Phụ lục I (seven forms,
in force from 15/09/2025). Kinds that are no numbered form have a title only.
"""

from typing import NamedTuple

DEFAULT_SET = "tt03_2025"
CIRCULARS = {
    "tt01_2018": "Thông tư số 01/2018/TT-VPCP",
    "tt03_2025": "Thông tư số 03/2025/TT-VPCP",
}


class Numbered(NamedTuple):
    """The number and title of one form in one set; number None: the set has no such form."""

    number: str | None
    title: str


RECEIPT = "Giấy tiếp nhận hồ sơ và hẹn trả kết quả"
SUPPLEMENT = "Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ"
REFUSAL = "Phiếu từ chối tiếp nhận giải quyết hồ sơ"
STOP = "Thông báo dừng giải quyết hồ sơ"
CONTROL = "Phiếu kiểm soát quá trình giải quyết hồ sơ"
REGISTER = "Sổ theo dõi hồ sơ"

FORMS: dict[str, dict[str, Numbered]] = {
    "tt01_2018": {
        "receipt_slip": Numbered("01", RECEIPT),
        "supplement": Numbered("02", SUPPLEMENT),
        "refusal": Numbered("03", REFUSAL),
        "apology": Numbered("04", "Phiếu xin lỗi và hẹn lại ngày trả kết quả"),
        "stop": Numbered(None, STOP),
        "control_slip": Numbered("05", CONTROL),
        "register": Numbered("06", REGISTER),
    },
    "tt03_2025": {
        "receipt_slip": Numbered("01", RECEIPT),
        "supplement": Numbered("02", SUPPLEMENT),
        "refusal": Numbered("03", REFUSAL),
        "apology": Numbered("04", "Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết"),
        "stop": Numbered("05", STOP),
        "control_slip": Numbered("06", CONTROL),
        "register": Numbered("07", REGISTER),
    },
}
OTHERS = {
    "acknowledgement": "Giấy xác nhận gửi hồ sơ trực tuyến",
    "charge_receipt": "Biên lai thu phí, lệ phí",
    "refund_slip": "Phiếu hoàn phí, lệ phí",
    "return_receipt": "Giấy biên nhận trả kết quả",
    "guidance": "Phiếu hướng dẫn",
}
# The apology for a guidance that was wrong has no form of its own (TTH17 Đ13.2, Đ14.1).
GUIDANCE_APOLOGY = "Thư xin lỗi"


def title(kind: str, form_set: str = DEFAULT_SET) -> str:
    """Return the official title of a kind; empty for kinds whose data carries the title."""
    numbered = FORMS[form_set].get(kind)
    return numbered.title if numbered else OTHERS.get(kind, "")


def form_number(kind: str, form_set: str = DEFAULT_SET) -> str | None:
    """Return the number of the form, e.g. "01", or None when the set has no such form."""
    numbered = FORMS[form_set].get(kind)
    return numbered.number if numbered else None
