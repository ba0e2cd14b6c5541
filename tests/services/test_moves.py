"""Small life cycles: every state × act × role × place, guards, what is kept and who is told."""

import re
from datetime import date, timedelta
from itertools import product

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now, today
from app.errors import Invalid, NotAllowed
from app.models import (
    Notice,
    OnlineService,
    ProcedureReport,
    ProcessApproval,
)
from app.permissions import Role, acting_as
from app.services.actors import build_actor
from app.services.governance_reminders import remind_governance
from app.services.moves import CYCLES, coming, make_move, may_make, offered
from app.services.online_services import is_late, last_trial_day
from app.services.procedure_reports import NewReport, send_report
from tests.factories import make_procedure, make_tree, make_user
from tests.wording import vi

OFFICERS = [role for role in Role if role is not Role.citizen]
OFFICE = {Role.catalog_admin, Role.control_focal_point}
HEADS = {Role.division_head, Role.agency_head}
# Who may make each act from the province, and from the record's own agency.
PROVINCE = {
    "process_approval": {
        "submit": HEADS, "examine": OFFICE, "send_back": OFFICE,
        "approve": {Role.catalog_admin, Role.agency_head}, "refuse": {Role.agency_head},
        "configure": HEADS | {Role.catalog_admin}, "pass_test": OFFICE | {Role.system_admin},
        "fail_test": OFFICE | {Role.system_admin}, "assign": HEADS,
    },
    "procedure_report": {"accept": OFFICE, "answer": OFFICE, "refuse": OFFICE},
    "online_service": {
        "appraise": OFFICE, "refuse": OFFICE | {Role.agency_head},
        "decide": {Role.catalog_admin, Role.agency_head}, "begin_trial": OFFICE,
        "fail_trial": OFFICE, "launch": OFFICE, "stop": OFFICE,
    },
}  # fmt: skip
AGENCY = {"process_approval": {"submit": HEADS, "configure": HEADS, "assign": HEADS},
          "procedure_report": {}, "online_service": {}}  # fmt: skip


def make_row(session, table, **given):
    tree, version = make_tree(), make_procedure(state="draft")
    values = {
        "process_approval": lambda: {"title": "Quy trình", "process": version.process},
        "procedure_report": lambda: {"kind": "wrong", "title": "Sai", "content": "Sai phí",
                                     "author_name": "A", "due_at": now(),
                                     "procedure": version.procedure},
        "online_service": lambda: {"procedure": version.procedure, "year": 2026},
    }[table]()  # fmt: skip
    row = CYCLES[table].model(**{"agency": tree.department} | values | given)
    session.add(row)
    session.flush()
    return row


def person(session, role, agency):
    return build_actor(session, make_user(role, agency), ip="192.0.2.7")


ACTS = [(table, step.name) for table, cycle in CYCLES.items()
        for step in cycle.workflow.transitions if None not in step.sources]  # fmt: skip


@pytest.mark.parametrize(("table", "name"), ACTS)
def test_each_act_is_open_to_its_roles_at_their_place_only(session, table, name):
    tree, row = make_tree(), make_row(session, table)
    cycle = CYCLES[table]
    step = cycle.workflow.find(name)
    for place, expected in (
        (tree.root, PROVINCE[table][name]), (tree.department, AGENCY[table].get(name, set())),
        (tree.commune, set()),
    ):  # fmt: skip
        open_to = {role for role in OFFICERS if may_make(cycle, row, step, person(session, role, place))}
        assert open_to == expected, place.name


@pytest.mark.parametrize(("table", "name"), ACTS)
def test_each_act_is_open_in_its_states_only(session, table, name):
    cycle, row = CYCLES[table], make_row(session, table)
    step = cycle.workflow.find(name)
    root = make_tree().root
    actors = [person(session, role, root) for role in PROVINCE[table][name]]
    for state, who in product(cycle.workflow.states, actors):
        row.state = state
        session.flush()
        is_open = state in step.sources
        assert (step in coming(row)) is is_open
        assert (step in offered(row, who)) is is_open
        if not is_open:
            with acting_as(who), pytest.raises(NotAllowed):
                make_move(session, row, name, who, "lý do")
    with pytest.raises(LookupError):
        make_move(session, row, "nonsense", actors[0], "")


