"""Dossiers in every situation a dashboard counts, made directly as rows."""

from datetime import datetime, timedelta
from typing import Any

from app.clock import now
from app.extensions import db
from app.models import Agency, Dossier, ProcedureVersion
from tests.factories import make_account, make_procedure, make_tree, number

FAR, SOON, HOUR = timedelta(days=20), timedelta(minutes=30), timedelta(hours=1)
# name → (state, received?, due from now, finished from now): one of each kind.
SITUATIONS: dict[str, tuple[int, bool, timedelta | None, timedelta | None]] = {
    "registered": (1, False, FAR, None),
    "registered late": (1, False, -HOUR, None),
    "in time": (4, True, FAR, None),
    "nearly due": (4, True, SOON, None),
    "overdue": (4, True, -HOUR, None),
    "withdrawal asked": (7, True, FAR, None),
    "without due date": (2, True, None, None),
    "supplement asked, past due": (5, True, -HOUR, None),
    "payment asked": (6, True, FAR, None),
    "refused": (3, False, FAR, None),
    "stopped": (8, True, -HOUR, None),
    "finished on time": (9, True, FAR, -HOUR),
    "finished to the minute": (9, True, -HOUR, -HOUR),
    "finished late": (10, True, -2 * HOUR, -HOUR),
}


def add_dossier(
    situation: str, agency: Agency | None = None, version: ProcedureVersion | None = None,
    **given: Any,
) -> Dossier:  # fmt: skip
    """Return a flushed dossier in ``situation`` at ``agency`` (default: the ward)."""
    state, is_received, due, finished = SITUATIONS[situation]
    version = version or make_procedure()
    agency = agency or make_tree().commune
    account = make_account()
    at = now()
    due_at = at + due if due is not None else None
    values: dict[str, Any] = {
        "code": f"H57-{number():06}", "state": state, "version": version,
        "procedure": version.procedure, "sector": version.procedure.sector, "agency": agency,
        "desk": agency.desk or agency, "channel": "online", "account": account,
        "applicant_name": account.name, "applicant_id_number": account.id_number,
        "submitted_at": _submitted(at), "received_at": _submitted(at) if is_received else None,
        "due_at": due_at if is_received else None,
        "reception_due_at": None if is_received else due_at,
        "finished_at": at + finished if finished is not None else None,
    }  # fmt: skip
    dossier = Dossier(**values | given)
    db.session.add(dossier)
    db.session.flush()
    return dossier


def _submitted(at: datetime) -> datetime:
    return at - 3 * HOUR


def add_one_of_each(agency: Agency | None = None) -> dict[str, Dossier]:
    """Return one dossier per situation, all of one procedure."""
    version = make_procedure()
    return {name: add_dossier(name, agency, version) for name in SITUATIONS}
