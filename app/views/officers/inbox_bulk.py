"""Acts on many lines of the inbox: a page that tells what will happen, then a result per line."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import flash, redirect, render_template, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import DomainError, Invalid
from app.extensions import db
from app.lowcode.values import as_id
from app.permissions import Actor, current_actor
from app.services import inbox_bulk as bulk
from app.services import undoing
from app.services.clause_words import legal_basis
from app.services.dossier_page import user_names
from app.services.inbox import Row
from app.services.profiles import profiles_in_force
from app.transactions import transaction
from app.views.officers import inbox_words as words
from app.views.officers.base import OfficerView, sent


class InboxBulkView(OfficerView):
    """What is done with the chosen lines of the inbox."""

    route_base = "/work/bulk"
    default_view = "ask"

    @expose("/", methods=["POST"])
    @has_access
    @permission_name("use")
    def ask(self) -> Any:
        """The acts common to the chosen lines; with one chosen, its consequence for each of them."""
        try:
            rows = _chosen(current_actor())
            common = bulk.common_acts(rows, current_actor(), bulk.givers_of(db.session(), current_actor()))
            name = sent().get("act", "")
            if name:
                bulk.act_called(name)
            elif not common:
                raise Invalid(_("The chosen dossiers have no act in common. Choose fewer, or others."))
        except DomainError as exc:
            return _back(str(exc))
        return _asking(rows, name, common)

    @expose("/run", methods=["POST"])
    @has_access
    @permission_name("use")
    def run(self) -> Any:
        """Do the act with each line in a transaction of its own and tell what became of each."""
        actor, name = current_actor(), sent().get("act", "")
        try:
            act, rows = bulk.act_called(name), _chosen(actor)
            keys = bulk.read_keys(sent().getlist("row"))
        except DomainError as exc:
            return _back(str(exc))
        given = bulk.Given(sent().get("remark", "").strip() or None, as_id(sent().get("user", "")) or 0)
        if act.asks == "person" and not given.user_id:
            return _asking(rows, name, [name], fault=_("Please choose a colleague.")), 422
        titles = {row.key: row for row in rows}
        outcomes = [(titles.get(f"{key[0]}-{key[1]}"), _one(lambda unit, key=key: act.do(unit, key, actor, given)))
                    for key in keys]  # fmt: skip
        undoable = [row.key for row, fault in outcomes if row and not fault] if name in undoing.LINES else []
        return _done(outcomes, _(act.label), name, undoable)

    @expose("/undo", methods=["POST"])
    @has_access
    @permission_name("use")
    def undo(self) -> Any:
        """Undo what was just done with many, each line as far as it still can be."""
        actor, name = current_actor(), sent().get("act", "")
        try:
            act, keys = bulk.act_called(name), bulk.read_keys(sent().getlist("row"))
        except DomainError as exc:
            return _back(str(exc))
        rows = {row.facts.id: row for row in bulk.chosen_rows(db.session(), actor, [(key[0], 0) for key in keys])}
        outcomes = [(rows.get(key[0]), _one(lambda unit, key=key: undoing.undo_line(unit, *key, actor, name)))
                    for key in keys]  # fmt: skip
        return _done(outcomes, _("Undo: %(act)s", act=_(act.label)), name, [])


def _done(outcomes: list[tuple[Row | None, str]], title: str, name: str, undoable: list[str]) -> str:
    return render_template("officers/bulk_done.html", outcomes=outcomes, title=title, back=_inbox(), name=name,
                           undoable=undoable, back_query=sent().get("back", ""), minutes=undoing.MINUTES)  # fmt: skip


def _one(do: Callable[[Session], object]) -> str:
    """Do one line in a transaction of its own; returns why it was refused, "" when it is done."""
    try:
        with transaction() as unit:
            do(unit)
    except DomainError as exc:
        return str(exc)
    return ""


def _chosen(actor: Actor) -> list[Row]:
    rows = bulk.chosen_rows(db.session(), actor, bulk.read_keys(sent().getlist("row")))
    if not rows:
        raise Invalid(_("What you chose was finished meanwhile."))
    return rows


def _asking(rows: list[Row], name: str, common: list[str], *, fault: str = "") -> str:
    session, actor = db.session(), current_actor()
    givers = bulk.givers_of(session, actor)
    fit = [row for row in rows if name in bulk.acts_of(row, actor, givers)]
    act = bulk.ACTS.get(name)
    asks_person = act is not None and act.asks == "person"
    people = user_names(session, bulk.receivers(session, fit)) if asks_person else {}
    keys = [(row.facts.id, row.task_id or 0) for row in fit] if name == "finish_step" else []
    follows, kept_back = bulk.what_follows(session, keys)
    fit = [row for row in fit if row.task_id not in kept_back]
    lines = [words.line(row, actor, givers) for row in (fit if act else rows)]
    left_out = [words.line(row, actor, givers) for row in rows if act and row not in fit]
    return render_template(
        "officers/bulk_ask.html", act=act, name=name,
        basis=legal_basis(act.clause, profiles_in_force(session)) if act else "",
        common=[(key, bulk.ACTS[key]) for key in common],
        lines=lines, follows=follows, kept_back=kept_back, left_out=left_out, fault=fault,
        people=sorted(people.items(), key=lambda item: item[1]), chosen=sent().get("user", ""),
        remark=sent().get("remark", ""), back=_inbox(), back_query=sent().get("back", ""),
    )  # fmt: skip


def _inbox() -> str:
    """Return the address of the inbox as it was filtered."""
    query = urlencode(parse_qsl(sent().get("back", "")[:1000]))
    return url_for("InboxView.index") + (f"?{query}" if query else "")


def _back(message: str) -> Any:
    flash(message, "danger")
    return redirect(_inbox())
