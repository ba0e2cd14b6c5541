"""The counter's page: procedure, applicant, papers; received once."""

import re
from io import BytesIO

import pytest
import sqlalchemy as sa

from app.clock import now
from app.documents.render import render
from app.history import HistoryEntry
from app.models import Account, Dossier, FormRevision
from app.models.procedure import VersionState
from app.permissions import Role
from app.services.submission import new_key
from tests.factories import make_account, make_agency, make_document_type, make_form, make_procedure, make_user
from tests.portal.records import make_dossier
from tests.services.test_profiles import demand


@pytest.fixture
def desk(enter):
    """The desk officer's browser."""
    return enter(Role.desk_officer)


def sent(office, **changes):
    """Return a complete form of the counter."""
    component = office.version.components[0]
    known = {
        "version": office.version.id, "key": new_key(), "do": "receive", "paper": component.id,
        "id_kind": "personal_id", "id_number": "046190990001", "name": "Lê Thị Hoa",
        "phone": "0905123456",
        f"kind-{component.id}": "original", f"quantity-{component.id}": "1", "is_paper_form": "y",
        "channel": "counter", "result_way": "desk",
    }  # fmt: skip
    return known | changes


def dossiers(session):
    return list(session.scalars(sa.select(Dossier)))


def test_a_procedure_is_found_without_marks(office, desk):
    make_procedure(name="Đăng ký khai sinh", code="1.001193")
    text = desk.get("/reception/new?q=dang+ky+khai+sinh").get_data(as_text=True)
    assert "Đăng ký khai sinh" in text
    assert "1.001193" in text
    assert desk.get("/reception/new?q=zzzz").status_code == 200
    assert desk.get("/reception/new").status_code == 200


def test_what_the_desk_receives_most_is_offered_first(office, desk):
    office.received()
    assert office.version.name in desk.get("/reception/new").get_data(as_text=True)


def test_receiving_makes_an_accepted_dossier_and_offers_the_slip(office, desk, session):
    response = desk.post("/reception/new", data=sent(office))
    (dossier,) = dossiers(session)
    assert response.status_code == 302, response.get_data(as_text=True)
    assert dossier.code in response.location
    assert "letter=" in response.location
    assert (dossier.state, dossier.channel, dossier.applicant_phone) == (2, "counter", "0905123456")
    assert dossier.agency is office.tree.commune  # the desk's own commune


def test_a_doubled_click_makes_one_dossier(office, desk, session):
    form = sent(office)
    first, second = desk.post("/reception/new", data=form), desk.post("/reception/new", data=form)
    assert first.location == second.location
    assert len(dossiers(session)) == 1


def test_it_can_be_registered_without_being_accepted(office, desk, session):
    response = desk.post("/reception/new", data=sent(office, do="register", paper="", channel="post"))
    assert response.status_code == 302
    (dossier,) = dossiers(session)
    assert (dossier.state, dossier.channel) == (1, "post")


def test_a_known_applicant_is_filled_in_and_the_look_recorded(office, desk, session):
    account = make_account(name="Phan Văn Cường")
    response = desk.post("/reception/new", data=sent(office, do="find", id_number=account.id_number, name=""))
    text = response.get_data(as_text=True)
    assert "Phan Văn Cường" in text
    assert dossiers(session) == []
    entry = session.scalars(sa.select(HistoryEntry).where(HistoryEntry.action == "read")).one()
    assert entry.aggregate_id == account.id
    text = desk.post("/reception/new", data=sent(office, do="find", id_number="1")).get_data(as_text=True)
    assert "Phan Văn Cường" not in text


_REACHES = {"none": set(), "own": {"desk"}, "agency": {"desk", "below"}, "province": {"desk", "below", "other"}}


