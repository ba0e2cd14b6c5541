"""Results: drafted, signed, numbered, issued as PDF into the applicant's account, handed over."""

import base64
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now, to_local
from app.contents import storage
from app.documents.render import render
from app.errors import Invalid, NotAllowed, NotFound
from app.history import act_by, acting_post, because
from app.models import Agency, Dossier, Result, next_number
from app.models.scope import through_dossier
from app.models.task import TaskState
from app.official import officially
from app.permissions import Actor, Position, Role
from app.services import lifecycle
from app.services.letter_data import place_of, signature
from app.services.letters import issue_letter, keep_pdf
from app.services.notices import notify_transition
from app.services.task_rights import post_at
from app.transactions import enqueue
from app.workflows.result import RESULT, SIGNERS, ResultState
from app.workflows.states import State

_MAX_TITLE = 500  # characters
_MAX_SIGNATURE = 400_000  # characters of base64: a drawn signature is some kilobytes


def current_result(dossier: Dossier) -> Result | None:
    """Return the result the dossier is to get: the latest that was not revoked."""
    return next((r for r in reversed(dossier.results) if r.state != ResultState.revoked), None)


def save_draft(
    session: Session,
    dossier: Dossier,
    actor: Actor,
    *,
    title: str,
    content: str,
    is_favourable: bool = True,
) -> Result:
    """Write the draft of the result, new or changed, until it is signed (TTH17 Đ14.2).

    Raises Invalid for an empty title or content, NotAllowed once it is signed or for others.
    """
    _refuse_empty(title, content)
    if not may_draft(dossier, actor):
        raise NotAllowed(_("Only who holds the present step drafts the result."))
    act_by(session, actor, _drafting_post(dossier, actor))
    result = current_result(dossier)
    if result is None:
        result = Result(dossier=dossier, state=ResultState.draft, document_type=dossier.version.result_type)
        result.drafted_by_id = actor.user_id
    elif result.state != ResultState.draft:
        raise NotAllowed(_("The result is already signed; send it back before changing it."))
    result.title, result.content, result.is_favourable = (
        title.strip(),
        content.strip(),
        is_favourable,
    )
    session.add(result)
    session.flush()
    return result


def may_draft(dossier: Dossier, actor: Actor) -> bool:
    """Return whether the actor may write the draft now: the open step is his (TTH17 Đ14.2)."""
    return State(dossier.state) is State.processing and _drafting_post(dossier, actor) is not None


def _drafting_post(dossier: Dossier, actor: Actor) -> Position | None:
    drafters = RESULT.find("draft").roles | SIGNERS  # who signs may have no draft before him
    tasks = (task for task in lifecycle.open_tasks(dossier) if task.role in drafters)
    return next((post for task in tasks if (post := post_at(task, actor))), None)


def _refuse_empty(title: str, content: str) -> None:
    given = {"title": title, "content": content}
    missing = {name: _("This field is required.") for name, text in given.items() if not text.strip()}
    if len(title) > _MAX_TITLE:
        missing["title"] = _("At most %(limit)d characters. You typed %(count)d.",
                             limit=_MAX_TITLE, count=len(title))  # fmt: skip
    if missing:
        raise Invalid(_("Please correct the marked fields."), missing)


def refuse_without_draft(dossier: Dossier) -> None:
    """Raise Invalid if nothing is there to be signed."""
    result = current_result(dossier)
    if result is None or not result.content:
        raise Invalid(_("Draft the result before the dossier goes to be signed."))


def approve(session: Session, dossier: Dossier, actor: Actor, agency: Agency) -> Result:
    """Sign the result for ``agency``: its content is fixed under the signer's name (QN20 Đ16.3)."""
    refuse_without_draft(dossier)
    result = current_result(dossier) or dossier.results[-1]
    _move(session, result, "approve")
    posts = actor.positions_as(frozenset({Role.agency_head, Role.centre_director}))
    lent = acting_post(session, actor)
    post = lent or next((p for p in posts if p.agency_id == agency.id), next(iter(posts), None))
    with officially():  # printed on the result
        block = signature(actor, post, _("Head of the agency"))
    result.approved_by_id, result.approved_by_name = actor.user_id, actor.name
    result.approved_at, result.approved_by_title = now(), "; ".join([*block.get("authority", []), block["title"]])[:120]
    result.data = {"signer": block, "agency_id": agency.id}
    session.flush()
    return result


