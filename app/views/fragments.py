"""Parts of pages that are the same on many, rendered once and kept.

Only what depends on the language and a stated key may be a fragment: nothing of one person. What
differs from request to request inside of it is a hole, filled each time: the CSRF token, and what
the template is given by name.
"""

import hashlib
import re
import secrets
from collections.abc import Hashable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from flask import current_app, g, render_template, request, url_for
from flask_babel import get_locale
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from app.lowcode.list_frame import NOT_KEPT

_MOST = 1000  # a role and a page each; then all are rendered anew
_CSRF = "csrf_token"
_MARK = secrets.token_hex(8)  # nobody can write a hole into a page
_HOLE = re.compile(f"\0{_MARK}([a-z_]+)\0")
# The text before the first hole, then by turns the name of a hole and the text after it.
_kept: dict[tuple[Hashable, ...], list[str]] = {}


def fragment(name: str, key: Hashable = None, holes: Mapping[str, Any] | None = None, **context: Any) -> Markup:
    """Return template ``name`` rendered with ``context``; the same for the same ``key`` and language.

    holes: name → value of what differs, put in escaped where the template names it; it may only
    be printed there, not asked. ``context`` may hold functions, called if it is rendered at all,
    as it always is under the key NOT_KEPT.
    """
    if key is NOT_KEPT:
        return Markup(render_template(name, **context, **(holes or {})))
    whole = (name, get_locale(), request.script_root, key)
    parts = _kept.get(whole)
    if parts is None:
        if len(_kept) >= _MOST:
            _kept.clear()
        parts = _kept[whole] = _HOLE.split(_rendered(name, context, holes or {}))
    return Markup(parts[0] if len(parts) == 1 else _filled(parts, holes or {}))


def _rendered(name: str, context: Mapping[str, Any], holes: Mapping[str, Any]) -> str:
    """Render with a mark in the place of each hole; forms print the token that Flask-WTF keeps in ``g``."""
    token = g.pop(_CSRF, None)
    setattr(g, _CSRF, f"\0{_MARK}{_CSRF}\0")
    try:
        return render_template(name, **context, **{hole: Markup(f"\0{_MARK}{hole}\0") for hole in holes})
    finally:
        g.pop(_CSRF)
        if token is not None:
            setattr(g, _CSRF, token)


def _filled(parts: Sequence[str], holes: Mapping[str, Any]) -> str:
    filled = list(parts)
    for place in range(1, len(parts), 2):
        filled[place] = escape(generate_csrf() if parts[place] == _CSRF else holes[parts[place]])
    return "".join(filled)


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
