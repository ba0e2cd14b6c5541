"""A dossier through its internal process: each step by its own officer (HUE25 Đ16)."""

import threading

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.extensions import db
from app.models import Dossier, Letter, MailMessage, Notice, Task
from app.permissions import Role, acting_as
from app.services import handing, processing, reception, results
from app.services.actors import build_actor
from app.services.charges import record_payment
from app.services.history import verify_history
from app.services.letters import letter_pdf
from app.tasks.outbox import run_waiting
from app.transactions import transaction
from app.workflows.process import StepKind
from tests.factories import make_agency, make_process
from tests.packs.hue import HUE, read
from tests.services.steps import PNG, Office, task_of, write_draft


def real_process(code: str):
    """Return a process as the province decided it, from the Huế pack."""
    given = read(HUE / "processes" / f"{code}.yaml")
    steps = [
        (s["name"], s["kind"], s["role"], s["place"], s["working_minutes"]) for s in given["steps"]
    ]
    return make_process(steps, name=given["name"])


def test_the_entire_way_of_a_real_procedure(session):
    """Decision 1582/QĐ-UBND: 13 steps, signed and sealed by the province's People's Committee."""
    office = Office(session, process=real_process("qt_1_009659"), fee_due="reception")
    office.staff()
    chairman = office.officer(Role.agency_head, office.tree.root)
    registrar = office.officer(Role.clerk, office.tree.root)
    desk = office[Role.desk_officer]
    dossier, citizen = office.submitted(result_way="online")
    with acting_as(desk):
        reception.accept(session, dossier, desk)
        record_payment(session, dossier, desk, "cash")
        reception.pass_on(session, dossier, desk)
    while dossier.state == 4:
        task = task_of(dossier)
        at_province = task.agency_id == office.tree.root.id
        actor = (
            {Role.agency_head: chairman, Role.clerk: registrar}.get(Role(task.role))
            if at_province
            else None
        )
        actor = actor or office[Role(task.role)]
        if task.kind == StepKind.work and results.may_draft(dossier, actor):
            write_draft(session, dossier, actor)
        with acting_as(actor):
            processing.finish_task(session, task, actor)
    assert dossier.state == 9
    result = dossier.results[-1]
    assert result.state == "issued"
    assert result.approved_by_name == chairman.name
    assert "H57" in result.number
    assert results.result_pdf(result).startswith(b"%PDF")
    with acting_as(desk):
        results.deliver(session, dossier, desk, receiver="Trần Thị Bình", signature=PNG)
    assert dossier.state == 10
    _everything_is_kept(session, dossier, citizen)


def _everything_is_kept(session, dossier, citizen):
    states = [task.state for task in dossier.tasks]
    assert states == ["done"] * 13
    kinds = sorted(session.scalars(sa.select(Letter.kind).where(Letter.dossier_id == dossier.id)))
    assert kinds == [
        "acknowledgement",
        "charge_receipt",
        "control_slip",
        "receipt_slip",
        "return_receipt",
    ]
    told = session.scalars(sa.select(Notice.title).where(Notice.user_id == citizen.user_id)).all()
    assert len(told) == 4  # sent, accepted, result ready, handed over
    mails = session.scalars(sa.select(MailMessage)).all()
    assert len(mails) == 4
    assert all(mail.recipient == dossier.applicant_email for mail in mails)
    names = [movement.transition for movement in dossier.movements]
    assert names[:3] == ["submit", "accept", "start"]
    assert names[-2:] == ["finish", "return_result"]
    assert names.count("finish_step") == 10
    assert all(part.ended_at is not None for part in dossier.segments)
    session.flush()
    assert list(verify_history()) == []


def test_every_letter_of_the_way_can_be_printed(session):
    office = Office(session)
    dossier = office.finished()
    results.deliver(session, dossier, office[Role.desk_officer], receiver="Trần Thị Bình", on_paper=True)
    for letter in dossier.letters:
        assert letter_pdf(session, letter).startswith(b"%PDF"), letter.kind
        assert letter_pdf(session, letter) == letter_pdf(session, letter)


def test_the_next_step_opens_with_its_own_limit_and_officer(session):
    office = Office(session)
    dossier = office.processed()
    task = task_of(dossier)
    assert (task.name, task.assignee_id) == ("Thẩm định hồ sơ", office[Role.specialist].user_id)
    assert (dossier.step_name, dossier.holder_id) == (task.name, task.assignee_id)
    assert task.due_at > task.opened_at
    assert dossier.segments[-1].user_id == task.assignee_id


def test_a_step_with_several_officers_waits_to_be_taken(session):
    office = Office(session)
    first, second = office[Role.specialist], office.officer(Role.specialist)
    dossier = office.processed()
    task = task_of(dossier)
    assert task.assignee_id is None
    handing.claim(session, task, first)
    assert task.assignee_id == dossier.holder_id == first.user_id
    with pytest.raises(Conflict):
        handing.claim(session, task, second)
    with pytest.raises(NotAllowed):
        processing.finish_task(session, task, second)


def test_the_sign_step_needs_a_draft(session):
    office = Office(session)
    dossier = office.processed()
    with pytest.raises(Invalid):
        processing.finish_task(session, task_of(dossier), office[Role.specialist])
    assert task_of(dossier).name == "Thẩm định hồ sơ"


def test_sending_back_returns_it_to_who_did_it_and_withdraws_the_signature(session):
    office = Office(session)
    dossier = office.processed()
    office.step(dossier)
    office.step(dossier)
    task, clerk = task_of(dossier), office[Role.clerk]
    assert dossier.results[-1].state == "approved"
    back = processing.earlier_steps(task)
    assert [step.kind for step in back] == ["sign", "work"]
    with pytest.raises(Invalid):
        processing.send_back(session, task, back[1].key, clerk, " ")
    fresh = processing.send_back(session, task, back[1].key, clerk, "Sai tên")
    assert fresh.assignee_id == office[Role.specialist].user_id
    assert task.state == "returned"
    assert dossier.results[-1].state == "draft"
    assert dossier.movements[-1].transition == "send_back_step"
    assert "Sai tên" in dossier.movements[-1].remark


