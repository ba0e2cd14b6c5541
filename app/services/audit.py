"""The history as an auditor searches it: filters, the rows he may see, keyset pages.

An auditor or focal point sees what happened in his part of the agency tree, at the root
everything; a system administrator what happened to users, agencies and the configuration.
The rule of a record's own screen decides: whose records one may see, their history too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.history import HistoryEntry, Key
from app.lowcode.history_titles import kept_models
from app.lowcode.rows import visible
from app.models import Account, Agency, Dossier, Feedback, Procedure, Profile, User
from app.models.account import IdKind
from app.models.scope import paths_of, sees_province
from app.permissions import OVERSEERS, Actor
from app.services.statistics import midnight

PAGE_SIZE = 50
COUNT_CAP = 1000
_READERS_LIMIT = 200
_MAX_ID = 2**53
# Where a code typed without its kind is looked for.
_BY_CODE: tuple[tuple[type[Any], str], ...] = (
    (Dossier, "code"), (Feedback, "code"), (Procedure, "code"), (Agency, "code"),
    (Profile, "code"), (User, "username"),
)  # fmt: skip


@dataclass(frozen=True)
class AuditWanted:
    """What is looked for; empty parts do not narrow. Dates are civil and both included."""

    user_id: int | None = None
    kind: str = ""
    code: str = ""
    action: str = ""
    first: date | None = None
    last: date | None = None

    def args(self, **changes: Any) -> dict[str, Any]:
        """Return the address parameters that ask this again, with ``changes``."""
        found = {
            "user": self.user_id, "kind": self.kind, "code": self.code, "action": self.action,
            "from": self.first.isoformat() if self.first else None,
            "to": self.last.isoformat() if self.last else None,
        } | changes  # fmt: skip
        return {key: value for key, value in found.items() if value not in (None, "")}


@dataclass(frozen=True)
class EntryPage:
    """One page of entries, newest first, with the cursors beside it; count up to COUNT_CAP."""

    rows: list[HistoryEntry]
    count: int
    next: str | None
    previous: str | None


@dataclass(frozen=True)
class Reader:
    """Someone who opened a dossier: how often, and when first and last."""

    actor_id: int | None
    name: str
    times: int
    first_at: datetime
    last_at: datetime


def wanted_of(args: Mapping[str, str]) -> AuditWanted:
    """Return the filter in ``args``; parts that make no sense are dropped."""
    user = args.get("user", "")
    is_id = user.isascii() and user.isdigit() and len(user) < 10
    kind = args.get("kind", "")
    return AuditWanted(
        int(user) if is_id else None, kind if kind in kept_models() else "",
        args.get("code", "").replace("\x00", "").strip()[:128],
        args.get("action", "").replace("\x00", "").strip()[:60],
        _day(args.get("from")), _day(args.get("to")),
    )  # fmt: skip


def _day(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if 2000 <= found.year < 2200 else None


def visible_entries(actor: Actor) -> ColumnElement[bool] | None:
    """Return the condition that an entry is the actor's to see; None = every entry."""
    if sees_province(paths_of(actor, OVERSEERS)):
        return _all_but_narrowed(actor)
    entry, narrowed = HistoryEntry, _all_but_narrowed(actor)
    open_kinds, rules = [], []
    for table, model in kept_models().items():
        if getattr(model, "screen", None) is None or not actor.may("can_read", model.__name__):
            continue
        rule = _rows_of(model, actor)
        if rule is None:
            open_kinds.append(table)
        else:
            ids = sa.select(model.id).where(rule)
            rules.append(sa.and_(entry.aggregate == table, entry.aggregate_id.in_(ids)))
    found = sa.or_(entry.aggregate.in_(open_kinds), *rules)
    return found if narrowed is None else sa.and_(found, narrowed)


