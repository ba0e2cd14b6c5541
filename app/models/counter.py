"""Counters for codes and numbers that must follow one another without a gap."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.lowcode.entity import Entity


class Counter(Entity):
    """The last number given out in a series, e.g. the dossiers of one desk on one day."""

    __history__ = False
    key: Mapped[str] = mapped_column(sa.String(160), unique=True)
    value: Mapped[int] = mapped_column(default=0)


def next_number(session: Session, key: str) -> int:
    """Return the next number of series ``key``, from 1.

    The row stays locked until the transaction ends: a number taken back by a rollback is
    given out again, so the series has no gap and no doublet.
    """
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = (
        insert(Counter.__table__)
        .values(key=key, value=1, row_version=1)
        .on_conflict_do_update(
            index_elements=["key"], set_={"value": Counter.__table__.c.value + 1}
        )
        .returning(Counter.__table__.c.value)
    )
    return session.execute(statement).scalar_one()