def reopen(session: Session, dossier: Dossier, reason: str) -> None:
    """Withdraw the signature when the dossier goes back to be corrected."""
    result = current_result(dossier)
    if result is not None and result.state == ResultState.approved:
        _move(session, result, "send_back", reason)
        result.approved_by_id = result.approved_by_name = result.approved_at = result.data = None
        session.flush()


def withdraw(session: Session, dossier: Dossier, reason: str) -> None:
    """Take what was issued out of force, and the signature from what was not: the dossier ends without a result."""
    for result in dossier.results:
        if result.state == ResultState.issued:
            _move(session, result, "revoke", reason)
    reopen(session, dossier, reason)


def revoke(session: Session, dossier: Dossier, reason: str) -> None:
    """Take an issued result out of force: the dossier was finished, or stopped, by mistake.

    Its text becomes the draft of the one that replaces it, which is signed and gets a number of its own.
    """
    withdraw(session, dossier, reason)
    if dossier.results and current_result(dossier) is None:
        last = dossier.results[-1]
        session.add(Result(
            dossier=dossier, state=ResultState.draft, document_type_id=last.document_type_id, title=last.title,
            content=last.content, is_favourable=last.is_favourable, drafted_by_id=last.drafted_by_id,
        ))  # fmt: skip
        session.flush()


def number_and_issue(session: Session, dossier: Dossier, actor: Actor) -> Result:
    """Number, seal and issue the signed result; its PDF is made and kept (QN20 Đ16.1).

    Raises Invalid if it is not signed yet.
    """
    result = current_result(dossier)
    if result is None or result.state != ResultState.approved:
        raise Invalid(_("The result must be signed before it is numbered."))
    year = to_local(now()).year
    issuer = _issuer(session, dossier, result)
    serial = next_number(session, f"result:{issuer.id}:{year}")
    result.number = f"{serial:02d}/KQ-{issuer.symbol}"
    result.issued_on = to_local(now()).date()
    _move(session, result, "number")
    with officially():
        result.data = (result.data or {}) | _document(dossier, result, issuer)
    result.file = keep_pdf(session, render("result_letter", _printed(result.data)), f"{dossier.code}.pdf")
    _move(session, result, "issue")
    return result


def issue_unnumbered(session: Session, dossier: Dossier, actor: Actor) -> None:
    """Issue a signed result whose process has no step of its own for the clerk."""
    result = current_result(dossier)
    if result is not None and result.state == ResultState.approved:
        number_and_issue(session, dossier, actor)


def _issuer(session: Session, dossier: Dossier, result: Result) -> Agency:
    """Return the agency that signed the result: some are signed above the one that handles it."""
    agency_id = (result.data or {}).get("agency_id", dossier.agency_id)
    return session.get_one(Agency, agency_id)


def _printed(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != "agency_id"}


def _document(dossier: Dossier, result: Result, agency: Agency) -> dict[str, Any]:
    return {
        "agency": agency.name, "parent_agency": agency.parent.name if agency.parent else "",
        "place": place_of(agency),
        "issued_on": result.issued_on.isoformat() if result.issued_on else "",
        "number": result.number or "", "code": dossier.code, "title": result.title.upper(),
        "lookup_url": f"{current_app.config['PUBLIC_URL']}/tra-cuu/{dossier.code}",
        "addressee": dossier.applicant_name, "summary": dossier.version.name,
        "paragraphs": [line for line in result.content.splitlines() if line.strip()],
        "recipients": [dossier.applicant_name, "Lưu: VT"],
    }  # fmt: skip


def _move(session: Session, result: Result, name: str, reason: str | None = None) -> None:
    """Write the state of a result by its table; the caller has checked who acts."""
    row = RESULT.find(name)
    if ResultState(result.state) not in row.sources:
        raise NotAllowed(_("The result is not in a state for this step."))
    because(session, action=f"result_{name}", reason=reason)
    result.state = str(RESULT.outcome(row, ResultState(result.state)))
    session.flush()


