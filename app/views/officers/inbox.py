"""The inbox: one screen answers the day."""

from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import DomainError
from app.extensions import db
from app.lowcode.saved_views import drop_view, save_view, tidy, views_of
from app.lowcode.values import as_id
from app.models.menus import WORK
from app.permissions import ROLE_LABELS, current_actor
from app.services.dossiers import get_dossier
from app.services.inbox import Inbox, Show, Tab, count_inbox, count_others, find_inbox, tabs_of, wanted_of
from app.services.inbox_aside import colleagues_of, reasons_of
from app.services.inbox_bulk import givers_of
from app.services.other_work import find_other_work
from app.transactions import transaction
from app.views.officers import inbox_words as words
from app.views.officers.base import OfficerView, asked, sent


class InboxView(OfficerView):
    """The home of every officer."""

    route_base = "/work"
    default_view = "index"
    menu_items = ((WORK, _l("Inbox"), "inbox", "index", "use"),)

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> Any:
        """Counters that are filters, and one dense table, the most urgent first."""
        actor, session = current_actor(), db.session()
        saved = views_of(session, Inbox.__name__, actor)
        first = next((view.query for view in saved if view.is_default), "")
        if first and not request.query_string:
            return redirect(f"{request.path}?{first}")
        wanted = wanted_of(asked(), actor)
        inbox = find_inbox(session, actor, wanted)
        givers = givers_of(session, actor)
        lines = [words.line(row, actor, givers) for row in inbox.rows]
        others = find_other_work(session, actor) if wanted.tab is Tab.mine else []
        return render_template(
            "officers/inbox.html", wanted=wanted, lines=lines, bulk=words.bulk_acts(lines),
            tabs=words.tabs(wanted, inbox, tabs_of(actor)), counters=words.counters(wanted, inbox),
            chips=words.chips(session, wanted), channel_options=words.channel_options(),
            others=words.others(others), pages=words.pages(wanted, inbox), empty=words.empty(wanted), saved=saved,
            query=tidy(request.query_string.decode("ascii", "ignore")), total=inbox.total,
        )  # fmt: skip

    @expose("/counts")
    @has_access
    @permission_name("use")
    def counts(self) -> Response:
        """The five counters and the tabs as they are now, for a page that is already open."""
        actor, session = current_actor(), db.session()
        wanted = wanted_of(asked(), actor)
        counts, whole = count_inbox(session, actor, wanted)
        others = count_others(session, actor, wanted.tab)
        shown = whole if wanted.show is None else counts[wanted.show]
        return jsonify(counts=[{"value": counts[show], "tone": words.tone(show, counts[show])} for show in Show],
                       total=shown, tabs={tab: words.capped(number) for tab, number in others.items()})  # fmt: skip

    @expose("/why/<code>")
    @has_access
    @permission_name("use")
    def why(self, code: str) -> Response:
        """Why the remaining time of a line is what it is: intervals, pauses, clauses."""
        session = db.session()
        dossier = get_dossier(session, code, current_actor())
        return jsonify(lines=reasons_of(session, dossier, as_id(asked().get("task", ""))))

    @expose("/colleagues")
    @has_access
    @permission_name("use")
    def colleagues(self) -> str:
        """The colleagues a task can be dropped on, the least loaded first."""
        people = colleagues_of(db.session(), current_actor())
        return render_template("officers/_colleagues.html", people=people, role_labels=ROLE_LABELS)

    @expose("/views", methods=["POST"])
    @has_access
    @permission_name("use")
    def save_view(self) -> Any:
        """Keep the inbox as it is filtered now under a name."""
        query = tidy(sent().get("query", ""))
        try:
            with transaction() as unit:
                save_view(unit, Inbox.__name__, current_actor(), sent().get("name", ""), query,
                          is_default=bool(sent().get("is_default")))  # fmt: skip
            flash(_("The view is saved."), "success")
        except DomainError as exc:
            flash(str(exc), "danger")
        return redirect(f"{url_for('InboxView.index')}?{query or 'tab='}")

    @expose("/views/<int:pk>/drop", methods=["POST"])
    @has_access
    @permission_name("use")
    def drop_view(self, pk: int) -> Any:
        """Forget one of one's own views."""
        with transaction() as unit:
            drop_view(unit, Inbox.__name__, current_actor(), pk)
        flash(_("The view is removed."), "success")
        return redirect(url_for("InboxView.index", tab=""))
