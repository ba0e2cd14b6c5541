"""One dossier from the citizen's home page to his rating, through six people and six roles,
on a real procedure (1.013932, Sở Nội vụ) with its real internal process."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import walk
from tests.browser.conftest import ROOT, Product, environment_of, run_outbox

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
APPLICANT = "congdan2"
SUBJECT = "Tra cứu tài liệu lưu trữ về đất ở"


def test_from_submission_to_rating(
    product: Product, open_as: Callable[..., Page], tmp_path: Path
) -> None:
    citizen = open_as(APPLICANT)
    code = walk.apply(citizen, "su dung tai lieu luu tru", SUBJECT, walk.paper(tmp_path, "phieu.pdf"))
    _acknowledged(citizen, product, code)

    desk = open_as("canbo.trungtam")
    desk.goto("/work?tab=reception")
    _ask_for_a_supplement(desk, code)
    _answer(citizen, code, walk.paper(tmp_path, "bo-sung.pdf"))
    walk.act(desk, code, "accept")
    expect(desk.locator("main")).to_contain_text("Hẹn trả")
    walk.act(desk, code, "start")

    for username in ("lanhdaophong.sonoivu",):
        walk.finish_step(open_as(username), code)
    specialist = open_as("chuyenvien.sonoivu")
    _draft(specialist, code)
    walk.finish_step(specialist, code)
    walk.finish_step(open_as("lanhdao.sonoivu"), code)
    walk.finish_step(open_as("vanthu.sonoivu"), code)

    _receive_and_rate(citizen, code)
    _public_lookup(open_as(), code)
    run_outbox(product)
    _letters_say_it(citizen, product, code)
    _notices(citizen, code)
    _audited(open_as("thanhtra.hue"), code)
    _history_is_whole(product)


def _acknowledged(page: Page, product: Product, code: str) -> None:
    address = page.get_by_role("link", name="PDF").first.get_attribute("href")
    data = page.request.get(f"{product.url}{address}").body()
    assert code in walk.pdf_text(data)
    assert SUBJECT not in walk.pdf_text(data)
    assert walk.pdf_qr(data) == [f"{product.url}/tra-cuu/{code}"]
    page.goto("/my/")
    assert page.get_by_text(code).count() == 1  # sent by a double click


def _ask_for_a_supplement(page: Page, code: str) -> None:
    page.goto(f"/dossier/{code}")
    page.locator("#fold-ask_supplement > summary").click()
    form = page.locator("#act-ask_supplement")
    form.locator("input[name=component]").first.check()
    form.locator("summary", has_text="Nội dung cần sửa").click()
    form.locator("input[name=field][value=noi_dung]").check()
    form.get_by_label("thiếu").fill("Đề nghị ghi rõ số tờ bản đồ và nộp lại phiếu đăng ký có chữ ký.")
    walk.press(page, "ask_supplement")
    expect(page.locator("main")).to_contain_text("Yêu cầu bổ sung")


def _answer(page: Page, code: str, file: Path) -> None:
    page.goto(f"/my/{code}")
    expect(page.locator(".todo-box")).to_contain_text("số tờ bản đồ")
    page.locator(".todo-box a").click()
    assert page.get_by_label("Việc đề nghị giải quyết").count() == 0  # only what was asked
    page.get_by_label("Nội dung chi tiết").fill("Tờ bản đồ số 12, thửa 45, phường Phú Hậu.")
    page.locator("input[type=file]").first.set_input_files(file)
    expect(page.locator("[data-upload-list] .upload-item")).to_have_count(1)
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Gửi bổ sung").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator("main")).to_contain_text("Đã gửi, chờ cơ quan tiếp nhận")


def _draft(page: Page, code: str) -> None:
    page.goto(f"/dossier/{code}")
    expect(page.locator("main")).to_contain_text("Tờ bản đồ số 12, thửa 45")
    if page.locator("#act-claim").count():
        walk.act(page, code, "claim")
    if not page.locator("#act-draft").is_visible():
        page.locator("#fold-draft summary").click()
    page.locator("#act-draft textarea[name=content]").fill(
        "Đồng ý cho ông/bà sử dụng tài liệu lưu trữ tại phòng đọc.\nThời gian: trong giờ hành chính."
    )
    walk.press(page, "draft")


def _receive_and_rate(page: Page, code: str) -> None:
    page.goto(f"/my/{code}")
    page.get_by_role("button", name="Nhận kết quả").click()
    page.wait_for_load_state("networkidle")
    page.goto(f"/my/{code}")
    address = page.locator("a[href^='/results/']").first.get_attribute("href")
    result = page.request.get(page.url.split("/my/")[0] + address).body()
    text = walk.pdf_text(result)
    assert "Đồng ý cho ông/bà sử dụng tài liệu lưu trữ" in text
    assert "SỞ NỘI VỤ" in text.upper()
    assert walk.pdf_qr(result)[0].endswith(f"/tra-cuu/{code}")
    page.goto(f"/my/{code}/danh-gia")
    page.locator("input[name=score][value='5']").check()
    for name in page.eval_on_selector_all(
        "main form input[type=radio]", "inputs => [...new Set(inputs.map(i => i.name))]"
    ):
        page.locator(f"input[name='{name}'][value='5']").check()
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_load_state("networkidle")
    page.goto(f"/my/{code}")
    expect(page.locator("main")).to_contain_text("5/5")


def _public_lookup(page: Page, code: str) -> None:
    page.goto("/tra-cuu")
    page.get_by_label("Mã hồ sơ").first.fill(f" {code.lower()} ")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url.upper().endswith(f"/TRA-CUU/{code}"))
    expect(page.locator("main")).to_contain_text("Đã trả kết quả")
    shown = page.locator("main").inner_text()
    for secret in ("Nguyễn Thị Ngọc Lan", "046195990002", "thửa 45", SUBJECT):
        assert secret not in shown


def _letters_say_it(page: Page, product: Product, code: str) -> None:
    page.goto(f"/my/{code}")
    texts = [" ".join(walk.pdf_text(data).upper().split()) for data in walk.letters(page)]
    forms = {"MẪU SỐ 01": "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ", "MẪU SỐ 02": "PHIẾU YÊU CẦU BỔ SUNG"}
    for form, title in forms.items():
        assert [title in text for text in texts if form in text] == [True]  # one per cause


def _notices(page: Page, code: str) -> None:
    page.goto("/notices")
    shown = page.locator("main").inner_text()
    assert shown.count(code) >= 4  # sent, supplement asked, accepted, result ready


def _audited(page: Page, code: str) -> None:
    page.goto(f"/audit/dossier/{code}")
    shown = page.locator("main").inner_text()
    for name in ("Nguyễn Thị Ngọc Lan", "Nguyễn Diệu Linh"):
        assert name in shown


def _history_is_whole(product: Product) -> None:
    command = [sys.executable, "-m", "app.cli", "history", "verify"]
    done = subprocess.run(command, cwd=ROOT, env=environment_of(product), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
