"""Generated screens: rights, kept input, stale forms, vetoes, history, escaping."""

import re

import pytest
import sqlalchemy as sa

from app.history import HistoryEntry
from app.lowcode.generate import declared_models
from app.lowcode.screen import writable
from app.lowcode.views import view_of
from app.models import (
    Agency,
    Component,
    FormField,
    IncidentNotice,
    OfficerPosition,
    Process,
    ProcedureVersion,
    Sector,
    User,
)
from app.permissions import Role
from app.workflows.dossier import DOSSIER
from tests.factories import (
    make_account,
    make_agency,
    make_division,
    make_form,
    make_position,
    make_procedure,
    make_process,
    make_sector,
    make_tree,
    make_user,
)

ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def _entries(session, record, action=None):
    query = sa.select(HistoryEntry).where(HistoryEntry.record == record).order_by(HistoryEntry.id)
    return [e for e in session.scalars(query) if action in (None, e.action)]


def test_the_whole_life_of_a_record_with_its_history(session, login):
    admin = make_user(Role.catalog_admin)
    client = login(admin)
    assert "Thêm lĩnh vực" in client.get("/sector/add").text
    made = client.post("/sector/add", data={"code": "ho_tich", "name": "Hộ tịch", "is_active": "y"})
    sector = session.scalars(sa.select(Sector)).one()
    assert made.location == f"/sector/show/{sector.id}"
    assert "Hộ tịch" in client.get(made.location).text
    client.post(f"/sector/edit/{sector.id}", data={"code": "ho_tich", "name": "Hộ tịch mới"})
    session.refresh(sector)
    assert (sector.name, sector.is_active, sector.row_version) == ("Hộ tịch mới", False, 2)
    page = client.get(f"/sector/show/{sector.id}?tab=history").text
    assert "<del><span class=\"visually-hidden\">trước: </span>Hộ tịch</del>" in page
    assert client.post(f"/sector/delete/{sector.id}").location.startswith("/sector/list/")
    entries = _entries(session, "sector")
    assert [e.action for e in entries] == ["create", "update", "delete"]
    assert entries[1].changes == {"name": ["Hộ tịch", "Hộ tịch mới"], "is_active": [True, False]}
    assert {e.actor_id for e in entries} == {admin.id}
    assert session.scalar(sa.select(Sector.id)) is None


def test_saving_without_a_change_changes_nothing(session, login):
    version = make_procedure(state="draft", conditions="Dòng một\nDòng hai\n", fee=0)
    client = login(Role.catalog_admin)
    page = client.get(f"/procedure-version/edit/{version.id}").text
    data = _as_sent(page)
    assert client.post(f"/procedure-version/edit/{version.id}", data=data).status_code == 302
    assert _entries(session, "procedure_version", "update") == []


def _as_sent(page):
    """Return what a browser would send of the edit form in ``page``, with its line ends."""
    import html

    data = {}
    form = page[page.index('<form method="post" novalidate') :]
    for tag in re.findall(r"<input[^>]+>", form):
        found = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        if "name" in found and (found.get("type") != "checkbox" or " checked" in tag):
            data[found["name"]] = html.unescape(found.get("value", ""))
    for name, body in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form, re.S):
        data[name] = html.unescape(body).replace("\n", "\r\n")
    for name, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.findall(r'value="([^"]*)" selected', body) or re.findall(r'value="([^"]*)"', body)
        data[name] = chosen[0]
    return data


def test_what_was_typed_is_kept_and_errors_stand_beside_their_fields(session, login):
    make_sector(code="ho_tich")
    client = login(Role.catalog_admin)
    missing = client.post("/sector/add", data={"code": "   ", "name": "Giữ lại"})
    assert missing.status_code == 422
    assert 'value="Giữ lại"' in missing.text
    assert 'id="code-error"' in missing.text
    assert 'href="#code"' in missing.text
    double = client.post("/sector/add", data={"code": "ho_tich", "name": "Giữ lại"})
    assert double.status_code == 422
    assert "đã được dùng ở bản ghi khác" in double.text
    assert 'value="Giữ lại"' in double.text
    assert session.scalar(sa.select(sa.func.count()).select_from(Sector)) == 1


