"""Odd input of administrators' pages, and names that are not theirs to read."""

import hashlib

import pytest
import sqlalchemy as sa
from flask import get_flashed_messages, session

from app.errors import Conflict, Invalid, NotAllowed
from app.models import Process, SharedCatalog, SharedCatalogField, SharedCatalogItem, User
from app.models.shared_catalog import SharedCatalogRight
from app.packs.exporting import Chosen, export
from app.permissions import Role
from app.services import rights_changes
from app.services.actors import build_actor
from app.services.setup_workbook.organisation import Organisation
from app.services.users import check_login, create_user
from app.views.acts import act
from tests.factories import make_form, make_procedure, make_process, make_sector, make_tree, make_user
from tests.wording import vi

DEEP = [120, 600, 900]


def _decide(session, key, value):
    state = rights_changes.decided(session)
    rights_changes.decide(session, {key: value}, rights_changes.mark_of(state), "Theo phân công")
    session.expire_all()


@pytest.mark.parametrize("depth", DEEP)
def test_a_design_nested_deeper_than_anybody_draws_cannot_be_read(session, login, depth):
    admin, form, process = login(Role.catalog_admin), make_form(), make_process()
    nested = '{"a":' * depth + "1" + "}" * depth
    for path in (f"/form-designer/{form.id}", f"/process-designer/{process.id}"):
        sent = {"data": f'{{"base": "x", "definition": {nested}}}', "content_type": "application/json"}
        assert admin.post(f"{path}/save", **sent).status_code == 422
        sent["data"] = nested
        assert admin.post(f"{path}/check", **sent).status_code == 422
    answer = admin.post("/process-designer/import/keep", data={"process": nested})
    assert answer.status_code == 422


@pytest.mark.parametrize("code", ['"\\ud800"', '"a\\u0000b"', '{"x": 1}', "null"])
def test_no_code_of_an_imported_process_is_a_fault(session, login, code):
    text = f'{{"code": {code}, "name": "Quy trình", "steps": []}}'
    answer = login(Role.catalog_admin).post("/process-designer/import/keep", data={"process": text})
    assert answer.status_code in (302, 422)
    codes = session.scalars(sa.select(Process.code)).all()
    assert all(one.isprintable() and one.isascii() for one in codes)


def test_the_query_of_a_view_leads_to_one_list(session, login):
    answer = login(Role.catalog_admin).post("/sector/views", data={"name": "", "query": "q=a\r\nX: y&sort=name"})
    assert (answer.status_code, "X" in answer.headers) == (302, False)
    assert answer.location.endswith("/sector/list/?q=a%0D%0AX%3A+y&sort=name")


def test_a_form_is_not_filled_with_the_name_of_what_one_may_not_read(session, login):
    sector = make_sector(name="Lĩnh vực kín")
    admin = login(Role.catalog_admin)
    assert "Lĩnh vực kín" in admin.get(f"/procedure/add?sector={sector.id}").text
    _decide(session, ("catalog_admin", "Sector", "action", "read"), "no")
    answer = admin.get(f"/procedure/add?sector={sector.id}")
    assert (answer.status_code, "Lĩnh vực kín" in answer.text) == (404, False)


def _catalog(session, code, **field):
    catalog = SharedCatalog(code=code, name=f"Danh mục {code}")
    catalog.fields = [SharedCatalogField(position=1, key="den", label="Đến", **field)] if field else []
    session.add(catalog)
    session.flush()
    return catalog


def test_a_filter_does_not_tell_the_names_of_another_catalog(session, login):
    hidden = _catalog(session, "kin")
    open_one = _catalog(session, "mo", kind="item", target=hidden)
    open_one.rights.append(SharedCatalogRight(role="specialist"))
    item = SharedCatalogItem(catalog=hidden, code="m1", name="Mục kín", data={})
    session.add(item)
    session.flush()
    path = f"/catalogs/mo/?f.den={item.id}"
    assert "Mục kín" in login(Role.catalog_admin).get(path).text
    page = login(Role.specialist).get(path)
    assert (page.status_code, "Mục kín" in page.text) == (200, False)


