"""A publication asked for twice at once, or by two workers on its day, happens once."""

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now, today
from app.errors import DomainError
from app.extensions import db
from app.history import HistoryEntry
from app.models import Notice, ProcedureVersion, PublicationDecision
from app.permissions import Role
from app.services import publication
from app.services import publication_decisions as decisions
from app.tasks.publication import publish_due
from app.transactions import transaction
from tests.factories import make_procedure, make_tree, make_user
from tests.robustness.world import act, at_once, count, history_faults

pytestmark = pytest.mark.timeout(300)
FIT = {"time_limit_value": 2, "time_limit_unit": "working_day"}


def _prepare(app, *, days):
    """Return ids of an administrator, a decision of one amended version, and that version."""
    with app.app_context(), transaction():
        root = make_tree().root
        admin = make_user(Role.catalog_admin).id
        old = make_procedure(**FIT).id
        day = today() + timedelta(days=days)
        decision = PublicationDecision(number="1/QĐ-UBND", title="Công bố", decided_on=today(),
                                       effective_on=day, signer="A", agency=root)  # fmt: skip
        db.session.add(decision)
        db.session.flush()
        number = decision.id

    def fill(session, actor):
        draft = publication.draft_from(session, publication.get_version(session, old), actor)
        found = decisions.get_decision(session, number, to_change=True)
        decisions.add_versions(session, found, [draft.id], actor)
        return draft.id

    return admin, number, act(app, admin, fill)


def _moves(app, name, number):
    entry = HistoryEntry
    return count(app, entry, entry.action == name, entry.record == "procedure_version",
                 entry.record_id == number)  # fmt: skip


def test_two_administrators_publish_one_decision_at_once(own_database):
    app = own_database
    admin, number, draft = _prepare(app, days=0)

    def publish(session, actor):
        decisions.publish(session, decisions.get_decision(session, number, to_change=True), actor)

    told = at_once([partial(act, app, admin, publish)] * 3)
    assert told.count(None) == 1
    assert all(isinstance(one, DomainError) for one in told if one is not None)
    assert _moves(app, "publish", draft) == 1
    assert count(app, ProcedureVersion, ProcedureVersion.state == "published") == 1
    assert history_faults(app) == []


def test_two_workers_publish_a_scheduled_decision_once(own_database):
    app = own_database
    admin, number, draft = _prepare(app, days=1)
    act(app, admin, lambda session, actor: decisions.schedule(
        session, decisions.get_decision(session, number, to_change=True), actor))  # fmt: skip

    def work():
        with app.app_context(), acting_at(now() + timedelta(days=1)):
            return publish_due()

    assert sorted(at_once([work] * 3)) == [0, 0, 1]
    assert _moves(app, "publish", draft) == 1
    assert count(app, Notice, Notice.key == f"publication:{number}:done") == 1
    with app.app_context():
        states = db.session.scalars(sa.select(ProcedureVersion.state).order_by(ProcedureVersion.id))
        assert list(states) == ["retired", "published"]


def test_two_decisions_cannot_take_one_procedure_at_once(own_database):
    app = own_database
    admin, number, draft = _prepare(app, days=0)
    with app.app_context(), transaction():
        found = decisions.get_decision(db.session(), number)
        found.items.clear()
        other = PublicationDecision(number="2/QĐ-UBND", title="Công bố")
        db.session.add(other)
        db.session.flush()
        numbers = [number, other.id]

    def add(session, actor, *, to):
        found = decisions.get_decision(session, to, to_change=True)
        return decisions.add_versions(session, found, [draft], actor)[0].refusal

    told = at_once([partial(act, app, admin, partial(add, to=to)) for to in numbers])
    assert sorted(bool(text) for text in told) == [False, True]
