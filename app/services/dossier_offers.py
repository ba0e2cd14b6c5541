"""What an officer may do with a dossier now: each act with its consequence, the main one first."""

from dataclasses import replace
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.lowcode.values import money
from app.models import Dossier, Task
from app.permissions import Actor
from app.services import charges, guards, lifecycle, processing, results
from app.services.apology_offers import apology_offers
from app.services.apology_offers import hint as apology_hint
from app.services.clause_words import legal_basis
from app.services.colleagues import People, people_for
from app.services.consult_offers import consult_offers
from app.services.ending_offers import ending_offers
from app.services.explanation_offers import explanation_offers
from app.services.extension_offers import extension_offers
from app.services.fee_inputs import dossier_inputs
from app.services.fees import may_be_fixed
from app.services.finish_checks import is_to_draft, why_not
from app.services.guards import GUARDS, payable
from app.services.offers import Offer, who_takes
from app.services.offers import of_row as _of
from app.services.opening import place_of_step
from app.services.original_offers import original_offers
from app.services.processing import Ahead
from app.services.profiles import profiles_in_force
from app.services.reception_offers import reception_offers, supplement_offers
from app.services.refund_offers import refund_offers
from app.services.task_rights import leading_post, may_do
from app.services.timing import limit_text
from app.services.unanswered import link_of, what_is_missing
from app.workflows.dossier import DOSSIER
from app.workflows.process import StepKind
from app.workflows.states import State


def find_offers(session: Session, dossier: Dossier, actor: Actor) -> list[Offer]:
    """Return what ``actor`` may do now; nothing here is a right, services check again."""
    rows = {row.name: row for row in lifecycle.offered(dossier, actor)}
    tasks = [t for t in lifecycle.open_tasks(dossier) if may_do(t, actor) or leading_post(t, actor)]
    people = people_for(session, tasks)
    found = [
        *_withdrawal(dossier, rows), *_money(dossier, rows, actor),
        *reception_offers(session, dossier, rows),
        *_steps(session, dossier, actor), *_return(dossier, rows), *supplement_offers(dossier, rows),
        *consult_offers(session, dossier, actor, people), *extension_offers(session, dossier, actor),
        *apology_offers(session, dossier, actor), *explanation_offers(session, dossier, actor),
        *_handing(tasks, actor, people),
        *original_offers(session, dossier, actor), *refund_offers(session, dossier, actor),
        *ending_offers(dossier, rows, actor),
    ]  # fmt: skip
    main = next((o for o in found if o.is_main and not o.blocked), None)
    profiles = profiles_in_force(session)
    for offer in found:
        offer.is_main, offer.basis = offer is main, legal_basis(offer.clause, profiles)
    return ([main] if main else []) + [offer for offer in found if offer is not main]


def _withdrawal(dossier: Dossier, rows: dict[str, Any]) -> list[Offer]:
    found = []
    asked = next((m.remark for m in reversed(dossier.movements)
                  if m.transition == "request_withdrawal"), "")  # fmt: skip
    if "approve_withdrawal" in rows:
        found.append(_of(rows["approve_withdrawal"], dossier, "check", is_main=True, blocked="",
                         facts={"asked": asked}))  # fmt: skip
    if "reject_withdrawal" in rows:
        found.append(_of(rows["reject_withdrawal"], dossier, "x"))
    return found


def _money(dossier: Dossier, rows: dict[str, Any], actor: Actor) -> list[Offer]:
    if not charges.may_collect(dossier, actor):
        return []
    found, due = [], payable(dossier)
    state = State(dossier.state)
    if due:
        before = state is State.accepted and not GUARDS["reception_fees_paid"](dossier)
        row = DOSSIER.find("record_payment")
        total = money(sum(charge.amount for charge in due))
        found.append(Offer(
            "pay", _(row.label),
            _("The receipt is made and numbered; print it for the applicant."),
            label=_("Record %(amount)s", amount=total), clause=row.clause, icon="cash",
            is_main=before or state in {State.payment_requested, State.finished}
            or (state is State.processing and bool(guards.owed_now(dossier))),
            facts={"due": due},
        ))  # fmt: skip
    inputs = dossier_inputs(dossier)
    if inputs["fees"] and may_be_fixed(dossier):
        is_open = not due and not dossier.charges and len(inputs["fees"]) > 1
        found.append(Offer(
            "set_fees", _("Fix fees and charges"),
            _("What was to be paid so far is cancelled; the chosen amounts take its place."),
            label=_("Save the amounts"), clause="QN20 Đ14.2", icon="receipt",
            is_main=inputs["is_claimed"] or (is_open and state is State.accepted),
            facts=inputs,
        ))  # fmt: skip
    if "request_payment" in rows and due:
        found.append(_of(rows["request_payment"], dossier, "cash"))
    return found


def _steps(session: Session, dossier: Dossier, actor: Actor) -> list[Offer]:
    """The acts of each open step of the actor's; where there are several, each says of which."""
    if State(dossier.state) is not State.processing:
        return []
    tasks = [task for task in lifecycle.open_tasks(dossier) if may_do(task, actor)]
    found: list[Offer] = []
    for task in tasks:
        acts = _step(session, dossier, task, actor, may_draft=not found)
        found += [_told_apart(offer, task) for offer in acts] if len(tasks) > 1 else acts
    return found


