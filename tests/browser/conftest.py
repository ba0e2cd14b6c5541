"""The whole product, started as ./run starts it, and a real browser in front of it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

import config

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "MotCua@2026"
_START = 420  # seconds: migrations and the demo data on a busy machine
WIDTHS = {"phone": (390, 844), "desktop": (1280, 900)}

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Product:
    """A running system: its address and its home folder."""

    url: str
    home: Path


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """./run with the Huế demo in a home of its own, stopped at the end."""
    home, port = tmp_path_factory.mktemp("product"), free_port()
    log = home / "run.log"
    env = config.environment(MOTCUA_HOME=str(home), PORT=str(port), PYTHONUNBUFFERED="1")
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli.serve"], cwd=ROOT, env=env, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            _wait_until_ready(process, log)
            yield Product(f"http://127.0.0.1:{port}", home)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def _wait_until_ready(process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _START
    while "Ready:" not in log.read_text(encoding="utf-8"):
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"the product did not start:\n{log.read_text(encoding='utf-8')[-3000:]}")
        time.sleep(0.5)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's chromium."""
    expect.set_options(timeout=20_000)  # a busy machine is slow, not wrong
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(**config.Test.CHROMIUM)
        yield found
        found.close()


@pytest.fixture
def open_as(product: Product, browser: Browser) -> Iterator[Callable[..., Page]]:
    """``open_as(username=None, width="desktop")``: a page of a new browser, logged in."""
    contexts: list[BrowserContext] = []

    def open_page(username: str | None = None, width: str = "desktop") -> Page:
        size = WIDTHS[width]
        context = browser.new_context(
            base_url=product.url, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh",
            viewport={"width": size[0], "height": size[1]}, accept_downloads=True,
        )  # fmt: skip
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        if username is not None:
            log_in(page, username)
        return page

    yield open_page
    for context in contexts:
        context.close()


def log_in(page: Page, username: str) -> None:
    """Log in through the form."""
    page.goto("/login/")
    page.get_by_label("Tên đăng nhập").fill(username)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.locator("main form button[type=submit], .btn-primary[type=submit]").first.click()
    page.wait_for_url(lambda url: "/login" not in url)


def run_outbox(product: Product, wait: float = 30) -> None:
    """Wait until the worker has done everything that waits."""
    import sqlite3

    deadline = time.monotonic() + wait
    query = "SELECT count(*) FROM outbox_event WHERE done_at IS NULL"
    while time.monotonic() < deadline:
        with sqlite3.connect(product.home / "motcua.db", timeout=30) as database:
            if not database.execute(query).fetchone()[0]:
                return
        time.sleep(0.5)
    pytest.fail("the worker left outbox rows undone")


def environment_of(product: Product) -> dict[str, Any]:
    """Return the environment in which ./manage speaks of this product."""
    return {**os.environ, "MOTCUA_HOME": str(product.home), "MOTCUA_MODE": "demo"}
