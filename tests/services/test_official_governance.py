"""What an administrator who works in English leaves behind is in the official language."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask_babel import force_locale

from app.clock import today
from app.errors import Conflict
from app.history import HistoryEntry
from app.models import CalendarDay, Movement, ProcessApproval, Reorganisation
from app.models.procedure import VersionState
from app.packs import runs, undoing
from app.packs.exporting import Chosen
from app.permissions import Role, acting_as
from app.services import calendar_changes, calendar_days, publication, reorganise
from app.services.reorganise_moves import Wish
from app.views.calendar_year import decision_sent
from tests.exchange.books import apply, book, send
from tests.factories import make_calendar, make_procedure, make_sector, make_tree
from tests.leaders.dossiers import add_dossier
from tests.packs.carrying import files_of, take
from tests.services.test_official_language import english, strings
from tests.services.test_reorganise import admin, another_ward, merge
from tests.wording import vi

__all__ = ["admin"]  # a fixture


def _kept(session):
    reasons = session.scalars(sa.select(HistoryEntry.reason).where(HistoryEntry.reason.is_not(None)))
    remarks = session.scalars(sa.select(Movement.remark).where(Movement.remark.is_not(None)))
    effects = (text for act in session.scalars(sa.select(Reorganisation)) for text, _count in act.effects)
    return [*reasons, *remarks, *effects]


def _no_english(texts):
    known = english()
    found = [text for whole in texts for text in strings(whole) if any(one.fullmatch(text) for one in known)]
    assert found == []


def test_a_reorganisation_is_told_in_the_official_language(session, admin):
    tree = make_tree()
    add_dossier("in time")
    new = another_ward(tree)
    with force_locale("en"):
        act = reorganise.reorganise(session, merge(tree.commune, new), admin)
        reorganise.undo(session, act.id, admin)
        later = merge(tree.commune, new, effective_on=today() + timedelta(days=3))
        reorganise.cancel(session, reorganise.reorganise(session, later, admin).id, admin)
        renaming = Wish(kind="rename", source=tree.commune, name="Phường Khác", code=tree.commune.code,
                        decision_number="2/QĐ", decision_on=today())  # fmt: skip
        reorganise.reorganise(session, renaming, admin)
    kept = _kept(session)
    assert len(kept) > 5
    _no_english([*kept, tree.commune.former_names])


def test_versions_packs_and_imports_are_told_in_the_official_language(session, actor, login):
    editor, old = actor(Role.catalog_admin), make_procedure()
    with force_locale("en"), acting_as(editor):
        fresh = publication.draft_from(session, old, editor)
        fresh.state = VersionState.approved
        session.flush()
        publication.put_in_force(session, fresh, today(), "3/QĐ")
        sector = make_sector(name="Trước")
        files = files_of(session, Chosen("kind", "sector"))
        sector.name = "Sau"
        session.flush()
        run = take(session, files, editor)
        runs.apply(session, run, editor)
        undoing.undo(session, run, editor)
    client = login(Role.catalog_admin)
    client.post("/preferences", data={"locale": "en"})
    _status, number, _page = send(client, "sector", book({"Sectors": [["Code", "Name"], ["moi", "Mới"]]}))
    apply(client, "sector", number)
    kept = _kept(session)
    assert {"danh-muc.xlsx" in text for text in kept} == {True, False}
    _no_english(kept)


def test_days_of_a_calendar_are_told_in_the_official_language(session, actor):
    tree, calendar = make_tree(), make_calendar(valid_from=date(2026, 1, 1))
    tree.root.calendar = calendar
    calendar.days.append(CalendarDay(day=date(2027, 2, 8), kind="holiday", note="Tết"))
    session.flush()
    who = actor(Role.catalog_admin, tree.root)
    with force_locale("en"), acting_as(who):
        swap = calendar_days.swap_wishes(calendar, date(2027, 1, 4), date(2027, 1, 9))
        calendar_changes.confirm_days(session, calendar, 2027, who, base=calendar_days.base_of(calendar), decision="5")
    kept = [*(wish.note for wish in swap), *_kept(session)]
    assert len(kept) > 2
    _no_english(kept)


def test_a_decision_named_beside_changed_days_is_told_in_the_official_language(app):
    sent = {"decision_number": "5/QĐ", "decision_on": "2026-11-02"}
    with app.test_request_context(method="POST", data=sent), force_locale("en"):
        assert decision_sent() == vi("%(number)s of %(day)s", number="5/QĐ", day="02/11/2026")


def test_an_act_that_waits_is_not_ordered_twice(session, admin):
    tree = make_tree()
    new, day = another_ward(tree), today() + timedelta(days=30)
    wish = merge(tree.commune, new, effective_on=day)
    first = reorganise.reorganise(session, wish, admin)
    with pytest.raises(Conflict):
        reorganise.reorganise(session, wish, admin)
    reorganise.reorganise(session, merge(tree.commune, new, effective_on=day + timedelta(days=1)), admin)
    reorganise.cancel(session, first.id, admin)
    reorganise.reorganise(session, wish, admin)
    assert session.scalar(sa.select(sa.func.count(Reorganisation.id))) == 3


def test_the_suggested_title_of_an_approval_is_in_the_official_language(session, actor):
    process = make_procedure().process
    with force_locale("en"):
        title = ProcessApproval.suggested(actor(Role.catalog_admin), {"process": process})["title"]
    assert title == vi("Approval of: %(process)s", process=process.name)
