"""Which calendar an agency goes by: chosen, whose due dates move shown, confirmed."""

from datetime import date
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from app.clock import today
from app.errors import Conflict, DomainError, Invalid, NotFound
from app.extensions import db
from app.lowcode.values import as_id
from app.models import Agency, WorkingCalendar
from app.permissions import Role, current_actor
from app.services import agency_calendars as places
from app.services.agency_calendars import PlaceWish
from app.services.calendar_changes import SHOWN
from app.services.calendar_days import FIRST_YEAR, LAST_YEAR, read_day
from app.services.calendar_turns import turns_of
from app.transactions import transaction


class AgencyCalendarView(BaseView):
    """Place in the tree and calendar of one agency."""

    route_base = "/agency-calendar"
    class_permission_name = "CalendarYear"
    title = _l("Place and calendar of an agency")
    roles = {"use": frozenset({Role.catalog_admin})}  # noqa: RUF012 - read only

    @expose("/<int:number>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def agency(self, number: int) -> Any:
        """Choose another place or calendar, see whose due dates move, confirm."""
        session = db.session()
        try:
            agency = places.get_agency(session, number)
            if request.method == "GET":
                return _page(agency)
            if request.form.get("do") == "apply":
                return _apply(number)
            if request.form.get("do") == "return":
                return _take_back(number)
            if request.form.get("do") == "back":
                return _page(agency)
            return _page(agency, places.effect_of_place(session, agency, _wish(session, agency)))
        except NotFound:
            abort(404)
        except (Invalid, Conflict) as exc:
            return _again(number, exc), exc.status


def _wish(session: Session, agency: Agency) -> PlaceWish:
    """Return what was chosen. Raises Invalid (fields "parent", "calendar") for what is not there."""
    parent, calendar = _chosen(session, Agency, "parent"), _chosen(session, WorkingCalendar, "calendar")
    if parent is None and agency.parent is not None:
        message = _("Please choose an agency that exists today.")
        raise Invalid(message, {"parent": message})
    if parent is not None and parent.path.startswith(agency.path):
        message = _("An agency cannot stand under itself.")
        raise Invalid(message, {"parent": message})
    return PlaceWish(parent if agency.parent is not None else None, calendar, _day())


def _day() -> date | None:
    given = request.form.get("since", "").strip()
    day = read_day(given)
    if given and (day is None or not FIRST_YEAR <= day.year <= LAST_YEAR):
        message = _("This date cannot be read.")
        raise Invalid(message, {"since": message})
    return day


def _chosen(session: Session, model: type[Any], name: str) -> Any:
    given = request.form.get(name, "")
    found = session.get(model, number) if (number := as_id(given)) else None
    if given and found is None:
        message = _("There is nothing to choose with this number.")
        raise Invalid(message, {name: message})
    return found


def _apply(number: int) -> Any:
    form = request.form
    with transaction() as session:
        agency = places.get_agency(session, number, to_change=True)
        places.place_agency(
            session, agency, _wish(session, agency), current_actor(), base=form.get("base", ""),
            reason=form.get("reason", ""), decision=form.get("decision", ""),
        )  # fmt: skip
    flash(_("The agency is changed; the due dates are being moved."), "success")
    return redirect(url_for("AgencyCalendarView.agency", number=number))


def _take_back(number: int) -> Any:
    form = request.form
    with transaction() as session:
        agency = places.get_agency(session, number, to_change=True)
        places.take_back(session, agency, current_actor(), base=form.get("base", ""), reason=form.get("reason", ""))
    flash(_("The agency keeps its calendar; the due dates are being moved back."), "success")
    return redirect(url_for("AgencyCalendarView.agency", number=number))


def _again(number: int, exc: DomainError) -> str:
    """Show what was chosen with what is wrong, and the preview if the choice itself is sound."""
    session = db.session()
    agency = places.get_agency(session, number)
    if request.form.get("do") == "return":
        return _page(agency, None, exc)
    try:
        effect = places.effect_of_place(session, agency, _wish(session, agency))
    except Invalid:
        effect = None
    return _page(agency, effect, exc)


def _page(agency: Agency, effect: Any = None, error: Any = None) -> str:
    given = request.form
    session = db.session()
    own = {"parent": agency.parent_id, "calendar": agency.calendar_id}
    turns, may_change = turns_of(session, agency), places.may_place(agency, current_actor())
    waiting = next((turn for turn in turns if turn.begun_at is None), None)
    is_asked = may_change and waiting is not None and given.get("do") == "back"
    return render_template(
        "calendars/agency.html", agency=agency, base=given.get("base") or agency.row_version, given=given,
        chosen={name: given.get(name, str(number or "")) for name, number in own.items()},
        turns=turns, waiting=waiting, day=given.get("since", ""), first_day=today().isoformat(),
        back=places.effect_of_return(session, agency, waiting) if is_asked else None,
        options=places.choices(session, agency), calendar=places.calendar_now(agency), effect=effect,
        error=error, faults=error.fields if isinstance(error, Invalid) else {}, shown=SHOWN,
        heirs=places.heirs_of(session, agency)[1:], may_change=may_change,
    )  # fmt: skip
