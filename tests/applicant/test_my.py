"""My dossiers: what to do, supplement, withdrawal, result, rating, readers (A3, A9, A11)."""

import io
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app import history
from app.clock import now, today
from app.extensions import db
from app.models import Attachment, FormRevision, Movement, Rating, User
from app.permissions import Actor, Role, acting_as
from app.services import files, my_dossiers, reception
from app.services.actors import build_actor
from app.services.submission import submit
from app.workflows.states import State
from tests.applicant.world import pdf, png
from tests.factories import make_position, make_user
from tests.services.steps import Office
from tests.services.test_extensions import use_profile
from tests.wording import vi

SCRIPT = '<script>alert("x")</script>'


@pytest.fixture
def office(session):
    return Office(session)


def online(office, login, **draft):
    """Return a dossier sent online and its applicant's browser."""
    dossier, citizen = office.submitted(**draft)
    return dossier, login(db.session.get(User, citizen.user_id))


def asked(office, login, keys=("ho_ten",), papers=True):
    dossier, me = online(office, login)
    component = dossier.version.components[0]
    reception.ask_supplement(
        db.session(),
        dossier,
        office[Role.desk_officer],
        reason="Họ tên thiếu chữ đệm",
        field_keys=list(keys),
        component_ids=[component.id] if papers else [],
    )
    return dossier, me, component


def finished(office, login, way="online"):
    office.staff()
    dossier, me = online(office, login, result_way=way)
    desk = office[Role.desk_officer]
    reception.accept(db.session(), dossier, desk)
    reception.pass_on(db.session(), dossier, desk)
    while dossier.state == 4:
        office.step(dossier)
    return dossier, me


def test_the_list_says_first_what_waits_for_the_applicant(office, login):
    dossier, me = online(office, login)
    account = dossier.account
    later = submit(db.session(), office.draft(account), build_actor(db.session(), account.user))
    office.draft(account)
    db.session.commit()
    text = me.get("/my/").text
    order = ["<h2>Chờ bạn thực hiện</h2>", "Chưa gửi", "Làm tiếp", "<h2>Đã gửi</h2>", later.code, dossier.code]
    assert sorted(order, key=text.index) == order
    reception.ask_supplement(db.session(), dossier, office[Role.desk_officer], reason="Họ tên thiếu chữ đệm",
                             field_keys=["ho_ten"], component_ids=[])  # fmt: skip
    db.session.commit()
    text = me.get("/my/").text
    order = ["<h2>Chờ bạn thực hiện</h2>", dossier.code, "Làm tiếp", "<h2>Đã gửi</h2>", later.code]
    assert sorted(order, key=text.index) == order
    assert text.count(dossier.code) == text.count(later.code) + 1, "the link to the answer"
    assert "Bổ sung hoặc sửa: Họ tên thiếu chữ đệm." in text
    assert f'href="/my/{dossier.code}/bo-sung"' in text
    text = me.get("/my/?loc=todo").text
    assert later.code not in text
    assert "Làm tiếp" in text
    assert "Làm tiếp" not in me.get("/my/?loc=open").text
    later.state = int(State.finished)
    db.session.commit()
    text = me.get("/my/").text
    assert my_dossiers.count_groups(db.session(), build_actor(db.session(), account.user), 1)["todo"] == 3
    assert text.index(dossier.code) < text.index(later.code), "only to be received: later, though sent later"


@pytest.mark.parametrize(("way", "is_paid", "words"), [
    ("online", True, "Mời ông/bà mở hồ sơ để nhận kết quả."), ("desk", True, "Mời ông/bà mang thẻ căn cước đến"),
    ("post", True, "Kết quả sẽ được gửi đến ông/bà qua bưu chính công ích."),
    ("desk", False, "Mời ông/bà nộp 50.000 đồng tại"), ("online", False, "Mời ông/bà nộp 50.000 đồng tại"),
])  # fmt: skip
def test_the_list_says_in_plain_words_how_a_result_is_received(office, login, way, is_paid, words):
    dossier, me = finished(office, login, way)
    for charge in dossier.charges:
        charge.state = "paid" if is_paid else charge.state
    db.session.commit()
    assert words in me.get("/my/").text


def test_the_list_says_what_is_to_be_paid(office, login):
    dossier, _me = online(office, login)
    assert my_dossiers.to_do(dossier) == ""
    dossier.state = int(State.payment_requested)
    assert my_dossiers.to_do(dossier) == f"Mời ông/bà nộp 50.000 đồng tại {dossier.desk.name}."


def test_the_list_says_where_each_dossier_stands(office, login):
    dossier, me = online(office, login)
    html = me.get("/my/").text
    assert dossier.code in html
    assert dossier.version.name in html
    assert "Đã gửi, chờ cơ quan tiếp nhận" in html
    assert dossier.code not in me.get("/my/?loc=closed").text
    assert dossier.code in me.get("/my/?loc=open").text


