"""Records are named the same in every installation, and found by that name set by set."""

import pytest

from app.lowcode.generate import declared_models
from app.lowcode.naturals import find, find_all, has_key, key_names, key_of, key_paths
from app.models import Agency, CalendarSession, Component, FabRole, FormField, ProcedureVersion, User
from app.permissions import Role
from tests.factories import make_procedure, make_tree, make_user


def test_every_catalogue_one_may_write_has_a_key(app):
    nameless = [m.__name__ for m in declared_models() if m.screen.write and m.screen.can_add and not has_key(m)]
    assert nameless == []


def test_keys_are_declared_or_found_by_uniqueness(app):
    assert key_names(Agency) == ("code",)
    assert key_names(User) == ("username",)
    assert key_names(FabRole) == ("name",)
    assert key_names(ProcedureVersion) == ("procedure", "number")
    assert key_names(CalendarSession) == ("calendar", "weekday", "starts_at", "valid_from")


def test_a_relation_stands_for_the_key_behind_it(session):
    version = make_procedure()
    session.flush()
    component = version.components[0]
    assert key_paths(Component) == (("version", "procedure", "code"), ("version", "number"), ("position",))
    assert key_of(component) == (version.procedure.code, version.number, component.position)
    field = version.form.fields()[0]
    assert key_of(field) == (version.form.code, field.section.position, field.key)
    assert find(session, FormField, key_of(field)) is field
    assert find(session, Component, (version.procedure.code, version.number, 999)) is None


def test_many_rows_are_found_in_one_statement(session, count_queries):
    versions = [make_procedure() for _place in range(5)]
    session.flush()
    wanted = [key_of(component) for version in versions for component in version.components]
    with count_queries() as few:
        found = find_all(session, Component, [*wanted, ("none", 1, 1)])
    assert set(found) == set(wanted)
    assert len(few) == 1


def test_two_rows_of_one_name_are_refused(session):
    version = make_procedure()
    version.components.append(Component(position=version.components[0].position, name="Trùng"))
    session.flush()
    with pytest.raises(LookupError, match="Component"):
        find(session, Component, key_of(version.components[0]))


def test_a_missing_relation_leaves_the_key_empty(app):
    assert key_of(Component(position=3)) == (None, None, 3)


def test_people_are_named_by_their_sign_in(session):
    user = make_user(Role.specialist, make_tree().commune)
    session.flush()
    assert find(session, User, (user.username,)) is user
