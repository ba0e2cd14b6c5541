"""Opening a closed dossier again: by whom, back to where, with what clock, result and steps."""

from datetime import timedelta

import pytest

from app.clock import acting_at, now
from app.errors import Invalid, NotAllowed, NotFound
from app.permissions import ANONYMOUS, Role
from app.services import charges, lifecycle, reception, results, submission
from app.services.ledger import ledger_of
from app.services.lookup import find_public
from app.services.reopening import reopen, steps_to_return_to
from app.workflows.result import ResultState
from tests.factories import make_agency
from tests.services.steps import task_of
from tests.services.test_graph_processes import BACK, DESK, SIGN, WORK, finish, graph, office_with, unpaid
from tests.wording import vi

WHY = "Đóng nhầm hồ sơ."


def ended(office, way):
    """Return a dossier closed in one of the ways."""
    session, desk, head = office.session, office[Role.desk_officer], office[Role.agency_head]
    if way == "refused":
        return reception.refuse(session, office.submitted()[0], desk, "Không thuộc thẩm quyền")
    if way == "finished":
        return office.finished()
    if way == "withdrawn":
        dossier, citizen = office.submitted()
        reception.request_withdrawal(session, dossier, citizen, "Đổi ý")
        return reception.decide_withdrawal(session, dossier, desk, agree=True)
    return reception.stop(session, office.processed(), head, "Dừng nhầm")


WAYS = {"refused": 1, "finished": 4, "withdrawn": 7, "stopped": 4}


@pytest.mark.parametrize("way", WAYS)
def test_it_goes_back_to_where_it_was_and_its_time_has_no_gap(office, session, way):
    dossier = ended(office, way)
    due_at, code = dossier.due_at, dossier.code
    key = steps_to_return_to(dossier)[-1].key if way == "finished" else ""
    with acting_at(now() + timedelta(days=3)):
        reopen(session, dossier, office[Role.agency_head], WHY, key)
        assert (dossier.state, dossier.code, dossier.due_at) == (WAYS[way], code, due_at)
        assert (dossier.closed_at, dossier.finished_at) == (None, None)
        assert dossier.movements[-1].transition in {"reopen", "finish_step"}
        assert [m.remark for m in dossier.movements if m.transition == "reopen"] == [WHY]
        assert ledger_of(session, dossier).faults == []
        assert len([part for part in dossier.segments if part.ended_at is None]) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("role", sorted(set(Role) - {Role.citizen, Role.agency_head}))
def test_only_the_head_of_its_agency_opens_it_again(office, session, way, role):
    dossier = ended(office, way)
    before = dossier.state
    for actor in (office[role], office.officer(Role.agency_head, make_agency(parent=office.tree.root)),
                  office.officer(Role.agency_head, office.tree.root)):  # fmt: skip
        with pytest.raises(NotAllowed):
            reopen(session, dossier, actor, WHY)
    assert dossier.state == before


def as_upgraded(session, dossier):
    """Leave of its steps what a database knew before ways, and what counts, were recorded."""
    for task in dossier.tasks:
        task.is_current, task.went_to = True, None
    session.flush()


@pytest.mark.parametrize("steps", [0, 1])
def test_a_dossier_stopped_before_ways_were_recorded_goes_on(office, session, steps):
    dossier = office.processed()
    for _time in range(steps):
        office.step(dossier)
    name = task_of(dossier).name
    reception.stop(session, dossier, office[Role.agency_head], "Dừng nhầm")
    as_upgraded(session, dossier)
    reopen(session, dossier, office[Role.agency_head], WHY)
    assert task_of(dossier).name == name
    while dossier.state == 4:
        office.step(dossier)
    assert dossier.state == 9


def test_so_does_one_withdrawn_at_the_desk(office, session):
    account, citizen = office.applicant()
    dossier = office.received(account=account)
    reception.request_withdrawal(session, dossier, citizen, "Đổi ý")
    reception.decide_withdrawal(session, dossier, office[Role.desk_officer], agree=True)
    as_upgraded(session, dossier)
    reopen(session, dossier, office[Role.agency_head], WHY)
    assert task_of(dossier).kind == "receive"


def test_a_stopped_dossier_is_worked_on_by_who_had_it(office, session):
    dossier = office.processed()
    task = task_of(dossier)
    task.assignee_id = office[Role.specialist].user_id
    session.flush()
    reception.stop(session, dossier, office[Role.agency_head], "Dừng nhầm")
    reopen(session, dossier, office[Role.agency_head], WHY)
    again = task_of(dossier)
    assert (again.name, again.assignee_id) == (task.name, office[Role.specialist].user_id)
    while dossier.state == 4:
        office.step(dossier)
    assert dossier.state == 9


