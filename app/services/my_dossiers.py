"""What an applicant sees of his dossiers: where they stand, what to do, who looked at them."""

from dataclasses import dataclass
from datetime import date, datetime
from textwrap import shorten
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload, selectinload

from app.clock import to_local
from app.errors import NotFound
from app.history import HistoryEntry
from app.lowcode.values import money
from app.models import (
    Agency,
    Attachment,
    Component,
    Dossier,
    Movement,
    OfficerPosition,
    ProcedureVersion,
    Task,
)
from app.models.calendar import WEEKDAYS
from app.permissions import Actor
from app.services.files import INNER_LETTERS
from app.services.guards import payable, supplement_charges
from app.services.lookup import course_of, is_told, words_of
from app.services.paging import Slice, slice_of
from app.transactions import locked
from app.workflows.dossier import DOSSIER
from app.workflows.states import FINAL, State

PAGE_SIZE = 20
READINGS = 20  # looks on one page
_REASON = 200  # letters of what is asked, on the list; all of it stands on the dossier's page
WAITING_FOR_ME = frozenset({State.supplement_requested, State.payment_requested, State.finished})
# What stands still until he has done something, then what only waits to be received.
_FIRST = {int(state): int(state is State.finished) for state in WAITING_FOR_ME}
# filter → states; "" is everything.
FILTERS: dict[str, frozenset[State]] = {
    "": frozenset(State), "todo": WAITING_FOR_ME,
    "open": frozenset(State) - FINAL - WAITING_FOR_ME, "closed": FINAL,
}  # fmt: skip
_LOOKS = {
    State.registered: ("info", "send"), State.accepted: ("info", "check"),
    State.refused: ("danger", "circle-x"), State.processing: ("info", "hourglass"),
    State.supplement_requested: ("warning", "file-plus"),
    State.payment_requested: ("warning", "cash"),
    State.withdrawal_requested: ("secondary", "arrow-back"), State.stopped: ("secondary", "ban"),
    State.finished: ("success", "circle-check"), State.returned: ("success", "file-check"),
}  # fmt: skip
# Remarks of these movements are meant for the applicant; others are between officers.
_TOLD = frozenset({"ask_supplement", "ask_supplement_in_process", "refuse", "refuse_unanswered", "stop",
                   "reject_withdrawal", "request_withdrawal"})  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """One look at the dossier by an officer: when, and which office."""

    at: datetime
    office: str
    what: str


@dataclass(frozen=True)
class Readings:
    """Some of the looks at a dossier, the newest first; older: where the next ones begin, if there are any."""

    rows: list[Reading]
    older: int | None


def list_own(session: Session, actor: Actor, group: str, page: int) -> Slice[Dossier]:
    """Return a page of the actor's dossiers in ``group`` of FILTERS: what waits for him, then the newest first."""
    states = FILTERS.get(group, FILTERS[""])
    query = sa.select(Dossier).where(Dossier.account_id == actor.account_id)
    if states != FILTERS[""]:
        query = query.where(Dossier.state.in_([int(state) for state in states]))
    loads = (
        joinedload(Dossier.version), joinedload(Dossier.agency), joinedload(Dossier.rating), joinedload(Dossier.desk),
        selectinload(Dossier.supplements), selectinload(Dossier.charges),
    )  # fmt: skip
    waits = sa.case(_FIRST, value=Dossier.state, else_=2)
    return slice_of(session, query, page, PAGE_SIZE, prepare=lambda q: q.options(*loads).order_by(
        waits, Dossier.submitted_at.desc(), Dossier.id.desc()))  # fmt: skip


def to_do(dossier: Dossier) -> str:
    """Return in plain words what the applicant is to do now; "" while the dossier waits for others."""
    state, charges = State(dossier.state), payable(dossier)
    if state is State.supplement_requested and dossier.supplements:
        return _to_answer(dossier)
    if state is State.payment_requested or (state is State.finished and charges):
        return _("Please pay %(amount)s at %(desk)s.", amount=money(sum(one.amount for one in charges)),
                 desk=dossier.desk.name)  # fmt: skip
    if state is not State.finished:
        return ""
    if dossier.result_way == "online":
        return _("Open the dossier and receive the result.")
    if dossier.result_way == "post":
        return _("It will be sent to you by public post.")
    return _("Please come to %(desk)s with your identity card.", desk=dossier.desk.name)


