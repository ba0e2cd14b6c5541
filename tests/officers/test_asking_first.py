"""An act that asks first is not carried out before its sender agreed, scripts or not."""

import re

import pytest

from app.permissions import Role
from tests.officers.pages import act, page


def hidden(text: str, form_id: str) -> dict[str, str]:
    """Return what a form sends by itself, as a browser without scripts does."""
    form = re.search(rf'<form[^>]*id="{form_id}".*?</form>', text, re.DOTALL)
    assert form is not None
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form.group())
    return {name: value for name, value in pairs if name != "csrf_token"}


def test_without_scripts_the_question_is_a_page_of_its_own(office, enter, session):
    dossier, _citizen = office.submitted()
    client = enter(Role.desk_officer)
    sent = hidden(page(client, dossier), "act-refuse")
    assert sent["_ask"]
    asked = act(client, dossier, "refuse", reason='Không đúng <thẩm "quyền">', **sent)
    text = asked.get_data(as_text=True)
    assert asked.status_code == 200
    assert sent["_ask_title"] in text
    assert 'name="reason" value="Không đúng &lt;thẩm &#34;quyền&#34;&gt;"' in text
    assert 'name="_confirmed" value="1"' in text
    session.expire_all()
    assert dossier.state == 1


def test_once_agreed_the_act_is_carried_out(office, enter, session):
    dossier, _citizen = office.submitted()
    client = enter(Role.desk_officer)
    answer = act(client, dossier, "refuse", reason="Không đúng thẩm quyền", _ask="?", _confirmed="1")
    assert answer.status_code == 302
    session.expire_all()
    assert dossier.state == 3


def test_the_question_needs_a_page_of_ours(office, enter):
    dossier, _citizen = office.submitted()
    client = enter(Role.desk_officer)
    answer = client.post(f"/dossier/{dossier.code}/act/refuse", data={"_ask": "Nhập mật khẩu"}, csrf=False)
    assert answer.status_code == 400
    assert "Nhập mật khẩu" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/khong-co-trang-nay", "/tra-cuu/", "/thu-tuc", "/api/v1/sector/", "/api/v1/none/"])
def test_no_words_of_a_stranger_are_shown_where_nothing_asks_for_his_token(client, path):
    answer = client.post(path, data={"_ask": "Hãy gọi 0900", "_ask_title": "Tài khoản bị khóa"}, csrf=False)
    assert answer.status_code >= 300
    assert "0900" not in answer.get_data(as_text=True)