def test_a_veto_keeps_the_form_and_writes_nothing(session, login):
    root = make_tree().root
    child = make_agency(parent=root, name="Phường con")
    form = {"code": "H57", "name": "Đổi tên", "level": "province", "parent": str(child.id)}
    answer = login(Role.catalog_admin).post(f"/agency/edit/{root.id}", data=form)
    assert answer.status_code == 422
    assert "Cơ quan không thể trực thuộc chính mình" in answer.text
    assert 'value="Đổi tên"' in answer.text
    assert "Phường con" in answer.text
    session.refresh(root)
    assert root.name == "Ủy ban nhân dân thành phố Huế"
    assert root.parent_id is None
    assert [e for e in _entries(session, "agency", "update") if e.record_id == root.id] == []


def test_a_stale_form_shows_present_values_beside_the_typed_ones(session, login):
    sector = make_sector(name="Cũ")
    client = login(Role.catalog_admin)
    seen = sector.row_version
    client.post(f"/sector/edit/{sector.id}", data={"code": "a", "name": "Người thứ nhất", "is_active": "y"})
    late = {"code": "a", "name": "Người thứ hai", "is_active": "y", "row_version": seen}
    answer = client.post(f"/sector/edit/{sector.id}", data=late)
    assert answer.status_code == 409
    assert 'value="Người thứ hai"' in answer.text
    assert "Giá trị hiện nay: Người thứ nhất" in answer.text
    session.refresh(sector)
    assert sector.name == "Người thứ nhất"
    late["row_version"] = re.search(r'name="row_version" value="(\d+)"', answer.text)[1]
    assert client.post(f"/sector/edit/{sector.id}", data=late).status_code == 302
    session.refresh(sector)
    assert sector.name == "Người thứ hai"


def test_a_record_in_use_is_not_deleted_and_the_message_says_by_what(session, login):
    version = make_procedure()
    client = login(Role.catalog_admin)
    sector = version.procedure.sector
    answer = client.post(f"/sector/delete/{sector.id}", follow_redirects=True)
    assert "đang được dùng ở Thủ tục" in answer.text
    assert session.get(Sector, sector.id) is not None


def test_parts_go_with_their_whole_unless_someone_needs_one(session, login):
    process = make_process()
    client = login(Role.catalog_admin)
    client.post(f"/process/delete/{process.id}")
    assert session.scalar(sa.select(Process.id)) is None
    assert len(_entries(session, "process_step", "delete")) == 5


@pytest.mark.parametrize("method", ["get", "head"])
def test_nothing_is_deleted_by_looking(session, login, method):
    sector = make_sector()
    client = login(Role.catalog_admin)
    assert getattr(client, method)(f"/sector/delete/{sector.id}").status_code == 405
    assert session.get(Sector, sector.id) is not None


def test_a_write_without_the_token_is_refused(session, login):
    client = login(Role.catalog_admin)
    sector = make_sector()
    for path in ("/sector/add", f"/sector/edit/{sector.id}", f"/sector/delete/{sector.id}"):
        answer = client.post(path, data={"code": "x", "name": "x"}, csrf=False)
        assert answer.status_code == 400, path
    assert session.scalar(sa.select(sa.func.count()).select_from(Sector)) == 1


@pytest.mark.parametrize("role", list(Role))
def test_every_screen_opens_for_its_roles_and_no_other(session, login, role):
    client = login(role)
    for model in declared_models():
        slug = view_of(model).route_base
        expected = 200 if role in model.screen.read else 403
        assert client.get(f"{slug}/list/").status_code == expected, model
        may_add = role in model.screen.write and model.screen.can_add and writable(model)
        status = client.get(f"{slug}/add").status_code
        assert (status == 200) == bool(may_add), (model, status)


def test_a_visitor_is_sent_to_log_in(client):
    for model in declared_models():
        answer = client.get(f"{view_of(model).route_base}/list/")
        assert answer.status_code == 302
        assert answer.location.startswith("/login/")


def test_the_state_cannot_be_set_from_a_form(session, login):
    version = make_procedure(state="draft")
    client = login(Role.catalog_admin)
    data = _as_sent(client.get(f"/procedure-version/edit/{version.id}").text)
    data |= {"state": "published", "id": "999", "search_text": "x", "row_version_": "9"}
    assert client.post(f"/procedure-version/edit/{version.id}", data=data).status_code == 302
    session.refresh(version)
    assert (version.state, version.id) == ("draft", version.id)


def test_a_published_version_refuses_every_change(session, login):
    version = make_procedure()
    client = login(Role.catalog_admin)
    data = _as_sent(client.get(f"/procedure-version/edit/{version.id}").text)
    answer = client.post(f"/procedure-version/edit/{version.id}", data=data | {"name": "Khác"})
    assert answer.status_code == 422
    assert "không được sửa" in answer.text
    client.post(f"/component/delete/{version.components[0].id}")
    assert session.scalar(sa.select(sa.func.count()).select_from(Component)) == 2


