"""Who gave a dossier to whom: the legs of its way, parallel steps, questions and returns included.

Phiếu kiểm soát quá trình giải quyết hồ sơ (TT 01/2018 form 05, TT 03/2025 form 06): per handover the
giver, the receiver, the instant, the outcome of the giver's step.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from flask_babel import gettext as _

from app.clock import to_local
from app.models import Dossier, Task
from app.models.task import ANSWERS, TaskState
from app.workflows.process import AUTOMATIC

Facts = dict[str, Any]


def handovers(dossier: Dossier) -> list[Facts]:
    """Return each leg of the dossier's way so far, in the order of time; empty parts are left out."""
    rows = sorted([*_legs(dossier.tasks), *_questions(dossier.tasks)], key=lambda row: str(row["handed_at"]))
    return [{key: value for key, value in row.items() if value} for row in rows]


def _legs(tasks: Sequence[Task]) -> Iterator[Facts]:
    """Yield one row for every step that led to a step; steps nobody works at are passed through."""
    steps = sorted((t for t in tasks if t.asked_by_id is None), key=lambda task: (task.opened_at, task.id))
    worked = [task for task in steps if task.kind not in AUTOMATIC]
    given: set[tuple[int, str]] = set()  # a step led to each next one once; after a return it is done anew
    for number, task in enumerate(worked):
        givers = [g for g in _givers(worked[:number], steps, task) if (g.id, task.key) not in given]
        for giver in givers or worked[:number][-1:]:
            given.add((giver.id, task.key))
            yield _row(giver, task)


def _givers(before: Sequence[Task], steps: Sequence[Task], task: Task) -> list[Task]:
    """Return the steps that led here: a return alone, else all whose way ends in ``task``."""
    ended = [t for t in before if t.finished_at is not None and t.finished_at <= task.opened_at]
    back = next((t for t in reversed(ended) if t.state == TaskState.returned), None)
    is_again = any(t.key == task.key for t in before)
    if is_again and back is not None and back is max(ended, key=lambda t: (t.finished_at, t.id)):
        return [back]
    return [t for t in ended if _leads(t, task.key, steps)]


def _leads(giver: Task, key: str, steps: Sequence[Task], depth: int = 0) -> bool:
    led = giver.went_to or []
    if key in led or depth > len(steps):
        return key in led
    passed = (t for t in steps if t.kind in AUTOMATIC and t.key in led)
    return any(_leads(step, key, steps, depth + 1) for step in passed)


def _questions(tasks: Sequence[Task]) -> Iterator[Facts]:
    """Yield what was asked of others, and their answers."""
    by_id = {task.id: task for task in tasks}
    for task in tasks:
        asker = by_id.get(task.asked_by_id or 0)
        if asker is None:
            continue
        yield _row(asker, task, outcome="", note=task.question or "")
        if task.answer and task.answer != "silent" and task.finished_at is not None:
            said = ": ".join(part for part in (_(ANSWERS[task.answer]), task.remark) if part)
            yield _row(task, asker, at=task.finished_at, note=said)


def _row(giver: Task, taker: Task, *, at: Any = None, outcome: str | None = None, note: str | None = None) -> Facts:
    instant = (at or taker.opened_at).isoformat()
    return {
        "giver_unit": giver.agency.name, "giver": str(giver.assignee or ""),
        "receiver_unit": taker.agency.name, "receiver": str(taker.assignee or ""),
        "handed_at": instant, "taken_at": instant,
        "outcome": _outcome(giver) if outcome is None else outcome,
        "note": (giver.remark or "") if note is None else note,
    }  # fmt: skip


def _outcome(task: Task) -> str:
    """Return how the giver's step ended: late; early if on an earlier day than its limit; else on time."""
    if task.finished_at is None:
        return ""
    if task.finished_at > task.due_at:
        return "late"
    return "early" if to_local(task.finished_at).date() < to_local(task.due_at).date() else "on_time"
