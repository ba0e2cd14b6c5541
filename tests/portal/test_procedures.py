"""Finding and reading procedures: only what is in force, by any spelling, all of HCM24 Đ7.1b."""

from datetime import date, timedelta

import pytest

from app.clock import today
from app.models import Component, Fee
from app.models.life_events import LIFE_EVENTS
from app.services.catalog import ProcedureSearch, find_procedures
from app.services.procedure_words import fee_hint, time_limit
from tests.factories import make_document_type, make_procedure, make_sector, make_tree
from tests.wording import vi


def names(session, **wanted):
    return [row.name for row in find_procedures(session, ProcedureSearch(**wanted)).rows]


@pytest.mark.parametrize(
    "typed",
    [
        "Đăng ký khai sinh",
        "dang ky khai sinh",
        "KHAI  SINH",
        "sinh khai",
        "đang ky",
        "1.001193",
    ],
)
def test_any_spelling_finds_the_official_name(session, typed):
    make_procedure(name="Đăng ký khai sinh", code="1.001193")
    make_procedure(name="Cấp giấy phép xây dựng")
    assert names(session, q=typed) == ["Đăng ký khai sinh"]


def test_words_of_the_sector_count_too(session):
    make_procedure(name="Cấp bản sao", sector=make_sector(name="Hộ tịch"))
    assert names(session, q="ban sao ho tich") == ["Cấp bản sao"]


def test_the_plain_case_stands_before_its_variants(session):
    make_procedure(name="Đăng ký lại khai sinh có yếu tố nước ngoài")
    make_procedure(name="Đăng ký khai sinh có yếu tố nước ngoài")
    make_procedure(name="Đăng ký khai sinh")
    found = names(session, q="dang ky khai sinh")
    assert found[0] == "Đăng ký khai sinh"
    assert found[-1] == "Đăng ký lại khai sinh có yếu tố nước ngoài"


def test_when_no_name_has_all_words_the_nearest_are_offered(session, client):
    make_procedure(name="Đăng ký khai sinh")
    make_procedure(name="Cấp thẻ hướng dẫn viên")
    found = find_procedures(session, ProcedureSearch(q="thẻ khai sinh"))
    assert found.is_partial
    assert [row.name for row in found.rows] == ["Đăng ký khai sinh"]
    told = vi("No procedure has all of these words. The following have some of them.")
    assert told in client.get("/thu-tuc?q=thẻ khai sinh").text
    assert told not in client.get("/thu-tuc?q=bố tôi mất").text  # nothing follows


@pytest.mark.parametrize("typed", ["xin làm giấy khai sinh cho con", "lam giay khai sinh cua toi",
                                   "thủ tục khai sinh"])  # fmt: skip
def test_the_words_around_the_matter_are_passed_over(session, typed):
    make_procedure(name="Đăng ký khai sinh")
    make_procedure(name="Cấp bản sao giấy khai sinh")
    make_procedure(name="Cấp giấy phép lao động, công sinh khai thác")
    found = find_procedures(session, ProcedureSearch(q=typed))
    assert not found.is_partial
    assert found.rows[0].name == "Đăng ký khai sinh"


def test_words_with_marks_are_passed_over_only_as_they_are_typed(session):
    make_procedure(name="Cấp thẻ căn cước")
    make_procedure(name="Cấp lại thẻ")
    assert names(session, q="căn cước") == ["Cấp thẻ căn cước"]
    assert names(session, q="tôi cần căn cước") == ["Cấp thẻ căn cước"]


def test_a_word_is_looked_for_from_its_beginning(session):
    make_procedure(name="Kinh doanh (ăn uống)")
    make_procedure(name="Cấp văn bản quản lý")
    assert names(session, q="ăn") == ["Kinh doanh (ăn uống)"]


def test_signs_of_like_are_plain_characters(session):
    make_procedure(name="Giảm 50% lệ phí")
    make_procedure(name="Giảm 500 đồng lệ phí")
    assert names(session, q="50%") == ["Giảm 50% lệ phí"]
    assert names(session, q="5_%") == []


