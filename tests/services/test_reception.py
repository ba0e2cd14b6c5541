"""The desk: receive, accept, ask once, refuse; codes, due dates and slips."""

import threading
from datetime import date

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now, to_local
from app.errors import Invalid, NotAllowed
from app.extensions import db
from app.history import HistoryEntry
from app.models import Account, Dossier, Notice, User
from app.permissions import Role, acting_as
from app.services import reception
from app.services.actors import build_actor
from app.services.counter import enter_applicant, find_applicant
from app.services.submission import answer_supplement, new_key
from app.transactions import transaction
from tests.factories import make_account, make_document_type, make_user, number
from tests.services.steps import ANSWERS, Office, task_of

MONDAY = {"year": 2026, "month": 11, "day": 9, "hour": 2, "minute": 0}  # 09:00 in Huế


@pytest.fixture
def office(session):
    """A ward with everybody its process needs."""
    found = Office(session)
    found.staff()
    return found


def test_receiving_at_the_counter_fixes_code_due_date_and_slip(office):
    with acting_at(now().replace(**MONDAY)):
        dossier = office.received()
    assert dossier.state == 2
    assert dossier.code == "H57.19753.01-261109-0001"
    local = to_local(dossier.due_at)
    assert (local.day, f"{local:%H:%M}") == (12, "17:30")  # three working days, end of session
    assert dossier.original_due_at == dossier.due_at
    assert dossier.due_explanation
    (letter,) = dossier.letters
    assert (letter.kind, letter.data["code"]) == ("receipt_slip", dossier.code)
    assert letter.data["lookup_url"].endswith(f"/tra-cuu/{dossier.code}")
    assert task_of(dossier).kind == "receive"


def test_the_same_form_sent_twice_makes_one_dossier(office, session):
    given = office.given()
    officer = office[Role.desk_officer]
    first = reception.receive_at_counter(session, given, officer)
    assert reception.receive_at_counter(session, given, officer) is first
    assert reception.register(session, given, officer) is first
    assert session.scalar(sa.select(sa.func.count(Dossier.id))) == 1


def test_a_missing_required_paper_is_refused(office, session):
    given = office.given(papers={}, is_without_papers=True)  # what is required nobody can confirm away
    with pytest.raises(Invalid) as refusal:
        reception.receive_at_counter(session, given, office[Role.desk_officer])
    (required,) = [c for c in office.version.components if c.is_required]
    assert required.name in refusal.value.fields[f"component-{required.id}"]


def test_that_no_paper_at_all_is_needed_the_desk_confirms(office, session):
    desk = office[Role.desk_officer]
    for component in office.version.components:
        component.is_required = False
    with pytest.raises(Invalid) as refusal:
        reception.receive_at_counter(session, office.given(), desk)
    assert "without_papers" in refusal.value.fields
    registered = reception.register(session, office.given(channel="post"), desk)
    with pytest.raises(Invalid) as refusal:
        reception.accept(session, registered, desk)
    assert "without_papers" in refusal.value.fields
    confirmed = reception.receive_at_counter(session, office.given(is_without_papers=True), desk)
    reception.accept(session, registered, desk, is_without_papers=True)
    for dossier in (confirmed, registered):
        session.flush()
        assert dossier.state == 2
        assert any("không phải nộp giấy tờ" in (move.remark or "") for move in dossier.movements)


def test_what_the_state_already_has_is_not_asked(office, session):
    office.version.components[0].document_type = make_document_type(is_shared_data=True)
    dossier = reception.receive_at_counter(
        session, office.given(papers={}, is_without_papers=True), office[Role.desk_officer]
    )
    assert dossier.state == 2


@pytest.mark.parametrize("paper", [("gold", 1), ("original", 0), ("original", 10_000)])
def test_an_absurd_paper_is_refused(office, session, paper):
    papers = {office.version.components[0].id: paper}
    with pytest.raises(Invalid):
        reception.receive_at_counter(
            session, office.given(papers=papers), office[Role.desk_officer]
        )


@pytest.mark.parametrize("role", [Role.specialist, Role.cashier, Role.agency_head, Role.auditor])
def test_only_desk_officers_receive(office, session, role):
    with pytest.raises(NotAllowed):
        reception.receive_at_counter(session, office.given(), office.officer(role))


def test_form_data_may_be_left_out_but_not_half_filled(office, session):
    with pytest.raises(Invalid) as refusal:
        reception.receive_at_counter(
            session, office.given(data={"ho_ten": "Bình"}), office[Role.desk_officer]
        )
    assert "so_dinh_danh" in refusal.value.fields


