"""Internal processes: the steps of one procedure, who does each and how long it may take.

Steps are given in order. Callers ask ``after`` and ``before`` and treat the answer as a set, so
that a graph with parallel steps can stand behind the same questions.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.i18n import N_
from app.workflows.result import SIGNERS
from app.workflows.vocabulary import ROLES
from app.workflows.wording import Phrase

PLACES = frozenset({"desk", "agency", "province"})


class StepKind(StrEnum):
    """What is done in a step."""

    receive = "receive"
    work = "work"
    check = "check"
    sign = "sign"
    number_and_seal = "number_and_seal"
    return_ = "return"


@dataclass(frozen=True)
class StepSpec:
    """One step: ``role`` does it at ``place`` within ``minutes`` of working time."""

    key: str
    name: str
    kind: StepKind | str
    role: str
    place: str
    minutes: int


Steps = Sequence[StepSpec]


def find(steps: Steps, key: str) -> StepSpec:
    """Return the step called ``key``. Raises LookupError."""
    return steps[_position(steps, key)]


def _position(steps: Steps, key: str) -> int:
    for number, step in enumerate(steps):
        if step.key == key:
            return number
    raise LookupError(f"no step {key!r} in this process")


def first(steps: Steps) -> StepSpec:
    """Return the step with which the process begins. Raises LookupError if it has none."""
    if not steps:
        raise LookupError("this process has no step")
    return steps[0]


def after(steps: Steps, key: str) -> tuple[StepSpec, ...]:
    """Return the steps to open once ``key`` is done; () at the end. Raises LookupError."""
    position = _position(steps, key)
    return tuple(steps[position + 1 : position + 2])


def before(steps: Steps, key: str) -> tuple[StepSpec, ...]:
    """Return the steps directly before ``key``; () at the start. Raises LookupError."""
    position = _position(steps, key)
    return tuple(steps[max(0, position - 1) : position])


def earlier(steps: Steps, key: str) -> tuple[StepSpec, ...]:
    """Return all steps that ``key`` may be sent back to, nearest first. Raises LookupError."""
    return tuple(reversed(steps[: _position(steps, key)]))


def total_minutes(steps: Steps) -> int:
    """Return the working minutes of all steps."""
    return sum(step.minutes for step in steps)


def problems(steps: Steps, limit_minutes: int | None) -> list[Phrase]:
    """Return what keeps the process from being used, for the person who draws it; [] if sound.

    limit_minutes: the published limit in working minutes, None where none is published.
    """
    if not steps:
        return [Phrase(N_("The process has no step"))]
    found = [fault for step in steps for fault in _step_problems(step)]
    for key, times in Counter(step.key for step in steps).items():
        if times > 1:
            found.append(Phrase(N_("Two steps are called %(key)s"), {"key": key}))
    return found + _order_problems(steps) + _time_problems(steps, limit_minutes)


def _step_problems(step: StepSpec) -> list[Phrase]:
    checks = (
        (bool(step.name.strip()), N_("A step has no name")),
        (step.kind in set(StepKind), N_("%(step)s: unknown kind of step")),
        (step.role in ROLES, N_("%(step)s: nobody holds this role")),
        (step.place in PLACES, N_("%(step)s: unknown place")),
        (step.minutes >= 0, N_("%(step)s: the time cannot be negative")),
        (
            step.kind != StepKind.sign or step.role not in ROLES or step.role in SIGNERS,
            N_("%(step)s: this role may not sign results"),
        ),
    )
    return [Phrase(msgid, {"step": step.name}) for is_fine, msgid in checks if not is_fine]


def _order_problems(steps: Steps) -> list[Phrase]:
    kinds = [step.kind for step in steps]
    signs = [number for number, kind in enumerate(kinds) if kind == StepKind.sign]
    seals = [number for number, kind in enumerate(kinds) if kind == StepKind.number_and_seal]
    checks = (
        (bool(signs), N_("No step signs the result")),
        (StepKind.receive not in kinds[1:], N_("Receiving must be the first step")),
        (StepKind.return_ not in kinds[:-1], N_("Returning the result must be the last step")),
        (_sealed_after_signing(signs, seals), N_("Sealing comes after signing")),
    )
    return [Phrase(msgid) for is_fine, msgid in checks if not is_fine]


def _sealed_after_signing(signs: list[int], seals: list[int]) -> bool:
    # A department may sign and seal before the province does: compare the first and the last.
    if not signs or not seals:
        return True
    return signs[0] < seals[0] and signs[-1] < seals[-1]


def _time_problems(steps: Steps, limit_minutes: int | None) -> list[Phrase]:
    total = total_minutes(steps)
    if limit_minutes is None or total == limit_minutes:
        return []
    return [
        Phrase(
            N_("The steps take %(total)s hours, but the published limit is %(limit)s hours"),
            {"total": f"{total / 60:g}", "limit": f"{limit_minutes / 60:g}"},
        )
    ]
