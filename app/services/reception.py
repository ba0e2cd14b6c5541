"""The one-stop desk: receive, accept, ask for a supplement, refuse, pass on (NĐ 61/2018 Đ17–18)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Invalid, NotAllowed
from app.i18n import N_
from app.models import (
    Account,
    Agency,
    Dossier,
    DossierPaper,
    ProcedureVersion,
)
from app.models.dossier import DOSSIER_CHANNELS
from app.permissions import Actor, Role
from app.services import charges, lifecycle, processing, results
from app.services.channels import refuse_far_agency, refuse_result_way, refuse_without_address
from app.services.codes import give_code
from app.services.counter import commune_of, desks_of, is_declaration, tidy_phone
from app.services.eforms import data_problems
from app.services.fees import Counts, chosen_charges
from app.services.guards import due_charges, lacks_all_papers
from app.services.letters import issue_letter
from app.services.notices import notify_transition
from app.services.official import official
from app.services.submission import handling_agency, make_dossier, paper_problem, receiving_desk
from app.services.supplements import ask_supplement as ask_supplement  # callers ask the desk
from app.services.timing import explanation, reception_due, result_due, transfer_due
from app.transactions import one_at_a_time
from app.workflows.states import State

DESK_SCAN = 3  # digitised at the one-stop desk (TTH17 Đ8)
NO_PAPER = N_("No paper is ticked as handed in. Tick what was handed in, or confirm that none is needed here.")
Papers = Mapping[int, tuple[str, int]]  # component id → (kind, quantity)


@dataclass
class CounterReception:
    """What the officer at the counter entered; ``key`` makes a doubled click harmless.

    content: the fingerprint of all the form held; the key sent again with another is no doubled click.
    """

    key: str
    version: ProcedureVersion
    account: Account
    agency: Agency | None = None
    desk: Agency | None = None  # None: the first at which the officer receives
    data: dict[str, Any] = field(default_factory=dict)
    papers: Papers = field(default_factory=dict)
    channel: str = "counter"
    result_way: str = "desk"
    contact: dict[str, str] = field(default_factory=dict)  # phone, email, address of this dossier
    fees: Counts | None = None  # None: what the rules say by themselves
    fee_subject: str = ""  # whose exemption the desk has seen the paper of
    content: str = ""
    is_without_papers: bool = False  # the officer confirmed that none of the papers is needed
    is_late: bool = False  # entered after the day it was received on paper


def find_by_key(session: Session, key: str) -> Dossier | None:
    """Return the dossier that the form with this key made already, or None.

    A second sending that comes meanwhile waits here for the first.
    """
    if key:
        one_at_a_time(session, f"reception:{key}")
    return session.scalar(sa.select(Dossier).where(Dossier.request_key == key)) if key else None


def receive_at_counter(session: Session, given: CounterReception, actor: Actor) -> Dossier:
    """Return the dossier received at the counter: coded, accepted, slip 01 issued.

    The same key given again returns the first dossier. Raises Invalid naming what is missing.
    Source: NĐ 61/2018 Đ17, HCM24 Đ11.1b.
    """
    known = find_by_key(session, given.key)
    if known is not None:
        return known
    dossier = _enter(session, given, actor)
    if not given.is_late:
        _refuse_without_declaration(dossier, given.data)
    told = _without_papers(dossier, given.is_without_papers)
    row = lifecycle.begin(session, dossier, "receive_at_counter", actor, remark=told)
    _accept(session, dossier, actor)
    notify_transition(session, dossier, row)
    return dossier


def register(session: Session, given: CounterReception, actor: Actor) -> Dossier:
    """Return the dossier entered without being accepted yet: by post, by proxy, incomplete.

    The reception limit runs from now; the same key finds the first one (HCM24 Đ11.1c).
    """
    known = find_by_key(session, given.key)
    if known is not None:
        return known
    dossier = _enter(session, given, actor)
    dossier.reception_due_at = reception_due(session, dossier.desk, dossier.submitted_at).at
    row = lifecycle.begin(session, dossier, "register", actor)
    notify_transition(session, dossier, row)
    return dossier


def _enter(session: Session, given: CounterReception, actor: Actor) -> Dossier:
    desks = desks_of(actor)
    if not desks or (given.desk is not None and given.desk.id not in desks):
        raise NotAllowed(_("Only a desk officer receives dossiers at the counter."))
    # Received anywhere regardless of boundary (HUE25 Đ4.4): the officer's own desk.
    desk = given.desk or session.get_one(Agency, desks[0])
    agency = handling_agency(given.version, given.agency or commune_of(desk))
    refuse_far_agency(session, agency, desk, receiving_desk(agency))
    form, data = given.version.form, given.data
    faults = data_problems(form, data, officer=True) if form is not None and data else {}
    if faults:
        raise Invalid(_("Please correct the marked fields."), faults)
    refuse_result_way(session, given.result_way)
    contact = given.contact
    if not given.is_late:  # what was entered late was asked when it was typed; it waits only to be approved
        refuse_without_address(given.result_way, given.contact.get("address") or given.account.address)
        contact = {**contact, "phone": tidy_phone(contact.get("phone")) or ""}
    if given.channel not in DOSSIER_CHANNELS:
        message = _("Please choose one of the offered answers.")
        raise Invalid(message, {"channel": message})
    dossier = make_dossier(
        session, given.version, given.account, agency, channel=given.channel, data=given.data,
        result_way=given.result_way, request_key=given.key, desk=desk, is_late=given.is_late,
    )  # fmt: skip
    dossier.request_print = given.content or None
    take_papers(dossier, given.papers)
    for name, value in contact.items():
        setattr(dossier, f"applicant_{name}", value or getattr(dossier, f"applicant_{name}"))
    if given.fees is not None:
        dossier.charges = chosen_charges(
            given.version, given.channel, given.fees, given.fee_subject, agency, given.data
        )
    give_code(session, dossier)
    return dossier


def take_papers(dossier: Dossier, papers: Papers) -> None:
    """Note papers handed in: a paper known to be missing is received now, others are new.

    Raises Invalid for an unknown kind or an absurd quantity.
    """
    held = {paper.component_id: paper for paper in dossier.papers}
    for component in dossier.version.components:
        if component.id not in papers:
            continue
        kind, quantity = papers[component.id]
        message = paper_problem(kind, quantity)
        if message:
            raise Invalid(message, {f"component-{component.id}": message})
        paper = held.get(component.id)
        if paper is None:
            paper = DossierPaper(component=component, component_id=component.id, name=component.name)
            dossier.papers.append(paper)
        paper.kind, paper.quantity, paper.is_received = kind, quantity, True


def refuse_scans(dossier: Dossier, actor: Actor) -> None:
    """Raise NotAllowed unless the actor digitises at this desk before the dossier is passed on."""
    is_early = State(dossier.state) in {State.registered, State.accepted}
    if not is_early or not lifecycle.stands_at(dossier, actor, Role.desk_officer):
        raise NotAllowed(_("Papers are scanned at the desk, before the dossier is passed on."))


def accept(
    session: Session, dossier: Dossier, actor: Actor, papers: Papers | None = None, *, is_without_papers: bool = False
) -> Dossier:
    """Accept a registered dossier: due date with its reasons, slip 01 (QN20 Đ12.3).

    papers: handed in since it was registered. is_without_papers: the officer confirmed that none is needed.
    """
    take_papers(dossier, papers or {})
    session.flush()
    told = _without_papers(dossier, is_without_papers)
    row = lifecycle.move(session, dossier, "accept", actor, remark=told)
    _accept(session, dossier, actor)
    notify_transition(session, dossier, row)
    return dossier


def _refuse_without_declaration(dossier: Dossier, data: Mapping[str, Any]) -> None:
    """Raise Invalid where the declaration is neither there on paper nor typed in: one of the two is asked for by law.

    Online the form is always filled in; that alone is why the paper is not required in every case (NĐ 61/2018 Đ17).
    """
    asked = [c for c in dossier.version.components if is_declaration(c) and not c.is_required]
    held = {paper.component_id for paper in dossier.papers if paper.is_received}
    if data or dossier.version.form is None or not asked or any(c.id in held for c in asked):
        return
    message = _("Tick the declaration signed on paper, or type the form in.")
    raise Invalid(message, {f"component-{c.id}": message for c in asked})


def _without_papers(dossier: Dossier, is_confirmed: bool) -> str | None:
    """Return what is recorded where nothing was handed in: a forgotten tick is no decision (NĐ 61/2018 Đ17).

    Raises Invalid (field "without_papers") where the officer has not confirmed it. Papers that are required in every
    case are the guard's matter: nothing lets them be left out.
    """
    if not lacks_all_papers(dossier):
        return None
    if not is_confirmed:
        raise Invalid(_(NO_PAPER), {"without_papers": _(NO_PAPER)})
    return official(N_("No paper was handed in; confirmed at the desk that none is needed"))


def _accept(session: Session, dossier: Dossier, actor: Actor) -> None:
    at = now()
    due = result_due(session, dossier.version, dossier.agency, at)
    dossier.received_at = at
    dossier.original_due_at = dossier.due_at = due.at
    dossier.due_explanation = explanation(due)
    session.flush()
    processing.open_reception_task(session, dossier, actor)
    pass_on_by = transfer_due(session, dossier).at
    for task in lifecycle.open_tasks(dossier):
        task.due_at = min(task.due_at, pass_on_by)
    issue_letter(session, dossier, "receipt_slip", actor, cause="accept")


def refuse(session: Session, dossier: Dossier, actor: Actor, reason: str) -> Dossier:
    """Refuse a registered dossier for good, with form 03 (HCM24 Đ11.1a).

    One whose supplement was asked before acceptance and did not come in time as well.
    """
    unanswered = State(dossier.state) is State.supplement_requested
    name = "refuse_unanswered" if unanswered else "refuse"
    row = lifecycle.move(session, dossier, name, actor, remark=reason)
    charges.cancel_due(session, dossier)
    issue_letter(session, dossier, "refusal", actor, cause="refuse", reason=reason)
    notify_transition(session, dossier, row)
    return dossier


def pass_on(session: Session, dossier: Dossier, actor: Actor) -> Dossier:
    """Hand an accepted dossier to the agency that handles it; its process begins."""
    row = lifecycle.move(session, dossier, "start", actor)
    processing.start_process(session, dossier, actor)
    issue_letter(session, dossier, "control_slip", actor, cause="start")
    notify_transition(session, dossier, row)
    return dossier


def decide_withdrawal(
    session: Session, dossier: Dossier, actor: Actor, *, agree: bool, reason: str = ""
) -> Dossier:
    """Agree to the applicant's withdrawal (the dossier stops), or decline it with a reason."""
    name = "approve_withdrawal" if agree else "reject_withdrawal"
    if agree:  # nothing more is done for it, so nothing more is owed
        charges.cancel_due(session, dossier)
    row = lifecycle.move(session, dossier, name, actor, remark=reason or None)
    if agree:
        reason = reason or official(N_("At the applicant's request"))
        processing.cancel_tasks(session, dossier)
        results.withdraw(session, dossier, reason)
        issue_letter(session, dossier, "stop", actor, cause="withdrawal", reason=reason)
    notify_transition(session, dossier, row)
    if not agree and not due_charges(dossier):
        charges.settle(session, dossier, actor)  # paid, or found not to be owed, while the withdrawal was decided on
    return dossier


def request_withdrawal(session: Session, dossier: Dossier, actor: Actor, reason: str) -> Dossier:
    """Note that the applicant asks for the dossier back, himself or through the desk."""
    row = lifecycle.move(session, dossier, "request_withdrawal", actor, remark=reason)
    notify_transition(session, dossier, row)
    return dossier


def stop(session: Session, dossier: Dossier, actor: Actor, reason: str) -> Dossier:
    """Stop a dossier for good with form 05 of TT 03/2025; what is not paid is not owed."""
    charges.cancel_due(session, dossier)
    row = lifecycle.move(session, dossier, "stop", actor, remark=reason)
    processing.cancel_tasks(session, dossier)
    results.withdraw(session, dossier, reason)
    issue_letter(session, dossier, "stop", actor, cause="stop", reason=reason)
    notify_transition(session, dossier, row)
    return dossier
