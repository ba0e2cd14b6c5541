"""Telling the applicants whose dossiers an incident touches how they go on (HUE25 Đ23.2, TTH17 Đ21.2).

Whoever answers for an agency within the incident writes the guidance once, having seen how many it
reaches; the worker tells each applicant in his account and by e-mail. Who left only a telephone
number is listed, to be called.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, aliased, joinedload

from app.clock import now
from app.errors import Invalid, NotAllowed
from app.history import because
from app.models import Account, Agency, Dossier, IncidentNotice, OutageNotice
from app.permissions import Actor
from app.services.chunks import go_on
from app.services.incidents import DECIDERS, get_incident, scope_of
from app.services.notices import tell_applicant
from app.transactions import enqueue, one_at_a_time
from app.workflows.states import FINAL, State

CALLED = 50  # of those who can only be telephoned
_MOST = 2000  # characters
_OPEN = tuple(int(state) for state in frozenset(State) - FINAL)


@dataclass(frozen=True)
class Reach:
    """Whom a notice would reach: dossiers in all, of these by account, by e-mail; who must be called."""

    total: int
    by_account: int
    by_mail: int
    by_phone: int
    called: list[tuple[str, str, str | None]]


def place_of(session: Session, incident: IncidentNotice, actor: Actor) -> Agency | None:
    """Return the agency whose applicants ``actor`` may tell: his own within the incident, or all of it."""
    scope = scope_of(session, incident)
    posts = actor.positions_as(DECIDERS)
    if any(scope.path.startswith(post.path) for post in posts):
        return scope
    own = next((post for post in posts if post.path.startswith(scope.path)), None)
    return session.get(Agency, own.agency_id) if own is not None else None


def _touched(agency: Agency, *columns: Any) -> sa.Select[Any]:
    """Select of the open dossiers that an agency, or anything below it, receives or handles."""
    handling, desk = aliased(Agency), aliased(Agency)
    return (
        sa.select(*columns).select_from(Dossier)
        .join(handling, handling.id == Dossier.agency_id).join(desk, desk.id == Dossier.desk_id)
        .join(Account, Account.id == Dossier.account_id)
        .where(Dossier.state.in_(_OPEN))
        .where(sa.or_(handling.path.startswith(agency.path), desk.path.startswith(agency.path)))
    )  # fmt: skip


def reach_of(session: Session, agency: Agency) -> Reach:
    """Return whom a notice of this agency would reach now; nothing is written. Two statements."""
    has_account, has_mail = Account.user_id.is_not(None), sa.func.coalesce(Dossier.applicant_email, "") != ""
    left = ~has_account & ~has_mail
    counts = [sa.func.coalesce(sa.func.sum(sa.case((rule, 1), else_=0)), 0) for rule in (has_account, has_mail, left)]
    total, by_account, by_mail, by_phone = session.execute(_touched(agency, sa.func.count(), *counts)).one()
    called = _touched(agency, Dossier.code, Dossier.applicant_name, Dossier.applicant_phone).where(left)
    rows = session.execute(called.order_by(Dossier.id).limit(CALLED))
    return Reach(total, by_account, by_mail, by_phone, [tuple(row) for row in rows])


def notices_of(session: Session, incident: IncidentNotice) -> list[OutageNotice]:
    """Return what applicants were told of this incident, the latest first."""
    query = sa.select(OutageNotice).where(OutageNotice.incident_id == incident.id)
    return list(session.scalars(query.options(joinedload(OutageNotice.agency)).order_by(OutageNotice.id.desc())))


def send(session: Session, number: int, actor: Actor, *, text: str, key: str) -> OutageNotice:
    """Promise that every applicant concerned is told ``text``; the same form sent twice tells once.

    Raises NotAllowed for who answers for no agency of the incident, Invalid (field "text").
    """
    one_at_a_time(session, f"outage-notice:{key}")
    known = session.scalar(sa.select(OutageNotice).where(OutageNotice.key == key[:40])) if key else None
    if known is not None:
        return known
    incident = get_incident(session, number)
    agency = place_of(session, incident, actor)
    if agency is None:
        raise NotAllowed(_("Only who answers for an agency of this incident tells its applicants."))
    if not text.strip() or len(text) > _MOST or not key:
        message = _("Say what applicants are to do meanwhile, in at most %(limit)d characters.", limit=_MOST)
        raise Invalid(message, {"text": message})
    because(session, action="tell_outage", reason=text.strip())
    notice = OutageNotice(
        incident=incident, agency=agency, key=key[:40], text=text.strip(), at=now(), user_id=actor.user_id,
        actor_name=actor.name, wanted=reach_of(session, agency).total,
    )  # fmt: skip
    session.add(notice)
    session.flush()
    enqueue("outages.tell", notice_id=notice.id)
    return notice


def tell_waiting(session: Session, notice_id: int) -> None:
    """Tell the next chunk of applicants; enqueues itself until none is left, each is told once."""
    notice = session.get_one(OutageNotice, notice_id, with_for_update={"of": OutageNotice})
    if notice.done_at is not None:
        return

    def tell(ids: list[int]) -> None:
        query = sa.select(Dossier).where(Dossier.id.in_(ids)).order_by(Dossier.id)
        loads = joinedload(Dossier.account), joinedload(Dossier.version), joinedload(Dossier.desk)
        for dossier in session.scalars(query.options(*loads)).unique():
            text = f"{notice.incident.title}. {notice.text}"
            tell_applicant(session, dossier, f"outage-notice:{notice.id}:{dossier.id}", text)
            notice.told += bool(dossier.account.user_id or dossier.applicant_email)

    if go_on(session, notice, _touched(notice.agency, Dossier.id), tell):
        enqueue("outages.tell", notice_id=notice.id)
