"""What goes over when an agency is merged, split, renamed or closed: found, not yet written.

Each rule says which records follow, and under what title the office reads of them before it
decides. Everything closed (ended dossiers, past posts, old letters) stays where it happened.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.clock import today
from app.i18n import N_
from app.models import (
    Agency,
    AgencyCalendar,
    ApiClient,
    Division,
    Dossier,
    Draft,
    Feedback,
    OfficerPosition,
    OnlineService,
    ProcedureReport,
    ProcedureVersion,
    Process,
    ProcessApproval,
    Task,
)
from app.models.procedure import VersionState
from app.models.reorganisation import ReorganisationKind
from app.models.task import TaskState
from app.services.calendar_turns import waiting_from
from app.services.official import official
from app.services.reorganise_bulk import Route
from app.workflows.feedback import FeedbackState
from app.workflows.governance import ApprovalState
from app.workflows.online import ReportState, ServiceState
from app.workflows.states import FINAL

TOPICS = {
    "dossiers": N_("Running dossiers handled on by %(agency)s"),
    "received": N_("Running dossiers whose desk is now %(agency)s"),
    "tasks": N_("Open tasks that go to %(agency)s"),
    "posts": N_("Officers' posts that go on at %(agency)s"),
    "ended": N_("Posts that end at %(agency)s"),
    "divisions": N_("Divisions that go to %(agency)s"),
    "children": N_("Subordinate agencies that now stand under %(agency)s"),
    "served": N_("Agencies for which %(agency)s now receives"),
    "drafts": N_("Unsent applications that will go to %(agency)s"),
    "feedback": N_("Feedback items to be answered by %(agency)s"),
    "approvals": N_("Processes under approval that now belong to %(agency)s"),
    "processes": N_("Internal processes that now belong to %(agency)s"),
    "reports": N_("Unanswered reports on procedures, now of %(agency)s"),
    "services": N_("Online services looked after by %(agency)s"),
    "clients": N_("Connected systems that now belong to %(agency)s"),
    "versions": N_("Drafts of procedure versions handled by %(agency)s"),
    "turns": N_("Turns to another calendar to come, now of %(agency)s, too"),
    "agency": N_("Entries of the agency itself that change: %(agency)s"),
    "unit": N_("Administrative units that lead to the new one: %(agency)s"),
}
_MANY = frozenset({"dossiers", "received", "tasks", "drafts", "feedback"})
_RUNNING = Dossier.state.not_in(FINAL)
_UNANSWERED = (FeedbackState.received, FeedbackState.accepted)
_UNDECIDED = ProcedureVersion.state.not_in((VersionState.published, VersionState.retired))


@dataclass(frozen=True)
class Wish:
    """What the office asks for. ids: the divisions, posts and sectors that a split takes along."""

    kind: ReorganisationKind
    source: Agency
    target: Agency | None = None
    decision_number: str = ""
    decision_on: date | None = None
    code: str = ""
    name: str = ""
    short_name: str = ""
    abbreviation: str | None = None  # None: not asked for; it stays
    effective_on: date | None = None  # None: at once
    unit_follows: bool = False
    divisions: frozenset[int] = frozenset()
    posts: frozenset[int] = frozenset()
    sectors: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Change:
    """One attribute of one record; name None: the record itself is new."""

    topic: str
    row: Any
    name: str | None
    new: Any
    place: Agency


def changes_of(session: Session, wish: Wish) -> Iterator[Change | Route]:
    """Yield everything the act changes, in the order in which it is to be written.

    What there may be any number of comes as a route, written after the rest.
    """
    if wish.kind == ReorganisationKind.rename:
        yield from _renaming(wish)
    elif wish.kind == ReorganisationKind.close:
        yield from _ending_posts(session, wish.source, wish.source)
        yield from _closing(wish.source)
    elif wish.kind == ReorganisationKind.split:
        yield from _splitting(session, wish)
    elif wish.target is not None:
        yield from _merging(session, wish, wish.target)


def turns_of(session: Session, wish: Wish) -> list[AgencyCalendar]:
    """Return the turns to another calendar that will still wait when the act takes effect: of the agency, and in a
    merger of those below it, which go along."""
    if wish.kind == ReorganisationKind.rename:
        return []  # it stays what it is
    is_merger = wish.kind == ReorganisationKind.merge
    near = Agency.path.startswith(wish.source.path) if is_merger else Agency.id == wish.source.id
    return waiting_from(session, wish.effective_on or today(), near)


def own_desk(agency: Agency) -> Agency | None:
    """Return the desk that stands under ``agency`` itself, None if another's receives for it."""
    desk = agency.desk
    return desk if desk is not None and desk.parent_id == agency.id else None


