"""Packs in tests: exported, emptied, applied."""

from typing import Any

import sqlalchemy as sa

from app.packs import runs
from app.packs.exporting import Chosen, export
from app.packs.kinds import family, roots

ALL = Chosen("all")


def files_of(session: Any, chosen: Chosen = ALL) -> dict[str, bytes]:
    """Return the files of an export."""
    return export(session, chosen).files()


def take(session: Any, files: dict[str, bytes], actor: Any = None, *, is_replacing: bool = False) -> Any:
    """Return the planned run of a pack."""
    run = runs.take_in(session, files, is_replacing=is_replacing)
    runs.plan(session, run, actor)
    return run


def put(session: Any, files: dict[str, bytes], actor: Any = None, *, is_replacing: bool = False) -> Any:
    """Return the applied run of a pack; the planned one where nothing differs."""
    run = take(session, files, actor, is_replacing=is_replacing)
    assert run.state == "planned", run.faults
    if runs.has_changes(run):
        runs.apply(session, run, actor)
    return run


def forget_configuration(session: Any) -> None:
    """Leave no configuration: as in a system just installed. Nothing else may be there."""
    for kind in roots().values():
        for model in (one.model for one in family(kind)):
            for key in model.__table__.foreign_keys:
                if key.column.table is model.__table__ or key.parent.nullable:
                    session.execute(sa.update(model).values({key.parent.key: None}))
    models = [one.model for kind in roots().values() for one in family(kind)]
    tables = {model.__table__: model for model in models}
    for table in reversed(models[0].metadata.sorted_tables):
        if table in tables:
            session.execute(sa.delete(table))
    session.expunge_all()
