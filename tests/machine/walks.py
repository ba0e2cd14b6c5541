"""Short walks of the machine along one plain process: each says which acts lead to the place where a fault shows."""

from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from tests.machine.acts import bring
from tests.machine.drawn import DAYS, DrawnCalendar
from tests.machine.machine import Machine
from tests.machine.world import make_province

# An act of ACTS, who does it, the dice; or a wait in hours.
Step = tuple[str, str, int] | int
CALENDAR = DrawnCalendar((DAYS[0],) * 5 + ((), ()), {})
PROFILE = {"supplement_max": 1, "extension_max_count": 1, "extension_approvers": ["agency_head"]}
VERSION = {"time_limit_value": 20, "time_limit_unit": "working_day", "is_same_day": False, "fee_due": "return"}
PROCESS = (
    ("a", "receive", "desk_officer", "desk"), ("m", "work", "specialist", "agency"),
    ("s", "sign", "agency_head", "agency"), ("z", "number_and_seal", "clerk", "agency"),
    ("r", "return", "desk_officer", "desk"),
)  # fmt: skip
START: tuple[Step, ...] = (("pass_on", "desk", 1), 2)
TO_THE_END: tuple[Step, ...] = (
    *START, ("claim", "specialist", 0), ("finish", "specialist", 1), 2, ("finish", "head", 1), ("finish", "clerk", 1),
    1,
)  # fmt: skip
WALKS: dict[str, tuple[Step, ...]] = {
    "to the end": (*TO_THE_END, ("deliver", "desk", 1)),
    "back and on again": (*START, ("finish", "specialist", 1), ("recall", "specialist", 0), ("finish", "specialist", 1),
                          ("send_back", "head", 0), ("finish", "specialist", 1)),
    "with a supplement": (*START, ("ask_supplement", "specialist", 1), 48, ("answer", "desk", 1), 1,
                          ("finish", "specialist", 1)),
    "extended": (*START, ("extend", "specialist", 0), ("agree", "head", 0), 1, ("finish", "specialist", 1)),
    "withdrawn": (*START, ("ask", "specialist", 1), ("withdraw", "citizen", 0), ("decide", "head", 3)),
    "until it is late": (*START, 24 * 40),
}  # fmt: skip


def walker(session: Session, fee: int = 0) -> Any:
    """Return a machine at work on the plain process, nothing begun yet; to be torn down by the caller."""
    province = make_province()
    session.commit()
    machine = type("Walking", (Machine,), {
        "session": session, "province": province, "steps": Counter(), "done": Counter()})()  # fmt: skip
    rows = [{"key": key, "name": f"Bước {key}", "kind": kind, "role": role, "place": place, "working_minutes": 240,
             "goes_to": [{"to": after[0]}] if after else []}
            for (key, kind, role, place), after in zip(PROCESS, (*PROCESS[1:], ()), strict=True)]  # fmt: skip
    machine.world.furnish([CALENDAR], PROFILE, [(VERSION | {"fee": fee}, rows)], deputy=False)
    return machine


def walk(machine: Any, steps: tuple[Step, ...], dice: int = 1) -> None:
    """Begin a dossier at the counter and take it along; every step is made, or AssertionError."""
    begun = machine.play("bring", "desk", lambda session, actor: bring(machine.world, session, actor, 0, dice))
    assert begun, "the dossier was not begun"
    for step in steps:
        if isinstance(step, int):
            machine.world.at += timedelta(hours=step)
            machine.wait(0, 0)
        else:
            name, who, thrown = step
            is_done = machine.act(name, who, machine.world.dossiers[0], thrown)
            assert is_done, f"{name} by {who} was refused: {machine.refusal}"
