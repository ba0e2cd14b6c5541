"""What people do with a dossier, each act as its button does it; ``dice`` chooses between variants."""

from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.models import Account, Agency, Dossier, Draft, Extension, ProcedureVersion, Task
from app.models.task import TaskState
from app.permissions import Actor
from app.services import (
    charges,
    consulting,
    extensions,
    handing,
    lifecycle,
    processing,
    recalling,
    reception,
    reopening,
    results,
    submission,
    supplements,
    taking_back,
)
from app.services.lifecycle import open_questions, open_tasks
from app.services.reception import CounterReception
from app.services.task_rights import may_do
from tests.machine.aside import account_for, give_back, may_give_back
from tests.machine.drawn import YES
from tests.machine.world import World
from tests.services.steps import attachment, write_draft

WHY = "Lý do ghi trong biên bản."
Act = Callable[[World, Session, Dossier, Actor, int], Any]


def answers(dice: int) -> dict[str, str]:
    """Return the answers of a form; they decide which ways are open."""
    return {"ho_ten": YES if dice % 2 else "Lê An", "so_dinh_danh": "046190000123"}


def papers(version: ProcedureVersion, *, every: bool = True) -> dict[int, tuple[str, int]]:
    """Return what is handed in: every paper asked for, or none."""
    return {c.id: ("original", 1) for c in version.components} if every else {}


def send(world: World, session: Session, actor: Actor, which: int, dice: int) -> Dossier:
    """Send a dossier online; one in four is a draft without its papers."""
    version = session.get_one(ProcedureVersion, world.versions[which % len(world.versions)])
    account = session.get_one(Account, actor.account_id or world.province.accounts["citizen"])
    draft = Draft(
        key=submission.new_key(), account=account, version=version, agency=world.ward(session), data=answers(dice),
        result_way=("desk", "online")[dice % 2],
    )  # fmt: skip
    session.add(draft)
    if dice % 4:
        draft.attachments.extend(attachment(component) for component in version.components)
    session.flush()
    dossier = submission.submit(session, draft, actor)
    assert submission.submit(session, draft, actor) is dossier, "sent twice, made once"
    return dossier


def bring(world: World, session: Session, actor: Actor, which: int, dice: int) -> Dossier:
    """Receive a dossier at the counter, or only register it; one in four lacks its papers."""
    version = session.get_one(ProcedureVersion, world.versions[which % len(world.versions)])
    names = sorted(world.province.accounts)
    given = CounterReception(
        key=submission.new_key(), version=version, data=answers(dice),
        account=session.get_one(Account, world.province.accounts[names[dice % len(names)]]),
        papers=papers(version, every=dice % 4 > 0), channel=("counter", "post")[dice % 2],
    )  # fmt: skip
    receive = reception.register if dice % 3 == 0 else reception.receive_at_counter
    dossier = receive(session, given, actor)
    assert receive(session, given, actor) is dossier, "sent twice, made once"
    return dossier


def _pick(rows: Iterable[Any], dice: int) -> Any:
    found = list(rows)
    if not found:
        raise NotFound("nothing to act on")
    return found[dice % len(found)]


def _task(session: Session, dossier: Dossier, actor: Actor, dice: int) -> Task:
    return handing.get_task(session, _pick(open_tasks(dossier), dice).id, actor)


def _question(session: Session, dossier: Dossier, actor: Actor, dice: int) -> Task:
    return handing.get_task(session, _pick(open_questions(dossier), dice).id, actor)


def _extension(dossier: Dossier) -> Extension:
    return _pick(dossier.extensions[-1:], 0)


def accept(_world: World, session: Session, dossier: Dossier, actor: Actor, dice: int) -> Any:
    return reception.accept(session, dossier, actor, papers(dossier.version, every=dice % 4 > 0))


def ask_supplement(_world: World, session: Session, dossier: Dossier, actor: Actor, dice: int) -> Any:
    parts = [c.id for c in dossier.version.components][: dice % 3]
    again = supplements.Again(("agency", "applicant", "")[dice % 3], WHY) if dice % 5 else None
    return supplements.ask_supplement(
        session, dossier, actor, reason=WHY if dice % 7 else " ", field_keys=["ho_ten"] if dice % 2 else [],
        component_ids=parts, again=again,
    )  # fmt: skip