def test_each_filter_narrows_and_an_unknown_value_finds_nothing(session):
    tree = make_tree()
    sector = make_sector()
    make_procedure(name="Ở xã", sector=sector, life_events=["birth"], service_level="partial")
    make_procedure(
        name="Ở sở", agency_level="province", agency=tree.department, life_events=["land"]
    )
    assert names(session, sector=sector.code) == ["Ở xã"]
    assert names(session, life_event="birth") == ["Ở xã"]
    assert names(session, level="province") == ["Ở sở"]
    assert names(session, service_level="full") == ["Ở sở"]
    assert names(session, agency=tree.department.code) == ["Ở sở"]
    assert names(session, agency=tree.commune.code) == ["Ở xã"]
    for name in ("sector", "life_event", "level", "service_level", "agency"):
        assert names(session, **{name: "%"}) == [], name


@pytest.mark.parametrize(
    "hidden",
    [
        {"state": "draft"},
        {"state": "retired"},
        {"valid_from": today() + timedelta(days=1)},
        {"valid_to": today() - timedelta(days=1)},
    ],
)
def test_only_the_published_version_in_force_today_is_shown(session, client, hidden):
    version = make_procedure(name="Thủ tục ẩn", **hidden)
    assert names(session, q="thu tuc an") == []
    answer = client.get(f"/thu-tuc/{version.procedure.code}")
    assert answer.status_code == 404
    assert "Thủ tục ẩn" not in answer.text


@pytest.mark.parametrize("code", ["khong-co", "%00", "x" * 300, "%F0%28"])
def test_an_unknown_code_is_answered_plainly(session, client, code):
    assert client.get(f"/thu-tuc/{code}").status_code == 404


def test_a_procedure_out_of_use_is_not_shown(session, client):
    version = make_procedure(name="Thủ tục bỏ")
    version.procedure.is_active = False
    session.flush()
    assert client.get(f"/thu-tuc/{version.procedure.code}").status_code == 404


def test_the_last_day_of_validity_still_counts(session, client):
    version = make_procedure(valid_to=today())
    assert client.get(f"/thu-tuc/{version.procedure.code}").status_code == 200


# HCM24 Đ7.1b: what a published procedure has to show.
CONTENT = {
    "steps_text": "Bước 1. Nộp.\nBước 2. Thẩm định.", "ways_text": "Trực tuyến: trên Cổng",
    "subjects": "Người Việt Nam định cư ở nước ngoài", "conditions": "Có đất ở hợp pháp",
    "legal_basis": "Luật số 50/2014/QH13\nNghị định số 15/2021/NĐ-CP", "result_text": "Giấy phép xây dựng số",
    "decision_number": "1234/QĐ-UBND", "time_limit_note": "Không kể thời gian đo đạc",
}  # fmt: skip


def make_whole_procedure(session):
    """Return a version with every content, a paper of one case, a shared one and a fee of one channel."""
    version = make_procedure(name="Cấp phép", decision_on=date(2025, 6, 20), **CONTENT)
    known = make_document_type(is_shared_data=True)
    session.add_all([
        Component(version=version, position=3, name="Bản vẽ thiết kế", originals=2, copies=3,
                  case_label="Nhà từ 7 tầng"),
        Component(version=version, position=4, name="Giấy khai sinh của trẻ", document_type=known),
        Fee(version=version, position=2, name="Phí thẩm định", kind="phi", channel="online", amount=75_000,
            legal_basis="Nghị quyết 12/NQ-HĐND"),
    ])  # fmt: skip
    session.flush()
    return version


def test_the_page_shows_everything_the_regulation_names(session, client):
    """HCM24 Đ7.1b: each content of a published procedure is on its page."""
    version = make_whole_procedure(session)
    page = client.get(f"/thu-tuc/{version.procedure.code}").text
    lines = [line for text in CONTENT.values() for line in text.splitlines()]
    shown = [
        *lines, "20/06/2025", "01/07/2025", "Bản vẽ thiết kế", "Nhà từ 7 tầng", "Phí thẩm định",
        "75.000 đồng", "50.000 đồng", "Nghị quyết 12/NQ-HĐND", version.form.name,
        version.procedure.sector.name, version.procedure.code, "Họ và tên",
    ]  # fmt: skip
    assert [text for text in shown if text not in page] == []
    assert page.count("Không phải nộp: đã có trong Kho dữ liệu") == 1
    assert f"/nop-ho-so/{version.procedure.code}" in page
    assert f"/phan-anh/gui?thu_tuc={version.procedure.code}" in page