def _to_answer(dossier: Dossier) -> str:
    asked, charges = dossier.supplements[-1], supplement_charges(dossier)
    words = [_("Add or correct: %(reason)s", reason=_ended(shorten(asked.reason, _REASON, placeholder="…")))]
    if asked.due_at is not None:
        words.append(_("Please answer by %(when)s.", when=moment(asked.due_at)))
    if charges:
        words.append(_("With the answer %(amount)s is to be paid at %(desk)s.",
                       amount=money(sum(one.amount for one in charges)), desk=dossier.desk.name))  # fmt: skip
    return " ".join(words)


def _ended(text: str) -> str:
    return text if text.endswith((".", "…", "!", "?")) else f"{text}."


def count_groups(session: Session, actor: Actor, unsent: int = 0) -> dict[str, int]:
    """Return how many dossiers each filter shows; ``unsent`` ones wait for him, too."""
    query = (
        sa.select(Dossier.state, sa.func.count())
        .where(Dossier.account_id == actor.account_id)
        .group_by(Dossier.state)
    )
    by_state = {State(state): count for state, count in session.execute(query)}
    return {group: sum(by_state.get(state, 0) for state in states) + (unsent if group in {"", "todo"} else 0)
            for group, states in FILTERS.items()}  # fmt: skip


def get_own(session: Session, code: str, actor: Actor, *, to_change: bool = False) -> Dossier:
    """Return the actor's own dossier with what its page shows; raises NotFound.

    to_change: locked, as it is now.
    """
    query = sa.select(Dossier).where(
        Dossier.code == code.strip().upper(), Dossier.account_id == actor.account_id
    )
    query = locked(query, Dossier) if to_change else query.options(*_page_loads())
    dossier = session.scalar(query) if actor.account_id is not None else None
    if dossier is None:
        raise NotFound(_("There is no dossier with this code, or you may not see it."))
    return dossier


def _page_loads() -> list[Any]:
    version = joinedload(Dossier.version)
    lists = (Dossier.movements, Dossier.revisions, Dossier.letters, Dossier.charges,
             Dossier.results, Dossier.supplements, Dossier.due_changes, Dossier.papers)  # fmt: skip
    return [
        version.joinedload(ProcedureVersion.procedure), version.joinedload(ProcedureVersion.form),
        version.selectinload(ProcedureVersion.components).joinedload(Component.document_type),
        joinedload(Dossier.agency), joinedload(Dossier.desk), joinedload(Dossier.rating),
        *(selectinload(relation) for relation in lists),
        selectinload(Dossier.attachments).joinedload(Attachment.file),
    ]  # fmt: skip


def sentence(dossier: Dossier) -> str:
    """Return where a dossier stands in one plain sentence, with the promised time."""
    state = State(dossier.state)
    words = _(state.sentence)
    if state is State.registered and dossier.reception_due_at is not None:
        when = moment(dossier.reception_due_at)
        return _("%(words)s; answer by %(when)s", words=words, when=when)
    if state in {State.accepted, State.processing} and dossier.due_at is not None:
        when = moment(dossier.due_at)
        return _("%(words)s; the result is due at %(when)s", words=words, when=when)
    return words


def moment(instant: datetime) -> str:
    """Return an instant as "16:30 thứ Sáu 04/12/2026"."""
    local = to_local(instant)
    day = _(WEEKDAYS[local.weekday()])
    # Vietnamese writes days of the week small inside a sentence, English does not.
    words = day if day.isascii() else day[:1].lower() + day[1:]
    return f"{local:%H:%M} {words} {local:%d/%m/%Y}"


def timeline(dossier: Dossier) -> list[dict[str, Any]]:
    """Return the course of a dossier in public words, the newest first, for ui.timeline."""
    lines = course_of(dossier)
    return [_line(line, is_last=line is lines[0]) for line in lines]


def _line(line: list[Movement], *, is_last: bool) -> dict[str, Any]:
    movement = line[0]
    tone, icon = _LOOKS[State(movement.target)] if is_told(movement) else ("secondary", "route")
    return {"at": moment(movement.at), "title": words_of(line), "tone": tone, "icon": icon,
            "who": movement.agency_name or "", "current": is_last,
            "body": movement.remark if movement.transition in _TOLD else ""}  # fmt: skip