@pytest.mark.parametrize("reach", [None, *_REACHES])
@pytest.mark.parametrize("place", ["desk", "below", "other"])
def test_answers_given_elsewhere_are_shown_only_as_far_as_the_profile_says(office, desk, session, reach, place):
    question = {"key": "bien_so", "label": "Biển số", "kind": "text", "prefill": "earlier"}
    office.version.form = make_form([question])
    account = make_account()
    if reach is not None:
        demand(session, desk_prefill_reach=reach)
    at = {"desk": office.tree.desk, "below": make_agency(parent=office.tree.commune),
          "other": make_agency(parent=office.tree.root)}[place]  # fmt: skip
    earlier = _earlier(account, office.version, at)
    text = desk.post("/reception/new", data=sent(office, do="find", id_number=account.id_number, name="")).text
    is_shown = place in _REACHES[reach or "own"]
    assert ("75A-123.45" in text) == is_shown
    read = sa.select(sa.func.count()).where(
        HistoryEntry.aggregate == "dossier", HistoryEntry.aggregate_id == earlier.id, HistoryEntry.action == "read")
    assert session.scalar(read) == is_shown


def _earlier(account, version, agency):
    dossier = make_dossier(9, version=version, agency=agency, desk=agency, account=account)
    answers = {"bien_so": "75A-123.45"}
    dossier.revisions.append(FormRevision(number=1, data=answers, at=now(), author_name=account.name))
    return dossier


def test_an_answer_that_no_longer_fits_is_neither_shown_nor_read(office, desk, session):
    office.version.form = make_form([{"key": "bien_so", "label": "Biển số", "kind": "text", "prefill": "earlier"}])
    account = make_account()
    _earlier(account, office.version, office.tree.desk)
    office.version.form.fields()[0].max_length = 3
    session.flush()
    text = desk.post("/reception/new", data=sent(office, do="find", id_number=account.id_number, name="")).text
    assert "75A-123.45" not in text
    assert session.scalar(sa.select(sa.func.count()).where(
        HistoryEntry.aggregate == "dossier", HistoryEntry.action == "read")) == 0  # fmt: skip


def test_finding_on_a_version_in_force_no_more_reads_nothing(office, desk, session):
    office.version.form = make_form([{"key": "bien_so", "label": "Biển số", "kind": "text", "prefill": "earlier"}])
    account = make_account()
    _earlier(account, office.version, office.tree.desk)
    office.version.state = VersionState.retired
    session.flush()
    answer = desk.post("/reception/new", data=sent(office, do="find", id_number=account.id_number, name=""))
    assert answer.status_code == 404
    reads = sa.select(sa.func.count()).where(HistoryEntry.action == "read")
    assert session.scalar(reads) == 0


@pytest.mark.parametrize(("changes", "words"), [
    ({"id_number": "123"}, "12 chữ số. Bạn đã nhập 3"), ({"name": ""}, 'href="#name"'),
    ({"born_on": "31/31/1"}, 'href="#born_on"'), ({"paper": ""}, "giấy tờ bắt buộc"),
    ({"is_paper_form": "", "f_ho_ten": "x"}, 'href="#f_so_dinh_danh"'),
])  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(office, desk, session, changes, words):
    response = desk.post("/reception/new", data=sent(office, **changes, address="12 Lê Lợi <b>"))
    text = response.get_data(as_text=True)
    assert response.status_code == 422
    assert words in text
    assert "12 Lê Lợi &lt;b&gt;" in text
    assert dossiers(session) == []
    assert session.scalar(sa.select(Account).where(Account.name == "Lê Thị Hoa")) is None


def test_the_form_can_be_typed_in(office, desk, session):
    form = sent(office, is_paper_form="", f_ho_ten="Lê Thị Hoa", f_so_dinh_danh="046190990001")
    assert desk.post("/reception/new", data=form).status_code == 302
    (dossier,) = dossiers(session)
    assert dossier.revisions[0].data["ho_ten"] == "Lê Thị Hoa"


def test_the_next_applicant_in_a_page_gone_back_to_is_not_lost(office, desk, session):
    first, other = sent(office), {"id_number": "046190990002", "name": "Trần Văn Sau"}
    desk.post("/reception/new", data=first)
    answer = desk.post("/reception/new", data=first | other)
    assert answer.status_code == 409
    assert "chưa được ghi nhận" in answer.text
    assert "Trần Văn Sau" in answer.text
    key = re.search(r'name="key" value="([^"]+)"', answer.text).group(1)
    assert key != first["key"]
    assert desk.post("/reception/new", data=first | other | {"key": key}).status_code == 302
    assert sorted(one.account.name for one in dossiers(session)) == ["Lê Thị Hoa", "Trần Văn Sau"]


