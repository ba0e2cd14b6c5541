"""The regulation profile in force: its parameters, each with its clause and validity."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clock import today
from app.models import Profile, ProfileParameter

# What holds when no profile says otherwise: the national rules (domain B).
DEFAULTS: dict[str, Any] = {
    "dossier_code_pattern": "{unit}-{yymmdd}-{nnnn}",
    "reception_limit_hours": 8,  # NĐ 45/2020 Đ11
    "cutoff_time": "15:00",  # NĐ 61/2018 Đ18
    "count_from": "next",
    "due_time_of_day": "end_of_session",
    "form_set": "tt03_2025",
    "supplement_max": 1,  # NĐ 61/2018 Đ17
    "supplement_answer_days": 30,
    "extension_approvers": ["agency_head"],  # where the profile names nobody
    "extension_max_ratio": "1/3",  # TTH17 Đ14.4
    "extension_max_count": 1,  # NĐ 61/2018 Đ19
    "payment_pauses_clock": True,
    "max_upload_mb": 20,
    "feedback_answer_days": 15,  # QĐ 766/QĐ-TTg
    "procedure_report_days": 5,  # HCM24 Đ17.6h: promptly
    "reminder_hours": [8, 2],  # working hours ahead
    "reception_reminder_hours": [4, 1],
}


def profile_value(session: Session, key: str, default: Any = None, on: date | None = None) -> Any:
    """Return parameter ``key`` on a civil date: of the active profile, its base or the default."""
    values = profile_values(session, on or today())
    if key in values:
        return values[key]
    return DEFAULTS.get(key) if default is None else default


def profile_values(session: Session, on: date) -> dict[str, Any]:
    """Return every parameter in force on ``on``, a profile's own before its base's."""
    cache = session.info.setdefault("profile_values", {})
    if on not in cache:
        cache[on] = _read(session, on)
    return cache[on]


def _read(session: Session, on: date) -> dict[str, Any]:
    profiles = {row.id: row for row in session.scalars(sa.select(Profile))}
    chain: list[int] = []
    profile = next((row for row in profiles.values() if row.is_active), None)
    while profile is not None and profile.id not in chain:
        chain.append(profile.id)
        profile = profiles.get(profile.base_id) if profile.base_id else None
    query = (
        sa.select(ProfileParameter)
        .where(ProfileParameter.profile_id.in_(chain), ProfileParameter.valid_from <= on)
        .where(sa.or_(ProfileParameter.valid_to.is_(None), ProfileParameter.valid_to >= on))
        .order_by(ProfileParameter.valid_from)
    )
    rows = list(session.scalars(query))
    # Applied from the root of the chain to the active profile, older before newer.
    rows.sort(key=lambda row: (-chain.index(row.profile_id), row.valid_from))
    return {row.key: row.value for row in rows if row.value is not None}
