"""Looking up a dossier by its code, typed or read from the QR (HUE25 Đ13.1, HCM24 Đ12)."""

from typing import Any

from flask import redirect, render_template, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.utils.limit import Limit
from flask_limiter.util import get_remote_address

from app.errors import NotFound
from app.extensions import db
from app.permissions import current_actor
from app.services.lookup import MAX_CODE, clean_code, find_public
from app.views.portal.links import typed


class PortalLookupView(BaseView):
    """Where a dossier stands. Limited per address, so that nobody harvests codes."""

    public = True
    route_base = "/tra-cuu"
    default_view = "index"
    limits = [Limit("60 per minute", get_remote_address)]

    @expose("/")
    @expose("")
    def index(self) -> Any:
        """The form; ``?ma=`` is how it is sent."""
        given = typed("ma", MAX_CODE + 20)
        if not given:
            return render_template("portal/lookup.html", code="", message="", nav_active="lookup")
        code = clean_code(given)
        if code:
            return redirect(url_for(f"{self.endpoint}.show", code=code))
        return self._show(given)

    @expose("/<code>")
    def show(self, code: str) -> Any:
        """One dossier, or the form again with a plain message."""
        return self._show(code)

    def _show(self, typed_code: str) -> Any:
        try:
            found = find_public(db.session(), typed_code, current_actor())
        except NotFound as exc:
            return render_template(
                "portal/lookup.html",
                code=typed_code[:MAX_CODE],
                message=str(exc),
                nav_active="lookup",
            ), exc.status
        return render_template("portal/dossier.html", found=found, nav_active="lookup")