def test_the_list_costs_the_same_for_many(office, login, count_queries):
    account, citizen = office.applicant()
    for _ in range(8):
        submit(db.session(), office.draft(account), citizen)
    me = login(db.session.get(User, citizen.user_id))
    with count_queries() as seen:
        html = me.get("/my/").text
    assert html.count('class="card p-3 mb-3"') == 8
    assert len(seen) <= 16


def test_the_page_of_a_dossier_shows_its_course_in_public_words(office, login, count_queries):
    dossier, me = online(office, login)
    reception.accept(db.session(), dossier, office[Role.desk_officer])
    with count_queries() as seen:
        html = me.get(f"/my/{dossier.code}").text
    assert len(seen) <= 40
    for words in (
        "Hồ sơ được tiếp nhận",
        "Trần Thị Bình",
        "giay-to.pdf",
        "thứ" if "thứ" in html else "Chủ nhật",
    ):
        assert words in html
    assert office[Role.desk_officer].name not in html  # offices, never officers


@pytest.mark.parametrize("path", ["", "/bo-sung", "/danh-gia"])
def test_another_persons_dossier_does_not_exist(office, login, path):
    dossier, _me, _component = asked(office, login)
    other = login(Role.citizen)
    assert other.get(f"/my/{dossier.code}{path}").status_code == 404
    assert other.get("/my/H57.1-250101-9999").status_code == 404


@pytest.mark.parametrize("path", ["/bo-sung", "/danh-gia", "/rut", "/nhan-ket-qua"])
def test_nothing_can_be_written_to_another_persons_dossier(office, login, path):
    dossier, _me, _component = asked(office, login)
    before = db.session.scalar(sa.select(sa.func.count(Movement.id)))
    other = login(Role.citizen)
    assert other.post(
        f"/my/{dossier.code}{path}", data={"reason": "x", "score": "5"}
    ).status_code in {302, 404}
    assert db.session.scalar(sa.select(sa.func.count(Movement.id))) == before
    assert db.session.scalar(sa.select(sa.func.count(Rating.id))) == 0


def test_a_supplement_asks_for_the_named_things_only(office, login):
    dossier, me, component = asked(office, login)
    page = me.get(f"/my/{dossier.code}").text
    assert "Họ tên thiếu chữ đệm" in page
    html = me.get(f"/my/{dossier.code}/bo-sung").text
    assert 'name="f_ho_ten"' in html
    assert 'name="f_so_dinh_danh"' not in html
    assert f"component-{component.id}_file" in html
    assert "Trần Thị Bình" in html  # what was declared before


def test_a_supplement_is_answered_without_scripts(office, login):
    dossier, me, component = asked(office, login)
    answer = me.post(
        f"/my/{dossier.code}/bo-sung",
        data={
            "f_ho_ten": "Trần Thị Thanh Bình",
            "f_so_dinh_danh": "046190000999",
            f"component-{component.id}_file": (io.BytesIO(pdf()), "Tờ khai mới.pdf"),
        },
    )
    assert answer.location == f"/my/{dossier.code}"
    db.session.refresh(dossier)
    first, second = db.session.scalars(sa.select(FormRevision).order_by(FormRevision.number))
    assert dossier.state == 1
    assert second.data == first.data | {
        "ho_ten": "Trần Thị Thanh Bình"
    }  # the other key was not asked
    replaced = {
        a.name: a.is_replaced for a in dossier.attachments if a.component_id == component.id
    }
    assert replaced == {"giay-to.pdf": True, "Tờ khai mới.pdf": False}
    assert me.get(f"/my/{dossier.code}/bo-sung").location == f"/my/{dossier.code}"


def test_an_incomplete_supplement_names_what_is_missing(office, login):
    dossier, me, component = asked(office, login)
    answer = me.post(f"/my/{dossier.code}/bo-sung", data={"f_ho_ten": ""})
    assert answer.status_code == 422
    assert f'href="#upload-component-{component.id}"' in answer.text
    assert 'href="#f_ho_ten"' in answer.text
    db.session.refresh(dossier)
    assert dossier.state == 5
    assert len(dossier.revisions) == 1


def upload(me, dossier, **place):
    query = "&".join(f"{key}={value}" for key, value in place.items())
    return me.post(
        f"/files/supplement/{dossier.code}?{query}", data={"file": (io.BytesIO(png()), "Mới.png")}
    )