def _texts(model):
    mapper = sa.inspect(model)
    return [name for name in writable(model) if name in mapper.columns
            and isinstance(mapper.columns[name].type, sa.String)
            and not {"choices", "kind"} & set(mapper.columns[name].info)]  # fmt: skip


@pytest.mark.parametrize("name", ["Sector", "Agency", "ProcedureVersion", "Component", "FormField", "User"])
def test_scripts_in_any_text_come_back_as_text(session, login, name):
    rows = {
        "Sector": make_sector, "Agency": make_agency, "User": make_user,
        "ProcedureVersion": lambda: make_procedure(state="draft"),
        "Component": lambda: make_procedure(state="draft").components[0],
        "FormField": lambda: make_form().fields()[0],
    }  # fmt: skip
    row = rows[name]()
    model = type(row)
    for text in _texts(model):
        setattr(row, text, ATTACK[: sa.inspect(model).columns[text].type.length or None])
    session.flush()
    client = login(Role.system_admin if model is User else Role.catalog_admin)
    base = view_of(model).route_base
    for tail in ("/list/", f"/show/{row.id}", f"/show/{row.id}?tab=history", f"/edit/{row.id}"):
        page = client.get(base + tail)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text


def test_a_web_address_is_never_a_script(session, login):
    root = make_tree().root
    client = login(Role.catalog_admin)
    data = {"code": "H57", "name": "A", "level": "province"}
    for address in ("javascript://x.vn/%0aalert(1)", "data:text/html,x", "ftp://x.vn"):
        answer = client.post(f"/agency/edit/{root.id}", data=data | {"website": address})
        assert answer.status_code == 422, address
    root.website = "javascript:alert(1)"
    assert 'href="javascript' not in client.get(f"/agency/show/{root.id}").text


def test_related_lists_lead_to_forms_that_know_where_they_came_from(session, login):
    version = make_procedure(state="draft")
    client = login(Role.catalog_admin)
    page = client.get(f"/procedure-version/show/{version.id}").text
    assert f'href="/component/add?version={version.id}"' in page
    form = client.get(f"/component/add?version={version.id}").text
    assert f'<option value="{version.id}" selected>' in form
    assert 'name="position" rows' not in form
    assert re.search(r'name="position" value="3"', form)
    data = {"version": version.id, "position": 3, "name": "Giấy ủy quyền", "originals": 1, "copies": 0}
    saved = client.post("/component/add", data=data)
    assert saved.location == f"/procedure-version/show/{version.id}"
    again = client.post("/component/add", data=data | {"again": "1", "position": 4})
    assert again.location == f"/component/add?version={version.id}"


@pytest.mark.parametrize("value", ["0", "-1", "x", "99999", "9" * 5000, ""])
def test_a_forged_preset_is_no_record(session, login, value):
    assert login(Role.catalog_admin).get(f"/component/add?version={value}").status_code == 404


def test_a_preset_of_anything_but_a_relation_is_ignored(session, login):
    page = login(Role.catalog_admin).get("/component/add?name=x&state=y&id=1&data=1&process=2")
    assert page.status_code == 200
    assert ">x</textarea>" not in page.text


def test_choices_are_found_without_diacritics_and_in_pages(session, login):
    tree = make_tree()
    for number in range(35):
        make_agency(name=f"Phường Thủy Xuân {number:02}")
    client = login(Role.catalog_admin)
    first = client.get("/agency/choices/parent?q=thuy xuan").json
    assert len(first["results"]) == 30
    assert first["more"] is True
    second = client.get("/agency/choices/parent?q=thuy xuan&page=2").json
    assert len(second["results"]) == 5
    assert second["more"] is False
    found = client.get("/division/choices/agency?q=SO XAY").json["results"]
    assert found == [{"id": tree.department.id, "text": "Sở Xây dựng"}]
    division = make_division(name="Phòng Hộ tịch")
    officers = login(Role.system_admin).get("/officer-position/choices/division?q=ho tich").json
    assert officers["results"] == [{"id": division.id, "text": "Phòng Hộ tịch"}]


