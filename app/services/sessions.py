"""Ending sessions: one of them on its device, or all of a user everywhere."""

import secrets
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import history
from app.clock import now
from app.models import EndedSession, User
from app.services.users import settings_of
from app.transactions import one_at_a_time


def begin_session(version: int, lifetime: timedelta) -> dict[str, Any]:
    """Return what the cookie of a new session says of it: the user's version, its own key, when it ends."""
    return {"sv": version, "key": secrets.token_urlsafe(16), "until": int((now() + lifetime).timestamp())}


def end_session(session: Session, user_id: int, key: str, until: datetime) -> None:
    """Let the session named ``key`` open nothing any more; twice has one effect.

    until: when its cookie runs out by itself. What ran out since is forgotten.
    """
    one_at_a_time(session, f"logout:{key}")
    if session.get(EndedSession, key) is not None:
        return
    session.execute(sa.delete(EndedSession).where(EndedSession.until < now()))
    session.add(EndedSession(id=key, until=until))
    history.record(session, ("ab_user", user_id), "logout")
    session.flush()


def end_all_sessions(session: Session, user: User) -> None:
    """End every session of ``user``, this one too, and the tokens he fetched with his password."""
    settings_of(session, user).session_version += 1
    session.flush()
