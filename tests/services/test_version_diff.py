"""Differences of two versions as sentences: one row of the table per kind of change."""

from datetime import date

import pytest
from flask_babel import force_locale

from app.models import Component, Fee, FeeExemption, FeeSubject, ProcessStep
from app.permissions import Role, acting_as
from app.services import publication
from app.services import publication_decisions as decisions
from app.services.version_annex import annex_of, annex_text, get_pair
from app.services.version_diff import as_text, compare
from tests.admin.test_decisions import make_decision
from tests.clients import make_client
from tests.documents.test_render import text_of
from tests.factories import make_form, make_procedure, make_process, make_tree
from tests.wording import vi

LONG = "Bước 1: Nộp hồ sơ tại Bộ phận Một cửa.\nBước 2: Cán bộ kiểm tra hồ sơ.\nBước 3: " + "Nhận kết quả. " * 12


@pytest.fixture
def pair(session, actor):
    """A version in force and a draft with the same content."""
    make_tree()
    old = make_procedure(subjects="Công dân", steps_text=LONG, conditions=None)
    with acting_as(actor(Role.catalog_admin)) as who:
        new = publication.draft_from(session, old, who)
    with force_locale("vi"):
        yield old, new


def said(pair):
    return [text for section in compare(*pair) for text in section.sentences]


def test_the_same_content_says_nothing(pair):
    assert compare(*pair) == []
    assert as_text(compare(*pair)) == ""


def _set(name, value):
    return lambda new: setattr(new, name, value)


def _part(find, name, value):
    return lambda new: setattr(find(new), name, value)


def first_component(new):
    return new.components[0]


def first_field(new):
    return new.form.sections[0].fields[0]


def second_step(new):
    return new.process.steps[1]


CASES = [
    (_set("subjects", "Công dân, tổ chức"),
     "“Đối tượng thực hiện” được sửa từ “Công dân” thành “Công dân, tổ chức”."),
    (_set("conditions", "Đủ 18 tuổi"), "Bổ sung “Yêu cầu, điều kiện”: “Đủ 18 tuổi”."),
    (_set("subjects", None), "Bỏ “Đối tượng thực hiện”: “Công dân”."),
    (_set("time_limit_value", 5),
     "“Thời hạn giải quyết” được sửa từ “3 ngày làm việc” thành “5 ngày làm việc”."),
    (_set("service_level", "partial"),
     "“Mức độ dịch vụ công trực tuyến” được sửa từ “Toàn trình” thành “Một phần”."),
    (_set("steps_text", LONG.replace("Cán bộ kiểm tra", "Cán bộ kiểm tra, số hóa")),
     "sửa “Bước 2: Cán bộ kiểm tra hồ sơ.” thành “Bước 2: Cán bộ kiểm tra, số hóa hồ sơ.”"),
    (_set("steps_text", LONG + "\nBước 4: Đánh giá."), "bổ sung “Bước 4: Đánh giá.”"),
    (_set("steps_text", LONG.replace("Bước 2: Cán bộ kiểm tra hồ sơ.\n", "")),
     "bỏ “Bước 2: Cán bộ kiểm tra hồ sơ.”"),
    (lambda new: new.components.append(Component(position=9, name="Ảnh chân dung", originals=2)),
     "Bổ sung thành phần hồ sơ “Ảnh chân dung” ("),
    (lambda new: new.components.pop(), "Bỏ thành phần hồ sơ “Bản sao giấy tờ chứng minh”."),
    (_part(first_component, "originals", 2), "Thành phần hồ sơ “Bản chính tờ khai”: "),
    (_part(first_component, "name", "Bản chính tờ khai theo mẫu"),
     "Thành phần hồ sơ “Bản chính tờ khai”: đổi tên thành “Bản chính tờ khai theo mẫu”."),
    (lambda new: new.components.reverse(), "Thứ tự các thành phần hồ sơ được sắp xếp lại."),
    (lambda new: setattr(new.fees[0], "amount", 70_000), "từ “50.000 đồng” thành “70.000 đồng”"),
    (lambda new: new.fees.clear(), "Bỏ phí, lệ phí “Lệ phí giải quyết”."),
    (lambda new: new.fees.append(Fee(position=2, name="Phí bản sao", kind="phi", amount=8000)),
     "Bổ sung phí, lệ phí “Phí bản sao” ("),
    (_part(first_field, "label", "Họ, chữ đệm, tên"), "Trường “Họ và tên”: đổi tên thành “Họ, chữ đệm, tên”."),
    (_part(first_field, "is_required", False), "Trường “Họ và tên”: "),
    (lambda new: new.form.sections[0].fields.pop(), "Bỏ trường “Nội dung đề nghị”."),
    (lambda new: new.form.__setattr__("rules", [{"message": "Ngày đi phải trước ngày về"}]),
     "Thêm quy tắc “Ngày đi phải trước ngày về”."),
    (_part(lambda new: new.form.sections[0].fields[2], "show_when",
           {"field": "ho_ten", "op": "filled"}), "Họ và tên đã được điền"),
    (_set("form", None), "Bỏ mẫu đơn “"),
    (_part(second_step, "working_minutes", 960), "Bước “Thẩm định hồ sơ”: "),
    (_part(second_step, "role", "division_head"), "từ “Chuyên viên thụ lý” thành “Lãnh đạo phòng”"),
    (lambda new: new.process.steps.append(ProcessStep(
        position=9, name="Lấy ý kiến", kind="work", role="specialist", place="agency",
        working_minutes=60)), "Bổ sung bước “Lấy ý kiến” ("),
    (_set("process", None), "Bỏ bước “Tiếp nhận hồ sơ”."),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), CASES, ids=[case[1][:40] for case in CASES])
