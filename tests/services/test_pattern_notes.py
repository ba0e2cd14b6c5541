"""Patterns that may have been meant for a part of an answer: found, listed, told on upgrading."""

import pytest
from click.testing import CliRunner

from app.cli import base, database
from app.cli.__main__ import manage
from app.services.pattern_notes import loose_patterns
from app.workflows import patterns
from tests.api.test_catalogs import make_catalog
from tests.factories import make_form


@pytest.fixture
def command(app, monkeypatch):
    """``command("form", "patterns")`` runs ./manage on the database of the test."""
    monkeypatch.setattr(base, "_application", lambda: app)
    return lambda *words: CliRunner().invoke(manage, words)


@pytest.mark.parametrize(("pattern", "is_anchored"), [
    (r"^\d{12}$", True), (r"^(\d{12}|\d{10})$", True), (r"\A[A-Z]+\Z", True), (r"(^\d+$)", True), (r"^a$|^b$", True),
    (r"\d{12}", False), (r"^\d{12}", False), (r"\d{12}$", False), (r"^a|b$", False), (r"(^a|b)$", False), ("", False),
    (r"^\d{2}$\b", False), ("(", False),
])  # fmt: skip
def test_only_what_says_so_at_both_ends_is_of_the_whole_value(pattern, is_anchored):
    assert patterns.is_anchored(pattern) is is_anchored


def _fields(session):
    cell = {"key": "so", "label": "Số hiệu", "kind": "text", "pattern": r"^\d"}
    make_form(({"key": "a", "label": "Số nhà", "kind": "text", "pattern": r"\d"},
               {"key": "b", "label": "Số thẻ", "kind": "text", "pattern": r"^\d$"},
               {"key": "c", "label": "Bảng", "kind": "table", "columns": [cell]}), code="mau_thu")  # fmt: skip
    make_catalog(session, [{"key": "k", "label": "Mã số", "kind": "text", "pattern": "BV"}], code="dm_thu")


def test_fields_of_forms_their_columns_and_catalogs_are_found(session):
    assert loose_patterns(session) == []
    _fields(session)
    assert loose_patterns(session) == [
        ("mau_thu", "Số nhà", r"\d"), ("mau_thu", "Bảng: Số hiệu", r"^\d"), ("dm_thu", "Mã số", "BV")]  # fmt: skip


@pytest.mark.parametrize(("before", "is_told"), [("0001", True), ("0043", True), ("0044", False), ("none", False)])
def test_upgrading_tells_of_them_once(command, session, monkeypatch, before, is_told):
    _fields(session)
    revisions = iter([before, "0047", "0047"])
    monkeypatch.setattr(database, "current", lambda: next(revisions))
    monkeypatch.setattr(database, "upgrade_to", lambda target: None)
    told = command("db", "upgrade")
    assert told.exit_code == 0, told.output
    assert ("Bảng: Số hiệu" in told.output) is is_told


def test_they_are_listed_at_any_time(command, session):
    assert "mọi mẫu ký tự" in command("form", "patterns").output
    _fields(session)
    assert "Số nhà" in command("form", "patterns").output
