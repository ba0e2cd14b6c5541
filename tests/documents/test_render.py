"""Every kind of letter, drawn and read again."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pypdfium2 as pdfium
import pytest
import zxingcpp
from PIL import Image

from app.documents import titles
from app.documents.data import KINDS, problems
from app.documents.prepare import clean
from app.documents.qr import qr_png
from app.documents.render import TEMPLATES, render
from app.errors import Invalid

from .samples import CODE, FULL, MINIMAL, URL

# What must be readable on the full print of each kind.
SAYS: dict[str, list[str]] = {
    "receipt_slip": [
        "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ", "Mẫu số 01 – Thông tư số 03/2025/TT-VPCP",
        "Số: 152/TNHS", "Nguyễn Thị Hồng Hạnh", "0905 123 456", "honghanh@example.vn", "1.001193",
        "Số lượng hồ sơ: 2 (bộ)", "05 ngày làm việc", "08 giờ 15 phút, ngày 27 tháng 11 năm 2026",
        "16 giờ 30 phút, ngày 04 tháng 12 năm 2026", "24.000 đồng", "quyển số: 02/2026",
        "Số thứ tự: 0152", "NGƯỜI NỘP HỒ SƠ", "NGƯỜI TIẾP NHẬN HỒ SƠ", "Trần Văn Bình",
        "đã đối chiếu bản chính", "Trần Văn Cường", "Huế, ngày 27 tháng 11 năm 2026"],
    "supplement": [
        "PHIẾU YÊU CẦU BỔ SUNG, HOÀN THIỆN HỒ SƠ", "Mẫu số 02", "chụp lại rõ cả bốn góc",
        "Giấy chứng sinh không đọc được.", "ngày 15 tháng 12 năm 2026", "Lê Thị Mai",
        "Mã hồ sơ không thay đổi"],
    "refusal": [
        "PHIẾU TỪ CHỐI TIẾP NHẬN GIẢI QUYẾT HỒ SƠ", "Mẫu số 03", "không thuộc phạm vi tiếp nhận",
        "điểm c khoản 1 Điều 17"],
    "apology": [
        "VĂN BẢN XIN LỖI VÀ ĐỀ NGHỊ GIA HẠN THỜI GIAN GIẢI QUYẾT", "Mẫu số 04",
        "16 giờ 30 phút, ngày 04 tháng 12 năm 2026", "ngày 11 tháng 12 năm 2026", "Chờ xác minh",
        "giải quyết thủ tục đăng ký khai sinh", "KT. CHỦ TỊCH", "Phan Văn Định"],
    "stop": [
        "THÔNG BÁO DỪNG GIẢI QUYẾT HỒ SƠ", "Mẫu số 05", "ngày 01 tháng 12 năm 2026",
        "đề nghị rút hồ sơ", "Lệ phí đã nộp được hoàn trả"],
    "control_slip": [
        "PHIẾU KIỂM SOÁT QUÁ TRÌNH GIẢI QUYẾT HỒ SƠ", "Mẫu số 06", "Đúng hạn", "Trước hạn",
        "Công an phường Thuận Hóa", "09:00 ngày"],
    "register": [
        "SỔ THEO DÕI HỒ SƠ", "Mẫu số 07", "Từ ngày 01/11/2026 đến ngày 30/11/2026",
        "Tổng số: 14 hồ sơ", "Một cửa"],
    "acknowledgement": [
        "GIẤY XÁC NHẬN GỬI HỒ SƠ TRỰC TUYẾN", "giay-chung-sinh.pdf",
        "chậm nhất vào 16 giờ 30 phút, ngày 04 tháng 12 năm 2026", "07 giờ 00 phút"],
    "charge_receipt": [
        "BIÊN LAI THU PHÍ, LỆ PHÍ", "PHIẾU GHI NHẬN THU TẠI QUẦY", "8.000", "16.000", "24.000",
        "Hai mươi bốn nghìn đồng.", "Liên 2: Giao người nộp", "3300100000", "Võ Thị Lan"],
    "refund_slip": [
        "PHIẾU HOÀN PHÍ, LỆ PHÍ", "HT000001/2026", "số 0000123/2026", "số tiền 24.000 đồng", "24.000",
        "Hai mươi bốn nghìn đồng.", "12/QĐ-TTPVHCC", "Lý do: Dừng giải quyết", "Võ Thị Lan", "KT. CHỦ TỊCH"],
    "return_receipt": [
        "GIẤY BIÊN NHẬN TRẢ KẾT QUẢ", "215/2026", "Người được ủy quyền", "0914 222 333"],
    "result_letter": [
        "QUYẾT ĐỊNH", "Về việc cho phép thay đổi hộ tịch", "1204/QĐ-UBND", "Căn cứ Luật Hộ tịch",
        "- Lưu: VT, hồ sơ.", "Đã duyệt trên hệ thống lúc 10:05 ngày 03/12/2026",
        "VĂN BẢN CHUYỂN ĐỔI TỪ BẢN ĐIỆN TỬ", "Ủy ban nhân dân thành phố Huế"],
    "form_print": [
        "TỜ KHAI ĐĂNG KÝ KHAI SINH", "I. Người yêu cầu", "II. Người được khai sinh",
        "Trần Nguyễn Bảo An", "Đề nghị cấp bản sao: Có", "Trần Nguyễn Bảo Minh", "cam đoan"],
    "annex": ["PHỤ LỤC", "1. Thủ tục đăng ký khai sinh", "so với phiên bản 1", "a) Nội dung", "“03 ngày”",
              "b) Phí, lệ phí", "2. Cấp bản sao trích lục", "Bãi bỏ", "Không còn áp dụng."],
    "guidance": ["PHIẾU HƯỚNG DẪN", "Mang theo bản chính", "Không thu", "0234 3 822 999"],
}  # fmt: skip
# Signs that mean something in typst markup or code.
MARKUP = '#import "letter.typ": * #panic("x") $x^2$ *b* _i_ `c` <l> @ref \\ // /* = H [a] -- ~ "q"'


def pages(pdf: bytes) -> list[str]:
    """Return the text of each page, runs of space as one."""
    with pdfium.PdfDocument(pdf) as document:
        texts = [document[n].get_textpage().get_text_range() for n in range(len(document))]
    return [re.sub(r"\s+", " ", text) for text in texts]


def text_of(pdf: bytes) -> str:
    return " ".join(pages(pdf))


def codes_on_first_page(pdf: bytes) -> list[Any]:
    with pdfium.PdfDocument(pdf) as document:
        return list(zxingcpp.read_barcodes(document[0].render(scale=2).to_pil()))


def test_every_kind_has_samples_and_a_template() -> None:
    assert set(KINDS) == set(SAYS) == set(FULL) == set(MINIMAL)
    assert set(KINDS) == {path.stem for path in TEMPLATES.glob("*.typ")} - {"letter"}


@pytest.mark.parametrize("kind", KINDS)
def test_full_letter_says_what_it_must(kind: str) -> None:
    text = text_of(render(kind, FULL[kind]))
    if kind != "annex":  # it follows its decision, which has them
        assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in text
        assert "Độc lập - Tự do - Hạnh phúc" in text
    assert f"Tra cứu tại: {URL}" in text
    for phrase in SAYS[kind]:
        assert phrase in text


@pytest.mark.parametrize("kind", KINDS)
def test_minimal_letter_is_one_page_without_leftovers(kind: str) -> None:
    (text,) = pages(render(kind, MINIMAL[kind]))
    assert (titles.title(kind) or MINIMAL[kind]["title"]).upper() in text
    for leftover in ("none", "auto", "Mã hồ sơ:", "Tra cứu", "()"):
        assert leftover not in text


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("register", "annex")])
def test_full_letter_fits_one_page_with_its_signatures(kind: str) -> None:
    assert len(pages(render(kind, FULL[kind]))) == 1


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("register", "annex")])
def test_qr_at_the_lower_left_leads_to_the_dossier(kind: str) -> None:
    (code,) = codes_on_first_page(render(kind, FULL[kind]))
    assert code.text == URL
    corner = code.position.bottom_right
    assert corner.x < 595 * 2 / 3
    assert corner.y > 842 * 2 * 0.8


@pytest.mark.parametrize("kind", KINDS)
def test_same_data_gives_identical_bytes(kind: str) -> None:
    first = render(kind, FULL[kind])
    assert render(kind, dict(reversed(FULL[kind].items()))) == first
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: render(kind, FULL[kind]), range(4))) == {first}


def test_letters_are_archive_pdf_named_after_the_dossier() -> None:
    pdf = render("receipt_slip", FULL["receipt_slip"])
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    with pdfium.PdfDocument(pdf) as document:
        assert document.get_metadata_value("Title").endswith(CODE)
        assert document.get_metadata_value("CreationDate").startswith("D:20261127")


@pytest.mark.parametrize("kind", sorted(titles.FORMS["tt01_2018"]))
def test_forms_of_2018_keep_their_number_and_title(kind: str) -> None:
    text = text_of(render(kind, {**FULL[kind], "form_set": "tt01_2018"}))
    number = titles.form_number(kind, "tt01_2018")
    assert titles.title(kind, "tt01_2018").upper() in text
    assert ("Mẫu số" in text) is (number is not None)
    if number:
        assert f"Mẫu số {number} – Thông tư số 01/2018/TT-VPCP" in text


def test_apology_has_three_causes() -> None:
    guidance = {**MINIMAL["apology"], "cause": "guidance", "due_at": None, "new_due_at": None}
    text = text_of(render("apology", guidance))
    assert "THƯ XIN LỖI" in text
    assert "hướng dẫn chưa đầy đủ" in text
    assert "Mẫu số" not in text
    extension = text_of(render("apology", {**MINIMAL["apology"], "cause": "extension"}))
    assert "đề nghị được gia hạn" in extension
    assert "chưa trả kết quả" in text_of(render("apology", MINIMAL["apology"]))


def _with_text(value: Any, text: str) -> Any:
    """Return ``value`` with ``text`` behind every free text in it."""
    if isinstance(value, dict):
        fixed = ("form_set", "cause", "outcome", "kind", "image", "lookup_url")
        return {
            key: item if key in fixed or key.endswith(("_at", "_on")) else _with_text(item, text)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_with_text(item, text) for item in value]
    return f"{value} {text}" if isinstance(value, str) else value


@pytest.mark.parametrize("kind", KINDS)
def test_what_people_type_is_never_markup(kind: str) -> None:
    text = text_of(render(kind, _with_text(FULL[kind], MARKUP)))
    squeezed = text.replace(" ", "").upper()
    assert squeezed.count(MARKUP.replace(" ", "").upper()) > 3


@pytest.mark.parametrize("word", ["W" * 400, "-" * 400, "https://example.vn/" + "a-b" * 130])
@pytest.mark.parametrize("kind", KINDS)
def test_endless_words_stay_on_the_page(kind: str, word: str) -> None:
    with pdfium.PdfDocument(render(kind, _with_text(MINIMAL[kind], word))) as document:
        for page in document:
            width, _ = page.get_size()
            drawn = page.get_textpage()
            rights = [drawn.get_charbox(n)[2] for n in range(drawn.count_chars())]
            assert max(rights) < width - 10


def test_long_words_are_copied_without_hidden_signs() -> None:
    text = text_of(render("receipt_slip", {**FULL["receipt_slip"], "address": "X" * 200}))
    assert "\u200b" not in text
    assert "X" * 30 in text


@pytest.mark.parametrize("name", ["😀 Hạnh", "שלום", "مرحبا", "漢字", "Ha\u0323nh"])
def test_signs_without_a_font_do_not_stop_a_letter(name: str) -> None:
    pdf = render("receipt_slip", {**FULL["receipt_slip"], "applicant": name})
    assert "Trần Văn Bình" in text_of(pdf)


def test_hidden_controls_are_taken_out() -> None:
    assert clean("a\x00b\u202ec\r\nd\te\u200b") == "abc\nd e"


def test_sixty_components_run_over_pages_with_repeated_heads() -> None:
    rows = [{"name": f"Giấy tờ số {n}", "originals": n} for n in range(1, 61)]
    sheets = pages(render("receipt_slip", {**FULL["receipt_slip"], "components": rows}))
    assert len(sheets) > 1
    assert all("Bản chính" in sheet for sheet in sheets[:2])
    assert sheets[1].lstrip().startswith("2 ")
    assert "Giấy tờ số 60" in " ".join(sheets)


@pytest.mark.parametrize("kind", KINDS)
def test_each_missing_field_is_named(kind: str) -> None:
    for key in KINDS[kind].__required_keys__ - {"lines", "papers", "procedures"}:  # type: ignore[attr-defined]
        assert key in problems(kind, {**MINIMAL[kind], key: None})
    assert problems(kind, MINIMAL[kind]) == {}
    assert problems(kind, FULL[kind]) == {}


def test_refusal_to_print_names_the_fields() -> None:
    broken = {**MINIMAL["apology"], "signer": {"name": ""}, "new_due_at": "mai", "due_at": None}
    with pytest.raises(Invalid) as caught:
        render("apology", broken)
    assert set(caught.value.fields) == {"signer.name", "signer.title", "new_due_at", "due_at"}
    with pytest.raises(KeyError):
        render("poem", {})


def test_faults_inside_rows_are_named() -> None:
    receipt = {**MINIMAL["charge_receipt"], "lines": [{"name": "Phí", "amount": "5k"}]}
    assert set(problems("charge_receipt", receipt)) == {"lines[0].amount"}
    assert set(problems("charge_receipt", {**receipt, "lines": []})) == {"lines"}
    assert set(problems("charge_receipt", {**receipt, "lines": "x"})) == {"lines"}
    slip = {**MINIMAL["control_slip"], "form_set": "tt99", "handovers": [3]}
    assert set(problems("control_slip", slip)) == {"form_set", "handovers[0]"}


def test_signature_must_be_a_picture() -> None:
    signer = {**MINIMAL["stop"]["signer"], "image": b"<svg onload=alert(1)>"}
    with pytest.raises(Invalid):
        render("stop", {**MINIMAL["stop"], "signer": signer})


def test_qr_png_can_be_read() -> None:
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(qr_png(URL))))
    assert code.text == URL


@pytest.mark.parametrize("count", range(14, 24))
def test_nobody_signs_a_page_without_text(count: int) -> None:
    points = [f"Điều {n}. Nội dung của điều này." for n in range(1, count + 1)]
    letter = {**MINIMAL["result_letter"], "paragraphs": points, "lookup_url": URL}
    *_, last = pages(render("result_letter", letter))
    assert f"Điều {count}." in last
    assert "Phan Văn Định" in last
