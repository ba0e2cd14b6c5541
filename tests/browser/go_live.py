"""The way from an empty system to procedures that can be applied for, as a person goes it.

Each step is done by pressing and typing only; nothing is opened by its address but the first page.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from app.clock import today
from app.workflows.publication import DECISION_STATES, DecisionState
from tests.browser import go_live_books as books
from tests.wording import vi

CITIZEN = "Đỗ Thị Mai"
CITIZEN_NUMBER = "034190001234"
SUBJECT = "Cấp 01 bản sao Trích lục khai sinh"


@dataclass
class Hands:
    """One person's hands on one page; counts every press, every field typed, every file chosen."""

    page: Page
    clicks: int = 0
    fields: int = 0
    files: int = 0
    began: float = field(default_factory=time.monotonic)

    def press(self, place: Locator) -> None:
        """Press a button, a link or a box."""
        place.click()
        self.clicks += 1

    def go(self, name: str) -> None:
        """Press a line of the menu."""
        self.press(self.page.locator(".sidebar").get_by_role("link", name=name, exact=True))

    def button(self, msgid: str) -> None:
        """Press the button called so."""
        self.press(self.page.locator("main").get_by_role("button", name=vi(msgid)).first)

    def link(self, msgid: str) -> None:
        """Press the link called so."""
        self.press(self.page.locator("main").get_by_role("link", name=vi(msgid)).first)

    def type(self, place: Locator, text: str) -> None:
        """Fill in one field."""
        place.fill(text)
        self.fields += 1

    def attach(self, place: Locator, file: Path) -> None:
        """Choose a file."""
        self.page.wait_for_load_state("networkidle")  # scripts take files as they are chosen
        place.set_input_files(file)
        self.files += 1

    def told(self) -> str:
        """Return what was done in words."""
        seconds = time.monotonic() - self.began
        return f"{self.clicks} clicks, {self.fields} fields typed, {self.files} files, {seconds:.0f} s"


def sign_in(hands: Hands, username: str, password: str) -> None:
    """Sign in from the home page."""
    page = hands.page
    page.goto("/login/")
    hands.type(page.get_by_label("Tên đăng nhập"), username)
    hands.type(page.locator("input[name=password]"), password)
    hands.press(page.locator("main form button[type=submit]").first)
    page.wait_for_url(lambda url: "/login" not in url)


def make_form(hands: Hands, folder: Path) -> None:
    """Read the form in from a spreadsheet and save it."""
    page = hands.page
    hands.go(vi("Form designer"))
    hands.button("New form")
    hands.type(page.locator("dialog [name=name]"), "Tờ khai yêu cầu giải quyết thủ tục")
    hands.type(page.locator("dialog [name=code]"), books.FORM)
    hands.button("Create the form")
    hands.button("Import a spreadsheet")
    hands.attach(page.locator("#designer-import input[type=file]"), books.form_workbook(folder))
    hands.button("Read and check")
    hands.press(page.locator("[data-import-answer] .btn-primary"))
    hands.button("Save the form")
    expect(page.locator("[data-designer-status]")).to_have_text(vi("Saved"))


def set_up(hands: Hands, folder: Path) -> str:
    """Send the set-up workbook in and apply it; returns the desk officer's one-time password."""
    page = hands.page
    hands.go(vi("Set up a new commune or province"))
    hands.attach(page.locator("input[type=file]"), books.setup_workbook(folder))
    hands.button("Check the file")
    expect(page.locator(".field-error")).to_have_count(0)
    hands.button("Apply")
    page.wait_for_load_state("networkidle")  # the question before an act is asked by a script
    hands.button("Give one-time passwords")
    hands.press(page.locator("dialog[open] .btn-primary, dialog[open] .btn-danger"))
    row = page.get_by_role("row").filter(has_text=books.DESK_OFFICER)
    return row.locator("code").inner_text()


def fill_calendar(hands: Hands) -> None:
    """Fill in the public holidays of this year and the next one."""
    page = hands.page
    hands.go(vi("Calendar of the year"))
    years = page.url
    for year in (today().year, today().year + 1):
        if page.url != years:
            hands.go(vi("Calendar of the year"))
        hands.press(page.get_by_role("link", name=vi("Open the year %(year)s", year=year)).first)
        hands.button("Fill in the public holidays")
        hands.button("See whose due dates move")
        hands.type(page.get_by_label(vi("Reason")), "Ngày nghỉ lễ theo Bộ luật Lao động")
        hands.type(page.locator("[name=decision]"), "Thông báo số 1/TB-UBND ngày 02/01")
        hands.button("Confirm the change")


