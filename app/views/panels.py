"""What the generated page of some records shows above their facts: the way to their work."""

from dataclasses import dataclass, field
from typing import Any

from flask import Flask, url_for
from flask_babel import gettext as _

from app.extensions import db
from app.lowcode.values import inside_sentence
from app.models import (
    Agency,
    IncidentNotice,
    ProcedureVersion,
    Process,
    ProcessApproval,
    PublicationDecision,
    SharedCatalog,
)
from app.permissions import ROLE_LABELS, Actor, Role, current_actor
from app.services.moves import Cycle, coming, cycle_of, lacking, offered
from app.views.comparing import ComparingView
from app.views.moves import MOVE_VIEWS
from app.workflows.table import Transition


@dataclass(frozen=True)
class Panel:
    """A link to the page on which people work with a record, or its life cycle in place.

    steps: as ``ui.steps`` reads them; coming: every next act with who makes it and the clause;
    offered: the acts of this actor, each with what it still lacks; links: (address, words, icon) of what is judged.
    """

    url: str = ""
    label: str = ""
    icon: str = "certificate"
    state: str = ""
    steps: list[dict[str, str]] = field(default_factory=list)
    coming: list[dict[str, str]] = field(default_factory=list)
    offered: list[tuple[Transition[Any], str]] = field(default_factory=list)
    links: list[tuple[str, str, str]] = field(default_factory=list)


def panel_of(row: Any) -> Panel | None:
    """Return the panel of a record's generated page, if its kind has one and the actor may use it."""
    actor = current_actor()
    if isinstance(row, PublicationDecision) and actor.may("can_read", "PublicationDecisionWork"):
        return Panel(url_for("DecisionView.show", number=row.id), _("Procedures, checklist, publication"))
    if isinstance(row, ProcedureVersion) and actor.may("can_examine", "Publication"):
        return Panel(url_for("PublicationView.show", number=row.id), _("Checklist and publication"))
    if isinstance(row, Process) and actor.may("can_read", "Process"):
        return Panel(url_for("ProcessDesignerView.design", number=row.id), _("Diagram and designer"), icon="route")
    if isinstance(row, Agency) and actor.may("can_use", "CalendarYear"):
        return Panel(url_for("AgencyCalendarView.agency", number=row.id), _("Place and calendar"), icon="calendar")
    if isinstance(row, SharedCatalog) and actor.may("can_use", "SharedCatalogs"):
        return Panel(url_for("SharedCatalogItemsView.list", code=row.code), _("Items of the catalog"), icon="database")
    if isinstance(row, IncidentNotice) and actor.may("can_use", "Outages"):
        return Panel(url_for("OutageView.show", number=row.id), _("Applicants and time"), icon="alert-triangle")
    cycle = cycle_of(row)
    if cycle is None:
        return None
    return Panel(
        state=_(cycle.workflow.states(row.state).label), steps=_steps(cycle, row),
        coming=[_line(cycle, step) for step in coming(row)],
        offered=[(step, lacking(db.session(), row, step)) for step in offered(row, actor)],
        links=_process_links(row.process_id, actor) if isinstance(row, ProcessApproval) else [],
    )  # fmt: skip


def _process_links(number: int, actor: Actor) -> list[tuple[str, str, str]]:
    """Where the process to be examined, tested or staffed is seen (HUE25 Đ16)."""
    links = []
    if actor.may("can_read", "Process"):
        links.append((url_for("ProcessDesignerView.design", number=number), _("Diagram and designer"), "route"))
    if actor.may("can_change", "Process"):
        links.append((url_for("RehearsalView.show", number=number), _("Rehearse"), "history"))
    return links


def _steps(cycle: Cycle, row: Any) -> list[dict[str, str]]:
    """Return the smooth course with what is done; a record that left it shows none as present."""
    state, path = cycle.workflow.states(row.state), list(cycle.path)
    place = path.index(state) if state in path else 0
    is_over = state in cycle.workflow.final
    words = ["done" if n < place or is_over and n == place else "current" if n == place else "todo"
             for n in range(len(path))] if state in path else ["todo"] * len(path)  # fmt: skip
    return [{"title": _(one.label), "state": word} for one, word in zip(path, words, strict=True)]  # type: ignore[attr-defined]


def _line(cycle: Cycle, step: Transition[Any]) -> dict[str, str]:
    who = [_("the head of the province") if role == Role.agency_head and step.name in cycle.chairman
           else inside_sentence(_(ROLE_LABELS[Role(role)])) for role in sorted(step.roles)]  # fmt: skip
    return {"label": _(step.label), "who": ", ".join(who), "clause": step.clause}


def add_panels(app: Flask) -> None:
    """Let the generated pages ask for panels, and add the views that these lead to."""
    app.jinja_env.globals["panel_of"] = panel_of
    for view in (*MOVE_VIEWS, ComparingView):
        app.appbuilder.add_view_no_menu(view)  # type: ignore[attr-defined]
