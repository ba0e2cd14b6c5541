"""Every kind of page, for the people it is made for: no accessibility fault, no sideways
scrolling, no script or policy error, at phone and desktop width."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]

# (who, addresses); {code}, {id} … are filled in from the demo.
PAGES = {
    "visitor": (None, [
        "/", "/thu-tuc", "/thu-tuc?q=dang+ky+khai+sinh", "/thu-tuc/1.001193", "/co-quan",
        "/tra-cuu", "/tra-cuu/{public_code}", "/phan-anh", "/thong-ke", "/dieu-khoan",
        "/bao-ve-du-lieu", "/huong-dan", "/login/", "/register",
    ]),
    "citizen": ("congdan1", ["/my", "/my/{own_code}", "/profile", "/password", "/notices",
                             "/nop-ho-so/1.001193"]),
    "desk officer": ("canbo.phuxuan", ["/work", "/reception/new", "/dossier/{desk_code}",
                                       "/search?q=khai+sinh", "/dossier/list/", "/notices"]),
    "specialist": ("chuyenvien.phuxuan", ["/work", "/dossier/{desk_code}", "/dossier/{desk_code}?tab=course",
                                          "/dossier/{desk_code}?tab=compare"]),
    "head": ("lanhdao.phuxuan", ["/work", "/dashboard"]),
    "focal point": ("kiemsoat.tthc", ["/dashboard", "/audit", "/feedback/list/", "/feedback-desk/"]),
    "auditor": ("thanhtra.hue", ["/audit", "/audit/dossier/{desk_code}", "/dossier/list/",
                                 "/dossier/show/{desk_id}"]),
    "catalog admin": ("quantri.danhmuc", [
        "/admin", "/procedure/list/", "/procedure/show/{procedure_id}", "/procedure/edit/{procedure_id}",
        "/procedure-version/show/{procedure_id}", "/procedure/add", "/agency/list/", "/form/show/1",
        "/working-calendar/show/1", "/profile/list/", "/working-calendar/edit/1", "/process/add?copy=1",
        "/process/show/1?tab=history&on=2100-01-01", "/sector/show/1?in_use=1",
        "/acts/", "/process/list/", "/process-designer/",
    ]),
    "system admin": ("quantri.hethong", ["/admin", "/user/list/", "/user/show/1", "/user/add",
                                         "/officer-position/add", "/mail-message/list/", "/role/list/",
                                         "/admin/rights/", "/admin/rights/role/specialist", "/admin/rights/screens"]),
}  # fmt: skip
CASES = [(width, name, address) for width in ("desktop", "phone")
         for name, (_user, addresses) in PAGES.items() for address in addresses]  # fmt: skip


@pytest.fixture(scope="module")
def facts(product: Product) -> dict[str, Any]:
    """Addresses of real records of the demo."""
    with sqlite3.connect(product.home / "motcua.db", timeout=30) as database:
        def one(query: str) -> Any:
            return database.execute(query).fetchone()[0]

        return {
            "public_code": one("SELECT code FROM dossier WHERE state = 4 ORDER BY id DESC LIMIT 1"),
            "own_code": one("SELECT d.code FROM dossier d JOIN account a ON a.id = d.account_id "
                            "WHERE a.name = 'Trần Văn Phúc' ORDER BY d.id DESC LIMIT 1"),
            "desk_code": one("SELECT d.code FROM dossier d JOIN agency a ON a.id = d.desk_id JOIN task t "
                             "ON t.dossier_id = d.id WHERE a.code = 'H57.19753.01' AND t.role = 'specialist' "
                             "ORDER BY d.id DESC LIMIT 1"),
            "desk_id": one("SELECT max(id) FROM dossier"),
            "procedure_id": one("SELECT id FROM procedure WHERE code = '1.001193'"),
        }  # fmt: skip


@pytest.fixture(scope="module")
def sessions(product: Product, browser: Any) -> Any:
    """One logged-in browser per person and width, kept for the module."""
    from tests.browser.conftest import WIDTHS, log_in

    kept: dict[tuple[str, str], Page] = {}

    def page_of(width: str, name: str) -> Page:
        if (width, name) not in kept:
            size = WIDTHS[width]
            context = browser.new_context(base_url=product.url, locale="vi-VN",
                                          viewport={"width": size[0], "height": size[1]})  # fmt: skip
            kept[width, name] = page = context.new_page()
            if PAGES[name][0]:
                log_in(page, PAGES[name][0])
        return kept[width, name]

    yield page_of
    for page in kept.values():
        page.context.close()


@pytest.mark.parametrize(("width", "name", "address"), CASES)
def test_page_is_sound(
    sessions: Callable[[str, str], Page], facts: dict[str, Any], width: str, name: str, address: str
) -> None:
    page, faults = sessions(width, name), []
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    response = page.goto(address.format(**facts))
    page.wait_for_load_state("networkidle")
    assert response is not None
    assert response.status == 200, f"{response.status} {page.url}"
    assert faults == []
    assert page.evaluate("document.documentElement.lang") == "vi"
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert violations(page) == []


def violations(page: Page) -> list[str]:
    """Return what axe-core finds against WCAG 2.1 AA: rule and the first element."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
    return [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found["violations"]]