def test_a_process_goes_the_whole_way_of_article_16(session):
    tree = make_tree()
    row = make_row(session, "process_approval")
    for role, agency in ((Role.specialist, tree.department), (Role.agency_head, tree.department),
                         (Role.clerk, tree.department), (Role.desk_officer, tree.centre)):  # fmt: skip
        make_user(role, agency)
    head, office = person(session, Role.agency_head, tree.department), person(
        session, Role.control_focal_point, tree.root)  # fmt: skip
    chairman, catalog = (person(session, role, tree.root) for role in (Role.agency_head, Role.catalog_admin))
    course = [(head, "submit", ""), (office, "send_back", "Thiếu bước thẩm định"), (head, "submit", ""),
              (office, "examine", "Đạt"), (chairman, "approve", ""), (head, "configure", ""),
              (office, "fail_test", "Lỗi bước 2"), (head, "configure", ""),
              (office, "pass_test", "Đạt trên Cổng DVCQG"), (head, "assign", "")]  # fmt: skip
    for who, name, remark in course:
        if name == "approve":
            with acting_as(who), pytest.raises(Invalid):
                make_move(session, row, name, who, remark)
            row.decision_number, row.decision_on = "12/QĐ-UBND", today()
        with acting_as(who):
            make_move(session, row, name, who, remark)
    assert row.state == "in_use"
    assert [(s.transition, s.by_name, s.remark) for s in row.stages] == [
        (name, who.name, remark or None) for who, name, remark in course]  # fmt: skip
    assert row.stages[4].by_agency == tree.root.name
    with pytest.raises(Invalid):
        row.check(head)
    told = session.scalars(sa.select(Notice.user_id).where(Notice.key.like("process_approval:%:submit:%")))
    assert {catalog.user_id, office.user_id} == set(told)
    told = session.scalars(sa.select(Notice.user_id).where(Notice.key.like("process_approval:%:examine:%")))
    assert set(told) == {chairman.user_id}


def test_a_process_with_faults_or_without_version_or_officers_stays(session):
    tree = make_tree()
    row = make_row(session, "process_approval")
    head = person(session, Role.agency_head, tree.department)
    row.process.steps = []
    session.flush()
    with acting_as(head), pytest.raises(Invalid):
        make_move(session, row, "submit", head, "")
    unstaffed = make_row(session, "process_approval", state="tested")
    with acting_as(head), pytest.raises(Invalid):  # nobody holds the roles at the department
        make_move(session, unstaffed, "assign", head, "")
    other = make_row(session, "process_approval", state="approved")
    session.execute(sa.text("UPDATE procedure_version SET process_id = NULL"))
    with acting_as(head), pytest.raises(Invalid):
        make_move(session, other, "configure", head, "")


@pytest.mark.parametrize(("table", "name"), [
    (table, step.name) for table, cycle in CYCLES.items()
    for step in cycle.workflow.transitions if step.needs_reason])  # fmt: skip
def test_acts_that_need_a_reason_are_refused_without(session, table, name):
    cycle = CYCLES[table]
    step = cycle.workflow.find(name)
    row = make_row(session, table, state=next(iter(step.sources)))
    who = person(session, next(iter(PROVINCE[table][name])), make_tree().root)
    with acting_as(who), pytest.raises(Invalid) as refused:
        make_move(session, row, name, who, "  ")
    assert "reason" in refused.value.fields


# Reports.


def wrong(version, **given):
    return NewReport(**{"kind": "wrong", "procedure_code": version.procedure.code,
                        "content": "Phí đã thay đổi"} | given)  # fmt: skip