def _all_but_narrowed(actor: Actor) -> ColumnElement[bool] | None:
    """Return the condition that leaves out what administrators took from an overseer's roles."""
    entry, rules = HistoryEntry, []
    for table, model in kept_models().items():
        key = ("can_read", model.__name__)
        if getattr(model, "screen", None) is None or not actor.has(*model.screen.read):
            continue
        # A part is told with its owner, but is a record of its own kind.
        is_part = getattr(model, "__history_owner__", None) is not None
        kind, number = (entry.record, entry.record_id) if is_part else (entry.aggregate, entry.aggregate_id)
        if key not in actor.grants:
            rules.append(kind != table)
        elif key in actor.scopes:
            ids = visible(model, actor).with_only_columns(model.id)
            rules.append(sa.or_(kind != table, number.in_(ids)))
    return sa.and_(*rules) if rules else None


def _rows_of(model: type[Any], actor: Actor) -> ColumnElement[bool] | None:
    return visible(model, actor).whereclause


def keys_of_code(session: Session, code: str, kind: str = "") -> list[Key]:
    """Return the records that ``code`` names: a dossier, feedback, procedure, agency, user."""
    places = [(m, c) for m, c in _BY_CODE if kind in ("", m.__tablename__)]
    if not places:
        places = list(_BY_CODE)
    parts = [
        sa.select(sa.literal(model.__tablename__), model.id).where(
            sa.func.upper(getattr(model, column)) == code.upper()
        )
        for model, column in places
    ]
    return [(table, number) for table, number in session.execute(sa.union_all(*parts))]


def conditions(session: Session, wanted: AuditWanted, actor: Actor) -> list[ColumnElement[bool]]:
    """Return the conditions of the filter and of what the actor may see."""
    entry, found = HistoryEntry, []
    scope = visible_entries(actor)
    if scope is not None:
        found.append(scope)
    if wanted.user_id is not None:
        found.append(entry.actor_id == wanted.user_id)
    if wanted.kind and (not wanted.code or wanted.kind not in _code_tables()):
        found.append(entry.record == wanted.kind)
    if wanted.code:
        keys = keys_of_code(session, wanted.code, wanted.kind)
        parts = [sa.and_(entry.aggregate == k, entry.aggregate_id == n) for k, n in keys]
        found.append(sa.or_(sa.false(), *parts, *_of_person(wanted)))
    if wanted.action:
        found.append(entry.action == wanted.action)
    if wanted.first is not None:
        found.append(entry.at >= midnight(wanted.first))
    if wanted.last is not None:
        found.append(entry.at < midnight(wanted.last + timedelta(days=1)))
    return found


def _of_person(wanted: AuditWanted) -> list[ColumnElement[bool]]:
    """What concerns the applicant with this personal number or user name: his record, all his dossiers."""
    login = sa.select(User.id).where(sa.func.lower(User.username) == wanted.code.lower())
    number = sa.and_(Account.id_kind.in_(list(IdKind)), Account.id_number == wanted.code.upper())
    of_login = sa.select(Account.id).where(Account.user_id.in_(login))
    people = sa.union_all(sa.select(Account.id).where(number), of_login)
    ids = {"account": people, "dossier": sa.select(Dossier.id).where(Dossier.account_id.in_(people))}
    alone = {wanted.kind} & ids.keys() if wanted.kind in _code_tables() else ids.keys()
    entry = HistoryEntry
    return [sa.and_(entry.aggregate == kind, entry.aggregate_id.in_(ids[kind])) for kind in sorted(alone)]


def _code_tables() -> set[str]:
    return {model.__tablename__ for model, _column in _BY_CODE}


