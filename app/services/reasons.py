"""Acts that need a reason: refused in one way where none is given."""

from typing import Any

from flask_babel import gettext as _

from app.errors import Invalid
from app.workflows.table import Transition


def asked_words(step: Transition[Any]) -> str:
    """Return what is said where the remark that ``step`` needs is not given."""
    label = step.reason_label
    return _("Please fill in: %(what)s.", what=_(label)) if label else _("Please give the reason.")


def given_reason(text: str | None, field: str = "reason", *, message: str = "") -> str:
    """Return the reason without outer spaces. Raises Invalid (``field``) if there is none.

    message: what is said then, where the ordinary words do not fit.
    """
    reason = (text or "").strip()
    if not reason:
        said = message or _("Please give the reason.")
        raise Invalid(said, {field: said})
    return reason
