"""What the generated page of some records shows above their facts: the way to their work."""

from dataclasses import dataclass
from typing import Any

from flask import Flask, url_for
from flask_babel import gettext as _

from app.models import ProcedureVersion, PublicationDecision
from app.permissions import current_actor


@dataclass(frozen=True)
class Panel:
    """A link to the page on which people work with a record."""

    url: str
    label: str
    icon: str = "certificate"


def panel_of(row: Any) -> Panel | None:
    """Return the panel of a record's generated page, if its kind has one and the actor may use it."""
    actor = current_actor()
    if isinstance(row, PublicationDecision) and actor.may("can_read", "PublicationDecisionWork"):
        return Panel(url_for("DecisionView.show", number=row.id), _("Procedures, checklist, publication"))
    if isinstance(row, ProcedureVersion) and actor.may("can_examine", "Publication"):
        return Panel(url_for("PublicationView.show", number=row.id), _("Checklist and publication"))
    return None


def add_panels(app: Flask) -> None:
    """Let the generated pages ask for panels."""
    app.jinja_env.globals["panel_of"] = panel_of