def readings(session: Session, dossier: Dossier, before: int | None = None) -> Readings:
    """Return who has looked at the dossier, the newest first: offices, no officers' names.

    before: the ``older`` of what was shown already. Source: HUE25 Đ21–22 (protection of personal data).
    """
    query = (
        sa.select(HistoryEntry.id, HistoryEntry.at, HistoryEntry.actor_id, HistoryEntry.changes)
        .where(HistoryEntry.aggregate == "dossier", HistoryEntry.aggregate_id == dossier.id)
        .where(HistoryEntry.action.startswith("read"))
        .where(HistoryEntry.actor_id.in_(sa.select(OfficerPosition.user_id)))
        .order_by(HistoryEntry.id.desc())
        .limit(READINGS + 1)
    )
    found = session.execute(query if before is None else query.where(HistoryEntry.id < before)).all()
    rows = found[:READINGS]
    posts = _posts(session, dossier, {row.actor_id for row in rows})
    looks = [Reading(row.at, _office(posts[row.actor_id], to_local(row.at).date()), _what(row.changes)) for row in rows]
    return Readings(looks, rows[-1].id if len(found) > len(rows) else None)


def _what(changes: dict[str, Any] | None) -> str:
    return str(((changes or {}).get("attachment") or [None, ""])[-1] or "")


def _posts(session: Session, dossier: Dossier, user_ids: set[int]) -> dict[int, list[Any]]:
    """Return the posts that users hold or held, those at the dossier's agencies first, the latest before."""
    post = OfficerPosition
    tasks = sa.select(Task.agency_id).where(Task.dossier_id == dossier.id)
    is_there = sa.or_(post.agency_id.in_((dossier.agency_id, dossier.desk_id)), post.agency_id.in_(tasks))
    query = (
        sa.select(post.user_id, post.valid_from, post.valid_to, Agency.name)
        .join(Agency, Agency.id == post.agency_id).where(post.user_id.in_(user_ids))
        .order_by(sa.case((is_there, 0), else_=1), post.valid_from.desc(), post.id.desc())
    )  # fmt: skip
    found: dict[int, list[Any]] = {}
    for row in session.execute(query) if user_ids else ():
        found.setdefault(row.user_id, []).append(row)
    return found


def _office(posts: list[Any], day: date) -> str:
    """Return the office of the post held on ``day``; should none be, of the one held last before, or the next."""
    held = (row for row in posts if row.valid_from <= day and (row.valid_to is None or row.valid_to >= day))
    nearest = min(posts, key=lambda row: (row.valid_from > day, abs((row.valid_from - day).days)))
    return str(next(held, nearest).name)


def why_not_received(dossier: Dossier, actor: Actor) -> str:
    """Return why the applicant may not open the result; "" if he may, and for officers (QN20 Đ14.2, Đ16).

    What is signed and sealed stays with the agency while steps or the payment are still to come, and for good
    when the dossier was stopped or withdrawn.
    """
    if dossier.account_id != actor.account_id or dossier.state == State.returned:
        return ""
    if dossier.state != State.finished:
        return _("The result of this dossier is not handed over, as the dossier stands now.")
    if payable(dossier):
        return _("Please pay the fee first; then the result can be received.")
    if dossier.result_way == "online":
        return _("Please press “Receive the result” on the page of your dossier first.")
    return ""


def issued_results(dossier: Dossier) -> list[Any]:
    """Return the results that the applicant may open."""
    return [result for result in dossier.results if result.state == "issued" and result.file_id]


def own_letters(dossier: Dossier) -> list[Any]:
    """Return the letters meant for the applicant, the newest first."""
    return [x for x in reversed(dossier.letters) if x.kind not in INNER_LETTERS]


def may_withdraw(dossier: Dossier) -> bool:
    """Return whether the applicant may still ask to withdraw."""
    return State(dossier.state) in DOSSIER.find("request_withdrawal").sources


def file_item(attachment: Attachment) -> dict[str, Any]:
    """Return an attachment as ``ui.upload`` and lists of files show it."""
    return {"id": attachment.id, "name": attachment.name, "size": attachment.file.size,
            "media_type": attachment.file.media_type, "url": f"/files/{attachment.id}",
            "remove_url": f"/files/{attachment.id}/remove"}  # fmt: skip
