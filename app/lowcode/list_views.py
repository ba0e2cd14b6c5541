"""What a user does with a list as a whole: acts on many rows, keeps and drops his views of it."""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _

from app.errors import DomainError, NotFound
from app.lowcode import pages
from app.lowcode.bulk import Offer, Outcome, carry_out, offers
from app.lowcode.saved_views import SavedView, drop_view, save_view, tidy
from app.lowcode.values import as_id
from app.permissions import current_actor
from app.transactions import transaction

LIST_PERMISSIONS = {"bulk": "read", "save_view": "read", "drop_view": "read"}


class ListActions:
    """Mixed into the generated view; which acts are open is asked of the rights each time."""

    model: type[Any]
    endpoint: str
    _render: Any

    def list_name(self) -> str:
        """What one's views of the list are kept under."""
        return self.model.__name__

    def bulk_offers(self) -> Sequence[Offer]:
        """Return what the actor may do with many records of the list."""
        return offers(self.model)

    def carry_out(self, key: str, pks: Iterable[int]) -> Sequence[Outcome]:
        """Do the act ``key`` with each record; raises Invalid for what is not offered."""
        return carry_out(self.model, key, pks)

    def other_url(self, saved: list[SavedView]) -> str | None:
        """Return where to go instead: the user's first view of a list opened without asking
        anything, or the list with the columns ticked in its menu; None to stay."""
        ticked = request.args.getlist("col")
        if ticked:
            kept = {key: text for key, text in request.args.items() if text and key != "col"}
            return f"{url_for(f'{self.endpoint}.list')}?{urlencode(kept | {'cols': ','.join(ticked)})}"
        if request.args:
            return None
        query = next((view.query for view in saved if view.is_default), "")
        return f"{url_for(f'{self.endpoint}.list')}?{query}" if query else None

    @expose("/bulk", methods=["POST"])
    @has_access
    def bulk(self) -> Any:
        """Do one act with the chosen records and tell of each what became of it."""
        pks = [number for number in map(as_id, request.form.getlist("pk")) if number]
        key = request.form.get("act", "")
        labels = {offer.key: offer.label for offer in self.bulk_offers()}
        try:
            outcomes = self.carry_out(key, pks)
        except DomainError as exc:
            flash(str(exc), "danger")
            return redirect(pages.list_url(self))
        return self._render("bulk", outcomes=outcomes, title=labels[key], is_removal=key == "remove",
                            back_url=pages.list_url(self))  # fmt: skip

    @expose("/views", methods=["POST"])
    @has_access
    def save_view(self) -> Any:
        """Keep the list as it is narrowed now under a name."""
        query, kept_under = tidy(request.form.get("query", "")), self.list_name()
        try:
            with transaction() as session:
                view = save_view(session, kept_under, current_actor(), request.form.get("name", ""), query,
                                 is_default=bool(request.form.get("is_default")))  # fmt: skip
                query = view.query
        except DomainError as exc:
            flash(str(exc), "danger")
        else:
            flash(_("The view is saved."), "success")
        return redirect(f"{url_for(f'{self.endpoint}.list')}?{query}")

    @expose("/views/<int:pk>/drop", methods=["POST"])
    @has_access
    def drop_view(self, pk: int) -> Any:
        """Forget one of one's own views."""
        try:
            with transaction() as session:
                drop_view(session, self.list_name(), current_actor(), pk)
        except NotFound:
            abort(404)
        flash(_("The view is removed."), "success")
        return redirect(url_for(f"{self.endpoint}.list", cols=""))
