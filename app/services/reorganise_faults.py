"""What forbids a reorganisation: its own faults, and the same act that waits already."""

from collections.abc import Iterable
from datetime import timedelta

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import today
from app.errors import Conflict
from app.models import Agency, Dossier, Reorganisation
from app.models.agency import abbreviation_fault
from app.models.reorganisation import ReorganisationKind, ReorganisationState
from app.services.reorganise_moves import Wish
from app.services.reorganise_wishes import as_data
from app.workflows.states import FINAL

TO_COME = frozenset({ReorganisationState.waiting, ReorganisationState.planned})
_FARTHEST = timedelta(days=366)


def faults_of(session: Session, wish: Wish) -> Iterable[tuple[str, str]]:
    """Yield (field, message) of what forbids ``wish``."""
    source, target = wish.source, wish.target
    if not wish.decision_number.strip():
        yield "decision_number", _("Please give the number of the decision.")
    if wish.decision_on is None or wish.decision_on > today():
        yield "decision_on", _("Please give the date of the decision, today at the latest.")
    if wish.effective_on is not None and not today() <= wish.effective_on <= today() + _FARTHEST:
        yield "effective_on", _("It takes effect today or on a later day, within a year.")
    if not source.is_open():
        yield "source", _("This agency has already ended.")
    if source.parent_id is None and wish.kind != ReorganisationKind.rename:
        yield "source", _("The province's own agency cannot be merged, split or closed.")
    if wish.kind == ReorganisationKind.merge:
        yield from _merge_faults(source, target)
    if wish.kind in {ReorganisationKind.split, ReorganisationKind.rename}:
        yield from _name_faults(session, wish)
    if wish.kind == ReorganisationKind.close:
        yield from _close_faults(session, source)


def _merge_faults(source: Agency, target: Agency | None) -> Iterable[tuple[str, str]]:
    if target is None or not target.is_open():
        yield "target", _("Please choose an agency that exists today.")
    elif target is source or f"/{source.id}/" in target.path:
        yield "target", _("An agency cannot be merged into itself or into one below it.")


def _name_faults(session: Session, wish: Wish) -> Iterable[tuple[str, str]]:
    if not wish.name.strip():
        yield "name", _("Please give the name.")
    taken = sa.select(Agency.id).where(Agency.code == wish.code)
    if wish.kind == ReorganisationKind.rename:
        taken = taken.where(Agency.id != wish.source.id)
    if not wish.code.strip():
        yield "code", _("Please give the identifier code.")
    elif session.scalar(taken.limit(1)) is not None:
        yield "code", _("Another agency has this code.")
    fault = abbreviation_fault(wish.abbreviation)
    if fault:
        yield "abbreviation", fault


def _close_faults(session: Session, source: Agency) -> Iterable[tuple[str, str]]:
    places = sa.or_(Dossier.agency_id == source.id, Dossier.desk_id == source.id)
    running = sa.select(sa.func.count()).select_from(Dossier).where(places, Dossier.state.not_in(FINAL))
    count = session.scalar(running) or 0
    if count:
        yield "source", _("%(count)d dossiers are still running there. Merge the agency into the one "
                          "that takes them over.", count=count)  # fmt: skip
    below = sa.select(Agency).where(sa.or_(Agency.parent_id == source.id, Agency.desk_id == source.id))
    if any(agency.is_open() for agency in session.scalars(below)):
        yield "source", _("Other agencies still stand under it or are served by it.")


def refuse_twin(session: Session, wish: Wish) -> None:
    """Raise Conflict for what is to be done already: it has changed nothing yet that a preview would show."""
    act = Reorganisation
    waiting = session.scalars(sa.select(act).where(act.source_id == wish.source.id, act.state.in_(TO_COME)))
    if any(one.wish == as_data(wish) for one in waiting):
        raise Conflict(_("This very act is planned already, or is being carried out."))