def test_what_came_by_post_is_registered_first_and_accepted_with_its_papers(office, session):
    with acting_at(now().replace(**MONDAY)):
        given = office.given(papers={}, channel="post")
        dossier = reception.register(session, given, office[Role.desk_officer])
    assert (dossier.state, dossier.received_at) == (1, None)
    assert to_local(dossier.reception_due_at).strftime("%d %H:%M") == "10 09:00"  # 8 working hours
    with pytest.raises(Invalid):
        reception.accept(session, dossier, office[Role.desk_officer])
    papers = {office.version.components[0].id: ("certified", 2)}
    reception.accept(session, dossier, office[Role.desk_officer], papers)
    assert dossier.state == 2
    assert [(p.kind, p.quantity) for p in dossier.papers] == [("certified", 2)]


def test_chosen_fees_take_the_place_of_the_automatic_ones(office):
    fee = office.version.fees[0]
    dossier = office.received(fees={fee.id: 3})
    assert [(c.amount, c.state) for c in dossier.charges] == [(150_000, "due")]
    assert office.received(fees={fee.id: 0}).charges == []


def test_contact_given_at_the_counter_is_the_dossiers_own(office):
    account = make_account(phone="0900000001")
    dossier = office.received(account=account, contact={"phone": "0911222333", "email": ""})
    assert dossier.applicant_phone == "0911222333"
    assert dossier.applicant_email == account.email
    assert account.phone == "0900000001"


def test_looking_up_an_applicant_is_recorded_as_a_read(office, session):
    account = make_account()
    with acting_as(office[Role.desk_officer]):
        assert find_applicant(session, "personal_id", account.id_number) is account
        assert find_applicant(session, "tax_code", account.id_number) is None
    entry = session.scalars(sa.select(HistoryEntry).where(HistoryEntry.action == "read")).one()
    assert (entry.aggregate, entry.aggregate_id) == ("account", account.id)
    assert entry.actor_id == office[Role.desk_officer].user_id


def test_a_known_applicant_is_completed_but_not_overwritten(office, session):
    account = make_account(phone=None)
    name = account.name
    values = {"id_kind": "personal_id", "id_number": account.id_number, "name": name.upper(),
              "phone": "0911222333", "kind": "citizen"}  # fmt: skip
    assert enter_applicant(session, office[Role.desk_officer], **values) is account
    assert (account.phone, account.name) == ("0911222333", name)
    with pytest.raises(Invalid) as refusal:
        enter_applicant(session, office[Role.desk_officer], **values | {"id_number": "12"})
    assert "id_number" in refusal.value.fields


def test_a_supplement_asks_exactly_once_for_exactly_these_things(office, session):
    dossier, citizen = office.submitted()
    desk, component = office[Role.desk_officer], office.version.components[0]
    with pytest.raises(Invalid):
        reception.ask_supplement(
            session, dossier, desk, reason="x", field_keys=[], component_ids=[]
        )
    with pytest.raises(Invalid):
        reception.ask_supplement(
            session, dossier, desk, reason="x", field_keys=["forged"], component_ids=[]
        )
    request = reception.ask_supplement(
        session, dossier, desk, reason="Bản chụp mờ", field_keys=["ho_ten"],
        component_ids=[component.id],
    )  # fmt: skip
    assert dossier.state == 5
    letter = dossier.letters[-1]
    assert [item["name"] for item in letter.data["items"]] == [component.name, "Họ và tên"]
    assert letter.number == "01/HDHS"
    told = session.scalars(sa.select(Notice).where(Notice.user_id == citizen.user_id).order_by(Notice.id)).all()
    assert "Bản chụp mờ" in told[-1].body
    answer_supplement(session, dossier, ANSWERS, desk, {component.id: ("original", 1)})
    assert (dossier.state, request.answered_at is not None) == (1, True)
    with pytest.raises(Invalid):  # NĐ 61/2018 Đ17: once
        reception.ask_supplement(
            session, dossier, desk, reason="Lần hai", field_keys=["ho_ten"], component_ids=[]
        )


def test_refusing_closes_for_good_with_form_03_and_nothing_owed(office, session):
    dossier, _citizen = office.submitted()
    reception.refuse(session, dossier, office[Role.desk_officer], "Không thuộc thẩm quyền")
    assert (dossier.state, dossier.letters[-1].kind) == (3, "refusal")
    assert [charge.state for charge in dossier.charges] == ["cancelled"]
    with pytest.raises(NotAllowed):
        reception.accept(session, dossier, office[Role.desk_officer])


