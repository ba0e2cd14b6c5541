"""Faults that the machine must find: each is planted in the product, and says where it shows and who tells of it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from app import history
from app.models import ClockSegment
from app.services import extensions, guards, lifecycle, notices, opening, processing, reminders, results
from app.services.standing import acts
from tests.machine.walks import START, TO_THE_END, WALKS, Step

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Fault:
    """A fault in words, how it is planted, the walk on which it shows, and what the machine says of it."""

    what: str
    plant: Callable[[Patch], None]
    way: tuple[Step, ...]
    told: str
    fee: int = 0
    dice: int = 1  # how the dossier is begun


def _nothing(*_args: Any, **_named: Any) -> None:
    """Do nothing in the place of what should be done."""


def _replace(patch: Patch, whole: Any, new: Any) -> None:
    """Put ``new`` in the place of a function, wherever the product has imported it."""
    name, modules = whole.__name__, [module for key, module in sys.modules.items() if key.startswith("app.")]
    for module in modules:
        if getattr(module, name, None) is whole:
            patch.setattr(module, name, new)


def _instead(whole: Any, answer: Any) -> Callable[[Patch], None]:
    return lambda patch: _replace(patch, whole, lambda *_args, **_named: answer)


def _clock_runs_on(patch: Patch) -> None:
    whole = lifecycle.hold

    def hold(session: Any, dossier: Any, holder: Any, *args: Any, **named: Any) -> None:
        if holder is not None:
            whole(session, dossier, holder, *args, **named)

    _replace(patch, whole, hold)


def _minutes_lost(patch: Patch) -> None:
    whole = lifecycle.hold

    def hold(session: Any, dossier: Any, *args: Any, **named: Any) -> None:
        whole(session, dossier, *args, **named)
        last: ClockSegment = dossier.segments[-1]
        if len(dossier.segments) > 1 and last.id is None:
            last.started_at += timedelta(minutes=7)

    _replace(patch, whole, hold)


def _due_moved_silently(patch: Patch) -> None:
    def change_due(_session: Any, dossier: Any, due_at: Any, *_args: Any) -> None:
        dossier.due_at = due_at

    _replace(patch, lifecycle.change_due, change_due)


def _entry_skipped(patch: Patch) -> None:
    whole = history.append

    def append(session: Any, rows: Any) -> None:
        whole(session, [row for row in rows if row["record"] != "movement"])

    patch.setattr(history, "append", append)


def _entry_altered(patch: Patch) -> None:
    whole = history._chain  # the database itself lets nobody change an entry that stands

    def chain(session: Any, rows: list[dict[str, Any]]) -> None:
        whole(session, rows)
        for row in rows:
            row["actor_name"] = "Ai đó"

    patch.setattr(history, "_chain", chain)


def _told_twice(patch: Patch) -> None:
    whole, numbers = notices._put, count()

    def put(session: Any, rows: list[dict[str, Any]]) -> None:
        whole(session, rows + [row | {"key": f"{row['key']}:{next(numbers)}"} for row in rows])

    patch.setattr(notices, "_put", put)


def _reminded_again(patch: Patch) -> None:
    numbers = count()
    patch.setattr(reminders, "_key", lambda name, number, _due: f"{name}:{number}:{next(numbers)}")


def _undone_by_half(patch: Patch) -> None:
    """What stood open behind a step that is taken back stays open."""
    _replace(patch, processing.drop, _nothing)


def _extended_for_longer(patch: Patch) -> None:
    whole = extensions.add_working
    longer = lambda session, place, at, minutes: whole(session, place, at, minutes + 30)  # noqa: E731
    patch.setattr(extensions, "add_working", longer)


def _guard_gone(name: str) -> Callable[[Patch], None]:
    return lambda patch: patch.setitem(guards.GUARDS, name, lambda _dossier: True)


def _no_result(patch: Patch) -> None:
    _replace(patch, results.number_and_issue, _nothing)
    _guard_gone("result_issued")(patch)


SUPPLEMENT, BACK = WALKS["with a supplement"], WALKS["back and on again"]
FAULTS = (
    Fault("the clock runs on after the end", _clock_runs_on, TO_THE_END, "1 hold the clock"),
    Fault("minutes between two holders are lost", _minutes_lost, TO_THE_END, "minutes|gap|segments"),
    Fault("the holder stays whoever had it first", _instead(opening.show_place, None), TO_THE_END,
          "held by|the dossier says"),
    Fault("a due date moves without its reason", _due_moved_silently, SUPPLEMENT, "its changes give"),
    Fault("time that stood still is not given back", _instead(lifecycle._restart_clock, None), SUPPLEMENT,
          "given back"),
    Fault("an extension gives more than it says", _extended_for_longer, WALKS["extended"], "gave another time"),
    Fault("an entry of the history is left out", _entry_skipped, START, "nothing tells of movement"),
    Fault("an entry of the history is altered", _entry_altered, START, "content does not match"),
    Fault("the course leaves moves out", _instead(lifecycle._record, None), START, "the course ends at"),
    Fault("a step taken back leaves the next one open", _undone_by_half, BACK, "nothing leads to"),
    Fault("what ends leaves its steps open", _instead(processing.cancel_tasks, None), WALKS["withdrawn"],
          "closed with open steps"),
    Fault("nobody is there for the next step", _instead(opening.open_steps, []), TO_THE_END,
          "in processing at no step"),
    Fault("everybody is told twice", _told_twice, START, "was told 2 times"),
    Fault("every beat reminds anew", _reminded_again, WALKS["until it is late"], "done twice it tells"),
    Fault("anybody may act", _instead(acts, True), (("pass_on", "director", 1),), "whose posts are"),
    Fault("papers are not asked for", _guard_gone("papers_complete"), (("accept", "desk", 4),), "accepted without",
          dice=12),
    Fault("nobody has to pay", _guard_gone("money_settled"), (*TO_THE_END, ("deliver", "desk", 1)),
          "before it was paid", fee=50_000),
    Fault("no result is issued", _no_result, TO_THE_END, "without a result"),
)  # fmt: skip
