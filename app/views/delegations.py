"""Standing in for each other: delegations, what was done under them, absences."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_appbuilder import BaseView, expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import Invalid
from app.extensions import db
from app.lowcode.telling import tell
from app.lowcode.values import as_id, plain_text
from app.models.delegation import ABSENCE_KINDS, ABSENCE_WAYS, DELEGABLE
from app.models.menus import WORK
from app.permissions import OVERSEERS, ROLE_LABELS, Role, current_actor
from app.services import absences, delegating
from app.services.calendar_days import read_day
from app.services.done_in_place import done_elsewhere
from app.services.dossier_page import acted
from app.transactions import transaction
from app.views.officers.base import asked, sent


class StandInView(BaseView):
    """Who stands in for whom: each for himself, heads for theirs, the system administrator for all."""

    route_base = "/stand-ins"
    class_permission_name = "StandIns"
    default_view = "index"
    roles = {"use": DELEGABLE | OVERSEERS | {Role.system_admin}}  # noqa: RUF012 - read by the permission sync
    menu_items = ((WORK, _l("Delegation and absence"), "users", "index", "use"),
                  (WORK, _l("Done in place of others"), "history", "done", "use"))  # fmt: skip

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """Delegations and absences now and to come, and the posts one may lend."""
        return _index()

    @expose("/post/<int:number>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def post(self, number: int) -> Any:
        """Lend one post."""
        form = sent()
        if not form:
            return _post(number)
        wish = delegating.Wish(
            as_id(form.get("delegate")) or 0, read_day(form.get("valid_from", "")), read_day(form.get("valid_to", "")),
            form.get("document_number", ""), form.get("reason", ""),
        )  # fmt: skip
        try:
            with transaction() as unit:
                delegating.delegate(unit, number, current_actor(), wish)
        except Invalid as exc:
            return _post(number, exc), exc.status
        flash(_("The delegation is entered; both are told."), "success")
        return redirect(url_for("StandInView.index"))

    @expose("/withdraw/<int:number>", methods=["POST"])
    @has_access
    @permission_name("use")
    def withdraw(self, number: int) -> Any:
        """End a delegation now."""
        try:
            with transaction() as unit:
                delegating.withdraw(unit, number, current_actor(), sent().get(f"reason-{number}", ""))
        except Invalid as exc:
            return _index(exc, f"reason-{number}"), exc.status
        flash(_("The delegation has ended."), "success")
        return redirect(url_for("StandInView.index"))

    @expose("/done")
    @has_access
    @permission_name("use")
    def done(self) -> str:
        """What was done in place of others, the latest first."""
        rows = delegating.done_in_place(db.session(), current_actor(), as_id(asked().get("before")))
        shown = rows[: delegating.SHOWN]
        more = shown[-1][0].id if len(rows) > len(shown) else None
        elsewhere = [] if asked().get("before") else done_elsewhere(db.session(), current_actor())
        return render_template(
            "delegations/done.html", rows=[(m, acted(m), code) for m, code in shown], more=more,
            elsewhere=tell(db.session(), elsewhere),
        )  # fmt: skip

    @expose("/absence/<int:number>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def absence(self, number: int) -> Any:
        """Enter that an officer is away; what becomes of his tasks is shown before."""
        form = sent()
        if form.get("do") != "enter":
            return _absence(number)
        try:
            with transaction() as unit:
                row = absences.enter(
                    unit, number, current_actor(), kind=form.get("kind", ""), way=form.get("way", ""),
                    valid_from=read_day(form.get("valid_from", "")), valid_to=read_day(form.get("valid_to", "")),
                    reason=form.get("reason", ""),
                )  # fmt: skip
                count, begins, is_later = row.given_away, row.valid_from, row.given_at is None
        except Invalid as exc:
            return _absence(number, exc), exc.status
        told = _("The absence is entered; the open tasks are distributed on %(day)s.", day=plain_text(begins))
        flash(told if is_later else _("The absence is entered; tasks given away: %(count)d.", count=count), "success")
        return redirect(url_for("StandInView.index"))

    @expose("/back/<int:number>", methods=["POST"])
    @has_access
    @permission_name("use")
    def back(self, number: int) -> Any:
        """End an absence early."""
        try:
            with transaction() as unit:
                absences.end(unit, number, current_actor(), sent().get(f"back-{number}", ""))
        except Invalid as exc:
            return _index(exc, f"back-{number}"), exc.status
        flash(_("The officer is back: new tasks come to him again."), "success")
        return redirect(url_for("StandInView.index"))


def _index(error: Invalid | None = None, field: str = "") -> str:
    session, actor = db.session(), current_actor()
    rows = [(row, delegating.may_arrange(actor, row.user_id, row.agency_id))
            for row in delegating.delegations_of(session, actor)]  # fmt: skip
    away = [(row, delegating.may_arrange(actor, row.user_id, row.agency_id))
            for row in absences.absences_of(session, actor)]  # fmt: skip
    q = asked().get("q", "")
    return render_template(
        "delegations/index.html", rows=rows, away=away, error=error, field=field, q=q,
        posts=delegating.posts_to_lend(session, actor, q), roles=ROLE_LABELS, kinds=ABSENCE_KINDS,
        ways=ABSENCE_WAYS,
        is_admin=actor.has(Role.system_admin),
    )  # fmt: skip


def _post(number: int, error: Invalid | None = None) -> str:
    session = db.session()
    post = delegating.get_post(session, number, current_actor())
    people = [(str(user.id), user.get_full_name()) for user in delegating.delegates_for(session, post)]
    return render_template(
        "delegations/post.html", post=post, role=_(ROLE_LABELS[Role(post.role)]), people=people, error=error,
        faults=error.fields if error else {}, given=sent(),
    )  # fmt: skip


def _absence(number: int, error: Invalid | None = None) -> str:
    session, given = db.session(), sent()
    user, _agency = absences.get_officer(session, number, current_actor())
    way = given.get("way") or absences.Way.colleagues
    ways = [(key, _(text)) for key, text in ABSENCE_WAYS.items()]
    lines = absences.plan(session, user.id, way)
    return render_template(
        "delegations/absence.html", user=user, lines=lines, way=way, ways=ways,
        more=absences.count_more(session, user.id, lines),
        kinds=[(key, _(text)) for key, text in ABSENCE_KINDS.items()], error=error,
        faults=error.fields if error else {}, given=given,
    )  # fmt: skip


DELEGATION_VIEWS = (StandInView,)
