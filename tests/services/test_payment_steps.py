"""Steps that wait for money, side by side."""

from app.models import Charge
from app.permissions import Role
from app.services import charges, guards, processing, reception
from app.services.finish_checks import why_not
from app.services.lifecycle import open_tasks
from tests.services.steps import Office
from tests.services.test_graph_processes import BACK, DESK, SIGN, WORK, finish, graph, to


def test_two_payments_side_by_side_ask_once_and_not_for_what_is_due_with_the_result(session):
    pay = ("Nộp phí", "payment", "cashier", "desk", 0)
    process = graph(session, DESK, WORK, pay, pay, SIGN, BACK,
                    b2={"goes_to": to("b3", "b4")}, b3={"goes_to": to("b5")})  # fmt: skip
    office = Office(session, process=process, fee=50_000, fee_due="return")
    dossier = reception.pass_on(session, office.received(), office[Role.desk_officer])
    dossier.charges.append(Charge(name="Phí thẩm định", kind="fee", amount=10_000, due="supplement"))
    session.flush()
    finish(office, dossier, "b2")
    assert dossier.state == 6
    charges.record_payment(session, dossier, office[Role.desk_officer], "cash")
    assert (dossier.state, dossier.step_name) == (4, "Ký")
    assert [charge.amount for charge in charges.open_charges(dossier)] == [50_000]
    asked = [m.transition for m in dossier.movements if m.transition == "request_payment_in_process"]
    assert len(asked) == 1


def test_a_payment_step_does_not_ask_for_what_falls_due_with_the_result(session):
    process = graph(session, DESK, WORK, ("Nộp phí", "payment", "cashier", "desk", 0), SIGN, BACK)
    office = Office(session, process=process, fee=50_000, fee_due="return")
    dossier = reception.pass_on(session, office.received(), office[Role.desk_officer])
    finish(office, dossier, "b2")
    assert (dossier.state, dossier.step_name) == (4, "Ký"), "it is asked for when the result is handed over"
    finish(office, dossier, "b4")
    assert (dossier.state, [c.amount for c in guards.owed_now(dossier)]) == (9, [50_000])


def test_a_payment_step_left_with_a_return_fee_alone_stands_in_nobody_s_way(session):
    """The fee at its moment was asked for; then the moment is changed: everything that asks says the same."""
    pay, check = ("Nộp phí", "payment", "cashier", "desk", 0), ("Thẩm tra", "check", "division_head", "agency", 60)
    process = graph(session, DESK, WORK, pay, check, SIGN, BACK,
                    b2={"goes_to": to("b3", "b4")}, b3={"goes_to": to("b5")})  # fmt: skip
    office = Office(session, process=process, fee=50_000, fee_due="reception")
    dossier, _citizen = office.submitted()
    reception.accept(session, dossier, office[Role.desk_officer])
    reception.pass_on(session, dossier, office[Role.desk_officer])
    finish(office, dossier, "b2")
    paying = next(task for task in open_tasks(dossier) if task.key == "b3")
    assert why_not(paying, processing.ahead_of(paying))
    dossier.charges[0].due = "return"
    assert why_not(paying, processing.ahead_of(paying)) == ""
    finish(office, dossier, "b3")
    assert [task.key for task in open_tasks(dossier)] == ["b4"]
