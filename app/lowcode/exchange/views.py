"""The addresses of spreadsheets: template, export, import, its faults and its plan."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from flask import Response, flash, redirect, render_template, request, send_file, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from sqlalchemy.orm import Session, undefer
from werkzeug.datastructures import FileStorage

from app import history
from app.errors import DomainError, NotFound
from app.extensions import db
from app.filetypes import XLSX
from app.lowcode.actions import may
from app.lowcode.exchange import pages, runs
from app.lowcode.exchange.corrections import TooLong
from app.lowcode.exchange.exchanges import Exchange, Prepared, Skipped, exchange_of
from app.lowcode.exchange.export import csv_lines
from app.lowcode.exchange.layout import Sheet, can_exchange, sheets_of
from app.lowcode.exchange.plan import Plan
from app.lowcode.exchange.planner import Planner
from app.lowcode.exchange.progress import how_far, is_stalled
from app.lowcode.exchange.reading import MAX_BYTES, RawSheet
from app.lowcode.exchange.run import BUSY, ImportRun
from app.lowcode.exchange.taking_view import TakingView
from app.lowcode.exchange.template import write_template
from app.lowcode.listing import ListRequest, parse
from app.lowcode.values import as_id, inside_sentence
from app.permissions import Actor, current_actor
from app.transactions import transaction


class ModelExchange:
    """What is imported for one declared model: its own sheet and those of its parts."""

    def __init__(self, model: type[Any]) -> None:
        self.model = model

    def may(self) -> bool:
        """Return whether the actor may import such records."""
        return may(self.model, "import")

    def sheets(self) -> list[Sheet]:
        """Return the sheets of the workbook."""
        return sheets_of(self.model, "import")

    def acting(self, actor: Actor) -> Actor:
        """Return the actor himself."""
        return actor

    def prepare(self, _session: Session, raw: list[RawSheet], _skipped: Skipped) -> Prepared:
        """Return the sheets as they are."""
        return raw, {}

    def review(self, planner: Planner) -> None:
        """There is no rule but those of the records."""

    def finish(self, session: Session, plan: Plan) -> None:
        """Nothing belongs to it but the rows."""


class ImportView(BaseView):
    """The pages of an import; ``target`` names what is imported."""

    target = ""
    done_template = ""  # what the last page shows besides, a template's name
    default_view = "start"

    def run_target(self) -> str:
        """Return what runs are kept under."""
        return self.target

    def _exchange(self) -> Exchange:
        return exchange_of(self.run_target())

    def heading(self) -> str:
        """Return the title of the pages."""
        raise NotImplementedError

    def back(self) -> tuple[str, str]:
        """Return (title, address) of where one came from."""
        raise NotImplementedError

    @expose("/import/")
    @has_access
    @permission_name("import")
    def start(self) -> str:
        """Where a file is chosen."""
        return self._start()

    @expose("/import/template.xlsx")
    @has_access
    @permission_name("import")
    def template(self) -> Response:
        """The workbook to fill in."""
        file = write_template(db.session(), self.heading(), self._exchange().sheets())
        name = pages.file_name(self.file_stem(), "xlsx")
        return send_file(file, mimetype=XLSX, as_attachment=True, download_name=name)

    def file_stem(self) -> str:
        """Return how files of these sheets are called."""
        return self.heading()

    @expose("/import/", methods=["POST"])
    @has_access
    @permission_name("import")
    def upload(self) -> Any:
        """Take a file in and check it."""
        sent = request.files.get("file")
        try:
            name, content = _content(sent)
            number = runs.begin(self.run_target(), name, content)
        except DomainError as exc:
            return self._start(str(exc)), exc.status
        return redirect(url_for(f"{self.endpoint}.run", number=number))

    @expose("/import/<int:number>")
    @has_access
    @permission_name("import")
    def run(self, number: int) -> Any:
        """How an import stands: at work, with faults to correct, to be applied, or done."""
        found = runs.get_run(db.session(), self.run_target(), number, undefer(ImportRun.plan))
        return self._page(found)

    def _page(self, found: ImportRun, **context: Any) -> str:
        template = "busy" if found.state in BUSY else "done" if found.state == "applied" else "plan"
        return self._render(template, run=found, stalled=is_stalled(found), **pages.run_context(found, **context))

    @expose("/import/<int:number>/progress")
    @has_access
    @permission_name("import")
    def progress(self, number: int) -> dict[str, Any]:
        """How far it is: {"busy", "done", "total", "words"}."""
        found = runs.get_run(db.session(), self.run_target(), number)
        done, total, _at = how_far(found)
        return {"busy": found.state in BUSY, "done": done, "total": total, "words": pages.progress_words(found)}

    @expose("/import/<int:number>/correct", methods=["POST"])
    @has_access
    @permission_name("import")
    def correct(self, number: int) -> Any:
        """Take what was typed over faulty cells, and the rows to leave out; check again."""
        typed = pages.read_corrections(request.form)
        return self._act(number, lambda: runs.correct(self.run_target(), number, typed))

    @expose("/import/<int:number>/keep", methods=["POST"])
    @has_access
    @permission_name("import")
    def keep(self, number: int) -> Any:
        """Keep what was typed on one page of faults and turn to another; nothing is checked yet."""
        typed = pages.read_corrections(request.form)
        page = as_id(request.args.get("page"))
        return self._act(number, lambda: runs.keep(self.run_target(), number, typed), page=page)

    @expose("/import/<int:number>/again", methods=["POST"])
    @has_access
    @permission_name("import")
    def again(self, number: int) -> Any:
        """Check the file anew."""
        return self._act(number, lambda: runs.again(self.run_target(), number))

    @expose("/import/<int:number>/apply", methods=["POST"])
    @has_access
    @permission_name("import")
    def apply(self, number: int) -> Any:
        """Write what was planned, once."""
        return self._act(number, lambda: runs.order_apply(self.run_target(), number))

    def _act(self, number: int, act: Any, **place: Any) -> Any:
        try:
            act()
        except NotFound:
            raise
        except TooLong as exc:  # what was typed is on this page and nowhere else
            flash(str(exc), "danger")
            found = runs.get_run(db.session(), self.run_target(), number, undefer(ImportRun.plan))
            return self._page(found, page=as_id(request.form.get("page")) or 1, lost=exc.lost), exc.status
        except DomainError as exc:
            flash(str(exc), "danger")
        return redirect(url_for(f"{self.endpoint}.run", number=number, **place))

    def _start(self, error: str | None = None) -> str:
        return self._render(
            "start", error=error, runs=runs.recent(db.session(), self.run_target()), parts=self._parts(),
            limit=MAX_BYTES // 1024 // 1024,
        )  # fmt: skip

    def _parts(self) -> Sequence[Any]:
        """Return what has a sheet of its own, each with a title."""
        return self._exchange().sheets()

    def _render(self, template: str, **context: Any) -> str:
        title, url = self.back()
        return render_template(
            f"lowcode/exchange/{template}.html", view=self, title=self.heading(), back_title=title,
            back_url=url, **context,
        )  # fmt: skip


class ExchangeView(TakingView, ImportView):
    """Import and export of one declared model; made by ``generate``."""

    model: type[Any]

    def heading(self) -> str:
        """Return the title of the pages."""
        return _("Import: %(what)s", what=inside_sentence(self.model.screen.title))

    def file_stem(self) -> str:
        """Return how files of these records are called."""
        return str(self.model.screen.title)

    def taking_target(self) -> str:
        """Return the model's name."""
        return str(self.model.__name__)

    def taking_title(self) -> str:
        """Return what the list is called."""
        return self.file_stem()

    def back(self) -> tuple[str, str]:
        """Return the list."""
        return str(self.model.screen.title), url_for(f"{self.model.__name__}View.list")

    @expose("/export.<kind>")
    @has_access
    @permission_name("export")
    def export(self, kind: str) -> Any:
        """The list as it is filtered and searched, with its parts (.xlsx) or alone (.csv)."""
        if kind not in ("xlsx", "csv"):
            raise NotFound(_("There is no such record, or you may not see it."))
        wanted = parse(self.model, request.args)
        self._remember(wanted)
        if kind == "xlsx":
            return self.take()
        return pages.csv_answer(csv_lines(db.session(), self.model, current_actor(), wanted), "export")

    def _remember(self, wanted: ListRequest) -> None:
        """Who takes personal data along is written down, with what he asked for."""
        if not self.model.screen.is_personal:
            return
        asked = "; ".join([wanted.q, *(f"{key}={value}" for key, value in wanted.filters.items())])
        with transaction() as session:
            history.record(session, (self.model.__tablename__, 0), "export", reason=asked.strip("; ")[:500] or None)


def _content(sent: FileStorage | None) -> tuple[str, bytes]:
    """Return (name, content) of an upload; one byte too many is enough to refuse it."""
    name = (sent.filename if sent is not None else "") or "-"
    if sent is None:
        return name, b""
    with contextlib.closing(sent):
        return name, sent.stream.read(MAX_BYTES + 1)


def exchange_links(view: Any) -> dict[str, str]:
    """Return the addresses that a list offers: {"xlsx", "csv", "import"}, as far as one may."""
    endpoint = f"{view.model.__name__}Exchange"
    links: dict[str, str] = {}
    asked = {key: text for key, text in request.args.items() if key == "q" or key.startswith("f.")}
    if may(view.model, "export"):
        links |= {kind: url_for(f"{endpoint}.export", kind=kind, **asked) for kind in ("xlsx", "csv")}
    if may(view.model, "import") and can_exchange(view.model):
        links["import"] = url_for(f"{endpoint}.start")
    return links


__all__ = ["ExchangeView", "ImportView", "ModelExchange", "exchange_links"]
