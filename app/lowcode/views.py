"""The generated screens: list, show, add, edit, delete and choices of one model."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext as _
from sqlalchemy import inspect

from app.clock import today
from app.errors import Conflict, DomainError, Invalid, NotFound
from app.extensions import db
from app.lowcode import pages
from app.lowcode.actions import may
from app.lowcode.as_of import as_of, asked_day
from app.lowcode.choosing import find_choice, may_choose
from app.lowcode.copying import copied_parts, copied_values
from app.lowcode.forms import make_form
from app.lowcode.history_pages import told_of
from app.lowcode.lean import shape_of
from app.lowcode.list_views import LIST_PERMISSIONS, ListActions
from app.lowcode.listing import eager, find_page, parse
from app.lowcode.parts import sent_parts, shown_parts
from app.lowcode.record_acts import RecordActs
from app.lowcode.registry import link_to, view_of
from app.lowcode.related import related
from app.lowcode.rows import get_row, may_touch
from app.lowcode.saved_views import views_of
from app.lowcode.saving import is_closed, is_stale, open_row, save
from app.lowcode.screen import Screen, back_of, form_names, label_of, shown, tells, writable
from app.lowcode.table import attributes, shown_text, table_body
from app.lowcode.values import as_id, inside_sentence, kind_of
from app.permissions import current_actor
from app.transactions import transaction

_METHODS = {
    "list": "read",
    "show": "read",
    "choices": "read",
    "add": "add",
    "edit": "change",
    "delete": "remove",
    "deactivate": "change",
    **LIST_PERMISSIONS,
}


class CrudView(ListActions, RecordActs, BaseView):
    """The screens of ``model``; made by ``generate``, never written by hand."""

    model: type[Any]
    default_view = "list"
    method_permission_name = _METHODS

    @property
    def screen(self) -> Screen:
        """The declaration these screens come from."""
        return self.model.screen

    @expose("/list/")
    @has_access
    def list(self) -> Any:
        """One page of the rows the actor may see."""
        saved = views_of(db.session(), self.list_name(), current_actor())
        other = self.other_url(saved)
        if other is not None:
            return redirect(other)
        wanted = parse(self.model, request.args)
        shape = shape_of(self.model, wanted.columns, wanted.sort.removeprefix("-"))
        page = find_page(db.session(), self.model, current_actor(), wanted, shape=shape)
        add_url = url_for(f"{self.endpoint}.add") if may(self.model, "add") else None
        return self._render("list", add_url=add_url, saved=saved, **pages.list_context(self, wanted, page))

    @expose("/show/<int:pk>")
    @has_access
    def show(self, pk: int) -> str:
        """One record and its related lists, or its history in sentences."""
        tab = (
            "history"
            if request.args.get("tab") == "history" and self._may_see_history()
            else "record"
        )
        row = open_row(db.session(), self.model, pk, shown(self.model))
        context: dict[str, Any] = {
            "row": row,
            "tab": tab,
            "sections": pages.sections_of(self.model),
        }
        if tab == "history":
            context |= self._history(row)
        else:
            views = {name: self._view_of_related(name) for name in self.screen.related}
            context["related"] = [
                related(row, name, view) for name, view in views.items() if view
            ]
        return self._render(
            "show",
            has_history=self._may_see_history(),
            can_change=self._may(row, "change"),
            can_remove=self._may(row, "remove"),
            can_copy=may(self.model, "add"),
            hindrance=self._hindrance(row),
            crumbs=self._crumbs(row),
            **context,
        )

    def _history(self, row: Any) -> dict[str, Any]:
        """Return the history in sentences, or the record as it was on the day asked for."""
        day = asked_day(request.args.get("on"))
        if day is not None:
            return {"past": as_of(db.session(), row, day), "latest_day": today()}
        return {"told": told_of(db.session(), row), "past": None, "latest_day": today()}

    @expose("/add", methods=["GET", "POST"])
    @has_access
    def add(self) -> Any:
        """The form of a new record; ``?<relation>=<id>`` fills in where it belongs.

        ``?copy=<id>``: filled in as that record is, with its parts.
        """
        if not self.screen.can_add or not writable(self.model, "add"):
            abort(404)
        if request.method == "POST":
            return self._rearranged(None) if "rows" in request.form else self._submit(None)
        copied = as_id(request.args.get("copy"))
        if copied:
            return self._copy(open_row(db.session(), self.model, copied, writable(self.model)))
        presets = self._presets()
        position = pages.next_position(self.model, presets)
        given = pages.suggested(self.model, presets) | presets | ({"position": position} if position else {})
        lists = shown_parts(db.session(), self.model, None)
        form = make_form(self.model, given=given)
        return self._form(form, None, lists, owner=next(iter(presets.values()), None))

    def _copy(self, row: Any) -> str:
        form = make_form(self.model, given=copied_values(db.session(), row))
        owner = next(iter(pages.parents_of(row)[-1:]), None)
        return self._form(form, None, copied_parts(db.session(), row), owner=owner)

    @expose("/edit/<int:pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk: int) -> Any:
        """The form of an existing record."""
        if not writable(self.model):
            abort(404)
        if request.method == "POST":
            return self._rearranged(pk) if "rows" in request.form else self._submit(pk)
        get_row(db.session(), self.model, pk, to_write=True)
        row = open_row(db.session(), self.model, pk, writable(self.model))
        return self._form(make_form(self.model, row=row), row, shown_parts(db.session(), self.model, row))

    def _submit(self, pk: int | None) -> Any:
        form, lists = None, []
        try:
            with transaction() as session:
                row = get_row(session, self.model, pk, to_write=True) if pk is not None else None
                form = make_form(self.model, formdata=request.form, row=row)
                lists = sent_parts(session, self.model, row, request.form)
                row = save(session, self.model, form, row, lists)
                target = self._after_save(row, is_new=pk is None)
        except NotFound:
            raise
        except DomainError as exc:
            return self._refused(form, lists, pk, exc)
        flash(_("Saved."), "success")
        return redirect(target)

    def _rearranged(self, pk: int | None) -> str:
        """Show the form as typed with a row more, or in another order: for pages without scripts."""
        row = self._row_of_form(pk)
        lists = sent_parts(db.session(), self.model, row, request.form)
        for parts in lists:
            parts.rearrange(request.form["rows"])
        return self._form(make_form(self.model, formdata=request.form, row=row), row, lists)

    def _row_of_form(self, pk: int | None) -> Any:
        if pk is None:
            return None
        names = writable(self.model)
        row = get_row(db.session(), self.model, pk, to_write=True, load=eager(self.model, names))
        # What stands there now is shown beside what was typed: of a person that is a reading.
        return open_row(db.session(), self.model, pk, names) if self.screen.is_personal else row

    def _refused(self, form: Any, lists: Any, pk: int | None, exc: DomainError) -> Any:
        """Show the form again with what was typed and why it was not saved."""
        row = self._row_of_form(pk)
        if isinstance(exc, Invalid):
            form.add_errors(exc.fields)
        is_old = isinstance(exc, Conflict) and row is not None and is_stale(row, form, lists)
        if is_old:
            form["row_version"].data = str(row.row_version)
            for parts in lists:
                parts.compare(db.session(), row)
        return self._form(form, row, lists, error=str(exc), present=row if is_old else None), exc.status

    def _form(
        self, form: Any, row: Any, lists: Any, error: str | None = None, present: Any = None, owner: Any = None
    ) -> str:
        what = inside_sentence(self.screen.singular)
        title = _("Edit: %(what)s", what=what) if row is not None else _("Add: %(what)s", what=what)
        back = (
            url_for(f"{self.endpoint}.show", pk=row.id)
            if row is not None
            else link_to(owner) or pages.list_url(self)
        )
        return self._render(
            "form",
            form=form,
            row=row,
            lists=lists,
            view_of=view_of,
            problems=pages.problems_of(form, lists),
            error=error,
            present=present,
            title=title,
            back_url=back,
            sections=pages.sections_of(self.model, form_names(self.model, "add" if row is None else "change")),
            crumbs=self._crumbs(row, last=title, owner=owner),
        )

    def _after_save(self, row: Any, *, is_new: bool) -> str:
        """Return where to go: the next empty form, the record this one is a part of, or itself."""
        parents = pages.parents_of(row)
        if is_new and "again" in request.form:
            name = pages.parent_name(self.model) if parents else None
            return url_for(f"{self.endpoint}.add", **({name: parents[-1].id} if name else {}))
        return (link_to(parents[-1]) if parents else None) or url_for(
            f"{self.endpoint}.show", pk=row.id
        )

    def _crumbs(self, row: Any, last: str | None = None, owner: Any = None) -> list[dict[str, Any]]:
        """Return the way to this page: list, the records it is a part of, itself."""
        above = [*pages.parents_of(owner), owner] if owner is not None else pages.parents_of(row)
        first = view_of(type(above[0])) if above else self
        crumbs = [{"title": first.screen.title, "url": pages.list_url(first)}]
        crumbs += [{"title": str(one), "url": link_to(one)} for one in above]
        if row is not None:
            crumbs.append({"title": str(row), "url": url_for(f"{self.endpoint}.show", pk=row.id)})
        return crumbs + ([{"title": last}] if last else [])

    def _presets(self) -> dict[str, Any]:
        """Return the relations that the address fills in; raises NotFound for a forged id."""
        relations = inspect(self.model).relationships
        names = [
            name for name in request.args if name in relations and name in writable(self.model, "add")
        ]
        found = {name: find_choice(relations[name].mapper.class_, as_id(request.args[name]) or 0) for name in names}
        if None in found.values():
            raise NotFound(_("There is no such record, or you may not see it."))
        return found

    def _view_of_related(self, name: str) -> CrudView | None:
        """Return the view of a related list, or None if the actor may not see such records, or whose they are."""
        relation = inspect(self.model).relationships[name]
        target, back = relation.mapper.class_, back_of(relation)
        return view_of(target) if may_choose(target) and (back is None or tells(target, back)) else None

    def _may(self, row: Any, action: str) -> bool:
        session = db.session()
        return may(self.model, action) and may_touch(session, row, action) and not is_closed(session, row, action)

    def _may_see_history(self) -> bool:
        return current_actor().may("can_read", "RecordHistory")

    def _render(self, template: str, **context: Any) -> str:
        return render_template(
            f"lowcode/{template}.html",
            view=self,
            model=self.model,
            screen=self.screen,
            label=label_of,
            shown_text=shown_text,
            table_body=table_body,
            attributes=attributes,
            what=inside_sentence(self.screen.singular),
            column_class=pages.column_class,
            kind_of=kind_of,
            depends_on=pages.depends_on,
            **context,
        )
