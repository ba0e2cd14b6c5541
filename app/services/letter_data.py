"""What each letter says: the data its PDF is made from, kept with it (app.documents.data)."""

from collections.abc import Callable
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now, to_local
from app.history import acting_post
from app.lowcode.values import display, money
from app.models import Agency, Dossier, ProcedureVersion
from app.models.dossier import RESULT_WAYS
from app.models.money import PAYMENT_METHODS, ChargeState
from app.permissions import Actor, Position, Role
from app.services.authority import authority
from app.services.channels import looks_up_by
from app.services.guards import supplement_charges
from app.services.handovers import handovers
from app.services.profiles import profile_value
from app.workflows.result import ResultState

Facts = dict[str, Any]


def letter_data(
    session: Session,
    dossier: Dossier,
    kind: str,
    actor: Actor,
    *,
    number: str | None = None,
    **facts: Any,
) -> Facts:
    """Return the data of a letter of ``kind`` about ``dossier``; empty parts are left out."""
    facts["post"] = acting_post(session, actor, own=True)
    office = _office(dossier, kind, actor, facts)
    data = _head(session, dossier, office, number) | _BUILDERS[kind](dossier, actor, facts)
    return {key: value for key, value in data.items() if value not in (None, "")}


def _office(dossier: Dossier, kind: str, actor: Actor, facts: Facts) -> Agency:
    """Return whose paper it is: stopping is the handling agency's, everything else the desk's.

    An apology is its signer's: the Centre's director signs for the desk, a head for the agency.
    """
    if kind == "apology":
        return dossier.desk if facts.get("signer_role") == Role.centre_director else dossier.agency
    post = facts["post"]
    is_desks = post.role == Role.desk_officer if post is not None else actor.has(Role.desk_officer)
    return dossier.agency if kind in {"stop", "control_slip"} and not is_desks else dossier.desk


def _head(session: Session, dossier: Dossier, office: Agency, number: str | None) -> Facts:
    return {
        "agency": office.name, "parent_agency": office.parent.name if office.parent else None,
        "place": place_of(office), "issued_on": to_local(now()).date().isoformat(),
        "number": number, "code": dossier.code, "hotline": office.hotline or office.phone,
        "lookup_url": _lookup_url(session, dossier),
        "form_set": profile_value(session, "form_set"),
    }  # fmt: skip


def _lookup_url(session: Session, dossier: Dossier) -> str | None:
    """Return what the QR of a letter leads to; None where dossiers are not looked up by QR."""
    if not looks_up_by(session, "qr"):
        return None
    return f"{current_app.config['PUBLIC_URL']}/tra-cuu/{dossier.code}"


def place_of(agency: Agency) -> str:
    """Return the place name letters are dated at: the unit's, else the root's."""
    node: Agency | None = agency
    while node is not None:
        if node.unit is not None:
            return node.unit.name
        node = node.parent
    return agency.name


def limit_text(version: ProcedureVersion) -> str:
    """Return the published limit as letters write it: "05 ngày làm việc" (pages: ``time_limit``)."""
    if version.is_same_day:
        return _("On the same working day")
    unit = display(ProcedureVersion, "time_limit_unit", version.time_limit_unit)
    return f"{version.time_limit_value:02d} {unit}"


def _person(dossier: Dossier) -> Facts:
    return {
        "applicant": dossier.applicant_name, "address": dossier.applicant_address,
        "phone": dossier.applicant_phone, "email": dossier.applicant_email,
        "id_number": dossier.applicant_id_number,
    }  # fmt: skip


def _papers(dossier: Dossier) -> list[Facts]:
    rows = []
    for paper in dossier.papers:
        if paper.is_received:
            key = {"original": "originals", "certified": "certified", "photo": "photos"}.get(
                paper.kind, "electronic"
            )
            rows.append({"name": paper.name, key: paper.quantity})
    return rows


def _receipt_slip(dossier: Dossier, actor: Actor, _facts: Facts) -> Facts:
    return _person(dossier) | {
        "desk": dossier.desk.name, "procedure": dossier.version.name,
        "procedure_code": dossier.procedure.code, "components": _papers(dossier),
        "received_at": _iso(dossier.received_at), "due_at": _iso(dossier.due_at),
        "time_limit": limit_text(dossier.version), "officer": actor.name,
        "return_place": return_place(dossier), "sets": 1,
        "fees": [{"name": c.name, "amount": c.amount, "kind": c.kind} for c in dossier.charges
                 if c.state != ChargeState.cancelled],
    }  # fmt: skip


def return_place(dossier: Dossier) -> str:
    """Return where or how the result is received; the desk by its name."""
    return dossier.desk.name if dossier.result_way == "desk" else _(RESULT_WAYS[dossier.result_way])


def _acknowledgement(dossier: Dossier, _actor: Actor, facts: Facts) -> Facts:
    return _person(dossier) | {
        "desk": dossier.desk.name, "procedure": dossier.version.name,
        "procedure_code": dossier.procedure.code, "submitted_at": _iso(dossier.submitted_at),
        "decide_by_at": _iso(dossier.reception_due_at),
        "counted_from_at": facts.get("counted_from_at"),
        "papers": [{"name": a.component.name if a.component else a.name, "file": a.name}
                   for a in dossier.attachments],
        "return_place": return_place(dossier),
    }  # fmt: skip


