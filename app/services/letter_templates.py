"""The office's own words of letters: drafted, looked at, published from a day, kept for ever."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import today
from app.documents import wording
from app.documents.builtin import built_in
from app.documents.render import render
from app.documents.specimen import specimen
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.history import because
from app.models import LetterTemplate
from app.models.letter_template import TEMPLATE_KINDS, TemplateState
from app.permissions import Actor, Role
from app.services.kept import kept, mark
from app.transactions import locked
from app.workflows.parameters import FORM_SETS

EDITORS = frozenset({Role.catalog_admin})


class Standing(NamedTuple):
    """What is printed of one kind today: the edition in force, the planned one, the draft."""

    kind: str
    in_force: LetterTemplate | None
    planned: LetterTemplate | None
    draft: LetterTemplate | None


class Words(NamedTuple):
    """What an edition prints: its number, and its texts by block."""

    edition: int
    blocks: dict[str, str]


def in_force(session: Session, kind: str, form_set: str, on: date) -> LetterTemplate | None:
    """Return the edition printed on ``on``; None: the built-in texts are."""
    return session.scalar(
        sa.select(LetterTemplate)
        .where(LetterTemplate.kind == kind, LetterTemplate.form_set == form_set,
               LetterTemplate.state == TemplateState.published, LetterTemplate.valid_from <= on)
        .order_by(LetterTemplate.valid_from.desc(), LetterTemplate.edition.desc()).limit(1)
    )  # fmt: skip


def words_today(session: Session, letter: str, cause: str | None, form_set: str) -> Words | None:
    """Return what is printed today of a ``letter`` for ``cause``; None: the built-in texts are."""
    kind, day = wording.kind_of(letter, {"cause": cause}), today()
    return kept(mark(session, "profiles"), ("words", kind, form_set, day), lambda: _words(session, kind, form_set))[0]


def _words(session: Session, kind: str, form_set: str) -> tuple[Words | None]:
    row = in_force(session, kind, form_set, today())
    return (Words(row.edition, texts_of(row)) if row is not None else None,)  # kept, too, when there are none


def with_words(data: dict[str, Any], words: Words | None) -> dict[str, Any]:
    """Return the data of a letter with the words of an edition; None: the built-in texts are printed."""
    return data if words is None else data | {"wording": {"edition": words.edition, "blocks": words.blocks}}


def worded(session: Session, letter: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return the data of a letter with the words in force today."""
    return with_words(data, words_today(session, letter, data.get("cause"), data["form_set"]))


def standings(session: Session, form_set: str) -> list[Standing]:
    """Return how every kind of letter stands in a set of forms today, in the order of the forms."""
    rows = session.scalars(sa.select(LetterTemplate).where(LetterTemplate.form_set == form_set)).all()
    return [_standing(kind, [row for row in rows if row.kind == kind]) for kind in TEMPLATE_KINDS]


def _standing(kind: str, rows: Sequence[LetterTemplate]) -> Standing:
    begun = [row for row in rows if row.valid_from is not None and row.valid_from <= today()]
    later = [row for row in rows if row.valid_from is not None and row.valid_from > today()]
    return Standing(
        kind, max(begun, key=_age, default=None), min(later, key=_age, default=None),
        next((row for row in rows if row.state == TemplateState.draft), None),
    )  # fmt: skip


def _age(row: LetterTemplate) -> tuple[date, int]:
    return row.valid_from or date.min, row.edition


def editions(session: Session, kind: str, form_set: str) -> Sequence[LetterTemplate]:
    """Return every edition of a kind, the newest first. Raises NotFound for an unknown kind or set."""
    _known(kind, form_set)
    return session.scalars(
        sa.select(LetterTemplate)
        .where(LetterTemplate.kind == kind, LetterTemplate.form_set == form_set)
        .order_by(LetterTemplate.edition.desc())
    ).all()


def status(row: LetterTemplate, now_valid: LetterTemplate | None) -> str:
    """Return "draft", "planned", "in_force" or "retired" (a newer edition has taken its place)."""
    if row.state == TemplateState.draft:
        return "draft"
    if now_valid is not None and row.id == now_valid.id:
        return "in_force"
    return "planned" if row.valid_from is not None and row.valid_from > today() else "retired"


def original(kind: str, form_set: str) -> dict[str, str]:
    """Return the built-in texts of a kind."""
    return built_in(kind, form_set)


def texts_of(row: LetterTemplate) -> dict[str, str]:
    """Return the texts of an edition, every block of its kind in printed order."""
    return {block: row.texts.get(block, "") for block in built_in(row.kind, row.form_set)}


def get_template(session: Session, number: int, *, to_change: bool = False) -> LetterTemplate:
    """Return an edition. Raises NotFound."""
    query = sa.select(LetterTemplate).where(LetterTemplate.id == number)
    row = session.scalar(locked(query) if to_change else query)
    if row is None:
        raise NotFound(_("There is no such edition."))
    return row


