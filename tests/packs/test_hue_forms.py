"""Every form of the pack: loaded, rendered, checked, filled in and printed, none with code of its own."""

from datetime import timedelta
from random import Random

import pytest

from app.clock import today
from app.documents.data import problems as print_problems
from app.models import AdministrativeUnit, SharedCatalog
from app.packs.demo_answers import AnswerMaker
from app.packs.files import read_folder
from app.packs.loader import PackLoader
from app.packs.people import NameMaker
from app.permissions import Role
from app.services import eforms, form_design
from app.services.eform_columns import columns_of
from app.services.eform_state import Evaluation
from app.services.form_problems import definition_problems
from app.views.applicant.eform_page import Offered, live_rules, page_fields
from tests import factories
from tests.services.test_eforms import make_unit

FORMS = {row["code"]: row for row in read_folder("hue/forms")}


@pytest.fixture
def make(session):
    loader = PackLoader(session, "hue")

    def made(code):
        unit = session.query(AdministrativeUnit).filter_by(code="19753").first() or make_unit()
        session.add(SharedCatalog(code="benh_vien", name="Bệnh viện"))
        form = loader._form(FORMS[code])
        session.flush()
        names = NameMaker.__new__(NameMaker)
        names.random = Random(code)
        names.name = lambda _gender: "Lê Thị An"
        account = factories.make_account(unit=unit, address="12 Lê Lợi")
        return form, account, AnswerMaker(names, loader).data(form, account)

    return made


@pytest.mark.parametrize("code", FORMS)
def test_a_form_of_the_pack_is_whole(make, code):
    form, _account, data = make(code)
    assert definition_problems(form_design.built(form_design.definition(form))) == {}
    assert eforms.data_problems(form, data) == {}
    assert eforms.data_problems(form, {}) != {}
    kept = eforms.complete(form, data)
    assert eforms.data_problems(form, kept) == {}
    bound = eforms.bind(form, data)
    shown = page_fields(bound, units=Offered())
    assert len(shown) == len(form.fields())
    assert set(live_rules(bound)["shown"]) <= {field.key for field in form.fields()}
    sections = eforms.print_sections(form, kept)
    printed = {"title": form.name, "sections": sections}
    assert [path for path in print_problems("form_print", printed) if path.startswith("sections")] == []
    texts = {row["label"] for part in sections for row in part["rows"]}
    judged = Evaluation(form, kept)
    asked = [f for f in form.fields() if judged.is_shown(f.key) and f.kind not in {"table", "group", "person"}]
    assert texts >= {f.label for f in asked if f.kind not in {"organisation"}}


def test_the_birth_form_asks_for_the_parents_there_are(make):
    form, _account, data = make("tk_khai_sinh")
    data |= {"loai_khai_sinh": "chua_xac_dinh_duoc_cha", "con_ngay_sinh": "2026-10-05"}
    kept = eforms.complete(form, {**data, "cha_ho_ten": "Không Ai"})
    assert not any(key.startswith("cha_") for key in kept)
    assert kept["con_ngay_sinh_chu"].startswith("Ngày năm tháng mười")
    assert "cha_ho_ten" in eforms.data_problems(form, {**kept, "loai_khai_sinh": "da_xac_dinh_duoc_ca_cha_va_me"})


def test_a_form_of_the_pack_opens_on_its_pages(make, login):
    form, _account, _data = make("tk_tro_cap_xh")
    version = factories.make_procedure(form=form)
    client = login(Role.citizen)
    page = client.get(f"/nop-ho-so/{version.procedure.code}")
    assert page.status_code == 200


BLOCKS = {"tk_tro_cap_xh": "nguoi_de_nghi", "tk_ct01": "nguoi_khai", "pyc_chung_thuc": "nguoi_yeu_cau",
          "du_tuyen_cong_chuc": "nguoi_du_tuyen"}  # fmt: skip


@pytest.mark.parametrize("code", BLOCKS)
def test_a_person_who_is_asked_whole_is_known_checked_and_printed_whole(make, code):
    form, account, data = make(code)
    key, known = BLOCKS[code], eforms.prefill(form, account)
    assert (known[key]["name"], known[key]["id_number"]) == (account.name, account.id_number)
    rows = [row for part in eforms.print_sections(form, eforms.complete(form, data)) for row in part["rows"]]
    assert data[key]["id_number"] in {row["value"] for row in rows}
    asked = {part.key for part in columns_of(next(field for field in form.fields() if field.key == key))}
    unborn = {"born_on": (today() + timedelta(days=1)).isoformat()} if "born_on" in asked else {}
    for wrong in ({"id_number": "12"}, {"name": ""}, unborn):
        faults = eforms.data_problems(form, data | {key: data[key] | wrong})
        assert set(faults) == ({key} if wrong else set()), wrong


SELF = {"tk_tthn": "nxn", "tk_trich_luc": "ndk", "tk_cai_chinh": "ntd"}
AGAIN = ("ho_ten", "ngay_sinh", "gioi_tinh", "dan_toc", "quoc_tich", "so_dinh_danh", "noi_cu_tru")


@pytest.mark.parametrize("code", SELF)
def test_who_applies_for_himself_is_not_asked_again_who_he_is(make, code):
    form, account, data = make(code)
    again = {f"{SELF[code]}_{key}" for key in AGAIN}
    own = {key: value for key, value in data.items() if key not in again} | {"nyc_quan_he": "ban_than"}
    assert eforms.data_problems(form, own) == {}
    assert not again & set(eforms.complete(form, own | dict.fromkeys(again, "x")))
    other = eforms.data_problems(form, own | {"nyc_quan_he": "cha_de"})
    assert f"{SELF[code]}_ho_ten" in other
    assert eforms.prefill(form, account)["nyc_ngay_sinh"] == account.born_on.isoformat()
    assert "nyc_ngay_sinh" not in eforms.complete(form, own | {"nyc_quan_he": "cha_de"})


@pytest.mark.parametrize(("id_kind", "number", "is_set"), [("personal_id", "046190000007", True),
                                                           ("passport", "P1234567", False)])  # fmt: skip
def test_the_nationality_is_vietnamese_unless_changed(make, id_kind, number, is_set):
    form, account, _data = make("tk_ket_hon")
    account.id_kind, account.id_number = id_kind, number
    given = eforms.prefill(form, account)
    assert [given.get(f"{who}_quoc_tich") for who in ("nu", "nam")] == ["viet_nam" if is_set else None] * 2


def test_nothing_is_preset_of_a_father_there_may_be_none_of(make):
    form, account, _data = make("tk_khai_sinh")
    given = eforms.prefill(form, account)
    assert (given["con_quoc_tich"], given.get("cha_quoc_tich")) == ("viet_nam", None)
