"""The regulation profile in force: its parameters, each with its clause and validity."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clock import today
from app.models import Profile, ProfileParameter
from app.services.kept import kept, mark
from app.workflows.parameters import PARAMETERS, UNSET

# What holds when no profile says otherwise: the national rules (domain B).
DEFAULTS: dict[str, Any] = {
    one.key: one.fallback for one in PARAMETERS.values() if one.fallback is not None
}


def profile_value(session: Session, key: str, default: Any = None, on: date | None = None) -> Any:
    """Return parameter ``key`` on a civil date: of the active profile, its base or the default."""
    values = profile_values(session, on or today())
    if key in values:
        return values[key]
    return DEFAULTS.get(key) if default is None else default


def profile_value_now(session: Session, key: str) -> Any:
    """Return parameter ``key`` of today while records are being checked: what is not written yet stays so."""
    with session.no_autoflush:
        values = session.info.get("profile_values", {}).get(today()) or _found_on(session, today())
    return values[0].get(key, DEFAULTS.get(key))


def profile_values(session: Session, on: date) -> dict[str, Any]:
    """Return every parameter in force on ``on``, a profile's own before its base's."""
    return _in_force(session, on)[0]


def profiles_in_force(session: Session) -> frozenset[str]:
    """Return the codes of the profile in force and of what it rests on; none where no profile is."""
    return _in_force(session, today())[1]


def _in_force(session: Session, on: date) -> tuple[dict[str, Any], frozenset[str]]:
    cache = session.info.setdefault("profile_values", {})
    if on not in cache:
        cache[on] = kept(mark(session, "profiles"), ("profile", on), lambda: _found_on(session, on))
    return cache[on]


def _found_on(session: Session, on: date) -> tuple[dict[str, Any], frozenset[str]]:
    profile = active_profile(session)
    rows = rows_in_force(session, profile, on)
    values = {key: row.value for key, row in rows.items() if is_given(row)}
    return values, frozenset(row.code for row in bases(profile))


def active_profile(session: Session) -> Profile | None:
    """Return the profile in force; the first entered if several claim to be."""
    # All of them at once: the bases of the active one then need no further look.
    found = session.scalars(sa.select(Profile).order_by(Profile.id)).all()
    return next((row for row in found if row.is_active), None)


def is_given(row: ProfileParameter) -> bool:
    """Return whether a row says something: neither empty nor "unset"."""
    return row.value is not None and row.value != UNSET


def rows_in_force(session: Session, profile: Profile | None, on: date) -> dict[str, ProfileParameter]:
    """Return the row that decides each parameter of ``profile`` on ``on``.

    Its own before its base's, newer before older, one that says something before one that does not.
    """
    chain = [row.id for row in bases(profile)]
    query = (
        sa.select(ProfileParameter)
        .where(ProfileParameter.profile_id.in_(chain), ProfileParameter.valid_from <= on)
        .where(sa.or_(ProfileParameter.valid_to.is_(None), ProfileParameter.valid_to >= on))
    )
    rows: Iterable[ProfileParameter] = session.scalars(query).all()
    # Applied from the root of the chain to the profile itself, older before newer.
    ordered = sorted(rows, key=lambda row: (is_given(row), -chain.index(row.profile_id), row.valid_from))
    return {row.key: row for row in ordered}


def bases(profile: Profile | None) -> list[Profile]:
    """Return ``profile`` and the ones it rests on, itself first."""
    chain: list[Profile] = []
    while profile is not None and profile not in chain:
        chain.append(profile)
        profile = profile.base
    return chain