def _supplement(dossier: Dossier, actor: Actor, facts: Facts) -> Facts:
    return _person(dossier) | {
        "procedure": dossier.version.name, "items": facts["items"], "reason": facts["reason"],
        "officer": actor.name, "contact_phone": dossier.desk.phone,
        "answer_by_on": facts.get("answer_by_on"),
        "fees": [{"name": c.name, "amount": c.amount, "kind": c.kind} for c in supplement_charges(dossier)] or None,
    }  # fmt: skip


def _refusal(dossier: Dossier, actor: Actor, facts: Facts) -> Facts:
    return _person(dossier) | {
        "desk": dossier.desk.name, "procedure": dossier.version.name, "reason": facts["reason"],
        "officer": actor.name,
    }  # fmt: skip


def _stop(dossier: Dossier, actor: Actor, facts: Facts) -> Facts:
    return {
        "addressee": dossier.applicant_name, "procedure": dossier.version.name,
        "reason": facts["reason"], "stopped_on": to_local(now()).date().isoformat(),
        "received_at": _iso(dossier.received_at), "signer": signer(actor, facts),
    }  # fmt: skip


def _apology(dossier: Dossier, actor: Actor, facts: Facts) -> Facts:
    return {
        "addressee": dossier.applicant_name, "procedure": dossier.version.name,
        "reason": facts["reason"], "signer": signer(actor, facts), "cause": facts["why"],
        "received_at": _iso(dossier.received_at), "due_at": _iso(facts.get("due_at")),
        "new_due_at": _iso(facts.get("new_due_at")),
    }  # fmt: skip


def _control_slip(dossier: Dossier, _actor: Actor, _facts: Facts) -> Facts:
    return {
        "procedure": dossier.version.name, "handling_agency": dossier.agency.name,
        "applicant": dossier.applicant_name, "received_at": _iso(dossier.received_at),
        "due_at": _iso(dossier.due_at), "handovers": handovers(dossier),
    }  # fmt: skip


def _charge_receipt(dossier: Dossier, actor: Actor, facts: Facts) -> Facts:
    paid = facts.get("charges") or [c for c in dossier.charges if c.state == ChargeState.paid]
    method = paid[0].method or "cash"
    return {
        "payer": dossier.applicant_name, "address": dossier.applicant_address,
        "lines": [{"name": c.name, "amount": c.amount, "kind": c.kind} for c in paid],
        "paid_at": _iso(paid[0].paid_at), "method": _(PAYMENT_METHODS[method]),
        "cashier": actor.name, "procedure": dossier.version.name,
        "copy_name": "Liên 2: Giao người nộp",
    }  # fmt: skip


def _refund_slip(dossier: Dossier, actor: Actor, facts: Facts) -> Facts:
    back = facts["refund"]
    charge = back.charge
    return {
        "payer": dossier.applicant_name, "address": dossier.applicant_address, "procedure": dossier.version.name,
        "receiver": back.receiver, "lines": [{"name": charge.name, "amount": back.amount, "kind": charge.kind}],
        "reason": back.reason, "method": _(PAYMENT_METHODS[back.method]), "decision": back.decision,
        "cashier": back.cashier_name, "signer": signer(actor, facts), "paid_back_at": _iso(now()),
        "receipt_number": back.receipt_number, "paid_at": _iso(charge.paid_at), "paid": money(charge.amount),
    }  # fmt: skip


def _return_receipt(dossier: Dossier, actor: Actor, facts: Facts) -> Facts:
    issued = [result for result in dossier.results if result.state == ResultState.issued]
    papers = [{"name": r.title, "number": r.number, "issued_on": _iso(r.issued_on)} for r in issued]
    return {
        "procedure": dossier.version.name, "owner": dossier.applicant_name,
        "receiver": facts["receiver"], "receiver_id_number": facts.get("receiver_id_number"),
        "receiver_relation": facts.get("receiver_relation"), "officer": actor.name,
        "receiver_signature": {"image": facts["signature"]} if facts.get("signature") else None,
        "returned_at": _iso(dossier.returned_at or now()),
        "way": _(RESULT_WAYS[dossier.result_way]),
        "papers": [{k: v for k, v in paper.items() if v} for paper in papers],
    }  # fmt: skip


def signer(actor: Actor, facts: Facts) -> Facts:
    """Return the signature block of the acting officer, by the post he uses, else his own as ``signer_role``."""
    posts = actor.positions
    post = next((p for p in posts if p.role == facts.get("signer_role")), posts[0] if posts else None)
    return signature(actor, facts["post"] or post, _("Officer in charge"))


def signature(actor: Actor, post: Position | None, default: str) -> Facts:
    """Return the block of who signs by ``post``, with the line of authority above his title (NĐ 30/2020 Đ13).

    default: the title of a post without one.
    """
    title, above = post.title if post and post.title else default, []
    if post is not None and post.delegation_id is not None:
        own = next((p.title for p in actor.positions if p.delegation_id is None and p.title), "")
        title, above = own or _("Authorised officer"), authority(own, title)
    elif post is not None:
        above = authority(post.title, None)
    block: Facts = {"name": actor.name, "title": title, "approved_at": _iso(now())}
    return block | ({"authority": above} if above else {})


def _iso(instant: Any) -> str | None:
    return instant.isoformat() if instant is not None else None


_BUILDERS: dict[str, Callable[[Dossier, Actor, Facts], Facts]] = {
    "receipt_slip": _receipt_slip, "acknowledgement": _acknowledgement, "supplement": _supplement,
    "refusal": _refusal, "stop": _stop, "control_slip": _control_slip,
    "charge_receipt": _charge_receipt, "refund_slip": _refund_slip, "return_receipt": _return_receipt,
    "apology": _apology,
}  # fmt: skip
