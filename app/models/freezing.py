"""What a version in force rests on never changes: its papers and fees, its form, its process.

A dossier pins its version with everything the version names. A part must neither be changed
there nor be moved away to another owner, so both its old and its new owner are asked.
"""

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import inspect

from app.errors import Invalid
from app.extensions import db
from app.models.procedure_words import VersionState

_IN_FORCE = (VersionState.published, VersionState.retired)
_EXAMINED = (VersionState.checked, VersionState.approved)


def owners_of(row: Any, name: str) -> list[Any]:
    """Return the record that relation ``name`` of an unsaved ``row`` leads to, and led to before."""
    relation = inspect(type(row)).relationships[name]
    # Until the flush the key still names the owner of before.
    former_id = getattr(row, next(iter(relation.local_columns)).key)
    former = db.session.get(relation.mapper.class_, former_id) if former_id is not None else None
    found = [getattr(row, name), former]
    return [one for number, one in enumerate(found) if one is not None and one not in found[:number]]


def refuse_in_force(owner: Any) -> None:
    """Raise Invalid if the form or process ``owner`` belongs to a version that is no draft."""
    from app.models.procedure import ProcedureVersion

    column = {"form": ProcedureVersion.form_id, "process": ProcedureVersion.process_id}
    if owner.id is None:
        return
    query = sa.select(ProcedureVersion.state, ProcedureVersion.name).where(
        column[owner.__tablename__] == owner.id,
        ProcedureVersion.state.in_([*_IN_FORCE, *_EXAMINED]),
    )
    found = db.session.execute(query.order_by(ProcedureVersion.id.desc())).all()
    if not found:
        return
    name = next((row.name for row in found if row.state in _IN_FORCE), None)
    if name is None:
        raise Invalid(
            _("This belongs to a version that was checked: %(name)s. Send it back to draft "
              "before changing it.", name=found[0].name)
        )  # fmt: skip
    else:
        raise Invalid(
            _("This belongs to a published procedure and never changes: %(name)s. Draft its next "
              "version: the draft gets a copy that can be changed.", name=name)
        )  # fmt: skip
