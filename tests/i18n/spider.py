"""Visits every type of page somebody can reach: all addresses without arguments, and all links."""

from collections import Counter, deque
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException

from app.lowcode.generate import declared_models
from app.lowcode.registry import view_of
from tests.clients import Client
from tests.i18n.pages import Page

# Not pages for people, or they would change what the crawl is about.
_SKIPPED = ("/api/", "/static/", "/healthz", "/readyz", "/lang/", "/back")
_GENERATED, _HAND_MADE = 1, 3  # pages of one type that one person looks at
_ALLOWED = {200, 302, 308, 403, 404}


class Spider:
    """One person looking at everything; ``faults`` says what was wrong, with the address."""

    def __init__(self, app: Flask, client: Client, each: Iterable[str] = ()) -> None:
        """``each``: codes of records whose pages are all looked at, as no two are alike."""
        self.app, self.client, self.each = app, client, frozenset(each)
        self.map = app.url_map.bind("localhost")
        self.generated = {view_of(model).endpoint for model in declared_models()}
        self.faults: list[str] = []
        self.statuses: dict[str, int] = {}
        self._visits: Counter[Any] = Counter()
        self._no_pages: set[str] = set()
        self._queue: deque[tuple[str, str]] = deque()

    def crawl(self, starts: Iterable[str], offered_by: str = "") -> None:
        """Visit ``starts`` and whatever their pages lead to.

        What a page or ``offered_by`` offers must open; other starts may be refused.
        """
        self._queue.extend((url, offered_by) for url in starts)
        while self._queue:
            url, offered_by = self._queue.popleft()
            if self._is_worth_it(url):
                self._visit(url, offered_by)

    def starts(self) -> list[str]:
        """Return the address of every page that needs no argument."""
        rules = self.app.url_map.iter_rules()
        return sorted({
            rule.rule for rule in rules
            if "GET" in (rule.methods or ()) and not rule.arguments
            and not rule.rule.startswith(_SKIPPED)
        })  # fmt: skip

    def with_codes(self, codes: list[str]) -> list[str]:
        """Return the addresses of hand-made pages that take one code."""
        rules = [
            rule for rule in self.app.url_map.iter_rules()
            if rule.arguments == {"code"} and "GET" in (rule.methods or ())
            and not rule.rule.startswith(_SKIPPED)
        ]  # fmt: skip
        return [self.map.build(rule.endpoint, {"code": code}) for rule in rules for code in codes]

    def _is_worth_it(self, url: str) -> bool:
        if url in self.statuses or urlsplit(url).path.startswith(_SKIPPED):
            return False
        try:
            endpoint, args = self.map.match(urlsplit(url).path, method="GET")
        except HTTPException as exc:
            return exc.code in {404, 308}
        if endpoint in self._no_pages:
            return False
        query = parse_qs(urlsplit(url).query)
        own = self.each.intersection(str(value) for value in args.values())
        kind = endpoint, tuple(sorted(query)), tuple(query.get("tab", ())), *own
        self._visits[kind] += 1
        is_alike = own or endpoint.split(".")[0] in self.generated
        limit = _GENERATED if is_alike else _HAND_MADE
        return self._visits[kind] <= limit

    def _visit(self, url: str, offered_by: str) -> None:
        with self.client.get(url) as response:
            self._judge(url, offered_by, response)

    def _judge(self, url: str, offered_by: str, response: Any) -> None:
        status = self.statuses[url] = response.status_code
        if status not in _ALLOWED:
            self.faults.append(f"{url}: {status}")
        elif status == 404 and offered_by or status == 403 and self._is_for_him(offered_by):
            self.faults.append(f"{url}: {status}, though {offered_by} offers it")
        if status in {302, 308} and response.location:
            self._follow(url, response.location)
        elif response.mimetype == "text/html":
            self._read(url, Page(response.text))
        else:
            self._no_pages.add(self.map.match(urlsplit(url).path, method="GET")[0])

    def _is_for_him(self, offered_by: str) -> bool:
        """Return whether an offer is made to this person: the portal's are made to citizens."""
        if not offered_by.startswith("/"):
            return bool(offered_by)
        try:
            endpoint = self.map.match(urlsplit(offered_by).path, method="GET")[0]
        except HTTPException:
            return False
        return not endpoint.startswith("Portal")

    def _read(self, url: str, page: Page) -> None:
        if page.is_whole and page.lang != "vi":
            self.faults.append(f"{url}: the language is given as {page.lang!r}")
        self.faults += [f"{url}: in English: {word}" for word in dict.fromkeys(page.english())]
        for link in page.links:
            self._follow(url, link)

    def _follow(self, url: str, link: str) -> None:
        target = urlsplit(urljoin(f"http://localhost{url}", link))
        if target.scheme == "http" and target.netloc == "localhost":
            query = f"?{target.query}" if target.query else ""
            self._queue.append((target.path + query, url))


def addresses_of(row: Any) -> dict[str, str]:
    """Return the addresses of a record's generated pages by what they do."""
    base = view_of(type(row)).route_base
    return {
        "list": f"{base}/list/", "show": f"{base}/show/{row.id}",
        "history": f"{base}/show/{row.id}?tab=history",
        "add": f"{base}/add", "edit": f"{base}/edit/{row.id}",
    }  # fmt: skip