def test_a_pack_takes_nothing_along_that_its_maker_may_not_see(session):
    tree = make_tree()
    version = make_procedure()
    version.process.agency = tree.department
    session.flush()
    chosen = Chosen("procedure", version.procedure.code)
    admin = build_actor(session, make_user(Role.catalog_admin, tree.commune))
    assert any(path.startswith("process/") for path in export(session, chosen, admin).documents)
    _decide(session, ("catalog_admin", "Process", "scope", ""), "agency")
    with pytest.raises(NotAllowed):
        export(session, chosen, build_actor(session, session.get(User, admin.user_id)))


def test_names_that_differ_in_capitals_are_one_name(session, login):
    make_tree()
    create_user(session, username="Nguyen.An", name="An", email="a@example.vn", password="mat khau 123")
    with pytest.raises(Conflict):
        create_user(session, username="nguyen.an", name="Ân", email="b@example.vn", password="mat khau 123")
    typed = {"username": "NGUYEN.AN", "first_name": "A", "last_name": "B", "email": "c@example.vn", "active": "1"}
    answer = login(Role.system_admin).post("/user/add", data=typed)
    message = vi("Another user has this name; capital and small letters count as the same.")
    assert (answer.status_code, message in answer.text) == (422, True)
    user, _why = check_login(session, "nguyen.an", "mat khau 123")
    assert user is not None
    admin, other = build_actor(session, make_user(Role.system_admin)), make_user()
    user.username = "nguyen.an"  # one's own name may be written otherwise
    user.check(admin)
    user.username = other.username.upper()
    with session.no_autoflush, pytest.raises(Invalid):
        user.check(admin)


def test_who_registered_is_welcomed(session, client):
    typed = {"id_kind": "personal_id", "id_number": "046190000177", "name": "Nguyễn Thị An", "born_on": "1990-05-17",
             "phone": "0905123456", "password": "matkhau12345", "again": "matkhau12345", "terms": "y"}  # fmt: skip
    answer = client.post("/register", data=typed)
    assert vi("Welcome. Your account is ready.") in client.get(answer.location, follow_redirects=True).text


def test_what_a_program_is_answered_is_kept_by_nobody_on_the_way(session, client, login):
    assert client.get("/api/v1/sector/").headers["Cache-Control"] == "no-store"
    assert client.get("/").headers["Cache-Control"] == "no-cache"
    # Nothing personal: the caller itself may keep it, and asks whether it still holds.
    assert login(Role.catalog_admin).get("/api/v1/sector/").headers["Cache-Control"] == "private, no-cache"


def test_a_workbook_may_hold_any_number_of_divisions_with_the_same_initials(session):
    class Rows:
        def rows(self):
            yield from ((n, {"agency": "H57.1", "division_name": f"Phòng {n}"}) for n in range(1, 130))

    made = Organisation(session, Rows())
    codes = {made._division(number, row) for number, row in Rows().rows()}
    assert len(codes) == 129


def test_a_message_of_any_length_leaves_the_cookie_small(app):
    texts = [f"{hashlib.sha256(bytes([n])).hexdigest()}: thiếu quy trình" for n in range(200)]

    def refuse(_session, _actor):
        raise Invalid("; ".join(texts))

    with app.test_request_context():
        assert act(refuse, "") is False
        answer = app.make_response("")
        app.session_interface.save_session(app, session, answer)
        cookie = answer.headers["Set-Cookie"]
    assert len(cookie) < 4000  # more than 4096 bytes are dropped by browsers, and with them the message
    with app.test_request_context(headers={"Cookie": cookie.partition(";")[0]}):
        [message] = get_flashed_messages()
    assert message.startswith(texts[0])
    assert message.endswith(" …")