def test_a_finished_one_loses_its_result_and_is_signed_anew(office, session):
    dossier = office.finished()
    old = results.current_result(dossier)
    names = [step.kind for step in steps_to_return_to(dossier)]
    assert names == ["sign", "work"]  # not sealing: nothing is signed any more
    reopen(session, dossier, office[Role.agency_head], WHY, steps_to_return_to(dossier)[-1].key)
    draft = results.current_result(dossier)
    assert (old.state, draft.state, draft.number) == (ResultState.revoked, ResultState.draft, None)
    assert (draft.title, draft.content, draft.drafted_by_id) == (old.title, old.content, old.drafted_by_id)
    with pytest.raises(NotFound):
        results.result_pdf(old)
    assert task_of(dossier).kind == "work"
    while dossier.state == 4:
        office.step(dossier)
    fresh = results.current_result(dossier)
    assert (fresh.state, fresh.number != old.number) == (ResultState.issued, True)


def test_gone_on_at_the_signature_it_is_signed_again_before_it_is_sealed(office, session):
    dossier = office.finished()
    old = results.current_result(dossier)
    sign = next(step for step in steps_to_return_to(dossier) if step.kind == "sign")
    reopen(session, dossier, office[Role.agency_head], WHY, sign.key)
    assert task_of(dossier).kind == "sign"
    while dossier.state == 4:
        office.step(dossier)
    fresh = results.current_result(dossier)
    assert (dossier.state, fresh.state, fresh.number != old.number) == (9, ResultState.issued, True)


def test_stopped_between_signature_and_number_it_is_signed_again(office, session):
    """Stopping took the signature away: who reopens says where it goes on, the clerk could not number it."""
    dossier, head = office.processed(), office[Role.agency_head]
    while task_of(dossier).kind != "number_and_seal":
        office.step(dossier)
    reception.stop(session, dossier, head, "Dừng nhầm")
    assert results.current_result(dossier).state == ResultState.draft
    with pytest.raises(Invalid) as caught:
        reopen(session, dossier, head, WHY)
    assert list(caught.value.fields) == ["step"]
    sign = next(step for step in steps_to_return_to(dossier) if step.kind == "sign")
    reopen(session, dossier, head, WHY, sign.key)
    assert task_of(dossier).kind == "sign"
    while dossier.state == 4:
        office.step(dossier)
    assert (dossier.state, [one.state for one in dossier.results]) == (9, [ResultState.issued])


@pytest.mark.parametrize("kind", ["work", "sign"])
def test_a_draft_nobody_signed_goes_on_where_it_was(office, session, kind):
    dossier = office.processed()
    while task_of(dossier).kind != kind:
        office.step(dossier)
    office.write(dossier, office[Role.specialist])
    reception.stop(session, dossier, office[Role.agency_head], "Dừng nhầm")
    reopen(session, dossier, office[Role.agency_head], WHY)
    assert (task_of(dossier).kind, results.current_result(dossier).state) == (kind, ResultState.draft)


def test_a_step_after_the_last_signature_is_not_offered(session):
    sent = ("Gửi bản lưu", "check", "specialist", "agency", 30)
    seal = ("Vào sổ", "number_and_seal", "clerk", "agency", 30)
    office = office_with(session, graph(session, DESK, WORK, SIGN, seal, sent, BACK))
    dossier = office.finished()
    assert [step.name for step in steps_to_return_to(dossier)] == ["Ký", "Thụ lý"]
    last = next(task.key for task in dossier.tasks if task.name == "Gửi bản lưu")
    with pytest.raises(Invalid):
        reopen(session, dossier, office[Role.agency_head], WHY, last)


def test_look_up_tells_what_is_revoked_and_what_is_in_its_place(office, session, client):
    dossier = office.finished()
    old = results.current_result(dossier)
    assert find_public(session, dossier.code, ANONYMOUS).revoked == ()
    reopen(session, dossier, office[Role.agency_head], "Sai tên bà Trần Thị Bí Mật", steps_to_return_to(dossier)[0].key)
    (told,) = find_public(session, dossier.code, ANONYMOUS).revoked
    assert (told.number, told.issued_on, told.replaced_by) == (old.number, old.issued_on, None)
    assert told.revoked_at is not None
    while dossier.state == 4:
        office.step(dossier)
    session.flush()
    text = client.get(f"/tra-cuu/{dossier.code}").get_data(as_text=True)
    fresh = results.current_result(dossier).number
    assert vi("In its place: No. %(number)s.", number=fresh) in text
    assert old.number in text
    assert "Bí Mật" not in text


@pytest.mark.parametrize("key", ["", "b1", "nonsense"])
def test_a_finished_one_needs_a_step_that_was_done(office, session, key):
    dossier = office.finished()
    with pytest.raises(Invalid) as refused:
        reopen(session, dossier, office[Role.agency_head], WHY, key)
    assert "step" in refused.value.fields
    assert (dossier.state, results.current_result(dossier).state) == (9, "issued")


