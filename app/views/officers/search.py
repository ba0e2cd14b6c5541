"""The global search: an exact code opens its dossier, anything else gives groups."""

from typing import Any

from flask import redirect, render_template, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.extensions import db
from app.lowcode.screen import opened
from app.models import Account
from app.permissions import current_actor
from app.services.global_search import LIMIT, search
from app.views.officers.base import OfficerView, asked


class SearchView(OfficerView):
    """What the box on top of every page finds."""

    route_base = "/search"
    default_view = "index"

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> Any:
        """Dossiers, applicants, procedures; one exact dossier code goes straight to its page."""
        q = asked().get("q", "").strip()[:200]
        found = search(db.session(), q, current_actor())
        if found.exact is not None:
            return redirect(url_for("DossierPageView.show", code=found.exact.code))
        return render_template("officers/search.html", q=q, found=found, limit=LIMIT,
                               account_fields=opened(Account, ("id_number", "phone")))  # fmt: skip
