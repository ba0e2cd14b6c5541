"""The examples of the integrators' guide do what the guide says."""

import re
import shlex
from pathlib import Path

import pytest

from app.permissions import Role
from app.services import users
from tests.api.test_catalogs import make_catalog
from tests.api.test_tokens import SECTORS, _issue
from tests.clients import make_client
from tests.factories import make_procedure, make_sector, make_user

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "integrators.md"
_TEXT = GUIDE.read_text("utf-8").replace(" \\\n", " ")
EXAMPLES = re.findall(r"^(curl .*?)\s+# (\d{3})$", _TEXT, re.M)


def _parse(command, token, known):
    """Return (method, path, headers, body) of a curl command of the guide."""
    words = shlex.split(command.replace("$B", "").replace("$T", token))[1:]
    method, path, headers, body = "GET", "", {}, None
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _colon, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = words.pop(0)
        elif not word.startswith("-"):
            path = re.sub(r"/sector/\d+", f"/sector/{known}", word)
    return method, path, headers, body


def test_the_guide_has_examples_of_everything():
    told = " ".join(command for command, _status in EXAMPLES)
    assert len(EXAMPLES) >= 9
    for part in ("-X POST", "-X PUT", "-X DELETE", "fields=", "If-Match", "Idempotency-Key", "security/login"):
        assert part in told, part


@pytest.mark.parametrize(("command", "status"), EXAMPLES, ids=lambda text: text[:60])
def test_an_example_does_what_it_says(session, app, command, status):
    owner = make_user(Role.catalog_admin, username="quantri.danhmuc")
    users.set_password(session, owner, "MotCua@2026")
    make_procedure(sector=make_sector(code="ho_tich"))
    make_catalog(session, [{"key": "so_giuong", "label": "Số giường", "kind": "number"}], code="benh_vien")
    scopes = [*SECTORS, "procedure:read", "shared_catalog_item:read", "shared_catalog_item:add"]
    if "dossier" in command:
        owner, scopes = make_user(Role.desk_officer), ["dossier:read"]
    bearer = _issue(session, owner, scopes)
    token = bearer["Authorization"].removeprefix("Bearer ")
    method, path, headers, body = _parse(command, token, make_sector().id)
    answer = make_client(app).open(path, method=method, headers=headers, data=body, csrf=False, match=False)
    assert answer.status_code == int(status), answer.text
