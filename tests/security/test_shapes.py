"""What is sent in a shape no page sends is refused or ignored, never a fault."""

import re

import pytest
import sqlalchemy as sa

from app.models import User
from app.permissions import Role
from app.services.setup_workbook.headings import AGENCIES
from tests.exchange.books import apply, book, send
from tests.exchange.test_setup_workbook import SLUG, words_book
from tests.factories import make_position, make_tree
from tests.wording import vi


@pytest.mark.parametrize("body", ["[]", "[1]", "NaN", '"x"', "null", '{"title": ["a"]}', '{"a":'])
@pytest.mark.parametrize("path", ["/phan-anh/gui", "/password", "/login/"])
def test_json_sent_to_a_page_is_an_empty_form(session, login, client, path, body):
    make_tree()
    sender = login(Role.citizen) if path == "/password" else client
    answer = sender.post(path, data=body, content_type="application/json")
    assert answer.status_code < 500


@pytest.mark.parametrize("period", ["-1", "-", "--", "-07", "2026-", "²", "0"])
def test_a_period_that_is_none_is_the_last_twelve_months(session, client, period):
    make_tree()
    assert client.get("/thong-ke", query_string={"ky": period}).status_code == 200


def test_the_workbook_gives_no_password_of_who_became_an_administrator(session, login):
    make_tree()
    client = login(Role.catalog_admin)
    sheets = {vi(AGENCIES.label): words_book()[vi(AGENCIES.label)]}
    _status, number, _page = send(client, SLUG, book(sheets))
    apply(client, SLUG, number)
    raised = session.scalar(sa.select(User).where(User.username == "hoa.xamoi"))
    make_position(raised, Role.system_admin)
    page = login(Role.system_admin).post(f"/admin/first-passwords/{number}").text
    given = set(re.findall(r"[a-z]+\.xamoi", page))
    assert given == {"binh.xamoi", "lanh.xamoi"}
