"""Acts that ask first: a form that says what it will do is carried out once its sender agreed.

Scripts ask in a dialog and send ``_confirmed``. Where they have not loaded, or are off, the same
question is a page of its own that sends the same fields again.
"""

from typing import Any

from flask import render_template, request

_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_OWN = frozenset({"_ask", "_ask_title", "_ask_label", "_ask_tone", "_confirmed", "csrf_token"})


def ask_first() -> Any:
    """Return the page that asks, None if nothing is asked or it was agreed to."""
    # What the question says is the sender's: only a page of ours may have sent it, and where there is no page that
    # takes it, or one for programs, the CSRF token was not asked for.
    is_checked = request.endpoint is not None and not request.path.startswith("/api/")
    # Nothing else is read here: the body of a program has limits of its own, set later.
    form = request.form if is_checked and request.method == "POST" and request.mimetype in _FORMS else {}
    if "_ask" not in form or form.get("_confirmed") or any(file.filename for file in request.files.values()):
        return None  # files cannot be sent a second time by the page; their forms need the dialog
    fields = [(name, value) for name, value in request.form.items(multi=True) if name not in _OWN]
    return render_template(
        "shell/confirm.html", fields=fields, question=form["_ask"], title=form.get("_ask_title"),
        label=form.get("_ask_label"), tone=form.get("_ask_tone"), back=request.referrer,
    )  # fmt: skip
