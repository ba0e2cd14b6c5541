"""The machine: officers and applicants of one ward, whose every step is checked when it was made."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy.orm import Session

from app.clock import acting_at
from app.errors import DomainError
from app.history import HistoryEntry
from app.models import Dossier, Notice
from app.services.dossiers import get_dossier
from app.services.lifecycle import open_tasks
from app.services.task_rights import may_do
from app.tasks import deadlines
from app.tasks.outbox import run
from app.transactions import OutboxEvent
from app.workflows.states import FINAL
from tests.machine import checks
from tests.machine.acts import ACTS, SENSIBLE, bring, may, send
from tests.machine.drawn import LAST, PROFILES, VERSIONS, calendars, processes
from tests.machine.world import NAMES, Province, World, undone

AT_ONCE = 100  # steps of one run
MANY, MOST = 6, 12  # dossiers of one run; of these more than MANY when all are over
DICE = st.integers(0, 59)
LINKED = ("linked.open", "linked.ended", "consult.go_on")


class Machine(RuleBasedStateMachine):
    """Officers and applicants of one ward, playing."""

    session: Session
    province: Province
    steps: Counter[str]
    done: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self._undone = undone(self.session)
        self._undone.__enter__()
        self.is_sound = True  # nothing was found yet
        self.refusal = ""  # the last one, in words
        self.world = World(self.session, self.province)
        self.seen = 0  # the last entry of the history that was looked at

    @initialize(
        drawn=st.lists(calendars(), min_size=1, max_size=2), profile=PROFILES, deputy=st.booleans(),
        versions=st.lists(st.tuples(VERSIONS, processes()), min_size=1, max_size=2),
    )  # fmt: skip
    def furnish(self, drawn: Any, profile: Any, versions: Any, deputy: bool) -> None:
        self.world.furnish(drawn, profile, versions, deputy)
        self.begin_with("desk", bring, 0, 1)

    # --- rules

    @precondition(lambda self: len(self.world.dossiers) < MANY or (len(self.world.dossiers) < MOST and not self.open()))
    @rule(online=st.booleans(), who=st.sampled_from(NAMES), any_one=DICE, which=DICE, dice=DICE)
    def begin(self, online: bool, who: str, any_one: int, which: int, dice: int) -> None:
        """Send a dossier, or bring it to the counter."""
        name = who if any_one % 4 == 0 else "citizen" if online else ("desk", "desk2", "far_desk")[dice % 3]
        self.begin_with(name, send if online else bring, which, dice)

    def begin_with(self, who: str, make: Any, which: int, dice: int) -> None:
        """Let ``who`` begin a dossier."""
        self.play(make.__name__, who, lambda session, actor: make(self.world, session, actor, which, dice))

    @precondition(lambda self: self.world.dossiers)
    @rule(which=DICE, choice=DICE, who=DICE, dice=DICE)
    def go_on(self, which: int, choice: int, who: int, dice: int) -> None:
        """Do what makes sense in the present state, by somebody who may well be the one to do it."""
        number = self.number(which)
        names = SENSIBLE[self.state_of(number)]
        at = choice % len(names)
        for name in dict.fromkeys((*names[at:], *names[:at])):
            with acting_at(self.world.at):
                able = [one for one in NAMES if may(name, self.session.get_one(Dossier, number), self.world.actor(one))]
            if able:
                self.act(name, able[who % len(able)], number, dice)
                return

    @precondition(lambda self: self.world.dossiers)
    @rule(which=DICE, who=DICE, dice=DICE)
    def step(self, which: int, who: int, dice: int) -> None:
        """Take a dossier a step further, by one who is able to."""
        self.advance(self.number(which), who, dice)

    @precondition(lambda self: self.world.dossiers)
    @rule(which=DICE, name=st.sampled_from(sorted(ACTS)), who=st.sampled_from(NAMES), dice=DICE)
    def try_anything(self, which: int, name: str, who: str, dice: int) -> None:
        """Try any act by anybody."""
        self.act(name, who, self.number(which), dice)

    @rule(seconds=st.one_of(st.integers(0, 90), st.integers(0, 9 * 3600), st.integers(0, 6 * 86400)), worker=DICE)
    def wait(self, seconds: int, worker: int) -> None:
        """Let time pass; in one case of four the beat and the worker do then what they do by themselves.

        No time is no step: the first walk of every run is nothing else.
        """
        self.world.at = min(self.world.at + timedelta(seconds=seconds), LAST)
        self.steps["played"] += seconds > 0
        if worker % 4:
            return
        with self.step_of("the beat"), acting_at(self.world.at):
            self.work(deadlines.check)
            assert worker % 12 or self.work(deadlines.check) == 0, "done twice it tells somebody twice"
            self.drain()  # afterwards: what it opens may be nearly due at once

    # --- how a step is played

    def number(self, which: int) -> int:
        """Return the id of one of the dossiers, mostly of one that is not closed."""
        among = (which % 5 and self.open()) or self.world.dossiers
        return among[which // 5 % len(among)]

    def open(self) -> list[int]:
        """Return the dossiers that are not closed."""
        query = sa.select(Dossier.id).where(Dossier.id.in_(self.world.dossiers), Dossier.state.not_in(FINAL))
        return list(self.session.scalars(query.order_by(Dossier.id)))

    def state_of(self, number: int) -> int:
        """Return where a dossier stands."""
        return self.session.scalars(sa.select(Dossier.state).where(Dossier.id == number)).one()

    def act(self, name: str, who: str, number: int, dice: int) -> bool:
        """Let ``who`` do an act as a request would; returns whether it was done."""

        def work(session: Session, actor: Any) -> None:
            code = session.scalars(sa.select(Dossier.code).where(Dossier.id == number)).one()
            dossier = get_dossier(session, code, actor, to_change=True)
            before, known = checks.places(dossier), len(dossier.movements)
            ACTS[name](self.world, session, dossier, actor, dice)
            session.flush()
            fresh = dossier.movements[known:]
            wrong = [*checks.right(dossier, before, fresh, actor), *checks.earned(session, dossier, fresh)]
            assert not wrong, wrong

        return self.play(name, who, work)

    def play(self, name: str, who: str, work: Any) -> bool:
        """Play one step in a transaction of its own: it is done and all holds, or it left nothing."""
        self.steps["played"] += 1
        before = self.marks()
        try:
            with self.step_of(name), self.world.acting(who) as (session, actor):
                work(session, actor)
        except DomainError as exc:
            self.refusal = str(exc)
            assert self.marks() == before, f"{name} was refused and wrote something"
            self.steps["refused"] += 1
            self.is_sound = True
            return False
        self.done[name] += 1
        return True

    @contextmanager
    def step_of(self, name: str) -> Iterator[None]:
        """Run the block, then see what came of it; what fails here is not played to its end."""
        self.is_sound, notices = False, self.session.scalar(sa.select(sa.func.max(Notice.id))) or 0
        yield
        self.look()
        assert not (found := list(checks.told(self.session, notices))), (name, found)
        self.is_sound = True

    def marks(self) -> tuple[Any, ...]:
        """Return what grows by whatever is written."""
        counts = [sa.select(sa.func.max(model.id)).scalar_subquery() for model in (HistoryEntry, OutboxEvent, Notice)]
        return tuple(self.session.execute(sa.select(*counts)).one())

    def look(self) -> None:
        """Check every dossier that was touched since the last look."""
        entry = HistoryEntry
        query = sa.select(entry.id, entry.aggregate_id).where(entry.aggregate == "dossier", entry.id > self.seen)
        fresh = self.session.execute(query.order_by(entry.id)).all()
        with acting_at(self.world.at):
            for number in dict.fromkeys(row.aggregate_id for row in fresh):
                if number not in self.world.dossiers:
                    self.world.dossiers.append(number)
                dossier = self.session.get_one(Dossier, number)
                found = checks.faults(self.session, dossier, self.people)
                assert not found, (dossier.code, found)
        self.seen = fresh[-1].id if fresh else self.seen

    def people(self) -> list[Any]:
        """Return everybody who could act today."""
        return [self.world.actor(name) for name in NAMES if name != "nobody"]

    def drain(self) -> None:
        """Run what waits for the worker and concerns dossiers; letters and mail are not played here."""
        query = sa.select(OutboxEvent.id).where(OutboxEvent.done_at.is_(None), OutboxEvent.name.in_(LINKED))
        for number in self.session.scalars(query.order_by(OutboxEvent.id)).all():
            assert self.work(run, number)

    def work(self, task: Any, *given: Any) -> Any:
        """Run a task of the worker, which has a session of its own: what ours has read is given up first."""
        self.session.rollback()
        return task(*given)

    # --- to the end

    def advance(self, number: int, who: int, dice: int) -> bool:
        """Take a dossier one step further by some way open to it; returns whether there was one."""
        ways = {1: ("accept",), 2: ("pass_on", "pay"), 3: (), 5: ("answer",), 6: ("pay",), 7: ("decide",), 8: (),
                9: ("deliver", "pay"), 10: ()}  # fmt: skip
        state = self.state_of(number)
        if state == 4:
            return self.work_on(number, dice)
        with acting_at(self.world.at):
            dossier = self.session.get_one(Dossier, number)
            able = {name: [one for one in NAMES if may(name, dossier, self.world.actor(one))] for name in ways[state]}
        return any(self.act(name, people[who % len(people)], number, 1) for name, people in able.items() if people)

    def work_on(self, number: int, dice: int) -> bool:
        """Finish some step of a dossier, by one who may; draft first where that is lacking, or send it back."""
        with acting_at(self.world.at):
            dossier = self.session.get_one(Dossier, number)
            able = [[n for n in NAMES if may_do(task, self.world.actor(n))] for task in open_tasks(dossier)]
        for name in ("finish", "draft", "send_back"):
            for place in range(len(able)):
                task = (place + dice) % len(able)
                if any(self.act(name, one, number, task) for one in able[task]):
                    return True
        return self.act("pay", "desk", number, 1) or self.act("pay", "far_desk", number, 1)

    def teardown(self) -> None:
        """Every dossier that was begun can be brought to its end; after a fault only tidy up."""
        try:
            for number in self.world.dossiers if self.is_sound else ():
                for _ in range(80):
                    state = self.state_of(number)
                    if state in FINAL:
                        break
                    assert self.advance(number, 0, 0), f"dossier {number} is stuck in state {state}"
                else:
                    raise AssertionError(f"dossier {number} does not come to its end")
        finally:
            self._undone.__exit__(None, None, None)
