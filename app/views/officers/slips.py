"""Papers printed anew on demand: a dossier's control slip, the register of a desk for a period."""

from datetime import date
from typing import Any

from flask import render_template
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.clock import today
from app.errors import Invalid, NotFound
from app.extensions import db
from app.i18n import N_
from app.models.menus import DOSSIERS
from app.permissions import DOSSIER_READERS, current_actor
from app.services import files, slips
from app.services.dossiers import get_dossier
from app.services.official import official
from app.transactions import transaction
from app.views.acts import asked_number
from app.views.files import send_file
from app.views.officers.base import OfficerView, asked


class SlipView(OfficerView):
    """For everyone who may see the dossiers; each opening is kept in the history."""

    route_base = "/slips"
    class_permission_name = "DossierPage"
    roles = {"use": DOSSIER_READERS}  # noqa: RUF012 - read by the permission sync
    default_view = "register"
    menu_items = ((DOSSIERS, _l("Register of dossiers"), "table", "register", "use"),)

    @expose("/control/<code>.pdf")
    @has_access
    @permission_name("use")
    def control(self, code: str) -> Any:
        """The control slip with every handover up to now."""
        actor = current_actor()
        with transaction() as session:
            dossier = get_dossier(session, code, actor)
            files.note_read(session, dossier, official(N_("Process control slip")), actor)
            data, name = slips.control_slip_pdf(session, code, actor), f"{dossier.code}-phieu-kiem-soat.pdf"
        return send_file(data, name, "application/pdf", is_inline=True)

    @expose("/register")
    @has_access
    @permission_name("use")
    def register(self) -> Any:
        """Which desk, which period; how many dossiers stand there, and the parts to print."""
        session, given = db.session(), asked()
        desks = slips.desks(session, current_actor())
        month = today().replace(day=1)
        values = {"desk": given.get("desk") or (str(desks[0].id) if desks else ""),
                  "from": given.get("from", month.isoformat()), "to": given.get("to", today().isoformat())}  # fmt: skip
        count, faults = 0, {}
        try:
            count = slips.register_count(session, asked_number(values["desk"]) or 0, *_period(values), current_actor())
        except Invalid as exc:
            faults = exc.fields
        parts = range(1, max(1, -(-count // slips.MOST_ROWS)) + 1)
        return render_template(
            "officers/register.html", desks=[(desk.id, desk.name) for desk in desks], values=values, count=count,
            faults=faults, parts=parts, most=slips.MOST_ROWS,
        ), 422 if faults else 200  # fmt: skip

    @expose("/register.pdf")
    @has_access
    @permission_name("use")
    def register_pdf(self) -> Any:
        """One part of the register as PDF."""
        given, actor = asked(), current_actor()
        desk_id, part = asked_number(given.get("desk")) or 0, asked_number(given.get("part", "1")) or 0
        with transaction() as session:
            first, last = _period(given)
            if desk_id not in {desk.id for desk in slips.desks(session, actor)}:
                raise NotFound(_("There is no such register."))
            data = slips.register_pdf(session, desk_id, first, last, actor, part=part)
        return send_file(data, f"so-theo-doi-{first:%Y%m%d}-{last:%Y%m%d}-{part}.pdf", "application/pdf",
                         is_inline=True)  # fmt: skip


def _period(given: Any) -> tuple[date, date]:
    return slips.check_period(_date(given.get("from")), _date(given.get("to")))


def _date(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if 2000 <= found.year < 2100 else None  # noqa: PLR2004 - a century of records