def _merging(session: Session, wish: Wish, target: Agency) -> Iterator[Change | Route]:
    source, desk = wish.source, own_desk(wish.source)
    yield from _following(session, source, target)
    if desk is not None:
        takes_over = target.desk or target
        yield from _following(session, desk, takes_over)
        yield from _closing(desk, takes_over)
    yield from _closing(source, target)
    # Its ended dossiers stay its own; below the successor they are seen by those who follow.
    yield Change("agency", source, "parent", target, target)
    unit = source.unit
    if wish.unit_follows and unit is not None and target.unit is not None and unit is not target.unit:
        yield Change("unit", unit, "successor", target.unit, target)
        yield Change("unit", unit, "valid_to", _yesterday(), target)


def _following(session: Session, old: Agency, new: Agency) -> Iterator[Change | Route]:
    for topic, query, name in _rules(old):
        yield from _going(session, topic, query, name, new)
    yield from _posts(session, old, new)


def _going(session: Session, topic: str, query: Any, name: str, new: Agency) -> Iterator[Change | Route]:
    if topic in _MANY:
        yield Route(topic, query, name, new)
        return
    for row in session.scalars(query):
        yield Change(topic, row, name, new, new)


def _rules(old: Agency) -> Iterator[tuple[str, Any, str]]:
    """Yield (topic, query, attribute that leads to the agency) of what follows a merged one."""
    dossiers = sa.select(Dossier).where(_RUNNING).order_by(Dossier.id)
    yield "dossiers", dossiers.where(Dossier.agency_id == old.id), "agency"
    yield "received", dossiers.where(Dossier.desk_id == old.id), "desk"
    yield "tasks", sa.select(Task).where(Task.agency_id == old.id, Task.state == TaskState.open), "agency"
    yield "drafts", sa.select(Draft).where(Draft.agency_id == old.id, Draft.dossier_id.is_(None)), "agency"
    waiting = sa.select(Feedback).where(Feedback.agency_id == old.id, Feedback.state.in_(_UNANSWERED))
    yield "feedback", waiting, "agency"
    yield "versions", sa.select(ProcedureVersion).where(ProcedureVersion.agency_id == old.id, _UNDECIDED), "agency"
    yield from _governed(old)
    yield "clients", sa.select(ApiClient).where(ApiClient.agency_id == old.id), "agency"
    yield "divisions", sa.select(Division).where(Division.agency_id == old.id), "agency"
    yield "served", sa.select(Agency).where(Agency.desk_id == old.id, Agency.parent_id != old.id), "desk"
    below = sa.select(Agency).where(Agency.parent_id == old.id, Agency.id != (old.desk_id or 0))
    yield "children", below, "parent"


def _governed(old: Agency) -> Iterator[tuple[str, Any, str]]:
    """What the agency drafts, reports and offers, as long as it is not over."""
    drafted = sa.select(ProcessApproval).where(ProcessApproval.agency_id == old.id)
    yield "approvals", drafted.where(ProcessApproval.state != ApprovalState.in_use), "agency"
    yield "processes", sa.select(Process).where(Process.agency_id == old.id), "agency"
    reported = sa.select(ProcedureReport).where(ProcedureReport.agency_id == old.id)
    yield "reports", reported.where(ProcedureReport.state.in_((ReportState.sent, ReportState.accepted))), "agency"
    offered = sa.select(OnlineService).where(OnlineService.agency_id == old.id)
    yield "services", offered.where(OnlineService.state.not_in((ServiceState.refused, ServiceState.stopped))), "agency"