def find_entries(
    session: Session, rules: list[ColumnElement[bool]], *, after: str = "", before: str = "",
    size: int = PAGE_SIZE, is_counted: bool = True,
) -> EntryPage:  # fmt: skip
    """Return the page of entries under ``rules``, newest first, in at most two statements."""
    entry = HistoryEntry
    base = sa.select(entry).where(*rules)
    cursor = _cursor(before or after)
    is_back = bool(before) and cursor is not None
    count = count_entries(session, rules, COUNT_CAP) if is_counted else 0
    here = sa.tuple_(entry.at, entry.id)
    query = base
    if cursor is not None:
        there = sa.tuple_(sa.literal(cursor[0], entry.at.type), sa.literal(cursor[1]))
        query = base.where(here > there if is_back else here < there)
    keys = [entry.at, entry.id] if is_back else [entry.at.desc(), entry.id.desc()]
    found = list(session.scalars(query.order_by(*keys).limit(size + 1)))
    has_more, rows = len(found) > size, found[:size]
    if is_back:
        rows.reverse()
    has_next = bool(rows) and (is_back or has_more)
    has_previous = bool(rows) and (has_more if is_back else cursor is not None)
    return EntryPage(
        rows, count, _token(rows[-1]) if has_next else None,
        _token(rows[0]) if has_previous else None,
    )  # fmt: skip


def count_entries(session: Session, rules: list[ColumnElement[bool]], cap: int) -> int:
    """Return how many entries there are, counted up to ``cap`` + 1."""
    part = sa.select(HistoryEntry.id).where(*rules).limit(cap + 1).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(part)) or 0


def each_batch(
    session: Session, rules: list[ColumnElement[bool]], most: int, size: int = 500
) -> Iterator[list[HistoryEntry]]:
    """Yield the newest ``most`` entries in batches, none of which is kept."""
    after, left = "", most
    while left > 0:
        page = find_entries(session, rules, after=after, size=min(size, left), is_counted=False)
        if page.rows:
            yield page.rows
        left -= len(page.rows)
        for row in page.rows:
            session.expunge(row)
        if page.next is None:
            return
        after = page.next


def _token(row: HistoryEntry) -> str:
    return f"{row.at.isoformat()}~{row.id}"


def _cursor(text: str) -> tuple[datetime, int] | None:
    instant, _mark, number = text.partition("~")
    try:
        at = datetime.fromisoformat(instant)
    except ValueError:
        return None
    if not 2000 <= at.year < 2200:  # the first and last days of the calendar have no UTC
        return None
    is_id = number.isascii() and number.isdigit() and len(number) < 18
    return (at, int(number)) if is_id and at.tzinfo is not None else None


def get_entry(session: Session, number: int, actor: Actor) -> HistoryEntry:
    """Return one entry the actor may see; raises NotFound."""
    scope = visible_entries(actor)
    query = sa.select(HistoryEntry).where(HistoryEntry.id == min(number, _MAX_ID))
    found = session.scalar(query if scope is None else query.where(scope))
    if found is None:
        raise NotFound(_("There is no such entry, or you may not see it."))
    return found


def neighbours(session: Session, entry: HistoryEntry) -> tuple[int | None, int | None]:
    """Return the ids of the entries before and after in the same chain."""
    table = HistoryEntry
    query = sa.select(table.seq, table.id).where(
        table.aggregate == entry.aggregate, table.aggregate_id == entry.aggregate_id,
        table.seq.in_([entry.seq - 1, entry.seq + 1]),
    )  # fmt: skip
    found = {row[0]: row[1] for row in session.execute(query)}
    return found.get(entry.seq - 1), found.get(entry.seq + 1)


def readers_of(session: Session, key: Key) -> list[Reader]:
    """Return who opened a record, the latest reader first."""
    entry = HistoryEntry
    query = (
        sa.select(
            entry.actor_id, entry.actor_name, sa.func.count(), sa.func.min(entry.at),
            sa.func.max(entry.at).label("last_at"),
        )
        .where(entry.aggregate == key[0], entry.aggregate_id == key[1], entry.action == "read")
        .group_by(entry.actor_id, entry.actor_name)
    )  # fmt: skip
    rows = session.execute(query.order_by(sa.desc("last_at")).limit(_READERS_LIMIT))
    return [Reader(*row) for row in rows]