def publish(hands: Hands) -> None:
    """Put all drafts into one decision of today and publish it in one act."""
    page = hands.page
    hands.go(vi("Publication decisions"))
    hands.press(page.locator("main a.btn-primary").first)  # “Thêm: quyết định công bố”
    hands.type(page.locator("[name=number]"), "01/QĐ-UBND")
    hands.type(page.locator("[name=title]"), "Công bố danh mục thủ tục hành chính thuộc thẩm quyền giải quyết cấp xã")
    for name in ("decided_on", "effective_on"):
        hands.type(page.locator(f"[name={name}]"), today().isoformat())
    hands.type(page.locator("[name=signer]"), "Nguyễn Văn Hùng")
    hands.press(page.get_by_role("combobox", name=vi("Issuing agency")))
    hands.press(page.get_by_role("option").first)
    hands.button("Save")
    hands.link("Procedures, checklist, publication")
    hands.link("Add drafts")
    hands.press(page.get_by_label(vi("All on this page")))
    hands.button("Add to the decision")
    expect(page.locator(".act .btn-primary")).to_be_visible()
    page.wait_for_load_state("networkidle")
    hands.press(page.locator(".action-main button[type=submit]"))
    hands.press(page.locator("dialog[open] .btn-primary, dialog[open] .btn-danger"))
    expect(page.locator("main")).to_contain_text(vi(DECISION_STATES[DecisionState.published]))


def register(hands: Hands) -> None:
    """Make an account of a citizen."""
    page = hands.page
    page.goto("/")
    hands.press(page.get_by_role("link", name=vi("Register")).first)
    given = {"id_number": CITIZEN_NUMBER, "name": CITIZEN, "born_on": "1990-05-17", "phone": "0912345678",
             "password": "Tan-Lap-2026", "again": "Tan-Lap-2026"}  # fmt: skip
    for name, text in given.items():
        hands.type(page.locator(f"main [name={name}]"), text)
    hands.press(page.locator("main [name=terms]"))
    hands.press(page.locator("main form button[type=submit]"))


def apply(hands: Hands, file: Path) -> str:
    """Find a procedure of the decision, fill in its form, send it; returns the dossier's code."""
    page = hands.page
    hands.press(page.get_by_role("link", name="Một Cửa").first)
    hands.type(page.get_by_role("searchbox").first, "trich luc ho tich")
    page.keyboard.press("Enter")
    hands.press(page.get_by_role("link", name="Cấp bản sao Trích lục hộ tịch").first)
    hands.link("Apply online")
    page.locator("select[name=agency]").select_option(label=books.COMMUNE)
    hands.clicks += 2  # opening the list, choosing
    hands.button("Begin")
    expect(page.get_by_label("Họ, chữ đệm, tên")).to_have_value(CITIZEN)
    hands.type(page.get_by_label("Nơi cư trú"), "Thôn 2, xã Tân Lập")
    hands.button("Save and continue")
    hands.type(page.get_by_label("Việc đề nghị giải quyết"), SUBJECT)
    hands.type(page.get_by_label("Nội dung chi tiết"), "Khai sinh đăng ký năm 1990 tại xã Tân Lập.")
    hands.button("Save and continue")
    hands.press(page.get_by_label("Tôi cam đoan"))
    hands.button("Save and continue")
    hands.attach(page.locator("input[type=file]").first, file)
    expect(page.locator(".upload-item")).to_have_count(1)
    hands.button("Save and continue")
    hands.press(page.get_by_label("Trên hệ thống"))
    hands.press(page.locator("input[name=consent]"))
    hands.button("Send the dossier")
    page.wait_for_url("**/xong/**")
    return page.url.rsplit("/", 1)[1]


def sit_at_desk(hands: Hands, password: str) -> None:
    """Sign in with the one-time password and replace it."""
    page = hands.page
    sign_in(hands, books.DESK_OFFICER, password)
    for name, text in (("current", password), ("password", "Mot-Cua-2026"), ("again", "Mot-Cua-2026")):
        hands.type(page.locator(f"main [name={name}]"), text)
    hands.press(page.locator("main form button[type=submit]").first)


def confirm(hands: Hands) -> None:
    """Compare the identity card of who registered, so that he may send what asks for a level."""
    page = hands.page
    page.goto("/desk-login/")
    hands.type(page.locator("[name=id_number]"), CITIZEN_NUMBER)
    hands.button("Find")
    hands.press(page.locator("[name=login_check]").first)
    hands.press(page.locator("[name=is_compared]"))
    hands.button("Confirm his identity")
    expect(page.locator("#flashes")).to_contain_text(CITIZEN)


def open_as_desk(hands: Hands, code: str) -> None:
    """Open the dossier from the inbox."""
    page = hands.page
    page.goto("/work/")
    hands.press(page.locator("main").get_by_role("link", name=code).first)
    expect(page.locator("main")).to_contain_text(SUBJECT)