def test_finding_the_next_applicant_in_a_page_gone_back_to_begins_another_dossier(office, desk, session):
    form = sent(office)
    desk.post("/reception/new", data=form)
    found = desk.post("/reception/new", data=form | {"do": "find"}).text
    assert form["key"] not in found
    fresh = sent(office)
    assert fresh["key"] in desk.post("/reception/new", data=fresh | {"do": "find"}).text


@pytest.mark.parametrize("typed", ["0100109106001", "0100109106-001", "0100.109.106-001", " 0100 109 106 001 "])
def test_one_tax_code_is_one_applicant_however_it_is_typed(office, desk, session, typed):
    account = make_account(kind="organisation", id_kind="tax_code", id_number="0100109106001", name="Công ty An Bình",
                           born_on=None)  # fmt: skip
    form = sent(office, id_kind="tax_code", id_number=typed, name="Công ty An Bình")
    assert "12 Lê Lợi" in desk.post("/reception/new", data=form | {"do": "find"}).text
    assert desk.post("/reception/new", data=form).status_code == 302
    assert [dossier.account_id for dossier in dossiers(session)] == [account.id]


def test_a_personal_number_may_be_typed_in_groups(office, desk, session):
    assert desk.post("/reception/new", data=sent(office, id_number="046 190 990 001")).status_code == 302
    assert dossiers(session)[0].account.id_number == "046190990001"


def test_fees_are_chosen_by_quantity(office, desk, session):
    fee = office.version.fees[0]
    desk.post("/reception/new", data=sent(office, **{f"fee-{fee.id}": "2"}))
    assert [charge.amount for charge in dossiers(session)[0].charges] == [100_000]


@pytest.mark.parametrize("do", ["receive", "register"])
def test_a_number_neither_typed_nor_in_the_form_is_never_guessed(office, desk, session, do):
    fee = office.version.fees[0]
    fee.basis, fee.count_field, key = "page", "so_ban", f"fee-{fee.id}"
    session.commit()
    answer = desk.post("/reception/new", data=sent(office, do=do, **{key: ""}))
    assert answer.status_code == 422
    assert f'href="#{key}"' in answer.text
    assert f'id="{key}-error"' in answer.text
    assert f"Tờ khai chưa cho biết số lượng của “{fee.name}”" in answer.text
    assert dossiers(session) == []
    assert desk.post("/reception/new", data=sent(office, do=do, **{key: "3"})).status_code == 302
    assert [charge.amount for charge in dossiers(session)[0].charges] == [150_000]


def test_scans_come_with_the_form(office, desk, session):
    component = office.version.components[0]
    head = {"agency": "A", "place": "Huế", "issued_on": "2026-11-09", "title": "T"}
    pdf = render("form_print", head | {"sections": []})
    form = sent(office) | {f"scan-{component.id}_file": (BytesIO(pdf), "to-khai.pdf")}
    assert desk.post("/reception/new", data=form, content_type="multipart/form-data").status_code == 302
    (kept,) = dossiers(session)[0].attachments
    assert (kept.name, kept.component_id, kept.source_class) == ("to-khai.pdf", component.id, 3)


def test_a_bad_scan_refuses_everything(office, desk, session):
    component = office.version.components[0]
    form = sent(office) | {f"scan-{component.id}_file": (BytesIO(b"MZ\x90\x00 program"), "to-khai.pdf")}
    assert desk.post("/reception/new", data=form, content_type="multipart/form-data").status_code == 422
    assert dossiers(session) == []