def start_draft(session: Session, kind: str, form_set: str, actor: Actor) -> LetterTemplate:
    """Return the draft of a kind: the one there is, else a new one with the texts printed today."""
    _may_edit(actor)
    rows = editions(session, kind, form_set)
    draft = next((row for row in rows if row.state == TemplateState.draft), None)
    if draft is not None:
        return draft
    source = in_force(session, kind, form_set, today())
    texts = texts_of(source) if source is not None else built_in(kind, form_set)
    number = max((row.edition for row in rows), default=0) + 1
    because(session, action="draft_letter_text")
    row = LetterTemplate(kind=kind, form_set=form_set, edition=number, texts=texts)
    session.add(row)
    session.flush()
    return row


def save(session: Session, number: int, texts: Mapping[str, str], version: int, actor: Actor) -> LetterTemplate:
    """Keep the texts of a draft, made from its ``version``.

    Raises NotAllowed, Conflict (published meanwhile, or changed by someone else), Invalid naming the
    block and the placeholder ({block: message}).
    """
    row = _draft(session, number, version, actor)
    given = tidied(row.kind, texts)
    refuse_faults(row.kind, given)
    if given != texts_of(row):
        because(session, action="change_letter_text")
        row.texts = given
        session.flush()
    return row


def restore(session: Session, number: int, version: int, actor: Actor) -> LetterTemplate:
    """Put the built-in texts back into a draft."""
    row = _draft(session, number, version, actor)
    because(session, action="restore_letter_text")
    row.texts = built_in(row.kind, row.form_set)
    session.flush()
    return row


def publish(session: Session, number: int, valid_from: date | None, version: int, actor: Actor) -> LetterTemplate:
    """Publish a draft from a day on; letters issued before keep their texts.

    Raises Conflict if it is published already or was changed, Invalid for a day in the past or texts
    that cannot be printed.
    """
    row = _draft(session, number, version, actor)
    if valid_from is None or valid_from < today():
        message = _("Please give the day from which it is used, today or later.")
        raise Invalid(message, {"valid_from": message})
    refuse_faults(row.kind, texts_of(row))
    because(session, action="publish_letter_text")
    row.state, row.valid_from, row.published_by = TemplateState.published, valid_from, actor.name
    session.flush()
    return row


def discard(session: Session, number: int, version: int, actor: Actor) -> None:
    """Drop a draft; what is printed does not change."""
    row = _draft(session, number, version, actor)
    because(session, action="discard_letter_text")
    session.delete(row)
    session.flush()


def withdraw(session: Session, number: int, actor: Actor) -> LetterTemplate:
    """Make a draft again of an edition whose day has not come. Raises Conflict."""
    _may_edit(actor)
    row = get_template(session, number, to_change=True)
    rows = editions(session, row.kind, row.form_set)
    if row.state == TemplateState.draft or row.valid_from is None or row.valid_from <= today():
        raise Conflict(_("This edition is used already, or it is a draft. Only a planned edition can be taken back."))
    if any(other.state == TemplateState.draft for other in rows):
        raise Conflict(_("There is another draft of this letter. Publish or drop it first."))
    because(session, action="withdraw_letter_text")
    row.state, row.valid_from, row.published_by = TemplateState.draft, None, None
    session.flush()
    return row


def preview(kind: str, form_set: str, texts: Mapping[str, str]) -> bytes:
    """Return the PDF of a letter with made-up data. Raises Invalid naming what cannot be printed, NotFound."""
    _known(kind, form_set)
    given = tidied(kind, texts)
    refuse_faults(kind, given)
    letter, data = specimen(kind, form_set, given, today().isoformat())
    return render(letter, data)


def tidied(kind: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Return the blocks of a kind out of what was typed, without outer space; anything else is dropped."""
    found = {block: str(texts.get(block, "")) for block in built_in(kind, "tt03_2025")}
    return {block: "\n".join(line.rstrip() for line in text.replace("\x00", "").splitlines()).strip()
            for block, text in found.items()}  # fmt: skip


def refuse_faults(kind: str, texts: Mapping[str, str]) -> None:
    """Raise Invalid naming each block that cannot be printed."""
    found = wording.faults(kind, texts)
    if found:
        said = "; ".join(f"{_(wording.BLOCK_LABELS[block])}: {message}" for block, message in found.items())
        raise Invalid(said, found)


def _draft(session: Session, number: int, version: int, actor: Actor) -> LetterTemplate:
    _may_edit(actor)
    row = get_template(session, number, to_change=True)
    if row.state != TemplateState.draft:
        raise Conflict(_("This edition is published and does not change. Begin a new edition instead."))
    if row.row_version != version:
        raise Conflict(_("Someone else changed this draft since you opened it. Your text is still on this page; "
                         "open the draft again in another window to compare."))  # fmt: skip
    return row


def _may_edit(actor: Actor) -> None:
    if not actor.roles & EDITORS:
        raise NotAllowed(_("Only administrators of catalogs edit the texts of letters."))


def _known(kind: str, form_set: str) -> None:
    if kind not in TEMPLATE_KINDS or form_set not in FORM_SETS:
        raise NotFound(_("There is no such letter."))