def test_only_asked_papers_can_be_uploaded_and_taken_back(office, login):
    dossier, me, component = asked(office, login)
    good = upload(me, dossier, component=component.id)
    assert good.status_code == 200
    for place in (
        {"component": dossier.version.components[1].id},
        {"component": 10**6},
        {"field": "ho_ten"},
        {},
    ):
        assert upload(me, dossier, **place).status_code == 404
    old = next(a for a in dossier.attachments if a.name == "giay-to.pdf")
    assert me.post(f"/files/{old.id}/remove").status_code == 403
    assert me.post(good.json["remove_url"]).status_code == 204
    assert db.session.scalar(sa.select(Attachment.id).where(Attachment.name == "Mới.png")) is None


def test_nothing_can_be_uploaded_unasked(office, login):
    dossier, me = online(office, login)
    answer = upload(me, dossier, component=dossier.version.components[0].id)
    assert answer.status_code == 403
    assert answer.json["error"]


def test_a_withdrawal_needs_a_reason_and_is_then_decided_by_an_officer(office, login):
    dossier, me = online(office, login)
    me.post(f"/my/{dossier.code}/rut", data={"reason": "  "})
    db.session.refresh(dossier)
    assert dossier.state == 1
    me.post(f"/my/{dossier.code}/rut", data={"reason": f"Nộp nhầm {SCRIPT}"})
    db.session.refresh(dossier)
    assert dossier.state == 7
    html = me.get(f"/my/{dossier.code}").text
    assert SCRIPT not in html
    assert "Nộp nhầm" in html


def test_the_result_opens_once_its_receipt_is_recorded(session, login):
    office = Office(session, fee=0)
    dossier, me = finished(office, login)
    result = dossier.results[-1]
    assert me.get(f"/results/{result.id}.pdf").status_code == 403
    answer = me.post(f"/my/{dossier.code}/nhan-ket-qua")
    assert answer.location == f"/my/{dossier.code}#ket-qua"
    db.session.refresh(dossier)
    assert dossier.state == 10
    opened = me.get(f"/results/{result.id}.pdf")
    assert opened.data[:5] == b"%PDF-"
    assert f"/results/{result.id}.pdf" in me.get(f"/my/{dossier.code}").text
    assert login(Role.citizen).get(f"/results/{result.id}.pdf").status_code == 404
    assert login(Role.specialist).get(f"/results/{result.id}.pdf").status_code == 200


def test_a_result_with_an_open_charge_waits_for_the_payment(session, login):
    office = Office(session, fee_due="return")
    dossier, me = finished(office, login)
    me.post(f"/my/{dossier.code}/nhan-ket-qua")
    db.session.refresh(dossier)
    assert dossier.state == 9
    assert me.get(f"/results/{dossier.results[-1].id}.pdf").status_code == 403
    assert "50.000 đồng" in me.get(f"/my/{dossier.code}").text


def test_a_code_with_the_sector_opens_everywhere(session, login):
    office = Office(session)
    use_profile(session, dossier_code_pattern="{unit}.{sector}-{yymmdd}-{nnnn}")
    office.version.procedure.sector.code = "ho_tich"
    dossier, me = online(office, login)
    assert "HO-TICH" in dossier.code
    assert me.get(f"/my/{dossier.code}").status_code == 200
    assert me.get(f"/nop-ho-so/xong/{dossier.code}").status_code == 200
    assert me.get(f"/tra-cuu/{dossier.code}").status_code == 200
    desk = login(session.get(User, office[Role.desk_officer].user_id))
    assert desk.get(f"/dossier/{dossier.code}").status_code == 200


@pytest.mark.parametrize("state", [state for state in State if state not in {State.finished, State.returned}])
def test_a_sealed_result_stays_closed_until_it_is_handed_over(session, login, state):
    dossier, me = finished(Office(session, fee=0), login, way="desk")
    dossier.state = state
    db.session.flush()
    address = f"/results/{dossier.results[-1].id}.pdf"
    answer = me.get(address)
    assert answer.status_code == 403
    assert answer.data[:5] != b"%PDF-"
    assert vi("The result of this dossier is not handed over, as the dossier stands now.") in answer.text
    assert address not in me.get(f"/my/{dossier.code}").text
    assert login(Role.specialist).get(address).status_code == 200


