"""From an empty system to 20 procedures in force and one dossier sent: in the browser alone.

Installing (./manage db upgrade, permissions sync, user create) is done before; from then on there
is no code and no command. The clicks, the fields typed and the time of each person are printed.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

import config
from tests.browser import go_live, walk
from tests.browser import go_live_books as books
from tests.browser.conftest import PASSWORD, ROOT, Product, free_port
from tests.browser.go_live import Hands

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
_START = 120  # seconds for the web server on a busy machine
_ADMIN = "quantri"
MOST_CLICKS = 45  # of the administrator, from signing in to 20 procedures in force


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Product]:
    """A product as it is after installing: the tables, the rights and one administrator."""
    port = free_port()
    env = config.environment(MOTCUA_MODE="demo", MOTCUA_HOME=str(tmp_path), PORT=str(port))

    def manage(*arguments: str, given: str = "") -> None:
        command = [sys.executable, "-m", "app.cli", *arguments]
        subprocess.run(command, cwd=ROOT, env=env, input=given, text=True, capture_output=True, check=True)

    manage("db", "upgrade")
    manage("permissions", "sync")
    manage("user", "create", _ADMIN, "--name", "Quản trị tỉnh", "--email", "quantri@example.vn", "--role",
           "system_admin", "--role", "catalog_admin", "--password-stdin", given=PASSWORD)  # fmt: skip
    log = tmp_path / "web.log"
    with log.open("w") as output:
        command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "app.wsgi:app"]
        web = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait_until_it_answers(f"http://127.0.0.1:{port}", log)
            yield Product(f"http://127.0.0.1:{port}", tmp_path)
        finally:
            web.terminate()
            web.wait(timeout=30)


def _wait_until_it_answers(url: str, log: Path) -> None:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline:
        try:
            with urlopen(url, timeout=10):
                return
        except (URLError, OSError):
            time.sleep(0.5)
    pytest.fail(f"the web server does not answer:\n{log.read_text(encoding='utf-8')[-3000:]}")


@pytest.fixture
def person(empty: Product, browser: Browser) -> Iterator[Callable[[], Hands]]:
    """A factory of people, each at a browser of their own."""
    contexts = []

    def sit_down() -> Hands:
        context = browser.new_context(
            base_url=empty.url, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh", viewport={"width": 1280, "height": 900}
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        return Hands(context.new_page())

    yield sit_down
    for context in contexts:
        context.close()


def test_from_an_empty_system_to_a_dossier(
    person: Callable[[], Hands], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    admin = person()
    go_live.sign_in(admin, _ADMIN, PASSWORD)
    go_live.make_form(admin, tmp_path)
    password = go_live.set_up(admin, tmp_path)
    go_live.fill_calendar(admin)
    go_live.publish(admin)
    told = {"administrator": admin.told()}
    _all_in_force(admin.page)

    citizen = person()
    go_live.register(citizen)
    officer = person()
    go_live.sit_at_desk(officer, password)
    go_live.confirm(officer)
    code = go_live.apply(citizen, walk.paper(tmp_path, "to-khai.pdf"))
    told["citizen"] = citizen.told()
    go_live.open_as_desk(officer, code)
    told["desk officer"] = officer.told()
    with capsys.disabled():
        print(f"\n{len(books.PROCEDURES)} procedures from an empty system:")
        for who, text in told.items():
            print(f"  {who}: {text}")
    assert admin.clicks <= MOST_CLICKS


def _all_in_force(page: Page) -> None:
    """Every procedure stands on the portal with its code; one of them with fee, paper and limit."""
    page.goto("/thu-tuc")
    for code, *_rest in books.PROCEDURES:
        answer = page.request.get(f"/thu-tuc/{code}")
        assert answer.ok, code
        assert code in answer.text()
    page.goto("/thu-tuc/2.001019")
    for text in ("Chứng thực di chúc", "50.000", "Dự thảo di chúc", "2 ngày làm việc"):
        expect(page.locator("main")).to_contain_text(text)
