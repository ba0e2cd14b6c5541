"""Drafts: begun once per procedure, saved while typing, given up or sent (domain A3)."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload, object_session, selectinload

from app.clock import now, today
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.lowcode.collation import key_of
from app.models import (
    Account,
    Agency,
    Attachment,
    Component,
    Draft,
    Fee,
    Form,
    FormSection,
    Procedure,
    ProcedureVersion,
)
from app.models.procedure import VersionState
from app.permissions import Actor
from app.services import eforms
from app.services.channels import refuse_result_way
from app.services.kept import MARKS, remember_marks
from app.services.submission import handling_agency, hold, new_key

# {page: {rev, tab}}: how often each page was saved, and by which window last: that window may
# go on saving though each of its saves raises the number. Never sent (``settle``).
_PAGES = "_pages"
MAX_OPEN = 30


def published_version(session: Session, code: str) -> ProcedureVersion:
    """Return the version of procedure ``code`` in force; raises NotFound."""
    query = (
        sa.select(ProcedureVersion)
        .join(Procedure)
        .where(Procedure.code == code, Procedure.is_active.is_(True))
        .where(ProcedureVersion.state == VersionState.published)
        .options(joinedload(ProcedureVersion.procedure), joinedload(ProcedureVersion.agency))
    )
    version = session.scalar(query)
    if version is None:
        raise NotFound(_("There is no procedure in force with this code."))
    return version


def is_outdated(session: Session, draft: Draft) -> bool:
    """Return whether another version of the procedure is in force: ``begin_draft`` brings the draft there."""
    if draft.dossier_id is not None or draft.version.state == VersionState.published:
        return False
    query = sa.select(ProcedureVersion.id).join(Procedure).where(
        ProcedureVersion.procedure_id == draft.version.procedure_id, Procedure.is_active.is_(True),
        ProcedureVersion.state == VersionState.published,
    )  # fmt: skip
    return session.scalar(query.limit(1)) is not None


def is_online(version: ProcedureVersion) -> bool:
    """Return whether a dossier of ``version`` may be sent through the system."""
    return version.service_level in {"full", "partial"}


def communes(session: Session) -> list[Agency]:
    """Return today's wards and communes that handle dossiers, by name."""
    day = today()
    query = sa.select(Agency).where(
        Agency.level == "commune", sa.or_(Agency.valid_from.is_(None), Agency.valid_from <= day),
        sa.or_(Agency.valid_to.is_(None), Agency.valid_to >= day),
    ).options(joinedload(Agency.desk))  # fmt: skip
    return sorted(session.scalars(query), key=lambda row: key_of(row.name))


def find_open_draft(session: Session, version: ProcedureVersion, actor: Actor) -> Draft | None:
    """Return the actor's unsent draft for the same procedure, of any version, the latest."""
    query = sa.select(Draft).join(Draft.version).where(
        Draft.account_id == actor.account_id, Draft.dossier_id.is_(None),
        ProcedureVersion.procedure_id == version.procedure_id,
    )  # fmt: skip
    return session.scalar(query.order_by(Draft.id.desc()).limit(1))


def begin_draft(
    session: Session, version: ProcedureVersion, actor: Actor, agency: Agency | None
) -> Draft:
    """Return the unsent draft for ``version``, begun now if there is none.

    Raises Invalid when no agency can handle it, NotAllowed when it cannot be sent online.
    """
    if not is_online(version):
        raise NotAllowed(_("This procedure cannot be applied for online yet."))
    chosen = handling_agency(version, agency)
    draft = find_open_draft(session, version, actor)
    if draft is None:
        account = session.get_one(Account, actor.account_id)
        _refuse_too_many(session, account)
        data = eforms.prefill(version.form, account) if version.form else {}
        draft = Draft(key=new_key(), account=account, version=version, data=data)
        session.add(draft)
    elif draft.version_id != version.id:
        _carry_over(draft, version)
    draft.agency = chosen
    session.flush()
    return draft


def _carry_over(draft: Draft, version: ProcedureVersion) -> None:
    """Bring a draft to the version now in force; a paper stays where the same one is asked."""
    same = {component.name: component for component in version.components}
    for attachment in draft.attachments:
        if attachment.component is not None:
            attachment.component = same.get(attachment.component.name)
    draft.version, draft.fee_choices = version, None  # the choices named fees of the old version


def _refuse_too_many(session: Session, account: Account) -> None:
    query = sa.select(sa.func.count(Draft.id)).where(
        Draft.account_id == account.id, Draft.dossier_id.is_(None))  # fmt: skip
    if (session.scalar(query) or 0) >= MAX_OPEN:
        raise Invalid(_("You have %(count)d unsent dossiers. Please send or delete some first.",
                        count=MAX_OPEN))  # fmt: skip


