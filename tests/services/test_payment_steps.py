"""Steps that wait for money, side by side."""

from app.models import Charge
from app.permissions import Role
from app.services import charges, reception
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
