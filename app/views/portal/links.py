"""What every public list needs: typed search words cleaned, links to the pages beside it."""

from typing import Any
from urllib.parse import urlencode

from flask import request, url_for
from flask_babel import gettext as _

from app.services.paging import Slice, page_number

MAX_QUERY = 200
PAGE = "trang"


def typed(name: str, limit: int = MAX_QUERY) -> str:
    """Return a parameter of the address, without control characters and outer spaces."""
    text = request.args.get(name, "")[:limit]
    return "".join(char for char in text if char.isprintable()).strip()


def asked_page() -> int:
    """Return the page of the list that the address asks for."""
    return page_number(request.args.get(PAGE))


def pager(found: Slice[Any]) -> dict[str, str | None]:
    """Return the arguments of the pager macro: previous and next address, summary."""
    summary = _(
        "%(first)d–%(last)d of %(total)d", first=found.first, last=found.last, total=found.total
    )
    return {
        "prev_url": _page_url(found.page - 1) if found.page > 1 else None,
        "next_url": _page_url(found.page + 1) if found.has_next else None,
        "summary": summary if found.rows else "",
    }


def _page_url(page: int) -> str:
    return url_with(**{PAGE: page if page > 1 else None})


def url_with(**changes: Any) -> str:
    """Return the address of this page with some parameters changed; None removes one."""
    kept = {key: value for key, value in request.args.items() if key != PAGE and value}
    wanted = {key: value for key, value in (kept | changes).items() if value is not None}
    # Parameters are data: none of them may become a keyword of url_for.
    path = url_for(str(request.endpoint), **(request.view_args or {}))
    return f"{path}?{urlencode(wanted)}" if wanted else path
