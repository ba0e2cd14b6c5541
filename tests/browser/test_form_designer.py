"""The form designer in a real browser: by keyboard, with its live preview, and the live portal form."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.clock import today
from app.workflows import conditions
from tests.browser.conftest import ROOT
from tests.wording import vi

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

CASES = [
    ({"field": "k", "op": op, "value": value}, given)
    for op, value, given in (
        ("eq", "a", "a"), ("eq", "a", None), ("eq", "2", 2), ("eq", True, True), ("ne", "a", ""), ("ne", "a", "a"),
        ("in", ["a", "b"], "b"), ("not_in", ["a"], ["a", "b"]), ("eq", "b", ["a", "b"]), ("eq", "", []),
        ("lt", 10, 2), ("lt", 10, None), ("ge", "2026-01-31", "2026-02-01"), ("le", "today-18y", "2000-01-01"),
        ("gt", "today+1m", "2999-01-01"), ("le", "today", "2999-01-01"), ("ge", 0, 0),
    )
] + [
    ({"field": "k", "op": op}, given) for op in ("filled", "empty") for given in (0, "", [], {}, False, True, "x", None)
] + [
    ({"all": [{"field": "k", "op": "filled"}, {"any": [{"field": "k", "op": "eq", "value": "x"}]}]}, "x"),
] + [
    ({"none": [{"field": "k", "op": "lt", "value": 18}, {"none": [{"field": "k", "op": "gt", "value": 3}]}]}, given)
    for given in (None, 2, 10, 20)
]  # fmt: skip


def test_script_and_server_judge_conditions_alike(open_as):
    page = open_as()
    page.goto("/")
    source = Path(ROOT / "app" / "static" / "js" / "conditions.js").read_text("utf-8")
    body = re.sub(r"^export ", "", source, flags=re.M)
    judged = page.evaluate(
        "([body, cases, today]) => { const holds = new Function(`${body}; return holds;`)();"
        " return cases.map(([condition, given]) => holds(condition, () => given, today)); }",
        [body, CASES, today().isoformat()],
    )
    expected = [conditions.holds(c, lambda _key, g=given: g, today()) for c, given in CASES]
    assert judged == expected


def _draft(page: Page, code: str = "don_thu_ban_phim") -> None:
    page.goto("/form-designer/")
    page.get_by_role("button", name=vi("New form")).click()
    page.fill("dialog [name=name]", "Đơn thử bàn phím")
    page.fill("dialog [name=code]", code)
    page.get_by_role("button", name=vi("Create the form")).click()


def _add_field(page: Page, label: str) -> None:
    page.locator("[data-add=field]").click()
    page.get_by_label(vi("Label"), exact=True).fill(label)


def test_a_form_is_made_reordered_and_saved_by_keyboard(open_as):
    page = open_as("quantri.danhmuc")
    _draft(page)
    page.locator("[data-add=section]").click()
    for label in ("Họ tên", "Số nhà", "Ghi chú"):
        _add_field(page, label)
    items = page.locator(".designer-field .designer-item-title")
    expect(items).to_have_text(["Họ tên", "Số nhà", "Ghi chú"])
    page.locator(".designer-field .designer-item").nth(2).focus()
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowUp")
    expect(items).to_have_text(["Ghi chú", "Họ tên", "Số nhà"])
    expect(page.locator(".designer-field .designer-item").first).to_be_focused()
    page.keyboard.press("Control+z")
    expect(items).to_have_text(["Họ tên", "Ghi chú", "Số nhà"])
    expect(page.frame_locator("[data-designer-frame]").get_by_label("Ghi chú")).to_be_visible()
    page.keyboard.press("Control+s")
    expect(page.locator("[data-designer-status]")).to_have_text(vi("Saved"))
    page.reload()
    expect(items).to_have_text(["Họ tên", "Ghi chú", "Số nhà"])
    keys = json.loads(page.locator("#designer-data").text_content() or "{}")["definition"]["sections"][0]["fields"]
    assert [field["key"] for field in keys] == ["ho_ten", "ghi_chu", "so_nha"]


def test_the_properties_of_a_column_are_all_kept(open_as):
    page = open_as("quantri.danhmuc")
    _draft(page, "don_thu_cot")
    page.locator("[data-add=section]").click()
    _add_field(page, "Các con")
    page.locator(".designer-panel select").first.select_option("group")
    page.get_by_role("button", name=vi("Add a column")).click()
    column = page.locator(".designer-column")
    column.locator("input").nth(0).fill("Tên con")
    column.locator("input").nth(1).fill("ten")
    column.locator("select").select_option("date")
    frame = page.frame_locator("[data-designer-frame]")
    expect(frame.get_by_label("Tên con")).to_have_attribute("type", "date")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-designer-status]")).to_have_text(vi("Saved"))


def test_groups_of_conditions_are_made_by_keyboard_on_a_phone(open_as):
    page = open_as("quantri.danhmuc", "phone")
    _draft(page, "don_thu_nhom")
    page.locator("[data-add=section]").click()
    for label in ("Loại", "Tuổi", "Lý do"):
        _add_field(page, label)
    at = "sections.0.fields.2.show_when"

    def press(name, key="Enter"):
        page.locator(f'[data-at="{at}.{name}"]').focus()
        page.keyboard.press(key)

    press("add")
    expect(page.locator(f'[data-at="{at}.0.field"]')).to_be_focused()
    press("add_group")
    expect(page.locator(f'[data-at="{at}.1.how"]')).to_be_focused()
    press("1.add")
    expect(page.locator(f'[data-at="{at}.1.1.field"]')).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.locator(f'[data-at="{at}.1.1.op"]').select_option("gt")
    page.locator(f'[data-at="{at}.1.1.value"]').fill("17")
    press("1.add_group")
    press("1.2.add_group")
    assert page.locator(f'[data-at="{at}.1.2.1.add_group"]').count() == 0  # as deep as the server takes
    press("1.2.1.drop")
    page.locator(f'[data-at="{at}.1.2.0.op"]').select_option("empty")
    page.locator(f'[data-at="{at}.how"]').select_option("any")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    with page.expect_request(re.compile("/save")) as sent:
        page.keyboard.press("Control+s")
    expect(page.locator("[data-designer-status]")).to_have_text(vi("Saved"))
    assert sent.value.post_data_json["definition"]["sections"][0]["fields"][2]["show_when"] == {"any": [
        {"field": "loai", "op": "filled"},
        {"any": [{"field": "loai", "op": "filled"}, {"field": "tuoi", "op": "gt", "value": "17"},
                 {"all": [{"field": "loai", "op": "empty"}]}]},
    ]}  # fmt: skip
    press("0.remove")
    expect(page.locator(f'[data-at="{at}.how"]')).to_have_count(1)
    page.locator(f'[data-at="{at}.how"]').select_option("none")
    with page.expect_request(re.compile("/save")) as sent:
        page.keyboard.press("Control+s")
    expect(page.locator("[data-designer-status]")).to_have_text(vi("Saved"))
    kept = sent.value.post_data_json["definition"]["sections"][0]["fields"][2]["show_when"]
    assert list(kept) == ["none"], kept


@pytest.mark.parametrize(("path", "step"), [("/form-designer/1", ".designer-field .designer-item"),
                                            ("/process-designer/1", "[data-details]")])  # fmt: skip
def test_what_is_in_force_is_shown_to_be_read(open_as, path, step):
    page = open_as("quantri.danhmuc")
    page.goto(path)
    page.locator(step).first.click()
    open_ones = """[...document.querySelectorAll("[data-designer-panel], [data-designer-table], .process-decision")]
        .flatMap((box) => [...box.querySelectorAll("input, select, textarea")])
        .map((one) => [one.disabled || one.readOnly, one.classList.contains("is-closed")])"""
    found = page.evaluate(open_ones)
    assert len(found) > 4
    assert all(one == [True, True] for one in found)
    assert page.locator("[data-add], [data-tool], [data-edit], [data-designer-save]").count() == 0


def test_the_portal_form_follows_the_answers_at_once(open_as):
    page = open_as("congdan1", "phone")
    page.goto("/nop-ho-so/1.001193")
    commune = page.locator("select[name=agency]")
    if commune.count():
        commune.select_option(index=1)
    page.locator("main form button[type=submit]").first.click()
    page.goto(re.sub(r"\?.*", "", page.url) + "?phan=2")
    number = page.locator("[data-eform-item=nyc_so_giay_to]")
    expect(number).to_be_hidden()
    page.locator("[name=f_nyc_loai_giay_to]").select_option("ho_chieu")
    expect(number).to_be_visible()
    page.locator("[name=f_nyc_loai_giay_to]").select_option("")
    expect(number).to_be_hidden()
