"""A ward at work, and its people logged in."""

from collections.abc import Callable

import pytest

from app.models import User
from app.permissions import Actor, Role
from tests.services.steps import Office


@pytest.fixture
def office(session):
    """A ward with everybody its process needs."""
    found = Office(session)
    found.staff()
    return found


@pytest.fixture
def enter(office, login) -> Callable:
    """``enter(role_or_actor)``: a client logged in as that officer."""

    def log_in(who: Role | Actor):
        actor = office[who] if isinstance(who, Role) else who
        return login(office.session.get(User, actor.user_id))

    return log_in
