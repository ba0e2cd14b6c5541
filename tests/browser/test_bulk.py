"""Finishing several steps at once as an officer clicks it: each line tells what became of it."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser import joint_work
from tests.browser.conftest import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_what_can_be_finished_is_finished_and_the_rest_is_told_why(
    product: Product, open_as: Callable[..., Page]
) -> None:
    *able, lacking = joint_work.start(product, "bulk").split(",")
    page = open_as("chuyenvien.phuxuan")
    page.goto(f"/work/?tab=mine&q={quote(joint_work.BULK)}")
    for code in (*able, lacking):
        page.locator(f'input[name=row][aria-label$="{code}"]').check()
    expect(page.locator("[data-bulk-count]")).to_contain_text("3")
    page.locator("[data-bulk] button[name=act][value=finish_step]").click()

    expect(page.locator("h1")).to_contain_text("2 hồ sơ")
    expect(page.locator("tr", has_text=lacking)).to_contain_text("ự thảo kết quả")  # told before anything is done
    page.locator("[name=remark]").fill("Đủ điều kiện")
    page.locator('form[action$="/run"] button[type=submit]').click()

    for code in able:
        expect(page.locator("tr", has_text=code).locator(".chip-success")).to_have_count(1)
    expect(page.locator("tr", has_text=lacking)).to_have_count(0)
    for code in (*able, lacking):  # two are a step further, the third stands where it stood
        page.goto(f"/dossier/{code}?tab=course")
        expect(page.locator(".dossier-head, main").first).to_contain_text("Thẩm định")
        course = expect(page.locator("main"))
        (course.to_contain_text if code in able else course.not_to_contain_text)("Kiểm tra: Đủ điều kiện")