def test_a_step_is_not_sent_back_forwards_or_to_the_desk(session):
    office = Office(session)
    dossier = office.processed()
    task = task_of(dossier)
    others = [step for step in office.version.process.steps if step.kind in {"receive", "sign"}]
    for step in others:
        with pytest.raises(NotAllowed):
            processing.send_back(session, task, str(step.id), office[Role.specialist], "lý do")


def test_nothing_is_finished_while_the_applicant_supplements(session):
    office = Office(session)
    dossier = office.processed()
    component = office.version.components[0]
    reception.ask_supplement(session, dossier, office[Role.specialist], reason="Thiếu trang 2",
                             field_keys=[], component_ids=[component.id])  # fmt: skip
    write = office[Role.specialist]
    with pytest.raises(NotAllowed):
        processing.finish_task(session, task_of(dossier), write)
    with pytest.raises(NotAllowed):
        write_draft(session, dossier, write)


def test_a_task_is_handed_on_only_to_those_who_may_do_it(session):
    office = Office(session)
    colleague = office.officer(Role.specialist)
    dossier = office.processed()
    task, head = task_of(dossier), office[Role.agency_head]
    handing.hand_to(session, task, colleague.user_id, head)
    assert task.assignee_id == colleague.user_id
    assert session.scalar(sa.select(sa.func.count(Notice.id)).where(
        Notice.user_id == colleague.user_id, Notice.key.like(f"task:{task.id}%"))) == 2  # fmt: skip
    with pytest.raises(Invalid):
        handing.hand_to(session, task, office[Role.clerk].user_id, head)
    with pytest.raises(NotAllowed):
        handing.hand_to(session, task, colleague.user_id, office[Role.clerk])


def test_a_task_of_another_commune_is_not_found(session):
    office = Office(session)
    dossier = office.processed()
    stranger = office.officer(Role.specialist, make_agency(parent=office.tree.root))
    with pytest.raises(NotFound):
        handing.get_task(session, task_of(dossier).id, stranger)
    with pytest.raises(NotAllowed):
        processing.finish_task(session, task_of(dossier), stranger)


def test_the_superior_stands_in_for_a_step_that_is_nobodys(session):
    office = Office(session)
    office.officer(Role.specialist)
    office[Role.specialist]
    dossier = office.processed()
    head = office[Role.division_head]
    write_draft(session, dossier, head)
    processing.finish_task(session, task_of(dossier), head)
    assert task_of(dossier).name == "Ký duyệt kết quả"


def test_an_officer_who_left_does_not_get_the_step_again(session):
    office = Office(session)
    dossier = office.processed()
    office.step(dossier)
    specialist = office[Role.specialist]
    office.officer(Role.specialist)
    from app.models import OfficerPosition

    post = session.scalar(
        sa.select(OfficerPosition).where(OfficerPosition.user_id == specialist.user_id)
    )
    post.valid_to = post.valid_from
    session.flush()
    task = task_of(dossier)
    back = processing.earlier_steps(task)[0]
    fresh = processing.send_back(session, task, back.key, office[Role.agency_head], "lý do")
    assert fresh.assignee_id not in {None, specialist.user_id}


def test_two_officers_finishing_the_same_step(own_database):
    """One wins; the other is told who was faster, and nothing happens twice."""
    with own_database.app_context(), transaction() as session:
        office = Office(session)
        actors = [office[Role.specialist], office.officer(Role.specialist)]
        dossier = office.processed()
        task = task_of(dossier)
        task_id, code = task.id, dossier.code
        write_draft(session, dossier, actors[0])
    outcomes, barrier = [], threading.Barrier(2)

    def finish(user_id: int) -> None:
        with own_database.app_context():
            from app.models import User

            actor = build_actor(db.session(), db.session.get(User, user_id))
            db.session.rollback()
            barrier.wait()
            try:
                with transaction() as session, acting_as(actor):
                    processing.finish_task(
                        session, handing.get_task(session, task_id, actor), actor
                    )
                outcomes.append("done")
            except Conflict as exc:
                outcomes.append(str(exc))
            finally:
                db.session.remove()

    threads = [threading.Thread(target=finish, args=(actor.user_id,)) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome == "done" for outcome in outcomes) == [False, True]
    assert any(code in outcome for outcome in outcomes if outcome != "done")
    with own_database.app_context():
        dossier = db.session.scalar(sa.select(Dossier).where(Dossier.code == code))
        assert [task.state for task in dossier.tasks] == ["done", "done", "open"]
        assert list(verify_history()) == []
        db.session.remove()


def test_side_effects_run_once_however_often_they_are_drained(session):
    office = Office(session)
    dossier, _citizen = office.submitted()
    session.commit()  # a unit of work begins by giving up what was not
    run_waiting()
    count = session.scalar(sa.select(sa.func.count(MailMessage.id)))
    session.expire_all()  # the worker wrote in a session of its own
    letter = dossier.letters[0]
    assert letter.file_id is not None
    run_waiting()
    assert session.scalar(sa.select(sa.func.count(MailMessage.id))) == count == 1


def test_a_step_is_late_only_against_its_own_limit(session):
    office = Office(session)
    start = now().replace(year=2026, month=11, day=9, hour=2, minute=0)
    with acting_at(start):
        dossier = office.processed()
    task = task_of(dossier)
    assert session.get(Task, task.id).due_at < dossier.due_at
