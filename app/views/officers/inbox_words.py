"""The inbox in words: counters, chips, lines."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.lowcode.values import inside_sentence, money, plain_text
from app.models import User
from app.models.dossier import DOSSIER_CHANNELS
from app.models.task import STRANDED
from app.permissions import ROLE_LABELS, Actor, Role
from app.services.inbox import PAGE_SIZE, Inbox, Row, Show, Tab, Wanted
from app.services.inbox_bulk import ACTS, Givers, acts_of
from app.services.inbox_lines import MOST_COUNTED
from app.services.task_rights import heads
from app.services.timing import unit_of
from app.views.officers.base import address_with
from app.workflows.states import State

COUNTERS = {
    Show.soon: (_l("Due within 2 hours"), "warning", "hourglass"),
    Show.today: (_l("Due today"), "info", "calendar"),
    Show.overdue: (_l("Overdue"), "danger", "alert-triangle"),
    Show.waiting: (_l("Waiting for applicant or agencies"), "secondary", "user"),
    Show.unassigned: (_l("Not assigned"), "secondary", "user-plus"),
}
TABS = {
    Tab.mine: (_l("My work"), "inbox"),
    Tab.team: (_l("My agency"), "users"),
    Tab.reception: (_l("Waiting for reception"), "file-plus"),
}
_EXPLAINED = {
    "reception": _l("Answer due"), "step": _l("Limit of the step"), "dossier": _l("Result due"),
}  # fmt: skip
_CHANNEL_ICONS = {"counter": "building", "online": "world", "post": "mail"}


def channel_options() -> list[tuple[str, str]]:
    """Return the choices of the filter by channel."""
    return [("", _("All channels")), *((key, _(text)) for key, text in DOSSIER_CHANNELS.items())]


def tabs(wanted: Wanted, inbox: Inbox, offered: list[Tab]) -> list[dict[str, Any]]:
    """Return the tabs; the page asks for the numbers of those that are not open once it is there."""
    return [
        {"title": str(TABS[tab][0]), "icon": TABS[tab][1], "active": tab is wanted.tab,
         "count": inbox.total if tab is wanted.tab else None, "url": f"{request.path}?tab={tab}"}
        for tab in offered
    ]  # fmt: skip


def capped(count: int) -> str:
    """Return the number of a tab that is not open, "999+" where it was not counted to its end."""
    return str(count) if count < MOST_COUNTED else f"{MOST_COUNTED - 1}+"


def tone(show: Show, count: int) -> str:
    """Return the colour of a counter: none while it is at nought."""
    return COUNTERS[show][1] if count else "secondary"


def counters(wanted: Wanted, inbox: Inbox) -> list[dict[str, Any]]:
    """Return the five counters, each a link that sets or lifts its filter."""
    return [
        {"label": str(label), "tone": colour, "icon": icon, "value": inbox.counts[show],
         "active": wanted.show is show,
         "url": address_with(show="" if wanted.show is show else show, page="")}
        for show, (label, colour, icon) in COUNTERS.items()
    ]  # fmt: skip


def chips(session: Session, wanted: Wanted) -> list[dict[str, Any]]:
    """Return the filters that are set, each with the address without it."""
    holder = session.get(User, wanted.holder) if wanted.holder is not None else None
    known = [
        ("show", _("Group"), str(COUNTERS[wanted.show][0]) if wanted.show is not None else ""),
        ("channel", _("Channel"), _(DOSSIER_CHANNELS[wanted.channel]) if wanted.channel else ""),
        ("holder", _("Held by"), holder.get_full_name() if holder is not None else ""),
        ("q", _("Text"), wanted.q),
    ]
    return [{"label": label, "value": value, "remove_url": address_with(**{name: "", "page": ""})}
            for name, label, value in known if value]  # fmt: skip


def pages(wanted: Wanted, inbox: Inbox) -> dict[str, Any]:
    """Return what stands under the table: which lines, and the neighbouring pages."""
    first = (wanted.page - 1) * PAGE_SIZE
    summary = _("%(first)d–%(last)d of %(total)d", first=first + 1, last=first + len(inbox.rows),
                total=inbox.total) if inbox.rows else ""  # fmt: skip
    if inbox.total <= PAGE_SIZE:
        summary = ngettext("%(num)d dossier", "%(num)d dossiers", inbox.total)
    return {
        "summary": summary if inbox.rows else "",
        "previous": address_with(page=wanted.page - 1) if wanted.page > 1 else None,
        "next": address_with(page=wanted.page + 1) if inbox.has_next else None,
    }


def empty(wanted: Wanted) -> tuple[str, str]:
    """Return what an empty inbox says: what this is, what to do."""
    if wanted.show is not None or wanted.q or wanted.channel or wanted.holder is not None:
        return _("Nothing here under this filter"), _("Clear the filter to see all of your work.")
    if wanted.tab is Tab.reception:
        return (_("No dossier waits for reception"),
                _("What is sent online appears here with the time left to answer."))  # fmt: skip
    return (_("Nothing is waiting"),
            _("Dossiers appear here as soon as a step is yours to do."))  # fmt: skip


def others(lines: Sequence[Any]) -> dict[str, Any]:
    """Return what waits beside the steps: how many of each kind, and the first of them in words."""
    found = {line.kind: line.of_kind for line in lines}
    refunds, delays = found.get("refund", 0), found.get("explanation", 0)
    counts = []
    if refunds:
        words = ngettext("%(num)d refund to decide", "%(num)d refunds to decide", refunds)
        counts.append((words, "/refund/list/?state=asked"))
    if delays:
        words = ngettext("%(num)d delay to explain", "%(num)d delays to explain", delays)
        counts.append((words, "/explanation/list/?state=asked"))
    return {"counts": counts, "lines": [(line, _other(line)) for line in lines],
            "is_more": refunds + delays > len(lines)}  # fmt: skip


def _other(line: Any) -> str:
    if line.kind == "refund":
        return _("Decide on the refund of %(amount)s", amount=money(line.amount))
    return _("Explain the delay by %(at)s", at=plain_text(line.due_at))


def bulk_acts(lines: list[SimpleNamespace]) -> list[tuple[str, str, str]]:
    """Return (name, label, icon) of every act that some line of the page allows."""
    open_acts = {name for one in lines for name in one.acts}
    return [(name, _(act.label), act.icon) for name, act in ACTS.items() if name in open_acts]


def line(row: Row, actor: Actor, givers: Givers) -> SimpleNamespace:
    """Return one line in words, with the acts many lines may share."""
    facts, left, unit = row.facts, _left(row), unit_of(row.left)
    return SimpleNamespace(
        key=row.key, code=row.code, url=f"/dossier/{row.code}",
        procedure=facts.procedure, applicant=facts.applicant_name, step=_step(row, actor),
        holder=_holder(row), holder_long=_holder(row, with_role=True),
        left=left, unit=unit, urgency=row.urgency, explain=_explain(row) or f"{left} {unit}".strip(), marks=_marks(row),
        acts=acts_of(row, actor, givers), why=f"/work/why/{row.code}?task={row.task_id or ''}", task_id=row.task_id,
    )  # fmt: skip


def _marks(row: Row) -> list[tuple[str, str, str]]:
    """What else to know at a glance: (icon, words, class of its colour)."""
    facts = row.facts
    found = [(_CHANNEL_ICONS.get(facts.channel, "file"), _(DOSSIER_CHANNELS[facts.channel]), "")]
    if facts.stranded:
        found.append(("alert-triangle", _given_on(facts.stranded), " tone-danger"))
    if row.missing:
        words = ngettext("%(num)d required paper is missing", "%(num)d required papers are missing", row.missing)
        found.append(("alert-triangle", words, " tone-warning"))
    if row.is_unpaid:
        words = _("Fee to be collected") if facts.owes_now else _("Something is to be paid later")
        found.append(("cash", words, " tone-warning" if facts.owes_now else " tone-secondary"))
    if facts.asked:
        words = ngettext("Waits for %(num)d opinion", "Waits for %(num)d opinions", facts.asked)
        found.append(("messages", words, " tone-info"))
    if facts.supplement_count:
        found.append(("file-plus", _("A supplement was asked for"), " tone-secondary"))
    return found


def _step(row: Row, actor: Actor) -> str:
    is_running = row.state in {State.processing, State.finished, State.accepted}
    name = row.facts.task_name or row.facts.step_name or "" if is_running else ""
    return _decision(row, actor) or name or _(row.state.label)


def _decision(row: Row, actor: Actor) -> str:
    """What somebody has to decide: to whom a step goes, or on the dossier as a whole its extension, its apology."""
    facts = row.facts
    if facts.stranded and heads(actor, facts.task_agency_id):
        return _given_on(facts.stranded)
    if facts.extension_waits and actor.has(Role(facts.extension_waits)):
        return _("Decide on the extension")
    if facts.extension_waits:
        return _("Extension: waits for %(role)s", role=_role(facts.extension_waits))
    if facts.apology_waits and actor.has(Role(facts.apology_waits)):
        return _("Sign the apology")
    if facts.task_id is None and facts.owes_now and actor.has(Role.cashier):
        return _("Fee to be collected")
    if facts.apology_waits:
        return _("Apology: waits for the signature of %(role)s", role=_role(facts.apology_waits))
    return ""


def _given_on(reason: str) -> str:
    return _("To be given on: %(reason)s", reason=inside_sentence(_(STRANDED[reason])))


def _role(name: str) -> str:
    return inside_sentence(_(ROLE_LABELS[Role(name)]))


def _holder(row: Row, *, with_role: bool = False) -> str:
    facts = row.facts
    if row.state in {State.supplement_requested, State.payment_requested}:
        return _("Applicant")
    if facts.first_name or facts.last_name:
        return f"{facts.first_name} {facts.last_name}".strip()
    if facts.task_id is not None and with_role:
        return _("Not assigned (%(role)s)", role=_role(facts.role))
    is_free = facts.task_id is not None or row.state is State.processing
    return _("Not assigned") if is_free else row.place


def _left(row: Row) -> str:
    if row.left is not None:
        words = _(row.left.msgid, **row.left.params)
        return _("step: %(words)s", words=words) if row.is_step else words
    if row.state is State.finished:
        return _("waits for collection")
    if row.state is State.withdrawal_requested:
        return _("decide on the withdrawal")
    return _("the clock stands still")


def _explain(row: Row) -> str:
    return " · ".join(f"{_EXPLAINED[what]}: {plain_text(at)}" for what, at in row.explanation)
