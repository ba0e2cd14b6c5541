"""The signed file of a publication decision, and what the public reads of it (HCM24 Đ7.1b)."""

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload

from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.models import ProcedureVersion, PublicationDecision, PublicationItem, StoredFile
from app.models.publication import ItemKind
from app.permissions import Actor, Role
from app.services.files import ensure_scanned, file_bytes
from app.workflows.publication import DecisionState


def get_published_decision(session: Session, number: int) -> PublicationDecision:
    """Return a decision that everybody may read; raises NotFound."""
    query = sa.select(PublicationDecision).where(
        PublicationDecision.id == number, PublicationDecision.state == DecisionState.published
    )
    found = session.scalar(query.options(joinedload(PublicationDecision.file)))
    if found is None:
        raise NotFound(_("There is no such publication decision."))
    return found


def published_by(session: Session, version: ProcedureVersion) -> PublicationDecision | None:
    """Return the decision that put ``version`` in force, None if it was published without one."""
    decision, item = PublicationDecision, PublicationItem
    query = sa.select(decision).join(decision.items).where(
        item.version_id == version.id, item.kind != ItemKind.repealed,
        decision.state == DecisionState.published,
    )
    return session.scalar(query.options(joinedload(decision.agency)).order_by(decision.id.desc()).limit(1))


def keep_file(
    session: Session, decision: PublicationDecision, stored: StoredFile, name: str, actor: Actor
) -> None:
    """Keep the signed decision; it may also come after publishing, and then stays.

    Raises NotAllowed for the wrong role, Conflict when a published decision has its file, Invalid
    (field "file") when a pack brought a published decision that names another content.
    """
    if not actor.has(Role.catalog_admin):
        raise NotAllowed(_("You may not do this: “%(step)s”.", step=_("Keep the file")))
    if decision.state == DecisionState.published and decision.file_id is not None:
        raise Conflict(_("The signed file of a published decision stays as it is."))
    if decision.state == DecisionState.published and decision.file_digest not in {None, stored.sha256}:
        message = _("This is not the file that was signed: its content differs from the one the pack names.")
        raise Invalid(message, {"file": message})
    decision.file, decision.file_name, decision.file_digest = stored, name, stored.sha256
    session.flush()


def signed_file(session: Session, decision: PublicationDecision) -> tuple[bytes, str, str]:
    """Return (content, name, media type) of the signed decision; raises NotFound without one."""
    if decision.file is None:
        raise NotFound(_("The signed file of this decision was not added yet."))
    stored = ensure_scanned(session, decision.file)
    return file_bytes(stored), decision.file_name or str(decision.number), stored.media_type
