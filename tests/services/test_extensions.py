"""Extensions: who asks, who confirms by the profile, what granting does; every refusal."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now
from app.errors import Invalid, NotAllowed
from app.models import Extension, Letter, Notice, Profile, ProfileParameter
from app.permissions import Role
from app.services import extensions, lifecycle, processing, reception
from app.services.extension_list import find_waiting
from app.services.inbox import Wanted, find_inbox
from app.workflows.extension import ExtensionState
from tests.factories import make_agency
from tests.services.steps import Office, task_of

REASON = "Cần xác minh thực địa."
TTH17 = ["division_head", "centre_director"]
DAY = 480


@pytest.fixture
def office(session):
    found = Office(session, time_limit_value=15)
    found.staff()
    for role in (Role.division_head, Role.agency_head):
        found[role]
    found.people[Role.centre_director] = found.officer(Role.centre_director, found.tree.desk)
    return found


def use_profile(session, **parameters):
    """Put a profile with these parameters in force."""
    profile = Profile(code="thu", name="Quy chế thử", is_active=True)
    start = now().date() - timedelta(days=400)
    profile.parameters = [ProfileParameter(key=k, value=v, valid_from=start) for k, v in parameters.items()]
    session.add(profile)
    session.flush()
    session.info.clear()


@pytest.fixture
def dossier(office):
    return office.processed()


def ask(office, dossier, minutes=DAY, role=Role.specialist):
    return extensions.ask(office.session, dossier, office[role], minutes=minutes, reason=REASON)


def test_two_confirm_and_the_due_date_moves(office, dossier, session):
    use_profile(session, extension_approvers=TTH17)
    promised, step_due = dossier.due_at, task_of(dossier).due_at
    extension = ask(office, dossier)
    assert (extension.state, extension.waits_for, dossier.due_at) == ("asked", "division_head", promised)
    assert extensions.agree(session, extension, office[Role.division_head]).name == "confirm_extension"
    assert (extension.state, extension.waits_for, dossier.due_at) == ("confirmed", "centre_director", promised)
    assert session.scalar(sa.select(sa.func.count(Letter.id)).where(Letter.kind == "apology")) == 0
    assert extensions.agree(session, extension, office[Role.centre_director], "Đồng ý").name == "grant_extension"
    assert extension.state == ExtensionState.granted
    assert dossier.original_due_at == promised
    assert dossier.due_at == extension.new_due_at > promised
    assert task_of(dossier).due_at > step_due
    (change,) = dossier.due_changes
    assert (change.old_due_at, change.new_due_at) == (promised, extension.new_due_at)
    assert "TTH17 Đ14.4" in change.clause
    assert change.actor_name == office[Role.centre_director].name
    (letter,) = [x for x in dossier.letters if x.kind == "apology"]
    assert letter.data["cause"] == "extension"
    assert letter.data["agency"] == dossier.desk.name
    assert letter.data["signer"]["name"] == office[Role.centre_director].name
    assert [m.transition for m in dossier.movements][-3:] == [
        "ask_extension", "confirm_extension", "grant_extension"]  # fmt: skip
    assert [one["name"] for one in extension.confirmed] == [
        office[Role.division_head].name, office[Role.centre_director].name]  # fmt: skip


def test_the_applicant_and_who_asked_are_told(office, session):
    dossier, citizen = office.submitted()
    reception.accept(session, dossier, office[Role.desk_officer])
    office.pay(dossier)
    reception.pass_on(session, dossier, office[Role.desk_officer])
    extension = ask(office, dossier)
    told = set(session.scalars(sa.select(Notice.user_id).where(Notice.key == f"extension:{extension.id}:0")))
    assert told == {office[Role.agency_head].user_id}
    extensions.agree(session, extension, office[Role.agency_head])
    keys = dict(session.execute(sa.select(Notice.key, Notice.user_id).where(
        Notice.key.like(f"extension:{extension.id}:1%"))).all())  # fmt: skip
    assert keys == {f"extension:{extension.id}:1:applicant": citizen.user_id,
                    f"extension:{extension.id}:1:granted": office[Role.specialist].user_id}  # fmt: skip


def test_without_a_word_of_the_profile_the_head_of_the_agency_decides(office, dossier, session):
    extension = ask(office, dossier)
    assert extension.approvers == ["agency_head"]
    assert extensions.agree(session, extension, office[Role.agency_head]).name == "grant_extension"
    (letter,) = [x for x in dossier.letters if x.kind == "apology"]
    assert letter.data["agency"] == dossier.agency.name


@pytest.mark.parametrize("approvers", [["agency_head"], TTH17, ["division_head", "agency_head", "centre_director"]])
def test_only_the_one_it_waits_for_decides(office, session, dossier, approvers):
    use_profile(session, extension_approvers=approvers)
    extension = ask(office, dossier)
    elsewhere = make_agency(parent=office.tree.root)
    for stage in approvers:
        fits = {Role(stage)} | ({Role.agency_head} if stage == "division_head" else set())
        for role in set(Role) - {Role.citizen}:
            assert extensions.may_decide(extension, office[role]) is (role in fits), (stage, role)
            assert not extensions.may_decide(extension, office.officer(role, elsewhere))
            if role not in fits:
                with pytest.raises(NotAllowed):
                    extensions.agree(session, extension, office[role])
                with pytest.raises(NotAllowed):
                    extensions.refuse(session, extension, office[role], "không")
        extensions.agree(session, extension, office[Role(stage)])
    assert extension.state == ExtensionState.granted


def test_nobody_confirms_his_own_request_nor_twice(office, dossier, session):
    use_profile(session, extension_approvers=["division_head", "agency_head"])
    extension = ask(office, dossier, role=Role.division_head)
    with pytest.raises(NotAllowed, match="chính mình"):
        extensions.agree(session, extension, office[Role.division_head])
    extensions.agree(session, extension, office[Role.agency_head])  # stands in for the division head
    assert extension.waits_for == "agency_head"
    with pytest.raises(NotAllowed):
        extensions.agree(session, extension, office[Role.agency_head])
    extensions.agree(session, extension, office.officer(Role.agency_head, office.tree.commune))
    assert extension.state == ExtensionState.granted


def test_an_extension_nobody_could_confirm_is_refused_at_once(session):
    office = Office(session)
    office.staff()
    use_profile(session, extension_approvers=TTH17)
    with pytest.raises(Invalid, match="giám đốc|Giám đốc"):
        ask(office, office.processed(), minutes=60)
    assert session.scalar(sa.select(sa.func.count(Extension.id))) in {0, 1}  # the entry point rolls back


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.citizen}))
def test_only_who_handles_it_asks(office, dossier, role):
    may = role in {Role.specialist, Role.division_head}
    assert extensions.may_ask(dossier, office[role]) is may
    stranger = office.officer(role, make_agency(parent=office.tree.root))
    assert not extensions.may_ask(dossier, stranger)
    with pytest.raises(NotAllowed):
        extensions.ask(office.session, dossier, stranger, minutes=60, reason=REASON)


def test_who_did_a_step_still_asks_when_it_stands_elsewhere(office, dossier):
    office.step(dossier)
    assert task_of(dossier).role == Role.agency_head
    assert extensions.may_ask(dossier, office[Role.specialist])


@pytest.mark.parametrize("given", [
    {"minutes": 0}, {"minutes": -5}, {"minutes": 5 * DAY + 1}, {"reason": "  "},
])  # fmt: skip
def test_a_faulty_request_names_the_field(office, dossier, given):
    values = {"minutes": 5 * DAY, "reason": REASON} | given
    with pytest.raises(Invalid) as refused:
        extensions.ask(office.session, dossier, office[Role.specialist], **values)
    assert set(refused.value.fields) == set(given)
    assert dossier.extensions == []


def test_as_often_as_the_profile_allows_and_a_third_in_all(office, dossier, session):
    extensions.agree(session, ask(office, dossier, minutes=2 * DAY), office[Role.agency_head])
    with pytest.raises(Invalid, match="1 lần"):
        ask(office, dossier)
    use_profile(session, extension_max_count=2)
    with pytest.raises(Invalid):
        ask(office, dossier, minutes=3 * DAY + 1)
    extensions.agree(session, ask(office, dossier, minutes=3 * DAY), office[Role.agency_head])
    assert [x.data["cause"] for x in dossier.letters if x.kind == "apology"] == ["extension"] * 2


def test_asked_twice_one_waits(office, dossier):
    ask(office, dossier)
    with pytest.raises(Invalid, match="lãnh đạo cơ quan"):
        ask(office, dossier)
    assert len(dossier.extensions) == 1


def test_not_after_the_due_date(office, dossier, session):
    extension = ask(office, dossier)
    with acting_at(dossier.due_at + timedelta(minutes=1)):
        with pytest.raises(Invalid, match="quá"):
            extensions.agree(session, extension, office[Role.agency_head])
        extensions.refuse(session, extension, office[Role.agency_head], "Đã quá hạn")
        with pytest.raises(Invalid):
            ask(office, dossier)
    assert (extension.state, extension.answer) == ("refused", "Đã quá hạn")


def test_refusing_needs_a_reason_and_leaves_the_date(office, dossier, session):
    promised, extension = dossier.due_at, ask(office, dossier)
    with pytest.raises(Invalid) as refused:
        extensions.refuse(session, extension, office[Role.agency_head], " ")
    assert "reason" in refused.value.fields
    extensions.refuse(session, extension, office[Role.agency_head], "Còn đủ thời gian")
    assert (dossier.due_at, dossier.due_changes) == (promised, [])
    assert session.scalar(sa.select(Notice.body).where(
        Notice.key == f"extension:{extension.id}:0:refused")) == "Còn đủ thời gian"  # fmt: skip
    ask(office, dossier)  # a refused one does not count


def test_only_who_asked_takes_it_back(office, dossier, session):
    extension = ask(office, dossier)
    with pytest.raises(NotAllowed):
        extensions.take_back(session, extension, office[Role.division_head])
    extensions.take_back(session, extension, office[Role.specialist])
    assert (extension.state, extension.waits_for) == ("taken_back", None)
    with pytest.raises(NotAllowed):
        extensions.agree(session, extension, office[Role.agency_head])


def test_it_lapses_when_processing_ends(office, dossier, session):
    extension = ask(office, dossier)
    while dossier.state == 4:
        office.step(dossier)
    assert (dossier.state, extension.state) == (9, ExtensionState.lapsed)


def test_granted_while_it_waits_for_the_applicant(office, dossier, session):
    extension = ask(office, dossier)
    reception.ask_supplement(session, dossier, office[Role.specialist], reason="thiếu",
                             field_keys=[], component_ids=[office.version.components[0].id])  # fmt: skip
    with acting_at(now() + timedelta(days=40)):
        extensions.agree(session, extension, office[Role.agency_head])
        granted = dossier.due_at
        dossier.supplements[-1].answered_at = now()
        lifecycle.move(session, dossier, "answer_supplement", office[Role.desk_officer])
        assert dossier.state == 4
        assert dossier.due_at > granted + timedelta(days=30)  # the whole wait is given back


def test_nobody_extends_a_dossier_of_his_own(office, session):
    dossier = office.processed(account=office.applicant()[0])
    head = office[Role.agency_head]
    extension = ask(office, dossier)
    dossier.account.user_id = head.user_id
    own = type(head)(**{**head.__dict__, "account_id": dossier.account_id})
    assert not extensions.may_decide(extension, own)
    with pytest.raises(NotAllowed, match="của chính"):
        extensions.agree(session, extension, own)


def test_the_inbox_and_the_list_show_what_waits(office, dossier, session, count_queries):
    head = office[Role.agency_head]
    mine = lambda actor: [row.code for row in find_inbox(session, actor, Wanted()).rows]  # noqa: E731
    assert mine(head) == []
    extension = ask(office, dossier)
    assert mine(head) == [dossier.code]
    assert list(find_waiting(session, head)) == [extension]
    assert find_waiting(session, office[Role.specialist]) == []
    assert find_waiting(session, office.officer(Role.agency_head, make_agency(parent=office.tree.root))) == []
    session.expire_all()
    with count_queries() as few:
        find_waiting(session, head)
    for _one in range(3):
        ask(office, office.processed())
    session.flush()
    session.expire_all()
    with count_queries() as many:
        assert len(find_waiting(session, head)) == 4
    assert len(many) == len(few)


def test_a_task_at_the_desk_is_not_touched_by_a_refusal(office, dossier, session):
    due = task_of(dossier).due_at
    extensions.refuse(session, ask(office, dossier), office[Role.agency_head], "không")
    assert task_of(dossier).due_at == due
    processing.refuse_unless_mine(task_of(dossier), office[Role.specialist])
