"""What must hold before a dossier may move: the answers to the workflow table's guards."""

from collections.abc import Callable

from flask_babel import gettext as _
from sqlalchemy.orm import object_session

from app.clock import now
from app.models import Charge, Component, Dossier
from app.models.money import ChargeState
from app.models.task import TaskState
from app.services.profiles import profile_value
from app.workflows.process import AUTOMATIC, StepKind
from app.workflows.result import ResultState
from app.workflows.states import State

# Steps at which people here work; a question, a payment or a dossier elsewhere has reached somebody outside.
_PEOPLE = frozenset({StepKind.work, StepKind.check, StepKind.sign, StepKind.number_and_seal})


def due_charges(dossier: Dossier) -> list[Charge]:
    """Return what is still to be paid."""
    return [
        charge for charge in dossier.charges if charge.state == ChargeState.due and charge.amount
    ]


def supplement_charges(dossier: Dossier) -> list[Charge]:
    """Return what is still to be paid and falls due with the answer to a supplement request."""
    return [charge for charge in due_charges(dossier) if moment_of(charge, dossier) == "supplement"]


def payable(dossier: Dossier) -> list[Charge]:
    """Return what is paid next: what is owed now; where nothing is, all that is still due, paid early (QN20 Đ14.2)."""
    return owed_now(dossier) or due_charges(dossier)


def owed_now(dossier: Dossier) -> list[Charge]:
    """Return what a received dossier owes already at its state: ``inbox_scope.owes_now`` asks the same (QN20 Đ14.2).

    tests/services/test_owed_now.py holds the two against each other. What is paid at reception is owed from then on,
    though an online dossier is passed on before it is paid. A dossier waiting for money does not owe what falls due
    with the result, unless that alone was asked for.
    """
    due = due_charges(dossier)
    if dossier.state == State.finished:
        return due
    if dossier.state == State.payment_requested:
        return [charge for charge in due if moment_of(charge, dossier) != "return"] or due
    return due_on_reception(dossier) if dossier.received_at is not None else []


def due_on_reception(dossier: Dossier) -> list[Charge]:
    """Return what falls due once the dossier is received; after a supplement was asked for, what falls due with it."""
    moments = {"reception", "supplement"} if dossier.supplement_count else {"reception"}
    return [charge for charge in due_charges(dossier) if moment_of(charge, dossier) in moments]


def moment_of(charge: Charge, dossier: Dossier) -> str:
    """Return when a charge falls due: its own moment, else that of the procedure."""
    return charge.due or dossier.version.fee_due


def open_charges(dossier: Dossier) -> list[Charge]:
    """Return what is to be paid or exempt, as it stands: neither paid nor cancelled."""
    return [c for c in dossier.charges if c.state in {ChargeState.due, ChargeState.exempt}]


def missing_papers(dossier: Dossier) -> list[Component]:
    """Return the required papers not handed in; what the state already has is not asked."""
    held = {paper.component_id for paper in dossier.papers if paper.is_received}
    return [
        c
        for c in dossier.version.components
        if c.is_required and c.id not in held and not is_shared(c)
    ]


def faults_of(guard: str, dossier: Dossier) -> dict[str, str]:
    """Return what a guard that does not hold misses, by field: each required paper; {} for other guards."""
    if guard != "papers_complete":
        return {}
    return {f"component-{c.id}": _("Not ticked as handed in: %(paper)s", paper=c.name) for c in missing_papers(dossier)}


def lacks_all_papers(dossier: Dossier) -> bool:
    """Return whether nothing was handed in by hand, none of it required, though papers are asked for in some cases."""
    if dossier.channel not in {"counter", "post"} or missing_papers(dossier):
        return False
    is_asked = any(not is_shared(component) for component in dossier.version.components)
    return is_asked and not any(paper.is_received for paper in dossier.papers)


def papers_to_tick(dossier: Dossier) -> list[Component]:
    """Return what to tick before the dossier is accepted: the required papers not there; all where there is none."""
    is_empty = lacks_all_papers(dossier)
    return [c for c in dossier.version.components if not is_shared(c)] if is_empty else missing_papers(dossier)


def is_shared(component: Component) -> bool:
    """Return whether a paper is data the state already holds (NĐ 107/2021 Đ21a)."""
    return component.document_type is not None and component.document_type.is_shared_data


def _supplement_answered(dossier: Dossier) -> bool:
    return bool(dossier.supplements) and dossier.supplements[-1].answered_at is not None


def _answer_overdue(dossier: Dossier) -> bool:
    """Asked before acceptance, and the applicant's time to answer is over."""
    due = dossier.supplements[-1].due_at if dossier.supplements else None
    return dossier.received_at is None and due is not None and due < now()


def _result_issued(dossier: Dossier) -> bool:
    return any(result.state == ResultState.issued for result in dossier.results)


def _online_delivery(dossier: Dossier) -> bool:
    return dossier.result_way == "online" and _result_issued(dossier) and not due_charges(dossier)


def _supplement_once(dossier: Dossier) -> bool:
    """Once; again only with the reason on record: the applicant's fault, or ours with an apology."""
    session = object_session(dossier)
    most = profile_value(session, "supplement_max") if session is not None else 1
    if dossier.supplement_count < int(most):
        return True
    asked = dossier.supplements[-1] if dossier.supplements else None
    if asked is None or asked.number <= dossier.supplement_count or not asked.fault_reason:
        return False
    excused = any(one.cause == f"supplement:{asked.number}" for one in dossier.apologies)
    return asked.fault == "applicant" or excused


def _nothing_due(dossier: Dossier) -> bool:
    return not due_charges(dossier)


def _paid_now(dossier: Dossier) -> bool:
    return all(moment_of(charge, dossier) == "return" for charge in due_charges(dossier))


def _reception_fees_paid(dossier: Dossier) -> bool:
    """Only what falls due now, and never online; a claimed exemption is looked at first."""
    if any(charge.claim == "claimed" for charge in open_charges(dossier)):
        return False
    return dossier.channel == "online" or not due_on_reception(dossier)


def _not_begun(dossier: Dossier) -> bool:
    """Nothing but the steps opened by passing it on: nobody finished, asked, drafted or opened anything else."""
    after = [task for task in dossier.tasks if task.is_current and task.kind != StepKind.receive]
    return not dossier.results and all(
        task.kind in AUTOMATIC or (task.state == TaskState.open and task.kind in _PEOPLE and task.asked_by_id is None)
        for task in after
    )


def _always(_dossier: Dossier) -> bool:
    return True


# name → whether it holds; messages stand in the workflow's table.
GUARDS: dict[str, Callable[[Dossier], bool]] = {
    "technical_check": _always,  # submission.submit has named each missing thing already
    "papers_complete": lambda dossier: not missing_papers(dossier),
    "supplement_once": _supplement_once,
    "supplement_answered": _supplement_answered,
    "answer_overdue": _answer_overdue,
    "reception_fees_paid": _reception_fees_paid,
    "not_begun": _not_begun,
    "charge_due": lambda dossier: bool(due_charges(dossier)),
    "charges_paid": _paid_now,
    "money_settled": _nothing_due,
    "result_issued": _result_issued,
    "online_delivery": _online_delivery,
}
