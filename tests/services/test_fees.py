"""What a dossier owes: never guessed, fixed by the desk, kept when it changes."""

import pytest

from app.errors import Invalid, NotAllowed
from app.models import Fee
from app.permissions import Role
from app.services.codes import give_code
from app.services.fees import charges_for, fees_for, set_charges
from app.services.submission import make_dossier
from tests.factories import make_account, make_procedure, make_tree

# (fees as (kind, channel, amount), channel, amounts owed without asking)
CASES = [
    ([("le_phi", "any", 8000)], "online", [8000]),
    ([("le_phi", "any", 8000)], "counter", [8000]),
    ([("le_phi", "counter", 8000)], "online", []),
    ([("le_phi", "any", 0)], "counter", []),
    ([("phi", "any", 100), ("le_phi", "any", 50)], "counter", [100, 50]),
    ([("phi", "any", 100), ("phi", "any", 200)], "counter", [100, 200]),
]


def _version(fees):
    version = make_procedure(fee=0)
    for number, (kind, channel, amount) in enumerate(fees, 1):
        version.fees.append(
            Fee(position=number, name=f"Khoản {number}", kind=kind, channel=channel, amount=amount)
        )
    return version


@pytest.mark.parametrize(("fees", "channel", "owed"), CASES)
def test_only_sure_amounts_are_charged(session, fees, channel, owed):
    assert [charge.amount for charge in charges_for(_version(fees), channel)] == owed


def test_a_fee_named_for_the_channel_stands_in_for_the_general_one(session):
    version = make_procedure(fee=0)
    for number, (channel, amount) in enumerate((("any", 75_000), ("online", 37_500)), 1):
        version.fees.append(
            Fee(
                position=number,
                name="Lệ phí cấp phép",
                kind="le_phi",
                channel=channel,
                amount=amount,
            )
        )
    assert [fee.amount for fee in fees_for(version, "online")] == [37_500]
    assert [fee.amount for fee in fees_for(version, "counter")] == [75_000]


@pytest.fixture
def dossier(session):
    tree = make_tree()
    version = _version([("phi", "any", 2000), ("phi", "any", 1000)])
    for fee in version.fees:  # two cases: the desk says which
        fee.case_label = fee.name
    made = make_dossier(session, version, make_account(), tree.commune, channel="counter", data={})
    give_code(session, made)
    session.add(made)
    session.flush()
    return made


def test_the_desk_says_how_many_pages(session, dossier, actor):
    officer = actor(Role.desk_officer, dossier.desk)
    first, second = dossier.version.fees
    set_charges(session, dossier, officer, {first.id: 2, second.id: 0})
    assert [c.amount for c in dossier.charges if c.state == "due"] == [4000]
    set_charges(session, dossier, officer, {first.id: 2, second.id: 10}, reason="Có thêm bản sao")
    assert [(c.amount, c.state) for c in dossier.charges] == [
        (4000, "cancelled"), (4000, "due"), (10_000, "due")
    ]  # fmt: skip


@pytest.mark.parametrize("count", [-1, 1001])
def test_absurd_numbers_are_refused(session, dossier, actor, count):
    officer = actor(Role.desk_officer, dossier.desk)
    with pytest.raises(Invalid) as refusal:
        set_charges(session, dossier, officer, {dossier.version.fees[0].id: count})
    assert "fees" in refusal.value.fields
    assert dossier.charges == []


def test_a_fee_of_another_procedure_is_refused(session, dossier, actor):
    officer = actor(Role.desk_officer, dossier.desk)
    with pytest.raises(Invalid):
        set_charges(session, dossier, officer, {make_procedure().fees[0].id: 1})


@pytest.mark.parametrize("role", [Role.specialist, Role.auditor, Role.agency_head])
def test_nobody_else_fixes_charges(session, dossier, actor, role):
    with pytest.raises(NotAllowed):
        set_charges(session, dossier, actor(role, dossier.agency), {})
