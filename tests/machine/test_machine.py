"""Random legal and illegal acts on random processes: nothing sticks, no minute is lost, history is whole.

``MOTCUA_MACHINE_STEPS`` says how many steps are played: 600 unless it says more (10,000 take some minutes). A run
that fails is the same every time; ``MOTCUA_MACHINE_SHRINK=1`` plays it again, for some minutes, until nothing can be
left out.
"""

import json
import math
import os
from collections import Counter
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy.orm import Session

from app.services import results
from tests.machine.acts import ACTS
from tests.machine.machine import AT_ONCE, Machine
from tests.machine.world import make_province

STEPS = int(os.environ.get("MOTCUA_MACHINE_STEPS", "600"))
PARTS = 4
MOST_RUNS = 20  # of which at least some hold illegal acts
PHASES = (Phase.generate, Phase.shrink) if os.environ.get("MOTCUA_MACHINE_SHRINK") else (Phase.generate,)


def play(session: Session, monkeypatch: Any, steps: int, part: int = 0, at_once: int = AT_ONCE) -> Any:
    """Play so many steps and return what was played; raises AssertionError for the first fault found.

    Printing is left out: what a letter looks like does not move a dossier.
    """
    monkeypatch.setattr(results, "render", lambda _name, data: json.dumps(data, default=str).encode())
    machine = type("Played", (Machine,), {
        "session": session, "province": make_province(), "steps": Counter(), "done": Counter()})  # fmt: skip
    session.commit()
    for again in count():
        left = steps - machine.steps["played"]
        if left <= 0 and (has_refusals(machine) or again >= MOST_RUNS):
            break
        run_state_machine_as_test(seed(again * PARTS + part)(machine), settings=settings(
            max_examples=1 + max(1, math.ceil(left / at_once)), stateful_step_count=at_once,
            deadline=None, database=None, phases=PHASES, print_blob=False, report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ))  # fmt: skip
    return machine


def has_refusals(machine: Any) -> bool:
    """Return whether enough illegal acts were tried; one walk may be drawn without any."""
    return bool(machine.steps["refused"] > machine.steps["played"] / 20)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_workflow_holds_whatever_is_played(session: Session, monkeypatch: Any, part: int) -> None:
    """All that is asked after every step is in ``checks.py``; ``test_faults.py`` shows that it bites."""
    machine = play(session, monkeypatch, math.ceil(STEPS / PARTS), part)
    print(f"part {part}: {machine.steps['played']} steps, {machine.steps['refused']} refused")
    assert has_refusals(machine), "illegal acts are tried as well"
    if STEPS >= 10_000:
        assert len(ACTS.keys() & machine.done.keys()) > len(ACTS) * 3 / 4, "most kinds of acts are made in each part"
