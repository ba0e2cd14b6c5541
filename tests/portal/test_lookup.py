"""Looking up a dossier: where it stands for everybody, whose it is for nobody."""

import re
from datetime import timedelta

import pytest

import config as settings_module
from app.clock import VIETNAM, now
from app.connections import is_planned_by_values
from app.models import Account, DueChange, SupplementRequest
from app.permissions import ANONYMOUS, Role
from app.services.lookup import PUBLIC_WORDS, clean_code, find_public, mask_name
from app.workflows.dossier import DOSSIER
from app.workflows.states import State
from tests import databases
from tests.factories import make_user
from tests.portal.records import SECRETS, make_dossier
from tests.wording import vi

COURSE = (("submit", None, 1), ("accept", 1, 2), ("start", 2, 4), ("complete_step", 4, 4))


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("Nguyễn Văn A", "N*** V** A"),
        ("Lê Thị Kín", "L* T** K**"),
        ("Ô", "Ô"),
        ("Công ty TNHH Sông Hương", "C*** t* T*** S*** H***"),
        ("  Trần   Bình ", "T*** B***"),
    ],
)
def test_of_a_name_only_the_initials_can_be_read(name, masked):
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("H57.19-1", "H57.19-1"),
        (" H57 . 19 - 1 ", "H57.19-1"),
        ("H57.19–1", "H57.19-1"),
        ("", ""),
        ("ab", ""),
        ("H57/19", ""),
        ("H57'--", ""),
        ("A" * 61, ""),
        ("%%%%", ""),
        ("mã hồ sơ", ""),
    ],
)
def test_codes_are_taken_as_people_type_them(typed, code):
    assert clean_code(typed) == code


@pytest.mark.parametrize(
    "shape",
    [
        str,
        str.lower,
        str.upper,
        lambda code: f"  {code[:8]} {code[8:]}  ",
        lambda code: code.replace("-", "–"),
    ],
)
def test_spaces_case_and_dashes_do_not_matter(session, client, shape):
    dossier = make_dossier()
    answer = client.get("/tra-cuu", query_string={"ma": shape(dossier.code)}, follow_redirects=True)
    assert answer.status_code == 200
    assert dossier.code in answer.text


@pytest.mark.parametrize("state", list(State))
def test_every_state_is_told_in_the_citizens_sentence(app, session, client, state):
    dossier = make_dossier(
        int(state), COURSE, finished_at=now() if state >= State.finished else None
    )
    page = client.get(f"/tra-cuu/{dossier.code}").text
    with app.test_request_context():
        from flask_babel import gettext

        assert gettext(state.sentence) in page
    assert dossier.procedure.name in page


@pytest.mark.parametrize(("state", "label"), [(4, "Where it is now"), (9, "Where it is now"), (3, "Where to ask"),
                                              (8, "Where to ask"), (10, "Where to ask")])  # fmt: skip
def test_what_is_over_lies_nowhere_any_more(session, client, state, label):
    page = client.get(f"/tra-cuu/{make_dossier(state).code}").text
    said = {words for words in ("Where it is now", "Where to ask") if f">{vi(words)}<" in page}
    assert said == {label}


def test_the_page_never_shows_whose_dossier_it_is_or_who_works_on_it(session, client, login):
    dossier = make_dossier(5, (*COURSE, ("ask_supplement_in_process", 4, 5)))
    session.add(
        SupplementRequest(
            dossier=dossier,
            number=1,
            reason="thiếu bản sao hộ khẩu của bà Mật",
            asked_at=now(),
            asked_by_name="Cán Bộ Giấu Tên",
        )
    )
    session.flush()
    hidden = [*SECRETS.values(), "Bí Mật", "Cán Bộ Giấu Tên", "ghi chú nội bộ", "thiếu bản sao"]
    for visitor in (client, login(Role.citizen), login(Role.specialist)):
        page = visitor.get(f"/tra-cuu/{dossier.code}").text
        assert [text for text in hidden if text in page] == []
        assert "T*** T** B* M**" in page


def test_its_owner_is_sent_to_his_account(session, login):
    user = make_user(Role.citizen)
    account = session.query(Account).filter_by(user_id=user.id).one()
    dossier = make_dossier(account=account)
    assert 'href="/my"' in login(user).get(f"/tra-cuu/{dossier.code}").text.split("<main", 1)[1]
    assert (
        'href="/my"'
        not in login(Role.citizen).get(f"/tra-cuu/{dossier.code}").text.split("<main", 1)[1]
    )


@pytest.mark.parametrize(
    "typed", ["H57.19753.01-000000-9999", "%2e%2e", "'%20OR%201=1", "A" * 300, "có-dấu"]
)
def test_an_unknown_and_a_malformed_code_are_answered_alike(session, client, typed):
    make_dossier()
    answer = client.get(f"/tra-cuu/{typed}")
    assert answer.status_code == 404
    assert "Không tìm thấy hồ sơ nào mang mã này" in answer.text
    assert (
        client.get("/tra-cuu", query_string={"ma": typed}, follow_redirects=True).status_code == 404
    )


def test_an_unknown_code_costs_the_same_however_many_agencies(session, client, count_queries):
    make_dossier()
    session.commit()
    with count_queries() as seen:
        assert client.get("/tra-cuu/H57.19753.01-000000-9999").status_code == 404
    assert len(seen) <= 4, seen  # by its code, by its bare code, and what every page says of the system


