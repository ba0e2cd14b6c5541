"""Lists by name stand in the order of the Vietnamese alphabet on both databases: D before Đ, Đ before E."""

from app.permissions import Role
from app.services.directory import list_agencies
from app.services.form_editions import list_forms
from app.services.process_editions import list_processes
from tests.factories import make_agency, make_form, make_process

NAMES = ("Tờ khai", "Đơn đề nghị", "Danh sách", "Đăng ký", "Ân xá", "An sinh", "Ăn uống", "Dừng bước", "Ếch", "Em")
ORDERED = ["An sinh", "Ăn uống", "Ân xá", "Danh sách", "Dừng bước", "Đăng ký", "Đơn đề nghị", "Em", "Ếch", "Tờ khai"]


def _of(names):
    return [name for name in names if name in NAMES]


def test_forms_and_processes_stand_in_the_order_of_the_alphabet(session, actor):
    for number, name in enumerate(NAMES):
        make_form(code=f"M{number}", name=name)
        make_process(code=f"Q{number}", name=name)
    session.flush()
    forms, processes = list_forms(session)[0], list_processes(session, actor(Role.catalog_admin))[0]
    assert _of(row.form.name for row in forms) == ORDERED
    assert _of(row.process.name for row in processes) == ORDERED


def test_agencies_of_a_level_stand_in_the_order_of_the_alphabet(session):
    for number, name in enumerate(NAMES):
        make_agency(code=f"A{number}", name=name, level="commune")
    session.flush()
    assert _of(agency.name for agency in list_agencies(session)) == ORDERED
