"""The whole way of a dossier through its process, and who may do which step."""

import sqlalchemy as sa

from app.extensions import db
from app.models import Letter, MailMessage, Notice
from app.permissions import Role
from app.services import reception, results
from app.services.charges import record_payment
from app.services.history import verify_history
from tests.services.steps import PNG, Office, task_of


def test_a_dossier_goes_all_the_way(session):
    office = Office(session)
    office.staff()
    dossier, _citizen = office.submitted()
    desk = office[Role.desk_officer]
    assert dossier.state == 1
    reception.accept(session, dossier, desk)
    record_payment(session, dossier, desk, "cash")
    reception.pass_on(session, dossier, desk)
    while dossier.state == 4:
        office.step(dossier)
    results.deliver(session, dossier, desk, receiver="Trần Thị Bình", signature=PNG)
    assert dossier.state == 10