def test_one_change_is_one_plain_sentence(pair, change, expected):
    change(pair[1])
    told = said(pair)
    assert any(expected in text for text in told), told
    assert len(told) == (5 if expected == "Bỏ bước “Tiếp nhận hồ sơ”." else 1)
    assert all(text.endswith(".") for text in told)


def test_another_form_or_process_of_the_same_content_says_nothing(pair):
    old, new = pair
    new.form, new.process = make_form(name=old.form.name), make_process()
    assert compare(old, new) == []


def test_versions_of_two_procedures_are_not_compared(session, pair, login):
    other = make_procedure()
    client = login(Role.specialist)
    assert client.get(f"/admin/compare/versions/{pair[0].id}/{other.id}").status_code == 404
    assert client.get("/admin/compare/versions/1/999999").status_code == 404


@pytest.mark.parametrize("role", list(Role))
def test_every_officer_reads_the_comparison(session, actor, login, role):
    make_tree()
    old = make_procedure()
    with acting_as(actor(Role.catalog_admin)) as who:
        new = publication.draft_from(session, old, who)
    new.subjects = "<script>alert(1)</script>"
    page = login(role).get(f"/admin/compare/versions/{old.id}/{new.id}")
    assert page.status_code == (403 if role is Role.citizen else 200)
    assert "<script>alert" not in page.text


@pytest.mark.parametrize("rows", [2, 8])
def test_the_annex_costs_the_same_whatever_its_procedures(session, actor, login, count_queries, rows):
    root = make_tree().root
    decision = make_decision(session, agency=root)
    with acting_as(actor(Role.catalog_admin)) as who:
        drafts = [publication.draft_from(session, make_procedure(), who) for _ in range(rows)]
        drafts[0].subjects = "Tổ chức"
        decisions.add_versions(session, decision, [draft.id for draft in drafts], who)
    client = login(Role.catalog_admin)
    address = f"/admin/compare/decisions/{decision.id}"
    client.get(address)
    with count_queries() as seen:
        page = client.get(address)
    assert "Tổ chức" in page.text
    assert len(seen) <= 32, (len(seen), seen)
    with force_locale("vi"):
        text = annex_text(annex_of(session, decision.id)[1])
        assert text.startswith(f"1. {drafts[0].procedure.code} – ")
        assert "Tổ chức" in text
        older = publication.siblings(session, drafts[0])[0]
        before, after = get_pair(session, older.id, drafts[0].id)
    assert (before.number, after.number) == (1, 2)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_annex_is_a_pdf_in_vietnamese_to_go_with_the_decision(session, actor, login, language):
    decision = make_decision(session, agency=make_tree().root, number="12/QĐ-UBND", decided_on=date(2026, 12, 3))
    with acting_as(actor(Role.catalog_admin)) as who:
        draft = publication.draft_from(session, make_procedure(), who)
        draft.subjects = '#panic("x") *Tổ chức*'
        decisions.add_versions(session, decision, [draft.id], who)
    client = login(Role.specialist)
    with client.session_transaction() as kept:
        kept["locale"] = language
    answer = client.get(f"/admin/compare/decisions/{decision.id}.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    text = text_of(answer.get_data())
    for said in ("PHỤ LỤC", "Kèm theo Quyết định số 12/QĐ-UBND ngày 03/12/2026", draft.procedure.code,
                 '#panic("x") *Tổ chức*', vi("version %(number)s", number=1)):  # fmt: skip
        assert said in text, text


def test_who_may_not_read_gets_no_annex_and_an_empty_decision_none(session, login, app):
    decision = make_decision(session, agency=make_tree().root)
    assert make_client(app).get(f"/admin/compare/decisions/{decision.id}.pdf").status_code in (302, 403)
    client = login(Role.specialist)
    answer = client.get(f"/admin/compare/decisions/{decision.id}.pdf", follow_redirects=True)
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    assert vi("No procedure stands in the decision") in answer.text
    assert client.get("/admin/compare/decisions/999999.pdf").status_code == 404



def test_who_pays_less_is_compared_too(session, pair):
    old, new = pair
    gone, kept, come = (FeeSubject(code=f"dt_{n}", name=f"Đối tượng {n}") for n in range(3))
    session.add_all([gone, kept, come])
    before, after = (FeeExemption(subject=kept, percent=percent) for percent in (50, 100))
    old.fees[0].exemptions += [FeeExemption(subject=gone, percent=100), before]
    new.fees[0].exemptions += [after, FeeExemption(subject=come, percent=30, legal_basis="NQ 12")]
    session.flush()
    assert said(pair) == [
        "Phí, lệ phí “Lệ phí giải quyết”: “Đối tượng 0” không còn được miễn, giảm.",
        "Phí, lệ phí “Lệ phí giải quyết”: “Đối tượng 1” từ giảm 50% thành được miễn.",
        "Phí, lệ phí “Lệ phí giải quyết”: “Đối tượng 2” được miễn, giảm: giảm 30% (NQ 12).",
    ]
