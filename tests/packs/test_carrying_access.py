"""Officers with their posts and decided rights in packs: carried by who may, never a secret, never a role."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app.clock import today
from app.errors import NotAllowed
from app.lowcode.overrides import FieldRight, RoleRight, RoleScope
from app.lowcode.sync import sync_permissions
from app.models import FabRole, OfficerPosition, User, UserSetting
from app.packs import runs, yamls
from app.packs.exporting import Chosen, export
from app.packs.reading import Refused
from app.packs.undoing import undo
from app.permissions import Role
from app.services.actors import build_actor
from app.services.users import check_login
from tests.factories import make_account, make_position, make_sector, make_tree, make_user
from tests.packs.carrying import files_of, put, take
from tests.packs.test_pack_properties import CALM

ACCESS = Chosen("access")


@pytest.fixture
def desk(session):
    """An officer at the desk of a ward, a right taken from his role, one applicant."""
    make_tree()
    make_user(username="dan.thuong")
    make_account()
    user = make_user(Role.desk_officer, username="canbo.mau")
    sync_permissions(session)
    role = session.scalar(sa.select(FabRole).where(FabRole.name == Role.desk_officer))
    session.add(RoleRight(role=role, role_id=role.id, entity="Sector", action="read", is_allowed=False))
    session.flush()
    sync_permissions(session)
    session.flush()
    return user


def rights_of(session, role):
    found = session.scalars(sa.select(FabRole).where(FabRole.name == role)).one()
    return {(one.permission.name, one.view_menu.name) for one in found.permissions}


def forget_access(session, user):
    """Leave neither the officer nor what was decided."""
    for model in (RoleRight, RoleScope, FieldRight, OfficerPosition):
        for row in session.scalars(sa.select(model).order_by(model.id)):
            session.delete(row)
    session.flush()
    user.roles = []
    session.flush()
    session.execute(sa.delete(UserSetting).where(UserSetting.user_id == user.id))
    session.delete(user)
    session.flush()
    sync_permissions(session)
    session.flush()
    session.expire_all()


def test_officers_and_rights_come_back_and_work(session, desk):
    files = files_of(session, ACCESS)
    assert set(files) == {"manifest.yaml", "ab_role/desk_officer.yaml", "ab_user/canbo.mau.yaml"}
    before = rights_of(session, Role.desk_officer)
    forget_access(session, desk)
    assert ("can_read", "Sector") in rights_of(session, Role.desk_officer)
    run = put(session, files)
    assert files_of(session, ACCESS) == files
    assert rights_of(session, Role.desk_officer) == before
    user = session.scalars(sa.select(User).where(User.username == "canbo.mau")).one()
    assert [role.name for role in user.roles] == [Role.desk_officer]
    assert check_login(session, "canbo.mau", "")[0] is None
    assert any("mật khẩu" in text for text in run.remarks)


def test_no_password_and_no_applicant_is_ever_inside(session, desk):
    everything = b"\n".join(files_of(session).values())
    assert desk.password.encode() not in everything
    assert b"dan.thuong" not in everything
    assert b"password" not in everything


def test_undone_neither_account_nor_right_is_left(session, desk):
    files = files_of(session, ACCESS)
    forget_access(session, desk)
    empty = files_of(session)
    run = put(session, files)
    undo(session, run, None)
    assert files_of(session) == empty
    assert session.scalar(sa.select(User.id).where(User.username == "canbo.mau")) is None
    assert ("can_read", "Sector") in rights_of(session, Role.desk_officer)


def test_an_ended_post_is_carried_as_a_change_and_none_is_removed(session, desk):
    files = files_of(session, ACCESS)
    path = "ab_user/canbo.mau.yaml"
    document = yamls.load(files[path], path)
    ended = today() + timedelta(days=9)
    document["officer_position"][0]["valid_to"] = ended
    put(session, files | {path: yamls.dump(document)})
    assert session.scalars(sa.select(OfficerPosition.valid_to)).all() == [ended]
    del document["officer_position"]
    put(session, files | {path: yamls.dump(document)}, is_replacing=True)
    assert session.scalar(sa.select(sa.func.count(OfficerPosition.id))) == 1


def test_a_pack_of_everything_replaced_takes_decided_rights_back_and_spares_people(session, desk):
    files = {path: content for path, content in files_of(session).items() if not path.startswith("ab_")}
    manifest = yamls.load(files["manifest.yaml"], "manifest.yaml")
    manifest["files"] = {path: digest for path, digest in manifest["files"].items() if path in files}
    put(session, files | {"manifest.yaml": yamls.dump(manifest)}, is_replacing=True)
    assert session.scalar(sa.select(sa.func.count(RoleRight.id))) == 0
    assert ("can_read", "Sector") in rights_of(session, Role.desk_officer)
    assert session.scalar(sa.select(sa.func.count(OfficerPosition.id))) == 1


def test_without_officers_a_pack_of_everything_leaves_them_alone(session, desk, actor):
    pack = export(session, Chosen("all"), actor(Role.catalog_admin))
    assert not [path for path in pack.documents if path.startswith("ab_")]
    files = pack.files()
    assert yamls.load(files["manifest.yaml"], "m")["set"] == {"scope": "all", "without": ["ab_role", "ab_user"]}
    put(session, files, is_replacing=True)
    assert session.scalar(sa.select(sa.func.count(RoleRight.id))) == 1


def test_a_pack_of_an_older_release_says_nothing_of_what_it_did_not_know(session, desk):
    files = {path: content for path, content in files_of(session).items() if not path.startswith("ab_")}
    manifest = yamls.load(files["manifest.yaml"], "manifest.yaml") | {"release": 1}
    manifest["files"] = {path: digest for path, digest in manifest["files"].items() if path in files}
    put(session, files | {"manifest.yaml": yamls.dump(manifest)}, is_replacing=True)
    assert session.scalar(sa.select(sa.func.count(RoleRight.id))) == 1


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.system_admin])
def test_only_the_system_administrator_carries_them(session, desk, actor, role):
    make_sector()
    files = files_of(session, ACCESS)
    forget_access(session, desk)
    with pytest.raises(NotAllowed):
        export(session, ACCESS, actor(role))
    run = take(session, files, actor(role))
    assert run.state == "refused"
    assert run.lines == []


def test_the_system_administrator_does_but_not_for_himself(session, desk, login, actor):
    admin = make_user(Role.system_admin, make_tree().root, username="quan.tri")
    client = login(admin)
    page = client.get("/admin/packs/export?scope=access")
    assert page.status_code == 200
    assert "quan.tri" in page.text
    who = build_actor(session, admin)
    files = export(session, ACCESS, who).files()
    path = "ab_user/quan.tri.yaml"
    document = yamls.load(files[path], path)
    document["officer_position"].append(document["officer_position"][0] | {"role": "catalog_admin"})
    run = take(session, files | {path: yamls.dump(document)}, who)
    assert run.state == "refused"
    other = yamls.load(files["ab_user/canbo.mau.yaml"], "x")
    other["officer_position"].append(other["officer_position"][0] | {"role": "clerk"})
    run = put(session, files | {"ab_user/canbo.mau.yaml": yamls.dump(other)}, who)
    assert {role.name for role in session.get(User, desk.id).roles} == {Role.desk_officer, Role.clerk}


@pytest.mark.parametrize(("entity", "action"), [("Nothing", "read"), ("Dossier", "remove"), ("Sector", "fly")])
def test_a_right_nobody_may_give_is_refused_and_nothing_is_written(session, desk, entity, action):
    given = {"entity": entity, "action": action, "is_allowed": True}
    document = {"name": "desk_officer", "role_right": [given]}
    with suppress(Refused):
        run = take(session, files_of(session, ACCESS) | {"ab_role/desk_officer.yaml": yamls.dump(document)})
        assert run.state == "refused"
    assert session.scalar(sa.select(sa.func.count(RoleRight.id))) == 1


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("ab_role/moi.yaml", {"name": "moi"}),
        ("ab_user/x.yaml", {"username": "x", "first_name": "A", "last_name": "B", "email": "x@hue.example",
                            "active": True, "password": "scrypt:1"}),
        ("ab_user/x.yaml", {"username": "x", "first_name": "A", "last_name": "B", "email": "x@hue.example",
                            "active": True, "officer_position": [{"agency": "H57", "role": "citizen",
                                                                  "valid_from": date(2026, 1, 1)}]}),
        ("ab_user/x.yaml", {"username": "x", "first_name": "A", "last_name": "B", "email": "x@hue.example",
                            "active": True, "officer_position": [{"agency": "K9", "role": "clerk",
                                                                  "valid_from": date(2026, 1, 1)}]}),
    ],
)  # fmt: skip
def test_new_roles_passwords_and_unknown_places_are_refused(session, desk, path, document):
    with suppress(Refused):
        assert take(session, files_of(session, ACCESS) | {path: yamls.dump(document)}).state == "refused"
    assert session.scalar(sa.select(User.id).where(User.username == "x")) is None


ACTS = st.lists(st.tuples(st.sampled_from(["right", "scope", "post", "end", "user"]), st.integers(0, 7)), max_size=6)


def edit(session, what, number):
    role = session.scalars(sa.select(FabRole).where(FabRole.name == list(Role)[number])).one()
    user = session.scalars(sa.select(User).where(User.username == "canbo.mau")).one()
    if what == "right" and role.name != Role.citizen:
        row = session.scalars(sa.select(RoleRight).filter_by(role_id=role.id, entity="Agency", action="export")).first()
        row = row or RoleRight(role=role, role_id=role.id, entity="Agency", action="export")
        row.is_allowed = bool(number % 2)
        session.add(row)
    elif what == "scope" and role.name not in {Role.citizen, Role.system_admin}:
        row = session.scalars(sa.select(RoleScope).filter_by(role_id=role.id, entity="Dossier")).first()
        row = row or RoleScope(role=role, role_id=role.id, entity="Dossier")
        row.scope = ("agency", "subtree")[number % 2]
        session.add(row)
    elif what == "post":
        make_position(user, Role.clerk, make_tree().root, valid_from=date(2026, 1, 1 + number))
    elif what == "end":
        first = session.scalars(sa.select(OfficerPosition).order_by(OfficerPosition.id)).first()
        first.valid_to = date(2030, 1, 1 + number)
    else:
        user.last_name = f"Tên {number}"
    session.flush()


@CALM
@given(before=ACTS, after=ACTS)
def test_any_edits_applied_and_undone_leave_nothing(desk, session, before, after):
    with session.begin_nested() as trial:
        for one in before:
            edit(session, *one)
        files = files_of(session, ACCESS)
        assert files == files_of(session, ACCESS)
        for one in after:
            edit(session, *one)
        present = files_of(session, ACCESS)
        run = take(session, files)
        assert run.state == "planned", run.faults
        if runs.has_changes(run):
            runs.apply(session, run, None)
            undo(session, run, None)
        assert files_of(session, ACCESS) == present
        trial.rollback()
    session.expire_all()
