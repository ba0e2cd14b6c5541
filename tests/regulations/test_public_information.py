"""What the public pages tell, in which language, and how current it is (A1)."""

from datetime import timedelta

import pytest

from app.clock import now
from app.models import User
from app.permissions import Role, acting_as
from app.services import publication_decisions as decisions
from app.services import statistics
from app.services.catalog import ProcedureSearch, find_procedures
from tests.admin.test_decisions import FIT, make_decision, make_draft
from tests.factories import make_procedure, make_tree
from tests.portal.records import SECRETS, make_dossier, make_feedback, rate
from tests.regulations import scenes
from tests.regulations.support import clause

PUBLIC = ("/", "/thu-tuc", "/co-quan", "/tra-cuu", "/phan-anh", "/thong-ke", "/dieu-khoan", "/bao-ve-du-lieu",
          "/huong-dan")  # fmt: skip


@clause("A1.2", "HUE25 Đ6.1b")
def test_d6_1b_procedures_are_listed_by_the_two_levels(session, client):
    full, partial = make_procedure(service_level="full"), make_procedure(service_level="partial")
    for level, version in (("full", full), ("partial", partial)):
        found = find_procedures(session, ProcedureSearch(service_level=level)).rows
        assert [row.procedure.code for row in found] == [version.procedure.code]
    assert "Toàn trình" in client.get(f"/thu-tuc/{full.procedure.code}").text
    assert "Một phần" in client.get(f"/thu-tuc/{partial.procedure.code}").text


@clause("A1.4", "HCM24 Đ8.1")
def test_d8_1_a_decision_changes_the_public_list_on_its_day(session, actor, client):
    make_tree()
    with acting_as(actor(Role.catalog_admin)) as admin:
        new, gone = make_draft(), make_procedure(**FIT)
        decision = make_decision(session)
        decisions.add_versions(session, decision, [new.id, gone.id], admin)
        codes = [one.procedure.code for one in (new, gone)]
        before = [client.get(f"/thu-tuc/{code}").status_code for code in codes]
        decisions.publish(session, decision, admin)
    assert before == [404, 200]
    assert [client.get(f"/thu-tuc/{code}").status_code for code in codes] == [200, 404]
    assert new.decision_number == decision.number


@clause("A1.6", "HUE25 Đ6.2")
def test_d6_2_guidance_and_questions_are_answered_also_on_money(client):
    text = client.get("/huong-dan").text
    for words in ("Nộp hồ sơ", "tiền"):
        assert words.lower() in text.lower()


@clause("A1.6", "HUE25 Đ6.3")
def test_d6_3_reception_supplement_and_result_are_told(office, login, session):
    dossier, citizen = scenes.in_process(office)
    scenes.ask(office, dossier, office[Role.specialist], reason="Thiếu trang 2")
    text = login(session.get(User, citizen.user_id)).get("/notices/").text
    assert "Thiếu trang 2" in text
    assert text.count(dossier.code) >= 3  # sent, accepted, passed on, asked


@clause("A1.6", "HUE25 Đ6.4")
def test_d6_4_fees_and_their_legal_basis_stand_with_the_procedure(client):
    version = make_procedure(fee=50_000)
    assert "50.000" in client.get(f"/thu-tuc/{version.procedure.code}").text
    assert "biên lai" in client.get("/dieu-khoan").text.lower()


@clause("A1.6", "HUE25 Đ6.5", "HCM24 Đ7.4")
def test_how_feedback_is_received_and_answered_is_public(client):
    make_tree()
    published, kept = make_feedback("published"), make_feedback()
    text = client.get("/phan-anh").text
    assert published.code in text
    assert kept.code not in text
    assert client.get("/phan-anh/gui").status_code == 200


@clause("A1.6", "HUE25 Đ6.6", "HCM24 Đ7.5")
def test_ratings_are_published_as_figures(session, client):
    for score in (5, 5, 2):
        rate(make_dossier(10, finished_at=now()), score)
    text = client.get("/thong-ke").text
    assert "66,7" in text  # two of three are satisfied
    assert SECRETS["applicant_name"] not in text


@clause("A1.6", "HUE25 Đ6.7", "HCM24 Đ7.2", "HCM24 Đ8.2")
def test_figures_of_handling_are_published_and_current(session, client):
    make_tree()
    period = statistics.period_of("")
    before = statistics.totals(session, period).finished
    dossier = make_dossier(9, finished_at=now(), due_at=now() + timedelta(days=1))
    after = statistics.totals(session, period)
    assert (after.finished, after.on_time) == (before + 1, 1)
    assert dossier.agency.name in client.get("/thong-ke").text


@clause("A1.6", "HUE25 Đ6.8")
def test_d6_8_addresses_and_telephones_of_agencies_are_told(session, client):
    tree = make_tree()
    tree.commune.phone, tree.commune.address = "0234 3 822 822", "12 Lê Lợi"
    session.flush()
    text = client.get(f"/co-quan/{tree.commune.code}").text
    assert "0234 3 822 822" in text
    assert "12 Lê Lợi" in text


@clause("A1.6", "HUE25 Đ6.10")
def test_d6_10_the_terms_of_use_are_published(client):
    assert "bản chính" in client.get("/dieu-khoan").text


@clause("A1.7", "QN20 Đ5.1")
@pytest.mark.parametrize("address", PUBLIC)
def test_d5_1_every_public_page_speaks_vietnamese_and_english(client, address):
    make_tree()
    pages = {language: client.get(f"{address}?_l_={language}").text for language in ("vi", "en")}
    for language, text in pages.items():
        assert f'<html lang="{language}"' in text
    assert pages["vi"] != pages["en"]
