"""Nobody answers the question he asked himself, whoever hands it over or is away."""

import pytest

from app.clock import today
from app.errors import Invalid, NotAllowed
from app.permissions import Role
from app.services import absences, consulting, handing
from tests.services.test_graph_processes import BACK, DESK, SIGN, WORK, ask, graph, office_with, task_at


@pytest.fixture
def asking(session):
    """An office and a dossier at its work step."""
    office = office_with(session, graph(session, DESK, WORK, SIGN, BACK))
    return office, office.processed()


def test_a_question_ends_with_nobody_who_asked_it(session, asking):
    office, dossier = asking
    asker, colleague, third = office[Role.specialist], office.officer(Role.specialist), office.officer(Role.specialist)
    (question,) = ask(office, dossier, user_id=colleague.user_id)
    assert task_at(dossier, "b2").assignee_id == asker.user_id, "who asks has begun with the step"
    with pytest.raises(Invalid):
        handing.hand_to(session, question, asker.user_id, colleague)
    absences.enter(session, third.user_id, office.officer(Role.agency_head), kind="leave", valid_from=today(),
                   valid_to=today(), reason="Nghỉ", way="keep")  # fmt: skip
    for way, expected in (("colleagues", colleague.user_id), ("pool", colleague.user_id)):
        (line,) = absences.plan(session, colleague.user_id, way)
        assert (line.is_left, line.user_id) == (True, expected), "only the asker and an absent one are left"
    question.assignee_id = None  # everybody's of the role, but not his who asked
    session.flush()
    with pytest.raises(NotAllowed):
        consulting.answer(session, question, asker, given="agree", remark="")
    consulting.answer(session, question, third, given="agree", remark="")


def test_the_own_agency_is_asked_by_name_only(session, asking):
    office, dossier = asking
    with pytest.raises(Invalid) as refused:
        ask(office, dossier, agency_ids=[office.tree.commune.id])
    assert "agency" in refused.value.fields
