"""Rows of a form in a browser: by keyboard and by dragging, one save; and without scripts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def _names(page: Page) -> list[str]:
    return [cell.input_value() for cell in page.locator("#parts-steps [name$='-name']").all()]


def test_rows_are_added_moved_removed_and_saved_at_once(product: Product, open_as: Callable[..., Page]) -> None:
    page = open_as("quantri.danhmuc")
    page.goto("/process/add?copy=1")
    box = page.locator("#parts-steps")
    before = _names(page)
    box.locator("[data-part-down]").first.focus()
    page.keyboard.press("Enter")
    expect(box.locator("[name$='-name']").first).to_have_value(before[1])
    assert _names(page)[:2] == [before[1], before[0]]
    assert page.evaluate("document.activeElement.matches('[data-part-down]')")
    box.locator("[data-part-add]").click()
    page.keyboard.type("Bước gõ ngay")  # the new row has the focus
    last = box.locator("[data-part]").last
    for place in range(3):
        last.locator("select").nth(place).select_option(index=1)
    last.locator("input[type=number]").fill("15")
    last.locator("[data-part-grip]").drag_to(box.locator("[data-part]").first, target_position={"x": 40, "y": 3})
    box.locator("[data-part-remove]").last.click()
    wanted = ["Bước gõ ngay", before[1], before[0], *before[2:-1]]
    assert _names(page) == wanted
    page.locator(".submit-row .btn-primary").click()
    page.wait_for_url("**/process/show/*")
    assert page.locator("#steps tbody tr").count() == len(wanted)
    page.goto(page.url.replace("show", "edit"))
    box.locator("[data-part-remove]").first.click()
    assert box.locator(".is-gone").count() == 1
    box.locator("[data-part-remove]").first.click()
    assert box.locator(".is-gone").count() == 0


def test_a_phone_shows_rows_as_cards(product: Product, open_as: Callable[..., Page]) -> None:
    page = open_as("quantri.danhmuc", "phone")
    page.goto("/process/edit/1")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not page.locator("#parts-steps thead").is_visible()
    assert page.locator("label[for='steps-0-name']").is_visible()
