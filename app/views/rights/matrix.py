"""The matrix of rights: roles, entities and six actions; a change is shown before it is made."""

import json
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.errors import DomainError, Invalid
from app.extensions import db
from app.lowcode.actions import ACTIONS, Action
from app.lowcode.generate import declared_models
from app.lowcode.overrides import possible_actions
from app.lowcode.scopes import SCOPES, Scope
from app.lowcode.sync import wanted_rights
from app.models.menus import ORDER, SYSTEM
from app.permissions import ROLE_LABELS, Role, current_actor
from app.services import rights, rights_changes, rights_matrix
from app.text import fold
from app.transactions import transaction
from app.views.rights.titles import hand_made_titles

_ADMIN = frozenset({Role.system_admin})
_READERS = _ADMIN | {Role.catalog_admin, Role.auditor}
_MAX_CHANGES = 2000
# The letters of the overview; the legend spells them out.
LETTERS = {
    Action.read: "X", Action.add: "T", Action.change: "S", Action.remove: "O",
    Action.export: "R", Action.import_: "N",
}  # fmt: skip
SCOPE_LETTERS = {Scope.agency: "CQ", Scope.subtree: "CD", Scope.own: "CN"}


class RightsView(BaseView):
    """Who may do what: declared, and decided on top of it."""

    route_base = "/admin/rights"
    class_permission_name = "Rights"
    default_view = "index"
    title = _l("Rights by role")
    roles = {"read": _READERS, "decide": _ADMIN}  # noqa: RUF012 - read only
    menu_items = ((SYSTEM, _l("Rights by role"), "lock", "index", "read"),)

    @expose("/")
    @has_access
    @permission_name("read")
    def index(self) -> str:
        """Every entity and role at a glance; roles and entities lead to where they are decided."""
        state = rights_changes.decided(db.session())
        roles = rights_matrix.MATRIX_ROLES
        groups = rights_matrix.matrix(declared_models(), roles, state, ORDER)
        return _page("index", groups=groups, roles=roles, decided=len(state),
                     letters=LETTERS, scope_letters=SCOPE_LETTERS, in_words=_in_words)  # fmt: skip

    @expose("/screens")
    @has_access
    @permission_name("read")
    def screens(self) -> str:
        """The screens that are no list of records; their roles stand in the release."""
        models = {model.__name__ for model in declared_models()}
        own = {pair: roles for pair, roles in wanted_rights().items() if pair[1] not in models}
        lines = rights.overview(own, hand_made_titles())
        return _page("screens", lines=sorted(lines, key=lambda line: fold(line.title)),
                     roles=[(role, _(ROLE_LABELS[role])) for role in Role])  # fmt: skip

    @expose("/role/<name>")
    @has_access
    @permission_name("read")
    def role(self, name: str) -> str:
        """One role on every entity."""
        return _editor(_lines_of_role(_role(name)), _(ROLE_LABELS[_role(name)]), role=_role(name))

    @expose("/entity/<name>")
    @has_access
    @permission_name("read")
    def entity(self, name: str) -> str:
        """One entity for every role."""
        model = _model(name)
        state = rights_changes.decided(db.session())
        groups = rights_matrix.matrix([model], rights_matrix.MATRIX_ROLES, state, ORDER)
        return _editor([("", groups[0][1][0])], str(model.screen.title), model=model)

    @expose("/fields/<entity>/<role>")
    @has_access
    @permission_name("read")
    def fields(self, entity: str, role: str) -> str:
        """The attributes of one entity for one role."""
        model, chosen = _model(entity), _role(role)
        state = rights_changes.decided(db.session())
        return _page(
            "fields", model=model, role=chosen, role_labels=ROLE_LABELS,
            lines=rights_matrix.fields_of_role(model, chosen, state),
            choices=rights_matrix.field_choices, mark=rights_changes.mark_of(state),
            roles=rights_matrix.MATRIX_ROLES, back=request.path,
        )  # fmt: skip

    @expose("/preview", methods=["POST"])
    @has_access
    @permission_name("decide")
    def preview(self) -> Any:
        """What the change would give to whom, before it is made."""
        state = rights_changes.decided(db.session())
        back = _back()
        try:
            changes = rights_changes.differing(state, _asked())
            rights_changes.check(state, changes)
        except DomainError as exc:
            flash(str(exc), "danger")
            return redirect(back)
        if not changes:
            flash(_("Nothing was changed."), "info")
            return redirect(back)
        return _preview(state, changes, request.form.get("mark", ""), back)

    @expose("/decide", methods=["POST"])
    @has_access
    @permission_name("decide")
    def decide(self) -> Any:
        """Make the change that was shown."""
        changes, mark, back = _sent_changes(), request.form.get("mark", ""), _back()
        reason = request.form.get("reason", "")
        try:
            with transaction() as session:
                count = rights_changes.decide(session, changes, mark, reason)
        except Invalid as exc:
            if "reason" not in exc.fields:
                flash(str(exc), "danger")
                return redirect(back)
            state = rights_changes.decided(db.session())
            return _preview(state, changes, mark, back, error=str(exc)), 422
        except DomainError as exc:
            flash(str(exc), "danger")
            return redirect(back)
        flash(ngettext("%(num)d right is changed and in force.",
                       "%(num)d rights are changed and in force.", count), "success")  # fmt: skip
        return redirect(back)


