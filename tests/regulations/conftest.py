"""Each test runs under the profile of the regulation whose clause it shows."""

from collections.abc import Callable
from typing import Any

import pytest

from app.permissions import Role
from tests.regulations.support import PROFILES, enact
from tests.services.steps import Office


@pytest.fixture(autouse=True)
def shown(request: pytest.FixtureRequest, record_property: Callable[[str, Any], None]) -> str | None:
    """The clause a test shows; recorded for ./manage conformance."""
    if not hasattr(request, "param"):
        return None
    item, clause = request.param
    record_property("clause", f"{item} {clause}")
    regulation = clause.split()[0]
    enact(request.getfixturevalue("session"), PROFILES[regulation])
    return clause


@pytest.fixture
def office(shown: str | None, session: Any) -> Office:
    """A ward with one officer of every kind its process needs."""
    found = Office(session)
    found.staff()
    return found


@pytest.fixture
def desk(office: Office) -> Any:
    """The desk officer of the ward."""
    return office[Role.desk_officer]