def test_a_report_is_tracked_to_its_answer(session):
    tree, version = make_tree(), make_procedure()
    admin = person(session, Role.catalog_admin, tree.root)
    officer = person(session, Role.desk_officer, tree.desk)
    with acting_as(officer):
        report = send_report(session, wrong(version), officer)
        assert send_report(session, wrong(version), officer) is report
    assert report.agency is tree.desk
    assert timedelta(days=4) < report.due_at - report.sent_at < timedelta(days=16)
    assert session.scalars(sa.select(Notice.user_id)).all() == [admin.user_id]
    with acting_as(officer), pytest.raises(NotAllowed):
        make_move(session, report, "answer", officer, "tự trả lời")
    with acting_as(admin):
        make_move(session, report, "answer", admin, "Đã sửa mức phí ngày 22/11")
    assert (report.state, report.answer, report.answered_by) == (
        "answered", "Đã sửa mức phí ngày 22/11", admin.name)  # fmt: skip
    bodies = session.scalars(sa.select(Notice.body).where(Notice.user_id == officer.user_id)).all()
    assert bodies == ["Đã sửa mức phí ngày 22/11"]


@pytest.mark.parametrize(("given", "field"), [
    ({"kind": "other"}, "kind"), ({"content": " "}, "content"), ({"procedure_code": ""}, "procedure_code"),
    ({"procedure_code": "9.999999"}, "procedure_code"), ({"content": "x" * 5001}, "content"),
    ({"kind": "missing", "procedure_code": "", "title": " "}, "title"),
    ({"kind": "missing", "procedure_code": "", "title": "x" * 501}, "title"),
])  # fmt: skip
def test_a_faulty_report_is_refused_naming_the_field(session, given, field):
    officer = person(session, Role.desk_officer, make_tree().desk)
    with acting_as(officer), pytest.raises(Invalid) as refused:
        send_report(session, wrong(make_procedure(), **given), officer)
    assert field in refused.value.fields
    assert session.scalar(sa.select(sa.func.count(ProcedureReport.id))) == 0


def test_a_missing_procedure_is_reported_by_name(session):
    officer = person(session, Role.specialist, make_tree().commune)
    given = NewReport(kind="missing", title="Cấp bản sao trích lục", content="Có hiệu lực từ 01/11")
    with acting_as(officer):
        report = send_report(session, given, officer)
    assert (report.procedure, report.title) == (None, "Cấp bản sao trích lục")


def test_late_reports_and_ending_trials_are_told_once(session):
    tree = make_tree()
    admin = person(session, Role.catalog_admin, tree.root)
    head = person(session, Role.agency_head, tree.department)
    make_row(session, "procedure_report", due_at=now() - timedelta(hours=1))
    make_row(session, "procedure_report", due_at=now() + timedelta(days=9))
    make_row(session, "online_service", state="trial", trial_from=today(),
             trial_to=today() + timedelta(days=5))  # fmt: skip
    make_row(session, "online_service", state="live", trial_to=today())
    assert remind_governance(session) == 2
    assert remind_governance(session) == 0
    users = session.scalars(sa.select(Notice.user_id).where(Notice.key.like("trial:%"))).all()
    assert set(users) == {admin.user_id, head.user_id}
    with acting_at(now() + timedelta(days=6)):
        assert remind_governance(session) == 1  # the trial is over


# The online-service list.


@pytest.mark.parametrize(("first", "last"), [
    (date(2026, 3, 1), date(2026, 5, 1)), (date(2025, 12, 31), date(2026, 2, 28)),
    (date(2026, 11, 15), date(2027, 1, 15)), (date(2023, 12, 30), date(2024, 2, 29)),
])  # fmt: skip
def test_a_trial_lasts_two_months_at_most(session, first, last):
    assert last_trial_day(first) == last
    admin = person(session, Role.catalog_admin, make_tree().root)
    row = make_row(session, "online_service", state="decided", trial_from=first,
                   trial_to=last + timedelta(days=1))  # fmt: skip
    with acting_as(admin), pytest.raises(Invalid):
        make_move(session, row, "begin_trial", admin, "")
    row.trial_to = last
    with acting_as(admin):
        make_move(session, row, "begin_trial", admin, "")
    assert row.state == "trial"


def test_a_proposal_needs_one_criterion_and_a_decision(session):
    admin = person(session, Role.catalog_admin, make_tree().root)
    row = make_row(session, "online_service")
    with acting_as(admin):
        with pytest.raises(Invalid):
            make_move(session, row, "appraise", admin, "Đủ điều kiện")
        row.many_papers = True
        make_move(session, row, "appraise", admin, "Đủ điều kiện")
        with pytest.raises(Invalid):
            make_move(session, row, "decide", admin, "")
        row.decision_number, row.decision_on = "3/QĐ-UBND", today()
        make_move(session, row, "decide", admin, "")
    assert row.state == "decided"
    head = person(session, Role.agency_head, make_tree().department)
    with pytest.raises(Invalid):
        row.check(head)


