"""What is done to one record beside writing it: choosing for it, deleting it, taking it out of use."""

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from sqlalchemy import inspect

from app.errors import DomainError, NotFound
from app.extensions import db
from app.lowcode import pages
from app.lowcode.actions import may
from app.lowcode.choosing import find_choices, may_choose
from app.lowcode.registry import link_to, view_of
from app.lowcode.rows import get_row
from app.lowcode.saving import deactivate, remove
from app.lowcode.screen import filtered, writable
from app.lowcode.usage import InUse, Use, uses
from app.lowcode.validity import controller, ending, in_use, is_in_use, narrowed
from app.lowcode.values import as_id
from app.transactions import transaction


class RecordActs:
    """The acts on one record; a part of ``CrudView``."""

    model: type[Any]
    endpoint: str

    @expose("/delete/<int:pk>", methods=["POST"])
    @has_access
    def delete(self, pk: int) -> Any:
        """Remove one record; if others refer to it, its page says which and offers a way out."""
        if not self.model.screen.can_delete:
            abort(404)
        try:
            with transaction() as session:
                row = get_row(session, self.model, pk, action="remove")
                target = self._after_delete(row)
                remove(session, row)
        except NotFound:
            raise
        except InUse:
            return redirect(url_for(f"{self.endpoint}.show", pk=pk, in_use=1))
        except DomainError as exc:
            flash(str(exc), "danger")
            return redirect(url_for(f"{self.endpoint}.show", pk=pk))
        flash(_("Deleted."), "success")
        return redirect(target)

    @expose("/deactivate/<int:pk>", methods=["POST"])
    @has_access
    def deactivate(self, pk: int) -> Any:
        """Take one record out of use: it stays where it is named and is offered no more."""
        if ending(self.model) not in writable(self.model):
            abort(404)
        try:
            with transaction() as session:
                deactivate(session, get_row(session, self.model, pk, to_write=True))
        except NotFound:
            raise
        except DomainError as exc:
            flash(str(exc), "danger")
        else:
            flash(_("Taken out of use. What refers to it stays as it is."), "success")
        return redirect(url_for(f"{self.endpoint}.show", pk=pk))

    @expose("/choices/<name>")
    @has_access
    def choices(self, name: str) -> dict[str, Any]:
        """Records one may choose for relation ``name``: {"results": [{id, text}], "more"}.

        form=1: only those in use. ``<deciding relation>=<id>``: only those that belong to it.
        """
        relations = inspect(self.model).relationships
        offered = set(filtered(self.model)).union(
            *(writable(self.model, action) for action in ("add", "change") if may(self.model, action))
        )
        if name not in relations or name not in offered:
            abort(404)
        target = relations[name].mapper.class_
        if not may_choose(target):
            abort(403)
        page = as_id(request.args.get("page")) or 1
        return find_choices(db.session(), target, request.args.get("q", ""), page, self._only(name, target))

    def _only(self, name: str, target: type[Any]) -> list[Any]:
        """Return the conditions that the address puts on the choices for relation ``name``."""
        found = [in_use(target)] if request.args.get("form") and ending(target) else []
        pair = controller(self.model, name)
        number = as_id(request.args.get(pair[0])) if pair else None
        return found + ([narrowed(self.model, name, number)] if number else [])

    def _hindrance(self, row: Any) -> dict[str, Any] | None:
        """Return who refers to ``row``, when its deletion was just refused for that."""
        if not request.args.get("in_use") or not may(self.model, "remove"):
            return None
        found = uses(db.session(), row)
        can_end = ending(self.model) in writable(self.model) and is_in_use(row) and may(self.model, "change")
        return {"uses": [(use, _list_of(use, row)) for use in found], "can_end": can_end} if found else None

    def _after_delete(self, row: Any) -> str:
        parents = pages.parents_of(row)
        return (link_to(parents[-1]) if parents else None) or pages.list_url(self)


def _list_of(use: Use, row: Any) -> str | None:
    """Return the address of the list of those who refer to ``row``, if there is one for the actor."""
    screen = getattr(use.model, "screen", None)
    if screen is None or use.relation not in screen.filters or not may(use.model, "read"):
        return None
    return url_for(f"{view_of(use.model).endpoint}.list", **{f"f.{use.relation}": row.id})
