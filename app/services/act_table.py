"""Who may do what, when, under which clause: the tables of the life cycles in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from app.i18n import N_
from app.lowcode.values import inside_sentence
from app.models.letter import LETTER_KINDS
from app.permissions import ROLE_LABELS, Role
from app.services.reasons import asked_words
from app.workflows.registry import WORKFLOWS
from app.workflows.states import State
from app.workflows.table import PREVIOUS, Transition, Workflow

# What each life cycle is of.
TITLES = {
    "dossier": N_("Dossiers"), "extension": N_("Extensions"), "apology": N_("Apologies"),
    "explanation": N_("Explanations of lateness"),
    "original": N_("Comparisons with originals"), "refund": N_("Refunds"), "result": N_("Results"),
    "feedback": N_("Feedback and petitions"), "procedure_version": N_("Procedure versions"),
    "publication_decision": N_("Publication decisions"), "process_approval": N_("Approval of processes"),
    "procedure_report": N_("Reports on procedures"), "online_service": N_("Online service list"),
}  # fmt: skip
_PEOPLE = {
    "applicant": N_("the applicant"), "desk": N_("the one-stop desk"), "sender": N_("the sender"),
    "chairman": N_("the Chairman of the province"),
}  # fmt: skip
NEW = "new"


@dataclass(frozen=True)
class Act:
    """One line of the table: an act, from where to where, whose, when not, why, with what effect."""

    name: str
    label: str
    consequence: str
    sources: str
    targets: str
    roles: str
    refusals: str
    clause: str
    letter: str
    notices: str


def cycles() -> list[tuple[str, str]]:
    """Return (name, title) of every life cycle, in the order of the registry."""
    return [(name, _(TITLES.get(name, name))) for name in WORKFLOWS]


def states_of(cycle: str) -> list[tuple[str, str]]:
    """Return (key, words) of the states of a life cycle; "new" is a record yet to be made."""
    workflow = WORKFLOWS[cycle]
    return [(NEW, _("(new)")), *((state.name, state_words(state)) for state in workflow.states)]


def roles_of(cycle: str) -> list[tuple[str, str]]:
    """Return (role, words) of everybody who has an act in a life cycle."""
    held = {role for row in WORKFLOWS[cycle].transitions for role in row.roles}
    return [(str(role), str(_(label))) for role, label in ROLE_LABELS.items() if role in held]


def acts_of(cycle: str, *, role: str = "", state: str = "") -> list[Act]:
    """Return the acts of a life cycle open to ``role`` in ``state``; "" leaves none out.

    Guards are not asked here: their refusals are told. Raises KeyError for an unknown cycle.
    """
    workflow = WORKFLOWS[cycle]
    rows = [row for row in workflow.transitions
            if (not role or role in row.roles) and (not state or state in _keys(row.sources))]  # fmt: skip
    return [_act(workflow, row) for row in rows]


def _keys(states: Iterable[Any]) -> set[str]:
    return {NEW if state is None else state.name for state in states}


def _act(workflow: Workflow[Any], row: Transition[Any]) -> Act:
    targets = {state for source in row.sources for state in workflow.targets(row, source)}
    refusals = [_(workflow.guards[row.guard])] if row.guard else []
    refusals += [asked_words(row)] if row.needs_reason else []
    back = _("back to: %(states)s", states=_states(workflow, targets))
    return Act(
        name=row.name, label=_(row.label), consequence=_(row.consequence),
        sources=_states(workflow, row.sources),
        targets=back if row.target is PREVIOUS else _states(workflow, targets),
        roles=_people(row.roles), refusals="; ".join(refusals), clause=row.clause,
        letter=_(LETTER_KINDS[row.letter]) if row.letter else "", notices=_people(row.notices),
    )  # fmt: skip


def _states(workflow: Workflow[Any], states: Iterable[Any]) -> str:
    given = set(states)
    words = [_("(new)")] if None in given else []
    return ", ".join(words + [state_words(state) for state in workflow.states if state in given])


def state_words(state: Any) -> str:
    """Return a state in words, a dossier's with its national code."""
    words = str(_(state.label))
    return f"{int(state)}. {words}" if isinstance(state, State) else words


def _people(names: Iterable[str]) -> str:
    order = [*_PEOPLE, *(str(role) for role in ROLE_LABELS)]
    known = sorted(names, key=order.index)
    return ", ".join(_(_PEOPLE[n]) if n in _PEOPLE else inside_sentence(str(_(ROLE_LABELS[Role(n)]))) for n in known)