def test_passing_on_waits_for_the_fees_of_reception(office, session):
    dossier = office.received()
    with pytest.raises(Invalid):
        reception.pass_on(session, dossier, office[Role.desk_officer])
    office.pay(dossier)
    reception.pass_on(session, dossier, office[Role.desk_officer])
    assert dossier.state == 4
    assert dossier.letters[-1].kind == "control_slip"
    assert len(dossier.letters[-1].data["handovers"]) == 1


@pytest.mark.parametrize(("is_asked", "channel"), [(True, "counter"), (False, "counter"), (True, "online")])
def test_passing_on_waits_for_the_fees_of_a_supplement_once_one_was_asked_for(office, session, is_asked, channel):
    """As on reception: the counter waits for the money, nothing online is held up."""
    dossier, _citizen = office.submitted()
    desk, component = office[Role.desk_officer], office.version.components[0]
    dossier.channel = channel
    for charge in dossier.charges:
        charge.due = "supplement"
    if is_asked:
        reception.ask_supplement(session, dossier, desk, reason="Bản chụp mờ", field_keys=["ho_ten"], component_ids=[])
        answer_supplement(session, dossier, ANSWERS, desk, {component.id: ("original", 1)})
    reception.accept(session, dossier, desk)
    if is_asked and channel == "counter":
        with pytest.raises(Invalid):
            reception.pass_on(session, dossier, desk)
        assert dossier.state == 2
        office.pay(dossier)
    reception.pass_on(session, dossier, desk)
    assert dossier.state == 4


@pytest.mark.parametrize("agree", [True, False])
def test_a_withdrawal_is_decided(office, session, agree):
    dossier = office.processed()
    desk = office[Role.desk_officer]
    reception.request_withdrawal(session, dossier, desk, "Không còn nhu cầu")
    assert dossier.state == 7
    if not agree:
        with pytest.raises(Invalid):
            reception.decide_withdrawal(session, dossier, desk, agree=False)
    reception.decide_withdrawal(session, dossier, desk, agree=agree, reason="Đã ký kết quả")
    assert dossier.state == (8 if agree else 4)
    assert [t.state for t in dossier.tasks][-1] == ("cancelled" if agree else "open")


def test_stopping_settles_what_is_owed_and_is_the_agencys_letter(office, session):
    dossier = office.received()
    dossier.version.fee_due = "return"
    reception.pass_on(session, dossier, office[Role.desk_officer])
    reception.stop(session, dossier, office[Role.agency_head], "Quá hạn bổ sung")
    assert dossier.state == 8
    assert dossier.letters[-1].data["agency"] == office.tree.commune.name
    assert {charge.state for charge in dossier.charges} == {"cancelled"}


def test_only_the_desk_scans_and_only_before_it_is_passed_on(office):
    dossier = office.received()
    reception.refuse_scans(dossier, office[Role.desk_officer])
    with pytest.raises(NotAllowed):
        reception.refuse_scans(dossier, office[Role.specialist])
    office.pay(dossier)
    reception.pass_on(office.session, dossier, office[Role.desk_officer])
    with pytest.raises(NotAllowed):
        reception.refuse_scans(dossier, office[Role.desk_officer])


def test_parallel_receptions_get_consecutive_codes(own_database):
    """50 at one desk at once: 50 distinct codes without a gap."""
    with own_database.app_context(), transaction() as session:
        office = Office(session)
        office.staff()
        officer, version = office[Role.desk_officer].user_id, office.version.id
        accounts = [make_account().id for _ in range(50)]
    codes: list[str] = []

    def receive(account_id: int) -> None:
        from app.models import Account, ProcedureVersion

        with own_database.app_context():
            with transaction() as session:
                actor = build_actor(session, session.get(User, officer))
                found = session.get(ProcedureVersion, version)
                given = reception.CounterReception(
                    key=new_key(), version=found, account=session.get(Account, account_id),
                    papers={c.id: ("original", 1) for c in found.components},
                )  # fmt: skip
                codes.append(reception.receive_at_counter(session, given, actor).code)
            db.session.remove()

    threads = [threading.Thread(target=receive, args=(pk,)) for pk in accounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int(code[-4:]) for code in codes) == list(range(1, 51))
    assert len(set(codes)) == 50


def test_one_form_sent_twice_at_the_same_instant_makes_one_dossier(own_database):
    from app.errors import Conflict
    from app.models import Account, ProcedureVersion

    with own_database.app_context(), transaction() as session:
        office = Office(session)
        office.staff()
        officer, version = office[Role.desk_officer].user_id, office.version.id
        account, key = make_account().id, new_key()
    outcomes: list[str] = []

    def receive() -> None:
        with own_database.app_context():
            try:
                with transaction() as session:
                    actor = build_actor(session, session.get(User, officer))
                    found = session.get(ProcedureVersion, version)
                    given = reception.CounterReception(
                        key=key, version=found, account=session.get(Account, account),
                        papers={c.id: ("original", 1) for c in found.components},
                    )  # fmt: skip
                    outcomes.append(reception.receive_at_counter(session, given, actor).code)
            except Conflict:  # PostgreSQL: the unique key; the page then shows the first one
                outcomes.append("conflict")
            db.session.remove()

    threads = [threading.Thread(target=receive) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(outcomes) - {"conflict"}) == 1
    with own_database.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Dossier.id))) == 1
        db.session.remove()


