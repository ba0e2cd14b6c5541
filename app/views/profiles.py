"""Regulation profiles to read, and putting another one in force after seeing what changes."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import Conflict, Invalid
from app.extensions import db
from app.models.menus import SYSTEM
from app.permissions import EVERY_OFFICER, Role, current_actor
from app.services import profile_page as profiles
from app.services.profiles import active_profile
from app.transactions import transaction
from app.views.acts import asked_number, typed


class ProfilesView(BaseView):
    """What the regulation in force says, in words; which others there are."""

    route_base = "/profiles"
    class_permission_name = "Profiles"
    default_view = "index"
    title = _l("Regulation in force")
    roles = {"use": EVERY_OFFICER, "switch": frozenset({Role.catalog_admin})}  # noqa: RUF012 - read only
    menu_items = ((SYSTEM, _l("Regulation in force"), "adjustments", "index", "use"),)

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> Any:
        """The profile in force; the list of profiles if none is."""
        profile = active_profile(db.session())
        if profile is None:
            return render_template("profiles/none.html", profiles=profiles.list_profiles(db.session()))
        return _page(profile)

    @expose("/<int:number>")
    @has_access
    @permission_name("use")
    def show(self, number: int) -> str:
        """Any profile."""
        return _page(profiles.get_profile(db.session(), number))

    @expose("/<int:number>/switch", methods=["GET", "POST"])
    @has_access
    @permission_name("switch")
    def switch(self, number: int) -> Any:
        """What would change; a POST puts the profile in force."""
        error: Any = None
        if request.method == "POST":
            try:
                with transaction() as session:
                    profiles.put_in_force(
                        session, profiles.get_profile(session, number), current_actor(),
                        reason=typed("reason"), instead_of=asked_number(request.form.get("instead_of")),
                    )  # fmt: skip
                flash(_("The profile is in force."), "success")
                return redirect(url_for("ProfilesView.show", number=number))
            except (Invalid, Conflict) as exc:
                error = exc
        return _preview(number, error), error.status if error else 200


def _page(profile: Any) -> str:
    session = db.session()
    return render_template(
        "profiles/show.html", profile=profile, groups=profiles.lines_of(session, profile),
        unset=profiles.unset_lines(session, profile), others=profiles.list_profiles(session),
        origins=_origins(), may_switch=current_actor().may("can_switch", "Profiles"),
        may_enter=current_actor().may("can_add", "ProfileParameter"),
    )  # fmt: skip


def _origins() -> dict[str, str]:
    return {"own": _("This regulation"), "base": _("Base"), "fallback": _("Fallback of the system"),
            "nothing": _("Nobody yet")}  # fmt: skip


def _preview(number: int, error: Any) -> str:
    session = db.session()
    profile, present = profiles.get_profile(session, number), active_profile(session)
    faults = error.fields if isinstance(error, Invalid) else {}
    return render_template(
        "profiles/switch.html", profile=profile, present=present, error=error, faults=faults,
        changes=profiles.changes(session, present, profile), reason=typed("reason"),
        unset=profiles.unset_lines(session, profile),
    )  # fmt: skip
