"""On a phone long lists and tables begin short; nothing is lost, everything opens by keyboard."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def height_of(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollHeight"))


def test_the_table_of_acts_opens_row_by_row(open_as: Callable[..., Page]) -> None:
    page = open_as("quantri.danhmuc", "phone")
    page.goto("/acts/")
    row = page.locator("table.fold-rows tbody tr", has_text="Từ chối tiếp nhận").first
    letter = row.locator("td[data-label='Phiếu, văn bản']")
    expect(letter).to_be_hidden()
    assert height_of(page) < 3000
    row.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(letter).to_be_visible()
    expect(row.get_by_role("button")).to_have_attribute("aria-expanded", "true")


def test_a_list_shows_its_first_rows_and_all_that_are_chosen(open_as: Callable[..., Page]) -> None:
    page = open_as("quantri.danhmuc", "phone")
    page.goto("/process/list/")
    rows = page.locator("table.first-rows tbody tr")
    expect(rows.nth(9)).to_be_visible()
    expect(rows.nth(10)).to_be_hidden()
    page.locator("[data-check-all]").check()
    expect(rows.nth(24)).to_be_visible()
    page.goto("/process-designer/")
    page.get_by_role("button", name="Xem thêm").press("Enter")
    expect(rows.nth(10).get_by_role("link")).to_be_focused()


def test_rights_fold_to_groups_that_a_search_opens(open_as: Callable[..., Page]) -> None:
    page = open_as("quantri.hethong", "phone")
    page.goto("/admin/rights/role/specialist")
    box = page.get_by_label("Hồ sơ liên thông: xem")
    expect(box).to_be_hidden()
    page.get_by_label("Tìm loại bản ghi").fill("lien thong")
    expect(box).to_be_visible()
    page.get_by_label("Tìm loại bản ghi").fill("")
    page.get_by_role("button", name="Chi tiết: Thành phần của bản ghi").press("Enter")
    expect(box).to_be_visible()
    page.get_by_role("button", name="Chi tiết: Hồ sơ").click()  # no other head lies over it
    expect(page.get_by_label("Gia hạn hồ sơ: xem")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(page.get_by_label("Cơ quan: xem")).to_be_visible()
