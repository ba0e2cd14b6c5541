"""The dossier page refuses strangers, forged ids and unusable text without a fault."""

import pytest

from app.permissions import Role
from app.services import reception
from tests.factories import make_account, make_agency
from tests.officers.pages import act, page
from tests.services.steps import ANSWERS, attachment, task_of


@pytest.mark.parametrize("role", [Role.specialist, Role.desk_officer, Role.agency_head, Role.cashier])
def test_another_communes_officer_gets_404_and_can_do_nothing(office, enter, role):
    dossier = office.processed()
    place = make_agency(parent=office.tree.root)
    client = enter(office.officer(role, place))
    assert client.get(f"/dossier/{dossier.code}").status_code == 404
    for name in ("finish_step", "ask_supplement", "pay", "stop"):
        response = act(client, dossier, name, task=task_of(dossier).id, reason="x", method="cash")
        assert response.status_code == 404, name
    assert dossier.state == 4


@pytest.mark.parametrize("code", ["H57.0-1", "x", "..%2f", "%00", "a" * 400])
def test_an_unknown_code_is_404(office, enter, code):
    assert enter(Role.specialist).get(f"/dossier/{code}").status_code == 404


def test_an_applicant_has_no_officers_page(office, login):
    dossier, citizen = office.submitted()
    from app.models import User

    client = login(office.session.get(User, citizen.user_id))
    assert client.get(f"/dossier/{dossier.code}").status_code in {302, 403}


@pytest.mark.parametrize("forged", ["0", "x", "999999", "-1", ""])
def test_forged_tasks_and_acts_change_nothing(office, enter, forged):
    dossier = office.processed()
    client = enter(Role.specialist)
    assert act(client, dossier, "finish_step", task=forged).status_code == 404
    assert act(client, dossier, "finish", task=forged).status_code == 403
    assert dossier.state == 4


def test_a_task_of_another_dossier_is_not_taken(office, enter):
    first, second = office.processed(), office.processed()
    response = act(enter(Role.specialist), first, "hand_to", task=task_of(second).id, user="1")
    assert response.status_code == 404


def test_an_act_needs_the_token(office, enter):
    dossier, _citizen = office.submitted()
    client = enter(Role.desk_officer)
    assert client.post(f"/dossier/{dossier.code}/act/accept", csrf=False).status_code == 400
    assert client.get(f"/dossier/{dossier.code}/act/accept").status_code in {404, 405}
    assert dossier.state == 1


def test_script_in_any_text_is_only_text(office, enter, session):
    attack = "<script>alert(1)</script>"
    account = make_account(name=attack, address=attack, email=None)
    dossier = office.received(account=account, data={**ANSWERS, "noi_dung": attack})
    dossier.attachments.append(attachment(office.version.components[0], name=f"{attack}.pdf"))
    reception.request_withdrawal(session, dossier, office[Role.desk_officer], attack)
    client = enter(Role.desk_officer)
    for tab in ("", "?tab=course", "?tab=papers", "?tab=time"):
        assert attack not in page(client, dossier, tab)


def test_unusable_and_endless_text_is_no_fault_of_ours(office, enter, session):
    dossier = office.processed()
    client, task = enter(Role.specialist), task_of(dossier)
    assert act(client, dossier, "draft", title="x" * 501, content="x").status_code == 422
    assert act(client, dossier, "draft", title="Giấy\x00", content="\x1bXác nhận").status_code == 302
    assert act(client, dossier, "finish_step", task=task.id, remark="\x00" * 9).status_code == 302
    assert client.get("/work/?q=%00&tab=%00").status_code == 200
    assert client.get("/search/?q=%00%00%00").status_code == 200
    assert client.get(f"/dossier/{dossier.code}?tab=%00&letter=%00").status_code == 200
