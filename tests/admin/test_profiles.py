"""The page of the regulation in force: in words, what is unset, and switching after a preview."""

from datetime import date

import pytest
import sqlalchemy as sa

from app.errors import Conflict
from app.history import HistoryEntry
from app.models import Profile, ProfileParameter
from app.permissions import Role
from app.services import profile_page
from tests.regulations.support import enact
from tests.wording import vi


@pytest.fixture
def hue(session):
    return enact(session, "hue_2025")


def other(session, **values):
    profile = Profile(code="khac", name="Quy chế khác", is_active=False)
    profile.parameters = [ProfileParameter(key=key, value=value, valid_from=date(2020, 1, 1), clause="Đ1")
                          for key, value in values.items()]  # fmt: skip
    session.add(profile)
    session.flush()
    return profile


@pytest.mark.parametrize("role", list(Role))
def test_every_officer_reads_it_and_nobody_else(login, hue, role):
    client = login(role)
    answer = client.get("/profiles/")
    if role is Role.citizen:
        assert answer.status_code == 403
        return
    assert answer.status_code == 200
    assert ("/switch" in answer.text) is (role is Role.catalog_admin)
    assert client.get(f"/profiles/{hue.id}/switch").status_code == (200 if role is Role.catalog_admin else 403)


def test_values_are_words_with_clause_origin_and_date(login, hue):
    page = login(Role.auditor).get("/profiles/").text
    for words in ("8 giờ làm việc", "HUE25 Đ7.1", "Từ ngày sau ngày tiếp nhận", "BLDS 2015 Đ147.2",
                  "17/02/2025", vi("Base"), vi("This regulation"), vi("Yes")):  # fmt: skip
        assert words in page, words
    assert "next_opening" not in page


def test_what_nobody_knows_is_listed_with_its_fallback(session, login, hue):
    page = login(Role.catalog_admin).get("/profiles/").text
    assert vi("Parameters without a value") in page
    for words in ("NĐ 118/2025/NĐ-CP", "1/3", "30 ngày", "/profile-parameter/add"):
        assert words in page, words
    assert "/profile-parameter/add" not in login(Role.auditor).get("/profiles/").text
    hue.parameters.append(ProfileParameter(key="extension_max_ratio", value="1/4", valid_from=date(2025, 7, 1)))
    session.flush()
    keys = {line.key for line in profile_page.unset_lines(session, hue)}
    assert "extension_max_ratio" not in keys
    assert "supplement_answer_days" in keys


def test_the_preview_tells_what_changes_and_the_switch_does_it_once(session, login, hue):
    new = other(session, reception_limit_hours=1, lookup_ways=["account"])
    client = login(Role.catalog_admin)
    preview = client.get(f"/profiles/{new.id}/switch").text
    for words in ("8 giờ làm việc", "1 giờ làm việc", vi("In one's own account"), "Quy chế khác"):
        assert words in preview, words
    data = {"instead_of": hue.id, "reason": ""}
    refused = client.post(f"/profiles/{new.id}/switch", data=data)
    assert refused.status_code == 422
    assert session.get(Profile, hue.id).is_active
    for _twice in range(2):
        assert client.post(f"/profiles/{new.id}/switch", data=data | {"reason": "QĐ 9/2026"}).status_code == 302
    assert [row.code for row in session.scalars(sa.select(Profile).where(Profile.is_active))] == ["khac"]
    reasons = session.scalars(sa.select(HistoryEntry.reason).where(HistoryEntry.action == "put_in_force"))
    assert set(reasons) == {"QĐ 9/2026"}


def test_a_switch_after_another_switch_is_looked_at_again(session, actor, hue):
    new = other(session)
    with pytest.raises(Conflict):
        profile_page.put_in_force(session, new, actor(Role.catalog_admin), reason="x", instead_of=new.id)
    assert hue.is_active


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.catalog_admin])
def test_nobody_else_switches(session, login, hue, role):
    new = other(session)
    answer = login(role).post(f"/profiles/{new.id}/switch", data={"instead_of": hue.id, "reason": "x"})
    assert answer.status_code == 403
    assert not session.get(Profile, new.id).is_active


def test_the_generated_form_does_not_switch(session, login, hue):
    new = other(session)
    client = login(Role.catalog_admin)
    assert 'name="is_active"' not in client.get(f"/profile/edit/{new.id}").text
    client.put(f"/api/v1/profile/{new.id}", json={"is_active": True})
    assert not session.get(Profile, new.id).is_active


def test_without_a_profile_the_page_says_what_holds(login):
    answer = login(Role.catalog_admin).get("/profiles/")
    assert (answer.status_code, vi("No profile is in force") in answer.text) == (200, True)


def test_the_number_of_statements_does_not_grow_with_parameters(session, hue, count_queries):
    session.info.clear()
    session.expire_all()
    with count_queries() as few:
        profile_page.lines_of(session, profile_page.get_profile(session, hue.id))
    hue.parameters += [ProfileParameter(key=f"k{n}", value=n, valid_from=date(2025, 1, 1)) for n in range(40)]
    session.flush()
    session.info.clear()
    session.expire_all()
    with count_queries() as many:
        profile_page.lines_of(session, profile_page.get_profile(session, hue.id))
    assert len(many) == len(few)


def test_before_going_live_what_is_unset_is_asked_for(session, login, hue):
    assert {line.key for line in profile_page.unset_now(session)} >= {"extension_max_ratio", "transfer_limit_hours"}
    assert vi("Parameters without a value") in login(Role.system_admin).get("/admin/").text
    for row in [row for row in hue.base.parameters if row.value == "unset"]:
        session.delete(row)
    session.flush()
    session.expire_all()
    assert profile_page.unset_now(session) == []
