"""What each button of the dossier page does: one service call, and the sentence that follows."""

from collections.abc import Callable
from typing import Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.lowcode.values import as_id, plain_text
from app.models import Dossier, ProcedureVersion
from app.permissions import Actor
from app.services import charges, eforms, fees, handing, processing, reception, reopening, results, submission
from app.services.files import max_upload_mb
from app.services.supplements import Again
from app.views.applicant.uploads import take_plain_files
from app.views.officers.apology_acts import APOLOGY_ACTS
from app.views.officers.base import ids, task_of, whole_number
from app.views.officers.consult_acts import CONSULT_ACTS
from app.views.officers.explanation_acts import EXPLANATION_ACTS
from app.views.officers.extension_acts import EXTENSION_ACTS
from app.views.officers.fee_inputs import read_counts
from app.views.officers.original_acts import ORIGINAL_ACTS
from app.views.officers.refund_acts import REFUND_ACTS
from app.views.officers.undo_acts import UNDO_ACTS
from app.workflows.states import State

Act = Callable[[Session, Dossier, Actor, Any], str]


def papers_of(version: ProcedureVersion, form: Any) -> dict[int, tuple[str, int]]:
    """Return the papers ticked in a checklist: component id → (kind, quantity)."""
    ticked = set(form.getlist("paper"))
    return {
        c.id: (form.get(f"kind-{c.id}", "original"), whole_number(form.get(f"quantity-{c.id}"), 1))
        for c in version.components if str(c.id) in ticked
    }  # fmt: skip


