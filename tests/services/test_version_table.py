"""Every state of a version × every act × every role: open exactly where the table says so."""

from itertools import product

import pytest

from app.errors import DomainError, Invalid, NotAllowed
from app.permissions import Role, acting_as
from app.services import publication
from app.workflows.publication import VERSION, VersionState
from tests.factories import make_procedure, make_tree, make_user

FIT = {"time_limit_value": 2, "time_limit_unit": "working_day"}
ACTS = {
    "check": lambda s, v, a: publication.check_version(s, v, a),
    "approve": lambda s, v, a: publication.approve(s, v, a),
    "return": lambda s, v, a: publication.send_back(s, v, "Sai thời hạn", a),
    "retire": lambda s, v, a: publication.retire(s, v, "Bãi bỏ", a),
}
OFFICE = {Role.catalog_admin, Role.control_focal_point}
EXPECTED = {
    ("draft", "check"): ("checked", OFFICE),
    ("checked", "approve"): ("approved", {Role.catalog_admin, Role.agency_head}),
    ("checked", "return"): ("draft", OFFICE | {Role.agency_head}),
    ("approved", "return"): ("draft", OFFICE | {Role.agency_head}),
    ("published", "retire"): ("retired", {Role.catalog_admin}),
}


def _actor(session, role, agency):
    from app.services.actors import build_actor

    return build_actor(session, make_user(role, agency), ip="192.0.2.7")


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("state", "name"), list(product(VersionState, ACTS)))
def test_acts_are_open_as_the_table_says(session, state, name, role):
    root = make_tree().root
    version = make_procedure(state=state, **FIT)
    target, roles = EXPECTED.get((state, name), (state, set()))
    who = _actor(session, role, None if role is Role.citizen else root)
    with acting_as(who):
        if role in roles:
            ACTS[name](session, version, who)
        else:
            with pytest.raises(NotAllowed):
                ACTS[name](session, version, who)
    assert version.state == (target if role in roles else state)
    reached = {(s, t.name) for t in VERSION.transitions for s in t.sources if t.name in ACTS}
    assert reached == {(VersionState(s), n) for s, n in EXPECTED}


@pytest.mark.parametrize("state", list(VersionState))
@pytest.mark.parametrize("role", list(Role))
def test_only_catalog_administrators_publish_and_draft(session, state, role):
    root = make_tree().root
    version = make_procedure(state=state, **FIT)
    who = _actor(session, role, None if role is Role.citizen else root)
    may = role is Role.catalog_admin and state in publication.COMING
    with acting_as(who):
        try:
            publication.publish(session, version, who)
        except DomainError:
            assert not may
        else:
            assert may
    assert version.state == ("published" if may else state)


def test_the_head_of_a_ward_approves_nothing(session):
    tree = make_tree()
    version = make_procedure(state="checked", **FIT)
    who = _actor(session, Role.agency_head, tree.commune)
    with acting_as(who), pytest.raises(NotAllowed):
        publication.approve(session, version, who)
    assert publication.offered(version, who) == []


def test_sending_back_needs_a_reason_and_opens_the_draft(session, actor):
    make_tree()
    version = make_procedure(state="checked", **FIT)
    who = actor(Role.catalog_admin)
    with pytest.raises(Invalid):
        version.check(who)
    with pytest.raises(Invalid):
        version.process.check(who)
    with pytest.raises(Invalid):
        publication.send_back(session, version, " ", who)
    publication.send_back(session, version, "Thiếu căn cứ", who)
    version.check(who)
    version.process.check(who)


def test_a_check_is_refused_with_what_is_missing(session, actor):
    make_tree()
    version = make_procedure(state="draft", decision_number=None, **FIT)
    with pytest.raises(Invalid, match="Quyết định công bố"):
        publication.check_version(session, version, actor(Role.catalog_admin))
    assert version.state == "draft"