def _splitting(session: Session, wish: Wish) -> Iterator[Change | Route]:
    source = wish.source
    fresh = Agency(
        code=wish.code, name=wish.name, short_name=wish.short_name or None, abbreviation=wish.abbreviation or None,
        level=source.level, parent_id=source.parent_id, desk_id=source.desk_id, unit_id=source.unit_id,
        calendar_id=source.calendar_id, address=source.address, valid_from=today(),
    )  # fmt: skip
    yield Change("agency", fresh, None, None, fresh)
    for turn in turns_of(session, wish):
        same = AgencyCalendar(agency=fresh, since=turn.since, calendar=turn.calendar, reason=turn.reason,
                              decision=turn.decision)  # fmt: skip
        yield Change("turns", same, None, None, fresh)
    for topic, query, name in _rules(source):
        chosen = _chosen(topic, query, wish)
        if chosen is not None:
            yield from _going(session, topic, chosen, name, fresh)
    yield from _posts(session, source, fresh, wish.posts)


def _chosen(topic: str, query: Any, wish: Wish) -> Any | None:
    """Return ``query`` of what a split takes along: by sector or by name; None = stays."""
    if topic == "dossiers":
        return query.where(Dossier.sector_id.in_(wish.sectors))
    if topic == "tasks":
        return query.join(Task.dossier).where(Dossier.sector_id.in_(wish.sectors))
    if topic == "divisions":
        return query.where(Division.id.in_(wish.divisions))
    return None


def _posts(session: Session, old: Agency, new: Agency, only: frozenset[int] | None = None) -> Iterator[Change]:
    """End each post at ``old`` yesterday and begin the same at ``new``, once for each role."""
    held = {(post.user_id, post.role) for post in posts_at(session, new)} if new.id else set()
    rows = [post for post in posts_at(session, old) if only is None or post.id in only]
    for post in rows:
        yield Change("ended", post, "valid_to", _yesterday(), old)
        if (post.user_id, post.role) in held:
            continue
        held.add((post.user_id, post.role))
        following = OfficerPosition(
            user=post.user, agency=new, division=post.division, role=post.role, title=post.title,
            valid_from=max(today(), post.valid_from), valid_to=post.valid_to,
        )  # fmt: skip
        yield Change("posts", following, None, None, new)


def posts_at(session: Session, agency: Agency) -> list[OfficerPosition]:
    """Return the posts at ``agency`` that are held today or will be."""
    post = OfficerPosition
    query = sa.select(post).where(post.agency_id == agency.id).options(
        joinedload(post.user), joinedload(post.division)).order_by(post.id)  # fmt: skip
    return list(session.scalars(query.where(sa.or_(post.valid_to.is_(None), post.valid_to >= today()))))


def _ending_posts(session: Session, agency: Agency, place: Agency) -> Iterator[Change]:
    for post in posts_at(session, agency):
        yield Change("ended", post, "valid_to", _yesterday(), place)


def _closing(agency: Agency, successor: Agency | None = None) -> Iterator[Change]:
    change = Change("agency", agency, "valid_to", _yesterday(), agency)
    yield change
    if successor is not None:
        yield replace(change, name="successor", new=successor)


def _renaming(wish: Wish) -> Iterator[Change]:
    agency = wish.source
    wanted: dict[str, str | None] = {"name": wish.name, "short_name": wish.short_name or None, "code": wish.code}
    if wish.abbreviation is not None:
        wanted["abbreviation"] = wish.abbreviation or None
    changed = {name: new for name, new in wanted.items() if new != getattr(agency, name)}
    for name, new in changed.items():
        yield Change("agency", agency, name, new, agency)
    if changed:
        past = official(N_("%(code)s – %(name)s (until %(day)s)"), code=agency.code, name=agency.name,
                        day=f"{_yesterday():%d/%m/%Y}")  # fmt: skip
        yield Change("agency", agency, "former_names", "\n".join(filter(None, [agency.former_names, past])), agency)


def _yesterday() -> date:
    return today() - timedelta(days=1)
