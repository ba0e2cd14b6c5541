"""The base of every model: key, version for stale forms, folded search text."""

import re
from collections.abc import Iterable
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy import event, inspect
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.lowcode.screen import Screen
from app.text import fold
from app.types import WordPairs

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


class Entity(Model):
    """A record. ``row_version`` counts its changes, so that a stale form is noticed."""

    __abstract__ = True
    screen: ClassVar[Screen | None] = None

    id: Mapped[int] = mapped_column(primary_key=True)
    row_version: Mapped[int] = mapped_column(default=1)

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805 - SQLAlchemy calls it with the class
        return _WORD.sub("_", cls.__name__).lower()

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805
        return {"version_id_col": cls.row_version}

    def check(self, actor: Any) -> None:
        """Veto a save from a generated screen by raising Invalid; models override it."""

    def check_delete(self, actor: Any) -> None:
        """Veto a removal from a generated screen by raising Invalid; models override it."""


class Searchable:
    """Adds ``search_text``: the declared search columns, folded, found through one index."""

    search_text: Mapped[str] = mapped_column(
        sa.Text, default="", deferred=True, info={"trigram": True}
    )


class SearchableByPhrase(Searchable):
    """Adds ``search_pairs``: the neighbouring words of ``search_text``, for tables of millions of names.

    Three common words of a name have hundreds of thousands of rows each, the name has a few:
    letters (trigrams) and words alone are looked up one by one, pairs find it at once.
    """

    search_pairs: Mapped[str] = mapped_column(WordPairs, default="", deferred=True, info={"pairs": True})


@event.listens_for(sa.Column, "after_parent_attach")
def _index_folded_text(column: sa.Column[Any], table: Any) -> None:
    """Give each folded column the index that makes "contains" fast on PostgreSQL."""
    if column.info.get("trigram") and isinstance(table, sa.Table):
        name = f"ix_{table.name}_{column.name}"
        ops = {column.name: "gin_trgm_ops"}
        sa.Index(name, column, postgresql_using="gin", postgresql_ops=ops)
    if column.info.get("pairs") and isinstance(table, sa.Table):
        sa.Index(f"ix_{table.name}_{column.name}", column, postgresql_using="gin")


def is_same(target: Any, names: Iterable[str]) -> bool:
    """Return whether ``target`` is stored and none of its attributes ``names`` has changed since."""
    state = inspect(target)
    return state.persistent and not any(_has_changed(state, name) for name in names)


def _has_changed(state: Any, name: str) -> bool:
    # What is no mapped attribute (the texts of a catalog's item) is always written anew.
    return name not in state.attrs or bool(state.attrs[name].history.has_changes())


@event.listens_for(Searchable, "before_insert", propagate=True)
@event.listens_for(Searchable, "before_update", propagate=True)
def _fold_search_text(_mapper: Any, _connection: Any, target: Any) -> None:
    columns = getattr(target, "search_columns", None) or target.screen.search
    # The column is deferred: written anew it would go to the database, and into its index, each time.
    if is_same(target, columns):
        return
    target.search_text = fold(" ".join(str(getattr(target, name) or "") for name in columns))
    if isinstance(target, SearchableByPhrase):
        target.search_pairs = target.search_text