def result_pdf(result: Result) -> bytes:
    """Return the issued PDF; raises NotFound before it is issued."""
    if result.file is None or result.state != ResultState.issued:
        raise NotFound(_("There is no issued result yet."))
    return storage().open(result.file.sha256)


def preview_pdf(session: Session, dossier: Dossier, result: Result) -> bytes:
    """Return how the result will look, before it has a number."""
    waiting = {"signer": {"name": result.approved_by_name or "…", "title": result.approved_by_title or "…"}}
    issuer = _issuer(session, dossier, result)
    with officially():
        data = _document(dossier, result, issuer) | (result.data or waiting)
    data["issued_on"] = (result.issued_on or to_local(now()).date()).isoformat()
    return render("result_letter", _printed(data))


def deliver(
    session: Session, dossier: Dossier, actor: Actor, *, receiver: str,
    receiver_id_number: str = "", receiver_relation: str = "", signature: str = "", on_paper: bool = False,
) -> Dossier:  # fmt: skip
    """Hand the result over at the desk against a signature of receipt (NĐ 61/2018 Đ20).

    signature: PNG drawn on the screen, as data: address; on_paper: the officer confirms that the receiver signs the
    printed slip instead. Raises Invalid for an empty receiver, a signature that is no PNG, or where nobody signs.
    """
    if not receiver.strip():
        message = _("Write who received the result.")
        raise Invalid(message, {"receiver": message})
    _refuse_bad_signature(signature)
    if not signature and not on_paper:
        message = _("The receiver signs here, or confirm that he signs the printed slip.")
        raise Invalid(message, {"signature": message})
    row = lifecycle.move(session, dossier, "return_result", actor, remark=None)
    dossier.delivery = {
        "receiver": receiver.strip(), "id_number": receiver_id_number,
        "relation": receiver_relation, "signature": signature, "way": dossier.result_way,
        "on_paper": on_paper and not signature,
    }  # fmt: skip
    _finish_return_task(session, dossier, actor)
    issue_letter(
        session, dossier, "return_receipt", actor, cause="return", receiver=receiver.strip(),
        receiver_id_number=receiver_id_number, receiver_relation=receiver_relation, signature=signature,
    )  # fmt: skip
    notify_transition(session, dossier, row)
    enqueue("ratings.invite", dossier_id=dossier.id)
    return dossier


def collect_online(session: Session, dossier: Dossier, actor: Actor) -> Dossier:
    """Record that the applicant received the electronic result in his account (QN20 Đ16.1)."""
    row = lifecycle.move(session, dossier, "collect_online", actor)
    dossier.delivery = {"receiver": actor.name, "way": "online"}
    _finish_return_task(session, dossier, actor)
    notify_transition(session, dossier, row)
    enqueue("ratings.invite", dossier_id=dossier.id)
    return dossier


def _finish_return_task(session: Session, dossier: Dossier, actor: Actor) -> None:
    for task in lifecycle.open_tasks(dossier):
        task.state, task.finished_at = TaskState.done, now()
        if actor.is_officer:
            lifecycle.own_up(session, task, actor)
    session.flush()


def _refuse_bad_signature(signature: str) -> None:
    if not signature:
        return
    head, _comma, body = signature.partition(",")
    try:
        raw = base64.b64decode(body, validate=True)
    except ValueError:
        raw = b""
    if head != "data:image/png;base64" or len(signature) > _MAX_SIGNATURE or raw[:8] != b"\x89PNG\r\n\x1a\n":
        message = _("The signature could not be read. Please sign again.")
        raise Invalid(message, {"signature": message})


def get_result(session: Session, pk: int, actor: Actor) -> Result:
    """Return a result of a dossier the actor may see; applicants only see issued ones."""
    query = sa.select(Result).where(Result.id == pk)
    condition = through_dossier(Result.dossier_id, actor)
    query = query if condition is None else query.where(condition)
    if not actor.is_officer:
        query = query.where(Result.state == ResultState.issued)
    result = session.scalar(query)
    if result is None:
        raise NotFound(_("There is no such result, or you may not see it."))
    return result
