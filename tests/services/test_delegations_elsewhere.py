"""Delegation outside dossiers: every act says in whose place, nobody decides on his own work through it."""

import pytest
import sqlalchemy as sa

from app.clock import today
from app.errors import NotAllowed
from app.history import HistoryEntry
from app.models import ProcedureReport, ProcedureVersion
from app.permissions import Role, acting_as
from app.services import delegating, feedback, publication
from app.services.authority import authority, headed
from app.services.done_in_place import done_elsewhere
from app.services.moves import make_move
from app.services.procedure_reports import NewReport, send_report
from tests.factories import make_procedure, make_tree, make_user
from tests.portal.records import make_feedback
from tests.services.test_delegations import again, lend
from tests.services.test_moves import make_row, person


def told(session, record):
    """Return (action, who, in whose place) of the last act on a record."""
    entry = HistoryEntry
    query = sa.select(entry).where(entry.record == record.__tablename__, entry.record_id == record.id)
    last = session.scalar(query.order_by(entry.id.desc()).limit(1))
    return last.action, last.actor_name, last.on_behalf_of


@pytest.fixture
def pair(session):
    """Return (head of the province, officer of the same agency who stands in for him)."""
    tree = make_tree()
    head, clerk = (person(session, role, tree.root) for role in (Role.agency_head, Role.clerk))
    lend(session, head, clerk)
    session.commit()
    return head, again(session, clerk)


def do(session, actor, act, *given, **more):
    with acting_as(actor):
        act(session, *given, **more)
    session.commit()


def test_a_move_says_in_whose_place(session, pair):
    head, delegate = pair
    row = make_row(session, "process_approval", state="examined", decision_number="12/QĐ", decision_on=today())
    do(session, delegate, make_move, row, "approve", delegate, "")
    assert told(session, row) == ("approve", delegate.name, head.name)
    assert (row.stages[-1].by_name, row.stages[-1].by_agency) == (
        f"{delegate.name} (thay {head.name})", make_tree().root.name)  # fmt: skip


def test_a_delegate_approves_nothing_he_or_his_head_prepared(session, pair):
    head, delegate = pair
    for preparer in (delegate, head):
        with acting_as(preparer):
            row = make_row(session, "process_approval", state="examined", decision_number="12/QĐ",
                           decision_on=today())  # fmt: skip
        session.commit()
        with acting_as(delegate), pytest.raises(NotAllowed):
            make_move(session, row, "approve", delegate, "")
        session.rollback()
        do(session, head, make_move, row, "approve", head, "")
        assert told(session, row) == ("approve", head.name, None), "he himself decides in his own name"


def test_a_delegate_approves_no_process_he_drew(session, pair):
    _head, delegate = pair
    row = make_row(session, "process_approval", state="examined", decision_number="12/QĐ", decision_on=today())
    session.commit()
    with acting_as(delegate):
        row.process.name = "Vẽ lại"
        session.commit()
        with pytest.raises(NotAllowed):
            make_move(session, row, "approve", delegate, "")


def test_publication_says_in_whose_place_and_refuses_self_approval(session, pair):
    head, delegate = pair
    version = make_procedure(state="draft")
    version.state, version.decision_number = "checked", "15/QĐ-UBND"
    session.commit()
    do(session, delegate, publication.approve, version, delegate)
    assert told(session, version) == ("approve", delegate.name, head.name)
    with acting_as(delegate):
        own = make_procedure(state="draft")
        own.state, own.decision_number = "checked", "16/QĐ-UBND"
        session.commit()
        with pytest.raises(NotAllowed):
            publication.approve(session, own, delegate)
    assert session.get(ProcedureVersion, own.id).state == "checked"


def test_an_answer_to_feedback_says_in_whose_place(session, pair):
    head, delegate = pair
    item = make_feedback("accepted")
    do(session, delegate, feedback.answer_feedback, item, delegate, text="Đã chấn chỉnh")
    assert told(session, item) == ("answer", delegate.name, head.name)
    assert item.answered_by_name == f"{delegate.name} (thay {head.name})"


def test_a_report_of_ones_own_post_is_in_ones_own_name(session, pair):
    _head, delegate = pair
    version = make_procedure()
    with acting_as(delegate):
        given = NewReport(kind="wrong", content="Sai phí", procedure_code=version.procedure.code)
        report = send_report(session, given, delegate)
    session.commit()
    assert isinstance(report, ProcedureReport)
    assert told(session, report)[1:] == (delegate.name, None), "a clerk reports by his own post"


