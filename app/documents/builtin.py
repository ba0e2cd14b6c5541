"""The built-in words of every letter: what is printed while the office has published none of its own.

The wording follows TT 01/2018/TT-VPCP and TT 03/2025/TT-VPCP; letters are Vietnamese in every language
of the screens. The blocks a kind has are those named here; titles come from ``titles``.
"""

from app.documents import titles

_RECEIVED = (
    "{{viec_tiep_nhan}} hồ sơ đề nghị giải quyết {{thu_tuc}}, mã hồ sơ **{{ma_ho_so}}** của Ông/Bà."
)
_SORRY = "Việc này đã gây phiền hà, tốn kém chi phí, công sức của Ông/Bà."
_END = "Mong nhận được sự thông cảm của Ông/Bà./."
_COPIES = "Như trên;\nLưu: hồ sơ {{ma_ho_so}}."

BLOCKS: dict[str, dict[str, str]] = {
    "receipt_slip": {
        "opening": "", "body": "", "closing": "", "signer_left": "Người nộp hồ sơ",
        "signer": "Người tiếp nhận hồ sơ", "recipients": "",
        "notes": "Giấy này được lập thành 02 liên: một liên giao cho người nộp, một liên lưu cùng hồ sơ.",
    },
    "supplement": {
        "opening": "Đề nghị Ông/Bà bổ sung, hoàn thiện hồ sơ gồm những nội dung sau:",
        "body": "Đề nghị Ông/Bà nộp lại nội dung đã hoàn thiện trước hết **{{han_nop_lai}}**.\n"
                "Mã hồ sơ không thay đổi; Ông/Bà chỉ phải nộp những nội dung nêu trên.",
        "closing": "Trong quá trình hoàn thiện hồ sơ, nếu có vướng mắc, đề nghị Ông/Bà liên hệ với "
                   "{{nguoi_lien_he}}, số điện thoại {{so_lien_he}} để được hướng dẫn./.",
        "signer": "Người hướng dẫn", "recipients": "", "notes": "",
    },
    "refusal": {
        "opening": "Qua xem xét, {{bo_phan}} thông báo không tiếp nhận, giải quyết hồ sơ này với lý do cụ thể như sau:",
        "body": "", "closing": "Xin thông báo để Ông/Bà được biết và thực hiện./.",
        "signer_left": "Người nộp hồ sơ", "signer": "Người tiếp nhận hồ sơ", "recipients": "", "notes": "",
    },
    "apology_overdue": {
        "opening": f"{_RECEIVED}\n"
                   "Thời gian hẹn trả kết quả: **{{ngay_hen_tra}}**. Tuy nhiên, đến nay {{co_quan}} chưa trả kết quả "
                   "giải quyết hồ sơ đúng thời hạn ghi trong Giấy tiếp nhận hồ sơ và hẹn trả kết quả.",
        "body": "Lý do: {{ly_do}}\n"
                "Sự chậm trễ này đã gây phiền hà, tốn kém chi phí, công sức của Ông/Bà. Chúng tôi xin lỗi Ông/Bà "
                "về sự chậm trễ này và sẽ trả kết quả vào **{{ngay_hen_moi}}**.",
        "closing": _END, "signer": "", "recipients": _COPIES, "notes": "",
    },
    "apology_extension": {
        "opening": f"{_RECEIVED}\n"
                   "Thời gian hẹn trả kết quả: **{{ngay_hen_tra}}**. Để việc giải quyết bảo đảm đúng quy định, chúng "
                   "tôi cần thêm thời gian so với ngày hẹn ghi trong Giấy tiếp nhận hồ sơ và hẹn trả kết quả.",
        "body": "Lý do: {{ly_do}}\n"
                "Chúng tôi xin lỗi Ông/Bà vì sự chậm trễ này và đề nghị được gia hạn thời gian giải quyết; kết quả "
                "sẽ được trả vào **{{ngay_hen_moi}}**.",
        "closing": _END, "signer": "", "recipients": _COPIES, "notes": "",
    },
    "apology_guidance": {
        "opening": f"{_RECEIVED}\n"
                   "Trong quá trình hướng dẫn, chúng tôi đã hướng dẫn chưa đầy đủ, khiến Ông/Bà phải bổ sung, hoàn "
                   "thiện hồ sơ thêm lần nữa.",
        "body": f"Lý do: {{{{ly_do}}}}\n{_SORRY} Chúng tôi xin lỗi Ông/Bà và sẽ rút kinh nghiệm để không lặp lại.",
        "closing": _END, "signer": "", "recipients": _COPIES, "notes": "",
    },
    "stop": {
        "opening": _RECEIVED,
        "body": "Căn cứ {{can_cu}}\n"
                "{{co_quan}} thông báo dừng giải quyết hồ sơ nêu trên kể từ **{{ngay_dung}}**.\n"
                "Lý do: {{ly_do}}\n{{hau_qua}}",
        "closing": "Xin thông báo để Ông/Bà được biết./.", "signer": "", "recipients": _COPIES, "notes": "",
    },
    "control_slip": {
        "opening": "", "closing": "", "signer": "",
        "notes": "Dấu vết điện tử của từng lần giao nhận trên hệ thống thay cho chữ ký của người giao, người nhận.",
    },
    "register": {"opening": "", "closing": "", "signer": "", "notes": ""},
    "acknowledgement": {
        "opening": "Hệ thống đã kiểm tra về kỹ thuật và xác nhận hồ sơ sau đây đã được gửi thành công:",
        "body": "**Việc tiếp theo**\n"
                "{{bo_phan}} sẽ thông báo tiếp nhận, đề nghị bổ sung hoặc từ chối (có nêu lý do) chậm nhất vào "
                "**{{han_tra_loi}}**. Khi hồ sơ được tiếp nhận, Ông/Bà nhận được Giấy tiếp nhận hồ sơ và hẹn trả "
                "kết quả.\n"
                "Ông/Bà theo dõi hồ sơ bằng mã hồ sơ hoặc mã QR dưới đây, hoặc trong mục “Hồ sơ của tôi”.",
        "closing": "",
        "notes": "Giấy này do hệ thống lập tự động, không cần chữ ký. Đây chưa phải là Giấy tiếp nhận hồ sơ và "
                 "hẹn trả kết quả.",
    },
    "charge_receipt": {
        "opening": "", "closing": "", "signer_left": "Người nộp tiền", "signer": "Người thu tiền", "notes": "",
    },
    "refund_slip": {
        "opening": "{{co_quan}} hoàn trả khoản đã thu của hồ sơ nêu trên như sau:", "body": "Lý do: {{ly_do}}",
        "closing": "Người nhận đã kiểm tra và nhận đủ số tiền nêu trên.", "signer_left": "Người nhận tiền",
        "signer": "", "recipients": "- Như trên;\n- Lưu: kế toán, hồ sơ.", "notes": "",
    },
    "return_receipt": {
        "opening": "Đã giao, nhận các giấy tờ kết quả sau:",
        "closing": "Người nhận đã kiểm tra và nhận đủ các giấy tờ nêu trên.",
        "signer_left": "Người nhận kết quả", "signer": "Người trả kết quả", "notes": "",
    },
    "guidance": {
        "opening": "Để thực hiện thủ tục nêu trên, đề nghị Ông/Bà chuẩn bị:", "body": "",
        "closing": "Nếu có vướng mắc, đề nghị Ông/Bà liên hệ với {{can_bo}}, số điện thoại {{so_lien_he}} để được "
                   "hướng dẫn./.",
        "signer": "Người hướng dẫn", "recipients": "", "notes": "",
    },
}  # fmt: skip


def built_in(kind: str, form_set: str) -> dict[str, str]:
    """Return the built-in texts of a kind of wording in a form set, block by block in printed order."""
    if kind == "apology_guidance":
        title = titles.GUIDANCE_APOLOGY
    else:
        title = titles.title(kind.partition("_")[0] if kind.startswith("apology") else kind, form_set)
    return {"title": title, **BLOCKS[kind]}