def test_choices_respect_rights_and_rows(session, login):
    make_procedure()
    officer = login(Role.desk_officer)
    assert officer.get("/procedure-version/choices/form").status_code == 404  # he writes none
    assert officer.get("/procedure-version/choices/agency").status_code == 200  # a filter
    assert officer.get("/agency/choices/children").status_code == 404
    assert officer.get("/agency/choices/name").status_code == 404
    head = login(Role.agency_head)
    assert head.get("/officer-position/choices/user").status_code == 403  # reads no users
    assert "filter-user" not in head.get("/officer-position/list/").text
    assert login(Role.citizen).get("/agency/choices/parent").status_code == 403
    assert login(Role.auditor).get("/officer-position/choices/user").status_code == 200


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "page=99999999999", "q=%00", "q=" + "x" * 900])
def test_bad_choice_parameters_do_no_harm(session, login, query):
    make_tree()
    assert login(Role.catalog_admin).get(f"/agency/choices/parent?{query}").status_code == 200


def test_a_record_outside_the_actors_rows_cannot_be_chosen_read_or_changed(session, login):
    stranger = make_account()
    client = login(Role.desk_officer)
    assert client.get(f"/account/show/{stranger.id}").status_code == 404
    assert client.get(f"/account/edit/{stranger.id}").status_code == 404
    assert client.post(f"/account/edit/{stranger.id}", data={"name": "x"}).status_code == 404
    assert client.get(f"/api/v1/account/{stranger.id}").status_code == 404


def test_reading_a_citizens_data_is_written_down(session, login):
    account = make_account()
    auditor = make_user(Role.auditor)
    client = login(auditor)
    assert client.get(f"/account/show/{account.id}").status_code == 200
    assert client.get(f"/api/v1/account/{account.id}").status_code == 200
    reads = _entries(session, "account", "read")
    assert [(e.record_id, e.actor_id) for e in reads] == [(account.id, auditor.id)] * 2


def test_users_of_the_framework_can_be_chosen_and_edited(session, login):
    tree = make_tree()
    client = login(Role.system_admin)
    answer = client.post("/user/add", data={"username": "hoa.nguyen", "first_name": "Nguyễn Thị",
                                            "last_name": "Hoa", "email": "hoa@hue.gov.vn", "active": "y"})  # fmt: skip
    user = session.scalars(sa.select(User).where(User.username == "hoa.nguyen")).one()
    assert answer.location == f"/user/show/{user.id}"
    found = client.get("/officer-position/choices/user?q=hoa nguyen").json["results"]
    assert found == []  # names are stored family name first
    found = client.get("/officer-position/choices/user?q=nguyen thi hoa").json["results"]
    assert found == [{"id": user.id, "text": "Nguyễn Thị Hoa"}]
    data = {"user": user.id, "agency": tree.desk.id, "role": "desk_officer", "valid_from": "2026-01-01"}
    client.post("/officer-position/add", data=data)
    post = session.scalars(sa.select(OfficerPosition).where(OfficerPosition.user_id == user.id)).one()
    assert (post.role, post.agency_id) == ("desk_officer", tree.desk.id)
    wrong = client.post("/officer-position/add", data=data | {"user": "999999"})
    assert wrong.status_code == 422


def test_nobody_gives_a_role_to_himself(session, login):
    admin = make_user(Role.system_admin)
    data = {"user": admin.id, "agency": make_tree().root.id, "role": "auditor", "valid_from": "2026-01-01"}
    answer = login(admin).post("/officer-position/add", data=data)
    assert answer.status_code == 422
    assert "tự gán vai trò" in answer.text


@pytest.mark.parametrize(
    ("typed", "status"),
    [("2026-11-20T08:30", 302), ("0001-01-01T00:00", 422), ("9999-12-31T23:59", 422), ("x", 422), ("", 422)],
)
def test_instants_are_typed_in_local_time(session, login, typed, status):
    data = {"title": "Mất điện", "body": "x", "starts_at": typed}
    answer = login(Role.system_admin).post("/incident-notice/add", data=data)
    assert answer.status_code == status
    found = session.scalars(sa.select(IncidentNotice)).all()
    assert [row.starts_at.isoformat() for row in found] == \
        (["2026-11-20T01:30:00+00:00"] if status == 302 else [])  # fmt: skip


def test_choices_and_columns_of_a_form_field_are_typed_as_lines(session, login):
    section = make_form().sections[0]
    client = login(Role.catalog_admin)
    data = {"section": section.id, "position": 9, "key": "gioi_tinh", "label": "Giới tính", "kind": "select",
            "options": "nam = Nam\r\nnu = Nữ\r\n\r\nkhac"}  # fmt: skip
    assert client.post("/form-field/add", data=data).status_code == 302
    field = session.scalars(sa.select(FormField).where(FormField.key == "gioi_tinh")).one()
    assert field.options == [{"value": "nam", "label": "Nam"}, {"value": "nu", "label": "Nữ"},
                             {"value": "khac", "label": "khac"}]  # fmt: skip
    assert "nam = Nam\nnu = Nữ\nkhac = khac" in client.get(f"/form-field/edit/{field.id}").text
    table = data | {"key": "bang", "kind": "table", "options": "", "columns": '[{"key": "a\\u0000", "n": NaN}]'}
    assert client.post("/form-field/add", data=table).status_code == 422
    table["columns"] = '[{"key": "a\\u0000", "label": "A"}]'
    assert client.post("/form-field/add", data=table).status_code == 302
    field = session.scalars(sa.select(FormField).where(FormField.key == "bang")).one()
    assert field.columns == [{"key": "a", "label": "A"}]


