"""A small province in a database with real commits, and threads that act in it as officers."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.extensions import db
from app.models import (
    Account,
    Agency,
    Attachment,
    Draft,
    ProcedureVersion,
    StoredFile,
    User,
)
from app.permissions import Actor, Role, acting_as
from app.services import submission
from app.services.actors import build_actor
from app.services.reception import CounterReception
from app.transactions import transaction
from tests.factories import make_account, make_procedure, make_process, make_tree, make_user, number

Work = Callable[[Session, Actor], Any]
# No step asks for a drafted result: these tests are about who comes first.
STEPS = (
    ("Tiếp nhận hồ sơ", "receive", Role.desk_officer, "desk", 120),
    ("Thẩm định hồ sơ", "work", Role.specialist, "agency", 480),
    ("Rà soát hồ sơ", "work", Role.specialist, "agency", 240),
    ("Trả kết quả", "return", Role.desk_officer, "desk", 60),
)


@dataclass(frozen=True)
class World:
    """The ids of a commune at work; each thread loads the rows for itself."""

    version: int
    commune: int
    desk_officers: tuple[int, int]
    specialists: tuple[int, int]
    applicants: tuple[int, ...]  # users
    accounts: tuple[int, ...]


def make_world(app: Flask, *, applicants: int = 1) -> World:
    """Make the commune, its officers, a procedure and applicants who can log in; committed."""
    with app.app_context(), transaction():
        tree = make_tree()
        version = make_procedure(process=make_process(STEPS), fee_due="return")
        desk = tuple(make_user(Role.desk_officer).id for _ in range(2))
        specialists = tuple(make_user(Role.specialist).id for _ in range(2))
        users = [make_user() for _ in range(applicants)]
        accounts = [make_account(user=user, name=user.get_full_name()) for user in users]
        from app.services.users import sync_roles

        for user in users:
            sync_roles(db.session(), user, is_applicant=True)
        db.session.flush()
        return World(version.id, tree.commune.id, desk, specialists,
                     tuple(u.id for u in users), tuple(a.id for a in accounts))  # fmt: skip


def act(app: Flask, user_id: int, work: Work) -> Any:
    """Return what ``work`` returns, done by a user in a transaction of its own."""
    with app.app_context():
        session = db.session()
        actor = build_actor(session, session.get_one(User, user_id))
        with acting_as(actor), transaction() as unit:
            return work(unit, actor)


def at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run ``works`` in threads that start together; return results or exceptions in order."""
    gate = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        gate.wait(30)
        try:
            return work()
        except Exception as exc:  # what a loser was told is a result here
            return exc

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def reception(session: Session, world: World, key: str) -> CounterReception:
    """Return what an officer enters at the counter of ``world``."""
    version = session.get_one(ProcedureVersion, world.version)
    papers = {component.id: ("original", 1) for component in version.components}
    return CounterReception(
        key=key, version=version, account=session.get_one(Account, world.accounts[0]),
        agency=session.get_one(Agency, world.commune), papers=papers,
    )  # fmt: skip


def make_drafts(app: Flask, world: World, count: int) -> list[str]:
    """Make drafts that only need to be sent, in turn for each applicant; returns their keys."""
    with app.app_context(), transaction() as session:
        version = session.get_one(ProcedureVersion, world.version)
        commune = session.get_one(Agency, world.commune)
        file = StoredFile(sha256=f"{number():064}", size=9, media_type="application/pdf", scan_status="clean")
        session.add(file)
        keys = []
        for place in range(count):
            account = session.get_one(Account, world.accounts[place % len(world.accounts)])
            keys.append(_draft(session, version, commune, account, file))
        return keys


def _draft(
    session: Session, version: ProcedureVersion, agency: Agency, account: Account, file: StoredFile
) -> str:
    draft = Draft(
        key=submission.new_key(), account=account, version=version, agency=agency, result_way="desk",
        data={"ho_ten": account.name, "so_dinh_danh": account.id_number, "noi_dung": "Đề nghị"},
    )  # fmt: skip
    for component in version.components:
        draft.attachments.append(
            Attachment(component=component, name="giay-to.pdf", file=file, author_name=account.name)
        )
    session.add(draft)
    session.flush()
    return draft.key


def count(app: Flask, model: type[Any], *conditions: Any) -> int:
    """Return how many rows of ``model`` fulfil ``conditions``."""
    with app.app_context():
        query = sa.select(sa.func.count()).select_from(model).where(*conditions)
        return db.session.scalar(query) or 0


def history_faults(app: Flask) -> list[str]:
    """Return every fault in the chains of the history."""
    from app.services.history import verify_history

    with app.app_context():
        return [str(fault) for fault in verify_history()]