def test_what_was_done_elsewhere_is_listed_for_those_it_concerns(session, pair):
    head, delegate = pair
    item = make_feedback("accepted")
    do(session, delegate, feedback.answer_feedback, item, delegate, text="Đã chấn chỉnh")
    for reader in (head, delegate, person(session, Role.auditor, make_tree().root)):
        assert [(e.action, e.record_id) for e in done_elsewhere(session, reader)] == [("answer", item.id)]
    assert done_elsewhere(session, person(session, Role.specialist, make_tree().commune)) == []


def test_the_page_lists_it(session, pair, login):
    from app.models import User

    head, delegate = pair
    item = make_feedback("accepted")
    do(session, delegate, feedback.answer_feedback, item, delegate, text="Đã chấn chỉnh")
    text = login(session.get(User, head.user_id)).get("/stand-ins/done").get_data(as_text=True)
    assert "Ngoài hồ sơ" in text
    assert f"{delegate.name} (thay {head.name})" in text


def test_the_list_costs_the_same_however_much_was_done(session, pair, count_queries):
    head, delegate = pair
    with count_queries() as few:
        done_elsewhere(session, head)
    for _number in range(4):
        do(session, delegate, feedback.answer_feedback, make_feedback("accepted"), delegate, text="Đã chấn chỉnh")
    with count_queries() as many:
        assert len(done_elsewhere(session, head)) == 4
    assert len(many) <= len(few)


def test_ended_the_delegate_acts_no_more(session, pair):
    head, delegate = pair
    (row,) = delegating.delegations_of(session, head)
    delegating.withdraw(session, row.id, head, "Đã về")
    session.commit()
    approval = make_row(session, "process_approval", state="examined", decision_number="12/QĐ", decision_on=today())
    with pytest.raises(NotAllowed):
        make_move(session, approval, "approve", again(session, delegate), "")


@pytest.mark.parametrize(("own", "lent", "lines"), [
    ("Chủ tịch", None, []),
    ("Phó Chủ tịch", None, ["KT. Chủ tịch"]),
    ("Phó Chủ tịch Ủy ban nhân dân phường", None, ["KT. Chủ tịch Ủy ban nhân dân phường"]),
    ("Phó trưởng phòng", None, ["KT. Trưởng phòng"]),
    ("Phó Chủ tịch", "Chủ tịch", ["KT. Chủ tịch"]),
    ("Phó Chủ tịch UBND phường", "Chủ tịch Ủy ban nhân dân phường", ["KT. Chủ tịch Ủy ban nhân dân phường"]),
    ("Phó Trưởng phòng", "Chủ tịch", ["TUQ. Chủ tịch"]),
    ("Chánh Văn phòng", "Chủ tịch", ["TUQ. Chủ tịch"]),
    ("", "Giám đốc Trung tâm", ["TUQ. Giám đốc Trung tâm"]),
    ("", None, []),
    ("Phó Chủ tịch Ủy ban nhân dân phường, Giám đốc Trung tâm", None, []),
    ("Phó Chủ tịch kiêm Giám đốc Trung tâm", None, []),
    ("Phó Chủ tịch, Giám đốc Trung tâm", "Chủ tịch", ["KT. Chủ tịch"]),
])  # fmt: skip
def test_on_whose_authority_one_signs(own, lent, lines):
    """NĐ 30/2020 Đ13 khoản 1–3, Phụ lục I phần II.7."""
    assert authority(own, lent) == lines


def test_only_deputies_have_a_head():
    assert [headed(title) for title in ("Chủ tịch", "Phòng Tư pháp", "Pho Giam doc", "phó giám đốc")] == [
        "", "", "Giam doc", "Giám đốc"]  # fmt: skip


def test_a_deputy_signs_for_the_head(session):
    from app.models import OfficerPosition
    from app.services.letter_data import signature

    tree = make_tree()
    user = make_user(Role.agency_head, tree.commune)
    post = session.scalar(sa.select(OfficerPosition).where(OfficerPosition.user_id == user.id))
    post.title = "Phó Chủ tịch"
    session.commit()
    from app.services.actors import build_actor

    actor = build_actor(session, user)
    block = signature(actor, actor.positions[0], "")
    assert (block["authority"], block["title"]) == (["KT. Chủ tịch"], "Phó Chủ tịch")
