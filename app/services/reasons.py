"""Acts that need a reason: refused in one way where none is given."""

from flask_babel import gettext as _

from app.errors import Invalid


def given_reason(text: str | None, field: str = "reason", *, message: str = "") -> str:
    """Return the reason without outer spaces. Raises Invalid (``field``) if there is none.

    message: what is said then, where the ordinary words do not fit.
    """
    reason = (text or "").strip()
    if not reason:
        said = message or _("Please give the reason.")
        raise Invalid(said, {field: said})
    return reason
