"""Two detours of a dossier as people click them: a supplement asked twice with the apology, and
an extension that two people confirm (TTH17 Đ13.2, Đ14.1, Đ14.4)."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import walk
from tests.browser.conftest import ROOT, Product, environment_of, run_outbox

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
# As TTH17 Đ14.4 has it: the division head, then the Centre.
TWO_CONFIRM = """
from datetime import date
import sqlalchemy as sa
from app import create_app
from app.models import Profile, ProfileParameter
from app.transactions import transaction
with create_app().app_context(), transaction() as session:
    profile = session.scalars(sa.select(Profile).where(Profile.is_active.is_(True))).one()
    session.add(ProfileParameter(profile=profile, key="extension_approvers", valid_from=date(2025, 7, 1),
                                 value=["division_head", "centre_director"], clause="TTH17 Đ14.4"))
"""


def first_with(page: Page, listing: str, act: str) -> str:
    """Return the first dossier of a list on whose page ``act`` is offered; its page is open."""
    page.goto(listing)
    links = page.locator("td a[href^='/dossier/']")
    codes = links.evaluate_all("all => [...new Set(all.map(a => a.getAttribute('href').split('/').pop()))]")
    for code in codes:
        page.goto(f"/dossier/{code}")
        if page.locator(f"#act-{act} button[type=submit]").count():
            return str(code)
    raise AssertionError(f"no dossier of {listing} offers {act}")


def _unfold(page: Page, act: str) -> None:
    if not page.locator(f"#act-{act}").is_visible():
        page.locator(f"#fold-{act} > summary").click()


def _mark_and_ask(page: Page, reason: str) -> None:
    _unfold(page, "ask_supplement")
    form = page.locator("#act-ask_supplement")
    form.locator("input[name=component]").first.check()
    form.locator("textarea[name=reason]").fill(reason)


def _letters(page: Page, code: str) -> str:
    page.goto(f"/dossier/{code}?tab=papers")
    return page.locator("main").inner_text()


def test_a_supplement_asked_twice_goes_with_the_apology_of_the_director(
    product: Product, open_as: Callable[..., Page]
) -> None:
    specialist, desk = open_as("chuyenvien.phuxuan"), open_as("canbo.phuxuan")
    code = first_with(specialist, "/work/?tab=mine", "ask_supplement")
    _mark_and_ask(specialist, "Đề nghị nộp lại tờ khai có chữ ký.")
    walk.press(specialist, "ask_supplement")
    walk.act(desk, code, "take_supplement")

    specialist.goto(f"/dossier/{code}")
    expect(specialist.locator("main")).to_contain_text("Yêu cầu bổ sung lần 1")
    _mark_and_ask(specialist, "Đề nghị nộp thêm bản sao giấy tờ.")
    form = specialist.locator("#act-ask_supplement")
    form.locator("input[name=fault][value=agency]").check()
    form.locator("textarea[name=fault_reason]").fill("Lần đầu chưa nêu bản sao giấy tờ.")
    walk.press(specialist, "ask_supplement")
    expect(specialist.locator("main")).to_contain_text("thư xin lỗi đang chờ ký")

    director = open_as("giamdoc.phuxuan", "phone")
    director.goto(f"/dossier/{code}")
    director.locator("[id^=act-sign_apology] button[type=submit]").first.click()
    director.wait_for_load_state("networkidle")
    expect(director.locator("main")).to_contain_text("Đã ký và gửi văn bản xin lỗi")
    run_outbox(product)
    director.goto(f"/dossier/{code}?tab=papers")
    address = director.locator("a[href^='/letters/']").first.get_attribute("href")
    text = walk.pdf_text(director.request.get(f"{product.url}{address}").body())
    assert "Lần đầu chưa nêu bản sao giấy tờ." in text
    assert code in text


def test_an_extension_is_confirmed_by_two_and_moves_the_due_date(
    product: Product, open_as: Callable[..., Page]
) -> None:
    subprocess.run([sys.executable, "-c", TWO_CONFIRM], cwd=ROOT, env=environment_of(product), check=True)
    specialist = open_as("chuyenvien.phuxuan")
    code = first_with(specialist, "/work/?tab=mine", "ask_extension")
    promised = specialist.locator(".dossier-when").inner_text()
    _unfold(specialist, "ask_extension")
    form = specialist.locator("#act-ask_extension")
    expect(form).to_contain_text("lãnh đạo phòng, giám đốc Trung tâm")
    form.locator("textarea[name=reason]").fill("Cần xác minh thực địa.")
    walk.press(specialist, "ask_extension")
    assert specialist.locator(".dossier-when").inner_text() == promised

    for username, said in (("lanhdaophong.phuxuan", "Đã xác nhận"), ("giamdoc.phuxuan", "Đã gia hạn")):
        page = open_as(username)
        page.goto("/extensions/")
        page.get_by_role("link", name=code).click()
        walk.press(page, "agree_extension")
        expect(page.locator("main")).to_contain_text(said)
    expect(page.locator(".dossier-when")).to_contain_text("Hẹn trả ban đầu")
    assert "Mẫu 04" in _letters(page, code)
    page.goto(f"/dossier/{code}?tab=course")
    expect(page.locator("main")).to_contain_text("Đã phê duyệt gia hạn, ngày hẹn trả đã đổi")