def answer(_world: World, session: Session, dossier: Dossier, actor: Actor, dice: int) -> Any:
    """Answer the last request, in one case of five with nothing."""
    wanted = dossier.supplements[-1].component_ids if dossier.supplements and dice % 5 else []
    handed = dict.fromkeys(wanted, ("photo", 1)) if actor.is_officer else {}
    if not actor.is_officer and actor.account_id == dossier.account_id:
        dossier.attachments.extend(attachment(c) for c in dossier.version.components if c.id in wanted)
        session.flush()
    return submission.answer_supplement(session, dossier, answers(dice), actor, handed)


def refuse(_world: World, session: Session, dossier: Dossier, actor: Actor, dice: int) -> Any:
    return reception.refuse(session, dossier, actor, WHY if dice % 5 else "")


def pay(_world: World, session: Session, dossier: Dossier, actor: Actor, _dice: int) -> Any:
    return charges.record_payment(session, dossier, actor, "cash")


def withdraw(_world: World, session: Session, dossier: Dossier, actor: Actor, _dice: int) -> Any:
    return reception.request_withdrawal(session, dossier, actor, WHY)


def decide(_world: World, session: Session, dossier: Dossier, actor: Actor, dice: int) -> Any:
    return reception.decide_withdrawal(session, dossier, actor, agree=not dice % 3, reason=WHY if dice % 4 else "")


def stop(_world: World, session: Session, dossier: Dossier, actor: Actor, _dice: int) -> Any:
    return reception.stop(session, dossier, actor, WHY)


def reopen(_world: World, session: Session, dossier: Dossier, actor: Actor, dice: int) -> Any:
    steps = reopening.steps_to_return_to(dossier) if dossier.tasks else []
    return reopening.reopen(session, dossier, actor, WHY, steps[dice % len(steps)].key if steps else "")


def draft(_world: World, session: Session, dossier: Dossier, actor: Actor, _dice: int) -> Any:
    return write_draft(session, dossier, actor)


def finish(_world: World, session: Session, dossier: Dossier, actor: Actor, dice: int) -> Any:
    """Finish a step, with the draft where one is wanted and may be written; one in three without a word."""
    task = _task(session, dossier, actor, dice)
    if not results.current_result(dossier) and results.may_draft(dossier, actor):
        write_draft(session, dossier, actor)
    return processing.finish_task(session, task, actor, WHY if dice < 40 else None)


def send_back(_world: World, session: Session, dossier: Dossier, actor: Actor, dice: int) -> Any:
    task = _task(session, dossier, actor, dice)
    steps = processing.earlier_steps(task)
    key = steps[dice % len(steps)].key if steps else "a"
    return processing.send_back(session, task, key, actor, WHY)


def recall(_world: World, session: Session, dossier: Dossier, actor: Actor, dice: int) -> Any:
    done = [t for t in dossier.tasks if t.state == TaskState.done and t.is_current]
    return recalling.recall(session, handing.get_task(session, _pick(done[::-1], dice).id, actor), actor)


def claim(_world: World, session: Session, dossier: Dossier, actor: Actor, dice: int) -> Any:
    return handing.claim(session, _task(session, dossier, actor, dice), actor)


def unclaim(_world: World, session: Session, dossier: Dossier, actor: Actor, dice: int) -> Any:
    return handing.unclaim(session, _task(session, dossier, actor, dice), actor)


