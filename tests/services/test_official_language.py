"""What is kept and sent is in the official language, whichever the one who acts reads."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from babel.messages.pofile import read_po
from flask_babel import force_locale

from app.i18n import TRANSLATIONS
from app.models import DueChange, FormRevision, Letter, MailMessage, Movement, Notice, Result, Task
from app.permissions import Role
from app.services import consulting, extensions, outside, portal_sync, processing, reception, submission
from tests.factories import make_user
from tests.officers.pages import act
from tests.services.steps import Office, task_of, write_draft
from tests.services.test_extensions import REASON, use_profile
from tests.wording import vi

KEPT = (Letter.data, Result.data, Result.approved_by_title, DueChange.reason, Notice.title, Notice.body,
        MailMessage.subject, MailMessage.body, Movement.remark, Task.remark, FormRevision.reason)  # fmt: skip
_VALUE = re.compile(r"%\(\w+\)[sd]")


def english() -> list[re.Pattern[str]]:
    """Return what English sentences and labels of ours look like, whatever their values."""
    with (TRANSLATIONS / "vi/LC_MESSAGES/messages.po").open("rb") as source:
        known = [(one.id, one.string) for one in read_po(source) if one.id]
    found = []
    for given, told in known:
        for text in given if isinstance(given, tuple) else (given,):
            letters = re.sub(r"[^A-Za-z]", "", _VALUE.sub("", text))
            is_label = "%" in text or " " in text or text[:1].isupper()
            if text != told and len(letters) > 5 and is_label:
                found.append(re.compile(".+".join(map(re.escape, _VALUE.split(text))), re.S))
    return found


def strings(value: Any) -> Iterator[str]:
    """Yield every text in a column's value."""
    if isinstance(value, str):
        yield from (value, *re.split(r"[.:;]\s", value))
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)


@pytest.fixture
def office(session):
    found = Office(session, time_limit_value=15)
    found.staff()
    for role in (Role.division_head, Role.agency_head, Role.cashier):
        found[role]
    return found


@pytest.fixture
def sent(app, monkeypatch):
    """What the national portal gets."""
    seen: list[Any] = []
    monkeypatch.setitem(app.config, "NATIONAL_PORTAL_URL", "https://portal.example.vn/api")
    monkeypatch.setattr(outside, "post_json", lambda _address, _token, payload, _key: seen.append(payload) or {})
    return seen


def kept(session) -> list[str]:
    """Return every text of the columns that others read later."""
    session.flush()
    return [text for column in KEPT for value in session.scalars(sa.select(column)) for text in strings(value)]


def found_in(texts: list[str]) -> list[str]:
    patterns = english()
    return [text for text in set(texts) if any(one.fullmatch(text) for one in patterns)]


def answered(office, dossier, citizen):
    """Ask for a supplement and have it answered in English."""
    component = dossier.version.components[0].id
    reception.ask_supplement(office.session, dossier, office[Role.specialist], reason="Bản chụp mờ",
                             field_keys=["ho_ten"], component_ids=[component])  # fmt: skip
    submission.answer_supplement(office.session, dossier, {"ho_ten": "Trần Thị Bé"}, citizen,
                                 {component: ("original", 1)})  # fmt: skip


def test_a_whole_way_in_english_leaves_no_english(office, session, sent):
    use_profile(session, extension_approvers=["division_head", "agency_head"])
    with force_locale("en"):
        dossier, citizen = office.submitted()
        office.pay(dossier)
        reception.accept(session, dossier, office[Role.desk_officer])
        reception.pass_on(session, dossier, office[Role.desk_officer])
        answered(office, dossier, citizen)
        asked = extensions.ask(session, dossier, office[Role.specialist], minutes=480, reason=REASON)
        extensions.agree(session, asked, office[Role.division_head])
        extensions.agree(session, asked, office[Role.agency_head])
        colleague = office.officer(Role.specialist)
        task = task_of(dossier)
        (question,) = consulting.ask(session, task, office[Role.specialist], question="Ranh giới?", hours=8,
                                     user_id=colleague.user_id)  # fmt: skip
        task.assignee_id = office[Role.specialist].user_id
        consulting.answer(session, question, colleague, given="agree", remark="")
        while dossier.state == 4:
            office.step(dossier)
        portal_sync.send(session, dossier.id, "national_portal")
        portal_sync.send(session, dossier.id, "national_portal")
    texts = kept(session)
    assert vi("Head of the agency") in texts
    assert dossier.due_changes
    assert sent
    assert found_in([*texts, *strings(sent)]) == []


def test_withdrawal_and_a_step_left_without_an_opinion_leave_no_english(office, session):
    with force_locale("en"):
        dossier, citizen = office.submitted()
        office.pay(dossier)
        reception.accept(session, dossier, office[Role.desk_officer])
        reception.pass_on(session, dossier, office[Role.desk_officer])
        task = task_of(dossier)
        consulting.ask(session, task, office[Role.specialist], question="Ranh giới?", hours=8,
                       user_id=office.officer(Role.specialist).user_id)  # fmt: skip
        write_draft(session, dossier, office[Role.specialist])
        processing.finish_task(session, task, office[Role.specialist], "Đã rõ")
        reception.request_withdrawal(session, dossier, citizen, "Không cần nữa")
        reception.decide_withdrawal(session, dossier, office[Role.agency_head], agree=True)
    assert found_in(kept(session)) == []


def test_the_one_who_acts_is_answered_in_his_own_language(office, session, login):
    dossier = office.received()
    client = login(make_user(Role.cashier))
    with client.session_transaction() as browser:
        browser["locale"] = "en"
    refused = act(client, dossier, "pay", method="")
    assert "Choose how it was paid." in refused.get_data(as_text=True)
    assert act(client, dossier, "pay", method="cash").status_code == 302
    assert "The payment is recorded" in client.get(f"/dossier/{dossier.code}").get_data(as_text=True)
    assert found_in(kept(session)) == []


def test_the_look_finds_english_where_it_is():
    texts = ["Lãnh đạo", "Attach or replace this paper", "The clock stood still: Supplement requested", "Phiếu"]
    assert len(found_in(texts)) == 2
