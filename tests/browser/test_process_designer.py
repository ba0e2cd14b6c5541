"""The process designer in a real browser: drawn by keyboard, saved, opened again the same."""

import pytest
from playwright.sync_api import expect

from tests.wording import vi

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_a_process_is_drawn_saved_and_opened_again_the_same(open_as):
    page = open_as("quantri.danhmuc")
    page.goto("/process-designer/")
    page.get_by_role("button", name=vi("New process")).click()
    page.fill("dialog [name=name]", "Quy trình thử bàn phím")
    page.fill("dialog [name=code]", "qt-thu-ban-phim")
    page.get_by_role("button", name=vi("Create the process")).click()
    add = page.locator("[data-add=step]")
    for name in ("Tiếp nhận", "Thẩm định", "Ký duyệt"):
        add.click()
        page.locator(".process-row textarea").last.fill(name)
    nodes = page.locator("[data-step]")
    expect(nodes).to_have_count(3)
    page.locator(".process-row textarea").nth(2).focus()
    page.keyboard.press("Alt+ArrowUp")
    names = page.locator(".process-row textarea")
    expect(names.nth(1)).to_have_value("Ký duyệt")
    page.locator(".process-row .process-number").nth(1).focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(names.nth(2)).to_have_value("Ký duyệt")
    page.locator("[data-designer-connect]").click()
    nodes.nth(0).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".process-way")).to_have_count(3)
    page.keyboard.press("Control+s")
    expect(page.locator("[data-designer-status]")).to_have_text(vi("Saved"))
    page.reload()
    expect(names.nth(1)).to_have_value("Thẩm định")
    expect(page.locator(".process-way")).to_have_count(3)
    page.locator('[data-step="b2"]').click()
    expect(names.nth(1)).to_be_focused()


def test_a_process_is_rehearsed_and_nothing_is_written(open_as):
    page = open_as("quantri.danhmuc")
    page.goto("/process-designer/?q=cap xa 05 ngay lam viec")
    page.get_by_role("link", name="Quy trình chuẩn cấp xã, thời hạn 05 ngày làm việc").click()
    page.get_by_role("link", name=vi("Rehearse")).click()
    expect(page.locator("main")).to_contain_text(vi("Nothing was written"))
    expect(page.locator("main")).to_contain_text(vi("Every dossier came to its end."))
    page.get_by_label(vi("Number of dossiers")).fill("3")
    page.get_by_role("button", name=vi("Rehearse again")).click()
    expect(page.locator("main table tbody tr")).to_have_count(3)
