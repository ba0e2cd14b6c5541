"""Configuration packs in the browser: exported, uploaded, looked at, applied, undone."""

import io
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, render_template, request, send_file, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app import history
from app.errors import DomainError, NotFound
from app.extensions import db
from app.lowcode.actions import may
from app.lowcode.collation import in_order
from app.lowcode.rows import sees_all
from app.lowcode.values import as_id
from app.models import Procedure, Sector
from app.models.menus import SYSTEM
from app.models.pack_run import PackRun, RunState
from app.packs import archive, background, runs
from app.packs.access import carries_access
from app.packs.exporting import Chosen, export, left_behind, left_out
from app.packs.kinds import family, roots
from app.packs.reading import Refused
from app.permissions import Role, current_actor
from app.text import fold, like_pattern
from app.transactions import transaction

PAGE_SIZE = 30
MOST_LINES = 400
SCOPES = frozenset({"procedure", "sector", "kind", "access", "all"})
_ADMINS = frozenset({Role.catalog_admin, Role.system_admin})
_WORKING = (RunState.waiting, RunState.applying, RunState.undoing)


class PackView(BaseView):
    """Packs: out of this system, and into it."""

    route_base = "/admin/packs"
    class_permission_name = "Packs"
    default_view = "index"
    title = _l("Configuration packs")
    roles = {"use": _ADMINS}  # noqa: RUF012 - read only
    menu_items = ((SYSTEM, _l("Configuration packs"), "files", "index", "use"),)

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """The packs taken in, newest first, and the form for another."""
        return _index_page()

    @expose("/export")
    @has_access
    @permission_name("use")
    def export(self) -> Any:
        """Choose what to export, and see what it brings."""
        chosen, pack, problem = _chosen(), None, ""
        try:
            pack = export(db.session(), chosen, current_actor()) if chosen else None
        except DomainError as exc:
            problem = str(exc)
        session = db.session()
        page = render_template(
            "admin/packs/export.html", chosen=chosen, pack=pack, problem=problem, kinds=_kinds(),
            sectors=list(session.execute(sa.select(Sector.code, Sector.name).order_by(in_order(Sector.name)))),
            procedure=_procedure_option(chosen), titles=_titles(),
            behind=left_behind(pack) if pack else {},
            out=left_out(session, pack, current_actor()) if pack else [],
            carries_access=carries_access(current_actor()),
        )  # fmt: skip
        return (page, 422) if problem else page

    @expose("/export/download")
    @has_access
    @permission_name("use")
    def download(self) -> Any:
        """The pack as a zip; what was taken along is in the history."""
        chosen = _chosen() or abort(404)
        try:
            with transaction() as session:
                pack = export(session, chosen, current_actor())
                history.record(session, ("ab_user", current_actor().user_id or 0), "export", reason=pack.name)
        except DomainError as exc:
            flash(str(exc), "danger")
            return redirect(url_for("PackView.export"))
        name = "-".join(filter(None, ["goi-cau-hinh", chosen.scope, fold(chosen.code).replace("/", "-")]))
        content = io.BytesIO(archive.zipped(pack.files()))
        return send_file(content, "application/zip", as_attachment=True, download_name=f"{name}.zip")

    @expose("/procedures")
    @has_access
    @permission_name("use")
    def procedures(self) -> dict[str, Any]:
        """Procedures for the choice: {"results": [{id: code, text}], "more"}."""
        page = min(max(request.args.get("page", 1, int), 1), 200)
        words = like_pattern(request.args.get("q", "").replace("\x00", "")[:200])
        query = sa.select(Procedure.code, Procedure.name).order_by(Procedure.code)
        if not may(Procedure, "read"):
            query = query.where(sa.false())
        rows = db.session.execute(query.where(Procedure.search_text.like(words, escape="\\"))
                                  .limit(21).offset(20 * (page - 1))).all()  # fmt: skip
        found = [{"id": row.code, "text": f"{row.code} – {row.name}"} for row in rows[:20]]
        return {"results": found, "more": len(rows) > 20}

    @expose("/upload", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def upload(self) -> Any:
        """Take a zip in and plan it; who only opens the address of a refused one is led to the list."""
        if request.method == "GET":
            return redirect(url_for(".index"))
        given = request.files.get("pack")
        if given is None or not given.filename:
            return _index_page(problems=[("pack", _("Choose the zip file of a pack."))]), 422
        try:
            content, replacing = given.stream.read(archive.MAX_UPLOAD + 1), bool(request.form.get("replace"))
            with transaction() as session:
                run = background.take_in_soon(session, given.filename, content, current_actor(), is_replacing=replacing)
        except Refused as exc:
            return _index_page(faults=exc.faults), 422
        except DomainError as exc:
            return _index_page(problems=[("pack", str(exc))]), exc.status
        return redirect(url_for("PackView.show", number=run.id))

    @expose("/<int:number>")
    @has_access
    @permission_name("use")
    def show(self, number: int) -> Any:
        """What a pack changes, or changed."""
        try:
            return _show_page(runs.get_run(db.session(), number))
        except NotFound:
            abort(404)

    @expose("/<int:number>/progress")
    @has_access
    @permission_name("use")
    def progress(self, number: int) -> dict[str, Any]:
        """How far the worker is: {"busy", "done", "total", "words"}."""
        try:
            return _progress(runs.get_run(db.session(), number))
        except NotFound:
            abort(404)

    @expose("/<int:number>/plan", methods=["POST"])
    @has_access
    @permission_name("use")
    def plan(self, number: int) -> Any:
        """Compare again with what is here now."""
        return _act(number, background.plan_soon)

    @expose("/<int:number>/apply", methods=["POST"])
    @has_access
    @permission_name("use")
    def apply(self, number: int) -> Any:
        """Write the pack, all of it or nothing."""
        return _act(number, background.apply_soon)

    @expose("/<int:number>/undo", methods=["POST"])
    @has_access
    @permission_name("use")
    def undo(self, number: int) -> Any:
        """Put back what was there before."""
        return _act(number, background.undo_soon)


def _act(number: int, act: Any) -> Any:
    try:
        with transaction() as session:
            run = runs.get_run(session, number, to_change=True)
            act(session, run, current_actor())
            is_undone = run.state == RunState.undone
    except NotFound:
        abort(404)
    except Refused as exc:
        return _show_page(runs.get_run(db.session(), number), exc.faults), 409
    except DomainError as exc:
        flash(str(exc), "danger")
        return redirect(url_for("PackView.show", number=number))
    if is_undone:
        flash(_("The pack is undone: everything is as it was before."), "success")
    return redirect(url_for("PackView.show", number=number))


def _index_page(problems: Any = (), faults: Any = ()) -> str:
    after = as_id(request.args.get("after", "")) if request.method == "GET" else None
    query = sa.select(PackRun).order_by(PackRun.id.desc()).limit(PAGE_SIZE + 1)
    rows = list(db.session.scalars(query.where(PackRun.id < after) if after else query))
    following = url_for("PackView.index", after=rows[PAGE_SIZE - 1].id) if len(rows) > PAGE_SIZE else None
    return render_template(
        "admin/packs/index.html", rows=rows[:PAGE_SIZE], following=following, stands=runs.stands,
        problems=list(problems), faults=list(faults), megabytes=archive.MAX_UPLOAD // archive.MEBIBYTE,
        replacing=bool(request.form.get("replace")),
    )  # fmt: skip


def _show_page(run: PackRun, faults: Any = ()) -> Any:
    groups: dict[str, list[Any]] = {}
    lines = [line for line in run.lines if _is_told(run, line["path"].partition("/")[0])]
    for line in lines[:MOST_LINES]:
        groups.setdefault(line["path"].partition("/")[0], []).append(line)
    return render_template(
        "admin/packs/show.html", run=run, stands=runs.stands, titles=_titles(), groups=groups,
        undo_faults=list(faults), left=max(0, len(lines) - MOST_LINES),
        has_changes=runs.has_changes(run), is_read=runs.is_read(run), is_working=run.state in _WORKING,
        progress=_progress(run),
    )  # fmt: skip


def _progress(run: PackRun) -> dict[str, Any]:
    is_busy, words = run.state in _WORKING, runs.stands(run)[1]
    percent = background.percent_of(db.session(), run) if is_busy else 0
    return {"busy": is_busy, "done": percent, "total": 100 if percent else 0,
            "words": f"{words}: {percent}%" if percent else words}  # fmt: skip


def _is_told(run: PackRun, name: str) -> bool:
    """Return whether the actor may read of such records; of another's pack only if nothing is closed to him."""
    actor = current_actor()
    for kind in family(roots()[name]) if name in roots() else ():
        if not kind.has_screen:
            continue  # decided for a role: told to who reads roles
        model = kind.model
        is_whole = sees_all(model) and not actor.closed.get(("can_read", model.__name__))
        if not may(model, "read") or not (is_whole or run.author_id == actor.user_id):
            return False
    return True


def _chosen() -> Chosen | None:
    scope, code = request.args.get("scope", ""), request.args.get("code", "").replace("\x00", "")[:60]
    return Chosen(scope, "" if scope in {"all", "access"} else code) if scope in SCOPES else None


def _kinds() -> list[tuple[str, str]]:
    found = [(name, kind.title) for name, kind in roots().items() if may(kind.model, "export")]
    return sorted(found, key=lambda pair: fold(pair[1]))


def _titles() -> dict[str, str]:
    return {name: kind.title for name, kind in roots().items()}


def _procedure_option(chosen: Chosen | None) -> list[tuple[str, str]]:
    if chosen is None or chosen.scope != "procedure":
        return []
    name = db.session.scalar(sa.select(Procedure.name).where(Procedure.code == chosen.code))
    return [(chosen.code, f"{chosen.code} – {name}")] if name else []


