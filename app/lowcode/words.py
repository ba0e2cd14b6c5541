"""What declarations say, in the reader's language: translated once in a process, a page repeats it often."""

from functools import cache
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _

from app.lowcode.screen import label_of
from app.lowcode.values import choices_of


def language() -> str:
    """Return the language of this moment: what the functions below keep their words by."""
    return str(get_locale())


@cache
def label_in(_language: str, model: type[Any], name: str) -> str:
    """Return the label of an attribute. _language: ``language()``."""
    return str(label_of(model, name))


@cache
def choices_in(_language: str, model: type[Any], name: str) -> dict[Any, str] | None:
    """Return {value: words} of the choices declared on a column, or None. _language: ``language()``."""
    choices = choices_of(model, name)
    return {value: _(text) for value, text in choices.items()} if choices is not None else None
