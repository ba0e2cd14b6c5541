"""Where dossiers are seen: the places follow dossiers, tasks and the tree of agencies."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clock import now
from app.history import HistoryEntry
from app.lowcode.listing import find_page, parse
from app.models import Agency, Dossier, DossierPlace, Task
from app.models.dossier_place import place_again
from app.models.scope import dossiers_of
from app.permissions import Role
from app.services.codes import give_code
from app.services.submission import make_dossier
from tests.factories import make_account, make_agency, make_procedure, make_tree


def _dossier(session: Session, agency: Agency, desk: Agency) -> Dossier:
    version = make_procedure()
    dossier = make_dossier(session, version, make_account(), agency, channel="counter", data={}, desk=desk)
    give_code(session, dossier)
    session.add(dossier)
    session.flush()
    return dossier


def _task(session: Session, dossier: Dossier, agency: Agency) -> Task:
    step = dossier.version.process.steps[0]
    task = Task(dossier=dossier, step=step, position=1, name="Lấy ý kiến", kind="work", role="specialist",
                agency=agency, opened_at=now(), due_at=now())  # fmt: skip
    session.add(task)
    session.flush()
    return task


def _places(session: Session, dossier: Dossier) -> set[int]:
    query = sa.select(DossierPlace.agency_id).where(DossierPlace.dossier_id == dossier.id)
    return set(session.scalars(query))


def test_a_dossier_is_seen_where_it_is_handled_received_and_above(session: Session) -> None:
    tree = make_tree()
    dossier = _dossier(session, tree.commune, tree.centre)

    assert _places(session, dossier) == {tree.commune.id, tree.centre.id}  # the root sees all anyway

    below = make_agency(parent=tree.department, level="province")
    deep = _dossier(session, below, tree.desk)
    assert _places(session, deep) == {below.id, tree.department.id, tree.desk.id, tree.commune.id}


def test_a_consulted_agency_sees_the_dossier(session: Session, actor: Callable[..., Any]) -> None:
    tree = make_tree()
    dossier = _dossier(session, tree.commune, tree.desk)
    specialist = actor(Role.specialist, tree.department)

    def sees() -> bool:
        return dossier.id in session.scalars(sa.select(Dossier.id).where(dossiers_of(specialist)))

    assert not sees()
    _task(session, dossier, tree.department)
    assert sees()


def test_a_dossier_handed_to_another_agency_moves(session: Session) -> None:
    tree = make_tree()
    dossier = _dossier(session, tree.commune, tree.desk)

    dossier.agency, dossier.desk = tree.department, tree.centre
    session.flush()

    assert _places(session, dossier) == {tree.department.id, tree.centre.id}


def test_an_agency_that_moves_takes_its_dossiers_along(session: Session) -> None:
    tree = make_tree()
    other = make_agency(parent=tree.root, level="province")
    dossier = _dossier(session, tree.commune, tree.desk)
    untouched = _dossier(session, tree.department, tree.centre)

    tree.commune.parent = other
    session.flush()

    assert _places(session, dossier) == {tree.desk.id, tree.commune.id, other.id}
    assert _places(session, untouched) == {tree.department.id, tree.centre.id}

    tree.commune.parent = tree.root
    session.flush()
    assert _places(session, dossier) == {tree.desk.id, tree.commune.id}


def test_a_desk_named_later_is_kept_and_told_in_the_history(session: Session) -> None:
    tree = make_tree()
    tree.department.desk = tree.desk
    session.flush()

    stored = sa.select(Agency.desk_id, Agency.row_version).where(Agency.id == tree.department.id)
    assert session.execute(stored).one().desk_id == tree.desk.id
    assert session.execute(stored).one().row_version == tree.department.row_version
    entries = sa.select(HistoryEntry.changes).where(
        HistoryEntry.record == "agency", HistoryEntry.record_id == tree.department.id
    )
    last = session.scalars(entries.order_by(HistoryEntry.id.desc())).first()
    assert last == {"desk_id": [tree.centre.id, tree.desk.id]}


def test_writing_all_places_anew_changes_nothing(session: Session) -> None:
    tree = make_tree()
    dossier = _dossier(session, tree.commune, tree.desk)
    _task(session, dossier, tree.department)
    before = _places(session, dossier)

    place_again(session.connection(), sa.select(Dossier.id))

    assert _places(session, dossier) == before == {tree.commune.id, tree.desk.id, tree.department.id}


def test_an_officer_leafs_through_exactly_the_dossiers_he_sees(
    session: Session, actor: Callable[..., Any]
) -> None:
    tree = make_tree()
    for _place in range(7):
        _dossier(session, tree.commune, tree.commune)
    officer = actor(Role.specialist, tree.commune)
    whole = [row.id for row in find_page(session, Dossier, officer, parse(Dossier, {})).rows]
    found: list[int] = []
    page: Any = None
    after: dict[str, Any] = {}
    while page is None or page.next:
        page = find_page(session, Dossier, officer, parse(Dossier, {"size": "2"} | after))
        found, after = found + [row.id for row in page.rows], {"after": page.next}
        assert page.count == len(whole)
    back = find_page(session, Dossier, officer, parse(Dossier, {"size": "2", "before": page.previous}))
    assert found == whole
    assert len(whole) >= 7
    assert [row.id for row in back.rows] == whole[-3 if len(whole) % 2 else -4 :][:2]
