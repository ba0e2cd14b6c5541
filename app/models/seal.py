"""Seals of the history: signed checkpoints that make a cut end show."""

from datetime import datetime

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, mapped_column

from app.types import UtcDateTime


class HistorySeal(Model):
    """Niêm phong: the entries after the previous seal, up to one id. Never changed.

    ``digest`` is keyed with the application's secret and covers the previous seal's digest,
    so whoever can write to the database still cannot make one.
    """

    __tablename__ = "history_seal"
    __history__ = False
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    up_to_id: Mapped[int] = mapped_column(sa.BigInteger, unique=True)
    count: Mapped[int] = mapped_column(sa.BigInteger)
    digest: Mapped[str] = mapped_column(sa.String(64))