def test_part_of_a_code_or_a_wildcard_finds_nothing(session, client):
    dossier = make_dossier()
    for typed in (dossier.code[:-1], dossier.code[:-1] + "%", dossier.code[:-1] + "_"):
        assert client.get(f"/tra-cuu/{typed}").status_code == 404


def test_every_act_of_the_table_has_public_words():
    beside = {"grant_extension", "sign_apology"}  # acts of the life cycles beside the states
    assert {row.name for row in DOSSIER.transitions} | beside == set(PUBLIC_WORDS)


def test_a_step_inside_the_agency_is_told_without_its_name(session, client):
    page = client.get(f"/tra-cuu/{make_dossier(4, COURSE).code}").text
    assert "Hồ sơ được xử lý tại cơ quan, qua 1 bước" in page
    assert "complete_step" not in page


def test_steps_in_a_row_inside_one_agency_are_one_line(session, client, login):
    inner = [("complete_step", 4, 4)] * 3
    user = make_user(Role.citizen)
    account = session.query(Account).filter_by(user_id=user.id).one()
    course = (*COURSE[:3], *inner, ("grant_extension", 4, 4), *inner)
    dossier = make_dossier(4, course, step_name="Thẩm định", account=account)
    dossier.movements[-1].agency_name = "Ủy ban nhân dân phường"
    session.commit()
    for page in (client.get(f"/tra-cuu/{dossier.code}").text, login(user).get(f"/my/{dossier.code}").text):
        lines = re.findall(r'timeline-title">([^<]*)</p>\s*<p class="timeline-meta">[^<]*· ([^<]*)<', page)
        assert [(words.rpartition(" qua ")[2], place) for words, place in lines][:4] == [
            ("1 bước", "Ủy ban nhân dân phường"), ("2 bước", "Sở Xây dựng"),
            ("Thời gian giải quyết đã được gia hạn", "Sở Xây dựng"), ("3 bước", "Sở Xây dựng"),
        ]  # fmt: skip
        assert page.count("Hồ sơ được xử lý tại cơ quan") == 3
        assert "ghi chú nội bộ" not in page
        assert "Thẩm định" in page
        assert vi("Where it is now") in page


@pytest.mark.parametrize(
    ("state", "due_in", "is_overdue"),
    [
        (4, -1, True),
        (4, 1, False),
        (5, -1, False),
        (6, -1, False),
        (9, -1, False),
        (10, -1, False),
        (8, -1, False),
    ],
)
def test_overdue_is_what_runs_past_its_date(session, state, due_in, is_overdue):
    due_at = now() + timedelta(days=due_in)
    dossier = make_dossier(state, due_at=due_at, finished_at=now() if state >= 8 else None)
    assert find_public(session, dossier.code, ANONYMOUS).is_overdue is is_overdue


def test_the_reasons_of_the_due_date_are_told(session, client):
    dossier = make_dossier(due_explanation=[["The day after receipt is the first day", {}]])
    assert (
        "Ngày tiếp theo ngày nhận được tính là ngày thứ nhất"
        in client.get(f"/tra-cuu/{dossier.code}").text
    )


@pytest.mark.parametrize("moves", [1, 30])
def test_a_lookup_costs_the_same_however_long_the_course(session, client, count_queries, moves):
    dossier = make_dossier(4, [("complete_step", 4, 4)] * moves)
    address = f"/tra-cuu/{dossier.code}"
    session.commit()
    client.get(address)
    with count_queries() as seen:
        assert client.get(address).status_code == 200
    assert len(seen) <= 2, seen  # the dossier with the marks of what is kept, and its course
    assert not any(is_planned_by_values(statement) for statement in seen)


def test_a_due_date_that_moved_is_told(session, client):
    dossier = make_dossier(4)
    moved = dossier.due_at + timedelta(days=9)
    dossier.due_changes.append(DueChange(at=now(), old_due_at=dossier.due_at, new_due_at=moved,
                                         reason="riêng tư", actor_name="Cán bộ"))  # fmt: skip
    dossier.due_at = moved
    session.commit()
    page = client.get(f"/tra-cuu/{dossier.code}").text
    assert f"{moved.astimezone(VIETNAM):%d/%m/%Y}" in page
    assert "riêng tư" not in page


@pytest.fixture
def limited_app(tmp_path):
    """An application of its own, with rate limits counted in memory."""
    settings = settings_module.load(
        "test",
        RATELIMIT_ENABLED=True,
        RATELIMIT_STORAGE_URI="memory://",
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/limits.db",
        SQLALCHEMY_ENGINE_OPTIONS={},
    )
    application = databases.make_app(settings)
    yield application
    databases.dispose(application)


def test_codes_cannot_be_harvested(limited_app):
    """60 a minute from one address; another address is not held up by it."""
    client = limited_app.test_client()
    answers = [client.get(f"/tra-cuu/H57-{place:04}") for place in range(61)]
    assert [one.status_code for one in answers] == [404] * 60 + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61
    other = client.get("/tra-cuu/H57-0001", environ_base={"REMOTE_ADDR": "192.0.2.99"})
    assert other.status_code == 404


def test_feedback_cannot_be_poured_in(limited_app):
    """10 a minute; reading goes on."""
    limited_app.config["WTF_CSRF_ENABLED"] = False
    client = limited_app.test_client()
    codes = [client.post("/phan-anh/gui", data={}).status_code for _ in range(11)]
    assert codes == [422] * 10 + [429]
    assert client.get("/phan-anh").status_code == 200
