"""The control slip with every handover, and the register of a desk, printed on demand."""

import re
from datetime import timedelta

import pypdfium2
import pytest

from app.clock import now, today
from app.errors import Invalid
from app.history import HistoryEntry
from app.models import Profile, ProfileParameter, User
from app.models.task import TaskState
from app.permissions import Role
from app.services import processing, results, slips
from app.services.handovers import handovers
from tests import factories
from tests.services.steps import PNG, task_of


def text_of(data):
    with pypdfium2.PdfDocument(data) as document:
        found = " ".join(document[n].get_textpage().get_text_range() for n in range(len(document)))
    return re.sub(r"\s+", " ", found)


def use_forms_of(session, form_set):
    profile = Profile(code="thu", name="Quy chế thử", is_active=True)
    profile.parameters = [ProfileParameter(key="form_set", value=form_set, valid_from=today() - timedelta(days=9))]
    session.add(profile)
    session.flush()


def user_of(office, role):
    return office.session.get(User, office[role].user_id)


@pytest.mark.parametrize(("form_set", "form", "book"), [("tt01_2018", "05", "06"), ("tt03_2025", "06", "07")])
def test_both_papers_in_both_sets_of_forms(office, session, login, form_set, form, book):
    use_forms_of(session, form_set)
    dossier = office.finished()
    client = login(user_of(office, Role.desk_officer))
    circular = "01/2018" if form_set == "tt01_2018" else "03/2025"
    slip = text_of(client.get(f"/slips/control/{dossier.code}.pdf").data)
    assert f"Mẫu số {form} – Thông tư số {circular}/TT-VPCP" in slip
    assert dossier.code in slip
    register = text_of(client.get(f"/slips/register.pdf?desk={dossier.desk_id}&from={today()}&to={today()}").data)
    assert f"Mẫu số {book} – Thông tư số {circular}/TT-VPCP" in register
    assert "Tổng số: 1 hồ sơ" in register


def test_the_slip_of_the_start_grows_to_the_end(office):
    dossier = office.processed()
    first = len(handovers(dossier))
    while dossier.state == 4:
        office.step(dossier)
    rows = handovers(dossier)
    assert len(rows) == len(dossier.tasks) - 1 > first
    assert [row["handed_at"] for row in rows] == sorted(row["handed_at"] for row in rows)
    assert rows[-1]["receiver_unit"] == office.tree.desk.name


def test_a_return_is_a_handover_and_the_way_goes_on_from_there(office, session):
    dossier = office.processed()
    office.step(dossier)
    before = len(handovers(dossier))
    task = task_of(dossier)
    target = processing.earlier_steps(task)[0]
    processing.send_back(session, task, target.key, office[Role(task.role)], "thiếu căn cứ")
    back = handovers(dossier)
    assert len(back) == before + 1
    assert back[-1]["note"] == "thiếu căn cứ"
    while dossier.state == 4:
        office.step(dossier)
    assert len(handovers(dossier)) == len(dossier.tasks) - 1


START = now().replace(hour=3, minute=0)  # ten in the morning here: an hour later is the same day


class Part:
    """A task as the handovers read it."""

    def __init__(self, number, key, opened, finished, led, **given):
        self.id, self.key, self.went_to = number, key, led
        self.opened_at = START + timedelta(minutes=opened)
        self.finished_at = None if finished is None else START + timedelta(minutes=finished)
        self.due_at = START + timedelta(minutes=given.get("due", 1000))
        self.kind, self.state = given.get("kind", "work"), given.get("state", TaskState.done)
        self.agency = type("A", (), {"name": f"Phòng {key}"})()
        self.assignee, self.remark = None, given.get("remark")
        self.asked_by_id, self.question = given.get("asked_by"), given.get("question")
        self.answer = given.get("answer")


def legs(*parts):
    found = handovers(type("D", (), {"tasks": list(parts)})())
    return [(row["giver_unit"][6:], row["receiver_unit"][6:]) for row in found]


def test_parallel_steps_split_and_join():
    assert legs(
        Part(1, "a", 0, 5, ["b", "c"]), Part(2, "b", 5, 9, ["d"]), Part(3, "c", 5, 12, ["d"]),
        Part(4, "d", 12, None, None),
    ) == [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]  # fmt: skip


def test_steps_nobody_works_at_are_passed_through():
    assert legs(
        Part(1, "a", 0, 5, ["x"]), Part(2, "x", 5, 5, ["b"], kind="decide"), Part(3, "b", 5, None, None),
    ) == [("a", "b")]  # fmt: skip


def test_questions_and_answers_are_handovers(app):
    with app.test_request_context():
        found = legs(
            Part(1, "a", 0, 5, ["b"]), Part(2, "b", 5, None, None, state=TaskState.open),
            Part(3, "q", 6, 8, None, asked_by=2, answer="agree", question="Có đồng ý?"),
            Part(4, "s", 6, 9, None, asked_by=2, answer="silent"),
        )  # fmt: skip
    assert found == [("a", "b"), ("b", "q"), ("b", "s"), ("q", "b")]


def test_outcomes_by_the_limit_of_the_step():
    day = 24 * 60
    rows = handovers(type("D", (), {"tasks": [
        Part(1, "a", 0, 5, ["b"], due=3), Part(2, "b", 5, 6, ["c"], due=6), Part(3, "c", 6, 7, ["d"], due=3 * day),
        Part(4, "d", 7, None, None)]})())  # fmt: skip
    assert [row["outcome"] for row in rows] == ["late", "on_time", "early"]