def test_a_reason_is_needed_and_a_doubled_click_does_it_once(office, session):
    dossier, head = ended(office, "stopped"), office[Role.agency_head]
    with pytest.raises(Invalid) as refused:
        reopen(session, dossier, head, "  ")
    assert "reason" in refused.value.fields
    reopen(session, dossier, head, WHY)
    with pytest.raises(NotAllowed):
        reopen(session, dossier, head, WHY)
    assert len(lifecycle.open_tasks(dossier)) == 1


def test_what_was_handed_over_stays_closed(office, session):
    dossier = office.finished()
    results.deliver(session, dossier, office[Role.desk_officer], receiver="Trần Thị Bình", on_paper=True)
    with pytest.raises(NotAllowed):
        reopen(session, dossier, office[Role.agency_head], WHY)


def test_stopped_while_it_waited_it_waited_all_the_time(office, session):
    dossier = office.processed()
    due_at = dossier.due_at
    reception.ask_supplement(session, dossier, office[Role.specialist], reason="thiếu",
                             field_keys=["ho_ten"], component_ids=[])  # fmt: skip
    with acting_at(now() + timedelta(days=10)):
        reception.stop(session, dossier, office[Role.agency_head], "Dừng nhầm")
    with acting_at(now() + timedelta(days=20)):
        reopen(session, dossier, office[Role.agency_head], WHY)
        assert dossier.state == 5
    with acting_at(now() + timedelta(days=30)):
        submission.answer_supplement(session, dossier, {"ho_ten": "Trần Thị An"}, office[Role.desk_officer])
        assert dossier.state == 4
        assert dossier.due_at >= due_at + timedelta(days=29)
        assert ledger_of(session, dossier).faults == []


# Withdrawal: from every state, agreed to or declined, the money settled.

ASKED_FROM = {1: "submitted", 2: "received", 4: "processed", 5: "waiting", 6: "unpaid"}


def asked_from(office, state):
    session = office.session
    if state == 1:
        return office.submitted()[0]
    if state == 2:
        return office.received()
    if state == 6:
        dossier = office.received()
        return charges.request_payment(session, dossier, office[Role.desk_officer])
    dossier = office.processed()
    if state == 5:
        reception.ask_supplement(session, dossier, office[Role.specialist], reason="thiếu",
                                 field_keys=["ho_ten"], component_ids=[])  # fmt: skip
    return dossier


@pytest.mark.parametrize("state", ASKED_FROM)
@pytest.mark.parametrize("role", [Role.desk_officer, Role.agency_head])
@pytest.mark.parametrize("agree", [True, False])
def test_a_withdrawal_is_decided_from_every_state(office, session, state, role, agree):
    dossier = asked_from(office, state)
    assert dossier.state == state
    reception.request_withdrawal(session, dossier, office[Role.desk_officer], "Đổi ý")
    reception.decide_withdrawal(session, dossier, office[role], agree=agree, reason="Còn trong thời hạn")
    assert dossier.state == (8 if agree else state)
    assert ledger_of(session, dossier).faults == []
    if agree:
        assert lifecycle.open_tasks(dossier) == []
        assert lifecycle.due_charges(dossier) == []
        assert [x.kind for x in dossier.letters][-1] == "stop"


@pytest.mark.parametrize(("way", "kind"), [("refused", "refusal"), ("stopped", "stop")])
def test_the_letter_of_the_first_ending_is_cancelled_and_the_second_is_a_new_one(office, session, way, kind):
    dossier = ended(office, way)
    (first,) = [x for x in dossier.letters if x.kind == kind]
    reopen(session, dossier, office[Role.agency_head], WHY)
    assert first.cancelled_at is not None
    if way == "refused":
        reception.refuse(session, dossier, office[Role.desk_officer], "Không đủ điều kiện")
    else:
        reception.stop(session, dossier, office[Role.agency_head], "Không đủ điều kiện")
    session.flush()
    session.expire(dossier, ["letters"])
    second = [x for x in dossier.letters if x.kind == kind][-1]
    assert second is not first
    assert (second.cancelled_at, second.data["reason"]) == (None, "Không đủ điều kiện")
    assert second.number != first.number


def test_a_dossier_stopped_while_it_waits_for_money_waits_for_it_again(session):
    step = ("Nộp phí", "payment", "cashier", "desk", 0)
    office, dossier = unpaid(session, graph(session, DESK, WORK, step, SIGN, BACK))
    finish(office, dossier, "b2")
    assert dossier.state == 6
    reception.stop(session, dossier, office[Role.agency_head], "Dừng nhầm")
    reopen(session, dossier, office[Role.agency_head], WHY)
    assert (dossier.state, dossier.step_name) == (6, "Nộp phí")
    charges.record_payment(session, dossier, office[Role.desk_officer], "cash")
    assert (dossier.state, dossier.step_name) == (4, "Ký")
