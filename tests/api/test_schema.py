"""The description is true: made-up requests of every operation are answered as it says."""

from itertools import count

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.lowcode.generate import declared_models
from app.permissions import Role
from tests.api.test_catalogs import HOSPITAL, make_catalog, make_item
from tests.factories import make_account, make_position, make_procedure, make_tree, make_user

_EXAMPLES = 3
_numbers = count()
_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance,
           response_schema_conformance, response_headers_conformance]  # fmt: skip


@pytest.fixture
def document(session, login):
    kinds = make_catalog(session, ())
    reference = {"key": "loai", "label": "Loại", "kind": "item", "target": kinds}
    make_item(session, make_catalog(session, [*HOSPITAL, reference], is_tree=True))
    return login(Role.catalog_admin).get("/api/v1/_openapi").json


def test_every_kind_of_record_is_described_whole(document):
    for model in declared_models():
        path = f"/api/v1/{model.__tablename__.removeprefix('ab_')}/"
        described = {p["name"] for p in document["paths"][path]["get"]["parameters"]}
        assert {"q", "sort", "size", "after", "before", "fields", "If-None-Match"} <= described
        for name in model.screen.filters:
            assert any(one == f"f.{name}" or one.startswith(f"f.{name}.") for one in described)
    dossiers = {p["name"] for p in document["paths"]["/api/v1/dossier/"]["get"]["parameters"]}
    assert {"f.submitted_at.from", "f.submitted_at.to"} <= dossiers
    assert "f.submitted_at" not in dossiers
    assert sum(path.startswith("/api/v1/catalogs/dm_") for path in document["paths"]) == 4
    assert {"/api/v1/security/login", "/api/v1/security/refresh"} <= set(document["paths"])


def test_requests_of_every_shape_are_answered_as_described(session, login, document):
    """Schemathesis makes up parameters and bodies, right and wrong, for every operation."""
    make_tree()
    make_account()
    make_procedure(state="draft")
    user = make_user(Role.catalog_admin)
    make_position(user, Role.system_admin)
    make_position(user, Role.auditor)
    client = login(user)
    schema = schemathesis.openapi.from_dict(document)
    asked = 0
    for result in schema.get_all_operations():
        asked += _try(client, result.ok())
    assert asked == sum(len(operations) for operations in document["paths"].values())


def _try(client, operation):
    @settings(max_examples=_EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(case=operation.as_strategy())
    def ask(case):
        answer = client.open(**_request(case))
        case.validate_response(answer, checks=_CHECKS)

    ask()
    return 1


def _request(case):
    """Return what our client sends; it is the client who signs in, not the made-up credentials.

    Every other record is one that exists, and not changed meanwhile.
    """
    is_there = "pk" in (case.path_parameters or {}) and next(_numbers) % 2
    if is_there:
        case.path_parameters["pk"] = 1
    sent = case.as_transport_kwargs()
    dropped = {"authorization", "connection", "accept-encoding", "x-csrftoken"}
    headers = {key: value for key, value in sent["headers"].items() if key.lower() not in dropped}
    headers |= {"If-Match": "*"} if is_there else {}
    content = {key: sent[key] for key in ("json", "data") if sent.get(key) is not None}
    query = sent.get("params") or {}
    return {"path": sent["url"], "method": sent["method"], "headers": headers,
            "query_string": query, **content}  # fmt: skip