def test_scans_stay_when_the_page_comes_back(office, desk, session):
    form = sent(office)
    first, second = (component.id for component in office.version.components[:2])
    pdf, more = a_pdf("Tờ khai"), a_pdf("Bản sao")
    page = upload(desk, form | {"do": "find", f"scan-{first}_file": (BytesIO(pdf), "to-khai.pdf")})
    (kept,) = marks(page)
    assert "to-khai.pdf" in page.get_data(as_text=True)
    bad = {"name": "", "kept": kept, f"scan-{second}_file": (BytesIO(more), "ban-sao.pdf")}
    page = upload(desk, form | bad)
    assert page.status_code == 422
    assert dossiers(session) == []
    both = marks(page)
    assert both[0].rsplit(".", 2)[0] == kept.rsplit(".", 2)[0]  # signed anew, the same scan
    assert len(both) == 2
    assert upload(desk, form | {"kept": both}).status_code == 302
    found = [(one.name, one.component_id, one.source_class) for one in dossiers(session)[0].attachments]
    assert sorted(found) == sorted([("to-khai.pdf", first, 3), ("ban-sao.pdf", second, 3)])


def test_marks_of_another_form_or_of_nobodys_making_hold_nothing(office, desk, session):
    form = sent(office)
    component = office.version.components[0]
    page = upload(desk, form | {"do": "find", f"scan-{component.id}_file": (BytesIO(a_pdf("A")), "to-khai.pdf")})
    (kept,) = marks(page)
    for wrong in ({"key": new_key(), "kept": kept}, {"key": form["key"], "kept": f"{kept[:-3]}abc"}):
        assert upload(desk, form | wrong).status_code == 302
    assert [list(one.attachments) for one in dossiers(session)] == [[], []]


def test_a_refused_scan_is_named_and_the_others_stay(office, desk, session):
    form = sent(office)
    first, second = (component.id for component in office.version.components[:2])
    files = {f"scan-{first}_file": (BytesIO(b"MZ\x90\x00 program"), "to-khai.pdf"),
             f"scan-{second}_file": (BytesIO(a_pdf("Bản sao")), "ban-sao.pdf")}  # fmt: skip
    page = upload(desk, form | files)
    assert page.status_code == 422
    assert len(marks(page)) == 1
    assert f'href="#scan-{first}"' in page.get_data(as_text=True)


def a_pdf(title):
    facts = {"agency": "A", "place": "Huế", "issued_on": "2026-11-09", "title": title, "sections": []}
    return render("form_print", facts)


def upload(client, form):
    return client.post("/reception/new", data=form, content_type="multipart/form-data")


def marks(page):
    return re.findall(r'name="kept" value="([^"]+)"', page.get_data(as_text=True))


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.desk_officer, Role.citizen}])
def test_only_desk_officers_have_the_counter(office, enter, role):
    client = enter(role)
    assert client.get("/reception/new").status_code in {302, 403}
    client.post("/reception/new", data=sent(office))
    assert dossiers(office.session) == []


@pytest.mark.parametrize("version", ["0", "abc", "99999999999999", "-1"])
def test_a_forged_procedure_is_not_received(office, desk, session, version):
    response = desk.post("/reception/new", data=sent(office, version=version))
    assert response.status_code in {200, 404}
    assert dossiers(session) == []


def test_a_procedure_out_of_force_is_not_received(office, desk, session):
    office.version.state = "retired"
    session.flush()
    assert desk.get(f"/reception/new?version={office.version.id}").status_code == 404


@pytest.mark.parametrize("changes", [
    {"result_way": "teleport"}, {"id_kind": "library_card"}, {"gender": "x"}, {"phone": "9" * 300},
    {"name": "x" * 400}, {"quantity": "-5"}, {"fee": "-1"}, {"fee": "abc"}, {"kind": "gold"},
])  # fmt: skip
def test_forged_values_are_refused_and_nothing_is_written(office, desk, session, changes):
    names = {"quantity": f"quantity-{office.version.components[0].id}",
             "kind": f"kind-{office.version.components[0].id}",
             "fee": f"fee-{office.version.fees[0].id}"}  # fmt: skip
    forged = {names.get(name, name): value for name, value in changes.items()}
    response = desk.post("/reception/new", data=sent(office, **forged))
    assert response.status_code == 422
    assert dossiers(session) == []


