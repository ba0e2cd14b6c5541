"""A result the applicant already holds, used again as a paper of a new dossier (QN20 Đ23.1b)."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload

from app.errors import Invalid, NotFound
from app.models import Attachment, Component, Dossier, Draft, Result
from app.permissions import Actor
from app.services.files import attach
from app.workflows.result import ResultState
from app.workflows.states import State

DIGITAL_RESULT = 8  # a digitised result of an agency (TTH17 Đ8)
SHOWN = 5  # of one paper; the latest count


def reusable(session: Session, account_id: int | None, components: Iterable[Component]) -> dict[int, list[Result]]:
    """Return, by the id of the paper, the issued results of this applicant that are such a paper.

    A paper and a result are the same when they are of one document type. Latest first; one statement.
    """
    wanted = {c.id: c.document_type_id for c in components if c.document_type_id is not None}
    if not wanted or account_id is None:
        return {}
    rows = session.scalars(_own(account_id).where(Result.document_type_id.in_(set(wanted.values()))))
    by_type: dict[int, list[Result]] = {}
    for row in rows:
        by_type.setdefault(row.document_type_id or 0, []).append(row)
    return {pk: by_type[kind][:SHOWN] for pk, kind in wanted.items() if kind in by_type}


def _own(account_id: int) -> sa.Select[Any]:
    return (
        sa.select(Result).join(Dossier, Dossier.id == Result.dossier_id)
        .where(Dossier.account_id == account_id, Dossier.state == State.returned)  # received, and its fees paid
        .where(Result.state == ResultState.issued, Result.is_favourable.is_(True), Result.file_id.is_not(None))
        .options(joinedload(Result.dossier).joinedload(Dossier.agency), joinedload(Result.file))
        .order_by(Result.issued_on.desc(), Result.id.desc())
    )  # fmt: skip


def use(
    session: Session, components: Sequence[Component], component_id: int, result_id: int, actor: Actor,
    *, draft: Draft | None = None, dossier: Dossier | None = None,
) -> Attachment:  # fmt: skip
    """Attach an earlier result as this paper; the file stays the one that was issued, its source is kept.

    Chosen twice it stands there once. Raises NotFound for a result that is not the applicant's own or
    a paper that is none of these, Invalid when it is no such paper.
    """
    component = next((c for c in components if c.id == component_id), None)
    result = session.scalar(_own(actor.account_id or 0).where(Result.id == result_id))
    if component is None or result is None or result.file is None:
        raise NotFound(_("This result does not exist, or it is not yours."))
    if component.document_type_id is None or component.document_type_id != result.document_type_id:
        raise Invalid(_("This result is not the paper that is asked for."))
    held = draft.attachments if draft is not None else dossier.attachments if dossier is not None else []
    known = next((a for a in held if a.component_id == component.id and a.result_id == result.id
                  and not a.is_replaced), None)  # fmt: skip
    if known is not None:
        return known
    name = f"{result.number or result.dossier.code}.pdf".replace("/", "-")
    made = attach(session, result.file, name, actor, draft=draft, dossier=dossier, component=component,
                  source_class=DIGITAL_RESULT)  # fmt: skip
    made.result = result
    session.flush()
    return made


def told(result: Result) -> str:
    """Return which result it is: number, day, agency and the dossier it came from."""
    return _("No. %(number)s of %(day)s, %(agency)s, dossier %(code)s", number=result.number or "—",
             day=f"{result.issued_on:%d/%m/%Y}" if result.issued_on else "—", agency=result.dossier.agency.name,
             code=result.dossier.code)  # fmt: skip
