"""Numbers kept with dots and hyphens before they were tidied: rewritten once, without joining two applicants."""

import pytest
import sqlalchemy as sa

from app.cli import database
from app.history import HistoryEntry
from app.models import Account
from app.services.account_numbers import tidy_numbers, untidy
from tests.factories import make_account, make_user
from tests.services.test_pattern_notes import command  # noqa: F401 - a fixture


def numbers(session):
    session.expire_all()
    return set(session.scalars(sa.select(Account.id_number)))


@pytest.mark.parametrize(("kind", "kept", "tidy"), [
    ("personal_id", "046.190.000.001", "046190000001"), ("personal_id", "046 190 000001", "046190000001"),
    ("tax_code", "0100109106-001", "0100109106001"), ("passport", "b1234567", "B1234567"),
])  # fmt: skip
def test_what_is_odd_is_rewritten_with_the_login_and_told_in_the_history(session, kind, kept, tidy):
    account = make_account(id_kind=kind, id_number=kept, born_on=None, user=make_user(username=kept))
    assert tidy_numbers(session) == (1, [], None)
    assert (account.id_number, account.user.username) == (tidy, tidy)
    entry = session.scalars(sa.select(HistoryEntry).where(
        HistoryEntry.record == "account", HistoryEntry.action == "update")).one()  # fmt: skip
    assert entry.changes["id_number"] == [kept, tidy]
    assert entry.reason == "Lưu số không có dấu chấm, dấu cách, gạch nối"
    assert tidy_numbers(session) == (0, [], None)


def test_a_tidy_number_is_left_alone(session):
    make_account(id_kind="passport", id_number="B1234567", born_on=None)
    make_account(id_kind="personal_id", id_number="046190000009", born_on=None)
    assert untidy(session) == []


def test_one_that_another_has_or_that_is_wrong_stays_and_is_listed(session):
    make_account(id_number="046190000001", born_on=None)
    same = make_account(id_number="046.190.000001", born_on=None)
    twins = [make_account(id_number=text, born_on=None) for text in ("046.190000002", "046190.000002")]
    short = make_account(id_number="046.19", born_on=None)
    done, left, after = tidy_numbers(session)
    assert (done, after) == (1, None)
    assert [(one.account_id, one.number) for one in left] == [
        (same.id, "046.190.000001"), (twins[1].id, "046190.000002"), (short.id, "046.19")]  # fmt: skip
    assert twins[0].id_number == "046190000002"
    assert all(one.why for one in left)


def test_a_login_of_that_name_keeps_it(session):
    make_user(username="046190000003")
    account = make_account(id_number="046.190000003", born_on=None, user=make_user(username="046.190000003"))
    done, left, _after = tidy_numbers(session)
    assert (done, [one.account_id for one in left]) == (0, [account.id])
    assert account.user.username == "046.190000003"


def test_many_go_in_parts(command, session, monkeypatch):  # noqa: F811
    monkeypatch.setattr("app.services.account_numbers._MOST", 2)
    for number in range(5):
        make_account(id_number=f"046.19000010{number}", born_on=None)
    session.commit()
    told = command("user", "tidy-numbers")
    assert told.exit_code == 0, told.output
    assert "số định danh): 5" in told.output
    assert numbers(session) == {f"04619000010{number}" for number in range(5)}


@pytest.mark.parametrize(("before", "is_done"), [("0001", True), ("0053", True), ("0054", False), ("none", False)])
def test_upgrading_does_it_once(command, session, monkeypatch, before, is_done):  # noqa: F811
    make_account(id_number="046.190000004", born_on=None)
    make_account(id_number="046.19", born_on=None)
    session.commit()
    revisions = iter([before, "0054"])
    monkeypatch.setattr(database, "current", lambda: next(revisions))
    monkeypatch.setattr(database, "upgrade_to", lambda target: None)
    told = command("db", "upgrade")
    assert told.exit_code == 0, told.output
    assert ("046.19 " in told.output) is is_done
    assert ("046190000004" in numbers(session)) is is_done
