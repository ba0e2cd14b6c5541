"""Declarations are checked at start, and become rights exactly."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import PermissionView

from app.checks import problems
from app.lowcode import sync
from app.lowcode.actions import declared, possible
from app.lowcode.collation import key_of
from app.lowcode.generate import declared_models
from app.lowcode.problems import problems as problems_of
from app.lowcode.values import as_id, display, inside_sentence, money, plain_text
from app.models import Agency, Dossier, FabRole, FormField, Procedure, ProcedureVersion, Sector, User
from app.permissions import NOBODY, Role
from app.workflows.states import State
from tests.wording import vi


def test_every_declaration_is_right(app):
    assert problems() == []
    assert len(declared_models()) >= 25


@pytest.mark.parametrize(
    ("model", "change", "words"),
    [
        (Sector, {"columns": ["code", "nmae"]}, "unknown attribute 'nmae'"),
        (Sector, {"order": "-nmae"}, "unknown attribute 'nmae'"),
        (Sector, {"form": ["code", "x"]}, "unknown attribute 'x'"),
        (Sector, {"sections": [("A", ["y"])]}, "unknown attribute 'y'"),
        (Sector, {"columns": ["code", "row_version"]}, "row_version: no label"),
        (Sector, {"write": frozenset({"king"})}, "unknown role 'king'"),
        (Sector, {"read": NOBODY}, "a role may write what it may not read"),
        (Sector, {"export": frozenset({Role.citizen})}, "a role may export what it may not read"),
        (Sector, {"search": ["is_active"]}, "not a text"),
        (Sector, {"filters": ["name"]}, "only relations, choices, yes-no, dates and numbers filter"),
        (Sector, {"form": ["name"]}, "code: needed by a new record"),
        (Procedure, {"columns": ["code", "versions"]}, "a list of records"),
        (Procedure, {"related": ["sector"]}, "not a list of records"),
        (Procedure, {"order": "sector"}, "only a column orders"),
        (
            ProcedureVersion,
            {"form": [*ProcedureVersion.screen.form, "state"], "readonly": ["decision_on"]},
            "state in a form",
        ),
        (
            Agency,
            {"write": frozenset({Role.citizen}), "read": frozenset(Role)},
            "a role that writes may not read",
        ),
    ],
)
def test_a_wrong_declaration_is_named(app, monkeypatch, model, change, words):
    monkeypatch.setattr(model, "screen", replace(model.screen, **change))
    found = problems_of(model)
    assert any(words in text and model.__name__ in text for text in found), found


def test_search_without_its_column_is_named(app, monkeypatch):
    from app.models import Division

    monkeypatch.setattr(Division, "screen", replace(Division.screen, search=["code"]))
    assert "Division: search needs the Searchable mixin" in problems_of(Division)


def _rights(session):
    pairs = set()
    for role in session.scalars(sa.select(FabRole)):
        pairs |= {(role.name, p.permission.name, p.view_menu.name) for p in role.permissions}
    return pairs


def test_rights_are_exactly_what_is_declared(session):
    declared = {
        (str(role), permission, view)
        for (permission, view), roles in sync.wanted_rights().items()
        for role in roles
    }
    assert _rights(session) == declared
    assert not any(role == "public" for role, _permission, _view in declared)


def test_a_second_sync_changes_nothing_and_a_first_mends_everything(session):
    before = _rights(session)
    assert sync.sync_permissions(session) == 0
    auditor = session.scalars(sa.select(FabRole).where(FabRole.name == "auditor")).one()
    write = session.scalars(
        sa.select(PermissionView)
        .join(PermissionView.permission)
        .where(sa.text("ab_permission.name = 'can_change'"))
    ).first()
    auditor.permissions = [*auditor.permissions[1:], write]
    session.flush()
    assert _rights(session) != before
    assert sync.sync_permissions(session) == 2
    session.flush()
    assert _rights(session) == before


def test_nobody_but_writers_writes(session):
    rights = _rights(session)
    for model in declared_models():
        for action in ("add", "change", "remove", "import"):
            asked = (f"can_{action}", model.__name__)
            holders = {role for role, *pair in rights if tuple(pair) == asked}
            wanted = model.screen.write if action in possible(model) else ()
            assert holders == {str(role) for role in wanted}, asked


def test_what_the_declaration_has_no_form_for_is_nobodys(session):
    assert possible(Dossier) == {"read", "export"}
    assert possible(User) == {"read", "export", "add", "change", "import"}
    assert not declared(Dossier, "export")  # personal data leaves by its own exports only
    assert declared(Sector, "export") == Sector.screen.read
    granted = {(permission, view) for _role, permission, view in _rights(session)}
    assert ("can_remove", "User") not in granted
    assert ("can_add", "Account") not in granted
    assert ("can_change", "Account") in granted


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "Có"),
        (False, "Không"),
        (datetime(2026, 11, 20, 1, 30, tzinfo=UTC), "08:30 20/11/2026"),
        (date(2026, 2, 3), "03/02/2026"),
        (time(7, 5), "07:05"),
        (["a", "b"], "a, b"),
        (3, "3"),
        ([{"value": "a", "label": "Nam"}], "Nam"),
        ([1, 2], "[1, 2]"),
        ({"a": "ă"}, '{"a": "ă"}'),
        ([], ""),
    ],
)
def test_values_are_written_as_people_write_them(app, value, text):
    with app.test_request_context():
        assert plain_text(value) == text


def test_choices_are_words_whatever_their_type(app):
    with app.test_request_context():
        assert display(Dossier, "state", 4) == vi(State.processing.label)
        assert display(Agency, "level", "commune") == vi("Commune level")
        assert display(FormField, "kind", "gone") == "gone"
        assert display(Agency, "level", None) == ""
    assert money(1234567) == "1.234.567 đồng"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        (str(2**31 - 1), 2**31 - 1),
        (str(2**31), None),
        ("0", None),
        ("-1", None),
        ("", None),
        ("1.0", None),
        ("٣", None),
        ("9" * 5000, None),
        (None, None),
        (7, 7),
        (True, None),
    ],
)
def test_only_record_ids_are_ids(text, number):
    assert as_id(text) == number


def test_titles_inside_sentences():
    assert inside_sentence("Lĩnh vực") == "lĩnh vực"
    assert inside_sentence("Đơn vị") == "đơn vị"
    assert inside_sentence("TTHC nội bộ") == "TTHC nội bộ"


def test_the_alphabet_goes_before_the_tones():
    words = [
        "ba",
        "bà",
        "bá",
        "bạ",
        "bác",
        "băng",
        "bâng",
        "be",
        "bê",
        "bo",
        "bô",
        "bơ",
        "bu",
        "bư",
        "da",
        "đa",
    ]
    assert sorted(set(words), key=key_of) == words


def test_both_databases_know_the_order(session):
    names = ["Đông", "Dũng", "Ân", "An", "Ăn"]
    for number, name in enumerate(names):
        session.add(Sector(code=f"x{number}", name=name))
    session.flush()
    from app.lowcode.collation import in_order

    found = session.scalars(sa.select(Sector.name).order_by(in_order(Sector.name)))
    assert list(found) == ["An", "Ăn", "Ân", "Dũng", "Đông"]
