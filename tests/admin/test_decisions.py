"""Publication decisions: all or nothing, on their day, once; who may; what the page costs."""

from datetime import timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now, today
from app.errors import Conflict, Invalid, NotAllowed
from app.models import Notice, ProcedureVersion, PublicationDecision
from app.permissions import Role, acting_as
from app.services import publication
from app.services import publication_decisions as decisions
from app.services.catalog import get_published
from app.tasks.publication import publish_due
from tests.applicant.world import pdf
from tests.factories import make_procedure, make_tree, make_user, number

FIT = {"time_limit_value": 2, "time_limit_unit": "working_day"}
PDF = pdf()


@pytest.fixture
def admin(session, actor):
    make_tree()
    with acting_as(actor(Role.catalog_admin)) as who:
        yield who


def make_decision(session, **given):
    values = {"number": f"{number()}/QĐ-UBND", "title": "Công bố danh mục thủ tục hành chính",
              "decided_on": today(), "effective_on": today(), "signer": "Nguyễn Văn Phương",
              "agency": make_tree().root, "state": "draft"}  # fmt: skip
    decision = PublicationDecision(**values | given)
    session.add(decision)
    session.flush()
    return decision


def make_draft(**given):
    values = {"state": "draft", "valid_from": None, "decision_number": None}
    return make_procedure(**values | FIT | given)


def filled(session, admin, **given):
    """A decision with one new, one amended and one repealed procedure, and those three."""
    new, old, gone = make_draft(), make_procedure(**FIT), make_procedure(**FIT)
    next_one = publication.draft_from(session, old, admin)
    decision = make_decision(session, **given)
    told = decisions.add_versions(session, decision, [new.id, next_one.id, gone.id], admin)
    assert [one.refusal for one in told] == ["", "", ""]
    return decision, new, old, next_one, gone


@pytest.fixture
def prepared(session, actor):
    """The same, made by an administrator who has gone home: requests are their visitors' own."""
    make_tree()
    with acting_as(actor(Role.catalog_admin)) as who:
        return filled(session, who)


def test_kinds_follow_what_is_in_force(session, admin):
    decision, *_rest = filled(session, admin)
    assert [item.kind for item in decision.items] == ["new", "amended", "repealed"]


def test_one_act_puts_everything_in_force(session, admin):
    decision, new, old, next_one, gone = filled(session, admin)
    decisions.publish(session, decision, admin)
    yesterday = today() - timedelta(days=1)
    assert (new.state, next_one.state, old.state, gone.state) == (
        "published", "published", "retired", "retired")  # fmt: skip
    assert old.valid_to == gone.valid_to == yesterday
    assert new.valid_from == next_one.valid_from == today()
    assert next_one.decision_number == decision.number
    assert decision.state == "published"
    with pytest.raises(NotAllowed):
        decisions.publish(session, decision, admin)
    with pytest.raises(Conflict):
        decisions.add_versions(session, decision, [make_draft().id], admin)


def test_one_fault_keeps_everything_back_and_all_faults_are_named(session, admin):
    decision, new, old, next_one, gone = filled(session, admin)
    new.process, next_one.form = None, None
    session.flush()
    with pytest.raises(Invalid) as refused:
        decisions.publish(session, decision, admin)
    text = str(refused.value)
    assert new.procedure.code in text
    assert next_one.procedure.code in text
    assert (new.state, old.state, gone.state, decision.state) == ("draft", "published", "published", "draft")


@pytest.mark.parametrize("name", ["number", "decided_on", "effective_on", "signer", "agency"])
def test_a_decision_without_its_facts_publishes_nothing(session, admin, name):
    decision, new, *_rest = filled(session, admin)
    setattr(decision, name, None)
    session.flush()
    with pytest.raises(Invalid):
        decisions.publish(session, decision, admin)
    assert new.state == "draft"


def test_an_empty_decision_publishes_nothing(session, admin):
    with pytest.raises(Invalid):
        decisions.publish(session, make_decision(session), admin)


