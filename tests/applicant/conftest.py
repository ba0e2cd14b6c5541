"""Fixtures of the applicants' tests."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.applicant.world import World, make_world


@pytest.fixture
def world(session: Any) -> World:
    """A ward, a procedure it handles, an applicant."""
    return make_world()


@pytest.fixture
def me(world: World, login: Callable[..., Any]) -> Any:
    """The applicant's browser."""
    return login(world.user)
