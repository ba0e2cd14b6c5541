"""Working calendars by the year: click days, see whose due dates move, then confirm."""

import calendar as civil
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.clock import today
from app.errors import Conflict, Invalid, NotFound
from app.extensions import db
from app.i18n import N_
from app.models import WorkingCalendar
from app.models.calendar import DAY_KINDS, WEEKDAYS, DayKind
from app.models.menus import CATALOGS
from app.permissions import Role, current_actor
from app.services import calendar_changes as changes
from app.services import calendar_days as days
from app.services.calendar_days import DayWish
from app.services.calendar_places import list_places
from app.services.official import official
from app.transactions import transaction

AUTO = "auto"


class CalendarYearView(BaseView):
    """The yearly view of working calendars."""

    route_base = "/calendar-year"
    class_permission_name = "CalendarYear"
    default_view = "index"
    title = _l("Calendar of the year")
    roles = {"use": frozenset({Role.catalog_admin})}  # noqa: RUF012 - read only
    menu_items = ((CATALOGS, _l("Calendar of the year"), "calendar", "index", "use"),)

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """Which calendar each agency goes by, and why."""
        return render_template("calendars/index.html", groups=list_places(db.session()), year=today().year)

    @expose("/<int:number>/<int:year>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def year(self, number: int, year: int) -> Any:
        """Twelve months; each press keeps its change in the page until it is confirmed."""
        calendar = days.get_calendar(db.session(), number)
        _refuse_far(year)
        error: Any = None
        try:
            wishes = days.read_wishes(request.form.getlist("change"))
            wishes = _pressed(calendar, year, wishes)
            if request.form.get("do") == "preview":
                return _preview(calendar, year, wishes)
        except Invalid as exc:
            error, wishes = exc, _kept()
        return _page(calendar, year, wishes, error), error.status if error else 200

    @expose("/<int:number>/<int:year>/apply", methods=["POST"])
    @has_access
    @permission_name("use")
    def apply(self, number: int, year: int) -> Any:
        """Write the days and begin to move the due dates."""
        form = request.form
        _refuse_far(year)
        try:
            with transaction() as unit:
                calendar = days.get_calendar(unit, number, to_change=True)
                wishes = days.read_wishes(form.getlist("change"))
                changes.change_days(
                    unit, calendar, wishes, current_actor(), base=form.get("base", ""),
                    reason=form.get("reason", ""), decision=decision_sent(),
                )  # fmt: skip
        except (Invalid, Conflict) as exc:
            calendar = days.get_calendar(db.session(), number)
            return _preview(calendar, year, _kept(), exc), exc.status
        flash(_("The calendar is changed; the due dates are being moved."), "success")
        return redirect(url_for("CalendarYearView.year", number=number, year=year))


def decision_sent() -> str:
    """Return the decision of the form in words: number and date, or as it was put together before."""
    form = request.form
    number, on = form.get("decision_number", "").strip(), days.read_day(form.get("decision_on", ""))
    if not number:
        return form.get("decision", "").strip()
    return official(N_("%(number)s of %(day)s"), number=number, day=f"{on:%d/%m/%Y}") if on else number


def _refuse_far(year: int) -> None:
    if not days.FIRST_YEAR <= year <= days.LAST_YEAR:
        raise NotFound(_("There is no such year."))


def _kept() -> list[DayWish]:
    """Return what was sent, or nothing if it cannot be read."""
    try:
        return days.read_wishes(request.form.getlist("change"))
    except Invalid:
        return []


def _pressed(calendar: WorkingCalendar, year: int, wishes: list[DayWish]) -> list[DayWish]:
    """Return the wishes with what was pressed: a day, the library, last year, or nothing."""
    form = request.form
    if form.get("do") == "library":
        return _merged(days.library_wishes(calendar, year), wishes)
    if form.get("do") == "copy":
        return _merged(days.copied_wishes(calendar, year), wishes)
    if form.get("do") == "swap":
        off, on = (days.read_day(form.get(name, "")) for name in ("swap_off", "swap_on"))
        return _merged(wishes, days.swap_wishes(calendar, off, on))
    if form.get("do") == "clear":
        return []
    if not form.get("day"):
        return wishes
    line = "|".join([form["day"], "", "", ""])
    day = days.read_wishes([line])[0].day
    kind = form.get("tool", AUTO)
    if kind == AUTO:
        kind = _toggled(calendar, day, wishes)
    text = f"{day.isoformat()}|{kind}|{form.get('hours', '')}|{form.get('note', '')}"
    return days.read_wishes([*(wish.text() for wish in wishes), text])


def _merged(first: list[DayWish], then: list[DayWish]) -> list[DayWish]:
    return days.read_wishes([wish.text() for wish in [*first, *then]])


def _toggled(calendar: WorkingCalendar, day: date, wishes: list[DayWish]) -> str:
    """An ordinary working day becomes a holiday, a free one a make-up day, any other ordinary."""
    known = {row.day: row.kind for row in calendar.days} | {wish.day: wish.kind for wish in wishes}
    if known.get(day):
        return ""
    is_worked = any(row.weekday == day.weekday() and row.meets(day, day) for row in calendar.sessions)
    return str(DayKind.holiday if is_worked else DayKind.make_up)


def _page(calendar: WorkingCalendar, year: int, wishes: list[DayWish], error: Any) -> str:
    return render_template(
        "calendars/year.html", calendar=calendar, year=year, months=_months(calendar, year, wishes),
        wishes=days.real_wishes(calendar, wishes), base=days.base_of(calendar), error=error,
        kinds={key: _(text) for key, text in DAY_KINDS.items()}, weekdays=_weekdays(),
        given=request.form, may_change=changes.may_change(db.session(), calendar, current_actor()),
        decision=decision_sent(), expected=[row for row in calendar.days if row.day.year == year and row.is_expected],
    )  # fmt: skip


def _weekdays() -> list[tuple[str, str]]:
    short = (_("Mo"), _("Tu"), _("We"), _("Th"), _("Fr"), _("Sa"), _("Su"))
    return [(text, _(WEEKDAYS[number])) for number, text in enumerate(short)]


def _preview(calendar: WorkingCalendar, year: int, wishes: list[DayWish], error: Any = None) -> str:
    real = days.real_wishes(calendar, wishes)
    if not real and error is None:
        message = _("No day was changed.")
        raise Invalid(message, {"changes": message})
    return render_template(
        "calendars/preview.html", calendar=calendar, year=year, wishes=real, given=request.form,
        base=request.form.get("base") or days.base_of(calendar), error=error, is_past=days.is_past(real),
        effect=changes.effect_of(db.session(), calendar, real), shown=changes.SHOWN,
        faults=error.fields if isinstance(error, Invalid) else {}, decision=decision_sent(),
        kinds={"": _("Ordinary day"), **{key: _(text) for key, text in DAY_KINDS.items()}},
    )  # fmt: skip


def _months(calendar: WorkingCalendar, year: int, wishes: list[DayWish]) -> list[dict[str, Any]]:
    """Return the twelve months as weeks of days, None outside the month."""
    known = {row.day: days.row_of(row) for row in calendar.days if row.day.year == year}
    changed = {wish.day for wish in days.real_wishes(calendar, wishes)}
    known |= {wish.day: wish for wish in wishes}
    expected = {row.day for row in calendar.days if row.is_expected} - {wish.day for wish in wishes}

    def cell(day: date) -> dict[str, Any]:
        row = known.get(day, DayWish(day))
        is_worked = any(one.weekday == day.weekday() and one.meets(day, day) for one in calendar.sessions)
        ordinary = "work" if is_worked else "free"
        words = _(DAY_KINDS[DayKind(row.kind)]) if row.kind else (
            _("Working day") if ordinary == "work" else _("Day off of the week"))  # fmt: skip
        told = _("expected") if day in expected else ""
        extra = ", ".join(part for part in (row.hours, row.note, told) if part)
        return {"day": day, "kind": row.kind or ordinary, "ordinary": ordinary, "is_changed": day in changed,
                "is_expected": day in expected,
                "words": f"{words}: {extra}" if extra else words}  # fmt: skip

    weeks = civil.Calendar(firstweekday=0)
    return [
        {"number": month, "weeks": [[cell(day) if day.month == month else None for day in week]
                                    for week in weeks.monthdatescalendar(year, month)]}
        for month in range(1, 13)
    ]  # fmt: skip