def test_a_procedure_stands_in_one_open_decision(session, admin):
    decision, new, *_rest = filled(session, admin)
    told = decisions.add_versions(session, make_decision(session), [new.id], admin)
    assert decision.number in told[0].refusal
    decisions.remove_item(session, decision, decision.items[0].id, admin)
    told = decisions.add_versions(session, make_decision(session), [new.id, new.id], admin)
    assert [one.refusal for one in told] == [""]


TOMORROW = timedelta(days=1)


def test_a_decision_of_tomorrow_waits_and_is_published_once_on_its_day(session, admin):
    decision, new, old, next_one, gone = filled(session, admin, effective_on=today() + TOMORROW)
    with pytest.raises(Invalid):
        decisions.publish(session, decision, admin)
    decisions.schedule(session, decision, admin)
    assert (decision.state, new.state, old.state) == ("scheduled", "approved", "published")
    session.commit()
    assert publish_due() == 0
    with acting_at(now() + TOMORROW):
        assert publish_due() == 1
        assert publish_due() == 0
        code = next_one.procedure.code
        assert get_published(session, code).number == next_one.number
    session.expire_all()
    assert (decision.state, old.state, old.valid_to) == ("published", "retired", today())
    assert new.valid_from == today() + TOMORROW
    assert len(_notices(session, "done")) == 1


def test_a_worker_that_stood_still_publishes_as_of_the_day(session, admin):
    decision, new, old, *_rest = filled(session, admin, effective_on=today() + TOMORROW)
    decisions.schedule(session, decision, admin)
    session.commit()
    with acting_at(now() + 3 * TOMORROW):
        assert publish_due() == 1
    session.expire_all()
    assert (new.valid_from, old.valid_to) == (today() + TOMORROW, today())


def test_a_fault_on_the_day_changes_nothing_is_told_and_tried_again(session, admin):
    decision, new, old, *_rest = filled(session, admin, effective_on=today() + TOMORROW)
    decisions.schedule(session, decision, admin)
    desk, tree = make_tree().commune.desk, make_tree()
    tree.commune.desk = None
    session.commit()
    with acting_at(now() + TOMORROW):
        assert publish_due() == 0
        assert publish_due() == 0
        session.expire_all()
        assert (decision.state, old.state) == ("scheduled", "published")
        assert new.procedure.code in decision.fault
        assert len(_notices(session, f"{today():%Y%m%d}")) == 1
        tree.commune.desk = desk
        session.commit()
        assert publish_due() == 1
    session.expire_all()
    assert decision.fault is None


def _notices(session, ending):
    return session.scalars(sa.select(Notice).where(Notice.key.endswith(ending))).all()


def test_what_waits_is_frozen_until_taken_back(session, admin):
    decision, new, *_rest = filled(session, admin, effective_on=today() + TOMORROW)
    decisions.schedule(session, decision, admin)
    with pytest.raises(Conflict):
        publication.send_back(session, new, "sửa", admin)
    with pytest.raises(Invalid):
        new.check(admin)
    with pytest.raises(Invalid):
        decision.check(admin)
    with pytest.raises(Invalid):
        decisions.unschedule(session, decision, "", admin)
    decisions.unschedule(session, decision, "Đính chính", admin)
    publication.send_back(session, new, "sửa", admin)
    assert (decision.state, new.state) == ("draft", "draft")


def test_what_changed_meanwhile_is_a_fault(session, admin):
    decision, new, old, next_one, gone = filled(session, admin)
    publication.retire(session, gone, "đã bãi bỏ", admin)
    publication.retire(session, old, "đã bãi bỏ", admin)
    with pytest.raises(Invalid) as refused:
        decisions.publish(session, decision, admin)
    assert gone.procedure.code in str(refused.value)
    assert next_one.procedure.code in str(refused.value)