def test_proposals_are_due_before_15_february(session):
    row = OnlineService(year=2026)
    assert not is_late(row, date(2026, 2, 14))
    assert is_late(row, date(2026, 2, 15))


# In the browser.


def test_the_page_shows_where_it_stands_and_makes_the_act(session, login):
    tree = make_tree()
    row = make_row(session, "process_approval")
    address = f"/process-approval/show/{row.id}"
    move = f"/moves/process_approval/{row.id}/submit"
    assert move in login(Role.division_head, tree.department).get(address).text
    office = login(Role.control_focal_point, tree.root)
    text = office.get(address).text
    assert move not in text
    assert "HUE25 Đ16.1" in text
    office.post(move)
    assert session.get(ProcessApproval, row.id).state == "drafting"
    head = login(Role.division_head, tree.department)
    assert head.post(move).status_code == 302
    head.post(move)  # doubled
    found = session.get(ProcessApproval, row.id)
    assert (found.state, len(found.stages)) == ("submitted", 1)


def test_the_way_to_the_approval_leads_from_the_process(session, login):
    tree = make_tree()
    row = make_row(session, "process_approval")
    session.commit()
    head = login(Role.division_head, tree.department)
    assert f"/process/show/{row.process_id}#approvals" in head.get(f"/process-designer/{row.process_id}").text
    page = head.get(f"/process/show/{row.process_id}").text
    assert f"/process-approval/show/{row.id}" in page
    assert f"/process-approval/add?process={row.process_id}" in page


def test_a_new_approval_begins_with_its_title_and_the_agency_that_draws_the_process(session, login):
    tree = make_tree()
    row = make_row(session, "process_approval")
    process, name = row.process, row.process.name
    session.commit()
    address = f"/process-approval/add?process={process.id}"
    title = vi("Approval of: %(process)s", process=name)
    page = login(Role.division_head, tree.department).get(address).text
    assert f">\n{title}</textarea>" in page
    assert _chosen(page, "agency") == tree.department.id
    assert _chosen(login(Role.catalog_admin).get(address).text, "agency") is None
    process.agency = tree.commune
    session.commit()
    assert _chosen(login(Role.catalog_admin).get(address).text, "agency") == tree.commune.id


def _chosen(page, name):
    found = re.search(rf'<select[^>]* name="{name}"[^>]*>.*?</select>', page, re.DOTALL)[0]
    chosen = re.search(r'<option value="(\d+)" selected', found)
    return int(chosen[1]) if chosen else None


def test_the_process_that_is_judged_is_a_click_away_for_who_may_see_it(session, login):
    version = make_procedure(state="draft")
    row = make_row(session, "process_approval", process=version.process)
    address = f"/process-approval/show/{row.id}"
    designer, rehearsal = f'"/process-designer/{row.process_id}"', f'"/process-rehearsal/{row.process_id}"'
    office, auditor = login(Role.catalog_admin).get(address).text, login(Role.auditor).get(address).text
    assert designer in office
    assert rehearsal in office
    assert designer in auditor
    assert rehearsal not in auditor


def test_the_page_says_what_an_act_lacks_before_it_is_made(session, login):
    tree = make_tree()
    row = make_row(session, "process_approval", state="examined")
    chairman = login(Role.agency_head, tree.root)
    address, lack = f"/process-approval/show/{row.id}", "nhập số và ngày quyết định phê duyệt"
    assert lack in chairman.get(address).text
    session.get(ProcessApproval, row.id).decision_number = "12/QĐ-UBND"
    session.get(ProcessApproval, row.id).decision_on = date(2026, 11, 20)
    session.commit()
    assert lack not in chairman.get(address).text