def test_a_dossier_is_rated_once(session, login):
    office = Office(session, fee=0)
    dossier, me = finished(office, login)
    given = {"score": "5", "time": "4", "attitude": "", "comment": f"Rất tốt {SCRIPT}"}
    assert me.post(f"/my/{dossier.code}/danh-gia", data=given).location == f"/my/{dossier.code}"
    rating = db.session.scalars(sa.select(Rating)).one()
    assert (rating.score, rating.answers) == (5, {"time": 4})
    assert SCRIPT not in me.get(f"/my/{dossier.code}").text
    me.post(f"/my/{dossier.code}/danh-gia", data={"score": "1"})
    db.session.refresh(rating)
    assert rating.score == 5


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "score"),
        ({"score": "6"}, "score"),
        ({"score": "-1"}, "score"),
        ({"score": "5", "time": "x"}, "time"),
        ({"score": "5", "comment": "x" * 2001}, "comment"),
    ],
)
def test_a_wrong_rating_is_refused(session, login, given, field):
    office = Office(session, fee=0)
    dossier, me = finished(office, login)
    answer = me.post(f"/my/{dossier.code}/danh-gia", data=given)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert db.session.scalar(sa.select(sa.func.count(Rating.id))) == 0


def test_a_dossier_under_way_cannot_be_rated(office, login):
    dossier, me = online(office, login)
    assert me.get(f"/my/{dossier.code}/danh-gia").location == f"/my/{dossier.code}"
    me.post(f"/my/{dossier.code}/danh-gia", data={"score": "5"})
    assert db.session.scalar(sa.select(sa.func.count(Rating.id))) == 0


def test_who_looked_is_told_by_office(office, login):
    dossier, me = online(office, login)
    assert "Chưa có ai" in me.get(f"/my/{dossier.code}").text
    desk = office[Role.desk_officer]
    with acting_as(desk):
        files.get_attachment(db.session(), dossier.attachments[0].id, desk)
    html = me.get(f"/my/{dossier.code}").text
    assert "giay-to.pdf" in html
    assert f"· {office.tree.desk.name} · giay-to.pdf" in html


def _looks(dossier, user, names=("tờ.pdf",), at=None, monkeypatch=None):
    with monkeypatch.context() as patch, acting_as(Actor(user_id=user.id, name="x")):
        if at is not None:
            patch.setattr(history, "recorded_now", lambda: at)
        for name in names:
            history.record(db.session(), ("dossier", dossier.id), "read_file", changes={"attachment": [None, name]})


def test_the_office_is_that_of_the_post_held_on_the_day(office, login, monkeypatch):
    dossier, me = online(office, login)
    user, tree = make_user(), office.tree
    first = make_position(user, Role.specialist, tree.department, valid_from=today() - timedelta(days=90))
    first.valid_to = today() - timedelta(days=11)
    make_position(user, Role.specialist, tree.root, valid_from=today() - timedelta(days=10))
    make_position(user, Role.desk_officer, tree.desk, valid_from=today() - timedelta(days=5))
    days = {"một": 20, "hai": 8, "ba": 0, "bốn": 120}
    for name, ago in days.items():
        _looks(dossier, user, [name], now() - timedelta(days=ago), monkeypatch)
    html = me.get(f"/my/{dossier.code}").text
    assert f"· {tree.department.name} · một<" in html
    assert f"· {tree.root.name} · hai<" in html
    assert f"· {tree.desk.name} · ba<" in html  # of two posts, that where the dossier is
    assert f"· {tree.department.name} · bốn<" in html  # none that day: the nearest


def test_no_look_at_the_data_is_left_out(office, login, monkeypatch, count_queries):
    dossier, me = online(office, login)
    user = make_user(Role.desk_officer, office.tree.desk)
    names = [f"tờ-{number:03}.pdf" for number in range(my_dossiers.READINGS * 2 + 7)]
    _looks(dossier, user, names[:3], monkeypatch=monkeypatch)
    path, counts = f"/my/{dossier.code}", []
    for rest in (names[3:], ()):
        db.session.commit()
        me.get(path)
        db.session.expire_all()
        with count_queries() as statements:
            me.get(path)
        counts.append(len(statements))
        _looks(dossier, user, rest, monkeypatch=monkeypatch)
    assert counts[0] == counts[1]
    seen, address = [], ""
    while address is not None:
        page = me.get(f"/my/{dossier.code}{address}").text
        seen += re.findall(r"tờ-\d{3}\.pdf", page)
        older = re.search(rf'href="(\?readings=\d+)#readings" rel="next">{vi("Older")}<', page)
        address = older[1] if older else None
    assert seen == names[::-1]
    for odd in ("x", "-1", "0", "9" * 40):
        assert names[-1] in me.get(f"/my/{dossier.code}?readings={odd}").text


def test_a_stale_page_of_an_answered_supplement_writes_nothing(office, login):
    dossier, me, _component = asked(office, login, papers=False)
    me.post(f"/my/{dossier.code}/bo-sung", data={"f_ho_ten": "Một Hai"})
    again = me.post(f"/my/{dossier.code}/bo-sung", data={"f_ho_ten": "Khác"})
    assert again.location == f"/my/{dossier.code}"
    assert db.session.scalar(sa.select(sa.func.count(FormRevision.id))) == 2
