"""Editions of letter texts in packs: only what can be printed, and what is published never changes."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.documents import wording
from app.documents.builtin import built_in
from app.models import Letter, LetterTemplate
from app.models.letter_template import TemplateState
from app.packs.comparing import REMOVE, Change
from app.packs.documents import ID
from app.packs.reading import Fault, Refused

TABLE = LetterTemplate.__tablename__
_NAMED = 3  # letters named in a refusal


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


def sign(changed: Iterable[tuple[Change, Any]], who: str) -> None:
    """Name who applied the pack as the publisher of the editions that it publishes."""
    for change, row in changed:
        if "state" in change.values:
            row.published_by = who if row.state == TemplateState.published else None


def refuse_used(session: Session, changes: Iterable[Change]) -> None:
    """Raise Refused if undoing would take back an edition that letters were issued with."""
    faults = []
    for change in changes:
        if change.kind.name == TABLE and _is_taken_back(change) and change.old is not None:
            row = session.get_one(LetterTemplate, change.old[ID])
            found = _letters_of(session, row)
            if found:
                more = "…" if len(found) > _NAMED else ""
                letters = ", ".join(found[:_NAMED]) + more
                faults.append(Fault(change.path, _(
                    "%(name)s cannot be taken back: letters were issued with its words: %(letters)s",
                    name=str(row), letters=letters)))  # fmt: skip
    if faults:
        raise Refused(faults)


def _is_taken_back(change: Change) -> bool:
    old, new = change.old or {}, change.new or {}
    is_published = old.get("state") == TemplateState.published
    return is_published and (change.act == REMOVE or new.get("state") != TemplateState.published)


def _letters_of(session: Session, row: LetterTemplate) -> list[str]:
    """Return the numbers of the first letters, cancelled ones too, that carry the words of an edition."""
    kind = "apology" if row.kind.startswith("apology_") else row.kind
    query = sa.select(Letter).where(
        Letter.kind == kind, Letter.edition == row.edition, Letter.data["form_set"].as_string() == row.form_set
    )
    letters = session.scalars(query.order_by(Letter.id)).yield_per(100)
    found = (one for one in letters if wording.kind_of(one.kind, one.data) == row.kind)
    return [one.number or f"#{one.id}" for _at, one in zip(range(_NAMED + 1), found, strict=False)]
