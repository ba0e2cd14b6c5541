"""The print of a dossier's form: the applicant's without the officers' part, the officers' with it."""

import pypdfium2
import pytest

from app.models import User
from app.permissions import Role
from tests import factories
from tests.services.steps import Office

ROWS = (
    {"key": "ten", "label": "Tên cửa hàng", "kind": "text"},
    {"key": "nguoi", "label": "Người đại diện", "kind": "person", "is_required": False},
    {"key": "hang", "label": "Mặt hàng", "kind": "group", "is_required": False,
     "columns": [{"key": "loai", "label": "Loại hàng"}, {"key": "gia", "label": "Giá", "kind": "number"}]},
    {"key": "tong", "label": "Tổng cộng", "kind": "computed", "is_required": False, "expression": "=sum(hang.gia)"},
    {"key": "kin", "label": "Nhận xét nội bộ", "kind": "text", "filled_by": "officer"},
)  # fmt: skip
DATA = {
    "ten": 'Quán "Gió" <b>#1</b> $x$ \\ *a*',
    "nguoi": {"name": "Lê An", "id_number": "046090000001", "born_on": "1990-05-17"},
    "hang": [{"loai": "Bún", "gia": 35000}, {"loai": "Chè", "gia": 15000}],
}


@pytest.fixture
def office(session):
    found = Office(session, form=factories.make_form(ROWS))
    found.staff()
    return found


def _text(answer):
    assert answer.status_code == 200
    pages = pypdfium2.PdfDocument(answer.data)
    return " ".join(page.get_textpage().get_text_range() for page in pages)


def test_each_reader_gets_the_print_meant_for_him(office, session, login):
    dossier, citizen = office.submitted(data=DATA)
    dossier.revisions[-1].data = {**dossier.revisions[-1].data, "kin": "Cần kiểm tra"}
    session.flush()
    url = f"/form-print/{dossier.code}.pdf"
    own = _text(login(session.get(User, citizen.user_id)).get(url))
    for words in ('Quán "Gió" <b>#1</b> $x$ \\ *a*', "17/05/1990", "35.000", "50.000", "Tổng cộng"):
        assert words in own
    assert "Nhận xét nội bộ" not in own
    desk = session.get(User, office[Role.desk_officer].user_id)
    assert "Cần kiểm tra" in _text(login(desk).get(url))


def test_strangers_get_nothing(office, login):
    dossier, _citizen = office.submitted(data=DATA)
    url = f"/form-print/{dossier.code}.pdf"
    centre = factories.make_tree().centre
    for user in (factories.make_user(Role.citizen), factories.make_user(Role.desk_officer, centre),
                 factories.make_user(Role.system_admin)):  # fmt: skip
        assert login(user).get(url).status_code in {302, 403, 404}
