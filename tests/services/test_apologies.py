"""Late dossiers: reported upwards once, an apology by whom the profile names, nothing blocked."""

from datetime import timedelta
from itertools import product

import pytest
import sqlalchemy as sa

from app.clock import acting_at, today
from app.errors import Invalid, NotAllowed
from app.models import Apology, MailMessage, Notice
from app.permissions import Role
from app.services import apologies, reception, results
from app.services.apology_offers import hint
from app.services.escalation import escalate_overdue
from app.workflows.apology import APOLOGY, ApologyState
from tests.factories import make_agency
from tests.services.steps import Office
from tests.services.test_extensions import use_profile

WHY = "Chờ ý kiến cơ quan khác."


@pytest.fixture
def office(session):
    found = Office(session)
    found.staff()
    for role in (Role.division_head, Role.control_focal_point):
        found[role]
    return found


@pytest.fixture
def late(office):
    """A dossier an hour past its due date, and the clock there."""
    dossier = office.processed()
    with acting_at(dossier.due_at + timedelta(hours=1)):
        yield dossier


def written(office, dossier, role=Role.specialist):
    return apologies.write(office.session, dossier, office[role], cause="overdue", reason=WHY,
                           new_due_on=today() + timedelta(days=3))  # fmt: skip


def test_head_and_focal_point_are_told_once(office, late, session):
    assert (escalate_overdue(session), escalate_overdue(session)) == (1, 0)
    told = sorted(session.scalars(sa.select(Notice.user_id).where(Notice.key.like("overdue:%"))))
    assert told == sorted({office[Role.agency_head].user_id, office[Role.control_focal_point].user_id,
                           office[Role.specialist].user_id})  # fmt: skip
    assert session.scalar(sa.select(sa.func.count(MailMessage.id)).where(MailMessage.key.like("overdue:%"))) == 2
    (apology,) = late.apologies
    assert (apology.kind, apology.state, apology.signer_role) == ("overdue", "owed", "agency_head")


def test_in_the_order_they_became_late_and_what_waits_is_left_alone(office, session):
    first, second, waiting = office.processed(), office.processed(), office.processed()
    second.due_at = first.due_at - timedelta(hours=3)
    component = office.version.components[0].id
    reception.ask_supplement(session, waiting, office[Role.specialist], reason="thiếu", field_keys=[],
                             component_ids=[component])  # fmt: skip
    with acting_at(first.due_at + timedelta(days=1)):  # the worker stood still for a day
        assert escalate_overdue(session) == 2
    order = session.scalars(sa.select(Apology.dossier_id).order_by(Apology.id)).all()
    assert order == [second.id, first.id]


def test_finished_late_between_two_looks_is_found(office, late, session):
    while late.state == 4:
        office.step(late)
    assert escalate_overdue(session) == 1


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.citizen}))
def test_who_writes_and_who_signs(office, late, session, role):
    may_write = role in {Role.specialist, Role.division_head, Role.agency_head, Role.desk_officer}
    assert apologies.may_write(late, office[role]) is may_write
    apology = written(office, late)
    assert apologies.may_sign(apology, office[role]) is (role is Role.agency_head)
    stranger = office.officer(role, make_agency(parent=office.tree.root))
    assert not apologies.may_write(late, stranger)
    assert not apologies.may_sign(apology, stranger)


@pytest.mark.parametrize(("state", "name"), list(product(ApologyState, ("sign", "send_back", "waive"))))
def test_each_act_in_its_states_only(office, late, session, state, name):
    apology = written(office, late)
    apology.state = state
    row = APOLOGY.find(f"{name}_apology")
    args = () if name == "sign" else ("lý do",)
    act = getattr(apologies, name)
    if state in row.sources:
        act(session, apology, office[Role.agency_head], *args)
        assert apology.state == row.target
        assert late.movements[-1].transition == row.name
    else:
        with pytest.raises(NotAllowed):
            act(session, apology, office[Role.agency_head], *args)


def test_signed_it_is_sent_and_the_due_date_stays(office, late, session):
    promised = late.due_at
    apology = written(office, late)
    apologies.sign(session, apology, office[Role.agency_head])
    (letter,) = [x for x in late.letters if x.kind == "apology"]
    assert (letter.data["cause"], letter.data["agency"]) == ("overdue", late.agency.name)
    assert letter.data["due_at"] == promised.isoformat()
    assert letter.data["new_due_at"] == apology.new_due_at.isoformat()
    assert (late.due_at, late.due_changes) == (promised, [])
    assert apologies.is_late(late)
    assert apologies.to_write(late) == []
    with pytest.raises(Invalid):
        written(office, late)


def test_the_profile_names_the_signer(office, late, session):
    use_profile(session, overdue_apology_signer="centre_director")
    assert apologies.signer_role(session, late, "overdue") == "agency_head"  # nobody holds that post here
    director = office.officer(Role.centre_director, office.tree.desk)
    apology = written(office, late)
    assert apology.signer_role == "centre_director"
    apologies.sign(session, apology, director)
    assert late.letters[-1].data["agency"] == late.desk.name


def test_an_unsigned_apology_blocks_nothing(office, late, session):
    escalate_overdue(session)
    assert "chưa được ký" in hint(late)
    while late.state == 4:
        office.step(late)
    results.deliver(session, late, office[Role.desk_officer], receiver="Trần Thị Bình", on_paper=True)
    assert late.state == 10
    apology = apologies.write(session, late, office[Role.specialist], cause="overdue", reason=WHY)
    apologies.sign(session, apology, office[Role.agency_head])
    assert hint(late) == ""


@pytest.mark.parametrize(("given", "field"), [
    ({"reason": " "}, "reason"), ({"new_due_on": None}, "new_due_on"),
    ({"new_due_on": "past"}, "new_due_on"), ({"new_due_on": "far"}, "new_due_on"),
])  # fmt: skip
def test_a_faulty_apology_names_the_field(office, late, session, given, field):
    days = {"past": today() - timedelta(days=1), "far": today() + timedelta(days=900)}
    values = {"reason": WHY, "new_due_on": today()} | given
    values["new_due_on"] = days.get(values["new_due_on"], values["new_due_on"])
    with pytest.raises(Invalid) as refused:
        apologies.write(session, late, office[Role.specialist], cause="overdue", **values)
    assert field in refused.value.fields
    assert late.apologies == []


def test_nothing_to_apologise_for(office, session):
    dossier = office.processed()
    for cause in ("overdue", "supplement:2", "nonsense"):
        with pytest.raises(Invalid):
            apologies.write(session, dossier, office[Role.specialist], cause=cause, reason=WHY, new_due_on=today())


def test_sent_back_it_is_written_again(office, late, session):
    apology = written(office, late)
    with pytest.raises(Invalid):
        apologies.send_back(session, apology, office[Role.agency_head], " ")
    apologies.send_back(session, apology, office[Role.agency_head], "Nêu rõ hơn")
    assert apologies.to_write(late) == [("overdue", apology)]
    assert written(office, late) is apology
    assert len(late.apologies) == 1
