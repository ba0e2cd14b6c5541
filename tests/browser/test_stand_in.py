"""An officer acts in the place of another as people click it: lent, signed, and told everywhere in whose place."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from app.clock import today
from tests.browser import joint_work, walk
from tests.browser.conftest import Product
from tests.wording import vi

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
HEAD, CLERK = "lanhdao.phuxuan", "vanthu.phuxuan"


def lend(page: Page, name: str) -> None:
    """Lend the present user's own post to the colleague called ``name`` for a week."""
    page.goto("/stand-ins/")
    page.locator("main td").get_by_role("link", name=vi("Delegate")).first.click()
    page.get_by_label(vi("Who stands in"), exact=True).select_option(label=name)
    page.get_by_label(vi("Valid from")).fill(today().isoformat())
    page.get_by_label(vi("Valid to")).fill((today() + timedelta(days=7)).isoformat())
    page.get_by_label(vi("Document number")).fill("12/QĐ-UBND")
    page.get_by_label(vi("Reason")).fill("Đi công tác")
    page.get_by_role("button", name=vi("Delegate")).click()
    expect(page.locator("main")).to_contain_text(vi("The delegation is entered; both are told."))


def name_of(page: Page) -> str:
    """Return the name of who is logged in, as the head of the page shows it."""
    return str(page.locator(".user-name").first.evaluate("name => name.firstChild.textContent.trim()"))


def test_a_deputy_signs_and_it_is_told_in_whose_place(product: Product, open_as: Callable[..., Page]) -> None:
    code = joint_work.start(product, "sign")
    head, clerk = open_as(HEAD), open_as(CLERK, "phone")
    names = [name_of(page) for page in (head, clerk)]
    clerk.goto(f"/dossier/{code}")
    expect(clerk.locator("#act-finish_step, #fold-finish_step")).to_have_count(0)
    lend(head, names[1])

    clerk.goto(f"/dossier/{code}")
    said = vi("%(delegate)s in place of %(name)s", delegate=names[1], name=names[0])
    walk.press(clerk, "finish_step")
    clerk.goto(f"/dossier/{code}?tab=course")
    expect(clerk.locator("main")).to_contain_text(said)
    clerk.goto("/stand-ins/done")
    expect(clerk.locator("main")).to_contain_text(code)
    auditor = open_as("thanhtra.hue")
    auditor.goto(f"/audit/dossier/{code}")
    expect(auditor.locator("main")).to_contain_text(vi("on behalf of %(name)s", name=names[0]))
