"""The dossier page: what is read, what can be done, and what is refused to whom."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import now
from app.history import HistoryEntry
from app.models import Dossier, FormField, FormSection, Profile
from app.permissions import Role
from app.services.clause_words import in_words, legal_basis
from app.services.dossier_offers import find_offers
from app.workflows.states import State
from tests.factories import make_agency
from tests.officers.pages import act, page
from tests.services.steps import ANSWERS, PNG, attachment, task_of, write_draft
from tests.services.test_graph_processes import BACK, DESK, SIGN, WORK, graph, office_with
from tests.wording import vi


def names(office, dossier, role) -> list[str]:
    """Return the acts offered, the main one first."""
    return [offer.name for offer in find_offers(office.session, dossier, office[role])]


def test_everything_of_the_dossier_can_be_read(office, enter):
    dossier, _citizen = office.submitted()
    client = enter(Role.desk_officer)
    text = page(client, dossier)
    for part in (dossier.code, office.version.name, "Trần Thị Bình", ANSWERS["so_dinh_danh"],
                 office.version.components[0].name, "giay-to.pdf"):  # fmt: skip
        assert part in text, part
    for tab in ("course", "papers", "time"):
        assert dossier.code in page(client, dossier, f"?tab={tab}")


def test_reading_is_recorded(office, enter, session):
    dossier = office.processed()
    page(enter(Role.specialist), dossier)
    entry = session.scalars(sa.select(HistoryEntry).where(
        HistoryEntry.aggregate == "dossier", HistoryEntry.action == "read")).one()  # fmt: skip
    assert (entry.aggregate_id, entry.actor_id) == (dossier.id, office[Role.specialist].user_id)


def test_the_auditor_reads_and_does_nothing(office, enter):
    dossier = office.processed()
    client = enter(Role.auditor)
    assert "act-finish_step" not in page(client, dossier)
    assert act(client, dossier, "finish_step", task=task_of(dossier).id).status_code == 403
    assert page(client, dossier, "?tab=history")


@pytest.mark.parametrize(("state", "role", "main"), [
    ("registered", Role.desk_officer, "accept"), ("received", Role.desk_officer, "pay"),
    ("received", Role.cashier, "pay"), ("paid", Role.desk_officer, "start"),
    ("working", Role.specialist, "draft"), ("drafted", Role.specialist, "finish_step"),
    ("signing", Role.agency_head, "finish_step"), ("sealing", Role.clerk, "finish_step"),
    ("finished", Role.desk_officer, "return_result"),
])  # fmt: skip
def test_the_main_act_comes_first(office, state, role, main):
    dossier = dossier_at(office, state)
    offers = find_offers(office.session, dossier, office[role])
    assert offers[0].name == main
    assert [offer.is_main for offer in offers] == [True] + [False] * (len(offers) - 1)
    assert all(offer.consequence and offer.title for offer in offers)


CHECK = ("Kiểm tra", "check", "division_head", "agency", 60)


@pytest.mark.parametrize(("steps", "main"), [((WORK, CHECK, SIGN), "draft"), ((WORK, WORK, SIGN), "finish_step"),
                                             ((WORK, CHECK), "finish_step")])  # fmt: skip
def test_the_draft_comes_first_at_the_last_of_work_before_a_signature(session, steps, main):
    office = office_with(session, graph(session, DESK, *steps, BACK))
    office.officer(Role.division_head, office.tree.department)
    dossier = office.processed()
    offers = find_offers(session, dossier, office[Role.specialist])
    assert offers[0].name == main
    assert {"draft", "finish_step"} <= {offer.name for offer in offers if not offer.blocked}


def dossier_at(office, state) -> Dossier:
    """Return a dossier on its way, at a named place."""
    if state == "registered":
        return office.submitted()[0]
    if state in {"received", "paid"}:
        dossier = office.received()
        if state == "paid":
            office.pay(dossier)
        return dossier
    if state == "finished":
        return office.finished()
    dossier = office.processed()
    if state == "drafted":
        write_draft(office.session, dossier, office[Role.specialist])
    for _ in range({"signing": 1, "sealing": 2}.get(state, 0)):
        office.step(dossier)
    return dossier


def test_nothing_is_offered_to_who_has_nothing_to_do(office):
    dossier = office.processed()
    for role in (Role.desk_officer, Role.clerk, Role.auditor):
        assert not {"finish_step", "draft", "send_back"} & set(names(office, dossier, role))
    assert "stop" in names(office, dossier, Role.agency_head)


def test_a_blocked_act_says_what_comes_first(office, enter):
    dossier = office.received()
    offer = next(o for o in find_offers(office.session, dossier, office[Role.desk_officer])
                 if o.name == "start")  # fmt: skip
    assert "phí" in offer.blocked
    assert "act-start" not in page(enter(Role.desk_officer), dossier)


def test_the_whole_way_by_the_buttons(office, enter):
    """Accept, pay, pass on, draft, finish, sign, number, hand over: each by its own officer."""
    dossier, _citizen = office.submitted()
    desk, specialist = enter(Role.desk_officer), enter(Role.specialist)
    steps = [
        (desk, "accept", {}), (enter(Role.cashier), "pay", {"method": "cash"}), (desk, "start", {}),
        (specialist, "draft", {"title": "Giấy xác nhận", "content": "Xác nhận."}),
        (specialist, "finish_step", {"remark": "Đủ điều kiện"}),
        (enter(Role.agency_head), "finish_step", {}), (enter(Role.clerk), "finish_step", {}),
        (desk, "return_result", {"receiver": "Trần Thị Bình", "signature": PNG}),
    ]  # fmt: skip
    for client, name, data in steps:
        open_tasks = [task for task in dossier.tasks if task.state == "open"]
        task = {"task": open_tasks[0].id} if name == "finish_step" else {}
        response = act(client, dossier, name, **data, **task)
        assert response.status_code == 302, (name, response.get_data(as_text=True)[:500])
        office.session.expire_all()
        follow = client.get(response.location)
        assert follow.status_code == 200
    assert dossier.state == 10
    assert "Đã trả kết quả" in page(desk, dossier)


def test_a_new_letter_is_offered_to_be_printed(office, enter):
    dossier, _citizen = office.submitted()
    client = enter(Role.desk_officer)
    response = act(client, dossier, "accept")
    letter = next(x for x in dossier.letters if x.kind == "receipt_slip")
    assert response.location.endswith(f"letter={letter.id}")
    assert f"/letters/{letter.id}.pdf" in client.get(response.location).get_data(as_text=True)
    assert client.get(f"/letters/{letter.id}.pdf").data.startswith(b"%PDF")
    preview = f"/letters/{letter.id}/preview.png"
    assert preview in page(client, dossier, "?tab=papers")
    assert client.get(preview).data.startswith(b"\x89PNG")
    stranger = office.officer(Role.desk_officer, make_agency(parent=office.tree.root))
    assert enter(stranger).get(preview).status_code == 404


def test_a_refused_act_keeps_what_was_typed_and_says_why(office, enter):
    dossier, _citizen = office.submitted()
    client = enter(Role.desk_officer)
    response = act(client, dossier, "ask_supplement", reason="Thiếu chữ ký <b>")
    text = response.get_data(as_text=True)
    assert response.status_code == 422
    assert "Thiếu chữ ký &lt;b&gt;" in text
    assert 'id="fold-ask_supplement" open' in text
    assert dossier.state == 1
    assert act(client, dossier, "refuse", reason=" ").status_code == 422


def test_a_step_finished_meanwhile_is_told(office, enter):
    dossier = office.processed()
    task = task_of(dossier)
    office.step(dossier)
    response = act(enter(Role.specialist), dossier, "finish_step", task=task.id)
    assert response.status_code == 409
    assert office[Role.specialist].name in response.get_data(as_text=True)


def test_a_supplement_shows_old_beside_new(office, enter, session):
    dossier, citizen = office.submitted()
    desk = enter(Role.desk_officer)
    component = office.version.components[0]
    response = act(desk, dossier, "ask_supplement", reason="Chưa rõ", field="ho_ten",
                   component=component.id)  # fmt: skip
    assert response.status_code == 302
    session.expire_all()
    assert "act-take_supplement" in page(desk, dossier)
    paper = {f"kind-{component.id}": "certified", f"quantity-{component.id}": "2"}
    answer = {"f_ho_ten": "Trần Thị Bình An", "paper": component.id}
    response = act(desk, dossier, "take_supplement", **answer, **paper)
    assert response.status_code == 302, response.get_data(as_text=True)
    session.expire_all()
    text = page(desk, dossier)
    assert "<del>Trần Thị Bình</del>" in text
    assert "<ins>Trần Thị Bình An</ins>" in text
    assert dossier.state == 1


def test_fees_are_fixed_by_the_desk(office, enter, session):
    dossier, _citizen = office.submitted()
    fee = office.version.fees[0]
    client = enter(Role.desk_officer)
    assert act(client, dossier, "set_fees", **{f"fee-{fee.id}": "4"}).status_code == 422
    given = {f"fee-{fee.id}": "4", "fee_reason": "Bốn bản sao"}
    assert act(client, dossier, "set_fees", **given).status_code == 302
    session.expire_all()
    assert [c.amount for c in dossier.charges if c.state == "due"] == [200_000]
    for absurd in ("-1", "abc", "99999999999"):
        assert act(client, dossier, "set_fees", **{f"fee-{fee.id}": absurd}).status_code == 422


def test_a_number_that_the_form_does_not_say_is_asked_for(office, enter, session):
    fee = office.version.fees[0]
    fee.basis, fee.count_field = "page", "so_ban"
    dossier, _citizen = office.submitted()
    answer = act(enter(Role.desk_officer), dossier, "set_fees", **{f"fee-{fee.id}": "", "fee_reason": "Đếm lại"})
    assert answer.status_code == 422
    assert f'id="fee-{fee.id}-error"' in answer.text


@pytest.mark.parametrize(("role", "is_offered"), [(Role.desk_officer, True), (Role.cashier, False)])
def test_the_next_reception_is_offered_to_who_may_receive(office, enter, role, is_offered):
    dossier = office.received()
    text = page(enter(role), dossier, f"?letter={dossier.letters[0].id}")
    assert vi("Ready to print:") in text
    assert (vi("Receive the next dossier") in text) is is_offered


@pytest.mark.parametrize(("way", "is_post"), [("post", True), ("desk", False)])
def test_the_address_for_a_result_by_post_is_named_as_such(office, enter, way, is_post):
    dossier = office.received(result_way=way, contact={"address": "7 Hùng Vương"})
    text = page(enter(Role.desk_officer), dossier)
    assert "7 Hùng Vương" in text
    assert ("Địa chỉ nhận kết quả" in text) is is_post


def test_the_result_can_be_seen_before_it_is_signed(office, enter):
    dossier = office.processed()
    client = enter(Role.specialist)
    assert client.get(f"/dossier/{dossier.code}/result.pdf").status_code == 404
    write_draft(office.session, dossier, office[Role.specialist])
    assert client.get(f"/dossier/{dossier.code}/result.pdf").data.startswith(b"%PDF")


def test_a_late_dossier_names_the_step_that_was_late(office, enter):
    from datetime import timedelta

    from app.clock import acting_at, now

    with acting_at(now() - timedelta(days=40)):
        dossier = office.processed()
    text = page(enter(Role.specialist), dossier)
    assert "Thẩm định hồ sơ" in text
    assert "notice-danger" in text
    dossier.state = State.supplement_requested
    office.session.flush()
    assert vi("This dossier is late.") not in page(enter(Role.specialist), dossier)  # its time stands still


def test_scans_are_attached_at_the_desk(office, enter, session):
    from io import BytesIO

    from app.documents.render import render

    dossier = office.received()
    pdf = render("form_print", {"agency": "A", "place": "Huế", "issued_on": "2026-11-09",
                                "title": "T", "sections": []})  # fmt: skip
    client = enter(Role.desk_officer)
    component = office.version.components[0]
    for data, expected in ((pdf, 302), (b"MZ not a pdf at all", 422)):
        response = client.post(
            f"/dossier/{dossier.code}/act/scan", content_type="multipart/form-data",
            data={"component": component.id, "scan_file": (BytesIO(data), "quet.pdf")},
        )  # fmt: skip
        assert response.status_code == expected
    assert act(client, dossier, "scan").status_code == 422
    session.expire_all()
    (kept,) = dossier.attachments
    assert (kept.name, kept.source_class, kept.component_id) == ("quet.pdf", 3, component.id)


def test_statements_of_the_page_do_not_grow(office, enter, count_queries):
    client = enter(Role.specialist)
    short, long = office.processed(), office.processed()
    for _ in range(6):
        long.attachments.append(attachment(office.version.components[0]))
    office.session.flush()
    page(client, short)
    with count_queries() as few:
        page(client, short)
    with count_queries() as many:
        page(client, long)
    assert len(many) <= len(few)


def test_statements_of_the_page_do_not_grow_with_the_sections_of_its_form(office, enter, count_queries):
    client, dossier = enter(Role.specialist), office.processed()
    seen = []
    for place in (100, 101, 102, 103):
        section = FormSection(position=place, title=f"Phần {place}")
        office.version.form.sections.append(section)
        section.fields.append(FormField(position=1, key=f"them_{place}", label="Thêm", kind="text"))
        office.session.flush()
        office.session.expire_all()
        page(client, dossier)
        office.session.expire_all()
        with count_queries() as statements:
            page(client, dossier)
        seen.append(len(statements))
    assert len(set(seen)) == 1, seen
    assert sum(" form_field " in text for text in statements) == 1


def test_lists_without_a_row_are_not_asked_for(office, enter, count_queries):
    client, dossier = enter(Role.specialist), office.processed()
    page(client, dossier)
    with count_queries() as seen:
        page(client, dossier)
    names = ("extension", "apology", "due_change", "supplement_request", "movement", "letter")
    asked = {name for name in names if any(text.startswith(f"SELECT {name}.") for text in seen)}
    assert asked == {"movement", "letter"}


def test_a_paper_stands_beside_the_form(office, enter, session):
    from io import BytesIO

    from app.documents.render import render

    dossier, _citizen = office.submitted()
    lost = dossier.attachments[0]  # its bytes are gone from the store: the page still opens
    client = enter(Role.desk_officer)
    assert "data-pages" not in page(client, dossier, f"?tab=compare&file={lost.id}")
    pdf = render("form_print", {"agency": "A", "place": "Huế", "issued_on": "2026-11-09",
                                "title": "T", "sections": []})  # fmt: skip
    form = {"component": office.version.components[0].id, "scan_file": (BytesIO(pdf), "quet.pdf")}
    client.post(f"/dossier/{dossier.code}/act/scan", content_type="multipart/form-data", data=form)
    session.expire_all()
    scan = dossier.attachments[-1]
    text = page(client, dossier, f"?tab=compare&file={scan.id}")
    assert f'data-pages="/files/{scan.id}/preview/" data-count="1"' in text
    assert ANSWERS["so_dinh_danh"] in text
    assert re.search(rf'file={scan.id}#paper" aria-current="true"', text)
    for absurd in ("0", "x", "99999999999999999999"):
        assert page(client, dossier, f"?tab=compare&file={absurd}")
    assert "data-pages" not in page(enter(Role.specialist), office.processed(), "?tab=compare")


def test_an_act_tells_state_letter_and_who_is_told(office):
    dossier, _citizen = office.submitted()
    offers = {offer.name: offer for offer in find_offers(office.session, dossier, office[Role.desk_officer])}
    told = "Giấy tiếp nhận hồ sơ và hẹn trả kết quả · báo cho: người nộp hồ sơ"
    assert offers["accept"].effects == f"Mới đăng ký → Được tiếp nhận · {told}"
    assert offers["refuse"].effects.startswith("Mới đăng ký → Không được tiếp nhận")


def test_accepting_says_what_falls_due_and_how_it_is_paid(office, enter):
    dossier, _citizen = office.submitted()
    told = _consequence(office, dossier)
    assert "phải nộp: 50.000 đồng (" in told
    assert "tiền mặt, chuyển khoản, thẻ" in told
    assert "trực tuyến chuyển xử lý được trước khi thu" in told
    assert "Nộp khi tiếp nhận: 50.000 đồng" in page(enter(Role.desk_officer), dossier)
    dossier.channel = "post"
    assert "Thu xong mới chuyển xử lý được" in _consequence(office, dossier)
    dossier.channel, dossier.charges[0].due = "online", "return"
    office.session.commit()
    assert "thu sau: 50.000 đồng" in _consequence(office, dossier)
    assert "Nộp khi tiếp nhận" not in page(enter(Role.desk_officer), dossier)
    dossier.charges[0].state = "paid"
    assert "50.000" not in _consequence(office, dossier)


def _consequence(office, dossier) -> str:
    """Return what accepting the dossier is said to do."""
    found = find_offers(office.session, dossier, office[Role.desk_officer])
    return next(offer for offer in found if offer.name == "accept").consequence


def test_the_time_left_says_that_it_is_working_time(office, enter):
    dossier = office.processed()
    unit = '<span class="remaining-unit">làm việc</span>'
    client = enter(Role.specialist)
    assert unit in page(client, dossier)
    inbox = client.get("/work/").get_data(as_text=True)
    assert unit in inbox
    dossier.due_at = now() - timedelta(seconds=1)
    dossier.tasks[-1].due_at = dossier.due_at
    office.session.commit()
    assert unit not in page(client, dossier), "it is due now: nothing is counted"


def test_the_process_is_drawn_with_the_present_step(office, enter):
    dossier = office.processed()
    client = enter(Role.specialist)
    text = page(client, dossier, "?tab=course")
    assert text.count('<g class="process-step is-done"') == 1
    assert text.count('<g class="process-step is-open"') == 1
    assert text.count('aria-current="step"') >= 1
    office.step(dossier)
    text = page(client, dossier, "?tab=course")
    assert text.count('<g class="process-step is-done"') == 2


def test_once_signed_the_clerk_sees_the_signed_document_not_a_draft(office, enter):
    dossier = office.processed()
    office.step(dossier)
    draft, signed = vi("See the draft as PDF"), vi("See the signed document, not numbered yet (PDF)")
    text = enter(Role.agency_head).get(f"/dossier/{dossier.code}").text
    assert (draft in text, signed in text) == (True, False)
    office.step(dossier)
    text = enter(Role.clerk).get(f"/dossier/{dossier.code}").text
    assert (draft in text, signed in text) == (False, True)


def test_an_act_says_its_consequence_once_and_its_basis_in_full(office, enter):
    dossier, _citizen = office.submitted()
    text = enter(Role.desk_officer).get(f"/dossier/{dossier.code}").text
    card = text[text.index('id="act-accept"'):]
    card = card[:card.index("</form>")]
    assert "Căn cứ: Điều 17 Nghị định số 61/2018/NĐ-CP." in card
    assert "Quyết định" not in card, "other provinces' regulations bind nobody here"
    assert card.count("Mới đăng ký → Được tiếp nhận") == 1


def test_the_basis_of_acts_asks_nothing_more_of_the_database(office, session, enter, count_queries):
    session.add(Profile(code="hue_2025", name="Quy chế thử", is_active=True))
    session.commit()
    session.info.pop("profile_values", None)
    dossier = office.processed()
    client = enter(Role.specialist)
    address = f"/dossier/{dossier.code}"
    assert "Căn cứ: khoản 4 Điều 10 Quyết định số 08/2025/QĐ-UBND" in client.get(address).text
    with count_queries() as seen:
        client.get(address)
    assert [text for text in seen if "FROM profile" in text] == []


_HUE = "Quyết định số 08/2025/QĐ-UBND của Ủy ban nhân dân thành phố Huế"
_HCM = "Quyết định số 39/2024/QĐ-UBND của Ủy ban nhân dân Thành phố Hồ Chí Minh"
_QN = "Quyết định số 24/2020/QĐ-UBND của Ủy ban nhân dân tỉnh Quảng Nam"


@pytest.mark.parametrize(("profiles", "code", "words"), [
    ("hue_2025", "HUE25 Đ16", f"Căn cứ: Điều 16 {_HUE}."),
    ("hue_2025", "TTH17 Đ14.1; HUE25 Đ20.1a; NĐ 61/2018 Đ19",
     f"Căn cứ: điểm a khoản 1 Điều 20 {_HUE}; Điều 19 Nghị định số 61/2018/NĐ-CP."),
    ("hue_2025", "HUE25 Đ10.2–10.3, Đ12.1", f"Căn cứ: khoản 2, khoản 3 Điều 10, khoản 1 Điều 12 {_HUE}."),
    ("hue_2025", "HCM24 Đ17.6h; QN20 Đ12.3",
     f"Nguồn tham khảo: điểm h khoản 6 Điều 17 {_HCM}; khoản 3 Điều 12 {_QN}."),
    ("quang_nam_2020", "HCM24 Đ17.6h; QN20 Đ12.3", f"Căn cứ: khoản 3 Điều 12 {_QN}."),
    ("", "HUE25 Đ16; NĐ 107/2021 Đ21a", "Căn cứ: Điều 21a Nghị định số 107/2021/NĐ-CP."),
    ("", "HUE25 Đ16", f"Nguồn tham khảo: Điều 16 {_HUE}."),
    ("", "NĐ 118/2025/NĐ-CP; TT 03/2025/TT-VPCP, Mẫu 05",
     "Căn cứ: Nghị định số 118/2025/NĐ-CP; Thông tư số 03/2025/TT-VPCP, Mẫu 05."),
    ("", "QĐ 766/QĐ-TTg 2022", "Căn cứ: QĐ 766/QĐ-TTg 2022."),
    ("hue_2025", "", ""),
])  # fmt: skip
def test_clauses_are_cited_officially_and_only_where_they_bind(session, profiles, code, words):
    assert legal_basis(code, {profiles, "national_2026"}) == words


@pytest.mark.parametrize(("profile", "ground", "words"), [
    ("hue_2025", "QN20 Đ12.1; HCM24 Đ10.1; HUE25 Đ10.1",
     "khoản 1 Điều 10 Quyết định số 08/2025/QĐ-UBND của Ủy ban nhân dân thành phố Huế"),
    ("hue_2025", "Thẩm định, xử lý hồ sơ", "Thẩm định, xử lý hồ sơ"),
    ("hue_2025", "Ký Giấy khai sinh; vào sổ", "Ký Giấy khai sinh; vào sổ"),
    ("", "", ""),
])  # fmt: skip
def test_the_ground_of_a_piece_of_time_is_cited_or_names_the_step(session, profile, ground, words):
    assert in_words(ground, {profile}) == words
