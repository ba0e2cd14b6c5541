"""An officer is known as the applicant whatever login or counter he applied through: by his personal number."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from app.clock import today
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.models import Account, OfficerIdentity, OfficerPosition, User
from app.models.feedback import CATEGORIES
from app.permissions import Role
from app.services import (
    apologies,
    assigning,
    charges,
    colleagues,
    consulting,
    counter,
    desk_logins,
    explanations,
    extensions,
    feedback,
    handing,
    inbox_bulk,
    lifecycle,
    processing,
    reception,
    refund_rights,
    reopening,
    results,
    standing,
    supplements,
    task_rights,
)
from app.services.actors import actor_as, build_actor, find_identity
from app.services.dossier_offers import find_offers
from app.services.inbox import find_rows
from app.services.question_limits import who_answers
from app.workflows.dossier import DOSSIER
from tests.factories import make_account, make_user
from tests.services.steps import Office, task_of

NUMBER = "046088001234"
REFUSED = (NotAllowed, Invalid, NotFound, Conflict)
HOW = ("his login", "another login", "at the counter")
OFFICERS = sorted(set(Role) - {Role.citizen})


def as_himself(session, actor, account, how="at the counter"):
    """Return the officer ``actor`` as who he is once ``account`` is he."""
    account.user_id = {"his login": actor.user_id, "another login": make_user().id}.get(how)
    session.query(OfficerIdentity).delete()
    if how != "his login":
        session.add(OfficerIdentity(user_id=actor.user_id, id_number=account.id_number))
    session.flush()
    session.expire_all()
    return build_actor(session, session.get(User, actor.user_id))


def _acts(session, office, dossier):
    """Return every act an officer may try on a dossier, by name, taking the actor."""
    task = next((t for t in dossier.tasks if t.state == "open"), None)
    late = "Vì thiếu người"
    at_step = {
        "claim": lambda a: handing.claim(session, task, a),
        "finish": lambda a: processing.finish_task(session, task, a),
        "hand over": lambda a: handing.hand_to(session, task, office[Role.specialist].user_id, a),
        "send back": lambda a: processing.send_back(session, task, task.key, a, late),
        "consult": lambda a: consulting.ask(session, task, a, question=late, hours=8,
                                             user_id=office[Role.clerk].user_id),
    }  # fmt: skip
    return {name: act for name, act in at_step.items() if task is not None} | {
        "accept": lambda a: reception.accept(session, dossier, a),
        "refuse": lambda a: reception.refuse(session, dossier, a, late),
        "supplement": lambda a: supplements.ask_supplement(session, dossier, a, reason=late, field_keys=[],
                                                              component_ids=[]),
        "pass on": lambda a: reception.pass_on(session, dossier, a),
        "stop": lambda a: reception.stop(session, dossier, a, late),
        "payment": lambda a: charges.record_payment(session, dossier, a, "cash"),
        "extension": lambda a: extensions.ask(session, dossier, a, minutes=60, reason=late),
        "apology": lambda a: apologies.write(session, dossier, a, cause="overdue", reason=late),
        "explanation": lambda a: explanations.ask(session, dossier, a, question=late, due_on=today()),
        "explain": lambda a: explanations.explain(session, dossier, a, late),
        "draft": lambda a: results.save_draft(session, dossier, a, title="Giấy", content=late),
        "deliver": lambda a: results.deliver(session, dossier, a, receiver="Bình", on_paper=True),
        "reopen": lambda a: reopening.reopen(session, dossier, a, late),
    }  # fmt: skip


def _dossiers(office):
    yield office.submitted()[0]
    yield office.received()
    yield office.processed()
    yield office.finished()


def _is_refused(act, actor):
    try:
        act(actor)
    except REFUSED:
        return True
    return False


@pytest.mark.parametrize("how", HOW)
def test_no_act_is_open_on_ones_own_dossier(session, how):
    """Every transition and every act, in four states, of every role."""
    office = Office(session)
    office.staff()
    officers = {role: office[role] if role in office.people else office.officer(role) for role in OFFICERS}
    for dossier in _dossiers(office):
        at_start, acts = dossier.state, _acts(session, office, dossier)
        for officer in officers.values():
            me = as_himself(session, officer, dossier.account, how)
            assert task_rights.is_own(dossier, me)
            for row in DOSSIER.transitions:
                assert not [one for one in row.roles - {"citizen"} if standing.stands_at(dossier, me, Role(one))]
            assert how == "his login" or lifecycle.offered(dossier, me) == []
            assert how == "his login" or find_offers(session, dossier, me) == []
            assert [name for name, act in acts.items() if not _is_refused(act, me)] == []
        assert dossier.state == at_start
        dossier.account.user_id = None
        session.flush()


def test_a_colleague_of_the_same_post_may(session):
    """The control: the same acts are open to who is somebody else."""
    office = Office(session)
    office.staff()
    for role, dossier in zip((Role.desk_officer, Role.desk_officer, Role.specialist), _dossiers(office), strict=False):
        as_himself(session, office.officer(Role.clerk), dossier.account)
        assert find_offers(session, dossier, office.people[role]) != []


@pytest.mark.parametrize("how", HOW)
def test_nobody_is_given_or_told_of_his_own(session, how):
    """Claiming, assigning, handing over, asking: the lists of who may leave him out and keep his colleagues."""
    office = Office(session)
    dossier = office.processed()
    task = task_of(dossier)
    role = Role(task.role)
    mine = as_himself(session, office[role], dossier.account, how)
    other = office.officer(role)
    step = next(one for one in processing.graph(dossier).steps if one.key == task.key)
    known = assigning.candidates_of(session, dossier, [(task.agency_id, step)])
    lists = {
        "candidates": {one.user_id for some in known.by_post.values() for one in some},
        "colleagues": set(colleagues.people_for(session, [task])[task.id]),
        "hand to": set(handing.colleagues(session, task)),
    }
    task.assignee_id = None
    lists["opinions"] = set(who_answers(session, task))
    for name, people in lists.items():
        assert mine.user_id not in people, name
        assert other.user_id in people, name
    head = office[Role.agency_head]
    with pytest.raises(Invalid):
        handing.hand_to(session, task, mine.user_id, head)
    assert head.user_id in refund_rights.deciders(session, dossier, frozenset())
    me = as_himself(session, head, dossier.account, how)
    assert me.user_id not in refund_rights.deciders(session, dossier, frozenset())


@pytest.mark.parametrize("how", HOW)
def test_nor_does_who_stands_in_for_him(session, how):
    office = Office(session)
    dossier = office.processed()
    task = task_of(dossier)
    mine = as_himself(session, office[Role(task.role)], dossier.account, how)
    deputy = office.officer(Role.clerk)
    lent = replace(mine.positions[0], delegation_id=1, delegator_id=mine.user_id)
    deputy = replace(deputy, positions=(lent,), roles=frozenset({lent.role}))
    assert not task_rights.may_do(task, deputy)
    rows = find_rows(session, [(dossier.id, task.id)], None)
    assert inbox_bulk.acts_of(rows[0], deputy, inbox_bulk.givers_of(session, deputy)) == []
    assert inbox_bulk.acts_of(rows[0], mine, {}) == []
    assert "hand_to" in inbox_bulk.acts_of(rows[0], office[Role.agency_head], {})


@pytest.mark.parametrize("how", HOW)
def test_nobody_answers_his_own_feedback(session, how):
    office = Office(session)
    office.staff()
    account, sender = office.applicant()
    focal = office.officer(Role.control_focal_point, office.tree.root)
    given = feedback.NewFeedback(
        title="Chờ lâu", content="Quầy 2 chờ lâu", category=next(iter(CATEGORIES)), sender_name="Trần Thị Bình",
        agency_code=office.tree.desk.code,
    )  # fmt: skip
    item = feedback.send_feedback(session, given, sender)
    other = office.officer(Role.control_focal_point, office.tree.root)
    assert feedback.offered(item, focal) != []
    me = as_himself(session, focal, account, how)
    assert feedback.offered(item, me) == []
    with pytest.raises(NotAllowed):
        feedback.accept_feedback(session, item, me, agency_code="")
    lent = replace(me.positions[0], delegation_id=1, delegator_id=me.user_id)
    assert feedback.offered(item, replace(other, positions=(lent,))) == []
    feedback.accept_feedback(session, item, other, agency_code="")


def test_a_desk_receives_nothing_and_opens_no_login_for_itself(session):
    office = Office(session)
    office.staff()
    me = as_himself(session, office[Role.desk_officer], account := make_account())
    with pytest.raises(NotAllowed):
        reception.receive_at_counter(session, office.given(account=account), me)
    assert desk_logins.why_not(session, account, me) != ""
    assert desk_logins.why_not(session, account, office.officer(Role.desk_officer)) == ""


@pytest.mark.parametrize("receive", [reception.receive_at_counter, reception.register])
def test_a_desk_receives_not_even_its_own_first_dossier(session, receive):
    """His number becomes an applicant's in the very act: nothing known of him at its beginning tells it."""
    office = Office(session)
    office.staff()
    desk = office[Role.desk_officer]
    session.add(OfficerIdentity(user_id=desk.user_id, id_number=NUMBER))
    session.flush()
    me = build_actor(session, session.get(User, desk.user_id))
    given = {"kind": "citizen", "name": "Trần Văn Tự", "id_kind": "personal_id", "id_number": NUMBER}
    account = counter.enter_applicant(session, me, **given)
    assert me.own_accounts == frozenset()
    with pytest.raises(NotAllowed, match="của chính bạn"), session.begin_nested():
        receive(session, office.given(account=account), me)
    assert receive(session, office.given(account=account), office.officer(Role.desk_officer)).account is account


