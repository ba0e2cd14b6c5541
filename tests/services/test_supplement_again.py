"""A supplement asked for again: whose fault, the apology, what may be asked, old and new."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from app.clock import VIETNAM, acting_at, now, to_local
from app.errors import Invalid, NotAllowed
from app.models import Letter, Notice, SupplementRequest
from app.permissions import Role
from app.services import apologies, escalation, reception, submission
from app.services.escalation import chase_supplements
from app.services.supplements import Again, rounds
from tests.services.steps import Office, attachment
from tests.services.test_extensions import use_profile

OURS = Again("agency", "Lần đầu chưa nêu giấy tờ còn thiếu.")
THEIRS = Again("applicant", "Ảnh chụp vẫn chưa rõ.")


@pytest.fixture
def office(session):
    found = Office(session)
    found.staff()
    found.people[Role.centre_director] = found.officer(Role.centre_director, found.tree.desk)
    return found


def ask(office, dossier, again=None, *, fields=("ho_ten",), papers=()):
    who = Role.desk_officer if dossier.received_at is None else Role.specialist
    numbers = [office.version.components[i].id for i in papers]
    return reception.ask_supplement(office.session, dossier, office[who], reason="Bổ sung",
                                    field_keys=list(fields), component_ids=numbers, again=again)  # fmt: skip


def answer(office, dossier, citizen, value="Trần Thị Bình An"):
    for number in dossier.supplements[-1].component_ids:
        part = next(c for c in office.version.components if c.id == number)
        dossier.attachments.append(attachment(part, created_at=now()))
    office.session.flush()
    submission.answer_supplement(office.session, dossier, {"ho_ten": value}, citizen)


@pytest.fixture
def answered(office):
    """A dossier sent online whose first supplement was answered."""
    dossier, citizen = office.submitted()
    ask(office, dossier)
    answer(office, dossier, citizen)
    return dossier, citizen


@pytest.mark.parametrize(("again", "fields"), [
    (None, {"fault", "fault_reason"}), (Again("agency", " "), {"fault_reason"}),
    (Again("nonsense", "vì"), {"fault"}), (Again("", "vì"), {"fault"}),
])  # fmt: skip
def test_a_second_request_says_whose_fault_it_is(office, answered, again, fields):
    dossier, _citizen = answered
    with pytest.raises(Invalid) as refused:
        ask(office, dossier, again)
    assert set(refused.value.fields) == fields
    assert (dossier.state, dossier.supplement_count, len(dossier.supplements)) == (1, 1, 1)


def test_our_fault_writes_the_apology_for_the_director_of_the_centre(office, answered, session):
    dossier, citizen = answered
    request = ask(office, dossier, OURS, papers=(1,))
    assert (dossier.state, dossier.supplement_count, request.fault) == (5, 2, "agency")
    (apology,) = dossier.apologies
    assert (apology.kind, apology.cause, apology.state) == ("guidance", "supplement:2", "submitted")
    assert (apology.signer_role, apology.reason) == ("centre_director", OURS.reason)
    director = office[Role.centre_director]
    assert session.scalar(sa.select(sa.func.count(Notice.id)).where(
        Notice.user_id == director.user_id, Notice.key.like("apology:%"))) == 1  # fmt: skip
    with pytest.raises(NotAllowed):
        apologies.sign(session, apology, office[Role.agency_head])
    apologies.sign(session, apology, director)
    letter = session.scalars(sa.select(Letter).where(Letter.kind == "apology")).one()
    assert (letter.data["cause"], letter.data["agency"]) == ("guidance", dossier.desk.name)
    assert letter.data["signer"]["name"] == director.name
    assert "new_due_at" not in letter.data
    told = session.scalar(sa.select(sa.func.count(Notice.id)).where(
        Notice.user_id == citizen.user_id, Notice.key.like(f"apology:{apology.id}:applicant%")))  # fmt: skip
    assert told == 1
    with pytest.raises(NotAllowed):  # a doubled click
        apologies.sign(session, apology, director)


def test_without_an_apology_in_the_profile_once_is_once(office, answered, session):
    use_profile(session, apology_from_supplement=3)
    dossier, _citizen = answered
    with pytest.raises(Invalid, match="một lần"):
        ask(office, dossier, OURS)


def test_where_the_profile_allows_two_the_third_needs_the_apology(office, session):
    use_profile(session, supplement_max=2, apology_from_supplement=3)
    dossier, citizen = office.submitted()
    ask(office, dossier)
    answer(office, dossier, citizen)
    ask(office, dossier, OURS)
    assert dossier.apologies == []
    answer(office, dossier, citizen)
    ask(office, dossier, OURS)
    assert [one.cause for one in dossier.apologies] == ["supplement:3"]


def test_their_fault_asks_for_nothing_new_and_makes_no_apology(office, answered):
    dossier, _citizen = answered
    with pytest.raises(Invalid) as refused:
        ask(office, dossier, THEIRS, papers=(1,))
    assert "fault" in refused.value.fields
    ask(office, dossier, THEIRS)
    assert (dossier.supplement_count, dossier.apologies) == (2, [])


def test_in_process_the_apology_is_written_as_well(office, session):
    dossier = office.processed()
    ask(office, dossier)
    answer(office, dossier, office[Role.desk_officer])
    ask(office, dossier, OURS)
    assert [one.state for one in dossier.apologies] == ["submitted"]
    assert dossier.movements[-1].transition == "ask_supplement_in_process"


def test_whoever_may_not_ask_leaves_nothing_behind(office, answered, session):
    dossier, _citizen = answered
    for role in (Role.specialist, Role.auditor, Role.centre_director):
        with pytest.raises(NotAllowed):
            reception.ask_supplement(session, dossier, office[role], reason="x", field_keys=["ho_ten"],
                                     component_ids=[], again=OURS)  # fmt: skip
    assert (len(dossier.supplements), dossier.apologies) == (1, [])


def test_each_request_shows_old_and_new_side_by_side(office, answered):
    dossier, citizen = answered
    with acting_at(now() + timedelta(minutes=5)):
        ask(office, dossier, OURS, papers=(0,))
    with acting_at(now() + timedelta(minutes=9)):
        answer(office, dossier, citizen, "Trần Thị Bình Minh")
    second, first = rounds(dossier)
    assert first.fields == [("Họ và tên", "Trần Thị Bình", "Trần Thị Bình An")]
    assert second.fields == [("Họ và tên", "Trần Thị Bình An", "Trần Thị Bình Minh")]
    ((name, old, new),) = second.papers
    assert (name, len(old), len(new)) == (office.version.components[0].name, 1, 1)


# The applicant's time to answer.


@pytest.mark.parametrize(("asked", "until"), [("2026-03-10 10:37", "2026-04-09 23:59"),  # a Thursday
                                              ("2026-03-12 23:50", "2026-04-13 23:59")])  # fmt: skip
def test_the_time_to_answer_ends_with_the_last_day_or_the_next_working_day(office, asked, until):
    with acting_at(datetime.fromisoformat(asked).replace(tzinfo=VIETNAM)):
        dossier, _citizen = office.submitted()
        request = ask(office, dossier)
    assert to_local(request.due_at).strftime("%Y-%m-%d %H:%M") == until


def test_beyond_the_working_calendar_the_whole_last_day_is_left(office, session):
    use_profile(session, supplement_answer_days=3650)
    dossier, _citizen = office.submitted()
    assert to_local(ask(office, dossier).due_at).strftime("%H:%M:%S") == "23:59:59"


def test_the_applicant_is_reminded_and_the_officers_are_told_once(office, session):
    dossier, citizen = office.submitted()
    request = ask(office, dossier)

    def keys(user_id):
        query = sa.select(Notice.key).where(Notice.user_id == user_id, Notice.key.like("supplement-%"))
        return sorted(key.partition(":")[0] for key in session.scalars(query))

    for days, expected in ((10, []), (4, ["supplement-soon5"]), (3, ["supplement-soon5"]),
                           (0.5, ["supplement-soon1", "supplement-soon5"])):  # fmt: skip
        with acting_at(request.due_at - timedelta(days=days)):
            chase_supplements(session)
            assert keys(citizen.user_id) == expected
    with acting_at(request.due_at + timedelta(hours=1)):
        assert (chase_supplements(session), chase_supplements(session)) == (1, 0)
        assert keys(office[Role.desk_officer].user_id) == ["supplement-over"]


def test_whom_nothing_reaches_holds_up_nobody(office, session, monkeypatch):
    monkeypatch.setattr(escalation, "_BATCH", 1)
    unreachable, _citizen = office.submitted()
    unreachable.account.user, unreachable.applicant_email = None, None
    dossier, citizen = office.submitted()
    first, second = ask(office, unreachable), ask(office, dossier)
    first.due_at = second.due_at - timedelta(minutes=1)
    session.flush()
    with acting_at(second.due_at - timedelta(days=4)):
        assert chase_supplements(session) == 1
    query = sa.select(Notice.user_id).where(Notice.key.like("supplement-soon%"))
    assert session.scalars(query.order_by(Notice.id)).all() == [citizen.user_id]


def test_a_desk_without_anybody_holds_up_no_other(office, session, monkeypatch):
    monkeypatch.setattr(escalation, "_BATCH", 1)
    abandoned, _citizen = office.submitted()
    dossier, _citizen = office.submitted()
    first, second = ask(office, abandoned), ask(office, dossier)
    abandoned.desk = office.tree.centre
    for task in abandoned.tasks:
        task.assignee_id = None
    first.due_at = second.due_at - timedelta(minutes=1)
    session.flush()
    with acting_at(second.due_at + timedelta(hours=1)):
        assert chase_supplements(session) == 1
        assert chase_supplements(session) == 0
    told = sa.select(Notice.user_id).where(Notice.key == f"supplement-over:{second.id}")
    assert session.scalars(told).all() == [office[Role.desk_officer].user_id]


def test_a_day_without_a_worker_reminds_once(office, session):
    dossier, citizen = office.submitted()
    request = ask(office, dossier)
    with acting_at(request.due_at - timedelta(hours=3)):
        assert chase_supplements(session) == 1
    query = sa.select(sa.func.count(Notice.id)).where(Notice.key.like("supplement-soon%"))
    assert session.scalar(query) == 1


def test_the_desk_refuses_what_was_never_answered_and_only_then(office, session):
    dossier, _citizen = office.submitted()
    request = ask(office, dossier)
    desk = office[Role.desk_officer]
    with pytest.raises(Invalid):
        reception.refuse(session, dossier, desk, "Không bổ sung")
    with acting_at(request.due_at + timedelta(hours=1)):
        reception.refuse(session, dossier, desk, "Không bổ sung")
    assert (dossier.state, dossier.movements[-1].transition) == (3, "refuse_unanswered")
    assert [x.kind for x in dossier.letters][-1] == "refusal"


def test_what_was_accepted_is_stopped_by_the_head_not_refused(office, session):
    dossier = office.processed()
    request = ask(office, dossier)
    with acting_at(request.due_at + timedelta(hours=1)):
        assert chase_supplements(session) == 1
        with pytest.raises(Invalid):
            reception.refuse(session, dossier, office[Role.desk_officer], "Không bổ sung")
        reception.stop(session, dossier, office[Role.agency_head], "Không bổ sung")
    assert dossier.state == 8
    assert session.scalar(sa.select(sa.func.count(SupplementRequest.id)).where(
        SupplementRequest.answered_at.is_(None))) == 1  # fmt: skip
