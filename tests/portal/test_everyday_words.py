"""Procedures are found by the words people use who do not know the official name."""

import pytest
import sqlalchemy as sa

from app.history import HistoryEntry
from app.packs.yamls import load
from app.permissions import Role
from app.services.catalog import ProcedureSearch, find_procedures
from tests.factories import make_procedure, make_tree
from tests.packs.hue import PACKS


@pytest.fixture
def death(session):
    return make_procedure(name="Đăng ký khai tử", keywords="báo tử, bố mất\nmẹ mất,giấy chứng tử")


def names(session, q):
    found = find_procedures(session, ProcedureSearch(q=q))
    assert not found.is_partial
    return [row.name for row in found.rows]


@pytest.mark.parametrize("typed", ["bố tôi mất", "bo mat", "GIẤY CHỨNG TỬ", "mẹ mất", "giay", "khai tử bố mất"])
def test_a_procedure_is_found_by_its_everyday_words(session, death, typed):
    make_procedure(name="Đăng ký kết hôn", keywords="cưới")
    assert names(session, typed) == ["Đăng ký khai tử"]


def test_what_a_name_says_stands_before_everyday_words(session):
    make_procedure(name="Tách hộ", keywords="cấp đổi sổ")
    make_procedure(name="Cấp lại giấy chứng nhận do cấp đổi sổ sách cũ")
    make_procedure(name="Cấp giấy do đổi mẫu sổ")
    make_procedure(name="Đổi hộ", keywords="sổ đổi cấp")
    assert names(session, "cấp đổi sổ") == [
        "Cấp lại giấy chứng nhận do cấp đổi sổ sách cũ", "Cấp giấy do đổi mẫu sổ", "Tách hộ", "Đổi hộ"]  # fmt: skip


def test_a_word_passed_over_counts_where_a_procedure_has_it(session, death):
    make_procedure(name="Cấp lại sổ do bị mất")
    assert names(session, "bố tôi mất") == ["Đăng ký khai tử", "Cấp lại sổ do bị mất"]
    assert names(session, "mất") == ["Cấp lại sổ do bị mất", "Đăng ký khai tử"]


def test_words_taken_away_find_it_no_more(session, death):
    death.procedure.keywords = None
    session.flush()
    assert names(session, "mẹ") == []


def test_people_and_officers_find_by_them(session, death, client, login):
    officer = login(Role.desk_officer, make_tree().desk)
    assert "Đăng ký khai tử" in client.get("/thu-tuc?q=bo toi mat").text
    for address in ("/procedure/list/?q=bo mat", "/reception/new?q=bo toi mat", "/search/?q=bo toi mat"):
        assert "Đăng ký khai tử" in officer.get(address).text, address


def test_an_administrator_writes_them_although_the_version_is_published(session, death, login):
    admin, procedure = login(Role.catalog_admin), death.procedure
    assert 'name="keywords"' in admin.get(f"/procedure/edit/{procedure.id}").text
    typed = {"code": procedure.code, "name": death.name, "sector": procedure.sector_id, "is_active": "y",
             "row_version": procedure.row_version, "keywords": "người nhà qua đời"}  # fmt: skip
    assert admin.post(f"/procedure/edit/{procedure.id}", data=typed).status_code == 302
    session.expire_all()
    assert names(session, "nguoi nha qua doi") == ["Đăng ký khai tử"]
    told = session.scalars(sa.select(HistoryEntry).where(HistoryEntry.record == "procedure"))
    assert any("keywords" in entry.changes for entry in told)


SAID = {
    "bố tôi mất": "1.000656", "mở quán ăn": "1.001612", "giấy độc thân": "1.004873", "trợ cấp người già": "1.001776",
    "làm hộ khẩu": "1.004222", "lam ho khau": "1.004222", "sang tên sổ đỏ": "1.013831",
    "công chứng giấy tờ": "2.000815", "xin làm giấy khai sinh cho con": "1.001193", "đổi tên cho con": "1.004859",
    "xây nhà": "1.013225", "lấy chồng nước ngoài": "2.000806", "mất sổ đỏ": "1.012786", "mất bằng lái xe": "3.000348",
    "xin con nuôi": "2.001263", "xin hộ nghèo": "1.011607", "thuê trọ": "1.004194", "tách khẩu": "1.010038",
}  # fmt: skip


def test_the_pack_knows_what_people_say(session, hue_procedures):
    found = {typed: find_procedures(session, ProcedureSearch(q=typed)) for typed in SAID}
    assert not any(one.is_partial for one in found.values())
    assert {typed: one.rows[0].procedure.code for typed, one in found.items()} == SAID


@pytest.fixture
def hue_procedures(session):
    """Every procedure of the Huế pack: its name, its sector and its everyday words."""
    for path in sorted((PACKS / "hue" / "procedures").glob("*.yaml")):
        row = load(path.read_bytes(), path.name)
        make_procedure(code=row["code"], name=row["version"]["name"], keywords=row["keywords"],
                       form=None, process=None, result_type=None, fee=0)  # fmt: skip