def test_who_he_is_follows_the_numbers(session):
    """Whichever comes first, number or applicant; a corrected number is another person."""
    officer = make_user(Role.specialist)
    session.add(row := OfficerIdentity(user_id=officer.id, id_number=NUMBER))
    session.flush()
    later = make_account(id_kind="personal_id", id_number=NUMBER)
    assert later.officer_id == officer.id
    assert build_actor(session, officer).own_accounts == {later.id}
    actor = actor_as(session, find_identity(session, officer.id))
    assert (actor.account_id, actor.own_accounts) == (None, {later.id})
    row.id_number = "046088001235"
    session.flush()
    session.expire_all()
    assert later.officer_id is None
    later.id_number = row.id_number
    session.flush()
    assert later.officer_id == officer.id
    session.delete(row)
    session.flush()
    session.expire_all()
    assert later.officer_id is None
    other = make_account(id_kind="passport", id_number="B1234567")
    assert other.officer_id is None


def test_a_number_moved_to_another_officer_leaves_nobody_who_he_is_not(session):
    """Officer and number changed in one save: the former number is nobody's any more."""
    former, officer = make_user(Role.specialist), make_user(Role.specialist)
    first, second = (make_account(id_number=number) for number in ("046190999991", "046190999992"))
    session.add(row := OfficerIdentity(user_id=former.id, id_number=first.id_number))
    session.commit()
    row.user, row.id_number = officer, second.id_number
    session.commit()
    session.expire_all()
    assert (first.officer_id, second.officer_id) == (None, officer.id)
    assert build_actor(session, former).own_accounts == frozenset()
    assert build_actor(session, officer).own_accounts == {second.id}