@pytest.mark.parametrize("text", ["a\x00b", "a\x07b", "  ab  "])
def test_text_is_cleaned_before_it_is_stored(session, login, text):
    data = {"code": "x", "name": text}
    assert login(Role.catalog_admin).post("/sector/add", data=data).status_code == 302
    assert session.scalars(sa.select(Sector)).one().name == "ab"


def test_decomposed_letters_are_the_same_text(session, login):
    client = login(Role.catalog_admin)
    client.post("/sector/add", data={"code": "Hộ", "name": "x"})
    answer = client.post("/sector/add", data={"code": "Hô\u0323".encode(), "name": "y"})
    assert answer.status_code == 422


def test_too_long_and_too_large_values_are_refused(session, login):
    version = make_procedure(state="draft")
    client = login(Role.catalog_admin)
    for values in ({"name": "x" * 20_001}, {"originals": "9" * 30}, {"originals": "1.5"}, {"position": "９９９９９９９９９９９"}):
        data = {"version": version.id, "position": 3, "name": "x", "originals": 1, "copies": 0} | values
        assert client.post("/component/add", data=data).status_code == 422, values


def test_history_tells_names_instead_of_numbers(session, login):
    version = make_procedure(state="draft", form=None)
    form = make_form(name="Tờ khai kết hôn")
    client = login(Role.catalog_admin)
    data = _as_sent(client.get(f"/procedure-version/edit/{version.id}").text)
    client.post(f"/procedure-version/edit/{version.id}", data=data | {"form": form.id, "service_level": "partial"})
    page = client.get(f"/procedure-version/show/{version.id}?tab=history").text
    assert "Tờ khai kết hôn</ins>" in page
    assert "Toàn trình</del>" in page
    assert "Một phần</ins>" in page
    assert "thêm thành phần hồ sơ" in page


def test_history_names_the_transitions_of_life_cycles():
    from app.lowcode.telling import action_words

    for step in DOSSIER.transitions:
        assert step.name not in action_words(step.name) or step.name == step.label


def test_history_is_for_those_who_may(session, login):
    sector = make_sector()
    page = login(Role.specialist).get(f"/sector/show/{sector.id}?tab=history").text
    assert "history-entry" not in page
    assert "history-entry" in login(Role.auditor).get(f"/sector/show/{sector.id}?tab=history").text


def test_a_chain_of_parents_leads_back(session, login):
    field = make_form(name="Tờ khai khai sinh").fields()[0]
    page = login(Role.catalog_admin).get(f"/form-field/show/{field.id}").text
    for part in ("/form/list/", f"/form/show/{field.section.form_id}", f"/form-section/show/{field.section_id}"):
        assert f'href="{part}"' in page


@pytest.mark.parametrize("pk", ["0", "2147483648", "99999999999999999999"])
def test_numbers_that_are_no_record_are_not_found(session, login, pk):
    client = login(Role.catalog_admin)
    for path in (f"/sector/show/{pk}", f"/sector/edit/{pk}", f"/api/v1/sector/{pk}"):
        assert client.get(path).status_code == 404
    assert client.post(f"/sector/delete/{pk}").status_code == 404


def test_a_json_body_is_no_form(session, login):
    client = login(Role.catalog_admin)
    for body in ([1], {"code": "x", "name": "x"}, "x"):
        assert client.post("/sector/add", json=body).status_code == 422
    assert session.scalar(sa.select(Sector.id)) is None


def test_a_position_held_is_not_deleted(session, login):
    post = make_position(make_user(), Role.clerk)
    answer = login(Role.system_admin).post(f"/officer-position/delete/{post.id}", follow_redirects=True)
    assert "ngày hết hiệu lực" in answer.text
    assert session.get(OfficerPosition, post.id) is not None
    assert isinstance(session.get(Agency, post.agency_id), Agency)
    assert session.scalar(sa.select(ProcedureVersion.id)) is None
