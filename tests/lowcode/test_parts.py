"""Parts edited as rows of their record's form: one save, one version, every rule still held."""

import re
from datetime import date, time

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from app.history import HistoryEntry
from app.lowcode.parts import MAX_ROWS
from app.models import (
    CalendarDay,
    CalendarSession,
    Component,
    Process,
    ProcessStep,
    WorkingCalendar,
)
from app.permissions import Actor, Role
from tests.factories import make_calendar, make_procedure, make_process
from tests.lowcode.sent import as_sent
from tests.wording import vi

ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def _steps(session, process):
    session.expire_all()
    return [(step.name, step.position) for step in session.get(Process, process.id).steps]


def _rows(data, name):
    return [key.split("-")[1] for key in data if re.fullmatch(rf"{name}-\d+-id", key)]


def _moved(data, name, indexes):
    """Return ``data`` as sent after the rows were put in the order ``indexes``."""
    rows = {key: value for key, value in data.items() if re.match(rf"{name}-\d+-", key)}
    kept = {key: value for key, value in data.items() if key not in rows}
    for index in indexes:
        kept |= {key: value for key, value in rows.items() if key.startswith(f"{name}-{index}-")}
    return kept


def _step(index, name, **given):
    values = {"id": "", "name": name, "kind": "work", "role": "specialist", "place": "agency",
              "working_minutes": "60"} | given  # fmt: skip
    return {f"steps-{index}-{key}": value for key, value in values.items()}


def _entries(session, record):
    return list(session.scalars(sa.select(HistoryEntry).where(HistoryEntry.record == record)))


def test_rows_are_added_changed_moved_and_removed_in_one_save(session, login):
    process = make_process()
    client = login(Role.catalog_admin)
    url, names = f"/process/edit/{process.id}", [step.name for step in process.steps]
    data = as_sent(client.get(url).text)
    assert _rows(data, "steps") == ["0", "1", "2", "3", "4"]
    data |= {"steps-1-name": "Thẩm định kỹ", "steps-4-gone": "1"} | _step(7, "Bước mới")
    sent = _moved(data, "steps", [2, 7, 0, 1, 3, 4])
    before = process.row_version
    assert client.post(url, data=sent).status_code == 302
    assert _steps(session, process) == [
        (names[2], 1), ("Bước mới", 2), (names[0], 3), ("Thẩm định kỹ", 4), (names[3], 5),
    ]  # fmt: skip
    assert session.get(Process, process.id).row_version == before + 1
    told = {entry.action for entry in _entries(session, "process_step")}
    assert told == {"create", "update", "delete"}
    assert all(e.aggregate == "process" for e in _entries(session, "process_step"))
    places = [e.changes["position"] for e in _entries(session, "process_step") if e.action == "update"]
    assert all(old > 0 and new > 0 for old, new in places), "history tells no parking places"


def test_saving_untouched_rows_changes_nothing(session, login):
    process = make_process()
    client = login(Role.catalog_admin)
    data = as_sent(client.get(f"/process/edit/{process.id}").text)
    assert client.post(f"/process/edit/{process.id}", data=data).status_code == 302
    assert not [e for e in _entries(session, "process_step") if e.action == "update"]
    session.expire_all()
    assert session.get(Process, process.id).row_version == int(data["row_version"])


def test_a_new_record_is_saved_with_its_rows(session, login):
    client = login(Role.catalog_admin)
    page = client.get("/process/add").text
    assert 'data-part-add' in page
    data = {"code": "moi", "name": "Quy trình mới"} | _step(0, "Một") | _step(1, "Hai")
    assert client.post("/process/add", data=data).status_code == 302
    process = session.scalars(sa.select(Process)).one()
    assert _steps(session, process) == [("Một", 1), ("Hai", 2)]
    assert process.row_version == 1


def test_rows_that_were_not_sent_stay(session, login):
    process = make_process()
    client = login(Role.catalog_admin)
    data = {"code": process.code, "name": "Tên khác"}
    assert client.post(f"/process/edit/{process.id}", data=data).status_code == 302
    assert len(_steps(session, process)) == 5