def hand_over(world: World, session: Session, dossier: Dossier, actor: Actor, dice: int) -> Any:
    """Give a step to a colleague who may do it, in one case of four to anybody."""
    task = _task(session, dossier, actor, dice)
    able = handing.colleagues(session, task) if dice % 4 else sorted(world.province.users.values())
    return handing.hand_to(session, task, _pick(able, dice // 4), actor)


def ask(world: World, session: Session, dossier: Dossier, actor: Actor, dice: int) -> Any:
    """Ask two agencies, one, or a colleague."""
    agencies = session.scalars(sa.select(Agency).where(Agency.code.in_(["H57.SXD", "H57.STC"])).order_by(Agency.code))
    chosen = [one.id for one in agencies][: dice % 3]
    colleague = world.province.users[("division", "applying")[dice % 2]] if not chosen else None
    return consulting.ask(session, _task(session, dossier, actor, dice), actor, question=WHY, hours=1 + dice % 16,
                          agency_ids=chosen, user_id=colleague)  # fmt: skip


def opine(_world: World, session: Session, dossier: Dossier, actor: Actor, dice: int) -> Any:
    given = ("agree", "disagree", "comment", "")[dice % 4]
    return consulting.answer(session, _question(session, dossier, actor, dice), actor, given=given, remark=WHY)


def unask(_world: World, session: Session, dossier: Dossier, actor: Actor, dice: int) -> Any:
    return consulting.take_back(session, _question(session, dossier, actor, dice), actor)


def extend(_world: World, session: Session, dossier: Dossier, actor: Actor, dice: int) -> Any:
    most = extensions.longest(session, dossier) if dossier.due_at else 0
    return extensions.ask(session, dossier, actor, minutes=max(1, most * (1 + dice % 5) // 4), reason=WHY)


def agree(_world: World, session: Session, dossier: Dossier, actor: Actor, _dice: int) -> Any:
    return extensions.agree(session, _extension(dossier), actor)


def disagree(_world: World, session: Session, dossier: Dossier, actor: Actor, _dice: int) -> Any:
    return extensions.refuse(session, _extension(dossier), actor, WHY)


def unextend(_world: World, session: Session, dossier: Dossier, actor: Actor, _dice: int) -> Any:
    return extensions.take_back(session, _extension(dossier), actor)


def deliver(_world: World, session: Session, dossier: Dossier, actor: Actor, dice: int) -> Any:
    return results.deliver(session, dossier, actor, receiver="Trần Thị Bình" if dice % 5 else "", on_paper=True)


def _plain(service: Callable[[Session, Dossier, Actor], Any]) -> Act:
    return lambda _world, session, dossier, actor, _dice: service(session, dossier, actor)


ACTS: dict[str, Act] = {
    "accept": accept, "refuse": refuse, "ask_supplement": ask_supplement, "answer": answer,
    "pass_on": _plain(reception.pass_on), "ask_payment": _plain(charges.request_payment), "pay": pay,
    "withdraw": withdraw, "decide": decide, "stop": stop, "reopen": reopen, "draft": draft, "finish": finish,
    "send_back": send_back, "recall": recall, "claim": claim, "unclaim": unclaim, "hand_over": hand_over, "ask": ask,
    "opine": opine, "unask": unask, "extend": extend, "agree": agree, "disagree": disagree, "unextend": unextend,
    "deliver": deliver, "collect": _plain(results.collect_online), "bring_back": _plain(taking_back.take_back_start),
    "give_back": give_back, "account_for": account_for,
}  # fmt: skip
# The transitions that an act makes, where it makes one.
ROWS = {
    "accept": {"accept"}, "refuse": {"refuse", "refuse_unanswered"}, "answer": {"answer_supplement"},
    "ask_supplement": {"ask_supplement", "ask_supplement_in_process"}, "pass_on": {"start"},
    "bring_back": {"take_back_start"},
    "ask_payment": {"request_payment", "request_payment_in_process"}, "withdraw": {"request_withdrawal"},
    "decide": {"approve_withdrawal", "reject_withdrawal"}, "stop": {"stop"}, "reopen": {"reopen"},
    "deliver": {"return_result"}, "collect": {"collect_online"},
}  # fmt: skip


def may(name: str, dossier: Dossier, actor: Actor) -> bool:
    """Return whether somebody is worth trying for an act; whether he may is for the act to say."""
    if name in ROWS:
        return any(row.name in ROWS[name] for row in lifecycle.offered(dossier, actor))
    if name == "give_back":
        return may_give_back(dossier, actor)
    if name == "pay":
        return charges.may_collect(dossier, actor)
    if name in {"agree", "disagree"}:
        return any(extensions.may_decide(one, actor) for one in dossier.extensions)
    if name == "recall":
        return any(recalling.may_recall(task, actor) for task in dossier.tasks)
    tasks = open_questions(dossier) if name == "opine" else open_tasks(dossier)
    return any(may_do(task, actor) for task in tasks)


# What makes sense in each state, the ways on named more often.
SENSIBLE: dict[int, tuple[str, ...]] = {
    1: ("accept", "accept", "accept", "ask_supplement", "refuse", "ask_payment", "pay", "withdraw"),
    2: ("pass_on", "pass_on", "pay", "pay", "ask_payment", "withdraw"),
    3: ("reopen", "give_back"), 5: ("answer", "answer", "answer", "withdraw", "stop", "refuse", "agree"),
    4: ("finish", "finish", "finish", "finish", "finish", "draft", "send_back", "recall", "claim", "unclaim",
        "hand_over", "ask", "opine", "opine", "unask", "extend", "extend", "agree", "agree", "disagree", "unextend",
        "ask_supplement", "ask_supplement", "ask_payment", "stop", "withdraw", "pay", "bring_back", "account_for",
        "account_for"),
    6: ("pay", "pay", "withdraw", "stop"), 7: ("decide",), 8: ("reopen", "give_back", "give_back"),
    9: ("pay", "deliver", "collect", "reopen", "account_for"), 10: ("deliver", "reopen"),
}  # fmt: skip
