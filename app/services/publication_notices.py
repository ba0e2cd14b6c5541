"""Telling the Office how a scheduled publication went (HCM24 Đ8.1)."""

from sqlalchemy.orm import Session

from app.clock import today
from app.i18n import N_
from app.models import PublicationDecision
from app.permissions import Role
from app.services.notices import holders, notice_users
from app.services.official import official
from app.services.users import root_agency


def tell_published(session: Session, decision: PublicationDecision) -> None:
    """Tell catalog administrators that a scheduled decision is in force; told once."""
    title = official(N_("Published: %(decision)s"), decision=decision)
    body = official(N_("Procedures changed: %(count)d"), count=len(decision.items))
    _tell(session, f"publication:{decision.id}:done", title, body)


def tell_fault(session: Session, decision: PublicationDecision) -> None:
    """Tell catalog administrators what keeps a decision from being published; once a day."""
    title = official(N_("Could not be published: %(decision)s"), decision=decision)
    _tell(session, f"publication:{decision.id}:{today():%Y%m%d}", title, decision.fault or "")


def _tell(session: Session, key: str, title: str, body: str) -> None:
    people = holders(session, root_agency(session).id, Role.catalog_admin)
    notice_users(session, people, None, key, title, body)
    session.flush()