@pytest.mark.parametrize(("field", "typed"), [("phone", "12345"), ("email", "hoa@")])
def test_a_contact_that_is_none_is_marked_where_it_was_typed(office, desk, session, field, typed):
    response = desk.post("/reception/new", data=sent(office, **{field: typed}))
    box = re.search(rf'<input[^>]*name="{field}"[^>]*>', response.text)[0]
    assert (response.status_code, dossiers(session)) == (422, [])
    assert f'value="{typed}"' in box
    assert 'aria-invalid="true"' in box


def test_characters_no_text_can_hold_are_dropped(office, desk, session):
    response = desk.post("/reception/new", data=sent(office, name="Lê\x00 Thị\x1b Hoa"))
    assert response.status_code == 302
    assert dossiers(session)[0].applicant_name == "Lê Thị Hoa"


def test_whose_login_it_is_can_be_answered_on_the_page(office, desk, session):
    account = make_account(name="Lê Thị Hoa", id_number="046190990001", user=make_user(), verified_level=0)
    session.commit()
    assert 'name="login_check"' not in desk.get(f"/reception/new?version={office.version.id}").text
    found = desk.post("/reception/new", data=sent(office, do="find"))
    assert found.text.count('name="login_check"') == 2, "asked as soon as he is found"
    answer = desk.post("/reception/new", data=sent(office))
    assert answer.status_code == 422
    assert answer.text.count('name="login_check"') == 2
    assert "0905123456" in answer.text, "what was typed stays"
    assert desk.post("/reception/new", data=sent(office, login_check="own")).status_code == 302
    (dossier,) = dossiers(session)
    session.expire_all()
    assert (dossier.account_id, account.verified_level) == (account.id, 2)


def test_a_forgotten_tick_is_told_and_nothing_typed_is_lost(office, desk, session):
    (required,) = [c for c in office.version.components if c.is_required]
    answer = desk.post("/reception/new", data=sent(office, paper="", address="12 Lê Lợi"))
    assert (answer.status_code, dossiers(session)) == (422, [])
    assert f'href="#component-{required.id}"' in answer.text
    assert required.name in answer.text
    assert "12 Lê Lợi" in answer.text
    assert 'name="without_papers"' not in answer.text
    required.is_required = False
    session.commit()
    form = sent(office, paper="", address="12 Lê Lợi")
    answer = desk.post("/reception/new", data=form)
    assert (answer.status_code, dossiers(session)) == (422, [])
    assert 'name="without_papers"' in answer.text
    assert "12 Lê Lợi" in answer.text
    assert desk.post("/reception/new", data=form | {"without_papers": "y"}).status_code == 302
    assert [dossier.state for dossier in dossiers(session)] == [2]


def test_the_declaration_is_there_on_paper_or_typed_in(office, enter, session):
    """It counts as not required only because online the form stands for it."""
    declaration = office.version.components[1]
    declaration.document_type = make_document_type(code="to_khai", is_result=False)
    declaration.is_required = False
    session.commit()
    desk = enter(Role.desk_officer)
    assert "Phải có: bản giấy có chữ ký" in desk.get(f"/reception/new?version={office.version.id}").text
    refused = desk.post("/reception/new", data=sent(office))
    assert refused.status_code == 422
    assert f'href="#component-{declaration.id}"' in refused.text
    assert "Đánh dấu bản giấy có chữ ký của tờ khai" in refused.text
    form = sent(office)
    papers = [form["paper"], declaration.id]
    assert desk.post("/reception/new", data=form | {"paper": papers}).status_code == 302
    assert session.scalars(sa.select(Dossier)).one().state == 2


def test_an_incomplete_dossier_is_entered_without_its_declaration(office, enter, session):
    declaration = office.version.components[1]
    declaration.document_type = make_document_type(code="to_khai", is_result=False)
    declaration.is_required = False
    session.commit()
    assert enter(Role.desk_officer).post("/reception/new", data=sent(office) | {"do": "register"}).status_code == 302