@pytest.mark.parametrize("role", OFFICERS)
def test_records_of_other_agencies_are_not_there(session, login, role):
    tree = make_tree()
    client = login(role, tree.commune)
    for table, name in (("process_approval", "submit"), ("procedure_report", "accept"),
                        ("online_service", "appraise")):  # fmt: skip
        row = make_row(session, table)
        slug = table.replace("_", "-")
        assert client.get(f"/{slug}/show/{row.id}").status_code in {403, 404}
        assert client.post(f"/moves/{table}/{row.id}/{name}").status_code == 404
        assert session.get(CYCLES[table].model, row.id).state == next(iter(CYCLES[table].workflow.initial))


def test_forged_addresses_are_not_there(session, login, client):
    row = make_row(session, "online_service")
    assert client.post(f"/moves/online_service/{row.id}/appraise").status_code == 302  # to the log-in
    admin = login(Role.catalog_admin)
    for tail in ("nonsense/1/accept", f"online_service/{row.id}/nonsense", "online_service/999999/appraise",
                 f"dossier/{row.id}/accept"):  # fmt: skip
        assert admin.post(f"/moves/{tail}").status_code == 404
    assert admin.post(f"/moves/online_service/{row.id}/appraise", csrf=False).status_code == 400


@pytest.mark.parametrize("role", list(Role))
def test_who_reports_from_a_procedures_page(session, login, role):
    from app.views.moves import ProcedureReportingView

    version = make_procedure()
    client = login(role)
    may = role in ProcedureReportingView.roles["use"]
    assert ("/procedure-reporting/?thu_tuc=" in client.get(f"/thu-tuc/{version.procedure.code}").text) is may
    assert client.get("/procedure-reporting/").status_code == (200 if may else 403)
    data = {"kind": "wrong", "procedure_code": version.procedure.code, "content": "Sai thời hạn"}
    bad = client.post("/procedure-reporting/", data=data | {"content": "", "title": "<b>giữ</b>"})
    assert bad.status_code == (422 if may else 403)
    if may:
        assert "&lt;b&gt;giữ&lt;/b&gt;" in bad.text
    sent = client.post("/procedure-reporting/", data=data)
    client.post("/procedure-reporting/", data=data)
    count = session.scalar(sa.select(sa.func.count(ProcedureReport.id)))
    assert (sent.status_code, count) == ((302, 1) if may else (403, 0))
    if may:
        assert client.get(sent.headers["Location"]).status_code == 200


def test_who_may_not_change_a_record_as_it_stands_is_not_offered_to(session, login):
    tree = make_tree()
    row = make_row(session, "process_approval")
    row.state = "examined"
    session.commit()
    path, edit = f"/process-approval/show/{row.id}", f"/process-approval/edit/{row.id}"
    chairman, office = (make_user(role, tree.root) for role in (Role.agency_head, Role.catalog_admin))
    assert edit not in login(chairman).get(path).text
    assert edit in login(office).get(path).text
    row.state = "in_use"
    session.commit()
    assert edit not in login(office).get(path).text


def test_a_passed_test_is_recorded_with_what_was_tested_and_a_failed_one_with_its_reason(session, login):
    row = make_row(session, "process_approval")
    row.state = "configured"
    session.commit()
    page = login(make_user(Role.control_focal_point, make_tree().root)).get(f"/process-approval/show/{row.id}").text
    fields = {name: re.search(rf'<label[^>]*for="reason-{name}"[^>]*>(.*?)</label>', page, re.DOTALL)[1]
              for name in ("pass_test", "fail_test")}  # fmt: skip
    assert fields["pass_test"].strip() == "Kết quả kiểm thử"  # nothing says that it is optional
    assert vi("What was tested, on which systems, with whom, and the outcome. It stays on record.") in page
    assert vi("Reason") in fields["fail_test"]


@pytest.mark.parametrize("remark", ["", "  "])
def test_a_joint_test_is_not_passed_without_its_result(session, remark):
    row = make_row(session, "process_approval")
    row.state = "configured"
    office = person(session, Role.control_focal_point, make_tree().root)
    with acting_as(office), pytest.raises(Invalid) as refused:
        make_move(session, row, "pass_test", office, remark)
    assert refused.value.fields == {"reason": "Hãy ghi: Kết quả kiểm thử."}
    assert (row.state, list(row.stages)) == ("configured", [])