def test_a_number_known_as_somebody_elses_binds_no_dossier(office, session):
    account = make_account(phone=None, born_on=date(1990, 3, 25))
    values = {"id_kind": "personal_id", "id_number": account.id_number, "kind": "citizen", "phone": "0911222333"}
    for field, given in (("name", {"name": "Người khác"}),
                         ("born_on", {"name": account.name, "born_on": date(1990, 3, 26)})):  # fmt: skip
        with pytest.raises(Invalid) as refusal:
            enter_applicant(session, office[Role.desk_officer], **values | given)
        assert set(refusal.value.fields) == {field}
    assert account.phone is None


@pytest.fixture
def stranger(session):
    """An online account with a number that nobody ever compared with an identity card."""
    return make_account(user=make_user(), verified_level=0, email="ai.do@example.vn")


def at_desk(office, session, account, **given):
    values = {"id_kind": "personal_id", "id_number": account.id_number, "name": account.name, "kind": "citizen"}
    return enter_applicant(session, office[Role.desk_officer], **values | given)


def test_an_unverified_login_is_asked_about_once(office, session, stranger):
    with pytest.raises(Invalid) as refusal:
        at_desk(office, session, stranger)
    assert set(refusal.value.fields) == {"login_check"}
    assert at_desk(office, session, stranger, login_check="own") is stranger
    assert stranger.verified_level == 2
    assert at_desk(office, session, stranger) is stranger, "not asked again"
    query = sa.select(HistoryEntry).where(HistoryEntry.action != "read").order_by(HistoryEntry.id.desc())
    entry = session.scalars(query).first()
    assert "giấy tờ tùy thân" in entry.reason


def test_a_login_that_is_not_the_applicants_is_shut(office, session, stranger):
    user = stranger.user
    at_desk(office, session, stranger, login_check="foreign", phone="0911222333")
    assert (stranger.user, stranger.email, stranger.phone) == (None, None, "0911222333")
    assert user.active is False


def test_an_officer_keeps_his_login_when_it_is_taken_off_a_number(office, session, stranger):
    user = make_user(Role.specialist)
    stranger.user = user
    session.flush()
    at_desk(office, session, stranger, login_check="foreign")
    assert (stranger.user, user.active) == (None, True)


@pytest.mark.parametrize(("typed", "kept"), [
    ("nguyễn văn an", "Nguyễn Văn An"), ("đặng thị ánh", "Đặng Thị Ánh"), ("Nguyễn văn An", "Nguyễn văn An"),
    ("McDonald", "McDonald"), ("NGUYỄN VĂN AN", "NGUYỄN VĂN AN"),
])  # fmt: skip
def test_a_name_typed_without_capitals_gets_them_and_no_other_is_touched(office, typed, kept):
    assert entered(office, name=typed).name == kept


def test_the_name_of_an_organisation_stays_as_it_was_typed(office):
    values = {"id_kind": "tax_code", "id_number": "0100109106", "kind": "organisation"}
    assert entered(office, name="hợp tác xã an cựu", **values).name == "hợp tác xã an cựu"


@pytest.mark.parametrize("typed", ["0905 123 456", "+84 905 123 456", "0084905123456", "0905.123.456"])
def test_a_phone_number_is_kept_in_one_shape(office, typed):
    assert entered(office, phone=typed).phone == "0905123456"
    dossier = office.received(contact={"phone": typed})
    assert dossier.applicant_phone == "0905123456"


@pytest.mark.parametrize("typed", ["12345", "0405123456", "abc", "09051234567"])
def test_what_is_no_phone_number_is_refused_at_its_field(office, session, typed):
    with pytest.raises(Invalid) as refused:
        entered(office, phone=typed)
    assert list(refused.value.fields) == ["phone"]
    assert "cố định 10 hoặc 11 chữ số" in str(refused.value)


def entered(office, **values) -> Account:
    """Return the applicant entered at the counter."""
    known = {"id_kind": "personal_id", "id_number": f"046190{number():06}", "kind": "citizen", "name": "Lê An"}
    return enter_applicant(office.session, office[Role.desk_officer], **known | values)
