"""The machine bites: each fault planted into the product is found on a walk of a few steps, by its own invariant."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.services import results
from tests.machine.faults import FAULTS, Fault
from tests.machine.walks import WALKS, walk, walker


@pytest.fixture
def begin(session: Session, monkeypatch: Any) -> Iterator[Callable[..., Any]]:
    """``begin(fee=0)``: a machine at work on the plain process, tidied up at the end."""
    monkeypatch.setattr(results, "render", lambda _name, data: json.dumps(data, default=str).encode())
    made: list[Any] = []

    def new(fee: int = 0) -> Any:
        made.append(walker(session, fee))
        return made[-1]

    yield new
    for machine in made:
        machine.is_sound = False  # to the end it is not played here
        machine.teardown()


@pytest.mark.parametrize("name", WALKS)
def test_without_a_fault_every_walk_is_made(begin: Callable[..., Any], name: str) -> None:
    machine = begin()
    walk(machine, WALKS[name])
    assert machine.world.dossiers, "it was begun; what it came to is asked after each step"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what.replace(" ", "_"))
def test_a_planted_fault_is_found(begin: Callable[..., Any], monkeypatch: Any, fault: Fault) -> None:
    machine = begin(fault.fee)
    fault.plant(monkeypatch)
    with pytest.raises(AssertionError, match=fault.told):
        walk(machine, fault.way, fault.dice)
