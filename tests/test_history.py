"""The history: every change of every record, in the same transaction, chained and unalterable."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from app import history
from app.clock import acting_at
from app.extensions import db
from app.history import GENESIS, HistoryEntry, digest
from app.models import Component, Draft, Sector, User
from app.permissions import Actor, acting_as
from app.services.history import verify_history, verify_record
from app.services.users import set_password
from app.transactions import transaction
from tests.factories import make_account, make_procedure, make_sector, make_user

HOA = Actor(user_id=7, name="Nguyễn Thị Hoa", ip="192.0.2.1", on_behalf_of="Trần Văn Bình")


def _entries(session, record=None):
    query = sa.select(HistoryEntry).order_by(HistoryEntry.id)
    return list(session.scalars(query.where(HistoryEntry.record == record) if record else query))


def test_an_entry_tells_who_when_from_where_what_and_why(session):
    sector = make_sector(name="Cũ")
    session.commit()
    instant = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
    with acting_as(HOA), acting_at(instant), transaction() as unit:
        row = unit.get(Sector, sector.id)
        row.name = "Mới"
        history.because(unit, action="rename", reason="Theo quyết định 12")
    entry = _entries(session, "sector")[-1]
    assert (entry.actor_id, entry.actor_name, entry.on_behalf_of, entry.ip) == (
        7,
        "Nguyễn Thị Hoa",
        "Trần Văn Bình",
        "192.0.2.1",
    )
    assert (entry.at, entry.action, entry.reason) == (instant, "rename", "Theo quyết định 12")
    assert entry.changes == {"name": ["Cũ", "Mới"]}


def test_a_reason_belongs_to_one_act_only(session):
    sector = make_sector()
    history.because(session, action="rename", reason="một lần")
    sector.name = "A"
    session.flush()
    sector.name = "B"
    session.flush()
    assert [(e.action, e.reason) for e in _entries(session, "sector")[1:]] == [
        ("rename", "một lần"),
        ("update", None),
    ]


def test_entries_of_a_record_and_its_parts_form_one_chain(session):
    version = make_procedure(state="draft")
    version.components[0].name = "Giấy chứng sinh"
    session.delete(version.components[1])
    session.flush()
    chain = [e for e in _entries(session) if e.aggregate == "procedure_version"]
    assert [e.seq for e in chain] == list(range(1, len(chain) + 1))
    assert {e.record for e in chain} == {"procedure_version", "component", "fee"}
    assert chain[0].previous_hash == GENESIS
    for before, after in zip(chain, chain[1:], strict=False):
        assert after.previous_hash == before.hash
    for entry in chain:
        assert (
            digest({c.key: getattr(entry, c.key) for c in sa.inspect(HistoryEntry).column_attrs})
            == entry.hash
        )
    assert verify_record(session, ("procedure_version", version.id)) == (len(chain), None)


def test_what_is_rolled_back_was_never_written(session):
    sector = make_sector()
    session.commit()

    def fail():
        with transaction() as unit:
            unit.get(Sector, sector.id).name = "x"
            unit.flush()
            raise ValueError

    with pytest.raises(ValueError, match="^$"):
        fail()
    assert len(_entries(session, "sector")) == 1
    with transaction() as unit:
        unit.get(Sector, sector.id).name = "y"
    assert [e.seq for e in _entries(session, "sector")] == [1, 2]
    assert list(verify_history()) == []


def test_a_flush_undone_by_a_savepoint_leaves_no_gap(session):
    sector = make_sector()
    nested = session.begin_nested()
    sector.name = "x"
    session.flush()
    nested.rollback()
    sector.name = "y"
    session.flush()
    assert [e.seq for e in _entries(session, "sector")] == [1, 2]
    assert list(verify_history()) == []


def test_a_number_used_again_continues_its_chain(own_database):
    """SQLite gives the highest number out again after its row was deleted."""
    with own_database.app_context():
        for code in ("a", "b", "c"):
            with transaction() as unit:
                unit.add(Sector(code=code, name=code))
            with transaction() as unit:
                unit.delete(unit.scalars(sa.select(Sector)).one())
        entries = _entries(db.session, "sector")
        assert [e.action for e in entries] == ["create", "delete"] * 3
        assert list(verify_history()) == []


def test_secrets_and_noise_are_not_told(session):
    user = make_user()
    set_password(session, user, "mot mat khau 99")
    user.login_count = 5
    session.flush()
    entries = [e for e in _entries(session) if e.record == "ab_user"]
    assert entries[-1].changes == {"password": [history.HIDDEN, history.HIDDEN]}
    assert user.password not in str([e.changes for e in entries])


def test_a_row_changed_back_before_the_flush_is_no_change(session):
    sector = make_sector(name="A")
    sector.name = "B"
    sector.name = "A"
    session.flush()
    assert len(_entries(session, "sector")) == 1


def test_a_deletion_keeps_what_was(session):
    version = make_procedure(state="draft")
    part = version.components[0]
    name = part.name
    session.delete(part)
    session.flush()
    entry = next(e for e in _entries(session, "component") if e.action == "delete")
    assert entry.changes["name"] == [name, None]
    assert session.get(Component, entry.record_id) is None


def test_drafts_have_no_history(session):
    account, version = make_account(), make_procedure()
    session.add(Draft(key="k", account=account, version=version, data={"a": 1}))
    session.flush()
    assert _entries(session, "draft") == []


def test_roles_of_a_user_are_told_by_number(session):
    from app.permissions import Role

    user = make_user(Role.clerk)
    roles = [e.changes["roles"] for e in _entries(session, "ab_user") if "roles" in e.changes]
    assert roles == [[[], [role.id for role in user.roles]]]


def _let_change(session):
    if session.connection().dialect.name == "postgresql":
        session.execute(sa.text("ALTER TABLE history DISABLE TRIGGER USER"))
    else:
        for verb in ("update", "delete"):
            session.execute(sa.text(f"DROP TRIGGER history_no_{verb}"))


@pytest.mark.parametrize(
    ("tampering", "first"),
    [
        ("UPDATE history SET actor_name = 'x' WHERE record = 'sector' AND seq = 2", 2),
        ("UPDATE history SET changes = '{}' WHERE record = 'sector' AND seq = 3", 3),
        ("DELETE FROM history WHERE record = 'sector' AND seq = 2", 3),
        ("UPDATE history SET hash = previous_hash WHERE record = 'sector' AND seq = 1", 1),
        (
            "UPDATE history SET at = '2020-01-01 00:00:00' WHERE record = 'sector' AND seq = 3",
            3,
        ),
    ],
)
def test_whatever_is_altered_is_found(session, tampering, first):
    sector = make_sector(name="1")
    for name in "23":
        sector.name = name
        session.flush()
    make_user()
    assert list(verify_history()) == []
    _let_change(session)
    wanted = next(e.id for e in _entries(session, "sector") if e.seq == first)
    session.execute(sa.text(tampering))
    faults = list(verify_history())
    assert [(f.aggregate, f.aggregate_id, f.entry_id) for f in faults] == [
        ("sector", sector.id, wanted)
    ]


def test_many_records_of_one_flush_are_chained_each_for_itself(session):
    session.add_all([Sector(code=f"s{n}", name="x") for n in range(20)])
    session.flush()
    entries = _entries(session, "sector")
    assert {e.seq for e in entries} == {1}
    assert len({e.hash for e in entries}) == 20
    assert list(verify_history()) == []


def test_the_framework_s_own_models_are_in_it_too(session):
    user = make_user()
    assert isinstance(user, User)
    assert [e.action for e in _entries(session, "ab_user")][0] == "create"


def test_a_chain_without_a_lock_is_chained_anew_when_another_was_faster(session, monkeypatch):
    sector = make_sector()
    session.flush()
    monkeypatch.setattr(history, "_MOST_LOCKS", 0)
    session.info["history_heads"] = {("sector", sector.id): (0, history.GENESIS)}  # as it was before the other wrote
    sector.name = "Tên mới"
    session.flush()
    assert [e.seq for e in _entries(session, "sector")] == [1, 2]
    assert list(verify_history()) == []


def _locks(session):
    if session.connection().dialect.name != "postgresql":
        return 0
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    return session.scalar(sa.text(held))


def test_changing_very_many_records_does_not_fill_the_table_of_locks(session, monkeypatch):
    sectors = [make_sector() for _ in range(6)]
    session.commit()
    session.info.clear()
    monkeypatch.setattr(history, "_MOST_LOCKS", 2)
    before = _locks(session)
    for sector in sectors:
        sector.name = "Tên mới"
        session.flush()
    assert _locks(session) - before <= 2
    assert [e.seq for e in _entries(session, "sector") if e.action == "update"] == [2] * 6
    assert list(verify_history()) == []
