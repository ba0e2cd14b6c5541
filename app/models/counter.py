"""Counters for codes and numbers that must follow one another without a gap."""

from __future__ import annotations

from functools import cache
from typing import Any

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
    return int(session.connection().execute(_taking(session.get_bind().dialect.name), {"series": key}).scalar_one())


@cache  # built once: building a statement costs as much as sending it
def _taking(dialect: str) -> Any:
    insert, row = postgresql.insert if dialect == "postgresql" else sqlite.insert, Counter.__table__.c
    first = insert(Counter.__table__).values(key=sa.bindparam("series"), value=1, row_version=1)
    return first.on_conflict_do_update(index_elements=["key"], set_={"value": row.value + 1}).returning(row.value)
