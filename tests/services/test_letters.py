"""Letters: once per cause, numbered in their series, printed from kept data."""

import pytest
import sqlalchemy as sa

from app.models import OfficerPosition
from app.permissions import Role
from app.services import letters, reception
from app.services.actors import build_actor
from app.services.handovers import handovers
from app.services.letter_data import limit_text, place_of
from tests.factories import make_position, make_user
from tests.services.steps import Office


@pytest.fixture
def office(session):
    """A ward with everybody its process needs."""
    found = Office(session)
    found.staff()
    return found


def test_the_same_cause_never_issues_a_second_letter(office, session):
    dossier = office.received()
    first = dossier.letters[0]
    again = letters.issue_letter(
        session, dossier, "receipt_slip", office[Role.desk_officer], cause="accept"
    )
    assert again is first
    assert len(dossier.letters) == 1


def test_numbers_follow_one_another_by_kind_and_desk(office, session):
    numbers = []
    for _ in range(2):
        dossier, _citizen = office.submitted()
        reception.refuse(session, dossier, office[Role.desk_officer], "lý do")
        numbers.append(dossier.letters[-1].number)
    assert numbers == ["01/TCTN", "02/TCTN"]


def test_a_letter_says_tomorrow_what_it_said_today(office, session):
    dossier = office.received()
    letter = dossier.letters[0]
    before = letters.letter_pdf(session, letter)
    dossier.applicant_name, dossier.due_at = "Người khác", None
    session.flush()
    assert letters.letter_pdf(session, letter) == before
    letters.keep_letter(session, letter.id)
    assert letter.file is not None
    assert letters.letter_pdf(session, letter) == before


def test_keeping_a_letter_twice_keeps_one_file(office, session):
    letter = office.received().letters[0]
    letters.keep_letter(session, letter.id)
    kept = letter.file_id
    letters.keep_letter(session, letter.id)
    letters.keep_letter(session, 0)
    assert letter.file_id == kept


def test_the_title_carries_the_form_number_of_its_time(office, session):
    letter = office.received().letters[0]
    assert "01" in letters.letter_title(session, letter)


def test_each_handover_tells_who_gave_to_whom(office):
    dossier = office.finished()
    rows = handovers(dossier)
    assert len(rows) == len(dossier.tasks) - 1
    assert rows[0]["giver_unit"] == office.tree.desk.name
    assert rows[0]["receiver_unit"] == office.tree.commune.name
    assert {row["outcome"] for row in rows} <= {"early", "on_time", "late"}


def test_a_slip_is_dated_at_the_place_of_its_unit(office):
    assert place_of(office.tree.desk) == office.tree.desk.name
    office.version.is_same_day = False
    assert limit_text(office.version) == "03 ngày làm việc"


def test_script_in_a_name_is_only_text_in_a_letter(office, session):
    dossier, _citizen = office.submitted()
    dossier.applicant_name = '<script>alert(1)</script> #panic("x")'
    reception.refuse(session, dossier, office[Role.desk_officer], "#import *x* $y$")
    assert letters.letter_pdf(session, dossier.letters[-1]).startswith(b"%PDF")


def test_a_notice_is_signed_by_the_post_that_was_used(session):
    """Not by the oldest one its signer holds elsewhere."""
    office = Office(session)
    user = make_user(Role.desk_officer, office.tree.desk)
    user_post = session.scalars(sa.select(OfficerPosition).where(OfficerPosition.user_id == user.id)).one()
    user_post.title = "Chuyên viên Bộ phận Một cửa"
    make_position(user, Role.agency_head, office.tree.commune, title="Chủ tịch")
    session.flush()
    dossier = reception.stop(session, office.processed(), build_actor(session, user), "Không còn đối tượng")
    letter = next(x for x in dossier.letters if x.kind == "stop")
    assert letter.data["signer"]["title"] == "Chủ tịch"
    assert letter.data["agency"] == office.tree.commune.name
