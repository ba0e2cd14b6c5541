"""Who holds open steps is told once when an incident moves their limits."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at
from app.models import Notice
from app.permissions import Role
from app.services import chunks, outage_steps, outages
from tests.services.steps import Office, task_of
from tests.services.test_outages import AFTER, MORNING, WORDS, decider, give_back, incident, running
from tests.workflows.hue import at


@pytest.fixture
def office(session) -> Office:
    return Office(session)


def told(office: Office) -> list[Notice]:
    return list(office.session.scalars(sa.select(Notice).where(Notice.key.startswith("outage-steps:"))))


def test_the_holder_is_told_once_for_all_his_steps_and_chunks(office, monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK", 1)
    limits = {dossier: task_of(dossier).due_at for dossier in (running(office), running(office))}
    row = incident(office)
    with acting_at(AFTER):
        give_back(office, row)
        (notice,) = told(office)
        give_back(office, incident(office, AFTER - timedelta(hours=1), AFTER))
    assert all(task_of(dossier).due_at > limit for dossier, limit in limits.items())
    assert (notice.user_id, notice.dossier_id) == (office[Role.specialist].user_id, None)
    assert notice.title == "Sự cố “Mất kết nối”: thời hạn các bước đang xử lý đã được dời"
    assert all(word in notice.body for word in WORDS.values())
    assert len(told(office)) == 2, "of another incident he is told again"


def test_of_a_step_that_nobody_took_all_are_told_who_may_but_not_the_applicant(office):
    dossier = running(office)
    mine, other = office[Role.specialist], office.officer(Role.specialist)
    task_of(dossier).assignee_id = None
    dossier.account.officer_id = other.user_id
    third = office.officer(Role.specialist)
    with acting_at(AFTER):
        give_back(office, incident(office))
    assert {notice.user_id for notice in told(office)} == {mine.user_id, third.user_id}


def test_nobody_is_told_where_no_limit_moved(office):
    running(office)
    with acting_at(AFTER):
        give_back(office, incident(office, agency=office.tree.department))
        give_back(office, incident(office, at("2026-11-10 20:00"), at("2026-11-10 21:00")))
        outages.decide(office.session, incident(office).id, decider(office), is_credited=False, **WORDS)
    assert told(office) == []


def test_the_desk_is_told_once_that_its_time_to_answer_moved(office, monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK", 1)
    with acting_at(MORNING):
        waiting = [office.submitted()[0] for _one in range(2)]
    dues = [dossier.reception_due_at for dossier in waiting]
    with acting_at(AFTER):
        give_back(office, incident(office))
    assert all(dossier.reception_due_at > due for dossier, due in zip(waiting, dues, strict=True))
    found = office.session.scalars(sa.select(Notice).where(Notice.key.startswith("outage-desk:"))).all()
    assert [(one.user_id, one.dossier_id) for one in found] == [(office[Role.desk_officer].user_id, None)]
    assert all(word in found[0].body for word in WORDS.values())
    answers = office.session.scalars(sa.select(Notice.dossier_id).where(Notice.key.startswith("outage:"))).all()
    assert sorted(answers) == sorted(dossier.id for dossier in waiting), "each applicant, of the new time"
    assert told(office) == []


def test_telling_costs_the_same_for_many_steps(office, count_queries):
    steps = [task_of(running(office)) for _one in range(3)]
    counts = []
    for some in (steps[:1], steps[:1], steps):  # the first one finds who holds the posts
        with acting_at(AFTER):
            decision = outages.decide(office.session, incident(office).id, decider(office), is_credited=True, **WORDS)
            office.session.flush()
            with count_queries() as seen:
                outage_steps.tell_holders(office.session, decision, some)
        counts.append(len(seen))
    assert counts[1] == counts[2]
    assert len(told(office)) == 3