def _told_apart(offer: Offer, task: Task) -> Offer:
    """The same act under a key and a title that name its step."""
    if "task" not in offer.facts:
        return offer
    return replace(offer, key=f"{offer.name}-{task.id}", title=f"{offer.title}: {task.name}")


def _step(session: Session, dossier: Dossier, task: Task, actor: Actor, *, may_draft: bool) -> list[Offer]:
    found, ahead = [], processing.ahead_of(task)
    if task.assignee_id is None:
        found.append(Offer(
            "claim", _("Take this task"),
            _("The dossier is yours; colleagues see that you have it."),
            icon="user-check", is_main=True, facts={"task": task}, clause="HUE25 Đ16",
        ))  # fmt: skip
    result = results.current_result(dossier)
    if may_draft and results.may_draft(dossier, actor) and (result is None or result.state == "draft"):
        found.append(_draft(dossier, result, is_main=is_to_draft(task, ahead)))
    found.append(_finish(session, task, ahead))
    back = processing.earlier_steps(task)
    if back:
        found.append(Offer(
            "send_back", _("Send back to an earlier step"),
            _("Whoever did that step gets the dossier again, with your reason; a signature already "
              "given is withdrawn."),
            label=_("Send back"), icon="arrow-back", clause="HUE25 Đ16",
            facts={"task": task, "steps": back},
        ))  # fmt: skip
    return found


def _draft(dossier: Dossier, result: Any, *, is_main: bool) -> Offer:
    first = (dossier.version.result_text or "").strip().splitlines()
    facts = {"title": result.title if result else (first[0] if first else "")[:200],
             "content": result.content if result else "", "result": result,
             "is_favourable": result.is_favourable if result else True}  # fmt: skip
    return Offer(
        "draft", _("Draft the result") if result is None else _("Change the draft result"),
        _("The draft can be changed until it is signed."), label=_("Save the draft"),
        icon="edit", clause="TTH17 Đ14.2; HCM24 Đ11.3", is_main=is_main, facts=facts,
    )  # fmt: skip


_FINISH = {
    StepKind.sign: "signature", StepKind.number_and_seal: "stamp", StepKind.work: "check",
    StepKind.check: "check",
}  # fmt: skip


def _finish(session: Session, task: Task, ahead: Ahead) -> Offer:
    titles = {
        StepKind.sign: _("Sign the result"),
        StepKind.number_and_seal: _("Number, seal and issue the result"),
    }
    title = titles.get(StepKind(task.kind), _("Finish the step"))
    words, missing = f"{task.name}. {what_next(session, task, ahead)}", what_is_missing(task, link_of(task))
    if missing:
        words += " " + _("Not there yet: %(names)s; finished without it, the remark must say why.", names=missing)
    return Offer(
        "finish_step", title, words, label=title,
        icon=_FINISH.get(StepKind(task.kind), "check"), clause="HUE25 Đ16", is_main=True,
        blocked=why_not(task, ahead), facts={"task": task, "must_explain": bool(missing)},
    )  # fmt: skip


def what_next(session: Session, task: Task, ahead: Ahead) -> str:
    """Return in one sentence what opens when a step is finished, by ``processing.ahead_of``."""
    if ahead.is_end:
        return _("The clock ends and the applicant is invited to receive the result.")
    following = ahead.steps
    if not following:
        return _("The dossier goes on when the steps beside this one are finished too.")
    places = {step.key: place_of_step(session, task.dossier, step) for step in following}
    parts = [
        _("Next: %(step)s, by: %(who)s, %(place)s, until %(at)s.", step=step.name, who=who_takes(step),
          place=places[step.key].short_name or places[step.key].name,
          at=limit_text(session, places[step.key], step.minutes))
        for step in following
    ]  # fmt: skip
    return " ".join(parts)


def _return(dossier: Dossier, rows: dict[str, Any]) -> list[Offer]:
    if "return_result" not in rows:
        return []
    row, unsigned = rows["return_result"], apology_hint(dossier)
    words = f"{_(row.consequence)} {unsigned}".strip()
    return [_of(row, dossier, "file-check", is_main=True, consequence=words)]


def _handing(tasks: list[Task], actor: Actor, people: People) -> list[Offer]:
    offers = [(task, _hand_to(task, actor, people[task.id])) for task in tasks]
    known = [(task, offer) for task, offer in offers if offer is not None]
    return [_told_apart(offer, task) if len(known) > 1 else offer for task, offer in known]


def _hand_to(task: Task, actor: Actor, names: dict[int, str]) -> Offer | None:
    others = {key: name for key, name in names.items() if key != task.assignee_id}
    if not others or list(others) == [actor.user_id]:
        return None
    return Offer(
        "hand_to", _("Hand to a colleague"), _("The task is theirs from now on; they are told."),
        label=_("Hand over"), icon="user-plus", clause="HUE25 Đ16",
        facts={"task": task, "people": sorted(others.items(), key=lambda item: item[1])},
    )  # fmt: skip
