"""Weekly hours of a calendar from a day on, and the yearly decision that confirms expected days."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.clock import today
from app.errors import Conflict, DomainError, Invalid
from app.extensions import db
from app.models import WorkingCalendar
from app.models.calendar import WEEKDAYS
from app.permissions import Role, current_actor
from app.services import calendar_changes as changes
from app.services import calendar_days as days
from app.services.calendar_weeks import hours_on, read_week
from app.transactions import transaction
from app.views.calendar_year import decision_sent


class CalendarWeekView(BaseView):
    """The weekly hours of working calendars."""

    route_base = "/calendar-week"
    class_permission_name = "CalendarYear"
    title = _l("Weekly hours")
    roles = {"use": frozenset({Role.catalog_admin})}  # noqa: RUF012 - read only

    @expose("/<int:number>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def week(self, number: int) -> Any:
        """Type other hours, see whose due dates move, confirm."""
        calendar = days.get_calendar(db.session(), number)
        if request.method == "GET":
            return _page(calendar)
        try:
            if request.form.get("do") == "apply":
                _apply(number)
                flash(_("The calendar is changed; the due dates are being moved."), "success")
                return redirect(url_for("CalendarWeekView.week", number=number))
            wish = read_week(request.form)
            return _page(calendar, changes.effect_of_week(db.session(), calendar, wish))
        except (Invalid, Conflict) as exc:
            return _again(number, exc), exc.status

    @expose("/<int:number>/<int:year>/confirm", methods=["POST"])
    @has_access
    @permission_name("use")
    def confirm(self, number: int, year: int) -> Any:
        """Name the yearly decision on the days that were only expected."""
        try:
            with transaction() as unit:
                calendar = days.get_calendar(unit, number, to_change=True)
                count = changes.confirm_days(
                    unit, calendar, year, current_actor(), base=request.form.get("base", ""),
                    decision=decision_sent(),
                )  # fmt: skip
            flash(_("Days confirmed: %(count)d.", count=count), "success")
        except (Invalid, Conflict) as exc:
            flash(str(exc), "danger")
        return redirect(url_for("CalendarYearView.year", number=number, year=year))


def _apply(number: int) -> None:
    form = request.form
    with transaction() as unit:
        calendar = days.get_calendar(unit, number, to_change=True)
        changes.change_week(
            unit, calendar, read_week(form), current_actor(), base=form.get("base", ""),
            reason=form.get("reason", ""), decision=form.get("decision", ""),
        )  # fmt: skip


def _again(number: int, exc: DomainError) -> str:
    """Show what was typed with what is wrong, and the preview if the hours themselves are sound."""
    calendar = days.get_calendar(db.session(), number)
    try:
        effect = changes.effect_of_week(db.session(), calendar, read_week(request.form))
    except Invalid:
        effect = None
    return _page(calendar, effect, exc)


def _page(calendar: WorkingCalendar, effect: Any = None, error: Any = None) -> str:
    given = request.form
    kept = hours_on(calendar, today())
    return render_template(
        "calendars/week.html", calendar=calendar, year=today().year, base=days.base_of(calendar), given=given,
        sessions=calendar.sessions, weekdays={number: _(text) for number, text in WEEKDAYS.items()},
        hours=[given.get(f"hours{number}", kept[number]) for number in WEEKDAYS], effect=effect, error=error,
        faults=error.fields if isinstance(error, Invalid) else {}, shown=changes.SHOWN,
        may_change=changes.may_change(db.session(), calendar, current_actor()),
    )  # fmt: skip
