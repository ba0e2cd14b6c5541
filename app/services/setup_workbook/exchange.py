"""The set-up workbook as an import: its sheets become those of the catalogs, with their rules."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.lowcode.actions import Action
from app.lowcode.exchange.layout import Sheet, sheet_of
from app.lowcode.exchange.plan import Kind, Plan
from app.lowcode.exchange.planner import Planner
from app.lowcode.exchange.reading import RawSheet
from app.models import (
    Agency,
    CalendarSession,
    Component,
    Division,
    Fee,
    OfficerIdentity,
    OfficerPosition,
    Procedure,
    ProcedureVersion,
    Process,
    ProcessStep,
    Sector,
    User,
    WorkingCalendar,
)
from app.permissions import Actor, Role, current_actor
from app.services.setup_workbook.catalog import Catalog, processes
from app.services.setup_workbook.headings import AGENCIES, GIVEN_ROLES, PARTS, PROCEDURES, PROCESSES
from app.services.setup_workbook.organisation import Organisation
from app.services.setup_workbook.sources import find_source
from app.services.users import sync_roles

MODELS = (
    WorkingCalendar, CalendarSession, Agency, Division, User, OfficerIdentity, OfficerPosition, Sector,
    Process, ProcessStep, Procedure, ProcedureVersion, Component, Fee,
)  # fmt: skip
VIEW = "SetupWorkbook"


class SetupExchange:
    """What is imported by the set-up workbook."""

    def may(self) -> bool:
        """Return whether the actor may set up agencies and procedures."""
        return current_actor().may("can_import", VIEW)

    def acting(self, actor: Actor) -> Actor:
        """Return the actor with what setting up takes: making users and posts beside catalogs.

        ``review`` keeps this within bounds: no administrators, no change of users that are there.
        """
        actions = (Action.read, Action.add, Action.change)
        grants = {(f"can_{action}", model.__name__) for model in MODELS for action in actions}
        return replace(actor, roles=actor.roles | {Role.system_admin}, grants=actor.grants | grants)

    def sheets(self) -> list[Sheet]:
        """Return the sheets of the catalogs that are filled."""
        return [sheet_of(model) for model in MODELS]

    def prepare(
        self, session: Session, raw: list[RawSheet], skipped: set[tuple[str, int]]
    ) -> tuple[list[RawSheet], dict[Any, Any]]:
        """Return the three sheets as sheets of the catalogs, and the root that takes its new code.

        Raises Invalid when none of the three is there.
        """
        made: list[RawSheet | None] = []
        adopted: dict[Any, Any] = {}
        agencies, procedures, steps = (find_source(part, raw, skipped) for part in (AGENCIES, PROCEDURES, PROCESSES))
        if agencies is not None:
            organisation = Organisation(session, agencies)
            made += organisation.sheets()
            adopted = organisation.adopted_root()
        made += processes(steps) if steps is not None else []
        made += Catalog(session, procedures).sheets() if procedures is not None else []
        skipped.clear()  # those rows are left out already
        found = [sheet for sheet in made if sheet is not None]
        if not found:
            names = ", ".join(f"“{part.title}”" for part in PARTS)
            raise Invalid(_("The file has no sheet of the template: %(names)s.", names=names))
        return found, adopted

    def review(self, planner: Planner) -> None:
        """Blame a change of a user that is there or of his number, and a post no workbook may give."""
        for entry in _written(planner.plan, User):
            if entry.kind == Kind.change:
                planner.blame(entry, "username", _("This user name is taken by another person, "
                                                   "or by the same one with other details."))  # fmt: skip
        for entry in _written(planner.plan, OfficerIdentity):
            if entry.values["user"].entry.row is not None:
                planner.blame(entry, "id_number", _("This officer is there already: a system administrator enters "
                                                    "his number, under “Officers' personal numbers”."))  # fmt: skip
        _hide_stored_numbers(planner.plan)
        for entry in _written(planner.plan, OfficerPosition):
            if entry.values.get("role") not in GIVEN_ROLES:
                planner.blame(entry, "role", _("Only a system administrator may give this role."))

    def finish(self, session: Session, plan: Plan) -> dict[str, Any]:
        """Give the officers the roles of their posts; returns the numbers of the new users."""
        for user in {entry.record.user for entry in _written(plan, OfficerPosition)}:
            sync_roles(session, user)
        session.flush()
        return {"users": [entry.record.id for entry in _written(plan, User)]}


def _hide_stored_numbers(plan: Plan) -> None:
    """Take out of the plan, whatever else is wrong in a row, numbers that are not for who sent the file."""
    for entry in plan.entries():
        if entry.table.sheet.model is OfficerIdentity and entry.row is not None:
            entry.changes.clear()


def _written(plan: Plan, model: type[Any]) -> Iterable[Any]:
    return (entry for table in plan.tables if table.sheet.model is model
            for entry in table.entries if entry.kind in (Kind.add, Kind.change))  # fmt: skip
