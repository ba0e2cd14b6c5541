"""The inbox by keyboard and mouse: choosing, giving to a colleague, the way back to the same place."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
# How many stops of the Tab key lie well above the stop before them.
_JUMPS = """() => {
  const kinds = ["a[href]", "button", "input:not([type=hidden])", "select", "summary"];
  const all = [...document.querySelectorAll(kinds.map((kind) => `main ${kind}`).join(","))];
  const stops = all.filter((one) => one.checkVisibility() && !one.disabled && one.tabIndex === 0);
  const tops = stops.map((one) => one.getBoundingClientRect().top + scrollY);
  return tops.filter((top, place) => place > 0 && top < tops[place - 1] - 60).length;
}"""
INBOX = "/work/?tab=mine&show=unassigned"


def ready(page: Page) -> None:
    """Open the inbox and wait until its keys work."""
    page.goto(INBOX)
    expect(page.locator("[data-bulk-count]")).not_to_be_empty()


def test_several_dossiers_are_given_by_keyboard_alone(open_as: Callable[..., Page]) -> None:
    page = open_as("chuyenvien.phuxuan")
    ready(page)
    for key in "jxjx":
        page.keyboard.press(key)
    expect(page.locator("[data-bulk-count]")).to_have_text("Đã chọn 2")
    page.keyboard.press("a")
    expect(page.locator("h1")).to_have_text("Giao cho người khác: 2 hồ sơ")
    page.get_by_label("Người nhận việc").select_option(index=1)
    page.get_by_role("button", name="Giao cho người khác (2)").click()
    expect(page.locator("td .chip-success")).to_have_count(2)
    page.get_by_role("link", name="Về Việc cần làm").click()
    assert page.url.endswith("/work/?show=unassigned&tab=mine")


def test_a_dossier_is_dropped_on_a_colleague(open_as: Callable[..., Page]) -> None:
    page = open_as("chuyenvien.phuxuan")
    ready(page)
    page.locator("[data-colleagues-url] summary").click()
    colleague = page.locator("[data-user]", has_text="Chuyên viên thụ lý").first
    name = colleague.get_attribute("data-name") or ""
    page.locator('tr[draggable="true"]').first.drag_to(colleague)
    expect(page.locator("h1")).to_have_text("Giao cho người khác: 1 hồ sơ")
    expect(page.locator("select[name=user] option:checked")).to_have_text(name)


def test_one_comes_back_to_the_same_filter_and_line(open_as: Callable[..., Page]) -> None:
    page = open_as("chuyenvien.phuxuan")
    ready(page)
    for key in ("j", "j", "j", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url("**/dossier/**")
    address = page.url
    back = page.locator("[data-inbox-back]")
    expect(back).to_have_attribute("href", INBOX)
    back.click()
    page.wait_for_url(lambda url: url.endswith(INBOX))
    focused = page.locator("tr:focus")
    expect(focused).to_have_count(1)
    assert address.endswith(focused.get_attribute("data-row-href") or "-")


def test_what_was_taken_is_undone_by_a_key(open_as: Callable[..., Page]) -> None:
    page = open_as("chuyenvien.phuxuan")
    ready(page)
    for key in ("j", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url("**/dossier/**")
    page.locator("#act-claim button[type=submit]").click()
    expect(page.locator(".undo-bar")).to_contain_text("Bạn vừa nhận việc")
    page.wait_for_load_state("load")  # a key pressed before the page's script is there is lost
    page.keyboard.press("u")
    expect(page.locator(".flashes, main")).to_contain_text(["Đã hoàn tác"])
    expect(page.locator(".undo-bar")).to_have_count(0)
    page.goto(page.url.split("?")[0] + "?tab=course")
    expect(page.locator("main")).to_contain_text("Đã hoàn tác việc nhận việc")


def test_the_tabs_carry_their_numbers_and_tab_order_is_reading_order(open_as: Callable[..., Page]) -> None:
    page = open_as("chuyenvien.phuxuan")
    page.goto("/work/")
    expect(page.locator(".tab-bar .count")).to_have_count(2)
    jumps = page.evaluate(_JUMPS)
    assert jumps == 0, "no stop jumps back up the page"
