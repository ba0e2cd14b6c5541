"""The steps of the main path, as a person does them; each returns what the next one needs."""

import re
from pathlib import Path

import pypdfium2
import zxingcpp
from playwright.sync_api import Page, expect

NUMBERS = re.compile(r"H57[.\d]*-\d{6}-\d{4}")


def paper(folder: Path, name: str) -> Path:
    """Return a small, real PDF to attach."""
    document = pypdfium2.PdfDocument.new()
    document.new_page(595, 842)
    path = folder / name
    document.save(path)
    return path


def apply(page: Page, procedure: str, subject: str, file: Path) -> str:
    """Find a procedure from the home page, fill in, attach, check and send; returns the code."""
    page.goto("/")
    page.get_by_role("searchbox").first.fill(procedure)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Sử dụng tài liệu lưu trữ").first.click()
    page.get_by_role("link", name="Nộp trực tuyến").first.click()
    page.get_by_role("button", name="Bắt đầu").click()
    expect(page.get_by_label("Họ và tên cá nhân")).to_have_value("Nguyễn Thị Ngọc Lan")
    page.get_by_role("button", name="Lưu và tiếp tục").click()
    page.get_by_role("button", name="Lưu và tiếp tục").click()  # nothing filled in yet
    expect(page.locator(".error-summary")).to_be_visible()
    page.get_by_label("Việc đề nghị giải quyết").fill(subject)
    page.get_by_label("Nội dung chi tiết").fill("Xem hồ sơ địa chính năm 1975 của phường Phú Hậu.")
    page.get_by_label("Tôi cam đoan").check()
    page.get_by_role("button", name="Lưu và tiếp tục").click()
    page.locator("input[type=file]").first.set_input_files(file)
    expect(page.locator(".upload-item")).to_have_count(1)
    page.get_by_role("button", name="Lưu và tiếp tục").click()
    page.get_by_label("Trên hệ thống").check()
    page.locator("input[name=consent]").check()
    page.get_by_role("button", name="Nộp hồ sơ").dblclick()
    page.wait_for_url("**/xong/**")
    return NUMBERS.search(page.locator("main").inner_text()).group()


def act(page: Page, code: str, name: str) -> None:
    """Open the dossier's page as it is now and press the button of act ``name``."""
    page.goto(f"/dossier/{code}")
    press(page, name)


def press(page: Page, name: str) -> None:
    """Press the button of act ``name`` on the open page, unfolding and confirming if need be."""
    if not page.locator(f"#act-{name}").is_visible():
        page.locator(f"#fold-{name} > summary").click()
    page.locator(f"#act-{name} button[type=submit]").click()
    dialog = page.locator("dialog[open] button[data-dialog-confirm], dialog[open] .btn-danger")
    if dialog.count():
        dialog.first.click()
    page.wait_for_load_state("networkidle")


def finish_step(page: Page, code: str) -> None:
    """Take the task if nobody holds it, then finish it."""
    page.goto(f"/dossier/{code}")
    if page.locator("#act-claim").count():
        act(page, code, "claim")
    act(page, code, "finish_step")
    expect(page.locator(".notice-danger, .alert-danger")).to_have_count(0)


def pdf_text(data: bytes) -> str:
    """Return the text of all pages."""
    document = pypdfium2.PdfDocument(data)
    return "\n".join(page.get_textpage().get_text_range() for page in document)


def pdf_qr(data: bytes) -> list[str]:
    """Return what the QR codes of the first page say."""
    picture = pypdfium2.PdfDocument(data)[0].render(scale=3).to_pil()
    return [code.text for code in zxingcpp.read_barcodes(picture)]


def letters(page: Page) -> list[bytes]:
    """Return the PDFs linked on the page, in order."""
    addresses = page.eval_on_selector_all("a[href^='/letters/']", "links => links.map(a => a.href)")
    return [page.request.get(address).body() for address in dict.fromkeys(addresses)]
