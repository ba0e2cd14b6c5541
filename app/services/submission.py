"""From a draft to a dossier, and the applicant's answer to a supplement request."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.clock import now, today
from app.errors import Invalid, NotAllowed, NotFound
from app.i18n import N_
from app.models import (
    Account,
    Agency,
    Attachment,
    Dossier,
    DossierPaper,
    Draft,
    FormRevision,
    ProcedureVersion,
    SupplementRequest,
)
from app.models.attachment import ScanStatus
from app.models.dossier import PAPER_KINDS
from app.permissions import Actor
from app.services import catalog, charges, lifecycle, processing
from app.services.channels import address_of
from app.services.codes import give_code
from app.services.draft_answers import judged_of, strays
from app.services.eform_catalogs import with_labels
from app.services.eform_search import keep_answers_text
from app.services.eform_state import Evaluation, reopened
from app.services.eforms import complete, data_problems, prepare, problems
from app.services.fees import charges_for
from app.services.identity_levels import refuse_low_level
from app.services.letters import issue_letter
from app.services.notices import notify_transition
from app.services.official import official
from app.services.profiles import profile_value
from app.services.timing import reception_due
from app.workflows.process import StepKind

_HELD = "held_draft"  # in the info of the session, until the transaction ends


def new_key() -> str:
    """Return a fresh key for a form: sent twice, it finds what it made the first time."""
    return str(uuid.uuid4())


def handling_agency(version: ProcedureVersion, chosen: Agency | None) -> Agency:
    """Return who handles a procedure: its own agency, or the commune the applicant chose.

    Raises Invalid (field "agency") when a commune must be chosen.
    """
    if version.agency is not None:
        return version.agency.standing()
    if chosen is None or chosen.level != "commune" or not chosen.is_open():
        message = _("Please choose the ward or commune that handles the dossier.")
        raise Invalid(message, {"agency": message})
    return chosen


def receiving_desk(agency: Agency) -> Agency:
    """Return the desk that receives for ``agency``; the nearest one above it without its own."""
    node: Agency | None = agency
    while node is not None and node.desk is None:
        node = node.parent
    return node.desk if node is not None and node.desk is not None else agency


def submit(session: Session, draft: Draft, actor: Actor, address: str | None = None) -> Dossier:
    """Return the dossier of ``draft``, made now or by an earlier sending of the same draft.

    address: where a result by post is sent, None: as the account says.
    Raises Invalid (fields: form keys, "component-<id>", "identity", "address") naming everything that is missing.
    Source: QN20 Đ12.1 (technical check, acknowledgement), HCM24 Đ10.1.
    """
    session.flush()  # what was changed just now is judged by its numbers
    if session.info.get(_HELD) != draft.id:
        hold(session, Draft.id == draft.id)
        session.refresh(draft, [attr.key for attr in inspect(Draft).column_attrs])
        session.expire(draft, ["dossier"])
    if draft.account_id != actor.account_id:
        raise NotFound(_("There is no such draft."))
    if draft.dossier is not None:
        return draft.dossier
    refuse_low_level(draft)
    if faults := technical_faults(draft, judged_of(draft)):
        raise Invalid(_("The dossier is not complete yet. Please correct what is marked."), faults)
    address = address_of(draft, address)
    agency = handling_agency(draft.version, draft.agency)
    dossier = make_dossier(
        session, draft.version, draft.account, agency, channel="online", data=draft.data,
        result_way=draft.result_way, fee_choices=draft.fee_choices,
    )  # fmt: skip
    dossier.applicant_address = address
    due = reception_due(session, dossier.desk, dossier.submitted_at)
    dossier.reception_due_at = due.at
    give_code(session, dossier)
    row = lifecycle.begin(session, dossier, "submit", actor)
    _take_papers(dossier, draft)
    draft.dossier = dossier
    if profile_value(session, "automatic_acknowledgement"):
        issue_letter(
            session, dossier, "acknowledgement", actor, counted_from_at=due.counts_from.isoformat()
        )
    notify_transition(session, dossier, row)
    return dossier


def hold(session: Session, *which: sa.ColumnElement[bool]) -> None:
    """Keep a draft from being sent by anybody else until the transaction ends; it is to be read afterwards.

    In one statement PostgreSQL would wait for the other sending, but join what the draft pointed to before it.
    """
    session.info[_HELD] = session.scalar(sa.select(Draft.id).where(*which).with_for_update())


def technical_faults(draft: Draft, judged: Evaluation | None) -> dict[str, str]:
    """Return what keeps a draft from being sent, by its ``judged_of``: {form key or "component-<id>": message}."""
    faults = problems(judged) if judged is not None else {}
    left_out = strays(draft, judged)
    sent = [attachment for attachment in draft.attachments if attachment not in left_out]
    held = {attachment.component_id for attachment in sent}
    for component in draft.version.components:
        shared = component.document_type is not None and component.document_type.is_shared_data
        if component.is_required and not shared and component.id not in held:
            faults[f"component-{component.id}"] = _("Please attach: %(name)s", name=component.name)
    return faults | _unsafe(sent)


def _unsafe(attachments: Iterable[Attachment]) -> dict[str, str]:
    """Return {name of the input: message} of files that have not passed the malware scan."""
    return {
        one.field_key or f"component-{one.component_id}":
            _("%(name)s has not passed the safety check yet.", name=one.name)
        for one in attachments if one.file.scan_status != ScanStatus.clean
    }  # fmt: skip


def make_dossier(
    session: Session, version: ProcedureVersion, account: Account, agency: Agency, *,
    channel: str, data: dict[str, Any], result_way: str = "desk", request_key: str | None = None,
    submitted_at: datetime | None = None, desk: Agency | None = None,
    fee_choices: Mapping[str, Any] | None = None, is_late: bool = False,
) -> Dossier:  # fmt: skip
    """Return a new dossier with its form data and charges; not yet in a state, and without its code (``give_code``).

    Raises NotAllowed if the version is not the published one; is_late: not the one of the true day.
    """
    if not (catalog.was_in_force(version, today()) if is_late else version.state == "published"):
        raise NotAllowed(_("This version of the procedure is not in force."))
    if version.form is not None and data:
        data = with_labels(version.form, complete(version.form, data))
    at = submitted_at or now()
    desk = desk or receiving_desk(agency)
    dossier = Dossier(
        state=1, version=version,
        procedure=version.procedure, sector=version.procedure.sector, agency=agency, desk=desk,
        channel=channel, account=account, applicant_name=account.name,
        applicant_id_number=account.id_number, applicant_phone=account.phone,
        applicant_email=account.email, applicant_address=account.address, submitted_at=at,
        result_way=result_way, request_key=request_key,
    )  # fmt: skip
    lifecycle.nothing_yet(dossier)
    dossier.revisions.append(FormRevision(number=1, data=data, at=at, author_name=account.name))
    keep_answers_text(dossier, data)
    dossier.charges.extend(charges_for(version, channel, agency, data, fee_choices))
    return dossier


def _take_papers(dossier: Dossier, draft: Draft) -> None:
    for attachment in draft.attachments:
        attachment.dossier = dossier
    for component in draft.version.components:
        files = [a for a in draft.attachments if a.component_id == component.id]
        if files:
            dossier.papers.append(DossierPaper(
                component=component, component_id=component.id, name=component.name, kind="electronic",
                quantity=len(files),
            ))  # fmt: skip


def answer_supplement(
    session: Session, dossier: Dossier, data: dict[str, Any], actor: Actor,
    handed_in: Mapping[int, tuple[str, int]] | None = None,
) -> Dossier:  # fmt: skip
    """Take the answer: only the asked fields and papers, the code unchanged.

    data: values of the asked form keys; files are already attached to the dossier.
    handed_in: papers brought to the desk instead, component id → (kind, quantity).
    Raises Invalid naming what is still missing. Source: QN20 Đ13, HUE25 Đ11, TTH17 Đ12.
    """
    request = dossier.supplements[-1] if dossier.supplements else None
    if request is None or request.answered_at is not None:
        raise NotAllowed(_("Nothing is asked of you at present."))
    merged = dict(dossier.revisions[-1].data)
    form, keys = dossier.version.form, asked_keys(dossier, request)
    if form is not None and keys:
        merged |= {key: value for key, value in data.items() if key in keys}
    handed_in = handed_in or {}
    faults = _supplement_faults(dossier, merged, request, handed_in, keys)
    if faults:
        raise Invalid(_("The supplement is not complete yet. Please correct what is marked."), faults)
    at = now()
    if form is not None and keys:
        merged = with_labels(form, complete(form, merged), dossier.revisions[-1].data)
        keep_answers_text(dossier, merged)
        dossier.revisions.append(FormRevision(
            number=len(dossier.revisions) + 1, data=merged, at=at, author_name=actor.name,
            reason=official(N_("Supplement %(number)d"), number=request.number),
        ))  # fmt: skip
    _mark_papers(dossier, request, handed_in)
    request.answered_at = at
    session.flush()
    row = lifecycle.move(session, dossier, "answer_supplement", actor)
    notify_transition(session, dossier, row)
    if not charges.hold_for_supplement(session, dossier, actor):
        told = official(N_("Supplement %(number)d"), number=request.number)
        processing.pass_waiting(session, dossier, StepKind.applicant, actor, told)
    return dossier


def asked_keys(dossier: Dossier, request: SupplementRequest) -> set[str]:
    """Return the form keys that may be answered: those asked for, and what only a new answer would show."""
    form, keys = dossier.version.form, set(request.field_keys)
    if form is None or not keys:
        return set()
    return reopened(prepare(form), dossier.revisions[-1].data if dossier.revisions else {}, keys)


def _supplement_faults(
    dossier: Dossier, data: dict[str, Any], request: SupplementRequest,
    handed_in: Mapping[int, tuple[str, int]], keys: set[str],
) -> dict[str, str]:  # fmt: skip
    form, faults = dossier.version.form, dict[str, str]()
    if form is not None and keys:
        faults = data_problems(form, data, only=keys, is_whole=True)
    sent = [a for a in dossier.attachments if a.created_at >= request.asked_at]
    faults |= _unsafe(sent)
    fresh = {a.component_id for a in sent} | set(handed_in)
    for number, (kind, quantity) in handed_in.items():
        message = paper_problem(kind, quantity)
        if message:
            faults[f"component-{number}"] = message
    for component in dossier.version.components:
        if component.id in request.component_ids and component.id not in fresh:
            faults[f"component-{component.id}"] = _("Please attach: %(name)s", name=component.name)
    return faults


def paper_problem(kind: str, quantity: int) -> str | None:
    """Return what is wrong with a paper ticked at the desk, in the user's language, or None."""
    if kind in PAPER_KINDS and 1 <= quantity <= 999:
        return None
    return _("Choose the kind of each paper and a number from 1 to 999.")


def _mark_papers(
    dossier: Dossier, request: SupplementRequest, handed_in: Mapping[int, tuple[str, int]]
) -> None:
    fresh = {a.field_key for a in dossier.attachments if a.field_key and a.created_at >= request.asked_at}
    for attachment in dossier.attachments:
        if attachment.component_id in request.component_ids or attachment.field_key in fresh:
            attachment.is_replaced = attachment.created_at < request.asked_at
    held = {paper.component_id: paper for paper in dossier.papers}
    for component in dossier.version.components:
        if component.id not in request.component_ids:
            continue
        paper = held.get(component.id)
        if paper is None:
            paper = DossierPaper(component=component, component_id=component.id, name=component.name)
            paper.kind, paper.quantity = "electronic", 1
            dossier.papers.append(paper)
        if component.id in handed_in:
            paper.kind, paper.quantity = handed_in[component.id]
        paper.is_received = True


def find_draft(session: Session, key: str, actor: Actor) -> Draft:
    """Return the actor's own draft; raises NotFound for anyone else's."""
    draft = session.scalar(
        sa.select(Draft).where(Draft.key == key, Draft.account_id == actor.account_id)
    )
    if draft is None or actor.account_id is None:
        raise NotFound(_("There is no such draft."))
    return draft
