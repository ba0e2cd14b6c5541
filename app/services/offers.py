"""One act as a page offers it."""

from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _

from app.models import Dossier
from app.permissions import ROLE_LABELS, Role
from app.services.dossier_effects import effects_of
from app.services.guards import GUARDS
from app.workflows.dossier import DOSSIER
from app.workflows.process import StepSpec
from app.workflows.states import State
from app.workflows.table import Transition


@dataclass
class Offer:
    """One act: what it is called, what it does, what its form asks."""

    name: str
    title: str
    consequence: str
    label: str = ""
    clause: str = ""
    icon: str = "check"
    tone: str = ""
    is_main: bool = False
    blocked: str = ""  # what must be done first
    basis: str = ""  # the clause in words, where it binds here
    effects: str = ""  # state, letter, who is told, where a row of the life cycle says so
    facts: dict[str, Any] = field(default_factory=dict)
    key: str = ""  # tells acts of the same name apart where several steps are open

    def __post_init__(self) -> None:
        self.key = self.key or self.name

    @property
    def note(self) -> str:
        """What is told on demand: the effects that the life cycle's table names, and the legal basis in full."""
        return ". ".join(text for text in (self.effects, self.basis) if text)


def of_row(row: Transition[State], dossier: Dossier, icon: str, **more: Any) -> Offer:
    """Return the act of a table row, with its guard's message when it does not hold yet."""
    blocked = ""
    if row.guard is not None and not GUARDS[row.guard](dossier):
        blocked = _(DOSSIER.guards[row.guard])
    values = {"title": _(row.label), "consequence": _(row.consequence), "clause": row.clause,
              "icon": icon, "blocked": blocked, "name": row.name,
              "effects": effects_of(row, dossier)}  # fmt: skip
    return Offer(**values | more)


def who_takes(step: StepSpec) -> str:
    """Return who does a step of a process, in words within a sentence."""
    return _(ROLE_LABELS[Role(step.role)]).lower()
