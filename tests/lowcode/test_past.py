"""The history tab: one way of telling, and the record as it was on a day gone by."""

from contextlib import contextmanager
from datetime import timedelta

import pytest

from app import history
from app.clock import now, today
from app.lowcode.as_of import as_of
from app.models import Component, Sector
from app.permissions import Role
from tests.factories import make_procedure, make_process, make_sector
from tests.lowcode.sent import as_sent
from tests.wording import vi


@pytest.fixture
def long_ago(session, monkeypatch):
    """``with long_ago(days):`` what is written happens as many days ago."""

    @contextmanager
    def written(days=10):
        with monkeypatch.context() as patch:
            patch.setattr(history, "recorded_now", lambda: now() - timedelta(days=days))
            yield
            session.flush()

    return written


def _day(days):
    return (today() - timedelta(days=days)).isoformat()


def test_a_record_is_rebuilt_with_its_parts_and_the_names_of_then(session, login, long_ago):
    with long_ago():
        sector = make_sector(name="Hộ tịch")
        procedure = make_procedure(sector=sector).procedure
        process = make_process()
    client = login(Role.catalog_admin)
    sector.name = "Hộ tịch và quốc tịch"
    procedure.name = "Tên sau này"
    data = as_sent(client.get(f"/process/edit/{process.id}").text)
    first = data["steps-0-name"]
    last = data["steps-4-name"]
    data |= {"steps-0-name": "Bước đã đổi", "steps-4-gone": "1", "steps-9-id": "", "steps-9-name": "Thêm sau",
             "steps-9-kind": "work", "steps-9-role": "clerk", "steps-9-place": "desk",
             "steps-9-working_minutes": "5"}  # fmt: skip
    assert client.post(f"/process/edit/{process.id}", data=data).status_code == 302
    page = client.get(f"/process/show/{process.id}?tab=history&on={_day(5)}").text
    assert first in page
    assert last in page
    assert "Bước đã đổi" not in page
    assert "Thêm sau" not in page
    page = client.get(f"/process/show/{process.id}?tab=history&on={_day(0)}").text
    assert "Bước đã đổi" in page
    assert "Thêm sau" in page
    past = client.get(f"/procedure/show/{procedure.id}?tab=history&on={_day(5)}").text
    then = past[past.index('class="past"') :]
    assert "Hộ tịch" in then
    assert "Hộ tịch và quốc tịch" not in then
    assert "Tên sau này" not in then


def test_before_its_making_there_is_no_record(session, login):
    sector = make_sector(name="Mới tạo")
    session.flush()
    page = login(Role.catalog_admin).get(f"/sector/show/{sector.id}?tab=history&on={_day(3)}").text
    assert vi("On that day this record had not been made yet.") in page


def test_a_history_that_does_not_reach_back_says_so(session, login, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Sector, "__history__", False, raising=False)
        sector = make_sector(name="Cũ")
        session.flush()
    sector.name = "Mới"
    session.flush()
    page = login(Role.catalog_admin).get(f"/sector/show/{sector.id}?tab=history&on={_day(3)}").text
    words = vi(
        "The history does not reach back to that day: it begins at %(when)s. "
        "What follows is the state at its beginning."
    )
    assert words.split("%(when)s")[0] in page
    assert "<dd>Cũ</dd>" in page


@pytest.mark.parametrize("text", ["", "x", "2026-13-01", "0001-01-01", "99999-01-01", "<script>"])
def test_an_odd_day_shows_the_whole_history(session, login, text):
    sector = make_sector()
    page = login(Role.catalog_admin).get(f"/sector/show/{sector.id}?tab=history&on={text}")
    assert page.status_code == 200
    assert 'class="past"' not in page.text
    assert "<script>" not in page.text.replace("<script ", "")


def test_a_day_to_come_is_today(session, login):
    sector = make_sector(name="<b>đậm</b>")
    page = login(Role.catalog_admin).get(f"/sector/show/{sector.id}?tab=history&on=2199-01-01").text
    assert "&lt;b&gt;đậm&lt;/b&gt;" in page
    assert "<b>đậm" not in page


def test_the_past_needs_the_right_to_the_history(session, login, long_ago):
    with long_ago():
        sector = make_sector()
    for role in (Role.specialist, Role.clerk):
        page = login(role).get(f"/sector/show/{sector.id}?tab=history&on={_day(5)}").text
        assert 'class="past"' not in page
    assert 'class="past"' in login(Role.auditor).get(f"/sector/show/{sector.id}?tab=history&on={_day(5)}").text


@pytest.mark.parametrize("rows", [3, 40])
def test_the_past_costs_the_same_whatever_its_parts(session, login, long_ago, count_queries, rows):
    with long_ago():
        version = make_procedure(state="draft")
        for place in range(3, rows + 3):
            version.components.append(Component(position=place, name=f"Giấy {place}"))
    client = login(Role.catalog_admin)
    with count_queries() as seen:
        client.get(f"/procedure-version/show/{version.id}?tab=history&on={_day(5)}")
    assert len(seen) <= 16, (len(seen), seen)


def test_what_was_deleted_since_keeps_its_name(session, login):
    sector = make_sector(name="Lĩnh vực sẽ mất")
    other = make_sector(name="Lĩnh vực khác")
    procedure = make_procedure(sector=sector).procedure
    session.flush()
    procedure.sector = other
    session.flush()
    session.delete(sector)
    session.flush()
    page = login(Role.catalog_admin).get(f"/procedure/show/{procedure.id}?tab=history").text
    assert "Lĩnh vực sẽ mất" in page
    assert "#" + str(sector.id) not in page
    assert session.get(Sector, other.id) is not None


def test_the_record_and_the_auditor_are_told_in_the_same_words(session, login):
    sector = make_sector(name="Cũ")
    client = login(Role.catalog_admin)
    client.post(f"/sector/edit/{sector.id}", data={"code": sector.code, "name": "Mới", "is_active": "y"})
    told = f"{vi('before:')} </span>Cũ</del>"
    assert told in client.get(f"/sector/show/{sector.id}?tab=history").text
    assert told in login(Role.auditor).get("/audit/?kind=sector").text


def test_as_of_leaves_the_record_as_it_is(session, long_ago):
    with long_ago():
        sector = make_sector(name="Một")
    sector.name = "Hai"
    session.flush()
    past = as_of(session, sector, today() - timedelta(days=5))
    words = [text for _title, pairs in past.sections for _label, text in pairs]
    assert "Một" in words
    assert sector.name == "Hai"
    assert not session.dirty