def test_only_an_administrator_enters_numbers_and_never_his_own(session, login):
    officer = make_user(Role.specialist)
    admin = login(Role.system_admin)
    body = {"user": officer.id, "id_number": "0460 8800 1234"}
    for role in (Role.catalog_admin, Role.agency_head, Role.auditor, Role.desk_officer):
        assert login(role).post("/api/v1/officer_identity/", json=body).status_code == 403
        assert login(role).get("/api/v1/officer_identity/").status_code == 403
    assert admin.post("/api/v1/officer_identity/", json=body | {"id_number": "123"}).status_code == 422
    answer = admin.post("/api/v1/officer_identity/", json=body)
    assert answer.status_code == 201, answer.json
    assert session.scalar(sa.select(OfficerIdentity.id_number)) == NUMBER
    again = {"user": make_user(Role.clerk).id, "id_number": NUMBER}
    assert admin.post("/api/v1/officer_identity/", json=again).status_code == 422
    applying = make_user(Role.specialist)
    make_account(user=applying, id_kind="personal_id", id_number="046088009999")
    contradicting = {"user": applying.id, "id_number": "046088001236"}
    assert admin.post("/api/v1/officer_identity/", json=contradicting).status_code == 422
    me = sa.select(OfficerPosition.user_id).where(OfficerPosition.role == Role.system_admin)
    own = {"user": session.scalar(me.order_by(OfficerPosition.id)), "id_number": "046088001237"}
    assert admin.post("/api/v1/officer_identity/", json=own).status_code == 422
    assert session.scalar(sa.select(sa.func.count(Account.id)).where(Account.officer_id.is_not(None))) == 0
