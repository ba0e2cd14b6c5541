"""What an officer reads on a dossier's page: all of it, in a fixed number of statements."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload, selectinload

from app.clock import now
from app.i18n import N_
from app.models import (
    Attachment,
    ClockSegment,
    Component,
    Dossier,
    Fee,
    Form,
    FormSection,
    Movement,
    ProcedureVersion,
    Task,
    User,
)
from app.permissions import Actor
from app.services.dossiers import get_dossier
from app.services.guards import is_shared
from app.services.inbox import LOOKS
from app.services.lookup import PUBLIC_WORDS
from app.services.pauses import is_overdue, stands_still
from app.services.timing import calendar_of, near_due_minutes, prepare_calendars, unit_of
from app.workflows import deadlines
from app.workflows.explaining import explain
from app.workflows.states import CLOCK_OVER, State
from app.workflows.working_time import CalendarExhausted

# Handovers inside the process are no transitions of the table; the public reads less of them.
STEP_WORDS = {
    "finish_step": N_("A step was finished"),
    "send_back_step": N_("The dossier was sent back to an earlier step"),
    "recall_step": N_("A finished step was taken back"),
    "ask_opinion": N_("An opinion was asked for"), "give_opinion": N_("An opinion was given"),
    "take_back_question": N_("A question was taken back"),
    "undo_claim": N_("Taking the task was undone"), "undo_hand_over": N_("Handing the task over was undone"),
    "hand_over_absence": N_("The task went to another: the officer is away"),
    "hand_over_stranded": N_("The task went to another: its officer may not do it any more"),
    "rehome": N_("The dossier went to another agency by a reorganisation"),
    "ask_extension": N_("An extension of the time limit was asked for"),
    "confirm_extension": N_("The extension was confirmed"),
    "grant_extension": N_("The extension was granted, the due date changed"),
    "refuse_extension": N_("The extension was refused"),
    "take_back_extension": N_("The request for an extension was taken back"),
    "catch_up": N_("The dossier received on paper was entered later"),
    "write_apology": N_("An apology was written"),
    "sign_apology": N_("An apology was signed and sent"),
    "send_back_apology": N_("The apology was sent back to be written again"),
    "take_back_request": N_("A request that waited for its apology was taken back"),
    "waive_apology": N_("It was decided that no apology is due"),
    "explain": N_("The delay was explained"),
    "ask_explanation": N_("An explanation of the delay was asked for"),
    "withdraw_explanation": N_("The question about the delay was withdrawn"),
    "refund": N_("Money was paid back"),
    "ask_refund": N_("A refund was entered; it waits to be approved"),
    "approve_refund": N_("A refund was approved: money was paid back"),
    "refuse_refund": N_("A refund was refused"),
    "take_back_refund": N_("A refund was taken back"),
    "lapse_refund": N_("A refund lapsed"),
    "check_data": N_("Connected databases were asked again"),
    "ask_originals": N_("The applicant was asked to show originals"),
    "original_agrees": N_("A copy was compared: it agrees with the original"),
    "original_differs": N_("A copy was compared: it differs from the original"),
    "drop_originals": N_("An original is no longer asked for"),
    "move_process": N_("The dossier was moved to another internal process"),
}
_MOVE_LOOKS = {
    "refuse": ("danger", "circle-x"), "stop": ("danger", "ban"),
    "ask_supplement": ("warning", "file-plus"),
    "ask_supplement_in_process": ("warning", "file-plus"),
    "request_payment": ("warning", "cash"), "request_payment_in_process": ("warning", "cash"),
    "send_back_step": ("warning", "arrow-back"), "request_withdrawal": ("warning", "arrow-back"),
    "recall_step": ("warning", "arrow-back"), "take_back_question": ("warning", "arrow-back"),
    "take_back_start": ("warning", "arrow-back"),
    "undo_claim": ("warning", "arrow-back"), "undo_hand_over": ("warning", "arrow-back"),
    "ask_opinion": ("info", "messages"),
    "give_opinion": ("info", "message"), "open_linked": ("info", "external"),
    "ask_extension": ("warning", "hourglass"), "confirm_extension": ("info", "hourglass"),
    "grant_extension": ("success", "calendar"), "refuse_extension": ("danger", "circle-x"),
    "refuse_unanswered": ("danger", "circle-x"), "reopen": ("warning", "rotate"), "explain": ("info", "message"),
    "ask_explanation": ("warning", "message"), "withdraw_explanation": ("secondary", "arrow-back"),
    "write_apology": ("warning", "mail"), "sign_apology": ("success", "mail"),
    "finish": ("success", "circle-check"), "return_result": ("success", "file-check"),
    "collect_online": ("success", "file-check"), "finish_step": ("secondary", "check"),
}  # fmt: skip


@dataclass(frozen=True)
class Remaining:
    """How much time is left in words, how it looks, and why it is so much."""

    words: str
    urgency: str
    reasons: list[str]
    unit: str = ""


@dataclass(frozen=True)
class PaperRow:
    """One paper of the dossier: what is asked, what was handed in, its files."""

    name: str
    component: Component | None
    kind: str
    quantity: int
    is_received: bool
    is_required: bool
    is_shared: bool
    files: list[Attachment]
    replaced: list[Attachment]


_version = joinedload(Dossier.version)
# Lists whose rows lead to no others (papers, letters, charges …) are read when they are asked for:
# each costs one statement either way, and as options of this one every one costs the others time.
_SHOWN = (
    _version.selectinload(ProcedureVersion.components).joinedload(Component.document_type),
    _version.selectinload(ProcedureVersion.fees).selectinload(Fee.exemptions),
    _version.joinedload(ProcedureVersion.form).selectinload(Form.sections).joinedload(FormSection.fields),
    _version.joinedload(ProcedureVersion.process), joinedload(Dossier.process), joinedload(Dossier.account),
    joinedload(Dossier.procedure), joinedload(Dossier.sector), joinedload(Dossier.holder),
    joinedload(Dossier.agency), joinedload(Dossier.desk), joinedload(Dossier.rating),
    selectinload(Dossier.tasks).options(joinedload(Task.agency), joinedload(Task.assignee)),
    selectinload(Dossier.segments).joinedload(ClockSegment.agency),
    selectinload(Dossier.attachments).options(joinedload(Attachment.file), joinedload(Attachment.result)),
)  # fmt: skip


def load_page(session: Session, code: str, actor: Actor) -> Dossier:
    """Return a dossier the actor may see with all its page shows; raises NotFound."""
    dossier = get_dossier(session, code, actor, load=_SHOWN)
    prepare_calendars(session, [dossier.agency, dossier.desk, *(task.agency for task in dossier.tasks)])
    return dossier


def remaining(session: Session, dossier: Dossier) -> Remaining:
    """Return how much working time is left, with pauses and the pieces it is made of."""
    state, at = State(dossier.state), now()
    due_at = dossier.due_at if dossier.received_at is not None else dossier.reception_due_at
    if state in CLOCK_OVER:
        return _ended(dossier, state)
    if due_at is None:
        return Remaining(_("no limit yet"), "ok", [])
    if stands_still(session, dossier):
        look = "overdue" if is_overdue(session, dossier) else "paused"
        return Remaining(_("the clock stands still"), look, [_(state.label)])
    place = dossier.agency if dossier.received_at is not None else dossier.desk
    calendar = calendar_of(session, place)
    phrase = deadlines.remaining_phrase(at, due_at, calendar)
    try:
        pieces = explain(calendar, min(at, due_at), max(at, due_at))
    except CalendarExhausted:
        pieces = ()
    reasons = [_(piece.msgid, **piece.params) for piece in pieces]
    words = _(phrase.msgid, **phrase.params)
    look = LOOKS[deadlines.urgency(at, due_at, calendar, near_due_minutes(session))]
    return Remaining(words, look, reasons, unit_of(phrase))


def _ended(dossier: Dossier, state: State) -> Remaining:
    ended_at = dossier.finished_at or dossier.closed_at
    if state in {State.refused, State.stopped} or dossier.due_at is None or ended_at is None:
        return Remaining(_("the clock is over"), "done", [])
    is_late = ended_at > dossier.due_at
    words = _("finished late") if is_late else _("finished in time")
    return Remaining(words, "overdue" if is_late else "done", [])


def due_reasons(dossier: Dossier) -> list[str]:
    """Return why the result is due when it is: as promised at reception, then each change."""
    first = [_(msgid, **params) for msgid, params in dossier.due_explanation or ()]
    return first + [change.reason for change in dossier.due_changes]


def papers(dossier: Dossier) -> list[PaperRow]:
    """Return every paper that is asked or was handed in, with its files."""
    held = {paper.component_id: paper for paper in dossier.papers}
    rows = []
    for component in dossier.version.components:
        paper = held.pop(component.id, None)
        files = [a for a in dossier.attachments if a.component_id == component.id]
        if paper is None and not files and not component.is_required:
            continue
        rows.append(_paper(component.name, component, paper, files))
    return rows + [_paper(paper.name, None, paper, []) for paper in held.values()]


def _paper(name: str, component: Component | None, paper: Any, files: list[Attachment]) -> PaperRow:
    return PaperRow(
        name, component, paper.kind if paper else "", paper.quantity if paper else 0,
        bool(paper and paper.is_received), bool(component and component.is_required),
        bool(component and is_shared(component)),
        [a for a in files if not a.is_replaced], [a for a in files if a.is_replaced],
    )  # fmt: skip


def loose_files(dossier: Dossier) -> list[Attachment]:
    """Return the files that belong to no paper: fields of the form, scans of the whole."""
    return [a for a in dossier.attachments if a.component_id is None]


def timeline(dossier: Dossier) -> list[dict[str, Any]]:
    """Return the course of the dossier, the latest first, for ui.timeline."""
    last = dossier.movements[-1] if dossier.movements else None
    return [
        {
            "at": movement.at, "title": _(_words(movement.transition)), "body": movement.remark,
            "who": ", ".join(filter(None, (acted(movement), movement.agency_name))),
            "tone": _MOVE_LOOKS.get(movement.transition, ("info", ""))[0],
            "icon": _MOVE_LOOKS.get(movement.transition, ("", "route"))[1],
            "clause": movement.clause, "current": movement is last,
        }
        for movement in reversed(dossier.movements)
    ]  # fmt: skip


def acted(movement: Movement) -> str:
    """Return who made a movement, and in whose place."""
    if movement.on_behalf_of is None:
        return movement.actor_name
    return _("%(delegate)s in place of %(name)s", delegate=movement.actor_name, name=movement.on_behalf_of)


def _words(transition: str) -> str:
    return STEP_WORDS.get(transition) or PUBLIC_WORDS.get(transition, transition)


def user_names(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """Return the names of users by id, in one statement."""
    wanted = set(ids)
    if not wanted:
        return {}
    query = sa.select(User.id, User.first_name, User.last_name).where(User.id.in_(wanted))
    return {row.id: f"{row.first_name} {row.last_name}".strip() for row in session.execute(query)}


def late_step(dossier: Dossier) -> tuple[Task, datetime] | None:
    """Return the first step that took longer than it may, and until when: the cause of delay."""
    for task in dossier.tasks:
        ended = task.finished_at or now()
        if ended > task.due_at and task.kind not in {"return"}:
            return task, ended
    return None
