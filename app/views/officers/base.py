"""What the officers' screens share."""

from typing import Any
from urllib.parse import urlencode

from flask import g, request
from flask_appbuilder import BaseView
from werkzeug.datastructures import MultiDict

from app.lowcode.fields import clean
from app.lowcode.values import as_id
from app.models import Dossier, Task
from app.permissions import EVERY_OFFICER
from app.services import handing


class OfficerView(BaseView):
    """A screen of people at work; rows are gated by the services."""

    class_permission_name = "Work"
    roles = {"use": EVERY_OFFICER}  # noqa: RUF012 - read by the permission sync


def sent() -> MultiDict[str, str]:
    """Return the sent form without characters that no text of ours can hold."""
    if "sent_form" not in g:
        g.sent_form = _cleaned(request.form)
    return g.sent_form


def asked() -> MultiDict[str, str]:
    """Return the query string without such characters."""
    return _cleaned(request.args)


def _cleaned(values: MultiDict[str, str]) -> MultiDict[str, str]:
    return MultiDict((name, clean(text) or "") for name, text in values.items(multi=True))


def address_with(**changes: Any) -> str:
    """Return this page's address with some of its query changed; None or "" takes away."""
    kept = {name: value for name, value in asked().items() if value}
    kept |= {name: str(value) if value else "" for name, value in changes.items()}
    query = urlencode({name: value for name, value in kept.items() if value})
    return f"{request.path}?{query}" if query else request.path


def whole_number(text: str | None, default: int = 0) -> int:
    """Return the number typed, ``default`` for an empty field, -1 for anything else."""
    if text is None or not text.strip():
        return default
    bare = text.strip()
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) < 7 else -1


def ids(values: list[str]) -> list[int]:
    """Return the record ids among ``values``; what cannot be one becomes 0, which none has."""
    return [as_id(value) or 0 for value in values]


def task_of(dossier: Dossier, form: Any) -> Task:
    """Return the task the form names, of a dossier that is locked; NotFound if it is not one of its own."""
    return handing.task_of(dossier, as_id(form.get("task", "")) or 0)
