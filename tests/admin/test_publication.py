"""Publishing: what is asked first, what it ends, and that dossiers keep their own version."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import today
from app.errors import Conflict, Invalid, NotAllowed
from app.history import HistoryEntry
from app.models import ProcedureVersion
from app.permissions import Role, acting_as
from app.services import publication
from app.services.fee_checks import fee_doubts
from app.services.publication_checks import checks, limit_minutes
from app.views.publication import EXAMINERS
from tests.factories import STEPS, make_form, make_procedure, make_process, make_tree
from tests.leaders.dossiers import add_dossier

# The factory's steps take 960 working minutes: two days of eight hours.
FIT = {"time_limit_value": 2, "time_limit_unit": "working_day"}


@pytest.fixture
def admin(session, actor):
    make_tree()
    with acting_as(actor(Role.catalog_admin)) as who:
        yield who


def make_draft(**given):
    return make_procedure(**({"state": "draft", "valid_from": None} | FIT | given))


def faults(session, version):
    return [check.text for check in checks(session, version) if check.is_fault]


def test_a_complete_draft_is_published_from_today(session, admin):
    draft = make_draft()
    assert faults(session, draft) == []
    publication.publish(session, draft, admin)
    assert (draft.state, draft.valid_from) == ("published", today())


@pytest.mark.parametrize("given", [
    {"decision_number": None}, {"decision_number": "  "}, {"form": None, "form_id": None},
    {"process": None, "process_id": None}, {"valid_from": today() + timedelta(days=2)},
    {"valid_from": today(), "valid_to": today() - timedelta(days=1)},
    {"time_limit_value": 3}, {"agency_level": "province"},
], ids=str)  # fmt: skip
def test_what_is_missing_forbids_publishing(session, admin, given):
    draft = make_draft(**given)
    assert len(faults(session, draft)) == 1
    with pytest.raises(Invalid):
        publication.publish(session, draft, admin)
    assert draft.state == "draft"


@pytest.mark.parametrize(("of_fee", "of_procedure", "amount", "level"), [
    (None, None, 50_000, "fault"), ("", "  ", 50_000, "fault"), (None, "Luật Hộ tịch", 50_000, "warning"),
    ("NQ 12/2024/NQ-HĐND", None, 50_000, None), (None, None, 0, None),
])  # fmt: skip
def test_no_money_is_demanded_without_a_legal_basis(session, admin, of_fee, of_procedure, amount, level):
    draft = make_draft(legal_basis=of_procedure)
    draft.fees[0].amount, draft.fees[0].legal_basis = amount, of_fee
    session.flush()
    found = [one for text, one in fee_doubts(draft) if "căn cứ pháp lý" in text]
    assert found == ([level] if level else [])
    assert ("fault" in found) == any("căn cứ pháp lý" in text for text in faults(session, draft))
    if level == "fault":
        with pytest.raises(Invalid):
            publication.publish(session, draft, admin)


def test_a_form_without_fields_and_a_dossier_without_papers_are_faults(session, admin):
    draft = make_draft(form=make_form(fields=()))
    draft.components.clear()
    session.flush()
    assert len(faults(session, draft)) == 2


def test_a_process_nobody_signs_is_a_fault(session, admin):
    steps = [step for step in STEPS if step[1] not in {"sign", "number_and_seal"}]
    limit = {"time_limit_value": 11, "time_limit_unit": "working_hour"}
    draft = make_draft(process=make_process(steps), **limit)
    assert len(faults(session, draft)) == 1


def test_an_agency_without_a_desk_is_a_fault(session, admin):
    tree = make_tree()
    tree.commune.desk = None
    session.flush()
    assert tree.commune.name in faults(session, make_draft())[0]


def test_missing_officers_only_warn(session, admin):
    draft = make_draft(agency=make_tree().department, agency_level="province")
    levels = [check.level for check in checks(session, draft)]
    assert "warning" in levels
    assert "fault" not in levels


@pytest.mark.parametrize(("unit", "value", "same_day", "expected"), [
    ("working_day", 3, False, 1440), ("working_hour", 4, False, 240), ("day", 30, False, None),
    ("month", 1, False, None), ("hour", 24, False, None), ("working_day", 1, True, None),
])  # fmt: skip
def test_only_limits_in_working_time_are_compared(session, unit, value, same_day, expected):
    version = ProcedureVersion(time_limit_unit=unit, time_limit_value=value, is_same_day=same_day)
    assert limit_minutes(version) == expected


def test_publishing_ends_the_version_before_and_leaves_its_dossiers(session, admin):
    old = make_procedure(**FIT)
    dossier = add_dossier("in time", version=old)
    draft = publication.draft_from(session, old, admin)
    draft.decision_number = "99/QĐ-UBND"
    ended = publication.publish(session, draft, admin).ended
    assert ended is old
    assert (old.state, old.valid_to) == ("retired", today() - timedelta(days=1))
    assert dossier.version is old
    acts = dict(session.execute(sa.select(HistoryEntry.action, HistoryEntry.reason).where(
        HistoryEntry.action.in_(["publish", "retire"]))).all())  # fmt: skip
    assert acts["publish"] == "99/QĐ-UBND"
    assert set(acts) == {"publish", "retire"}


def test_a_version_of_this_very_day_ends_no_earlier_than_it_began(session, admin):
    old = make_procedure(valid_from=today(), **FIT)
    draft = publication.draft_from(session, old, admin)
    draft.decision_number = "1"
    publication.publish(session, draft, admin)
    assert old.valid_to == today()


def test_a_draft_takes_over_content_papers_and_fees_but_no_decision(session, admin):
    old = make_procedure(subjects="Mọi công dân", **FIT)
    draft = publication.draft_from(session, old, admin)
    assert (draft.state, draft.number) == ("draft", old.number + 1)
    for name in ("subjects", "result_type_id", "time_limit_value"):
        assert getattr(draft, name) == getattr(old, name), name
    assert [f.key for f in draft.form.fields()] == [f.key for f in old.form.fields()]
    assert [s.name for s in draft.process.steps] == [s.name for s in old.process.steps]
    assert draft.form is not old.form
    assert draft.process is not old.process
    assert [c.name for c in draft.components] == [c.name for c in old.components]
    assert [f.amount for f in draft.fees] == [f.amount for f in old.fees]
    assert {c.id for c in draft.components}.isdisjoint({c.id for c in old.components})
    assert draft.decision_number is draft.valid_from is None
    with pytest.raises(Conflict):
        publication.draft_from(session, old, admin)


def test_a_version_is_ended_with_a_reason_only(session, admin):
    version = make_procedure()
    with pytest.raises(Invalid):
        publication.retire(session, version, "  ", admin)
    publication.retire(session, version, "Bãi bỏ theo 12/QĐ-UBND", admin)
    assert (version.state, version.valid_to) == ("retired", today())


@pytest.mark.parametrize("state", ["draft", "published", "retired"])
def test_states_only_move_forward(session, admin, state):
    version = make_procedure(state=state, valid_from=None, **FIT)
    if state != "draft":
        with pytest.raises(NotAllowed):
            publication.publish(session, version, admin)
    if state != "published":
        with pytest.raises(NotAllowed):
            publication.retire(session, version, "vì", admin)


@pytest.mark.parametrize("role", list(Role))
def test_only_catalog_administrators_publish(session, login, role):
    make_tree()
    draft = make_draft()
    client = login(role)
    for path in ("/admin/versions/", f"/admin/versions/{draft.id}"):
        expected = 200 if role in EXAMINERS else 403
        assert client.get(path).status_code == expected
    client.post(f"/admin/versions/{draft.id}/publish")
    expected = "published" if role is Role.catalog_admin else "draft"
    assert session.get(ProcedureVersion, draft.id).state == expected


def test_the_page_says_what_is_missing_and_offers_no_button(session, login):
    make_tree()
    draft = make_draft(decision_number=None)
    client = login(Role.catalog_admin)
    text = client.get(f"/admin/versions/{draft.id}").text
    assert f"/admin/versions/{draft.id}/publish" not in text
    client.post(f"/admin/versions/{draft.id}/publish")  # forged
    assert session.get(ProcedureVersion, draft.id).state == "draft"
    assert client.post(f"/admin/versions/{draft.id}/publish", csrf=False).status_code == 400


def test_the_way_to_a_version_names_it(session, login):
    make_tree()
    version = make_procedure(state="draft")
    page = login(Role.catalog_admin).get(f"/admin/versions/{version.id}").text
    way = page.partition('class="breadcrumb')[2].partition("</nav>")[0]
    assert version.name in way
    assert version.procedure.code not in way


def test_from_published_to_next_draft_by_the_buttons(session, login):
    make_tree()
    old = make_procedure(**FIT)
    client = login(Role.catalog_admin)
    response = client.post(f"/admin/versions/{old.id}/draft")
    number = int(response.headers["Location"].rsplit("/", 1)[1])
    assert number != old.id
    assert session.get(ProcedureVersion, number).state == "draft"
    again = client.post(f"/admin/versions/{old.id}/draft")
    assert again.headers["Location"].endswith(f"/{old.id}")
    client.post(f"/admin/versions/{old.id}/retire", data={"reason": ""})
    assert session.get(ProcedureVersion, old.id).state == "published"
    client.post(f"/admin/versions/{old.id}/retire", data={"reason": "Bãi bỏ"})
    assert session.get(ProcedureVersion, old.id).state == "retired"


@pytest.mark.parametrize("path", ["/admin/versions/0", "/admin/versions/99999999999999999999"])
def test_absent_versions_are_not_found(login, path):
    assert login(Role.catalog_admin).get(path).status_code == 404
    assert login(Role.catalog_admin).post(f"{path}/publish").status_code == 404
