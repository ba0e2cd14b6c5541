"""How one demo dossier travels until the present: each act at its own time, or not yet."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from app.clock import acting_at
from app.errors import DomainError
from app.models import Dossier, Task
from app.permissions import Actor, Role, acting_as
from app.services import charges, lifecycle, processing, reception, results, submission
from app.services.task_rights import SUPERIOR
from app.services.timing import calendar_of
from app.workflows.process import StepKind
from app.workflows.states import State
from app.workflows.working_time import add_minutes

if TYPE_CHECKING:
    from app.packs.demo_dossiers import DossierMaker

_SLOW = 0.13  # share of steps that take longer than they may
_ASK = "Giấy tờ nộp kèm chưa rõ, đề nghị bổ sung bản chụp đầy đủ các trang."
_REFUSE = "Nội dung yêu cầu không thuộc thẩm quyền giải quyết của cơ quan tiếp nhận."
_STOP = "Người nộp hồ sơ không thực hiện yêu cầu bổ sung trong thời hạn quy định."
_WITHDRAW = "Tôi thay đổi nhu cầu, đề nghị được rút hồ sơ."


class Course:
    """Walks one dossier forward; ``at`` is when the last act happened."""

    def __init__(self, maker: DossierMaker, dossier: Dossier) -> None:
        self.maker, self.dossier = maker, dossier
        self.session, self.random = maker.session, maker.random
        self.at: datetime = dossier.received_at or dossier.submitted_at

    def run(self) -> None:
        """Do what would have been done by now."""
        if self.dossier.received_at is None and not self._receive():
            return
        desk_officer = self._desk_officer()
        if desk_officer is None or not self._pay(desk_officer) or not self._wait(10, 100):
            return
        if self._act(desk_officer, lambda who: reception.pass_on(self.session, self.dossier, who)):
            self._process()

    def _receive(self) -> bool:
        """Let the desk answer an online submission: accept, ask or refuse."""
        officer = self._desk_officer()
        if officer is None or not self._wait(15, 420 if self.random.random() > 0.06 else 900):
            return False
        chance = self.random.random()
        if chance < 0.05:
            self._act(
                officer, lambda who: reception.refuse(self.session, self.dossier, who, _REFUSE)
            )
            return False
        if chance < 0.14 and not self._supplement(officer):
            return False
        return self._act(officer, lambda who: reception.accept(self.session, self.dossier, who))

    def _supplement(self, officer: Actor) -> bool:
        papers = [c.id for c in self.dossier.version.components if c.is_required][:1]
        keys = (
            [f.key for f in self.dossier.version.form.fields()][:1]
            if self.dossier.version.form
            else []
        )
        self._act(officer, lambda who: reception.ask_supplement(
            self.session, self.dossier, who, reason=_ASK, field_keys=keys, component_ids=papers))  # fmt: skip
        if self.random.random() < 0.35 or not self._wait(300, 1900):
            return False
        applicant = self.maker.applicant_of(self.dossier)
        data = dict(self.dossier.revisions[-1].data)
        done = self._act(applicant, lambda who: self._answer(who, data))
        return done and self._wait(15, 200)

    def _answer(self, applicant: Actor, data: dict[str, object]) -> None:
        from app.clock import now
        from app.models import Attachment

        for component_id in self.dossier.supplements[-1].component_ids:
            self.dossier.attachments.append(Attachment(
                component_id=component_id, name="Bổ sung.pdf", file=self.random.choice(self.maker.papers),
                author_name=applicant.name, created_at=now(),
            ))  # fmt: skip
        self.session.flush()
        submission.answer_supplement(self.session, self.dossier, data, applicant)

    def _pay(self, officer: Actor) -> bool:
        """At the counter one pays at once; online some are asked and pay later."""
        if not lifecycle.due_charges(self.dossier):
            return True
        if self.dossier.channel == "counter":
            return self._wait(3, 10) and self._act(officer, self._record)
        if self.random.random() < 0.3 and self._wait(5, 60):
            self._act(officer, lambda who: charges.request_payment(self.session, self.dossier, who))
            return self._wait(60, 1200) and self._act(officer, self._record)
        return True

    def _record(self, officer: Actor) -> None:
        method = self.random.choice(("cash", "cash", "transfer"))
        charges.record_payment(self.session, self.dossier, officer, method)

    def _process(self) -> None:
        chance = self.random.random()
        while self.dossier.state == State.processing:
            task = next(iter(lifecycle.open_tasks(self.dossier)), None)
            if task is None or not self._detour(task, chance):
                return
            chance = 1.0
            officer = self._officer_for(task)
            if officer is None or not self._wait_for(task):
                return
            if task.kind in {StepKind.work, StepKind.sign}:  # some are signed at once
                self._act(officer, self._draft)
            if not self._act(
                officer, lambda who, task=task: processing.finish_task(self.session, task, who)
            ):
                return
        if self.dossier.state == State.finished:
            self._return()

    def _detour(self, task: Task, chance: float) -> bool:
        """Sometimes the way is not straight: withdrawal, stop, supplement in processing."""
        if chance >= 0.10:
            return True
        if chance < 0.02 and self._wait(60, 400):
            self._act(self.maker.applicant_of(self.dossier), lambda who: lifecycle.move(
                self.session, self.dossier, "request_withdrawal", who, remark=_WITHDRAW))  # fmt: skip
            return False
        officer = self._officer_for(task)
        head = self.maker.actor_at(self.dossier.agency, Role.agency_head)
        if chance < 0.035 and head is not None and self._wait(200, 900):
            self._act(head, lambda who: reception.stop(self.session, self.dossier, who, _STOP))
            return False
        if officer is None or not officer.has(Role.specialist) or not self._wait(60, 300):
            return True
        return self._supplement(officer) if self.dossier.supplement_count == 0 else True

    def _draft(self, officer: Actor) -> None:
        if results.current_result(self.dossier) is None:
            version = self.dossier.version
            title = (version.result_text or "Văn bản trả lời").splitlines()[0][:200]
            content = (
                f"Xét hồ sơ {self.dossier.code} của ông/bà {self.dossier.applicant_name} "
                f"về việc {version.name[:1].lower()}{version.name[1:]}.\n"
                "Căn cứ các quy định hiện hành, cơ quan giải quyết theo đề nghị của ông/bà.\n"
                "Ông/bà có trách nhiệm thực hiện đúng nội dung đã được giải quyết."
            )
            results.save_draft(self.session, self.dossier, officer, title=title, content=content)

    def _return(self) -> None:
        if not self._wait(30, 1400):
            return
        officer = self._desk_officer()
        if lifecycle.due_charges(self.dossier) and (
            officer is None or not self._act(officer, self._record)
        ):
            return
        applicant = self.maker.applicant_of(self.dossier)
        if self.dossier.result_way == "online":
            done = self._act(
                applicant, lambda who: results.collect_online(self.session, self.dossier, who)
            )
        else:
            done = officer is not None and self._act(officer, lambda who: results.deliver(
                self.session, self.dossier, who, receiver=self.dossier.applicant_name,
                receiver_id_number=self.dossier.applicant_id_number, receiver_relation="Chủ hồ sơ",
                on_paper=True))  # fmt: skip
        if done and self.random.random() < 0.6:
            self._act(applicant, lambda _who: self.maker.rate(self.dossier))

    def _desk_officer(self) -> Actor | None:
        return self.maker.actor_at(self.dossier.desk, Role.desk_officer)

    def _officer_for(self, task: Task) -> Actor | None:
        for role in (Role(task.role), SUPERIOR.get(Role(task.role))):
            found = self.maker.actors.get((task.agency_id, role), []) if role else []
            mine = [actor for actor in found if task.assignee_id in {None, actor.user_id}]
            if mine:
                return self.random.choice(mine)
        return None

    def _wait_for(self, task: Task) -> bool:
        limit = max(task.step.working_minutes, 15)
        slow = self.random.random() < _SLOW
        low, high = (1.1, 2.6) if slow else (0.25, 0.9)
        return self._wait(int(limit * low), int(limit * high) + 1)

    def _wait(self, low: int, high: int) -> bool:
        """Let working minutes pass; False if that lies in the future."""
        calendar = calendar_of(self.session, self.dossier.desk)
        self.at = add_minutes(calendar, self.at, self.random.randint(low, max(low, high)))
        return self.at < self.maker.started

    def _act(self, actor: Actor, act: object) -> bool:
        try:
            with acting_at(self.at), acting_as(actor):
                act(actor)  # type: ignore[operator]
                self.session.flush()
        except DomainError:
            return False
        return True
