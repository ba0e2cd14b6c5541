"""The catalogue of procedures: the list, and everything about one of them (HCM24 Đ7.1b)."""

from flask import Response, render_template
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _

from app.extensions import db
from app.services import fee_words, procedure_words
from app.services.catalog import (
    Choices,
    ProcedureSearch,
    find_procedures,
    get_published,
    is_not_asked,
    papers_by_case,
    search_choices,
)
from app.services.publication_files import get_published_decision, published_by, signed_file
from app.transactions import transaction
from app.views.files import send_file
from app.views.portal.links import asked_page, pager, typed, url_with

# Parameters of the address, in the language of the reader, and what they narrow.
_PARAMETERS = {
    "life_event": "su_kien",
    "sector": "linh_vuc",
    "level": "cap",
    "service_level": "muc_do",
    "agency": "co_quan",
}


class PortalProcedureView(BaseView):
    """Public pages of procedures."""

    public = True
    route_base = "/thu-tuc"
    default_view = "index"

    @expose("/")
    @expose("")
    def index(self) -> str:
        """Procedures in force that fit the words and filters of the address."""
        session = db.session()
        wanted = ProcedureSearch(
            q=typed("q"), **{name: typed(key, 60) for name, key in _PARAMETERS.items()}
        )
        found = find_procedures(session, wanted, asked_page())
        choices = search_choices(session)
        return render_template(
            "portal/procedures.html",
            wanted=wanted,
            found=found,
            choices=choices,
            chips=_chips(wanted, choices),
            pager=pager(found),
            words=procedure_words,
            clear_url=url_with(**dict.fromkeys(_PARAMETERS.values())),
            nav_active="procedures",
        )

    @expose("/<code>")
    def show(self, code: str) -> str:
        """One procedure: first what a citizen asks, then its whole legal content."""
        version = get_published(db.session(), code)
        return render_template(
            "portal/procedure.html",
            version=version,
            procedure=version.procedure,
            cases=papers_by_case(version),
            is_not_asked=is_not_asked,
            words=procedure_words,
            fee_words=fee_words,
            desk=procedure_words.receiving_desk(version),
            decision=published_by(db.session(), version),
            nav_active="procedures",
        )

    @expose("/quyet-dinh/<int:number>")
    def decision_file(self, number: int) -> Response:
        """The signed file of a published decision."""
        with transaction() as session:
            data, name, media_type = signed_file(session, get_published_decision(session, number))
        return send_file(data, name, media_type, is_inline=True)


def _chips(wanted: ProcedureSearch, choices: Choices) -> list[dict[str, str]]:
    """Return the filters in force as removable chips."""
    known = (
        ("life_event", _("Life event"), choices.life_events),
        ("sector", _("Sector"), choices.sectors),
        ("level", _("Handled at"), choices.levels),
        ("agency", _("Agency"), []),
        ("service_level", _("Service level"), choices.service_levels),
    )
    return [
        {
            "label": label,
            "value": dict(options).get(value, value),
            "remove_url": url_with(**{_PARAMETERS[name]: None}),
        }
        for name, label, options in known
        if (value := getattr(wanted, name))
    ]
