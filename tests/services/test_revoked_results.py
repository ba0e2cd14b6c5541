"""A dossier stopped or withdrawn after its result was sealed: the result is revoked, and signed anew if it goes on."""

import pytest
import sqlalchemy as sa

from app.errors import Invalid, NotFound
from app.history import HistoryEntry
from app.permissions import ANONYMOUS, Role
from app.services import reception, results
from app.services.ledger import ledger_of
from app.services.lookup import find_public
from app.services.reopening import reopen, steps_to_return_to
from app.workflows.result import ResultState
from app.workflows.states import State
from tests.services.steps import Office, task_of
from tests.services.test_graph_processes import BACK, DESK, SIGN, WORK, graph, office_with

WHY = "Dừng nhầm hồ sơ."


def sealed(session):
    """Return (office, dossier) after the seal, with one step before it is handed over."""
    seal, sent = ("Vào sổ", "number_and_seal", "clerk", "agency", 30), ("Gửi lưu", "check", "specialist", "agency", 30)
    office = office_with(session, graph(session, DESK, WORK, SIGN, seal, sent, BACK))
    dossier = office.processed()
    while task_of(dossier).name != "Gửi lưu":
        office.step(dossier)
    return office, dossier


def stop_it(office, dossier, way):
    if way == "stopped":
        return reception.stop(office.session, dossier, office[Role.agency_head], "Không đủ điều kiện")
    reception.request_withdrawal(office.session, dossier, office[Role.desk_officer], "Đổi ý")
    return reception.decide_withdrawal(office.session, dossier, office[Role.desk_officer], agree=True)


@pytest.mark.parametrize("way", ["stopped", "withdrawn"])
def test_ended_after_the_seal_its_result_is_revoked_and_look_up_says_so(session, client, way):
    office, dossier = sealed(session)
    old = results.current_result(dossier)
    stop_it(office, dossier, way)
    assert (dossier.state, old.state, results.current_result(dossier)) == (State.stopped, ResultState.revoked, None)
    (told,) = find_public(session, dossier.code, ANONYMOUS).revoked
    assert (told.number, told.revoked_at is not None, told.replaced_by) == (old.number, True, None)
    assert old.number in client.get(f"/tra-cuu/{dossier.code}").text
    with pytest.raises(NotFound):
        results.result_pdf(old)
    entries = session.scalars(sa.select(HistoryEntry).where(HistoryEntry.record == "result").order_by(HistoryEntry.id))
    last = entries.all()[-1]
    assert last.changes == {"state": ["issued", "revoked"]}
    assert last.reason


def test_before_the_signature_nothing_is_revoked(session):
    office = Office(session)
    dossier = stop_it(office, office.processed(), "stopped")
    assert (find_public(session, dossier.code, ANONYMOUS).revoked, dossier.results) == ((), [])


def test_signed_but_not_sealed_it_is_signed_anew_as_well(session):
    seal = ("Vào sổ", "number_and_seal", "clerk", "agency", 30)
    office = office_with(session, graph(session, DESK, WORK, SIGN, seal, BACK))
    dossier = office.processed()
    while task_of(dossier).name != "Vào sổ":
        office.step(dossier)
    stop_it(office, dossier, "stopped")
    with pytest.raises(Invalid) as refused:
        reopen(session, dossier, office[Role.agency_head], WHY)
    assert "step" in refused.value.fields
    sign = next(step for step in steps_to_return_to(dossier) if step.kind == "sign")
    reopen(session, dossier, office[Role.agency_head], WHY, sign.key)
    while dossier.state == 4:
        office.step(dossier)
    assert results.current_result(dossier).state == ResultState.issued


@pytest.mark.parametrize("way", ["stopped", "withdrawn"])
def test_opened_again_after_the_seal_it_is_signed_anew(session, way):
    office, dossier = sealed(session)
    old = results.current_result(dossier)
    stop_it(office, dossier, way)
    head = office[Role.agency_head]
    with pytest.raises(Invalid) as refused:
        reopen(session, dossier, head, WHY)
    assert "step" in refused.value.fields
    sign = next(step for step in steps_to_return_to(dossier) if step.kind == "sign")
    reopen(session, dossier, head, WHY, sign.key)
    if way == "withdrawn":
        reception.decide_withdrawal(session, dossier, office[Role.desk_officer], agree=False, reason="Vẫn làm tiếp")
    assert (task_of(dossier).kind, results.current_result(dossier).content) == ("sign", old.content)
    while dossier.state == 4:
        office.step(dossier)
    fresh = results.current_result(dossier)
    assert (dossier.state, fresh.state, fresh.number != old.number) == (9, ResultState.issued, True)
    assert ledger_of(session, dossier).faults == []
