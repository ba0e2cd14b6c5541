"""Parts of the frame that are the same on many pages, rendered once and kept.

Only what depends on the language and a stated key may be a fragment: nothing of one person.
"""

import hashlib
from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Any

from flask import current_app, render_template, request, url_for
from flask_babel import get_locale
from markupsafe import Markup

_MOST = 400  # a role and a page each; then all are rendered anew
_kept: dict[tuple[Hashable, ...], Markup] = {}


def fragment(name: str, key: Hashable = None, **context: Any) -> Markup:
    """Return template ``name`` rendered with ``context``; the same for the same ``key`` and language."""
    whole = (name, str(get_locale()), request.script_root, key)
    found = _kept.get(whole)
    if found is None:
        if len(_kept) >= _MOST:
            _kept.clear()
        found = _kept[whole] = Markup(render_template(name, **context))
    return found


def asset(path: str) -> str:
    """Return the address of a static file; it changes with the file's content."""
    return f"{request.script_root}{_address(path)}"


@cache
def _address(path: str) -> str:
    root = request.script_root
    return url_for("static", filename=path, v=asset_version()).removeprefix(root)


@cache
def asset_version() -> str:
    """Return a mark of what style sheets, scripts and icons hold: a browser keeps them until it changes."""
    folder = Path(current_app.static_folder or "")
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.*")):
        if file.suffix in {".css", ".js", ".svg"}:
            digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def forget_fragments() -> None:
    """Render everything anew; for tests."""
    _kept.clear()
