"""From a draft to a dossier: checked, acknowledged, once; and the answer to a supplement."""

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now, to_local
from app.errors import Invalid, NotAllowed, NotFound
from app.models import Dossier, Notice
from app.permissions import Role
from app.services import reception, submission
from tests.factories import make_agency
from tests.services.steps import ANSWERS, Office, attachment


@pytest.fixture
def office(session):
    """A ward with everybody its process needs."""
    found = Office(session)
    found.staff()
    return found


def test_sending_makes_a_registered_dossier_with_its_acknowledgement(office, session):
    with acting_at(now().replace(year=2026, month=11, day=7, hour=3, minute=0)):  # Saturday
        dossier, citizen = office.submitted()
    assert (dossier.state, dossier.channel) == (1, "online")
    assert dossier.desk is office.tree.desk
    assert dossier.revisions[0].data == ANSWERS
    assert [(p.kind, p.is_received) for p in dossier.papers] == [("electronic", True)] * 2
    assert all(a.dossier is dossier for a in dossier.attachments)
    # Out of hours: the eight hours begin on Monday morning (HCM24 Đ11.1a).
    assert to_local(dossier.reception_due_at).strftime("%d %H:%M") == "09 17:30"
    assert [letter.kind for letter in dossier.letters] == ["acknowledgement"]
    users = set(session.scalars(sa.select(Notice.user_id).where(Notice.dossier_id == dossier.id)))
    assert users == {citizen.user_id, office[Role.desk_officer].user_id}


def test_what_a_new_dossier_cannot_have_is_not_looked_for(office, session, count_queries):
    account, citizen = office.applicant()
    draft = office.draft(account)
    session.flush()
    with count_queries() as seen:
        submission.submit(session, draft, citizen)
    asked = {name for name in ("task", "clock_segment", "movement", "charge")
             if any(f"FROM {name} " in " ".join(text.split()) for text in seen)}  # fmt: skip
    assert asked == set()


def test_sending_twice_finds_the_first_dossier(office, session):
    account, citizen = office.applicant()
    draft = office.draft(account)
    first = submission.submit(session, draft, citizen)
    assert submission.submit(session, draft, citizen) is first
    assert session.scalar(sa.select(sa.func.count(Dossier.id))) == 1


def test_another_persons_draft_is_not_found(office, session):
    account, _citizen = office.applicant()
    _other, stranger = office.applicant()
    draft = office.draft(account)
    with pytest.raises(NotFound):
        submission.submit(session, draft, stranger)
    with pytest.raises(NotFound):
        submission.find_draft(session, draft.key, stranger)


def test_everything_that_is_missing_is_named_at_once(office, session):
    account, citizen = office.applicant()
    draft = office.draft(account, data={"ho_ten": ""})
    draft.attachments.clear()
    component = office.version.components[0]
    with pytest.raises(Invalid) as refusal:
        submission.submit(session, draft, citizen)
    assert set(refusal.value.fields) == {"ho_ten", "so_dinh_danh", f"component-{component.id}"}


@pytest.mark.parametrize("status", ["pending", "infected"])
def test_a_file_that_was_not_scanned_clean_is_not_sent(office, session, status):
    account, citizen = office.applicant()
    draft = office.draft(account)
    draft.attachments[0].file.scan_status = status
    with pytest.raises(Invalid):
        submission.submit(session, draft, citizen)


def test_a_procedure_that_is_not_in_force_takes_no_dossier(office, session):
    account, citizen = office.applicant()
    draft = office.draft(account)
    office.version.state = "retired"
    with pytest.raises(NotAllowed):
        submission.submit(session, draft, citizen)


def test_the_commune_is_chosen_unless_the_procedure_names_its_agency(office):
    with pytest.raises(Invalid):
        submission.handling_agency(office.version, None)
    with pytest.raises(Invalid):
        submission.handling_agency(office.version, office.tree.department)
    office.version.agency = office.tree.department
    assert submission.handling_agency(office.version, None) is office.tree.department


def test_a_closed_commune_takes_no_dossier(office):
    ended = make_agency(valid_to=to_local(now()).date().replace(year=2020))
    with pytest.raises(Invalid):
        submission.handling_agency(office.version, ended)


def test_a_dossier_goes_to_the_nearest_desk_above(office):
    below = make_agency(parent=office.tree.department)
    assert submission.receiving_desk(below) is office.tree.centre


def asked(office, session):
    """Return a dossier whose applicant is asked for one field and one paper."""
    dossier, citizen = office.submitted()
    component = office.version.components[0]
    reception.ask_supplement(
        session, dossier, office[Role.desk_officer], reason="Chưa rõ", field_keys=["ho_ten"],
        component_ids=[component.id],
    )  # fmt: skip
    return dossier, citizen, component


def test_an_answer_changes_only_what_was_asked(office, session):
    dossier, citizen, component = asked(office, session)
    code = dossier.code
    dossier.attachments.append(attachment(component))
    session.flush()
    data = {"ho_ten": "Trần Thị Bình An", "so_dinh_danh": "000000000000", "extra": "x"}
    submission.answer_supplement(session, dossier, data, citizen)
    assert (dossier.state, dossier.code) == (1, code)
    first, second = dossier.revisions
    assert first.data == ANSWERS
    assert second.data == ANSWERS | {"ho_ten": "Trần Thị Bình An"}
    assert [a.is_replaced for a in dossier.attachments if a.component_id == component.id] == [
        True,
        False,
    ]


def test_an_incomplete_answer_names_what_is_still_missing(office, session):
    dossier, citizen, component = asked(office, session)
    with pytest.raises(Invalid) as refusal:
        submission.answer_supplement(session, dossier, {"ho_ten": ""}, citizen)
    assert set(refusal.value.fields) == {"ho_ten", f"component-{component.id}"}
    assert dossier.state == 5


def test_nothing_is_answered_that_was_not_asked(office, session):
    dossier, citizen = office.submitted()
    with pytest.raises(NotAllowed):
        submission.answer_supplement(session, dossier, {}, citizen)


def test_another_applicant_does_not_answer(office, session):
    dossier, _citizen, component = asked(office, session)
    _other, stranger = office.applicant()
    dossier.attachments.append(attachment(component))
    session.flush()
    with pytest.raises(NotAllowed):
        submission.answer_supplement(session, dossier, ANSWERS, stranger)
