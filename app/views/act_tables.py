"""Who may do what, when, under which clause: read from the tables the product goes by."""

from flask import abort, render_template, request
from flask_appbuilder import BaseView, expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import lazy_gettext as _l

from app.models.menus import SYSTEM
from app.permissions import EVERY_OFFICER
from app.services import act_table


class ActTableView(BaseView):
    """The acts of every life cycle, by role and state. Nothing can be changed here."""

    route_base = "/acts"
    class_permission_name = "ActTable"
    default_view = "index"
    title = _l("Who may do what")
    roles = {"use": EVERY_OFFICER}  # noqa: RUF012 - read only
    menu_items = ((SYSTEM, _l("Who may do what"), "list-check", "index", "use"),)

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """One life cycle, narrowed by role and state; 404 for an unknown one."""
        cycles = act_table.cycles()
        cycle = request.args.get("cycle") or cycles[0][0]
        if cycle not in dict(cycles):
            abort(404)
        states, roles = act_table.states_of(cycle), act_table.roles_of(cycle)
        state, role = request.args.get("state", ""), request.args.get("role", "")
        # A choice of another life cycle means nothing here and narrows nothing.
        state, role = state if state in dict(states) else "", role if role in dict(roles) else ""
        acts = act_table.acts_of(cycle, role=role, state=state)
        return render_template("acts/index.html", cycles=cycles, cycle=cycle, states=states, state=state,
                               roles=roles, role=role, acts=acts)  # fmt: skip