def test_an_error_in_a_row_stands_in_its_cell_and_keeps_everything_typed(session, login):
    process = make_process()
    client = login(Role.catalog_admin)
    url = f"/process/edit/{process.id}"
    data = as_sent(client.get(url).text)
    data |= {"steps-0-name": "", "steps-1-working_minutes": "x", "steps-2-name": ATTACK, "name": "Giữ"}
    answer = client.post(url, data=data | _step(9, "Giữ dòng mới", kind="nonsense"))
    assert answer.status_code == 422
    for cell in ("steps-0-name", "steps-1-working_minutes", "steps-9-kind"):
        assert f'id="{cell}-error"' in answer.text
        assert f'href="#{cell}"' in answer.text
    assert ">\nGiữ</textarea>" in answer.text
    assert "Giữ dòng mới" in answer.text
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text
    assert process.name not in ("Giữ",)
    assert len(_steps(session, process)) == 5


def test_the_models_own_rule_is_told_beside_the_cell(session, login):
    calendar = make_calendar()
    client = login(Role.catalog_admin)
    url = f"/working-calendar/edit/{calendar.id}"
    data = as_sent(client.get(url).text)
    clash = {"id": "", "weekday": "0", "starts_at": "08:00", "ends_at": "09:00"}
    answer = client.post(url, data=data | {f"sessions-99-{k}": v for k, v in clash.items()})
    assert answer.status_code == 422
    assert 'id="sessions-99-starts_at-error"' in answer.text
    assert vi("This session overlaps another one of the same day.") in answer.text
    twin = {f"days-{n}-{k}": v for n in (50, 51) for k, v in
            {"id": "", "day": "2026-12-24", "kind": "holiday", "note": ""}.items()}  # fmt: skip
    answer = client.post(url, data=data | twin)
    assert answer.status_code == 422
    assert vi("%(label)s: another row already says this.", label=vi("Day")) in answer.text
    assert session.scalar(sa.select(CalendarDay.id).where(CalendarDay.day == date(2026, 12, 24))) is None


def test_a_removed_rows_place_is_free_at_once(session, login):
    calendar = WorkingCalendar(code="x", name="X", valid_from=date(2026, 1, 1))
    calendar.days.append(CalendarDay(day=date(2026, 9, 2), kind="holiday"))
    calendar.sessions.append(CalendarSession(weekday=0, starts_at=time(7), ends_at=time(11)))
    session.add(calendar)
    session.flush()
    client = login(Role.catalog_admin)
    url = f"/working-calendar/edit/{calendar.id}"
    data = as_sent(client.get(url).text) | {"days-0-gone": "1"}
    again = {"id": "", "day": "2026-09-02", "kind": "make_up", "note": "đổi"}
    answer = client.post(url, data=data | {f"days-5-{key}": value for key, value in again.items()})
    assert answer.status_code == 302
    session.expire_all()
    assert [(d.kind, d.note) for d in session.get(WorkingCalendar, calendar.id).days] == [("make_up", "đổi")]


def test_a_stale_form_shows_both_states_of_its_rows(session, login):
    process = make_process()
    client = login(Role.catalog_admin)
    url = f"/process/edit/{process.id}"
    mine = as_sent(client.get(url).text)
    other = dict(mine) | {"steps-0-name": "Người khác sửa", "steps-1-gone": "1"} | _step(8, "Người khác thêm")
    assert client.post(url, data=other).status_code == 302
    answer = client.post(url, data=mine | {"steps-0-name": "Tôi sửa", "steps-1-name": "Tôi cũng sửa"})
    assert answer.status_code == 409
    assert vi("Present value: %(value)s", value="Người khác sửa") in answer.text
    assert vi("Someone else has removed this row; saving puts it back.") in answer.text
    assert vi("Someone else has added this row meanwhile.") in answer.text
    assert "Tôi sửa" in answer.text
    again = as_sent(answer.text)
    assert client.post(url, data=again).status_code == 302
    names = [name for name, _place in _steps(session, process)]
    assert names[:2] == ["Tôi sửa", "Tôi cũng sửa"]
    assert names[-1] == "Người khác thêm"


