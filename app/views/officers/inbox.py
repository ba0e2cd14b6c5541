"""The inbox: one screen answers the day."""

from typing import Any

from flask import render_template, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.extensions import db
from app.lowcode.values import plain_text
from app.models.dossier import DOSSIER_CHANNELS
from app.models.menus import WORK
from app.permissions import ROLE_LABELS, Role, current_actor
from app.services.inbox import (
    PAGE_SIZE,
    Inbox,
    Row,
    Show,
    Tab,
    Wanted,
    find_inbox,
    tabs_of,
    wanted_of,
)
from app.views.officers.base import OfficerView, address_with, asked
from app.workflows.states import State

COUNTERS = {
    Show.soon: (_l("Due within 2 hours"), "warning", "hourglass"),
    Show.today: (_l("Due today"), "info", "calendar"),
    Show.overdue: (_l("Overdue"), "danger", "alert-triangle"),
    Show.waiting: (_l("Waiting for the applicant"), "secondary", "user"),
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


class InboxView(OfficerView):
    """The home of every officer."""

    route_base = "/work"
    default_view = "index"
    menu_items = ((WORK, _l("Inbox"), "inbox", "index", "use"),)

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """Counters that are filters, and one dense table, the most urgent first."""
        actor, session = current_actor(), db.session()
        wanted = wanted_of(asked(), actor)
        inbox = find_inbox(session, actor, wanted)
        return render_template(
            "officers/inbox.html", wanted=wanted, lines=[_line(row) for row in inbox.rows],
            tabs=_tabs(wanted, inbox, tabs_of(actor)), counters=_counters(wanted, inbox),
            chips=_chips(wanted), channel_options=_channel_options(), pages=_pages(wanted, inbox),
            empty=_empty(wanted),
        )  # fmt: skip


def _channel_options() -> list[tuple[str, str]]:
    return [("", _("All channels")), *((key, _(text)) for key, text in DOSSIER_CHANNELS.items())]


def _tabs(wanted: Wanted, inbox: Inbox, tabs: list[Tab]) -> list[dict[str, Any]]:
    return [
        {"title": str(TABS[tab][0]), "icon": TABS[tab][1], "active": tab is wanted.tab,
         "count": inbox.total if tab is wanted.tab else None, "url": f"{request.path}?tab={tab}"}
        for tab in tabs
    ]  # fmt: skip


def _counters(wanted: Wanted, inbox: Inbox) -> list[dict[str, Any]]:
    return [
        {"label": str(label), "tone": tone, "icon": icon, "value": inbox.counts[show],
         "active": wanted.show is show,
         "url": address_with(show="" if wanted.show is show else show, page="")}
        for show, (label, tone, icon) in COUNTERS.items()
    ]  # fmt: skip


def _chips(wanted: Wanted) -> list[dict[str, Any]]:
    chips = []
    if wanted.show is not None:
        value = str(COUNTERS[wanted.show][0])
        chips.append({"label": _("Group"), "value": value, "remove_url": address_with(show="", page="")})
    if wanted.channel:
        value = _(DOSSIER_CHANNELS[wanted.channel])
        chips.append({"label": _("Channel"), "value": value, "remove_url": address_with(channel="", page="")})
    if wanted.q:
        chips.append({"label": _("Text"), "value": wanted.q, "remove_url": address_with(q="", page="")})
    return chips


def _pages(wanted: Wanted, inbox: Inbox) -> dict[str, Any]:
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


def _empty(wanted: Wanted) -> tuple[str, str]:
    if wanted.show is not None or wanted.q or wanted.channel:
        return _("Nothing here under this filter"), _("Clear the filter to see all of your work.")
    if wanted.tab is Tab.reception:
        return (_("No dossier waits for reception"),
                _("What is sent online appears here with the time left to answer."))  # fmt: skip
    return (_("Nothing is waiting"),
            _("Dossiers appear here as soon as a step is yours to do."))  # fmt: skip


def _line(row: Row) -> dict[str, Any]:
    """Return one line in words."""
    facts = row.facts
    return {
        "key": row.key, "code": row.code, "url": f"/dossier/{row.code}", "procedure": facts.procedure,
        "applicant": facts.applicant_name, "step": _step(row), "holder": _holder(row),
        "left": _left(row), "urgency": row.urgency, "explain": _explain(row), "missing": row.missing,
        "is_unpaid": row.is_unpaid, "channel": _(DOSSIER_CHANNELS[facts.channel]),
        "channel_icon": _CHANNEL_ICONS.get(facts.channel, "file"),
        "is_supplemented": facts.supplement_count > 0,
    }  # fmt: skip


def _step(row: Row) -> str:
    is_running = row.state in {State.processing, State.finished, State.accepted}
    return (row.facts.task_name or row.facts.step_name or "" if is_running else "") or _(row.state.label)


def _holder(row: Row) -> str:
    facts = row.facts
    if row.state in {State.supplement_requested, State.payment_requested}:
        return _("Applicant")
    if facts.first_name or facts.last_name:
        return f"{facts.first_name} {facts.last_name}".strip()
    if facts.task_id is not None:
        return _("Not assigned (%(role)s)", role=_(ROLE_LABELS[Role(facts.role)]).lower())
    return _("Not assigned") if row.state is State.processing else row.place


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
