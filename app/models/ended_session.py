"""Sessions of browsers that were ended before their time: a copy of their cookie opens nothing any more."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, mapped_column

from app.types import UtcDateTime


class EndedSession(Model):
    """One session somebody logged out of, kept until its cookie would have run out by itself.

    All sessions of a user end with ``UserSetting.session_version``.
    """

    __tablename__ = "ended_session"
    __history__ = False
    id: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
