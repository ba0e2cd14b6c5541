"""Profiles for people: parameters in words, where each value is from, what switching changes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import today
from app.errors import Conflict, NotAllowed, NotFound
from app.history import because
from app.i18n import N_
from app.lowcode.collation import in_order
from app.models import Profile, ProfileParameter
from app.permissions import Actor, Role
from app.services.profiles import active_profile, is_given, rows_in_force
from app.services.reasons import given_reason
from app.workflows.parameters import GROUPS, PARAMETERS, Group, Kind, Parameter

# Words of values that are kept for information only.
_WORDS = {
    "full": N_("fully online"), "partial": N_("partly online"), "3": N_("level 3"), "4": N_("level 4"),
    "vi": N_("Vietnamese"), "en": N_("English"), "local": N_("account of the province"),
    "national_portal": N_("National Public Service Portal"), "e_id": N_("electronic identity (VNeID)"),
    "official_account": N_("official account"), "city_sso": N_("single sign-on of the city"),
    "online": N_("online"), "counter": N_("at the counter"), "bank_point": N_("at bank counters"),
    "other": N_("other ways"), "reception": N_("on reception"), "processing": N_("during processing"),
    "result": N_("with the result"), "month": N_("every month"), "quarter": N_("every quarter"),
    "half_year": N_("every half year"), "year": N_("every year"),
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One parameter as it holds: its value in words, its ground, and who says so since when.

    origin: "own" of this profile, "base" of one it rests on, "fallback" of the product, "nothing".
    is_unset: the law has a value nobody could look up yet.
    """

    key: str
    label: str
    value: str
    clause: str
    note: str
    origin: str
    source: str
    since: date | None
    is_unset: bool
    is_read: bool


@dataclass(frozen=True)
class Change:
    """What a switch does to one parameter."""

    label: str
    before: str
    after: str
    clause: str


def value_words(key: str, value: Any) -> str:
    """Return a value of parameter ``key`` in the reader's language: "8 giờ làm việc"."""
    parameter = PARAMETERS.get(key)
    if value is None:
        return _("(none)")
    if parameter is None:
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if parameter.kind is Kind.flag and isinstance(value, bool):
        return _("Yes") if value else _("No")
    items = value if isinstance(value, list) else [value]
    if parameter.kind is Kind.choices and not parameter.is_ordered:
        known = list(parameter.choices)
        items = sorted(items, key=lambda item: known.index(item) if item in known else len(known))
    words = ", ".join(_item(parameter, item) for item in items)
    return f"{words} {_(parameter.unit)}" if parameter.unit else words


def _item(parameter: Parameter, item: Any) -> str:
    if isinstance(item, str) and item in parameter.choices:
        return _(parameter.choices[item])
    if isinstance(item, str) and item in _WORDS:
        return _(_WORDS[item])
    return item if isinstance(item, str) else f"{item:02d}" if isinstance(item, int) else json.dumps(item)


def lines_of(session: Session, profile: Profile, on: date | None = None) -> dict[str, list[Line]]:
    """Return {heading: lines} of every parameter that holds under ``profile``, in fixed order."""
    rows = rows_in_force(session, profile, on or today())
    groups: dict[Group, list[Line]] = {group: [] for group in GROUPS}
    for key, parameter in PARAMETERS.items():
        if key in rows or parameter.is_read:
            groups[parameter.group].append(_line(profile, key, parameter, rows.get(key)))
    for key in sorted(set(rows) - set(PARAMETERS)):
        groups[Group.information].append(_line(profile, key, None, rows[key]))
    return {_(GROUPS[group]): lines for group, lines in groups.items() if lines}


def _line(profile: Profile, key: str, parameter: Parameter | None, row: ProfileParameter | None) -> Line:
    label = _(parameter.label) if parameter is not None else key
    is_read = parameter is not None and parameter.is_read
    if row is not None and is_given(row):
        origin = "own" if row.profile_id == profile.id else "base"
        return Line(key, label, value_words(key, row.value), row.clause or "", row.note or "", origin,
                    row.profile.name, row.valid_from, False, is_read)  # fmt: skip
    fallback = parameter.fallback if parameter is not None else None
    ground = (parameter.ground or "") if parameter is not None else ""
    return Line(
        key, label, _without(parameter) if fallback is None else value_words(key, fallback), ground,
        (row.note or "") if row is not None else "", "fallback" if fallback is not None or is_read else "nothing",
        (row.clause or "") if row is not None else "", None, row is not None, is_read,
    )  # fmt: skip


def _without(parameter: Parameter | None) -> str:
    if parameter is not None and parameter.key == "transfer_limit_hours":
        return _("The same day; received after the cut-off, first thing on the next working day")
    return _("(none)")


def unset_lines(session: Session, profile: Profile | None, on: date | None = None) -> list[Line]:
    """Return the parameters whose value the law fixes and nobody has entered yet."""
    if profile is None:
        return []
    return [line for lines in lines_of(session, profile, on).values() for line in lines if line.is_unset]


def list_profiles(session: Session) -> Sequence[Profile]:
    """Return every profile, the one in force first."""
    return session.scalars(sa.select(Profile).order_by(Profile.is_active.desc(), in_order(Profile.name))).all()


def get_profile(session: Session, number: int) -> Profile:
    """Return a profile; raises NotFound."""
    profile = session.get(Profile, number)
    if profile is None:
        raise NotFound(_("There is no such profile."))
    return profile


def changes(session: Session, old: Profile | None, new: Profile) -> list[Change]:
    """Return what holds otherwise once ``new`` is in force instead of ``old``."""
    before = _by_key(session, old) if old is not None else {}
    after = _by_key(session, new)
    keys = [key for key in (*PARAMETERS, *sorted({*before, *after} - set(PARAMETERS)))
            if _said(before.get(key)) != _said(after.get(key))]  # fmt: skip
    return [Change((after.get(key) or before[key]).label, _said(before.get(key)), _said(after.get(key)),
                   after[key].clause if key in after else "") for key in keys]  # fmt: skip


def _by_key(session: Session, profile: Profile) -> dict[str, Line]:
    return {line.key: line for lines in lines_of(session, profile).values() for line in lines}


def _said(line: Line | None) -> str:
    return line.value if line is not None else _("(none)")


def put_in_force(
    session: Session, profile: Profile, actor: Actor, *, reason: str, instead_of: int | None
) -> None:
    """Put ``profile`` in force instead of the one the preview compared it with.

    Running dossiers keep their due dates; whatever happens from now on follows the new rules.
    Raises NotAllowed but for catalog administrators, Invalid without a reason, Conflict when
    another profile came into force meanwhile.
    """
    if not actor.has(Role.catalog_admin):
        raise NotAllowed(_("Only an administrator of the catalogs puts a profile in force."))
    reason = given_reason(reason)
    locked = list(session.scalars(sa.select(Profile).order_by(Profile.id).with_for_update()))
    present = next((row for row in locked if row.is_active), None)
    if profile.is_active:
        return  # sent twice
    if (present.id if present is not None else None) != instead_of:
        raise Conflict(_("Another profile came into force meanwhile. Please look at the changes again."))
    because(session, action="put_in_force", reason=reason)
    for row in locked:
        row.is_active = row.id == profile.id
    session.flush()
    session.info.pop("profile_values", None)


def unset_now(session: Session) -> list[Line]:
    """Return what is unset under the profile in force: asked before the system goes live."""
    return unset_lines(session, active_profile(session))
