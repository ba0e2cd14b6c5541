"""The addresses of a list on its way out: made at once, or its page until the file is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from flask import Response, redirect, render_template, request, send_file, stream_with_context, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.contents import storage
from app.errors import NotAllowed, NotFound
from app.extensions import db
from app.filetypes import XLSX
from app.lowcode.actions import may
from app.lowcode.exchange import pages, taking
from app.lowcode.exchange.export import count_rows, write_workbook
from app.lowcode.exchange.planner import Report
from app.lowcode.listing import parse
from app.permissions import current_actor


class ModelTaking:
    """The list of one declared model with its parts."""

    def __init__(self, model: type[Any]) -> None:
        self._model = model

    def count(self, session: Session, asked: Mapping[str, str], most: int) -> int:
        """Return how many records fit, at most ``most``."""
        return count_rows(session, self._model, current_actor(), parse(self._model, asked), most)

    def write(self, session: Session, asked: Mapping[str, str], report: Report | None) -> IO[bytes]:
        """Return the workbook; raises NotAllowed for who may not export any more."""
        if not may(self._model, "export"):
            raise NotAllowed(_("You may not export here."))
        return write_workbook(session, self._model, current_actor(), parse(self._model, asked), report)[0]


class TakingView(BaseView):
    """What exports of a list share. ``taking_target`` and ``taking_title`` say of which."""

    def taking_target(self) -> str:
        """Return what runs are kept under; raises NotFound, NotAllowed."""
        raise NotImplementedError

    def taking_title(self) -> str:
        """Return what the list is called."""
        raise NotImplementedError

    def back(self) -> tuple[str, str]:
        """Return (title, address) of the list."""
        raise NotImplementedError

    def take(self) -> Any:
        """Answer with the file of the list as it is asked for, or with the page where it will be."""
        target, asked = self.taking_target(), asked_of(request.args)
        found, session = taking.taking_of(target), db.session()
        name = pages.file_name(self.taking_title(), "xlsx")
        if found.count(session, asked, taking.AT_ONCE + 1) <= taking.AT_ONCE:
            return send_file(found.write(session, asked, None), mimetype=XLSX, as_attachment=True, download_name=name)
        endpoint = f"{self.endpoint}.taken"
        return redirect(taking.order(target, self.taking_title(), name, asked, lambda n: url_for(endpoint, number=n)))

    @expose("/export/<int:number>")
    @has_access
    @permission_name("export")
    def taken(self, number: int) -> str:
        """A file being made, or the link to it."""
        target, (title, url) = self.taking_target(), self.back()
        return render_template(
            "lowcode/exchange/taken.html", view=self, run=taking.get_export(db.session(), target, number),
            title=_("Export: %(what)s", what=self.taking_title()), back_title=title, back_url=url,
            others=[run for run in taking.recent(db.session(), target) if run.id != number], days=taking.KEPT.days,
        )  # fmt: skip

    @expose("/export/<int:number>/progress")
    @has_access
    @permission_name("export")
    def taken_progress(self, number: int) -> dict[str, Any]:
        """How far it is: {"busy", "done", "total", "words"}."""
        run = taking.get_export(db.session(), self.taking_target(), number)
        return {"busy": run.state == "waiting", "done": run.done, "total": run.total, "words": words(run)}

    @expose("/export/<int:number>/file")
    @has_access
    @permission_name("export")
    def taken_file(self, number: int) -> Response:
        """The file itself."""
        run = taking.get_export(db.session(), self.taking_target(), number)
        if run.sha256 is None:
            raise NotFound(_("This file does not exist."))
        answer = Response(stream_with_context(storage().stream(run.sha256)), mimetype=XLSX)
        answer.headers.set("Content-Disposition", "attachment", filename=run.file_name)
        answer.headers["Content-Length"] = str(run.size)
        answer.headers["Cache-Control"] = "private, no-store"
        return answer


def words(run: taking.ExportRun) -> str:
    """Return how far a run is, in words."""
    found = _("The file is being made")
    return f"{found}: {100 * run.done // run.total}%" if run.total else found


def asked_of(args: Mapping[str, str]) -> dict[str, str]:
    """Return what of an address says which rows are wanted."""
    return {key: text[:200] for key, text in args.items() if key == "q" or key.startswith("f.")}
