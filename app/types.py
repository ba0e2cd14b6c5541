"""Column types shared by every model."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect

from app.text import word_pairs

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


class WordPairs(sa.TypeDecorator[str]):
    """The neighbouring words of a folded text, as PostgreSQL finds them; other databases keep nothing."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Use a search vector where the database has one."""
        return dialect.type_descriptor(postgresql.TSVECTOR() if dialect.name == "postgresql" else sa.Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str:
        """Return the vector of the text; pairs are letters and a blank, nothing in them needs an escape."""
        if dialect.name != "postgresql":
            return ""
        return pairs_vector(value or "")


def pairs_vector(text: str) -> str:
    """Return the search vector of the neighbouring words of ``text``, as PostgreSQL reads it."""
    return " ".join(f"'{pair}'" for pair in word_pairs(text))


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware instant, stored and returned in UTC; a naive one is refused."""

    impl = sa.DateTime
    cache_ok = True

    @property
    def python_type(self) -> type[Any]:
        """What rows hold; the base class would say ``object``."""
        return datetime

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Use TIMESTAMPTZ where the database has it."""
        return dialect.type_descriptor(sa.DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC; SQLite keeps it without its zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: instants must be aware")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored instant, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
