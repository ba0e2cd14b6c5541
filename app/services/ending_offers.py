"""What ends a dossier before its result, and what opens it again: rare acts, offered last."""

from typing import Any

from flask_babel import gettext as _

from app.models import Dossier
from app.permissions import Actor
from app.services.offers import Offer, of_row
from app.services.reopening import needs_step, steps_to_return_to


def ending_offers(dossier: Dossier, rows: dict[str, Any], actor: Actor) -> list[Offer]:
    """Return the acts that end a dossier or undo its end, of the table rows open to ``actor``."""
    found = []
    if "request_withdrawal" in rows and actor.is_officer:
        found.append(of_row(rows["request_withdrawal"], dossier, "arrow-back",
                         title=_("Note that the applicant withdraws")))  # fmt: skip
    if "refuse" in rows:
        found.append(of_row(rows["refuse"], dossier, "circle-x", tone="danger"))
    if "reopen" in rows:
        steps = [(s.key, s.name) for s in steps_to_return_to(dossier)] if needs_step(dossier) else []
        found.append(of_row(rows["reopen"], dossier, "rotate", tone="danger", facts={"steps_done": steps}))
    if "refuse_unanswered" in rows:
        found.append(of_row(rows["refuse_unanswered"], dossier, "circle-x", tone="danger"))
    if "stop" in rows:
        found.append(of_row(rows["stop"], dossier, "ban", tone="danger", blocked=""))
    return found
