"""Agencies, divisions, officers and posts, from the first sheet of the set-up workbook."""

from itertools import chain, count
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import today
from app.lowcode.exchange.reading import RawSheet
from app.models import Agency, CalendarSession, Division, OfficerIdentity, OfficerPosition, User, WorkingCalendar
from app.models.account import IdKind
from app.models.agency import AGENCY_LEVELS, AgencyLevel
from app.models.calendar import WEEKDAYS
from app.models.identifiers import tidy_number
from app.services.setup_workbook.sources import Derived, Row, Source, text_of
from app.services.setup_workbook.words import initials_of
from app.services.users import PLACEHOLDER_ROOT
from app.text import family_and_given, fold

# Office hours as most agencies keep them; a system without any calendar starts with these.
_HOURS = (("07:30", "11:30"), ("13:30", "17:00"))
_CALENDAR = "hanh-chinh"
_FILLED = {"name": "agency_name"} | {
    key: key for key in ("abbreviation", "level", "parent", "desk", "calendar", "address", "phone")
}


class Organisation:
    """What the first sheet makes: sheets of agencies, divisions, users with their numbers, and posts."""

    def __init__(self, session: Session, source: Source) -> None:
        self.session, self.source = session, source
        self.agencies = Derived(Agency, source, {"code": "agency"} | _FILLED)
        self.divisions = Derived(
            Division, source, {"agency": "agency", "code": "division_name", "name": "division_name"}
        )
        names = {"username": "username", "first_name": "officer", "last_name": "officer", "email": "email"}
        self.users = Derived(User, source, names)
        self.numbers = Derived(OfficerIdentity, source, dict.fromkeys(("user", "id_number"), "id_number"))
        posts = {"user": "username", "agency": "agency", "division": "division_name", "role": "role",
                 "title": "job", "valid_from": "since"}  # fmt: skip
        self.posts = Derived(OfficerPosition, source, posts)
        self.calendars = Derived(WorkingCalendar, source, {})
        self.hours = Derived(CalendarSession, source, {})
        self._agencies: dict[str, Row] = {}
        self._divisions: dict[tuple[str, str], str] = {}
        self._users: set[str] = set()
        self._numbers: set[tuple[str, str]] = set()

    def sheets(self) -> list[RawSheet | None]:
        """Return the sheets in the order in which they refer to each other."""
        self._load()
        for number, row in self.source.rows():
            self._agency(number, row)
            self._officer(number, row)
        self._place_agencies()
        parts = (self.calendars, self.hours, self.agencies, self.divisions, self.users, self.numbers, self.posts)
        return [part.raw() for part in parts]

    def adopted_root(self) -> dict[tuple[type[Any], Any], Any]:
        """Return the root a new system starts with, under the code the file gives the province."""
        first = next((code for code, row in self._agencies.items() if not row.get("parent")), None)
        is_new = self._root is not None and self._root.code == PLACEHOLDER_ROOT and first is not None
        return {(Agency, (first,)): self._root} if is_new else {}

    def _load(self) -> None:
        """Look up once what is there already: the root, divisions by name, posts by person."""
        codes = {text_of(row, "agency") for _number, row in self.source.rows()}
        names = {text_of(row, "username") for _number, row in self.source.rows()}
        self._root = self.session.scalar(
            sa.select(Agency).where(Agency.parent_id.is_(None)).order_by(Agency.id).limit(1)
        )
        self._known = set(self.session.scalars(sa.select(Agency.code).where(Agency.code.in_(codes))))
        query = sa.select(Agency.code, Division.name, Division.code).join(Division.agency).where(Agency.code.in_(codes))
        for code, name, division in self.session.execute(query):
            self._divisions[code, fold(name)] = division
        posts = sa.select(User.username, Agency.code, OfficerPosition.role, OfficerPosition.valid_from)
        posts = posts.join(OfficerPosition.user).join(OfficerPosition.agency).where(
            User.username.in_(names), OfficerPosition.valid_to.is_(None))  # fmt: skip
        self._since = {tuple(line[:3]): line[3] for line in self.session.execute(posts)}
        self._has_calendar = self.session.scalar(sa.select(WorkingCalendar.id).limit(1)) is not None

    def _agency(self, number: int, row: Row) -> None:
        code = text_of(row, "agency")
        told = any(text_of(row, key) for key in ("agency_name", "abbreviation", "level", "parent", "address", "phone"))
        if code in self._agencies:
            kept = self._agencies[code]
        elif told or code not in self._known:
            kept = self._agencies[code] = self.agencies.add(number, code=code)
        else:
            return
        for name, key in _FILLED.items():
            if row.get(key) is not None:
                kept.setdefault(name, row[key])

    def _place_agencies(self) -> None:
        """Fill in what is left empty: the parent, the desk, the calendar of the root."""
        top = self._top()
        for code, row in self._agencies.items():
            if not row.get("parent") and code != top:
                row["parent"] = self._above(code) or top
            if not row.get("level"):
                row["level"] = _(AGENCY_LEVELS[AgencyLevel.province if code == top else AgencyLevel.commune])
        desks: dict[str, list[str]] = {}
        for code, row in self._agencies.items():
            if _stands_at(AgencyLevel.desk, row):
                desks.setdefault(str(row.get("parent")), []).append(code)
        for code, row in self._agencies.items():
            if not row.get("desk") and len(desks.get(code, ())) == 1:
                row["desk"] = desks[code][0]
        if top in self._agencies and not self._has_calendar and not self._agencies[top].get("calendar"):
            self._agencies[top]["calendar"] = self._office_hours()

    def _above(self, code: str) -> str | None:
        """Return the agency of the file whose code this one continues: H57.50.01 stands under H57.50."""
        parts = code.split(".")
        return next((c for n in range(len(parts) - 1, 0, -1) if (c := ".".join(parts[:n])) in self._agencies), None)

    def _top(self) -> str | None:
        first = next((code for code, row in self._agencies.items() if not row.get("parent")), None)
        if self._root is None or self._root.code == PLACEHOLDER_ROOT:
            return first
        return self._root.code

    def _office_hours(self) -> str:
        number = next(self.source.rows())[0]
        self.calendars.add(number, code=_CALENDAR, name=_("Office hours"), valid_from=today().replace(month=1, day=1))
        for weekday in range(5):
            for starts_at, ends_at in _HOURS:
                self.hours.add(
                    number, calendar=_CALENDAR, weekday=_(WEEKDAYS[weekday]), starts_at=starts_at, ends_at=ends_at
                )
        return _CALENDAR

    def _division(self, number: int, row: Row) -> str:
        code, name = text_of(row, "agency"), text_of(row, "division_name")
        if not name:
            return ""
        if (code, fold(name)) not in self._divisions:
            taken, plain = set(self._divisions.values()), f"{code}.{initials_of(name)}"[:38]
            made = next(c for c in chain([plain], (f"{plain}{n}" for n in count(2))) if c not in taken)
            self._divisions[code, fold(name)] = made
            self.divisions.add(number, agency=code, code=made, name=name)
        return self._divisions[code, fold(name)]

    def _officer(self, number: int, row: Row) -> None:
        division = self._division(number, row)
        username, agency = text_of(row, "username"), text_of(row, "agency")
        if not any(text_of(row, key) for key in ("officer", "username", "email", "id_number", "role")):
            return
        if username not in self._users:
            first, last = family_and_given(text_of(row, "officer"))
            self.users.add(number, username=username, first_name=first, last_name=last,
                           email=text_of(row, "email"), active=_("Yes"))  # fmt: skip
            self._users.add(username)
        self._number(number, username, row)
        since = row.get("since") or self._known_since(username, agency, text_of(row, "role")) or today()
        self.posts.add(number, user=username, agency=agency, division=division, role=row.get("role"),
                       title=text_of(row, "job"), valid_from=since)  # fmt: skip

    def _number(self, number: int, username: str, row: Row) -> None:
        """An officer with several posts has several rows; the same number may stand in each."""
        id_number = tidy_number(IdKind.personal_id, text_of(row, "id_number"))
        if id_number and (username, id_number) not in self._numbers:
            self._numbers.add((username, id_number))
            self.numbers.add(number, user=username, id_number=id_number)

    def _known_since(self, username: str, agency: str, role: str) -> Any:
        from app.services.setup_workbook.headings import GIVEN_ROLES

        value = next((str(r) for r, word in GIVEN_ROLES.items() if fold(role) in (fold(_(word)), str(r))), role)
        return self._since.get((username, agency, value))


def _stands_at(level: AgencyLevel, row: Row) -> bool:
    return fold(str(row["level"])) in (fold(_(AGENCY_LEVELS[level])), level)