def get_draft(session: Session, key: str, actor: Actor, *, to_change: bool = False) -> Draft:
    """Return the actor's own draft with all that its pages show; raises NotFound.

    to_change: locked first, so that of two sendings the second finds what the first made.
    """
    own = Draft.key == key, Draft.account_id == actor.account_id
    if to_change:
        hold(session, *own)
    version, agency = joinedload(Draft.version), joinedload(Draft.agency)
    query = (sa.select(Draft, *MARKS) if to_change else sa.select(Draft)).where(*own).options(
        joinedload(Draft.account), joinedload(Draft.dossier), agency.joinedload(Agency.desk).joinedload(Agency.parent),
        version.joinedload(ProcedureVersion.procedure).joinedload(Procedure.sector),
        version.joinedload(ProcedureVersion.agency),
        version.joinedload(ProcedureVersion.form).selectinload(Form.sections)
        .joinedload(FormSection.fields),
        version.selectinload(ProcedureVersion.components).joinedload(Component.document_type),
        version.selectinload(ProcedureVersion.fees).selectinload(Fee.exemptions),
        selectinload(Draft.attachments).joinedload(Attachment.file),
    )  # fmt: skip
    row = session.execute(query).one_or_none() if actor.account_id is not None else None
    if row is None:
        raise NotFound(_("There is no such draft."))
    if to_change:
        remember_marks(session, row[1:])
    return row[0]


def list_drafts(session: Session, actor: Actor) -> list[Draft]:
    """Return the actor's unsent drafts, the last touched first."""
    version = joinedload(Draft.version).joinedload(ProcedureVersion.procedure)
    query = (
        sa.select(Draft)
        .where(Draft.account_id == actor.account_id, Draft.dossier_id.is_(None))
        .options(version, joinedload(Draft.agency))
        .order_by(Draft.updated_at.desc(), Draft.id)
    )
    return list(session.scalars(query.limit(MAX_OPEN)))


def refuse_sent(draft: Draft) -> None:
    """Raise Conflict if the draft has become a dossier: it no longer changes."""
    if draft.dossier is not None:
        code = draft.dossier.code
        raise Conflict(_("This dossier was already sent with code %(code)s.", code=code))


def page_revision(draft: Draft, part: int) -> int:
    """Return how often page ``part`` of the form was saved; its page carries the number back."""
    return int(_page(draft, part).get("rev") or 0)


def _page(draft: Draft, part: int) -> dict[str, Any]:
    return draft.data.get(_PAGES, {}).get(str(part), {})


def save_answers(
    draft: Draft, values: Mapping[str, Any], *, part: int, base: str | None, tab: str = ""
) -> Draft:
    """Keep what was typed on page ``part``. base: its revision when shown; tab: names the page.

    Raises Conflict if another window or device saved the same page since, or the draft was sent.
    """
    refuse_sent(draft)
    last, tab = _page(draft, part), tab[:40]
    is_own_save = bool(tab) and last.get("tab") == tab
    if str(base) != str(page_revision(draft, part)) and not is_own_save:
        raise Conflict(_stale())
    # Officers' fields and computed texts are none of the applicant's.
    keys = {f.key for f in eforms.fields_of(draft.version.form)} if draft.version.form else set()
    kept = {key: value for key, value in values.items() if key in keys}
    pages = draft.data.get(_PAGES, {}) | {
        str(part): {"rev": page_revision(draft, part) + 1, "tab": tab}
    }
    draft.data = {**draft.data, **kept, _PAGES: pages}
    draft.updated_at = now()
    return draft


def _stale() -> str:
    return _("This dossier was changed in another window or on another device. "
             "Please compare before you save.")  # fmt: skip


def refuse_stale(draft: Draft, base: str | None) -> None:
    """Raise Conflict unless a page that shows the whole draft shows it as it is now."""
    if str(base) != str(draft.row_version):
        raise Conflict(_stale())


def set_result_way(draft: Draft, way: str | None) -> None:
    """Choose how the result is handed over; raises Invalid (field "result_way")."""
    refuse_sent(draft)
    session = object_session(draft)
    if session is not None:  # it always has one: a draft is read before it is changed
        refuse_result_way(session, way)
    draft.result_way = way or draft.result_way


def keep_result_choice(draft: Draft, way: str | None, address: str | None) -> None:
    """Keep how the result is to be handed over, and where to, until the draft is sent.

    Raises Conflict once it was sent, Invalid (field "result_way") for a way that is not offered.
    """
    refuse_sent(draft)
    if way is not None:  # none is marked where the profile no longer offers the one kept
        set_result_way(draft, way)
    if address is not None:  # not asked for where nothing goes by post
        draft.result_address = address.strip()[:500]


def discard_draft(session: Session, draft: Draft) -> None:
    """Give up an unsent draft with its files' places; raises Conflict once it was sent."""
    refuse_sent(draft)
    for attachment in list(draft.attachments):
        session.delete(attachment)
    session.flush()
    session.delete(draft)
    session.flush()


def find_component(version: ProcedureVersion, text: str | None) -> Component | None:
    """Return the component with id ``text`` of a version; None for anything else."""
    return next((c for c in version.components if str(c.id) == text), None)


def is_shared(component: Component) -> bool:
    """Return whether the state has this paper already and must not ask (QN20 Đ23.1)."""
    return component.document_type is not None and component.document_type.is_shared_data
