"""Editions of letter texts in packs: only what can be printed, and what is published never changes."""

from typing import Any

from flask_babel import gettext as _

from app.documents import wording
from app.documents.builtin import built_in
from app.models import LetterTemplate
from app.models.letter_template import TemplateState
from app.packs.comparing import Change

TABLE = LetterTemplate.__tablename__


def problem(change: Change) -> str | None:
    """Return why an edition may not be added or changed so, or None."""
    old, new = change.old or {}, change.new or {}
    if old.get("state") == TemplateState.published:
        return _("This edition is published and does not change. Begin a new edition instead.")
    if new.get("state") == TemplateState.published and not new.get("valid_from"):
        return _("A published edition says from which day it is used.")
    return _unprintable(new["kind"], new["form_set"], new.get("texts"))


def _unprintable(kind: str, form_set: str, texts: Any) -> str | None:
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        return _("The texts of a letter stand under the names of their blocks.")
    unknown = sorted(set(texts) - set(built_in(kind, form_set)))
    if unknown:
        return _("This letter has no block “%(block)s”.", block=unknown[0][:60])
    found = wording.faults(kind, texts)
    return "; ".join(f"{_(wording.BLOCK_LABELS[block])}: {text}" for block, text in found.items()) or None