def test_a_row_changed_on_its_own_page_makes_the_form_stale_too(session, login):
    process = make_process()
    client = login(Role.catalog_admin)
    mine = as_sent(client.get(f"/process/edit/{process.id}").text)
    step = process.steps[0]
    own = as_sent(client.get(f"/process-step/edit/{step.id}").text) | {"name": "Sửa riêng"}
    assert client.post(f"/process-step/edit/{step.id}", data=own).status_code == 302
    assert client.post(f"/process/edit/{process.id}", data=mine | {"name": "Khác"}).status_code == 409


def test_rows_of_a_published_version_are_frozen(session, login):
    version = make_procedure()
    client = login(Role.catalog_admin)
    url = f"/procedure-version/edit/{version.id}"
    data = as_sent(client.get(url).text)
    for change in ({"components-0-name": "Đổi"}, {"components-0-gone": "1"}, {
        "components-8-id": "", "components-8-name": "Thêm", "components-8-originals": "1", "components-8-copies": "0",
    }):  # fmt: skip
        answer = client.post(url, data=data | change)
        assert answer.status_code == 422
        assert vi("A published version never changes. Make a new version instead.") in answer.text
    session.expire_all()
    assert session.scalar(sa.select(sa.func.count()).select_from(Component)) == 2
    assert not [e for e in _entries(session, "component") if e.action != "create"]


def test_a_forged_row_of_another_record_becomes_a_new_one(session, login):
    mine, other = make_process(), make_process()
    client = login(Role.catalog_admin)
    foreign = other.steps[0]
    data = as_sent(client.get(f"/process/edit/{mine.id}").text) | _step(9, "Chiếm", id=foreign.id)
    assert client.post(f"/process/edit/{mine.id}", data=data).status_code == 302
    assert _steps(session, mine)[-1][0] == "Chiếm"
    assert len(_steps(session, other)) == 5
    assert "Chiếm" not in [name for name, _place in _steps(session, other)]


@pytest.mark.parametrize("key", ["steps-x-id", "steps-1234567-id", "steps--id", "steps-٣-id", "khác-0-id"])
def test_odd_keys_are_no_rows(session, login, key):
    process = make_process()
    client = login(Role.catalog_admin)
    data = as_sent(client.get(f"/process/edit/{process.id}").text) | {key: ""}
    assert client.post(f"/process/edit/{process.id}", data=data).status_code == 302
    assert len(_steps(session, process)) == 5


def test_too_many_rows_are_refused_whole(session, login):
    process = make_process()
    data = {"code": "a", "name": "b"}
    for number in range(MAX_ROWS + 1):
        data |= _step(number, f"Bước {number}")
    answer = login(Role.catalog_admin).post(f"/process/edit/{process.id}", data=data)
    assert answer.status_code == 422
    assert vi("At most %(count)d rows can be saved together.", count=MAX_ROWS) in answer.text
    assert len(_steps(session, process)) == 5


def test_the_buttons_work_without_scripts(session, login):
    process = make_process()
    client = login(Role.catalog_admin)
    url, names = f"/process/edit/{process.id}", [step.name for step in process.steps]
    data = as_sent(client.get(url).text) | {"name": "Chưa lưu"}
    added = as_sent(client.post(url, data=data | {"rows": "steps.add"}).text)
    assert len(_rows(added, "steps")) == 6
    assert added["name"] == "Chưa lưu"
    page = client.post(url, data=data | {"rows": "steps.down.0"})
    assert page.status_code == 200
    moved = as_sent(page.text)
    assert [moved[f"steps-{index}-name"] for index in _rows(moved, "steps")][:2] == [names[1], names[0]]
    for nonsense in ("steps.up.99", "steps.sideways.1", "x.add", "", "steps.up."):
        assert client.post(url, data=data | {"rows": nonsense}).status_code == 200
    assert [name for name, _place in _steps(session, process)] == names