def test_a_procedure_only_for_information_cannot_be_sent_online(session, client):
    version = make_procedure(service_level="information")
    assert "/nop-ho-so/" not in client.get(f"/thu-tuc/{version.procedure.code}").text
    assert "/nop-ho-so/" not in client.get("/thu-tuc").text


def test_texts_are_never_markup(session, client):
    version = make_procedure(name="<script>alert(1)</script>", conditions="<img src=x>")
    for address in (
        f"/thu-tuc/{version.procedure.code}",
        "/thu-tuc",
        "/thu-tuc?q=<script>x</script>",
    ):
        page = client.get(address).text
        assert "<script>alert" not in page
        assert "<script>x" not in page
        assert "<img src=x>" not in page


@pytest.mark.parametrize("page", ["-1", "0", "999999999999", "abc", "1e9", "²", ""])
def test_an_absurd_page_number_is_the_first_or_an_empty_page(session, client, page):
    make_procedure(name="Có thật")
    answer = client.get(f"/thu-tuc?trang={page}")
    assert answer.status_code == 200


def test_pages_follow_one_another_and_keep_the_search(session, client):
    for place in range(25):
        make_procedure(name=f"Thủ tục nhiều {place:02}")
    first = client.get("/thu-tuc?q=nhieu&muc_do=full").text
    assert "trang=2" in first
    assert "q=nhieu" in first.split("trang=2")[0].rsplit("href", 1)[1]
    second = client.get("/thu-tuc?q=nhieu&muc_do=full&trang=2").text
    assert second.count('class="result-card"') == 5


def test_parameters_cannot_reach_what_flask_reads(session, client):
    for place in range(25):
        make_procedure(name=f"Thủ tục {place}")
    page = client.get("/thu-tuc?_external=1&_scheme=javascript&_anchor=x").text
    assert "javascript:" not in page


@pytest.mark.parametrize(
    ("fees", "words"),
    [
        ([], "Không thu"),
        ([(8000, None)], "8.000 đồng"),
        ([(8000, None), (50_000, None)], "Từ 8.000 đồng đến 50.000 đồng"),
        ([(0, "Miễn phí cho hộ nghèo")], "Miễn phí cho hộ nghèo"),
        ([(0, "dài " * 60)], "Tùy từng trường hợp"),
    ],
)
def test_the_fee_in_one_line(app, session, fees, words):
    version = make_procedure(fee=0)
    for place, (amount, note) in enumerate(fees, 1):
        session.add(Fee(version=version, position=place, name="Lệ phí", amount=amount, note=note))
    with app.test_request_context():
        assert fee_hint(version) == words


def test_the_time_limit_in_words(app, session):
    with app.test_request_context():
        assert time_limit(make_procedure(time_limit_value=3)) == "3 ngày làm việc"
        assert time_limit(make_procedure(is_same_day=True)) == "Trong ngày làm việc"


def test_life_events_are_those_of_the_pack(app):
    import yaml

    with open(f"{app.root_path}/packs/hue/life_events.yaml", encoding="utf-8") as file:
        rows = yaml.safe_load(file)["life_events"]
    assert [row["key"] for row in rows] == list(LIFE_EVENTS)
    with app.test_request_context():
        from flask_babel import gettext

        assert [row["title"] for row in rows] == [gettext(e.title) for e in LIFE_EVENTS.values()]


@pytest.mark.parametrize("level", [0, 2])
def test_the_level_asked_for_and_how_to_raise_it_are_told(session, client, level):
    version = make_procedure(authentication_level=level)
    text = client.get(f"/thu-tuc/{version.procedure.code}").text
    words = vi("A dossier sent online must come from an account with this level. If yours is lower, show your identity "
               "card at any one-stop desk: the officer compares it and raises the level. At the counter your card is "
               "compared as you hand the dossier in.")  # fmt: skip
    assert (words in text) == (level > 0)