def _in_words(line: rights_matrix.Line) -> str:
    """Return the letters of one role on one kind of record in words: "read, export; own agency"."""
    given, taken = _("given by a decision"), _("taken by a decision")
    words = []
    for cell in line.cells:
        word = _(ACTIONS[cell.action])
        if cell.is_changed:
            words.append(f"{word} ({given if cell.has else taken})")
        elif cell.works:
            words.append(word)
    rest = [_(SCOPES[Scope(line.scope)])] if line.scope != Scope.all else []
    rest += [_("closed attributes")] if line.fields else []
    return "; ".join(filter(None, [", ".join(words), *rest]))


def _page(template: str, **context: Any) -> str:
    may_decide = current_actor().may("can_decide", RightsView.class_permission_name)
    return render_template(f"rights/{template}.html", may_decide=may_decide, actions=ACTIONS,
                           role_label=lambda role: _(ROLE_LABELS[role]), **context)  # fmt: skip


def _editor(groups: Any, heading: str, **context: Any) -> str:
    state = rights_changes.decided(db.session())
    return _page("editor", groups=groups, heading=heading, mark=rights_changes.mark_of(state),
                 scopes=SCOPES, roles=rights_matrix.MATRIX_ROLES, back=request.path,
                 **context)  # fmt: skip


def _lines_of_role(role: Role) -> list[tuple[str, list[rights_matrix.Line]]]:
    state = rights_changes.decided(db.session())
    groups = rights_matrix.matrix(declared_models(), [role], state, ORDER)
    return [(title or _("Parts of records"), [row[0] for row in rows]) for title, rows in groups]


def _preview(state: Any, changes: Any, mark: str, back: str, error: str = "") -> str:
    return _page(
        "preview", effects=rights_changes.effects(db.session(), state, changes), mark=mark,
        back=back, error=error, reason=request.form.get("reason", ""), count=len(changes),
        changes=json.dumps([[*key, value] for key, value in sorted(changes.items())]),
        max_names=rights_changes.MAX_NAMES,
    )  # fmt: skip


def _role(name: str) -> Role:
    if name not in set(rights_matrix.MATRIX_ROLES):
        abort(404)
    return Role(name)


def _model(name: str) -> type[Any]:
    found = next((model for model in declared_models() if model.__name__ == name), None)
    return found if found is not None else abort(404)


def _back() -> str:
    """Return the page of rights one came from; never an address of elsewhere."""
    back = request.form.get("back", "")
    is_ours = back.startswith(f"{RightsView.route_base}/") and "//" not in back and "\\" not in back
    return back if is_ours else url_for("RightsView.index")


def _asked() -> dict[rights_changes.Key, str]:
    """Return what the form asks for: each line it showed, with its actions, scope, attributes."""
    ticked, wanted = set(request.form.getlist("a")), {}
    for line in request.form.getlist("line")[:_MAX_CHANGES]:
        role, _colon, entity = line.partition(":")
        model = rights_changes.model_named(entity)
        if role not in set(rights_matrix.MATRIX_ROLES):
            raise Invalid(_("There is no such role."))
        for action in possible_actions(model, Role(role)):
            has = f"{line}:{action}" in ticked
            value = rights_changes.as_decision(model, Role(role), action, is_wanted=has)
            wanted[role, entity, "action", str(action)] = value
        if f"s:{line}" in request.form:
            scope = request.form[f"s:{line}"]
            wanted[role, entity, "scope", ""] = "" if scope == Scope.all else scope
    for key, value in request.form.items():
        if key.startswith("f:") and key.count(":") == 3:
            _f, role, entity, field = key.split(":")
            wanted[role, entity, "field", field] = value
    return wanted


def _sent_changes() -> dict[rights_changes.Key, str]:
    """Return the changes the preview carried; what is none of ours is refused."""
    try:
        rows = json.loads(request.form.get("changes", ""))
        found = {(r, e, w, n): v for r, e, w, n, v in rows[:_MAX_CHANGES]}
    except (ValueError, TypeError, RecursionError):
        abort(400)
    if not all(isinstance(part, str) for key, value in found.items() for part in (*key, value)):
        abort(400)
    return found