def _without(monkeypatch, *permissions):
    """Take ``permissions`` on steps away from everybody."""
    plain = Actor.may

    def fewer(self, permission, view):
        return not (view == "ProcessStep" and permission in permissions) and plain(self, permission, view)

    monkeypatch.setattr(Actor, "may", fewer)


def test_without_the_right_to_change_parts_there_are_no_rows(session, login, monkeypatch):
    process = make_process()
    client = login(Role.catalog_admin)
    _without(monkeypatch, "can_change")
    assert "parts-steps" not in client.get(f"/process/edit/{process.id}").text
    data = {"code": process.code, "name": "Được", "steps-0-id": process.steps[0].id, "steps-0-gone": "1"}
    assert client.post(f"/process/edit/{process.id}", data=data | _step(3, "Lén")).status_code == 302
    assert len(_steps(session, process)) == 5


@pytest.mark.parametrize("action", ["add", "remove"])
def test_adding_and_removing_rows_are_rights_of_their_own(session, login, monkeypatch, action):
    process = make_process()
    client = login(Role.catalog_admin)
    _without(monkeypatch, f"can_{action}")
    url = f"/process/edit/{process.id}"
    page = client.get(url).text
    assert ("data-part-add" in page) == (action != "add")
    assert ('name="steps-0-gone"' in page) == (action != "remove")
    change = _step(9, "Lén") if action == "add" else {"steps-0-gone": "1"}
    assert client.post(url, data=as_sent(page) | change).status_code == 422
    assert len(_steps(session, process)) == 5


@pytest.mark.parametrize("role", [Role.specialist, Role.auditor, Role.citizen])
def test_who_may_not_write_reaches_no_rows(session, login, role):
    process = make_process()
    client = login(role)
    url = f"/process/edit/{process.id}"
    assert client.get(url).status_code in (302, 403)
    for data in ({"rows": "steps.add"}, _step(0, "Lén")):
        assert client.post(url, data=data).status_code in (302, 403)
    assert len(_steps(session, process)) == 5


@pytest.mark.parametrize("rows", [3, 60])
def test_rows_cost_no_statements(session, login, count_queries, rows):
    version = make_procedure(state="draft")
    from tests.factories import make_document_type

    for place in range(3, rows + 3):
        kind = make_document_type()
        version.components.append(Component(position=place, name=f"Giấy {place}", document_type=kind))
    session.flush()
    client = login(Role.catalog_admin)
    url = f"/procedure-version/edit/{version.id}"
    with count_queries() as seen:
        page = client.get(url)
    assert page.status_code == 200
    assert len(seen) <= 14, (len(seen), seen)
    data = as_sent(page.text)
    assert len(_rows(data, "components")) == rows + 2
    with count_queries() as saved:
        assert client.post(url, data=MultiDict(data)).status_code == 302
    assert len(saved) <= 24, (len(saved), saved)
    data["components-1-name"] = ""
    with count_queries() as refused:
        assert client.post(url, data=MultiDict(data)).status_code == 422
    assert len(refused) <= 24, (len(refused), refused)


def test_rows_with_more_than_the_form_can_hold_are_left_alone(session, login):
    process = make_process()
    for place in range(6, MAX_ROWS + 3):
        process.steps.append(ProcessStep(position=place, name="b", kind="work", role="specialist",
                                         place="agency", working_minutes=5))  # fmt: skip
    session.flush()
    client = login(Role.catalog_admin)
    page = client.get(f"/process/edit/{process.id}").text
    many = "There are too many rows to edit them here. Open them one by one from the page of the record."
    assert vi(many) in page
    assert client.post(f"/process/edit/{process.id}", data=as_sent(page)).status_code == 302
    assert len(_steps(session, process)) == MAX_ROWS + 2
