"""Moving a dossier along in tests, each act by a person who may do it."""

from typing import Any

from sqlalchemy.orm import Session

from app.models import Account, Attachment, Dossier, Draft, ProcedureVersion, StoredFile
from app.permissions import Actor, Role
from app.services import charges, processing, reception, results, submission
from app.services.actors import build_actor
from app.services.guards import due_charges
from app.services.reception import CounterReception
from app.workflows.process import StepKind
from tests.factories import make_account, make_procedure, make_tree, make_user, number

ANSWERS = {"ho_ten": "Trần Thị Bình", "so_dinh_danh": "046190000123"}
PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Office:
    """One ward with an officer of every kind, one procedure and its applicants."""

    def __init__(self, session: Session, **version: Any) -> None:
        self.session, self.tree = session, make_tree()
        self.version: ProcedureVersion = make_procedure(**version)
        self.people: dict[Role, Actor] = {}

    def __getitem__(self, role: Role) -> Actor:
        """Return the officer in this role, posted at the first question."""
        if role not in self.people:
            self.people[role] = self.officer(role)
        return self.people[role]

    def officer(self, role: Role, agency: Any = None) -> Actor:
        """Return a new officer in this role."""
        return build_actor(self.session, make_user(role, agency), ip="192.0.2.7")

    def staff(self) -> None:
        """Post one officer in every role of the process."""
        for step in self.version.process.steps if self.version.process else []:
            self[Role(step.role)]

    def applicant(self, **given: Any) -> tuple[Account, Actor]:
        """Return a new applicant with a login."""
        user = make_user()
        account = make_account(user=user, name="Trần Thị Bình", **given)
        return account, build_actor(self.session, user)

    def draft(self, account: Account, **given: Any) -> Draft:
        """Return a complete draft."""
        values = {"key": submission.new_key(), "account": account, "version": self.version,
                  "agency": self.tree.commune, "data": dict(ANSWERS)}  # fmt: skip
        draft = Draft(**values | given)
        self.session.add(draft)
        for component in self.version.components:
            draft.attachments.append(attachment(component))
        self.session.flush()
        return draft

    def submitted(self, **given: Any) -> tuple[Dossier, Actor]:
        """Return a dossier sent online, and its applicant."""
        self.staff()
        account, citizen = self.applicant()
        return submission.submit(self.session, self.draft(account, **given), citizen), citizen

    def given(self, **values: Any) -> CounterReception:
        """Return what the counter entered: every required paper is there."""
        known = {
            "key": submission.new_key(), "version": self.version, "account": make_account(),
            "papers": {c.id: ("original", 1) for c in self.version.components if c.is_required},
        }  # fmt: skip
        return CounterReception(**known | values)

    def received(self, **values: Any) -> Dossier:
        """Return a dossier received at the counter."""
        self.staff()
        officer = self[Role.desk_officer]
        return reception.receive_at_counter(self.session, self.given(**values), officer)

    def processed(self, **values: Any) -> Dossier:
        """Return a dossier passed on to the agency, its fees paid."""
        dossier = self.received(**values)
        self.pay(dossier)
        return reception.pass_on(self.session, dossier, self[Role.desk_officer])

    def pay(self, dossier: Dossier) -> None:
        """Pay what is due at the desk."""
        if due_charges(dossier):
            charges.record_payment(self.session, dossier, self[Role.desk_officer], "cash")

    def finished(self, **values: Any) -> Dossier:
        """Return a dossier whose result is issued."""
        dossier = self.processed(**values)
        while dossier.state == 4:
            self.step(dossier)
        return dossier

    def step(self, dossier: Dossier) -> None:
        """Finish the present step, with a draft where one is written."""
        task = task_of(dossier)
        actor = self[Role(task.role)]
        self.write(dossier, actor)
        processing.finish_task(self.session, task, actor)

    def write(self, dossier: Dossier, actor: Actor) -> None:
        """Write the draft of the result if the present step asks for one."""
        if task_of(dossier).kind == StepKind.work and results.may_draft(dossier, actor):
            write_draft(self.session, dossier, actor)


def write_draft(session: Session, dossier: Dossier, actor: Actor) -> Any:
    """Write a complete draft of the result."""
    content = "Xác nhận ông/bà Trần Thị Bình.\nGiấy này có giá trị 06 tháng."
    return results.save_draft(session, dossier, actor, title="Giấy xác nhận", content=content)


def task_of(dossier: Dossier) -> Any:
    """Return the one open task."""
    (task,) = [task for task in dossier.tasks if task.state == "open"]
    return task


def attachment(component: Any = None, **given: Any) -> Attachment:
    """Return an attachment whose file has passed the scan."""
    stored = StoredFile(
        sha256=f"{number():064x}", size=10, media_type="application/pdf", scan_status="clean"
    )
    return Attachment(**{"component": component, "name": "giay-to.pdf", "file": stored} | given)


def with_result(session: Session, kind: Any) -> tuple[Office, Account, Actor, Dossier, ProcedureVersion]:
    """Return an office, its applicant, a dossier that gave him a ``kind`` of paper, a procedure that asks for it."""
    office = Office(session, result_type=kind, life_events=["marriage"])
    office.staff()
    account, citizen = office.applicant()
    dossier = office.finished(account=account)
    results.deliver(session, dossier, office[Role.desk_officer], receiver=account.name, on_paper=True)
    second = make_procedure(life_events=["marriage"])
    second.components[0].document_type = kind
    session.flush()
    return office, account, citizen, dossier, second