def _accept(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    reception.accept(session, dossier, actor, papers_of(dossier.version, form),
                     is_without_papers=form.get("without_papers") == "y")  # fmt: skip
    return _("Accepted. The result is due at %(at)s.", at=plain_text(dossier.due_at))


def _ask_supplement(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    request_ = reception.ask_supplement(
        session, dossier, actor, reason=form.get("reason", ""),
        field_keys=form.getlist("field"), component_ids=ids(form.getlist("component")),
        again=Again(form.get("fault", ""), form.get("fault_reason", "")),
    )  # fmt: skip
    if request_ is None:
        return _("The request waits: it is sent together with the apology, as soon as that is signed.")
    waiting = any(one.cause == f"supplement:{dossier.supplement_count}" for one in dossier.apologies)
    if waiting:
        return _("The supplement is asked for; the apology waits to be signed.")
    return _("The supplement is asked for; the applicant is told.")


def _take_supplement(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    asked, eform = dossier.supplements[-1] if dossier.supplements else None, dossier.version.form
    keys = submission.asked_keys(dossier, asked) if asked is not None else set()
    data = eforms.read_data(eform, form, only=keys) if eform is not None and keys else {}
    submission.answer_supplement(session, dossier, data, actor, papers_of(dossier.version, form))
    return _("The supplement is recorded; the clock runs again.")


def _refuse(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    reception.refuse(session, dossier, actor, form.get("reason", ""))
    return _("Reception is refused; the refusal slip is made and the applicant is told.")


def _refuse_unanswered(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    reception.refuse(session, dossier, actor, form.get("reason", ""))
    return _("The dossier is refused; the refusal slip is made and the applicant is told.")


def _reopen(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    reopening.reopen(session, dossier, actor, form.get("reason", ""), form.get("step", ""))
    return _("The dossier is open again: %(state)s.", state=_(State(dossier.state).label))


def _start(session: Session, dossier: Dossier, actor: Actor, _form: Any) -> str:
    reception.pass_on(session, dossier, actor)
    return _("Passed on: %(step)s.", step=dossier.step_name or "")


def _pay(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    letter = charges.record_payment(session, dossier, actor, form.get("method", ""), shown=ids(form.getlist("charge")))
    return _("The payment is recorded, receipt %(number)s.", number=letter.number or "")


def _set_fees(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    fees.set_charges(
        session, dossier, actor, read_counts(dossier.version, form) or {},
        subject=form.get("fee_subject", ""), reason=form.get("fee_reason", ""),
    )  # fmt: skip
    return _("The amounts are fixed.")


def _request_payment(session: Session, dossier: Dossier, actor: Actor, _form: Any) -> str:
    charges.request_payment(session, dossier, actor)
    return _("The applicant is asked to pay.")


def _claim(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    handing.claim(session, task_of(dossier, form), actor)
    return _("The task is yours.")


def _draft(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    results.save_draft(
        session, dossier, actor, title=form.get("title", ""), content=form.get("content", ""),
        is_favourable=form.get("is_favourable", "yes") == "yes",
    )  # fmt: skip
    return _("The draft is saved.")


def _finish_step(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    task = task_of(dossier, form)
    processing.finish_task(session, task, actor, form.get("remark", "").strip() or None)
    return _("Done: %(step)s.", step=task.name)


def _send_back(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    task = task_of(dossier, form)
    fresh = processing.send_back(session, task, form.get("step", ""), actor, form.get("reason", ""))
    return _("Sent back: %(step)s.", step=fresh.name)


def _hand_to(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    task = task_of(dossier, form)
    handing.hand_to(session, task, as_id(form.get("user", "")) or 0, actor)
    return _("Handed to %(name)s.", name=task.assignee.get_full_name() if task.assignee else "")


def _deliver(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    results.deliver(
        session, dossier, actor, receiver=form.get("receiver", ""),
        receiver_id_number=form.get("receiver_id_number", "").strip()[:20],
        receiver_relation=form.get("receiver_relation", "").strip()[:100],
        signature=form.get("signature", ""), on_paper=form.get("on_paper") == "y",
    )  # fmt: skip
    return _("The result is handed over.")


def _approve_withdrawal(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    reason = form.get("reason", "")
    reception.decide_withdrawal(session, dossier, actor, agree=True, reason=reason)
    return _("The withdrawal is agreed to; the dossier is closed.")


def _reject_withdrawal(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    reason = form.get("reason", "")
    reception.decide_withdrawal(session, dossier, actor, agree=False, reason=reason)
    return _("The withdrawal is declined; the dossier goes on.")


def _request_withdrawal(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    reception.request_withdrawal(session, dossier, actor, form.get("reason", ""))
    return _("The withdrawal is noted; it has to be decided now.")


def _stop(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    reception.stop(session, dossier, actor, form.get("reason", ""))
    return _("Processing is stopped; the applicant is told.")


def _scan(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    reception.refuse_scans(dossier, actor)
    wanted = as_id(form.get("component", ""))
    component = next((c for c in dossier.version.components if c.id == wanted), None)
    place = {"dossier": dossier, "component": component, "source_class": reception.DESK_SCAN}
    kept = take_plain_files(session, request.files, lambda _name: place, actor, max_upload_mb(session))
    if not kept:
        message = _("Choose a file first.")
        raise Invalid(message, {"scan": message})
    return _("The scans are attached.")


ACTS: dict[str, Act] = {
    "accept": _accept, "ask_supplement": _ask_supplement, "take_supplement": _take_supplement,
    "refuse": _refuse, "start": _start, "pay": _pay, "set_fees": _set_fees,
    "request_payment": _request_payment, "claim": _claim, "draft": _draft,
    "finish_step": _finish_step, "send_back": _send_back, "hand_to": _hand_to,
    "return_result": _deliver, "approve_withdrawal": _approve_withdrawal,
    "reject_withdrawal": _reject_withdrawal, "request_withdrawal": _request_withdrawal,
    "stop": _stop, "scan": _scan, **EXTENSION_ACTS, **APOLOGY_ACTS, **CONSULT_ACTS, **ORIGINAL_ACTS, **REFUND_ACTS,
    **UNDO_ACTS, **EXPLANATION_ACTS,
    "refuse_unanswered": _refuse_unanswered, "reopen": _reopen,
}  # fmt: skip
