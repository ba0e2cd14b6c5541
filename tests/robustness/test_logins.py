"""Guesses of a password sent at the same time are counted one by one, as if they came one after the other."""

from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from app.extensions import db
from app.models import UserSetting
from app.services.users import MAX_FAILURES, check_login
from app.transactions import transaction
from tests.factories import PASSWORD, make_user
from tests.robustness.world import at_once

pytestmark = pytest.mark.timeout(120)


def _guess(app: Flask, username: str, password: str) -> bool:
    with app.app_context(), app.test_request_context(), transaction() as session:
        return check_login(session, username, password)[0] is not None


def _user(app: Flask) -> tuple[str, int]:
    with app.app_context(), transaction():
        user = make_user()
        return user.username, user.id


def _failures(app: Flask, number: int) -> tuple[int, bool]:
    with app.app_context():
        row = db.session.scalars(sa.select(UserSetting).where(UserSetting.user_id == number)).one()
        return row.failed_logins, row.locked_until is not None


def test_every_wrong_password_is_counted(own_database: Flask) -> None:
    name, number = _user(own_database)
    guesses = [partial(_guess, own_database, name, f"sai {n}") for n in range(MAX_FAILURES - 1)]
    assert at_once(guesses) == [False] * (MAX_FAILURES - 1)
    assert _failures(own_database, number) == (MAX_FAILURES - 1, False)
    assert at_once([partial(_guess, own_database, name, "sai") for _n in range(2)]) == [False, False]
    assert _failures(own_database, number)[1]
    assert not _guess(own_database, name, PASSWORD)