@pytest.mark.parametrize("role", list(Role))
def test_rights_on_every_path(session, login, role, prepared):
    decision, new, *_rest = prepared
    client = login(role)
    base = f"/admin/decisions/{decision.id}"
    is_officer, is_admin = role is not Role.citizen, role is Role.catalog_admin
    assert client.get(base).status_code == (200 if is_officer else 403)
    assert client.get(f"{base}/choose").status_code == (200 if is_admin else 403)
    client.post(f"{base}/remove/{decision.items[2].id}")
    client.post(f"{base}/add", data={"version": [make_draft().id]})
    client.post(f"{base}/file", data={"file": (BytesIO(PDF), "qd.pdf")},
                content_type="multipart/form-data")  # fmt: skip
    client.post(f"{base}/publish")
    found = session.get(PublicationDecision, decision.id)
    assert (found.state, found.file_id is not None) == (
        ("published", True) if is_admin else ("draft", False))  # fmt: skip
    assert [item.kind for item in found.items] == (
        ["new", "amended", "new"] if is_admin else ["new", "amended", "repealed"])  # fmt: skip
    if not is_admin:
        for name in ("publish", "schedule", "unschedule", "add", "file"):
            assert client.post(f"{base}/{name}").status_code == 403


def test_a_visitor_reads_only_what_is_published(session, client, actor, prepared):
    from app.services.files import store_upload

    decision, new, *_rest = prepared
    decision.file, decision.file_name = store_upload(session, "qd.pdf", PDF, max_mb=5), "qd.pdf"
    session.flush()
    address = f"/thu-tuc/quyet-dinh/{decision.id}"
    assert client.get(address).status_code == 404
    assert client.get(f"/admin/decisions/{decision.id}").status_code == 302
    with acting_as(actor(Role.catalog_admin)) as who:
        decisions.publish(session, decision, who)
    assert client.get(address).data == PDF
    page = client.get(f"/thu-tuc/{new.procedure.code}").text
    for fact in (decision.number, decision.title, decision.signer, address):
        assert fact in page


def test_forged_and_absent_addresses(session, login, prepared):
    decision, *_rest = prepared
    client = login(Role.catalog_admin)
    assert client.get("/admin/decisions/999999").status_code == 404
    assert client.post("/admin/decisions/999999/publish").status_code == 404
    assert client.post(f"/admin/decisions/{decision.id}/delete").status_code == 404
    assert client.post(f"/admin/decisions/{decision.id}/publish", csrf=False).status_code == 400
    client.post(f"/admin/decisions/{decision.id}/add", data={"version": ["x", "-1", "999999", "٣"]})
    client.post(f"/admin/decisions/{decision.id}/file")
    assert session.get(PublicationDecision, decision.id).state == "draft"


@pytest.mark.parametrize("rows", [2, 12])
def test_the_page_costs_the_same_whatever_its_procedures(session, login, count_queries, actor, rows):
    decision = make_decision(session)
    with acting_as(actor(Role.catalog_admin)) as who:
        decisions.add_versions(session, decision, [make_draft().id for _ in range(rows)], who)
    client = login(Role.catalog_admin)
    client.get(f"/admin/decisions/{decision.id}")
    for tail in ("", "/choose"):
        with count_queries() as seen:
            assert client.get(f"/admin/decisions/{decision.id}{tail}").status_code == 200
        assert len(seen) <= 30, (tail, len(seen), seen)


def test_a_decision_is_entered_and_worked_on_in_the_browser(session, login):
    root, draft = make_tree().root, make_draft()
    client = login(make_user(Role.catalog_admin, root))
    made = client.post("/publication-decision/add", data={
        "number": "15/QĐ-UBND", "title": "Công bố", "decided_on": str(today()),
        "effective_on": str(today()), "agency": root.id, "signer": "Nguyễn Văn A",
    })  # fmt: skip
    assert made.status_code == 302
    decision = session.scalars(sa.select(PublicationDecision)).one()
    assert f"/admin/decisions/{decision.id}" in client.get(made.headers["Location"]).text
    chosen = client.get(f"/admin/decisions/{decision.id}/choose?q={draft.procedure.code}")
    assert f'value="{draft.id}"' in chosen.text
    client.post(f"/admin/decisions/{decision.id}/add", data={"version": [draft.id]})
    assert "15/QĐ-UBND" in client.get(f"/admin/decisions/{decision.id}").text
    client.post(f"/admin/decisions/{decision.id}/publish")
    assert session.get(ProcedureVersion, draft.id).state == "published"
