"""What the papers about money need: what was taken, what was paid back (see ``data``)."""

from typing import NotRequired

from app.documents.parts import Amount, Head, Moment, Signer


class ChargeReceipt(Head):
    """Biên lai thu phí, lệ phí as recorded at the counter: not a tax voucher."""

    payer: str
    lines: list[Amount]
    paid_at: Moment
    method: str  # "Tiền mặt"
    cashier: str
    address: NotRequired[str]
    tax_code: NotRequired[str]  # of the collecting agency
    template: NotRequired[str]  # mẫu số
    symbol: NotRequired[str]  # ký hiệu
    copy_name: NotRequired[str]  # "Liên 2: Giao người nộp"
    procedure: NotRequired[str]
    note: NotRequired[str]


class RefundSlip(Head):
    """Phiếu hoàn phí, lệ phí: what of which receipt was paid back, to whom, why, on whose word."""

    payer: str
    receiver: str
    lines: list[Amount]
    reason: str
    method: str
    decision: str  # the decision or voucher it rests on
    cashier: str
    signer: Signer
    paid_back_at: Moment
    address: NotRequired[str]
    procedure: NotRequired[str]
    receipt_number: NotRequired[str]  # of what had been paid
    paid_at: NotRequired[Moment]
    paid: NotRequired[str]  # "50.000 đồng" on that receipt
