"""Results no longer in force, as everybody who looks a dossier up is told."""

from dataclasses import dataclass
from datetime import date, datetime

from app.models import Dossier, Result
from app.workflows.result import ResultState

_REVOKING = frozenset({"reopen", "stop", "approve_withdrawal"})


@dataclass(frozen=True)
class Revoked:
    """A result no longer in force: its number and day, since when, and the number of the one in its place."""

    number: str
    issued_on: date | None
    revoked_at: datetime | None
    replaced_by: str | None


def revoked_results(dossier: Dossier) -> list[Revoked]:
    """Return the results that were issued and revoked, the first one first; no text, nobody's name."""
    ended = [m.at for m in dossier.movements if m.transition in _REVOKING]
    if not ended:
        return []  # the usual case costs no statement
    fresh = next((r.number for r in reversed(dossier.results) if r.state == ResultState.issued), None)
    return [
        Revoked(r.number or "", r.issued_on, _since(r, ended), fresh)
        for r in dossier.results if r.state == ResultState.revoked
    ]  # fmt: skip


def _since(result: Result, ended: list[datetime]) -> datetime | None:
    return next((at for at in ended if result.approved_at is not None and at >= result.approved_at), None)
