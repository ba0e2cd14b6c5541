"""Opening a dossier again by the button: its consequence, what it asks, and what others get."""

import pytest

from app.permissions import Role
from app.services import reception
from app.services.reopening import steps_to_return_to
from tests.officers.pages import act, page


@pytest.fixture
def stopped(office):
    return reception.stop(office.session, office.processed(), office[Role.agency_head], "Dừng nhầm")


def test_the_head_opens_it_again_once(office, enter, session, stopped):
    head = enter(Role.agency_head)
    text = page(head, stopped)
    assert "Mở lại hồ sơ" in text
    assert "giữ mã và ngày hẹn trả" in text
    refused = act(head, stopped, "reopen", reason=" ")
    assert refused.status_code == 422
    assert act(head, stopped, "reopen", reason="Đóng nhầm").status_code == 302
    assert act(head, stopped, "reopen", reason="Đóng nhầm").status_code == 403
    session.expire_all()
    assert stopped.state == 4
    assert "Hồ sơ đã được mở lại" in page(head, stopped, "?tab=course")
    public = head.get(f"/tra-cuu/{stopped.code}").text
    assert "Hồ sơ đã được mở lại" in public
    assert "Đóng nhầm" not in public


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.citizen, Role.agency_head}))
def test_nobody_else_does(office, enter, session, stopped, role):
    client = enter(role)
    assert act(client, stopped, "reopen", reason="x").status_code in {403, 404}
    session.expire_all()
    assert stopped.state == 8


def test_a_finished_one_asks_at_which_step_and_takes_the_result_back(office, enter, session):
    dossier = office.finished()
    head = enter(Role.agency_head)
    result = dossier.results[-1]
    assert "Làm tiếp từ bước" in page(head, dossier)
    assert act(head, dossier, "reopen", reason="Sai nội dung", step="b99").status_code == 422
    step = steps_to_return_to(dossier)[-1].key
    assert act(head, dossier, "reopen", reason="Sai nội dung", step=step).status_code == 302
    session.expire_all()
    assert (dossier.state, result.state) == (4, "revoked")
    assert head.get(f"/results/{result.id}.pdf").status_code == 404
    assert page(head, dossier)