def test_the_register_holds_its_columns_and_only_its_period(office, session):
    dossier = office.finished()
    results.deliver(session, dossier, office[Role.desk_officer], receiver="Lê An", signature=PNG)
    desk = office[Role.desk_officer]
    text = text_of(slips.register_pdf(session, dossier.desk_id, today(), today(), desk))
    for wanted in (dossier.code[:6], "Chuyển đến cơ quan giải quyết", "Nhận kết quả từ cơ quan", "Ký nhận",
                   f"Từ ngày {today():%d/%m/%Y}"):  # fmt: skip
        assert wanted in text
    day = today() - timedelta(days=1)
    assert slips.register_count(session, dossier.desk_id, day, day, desk) == 0
    assert slips.register_count(session, dossier.desk_id, day, today(), desk) == 1


def test_the_register_takes_as_many_statements_for_many_dossiers(office, session, count_queries):
    desk = office[Role.desk_officer]

    def statements():
        session.expire_all()
        with count_queries() as seen:
            slips.register_pdf(session, office.tree.desk.id, today(), today(), desk)
        return len(seen)

    office.processed()
    first = statements()
    for _n in range(4):
        office.processed()
    assert statements() <= first


@pytest.mark.parametrize(("first", "last", "field"), [
    (None, today(), "from"), (today(), None, "to"), (today(), today() - timedelta(days=1), "to"),
    (today() - timedelta(days=366), today(), "to"),
])  # fmt: skip
def test_a_period_that_makes_no_sense_is_refused_by_field(first, last, field, app):
    with app.test_request_context(), pytest.raises(Invalid) as caught:
        slips.check_period(first, last)
    assert field in caught.value.fields


def test_who_may_print_what(office, session, login):
    dossier = office.processed()
    slip = f"/slips/control/{dossier.code}.pdf"
    register = f"/slips/register.pdf?desk={dossier.desk_id}&from={today()}&to={today()}"
    client = login(user_of(office, Role.desk_officer))
    assert client.get(slip).status_code == client.get(register).status_code == 200
    assert "1 " in client.get("/slips/register").text
    assert client.get("/slips/register?from=x&to=2026-13-01").status_code == 422
    assert client.get("/slips/register.pdf?desk=0&from=x").status_code == 422
    assert session.query(HistoryEntry).filter_by(action="read_register").count() == 1
    elsewhere = factories.make_user(Role.desk_officer, office.tree.centre)
    for user in (factories.make_user(Role.citizen), elsewhere):
        other = login(user)
        for path in (slip, register):
            assert other.get(path).status_code in {302, 403, 404}


def test_a_drawn_signature_of_receipt_stands_on_the_paper(office, session):
    dossier = office.finished()
    results.deliver(session, dossier, office[Role.desk_officer], receiver="Lê An", signature=PNG)
    letter = dossier.letters[-1]
    assert letter.kind == "return_receipt"
    assert letter.data["receiver_signature"] == {"image": PNG}


def signed_in(office, dossier):
    """Return what stands in the register's column of signatures."""
    day = today()
    rows = slips._dossiers(office.session, dossier.desk_id, day, day, office[Role.desk_officer], 1)
    data = slips._register(office.session, dossier.desk, day, day, rows, 0)
    return [row.get("signature") for row in data["rows"]]


@pytest.mark.parametrize(("way", "signature", "words"), [
    ("desk", PNG, "Đã ký: Trần Thị Bình"), ("desk", "", "Ký giấy biên nhận: Trần Thị Bình"),
    ("post", "", "Qua bưu chính: Trần Thị Bình"), ("online", "", "Nhận trực tuyến"),
])  # fmt: skip
def test_the_register_tells_who_signed(office, way, signature, words):
    dossier = office.finished()
    assert signed_in(office, dossier) == [None], "nothing was returned yet"
    results.deliver(office.session, dossier, office[Role.desk_officer], receiver="Trần Thị Bình", signature=signature,
                    on_paper=not signature)  # fmt: skip
    dossier.delivery = dossier.delivery | {"way": way}
    office.session.flush()
    assert signed_in(office, dossier) == [words]
    with_paper = slips.register_pdf(office.session, dossier.desk_id, today(), today(), office[Role.desk_officer])
    assert words.split()[0] in text_of(with_paper)


def test_a_part_of_500_rows_is_made(office):
    """The most that is printed at once, in the web process: 0.7 s of CPU when it was measured."""
    from app.documents.render import render

    row = {"code": "H57.19753.01-261101-0001", "procedure": "Cấp giấy phép xây dựng nhà ở riêng lẻ", "sets": 1,
           "applicant": "Nguyễn Thị Minh Khai", "contact": "248 Bà Triệu, 0910000668", "lead_agency": "UBND phường",
           "received_on": "2026-11-01", "due_on": "2026-11-20", "signature": "Đã ký: Nguyễn Thị Minh Khai"}  # fmt: skip
    data = {"agency": "Trung tâm", "place": "Huế", "issued_on": "2026-11-22", "form_set": "tt03_2025",
            "rows": [row | {"serial": str(n)} for n in range(1, slips.MOST_ROWS + 1)]}  # fmt: skip
    pdf = render("register", data)
    assert f"Tổng số: {slips.MOST_ROWS} hồ sơ" in text_of(pdf)
