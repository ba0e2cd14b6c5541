"""What configuration is made of: every declared model the catalog administrator alone writes.

A kind is a model with the attributes that files carry: plain columns, references to other
records by their natural keys, and the parts it owns (a procedure its versions, a version its
components). A new column or catalog is carried as soon as it is declared.
"""

from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

from sqlalchemy import inspect

from app.history import SECRET_COLUMNS
from app.lowcode.generate import declared_models
from app.lowcode.naturals import has_key, key_names
from app.lowcode.overrides import FieldRight, RoleRight, RoleScope
from app.models import AgencyCalendar
from app.permissions import Role

_OWN = frozenset({"id", "row_version", "search_text"})
# Without screens of their own: what is decided for a role, and the calendars that agencies turn to on a coming day.
_DECIDED: tuple[type[Any], ...] = (RoleRight, RoleScope, FieldRight, AgencyCalendar)


@dataclass(frozen=True)
class Kind:
    """How the records of one model stand in files.

    columns, references: attributes in the order of the file. parts: {attribute: kind} of what it
    owns. owner: the relation to the record it is a part of. key: the attributes that name it,
    inside its owner if it has one.
    """

    name: str
    model: type[Any]
    columns: tuple[str, ...]
    references: tuple[str, ...]
    key: tuple[str, ...]
    owner: str | None = None
    parts: dict[str, str] = field(default_factory=dict, hash=False)
    _columns: dict[str, Any] = field(default_factory=dict, hash=False, compare=False, repr=False)

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        """Every attribute but parts, those of the key first."""
        rest = [name for name in _in_order(self.model) if name in {*self.columns, *self.references}]
        return tuple(dict.fromkeys([*self.key, *rest]))

    def column(self, name: str) -> Any:
        """Return the column of an attribute; of a reference, its foreign key."""
        if name not in self._columns:
            self._columns[name] = column_of(self.model, name)
        return self._columns[name]

    @property
    def title(self) -> str:
        """What its records are called, as its screen says."""
        return str(self.model.screen.title if self.has_screen else self.model.singular)

    @property
    def singular(self) -> str:
        """What one record is called."""
        return str(self.model.screen.singular if self.has_screen else self.model.singular)

    @property
    def carried(self) -> list[Any]:
        """The conditions of the rows of a part that files hold; none for all of them."""
        return [self.model.carried()] if hasattr(self.model, "carried") else []

    @property
    def has_screen(self) -> bool:
        """False for what is decided for roles or waits at agencies: it is seen on pages of their own."""
        return getattr(self.model, "screen", None) is not None

    def target(self, name: str) -> "Kind":
        """Return the kind that reference ``name`` leads to."""
        return kinds()[inspect(self.model).relationships[name].mapper.class_.__tablename__]

    @property
    def owner_kind(self) -> "Kind":
        """The kind this one is a part of; only for parts."""
        return self.target(self.owner or "")


def column_of(model: type[Any], name: str) -> Any:
    """Return the column behind an attribute; of a many-to-one relation, its foreign key."""
    mapper = inspect(model)
    if name in mapper.relationships:
        return next(iter(mapper.relationships[name].local_columns))
    return mapper.columns[name]


@cache
def kinds() -> dict[str, Kind]:
    """Return {table: kind} of all configuration, by table name."""
    models = {m.__tablename__: m for m in declared_models() if _is_declared(m)}
    models |= {m.__tablename__: m for m in _DECIDED}
    owners = {name: _owner(model, models) for name, model in models.items()}
    found = {name: _kind(model, models, owners) for name, model in models.items()}
    return dict(sorted(found.items()))


def roots() -> dict[str, Kind]:
    """Return the kinds that have files of their own."""
    return {name: kind for name, kind in kinds().items() if kind.owner is None}


def root_of(kind: Kind) -> Kind:
    """Return the kind in whose files records of ``kind`` stand."""
    while kind.owner is not None:
        kind = kind.owner_kind
    return kind


def family(kind: Kind) -> list[Kind]:
    """Return ``kind`` and all it owns, from the top down."""
    return [kind, *(k for part in kind.parts.values() for k in family(kinds()[part]))]


def _is_declared(model: type[Any]) -> bool:
    said = model.screen.is_configuration
    is_catalog = set(model.screen.write) == {Role.catalog_admin} and not model.screen.is_personal
    return has_key(model) and (is_catalog if said is None else said)


def _owner(model: type[Any], models: dict[str, type[Any]]) -> str | None:
    """Return the relation to its owner: where its history stands, or else what it is named after."""
    mapper = inspect(model)
    _table, column = getattr(model, "__history_owner__", (None, None))
    for relation in mapper.relationships:
        is_one = not relation.uselist and relation.mapper.class_.__tablename__ in models
        names = {mapper.get_property_by_column(c).key for c in relation.local_columns}
        named_after = column is None and relation.key in key_names(model)
        if is_one and relation.mapper is not mapper and (column in names or named_after):
            return str(relation.key)
    return None


def _kind(model: type[Any], models: dict[str, type[Any]], owners: dict[str, str | None]) -> Kind:
    mapper, name = inspect(model), model.__tablename__
    owner = owners[name]
    ones = {r.key: r for r in mapper.relationships if not r.uselist and r.key != owner}
    references = [key for key, r in ones.items() if r.mapper.class_.__tablename__ in models
                  and "label" in (info := next(iter(r.local_columns)).info) and info.get("pack", True)]  # fmt: skip
    columns = [attr.key for attr in mapper.column_attrs if _is_carried(attr)]
    return Kind(
        name, model, tuple(columns), tuple(references),
        key=tuple(n for n in key_names(model) if n != owner), owner=owner,
        parts=_parts(model, owners, models),
    )  # fmt: skip


def _parts(
    model: type[Any], owners: dict[str, str | None], models: dict[str, type[Any]]
) -> dict[str, str]:
    """Return {name in the file: table} of what ``model`` owns: named as its own relation is."""
    found = {}
    for table, relation in owners.items():
        if relation is None:
            continue
        link = inspect(models[table]).relationships[relation]
        if link.mapper.class_ is model:
            found[link.back_populates or table] = table
    return dict(sorted(found.items()))


def _is_carried(attr: Any) -> bool:
    """What people may know of a record: labelled, no key of another row, no secret."""
    column = attr.columns[0]
    return (
        "label" in column.info and not column.foreign_keys and column.info.get("pack", True)
        and attr.key not in _OWN | SECRET_COLUMNS and not column.info.get("secret")
    )  # fmt: skip


def _in_order(model: type[Any]) -> list[str]:
    """Attributes as declared, a relation in place of its column."""
    mapper = inspect(model)
    relations = {next(iter(r.local_columns)): r.key for r in mapper.relationships
                 if not r.uselist and len(r.local_columns) == 1}  # fmt: skip
    return [relations.get(attr.columns[0], attr.key) for attr in mapper.column_attrs]
