"""Writing the changes of a pack: everything or nothing, checked by the models' own rules.

The caller holds a savepoint around it: a refusal leaves flushed rows behind.
"""

from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.errors import DomainError, Invalid, NotAllowed
from app.history import because, restored
from app.lowcode.exchange.applying import outside_words
from app.lowcode.naturals import Key
from app.lowcode.screen import label_of
from app.lowcode.values import inside_sentence
from app.models import LetterTemplate, PublicationDecision
from app.packs import access, agency_turns, decisions, freezing, letter_texts, shared_items
from app.packs.comparing import ADD, CHANGE, REMOVE, SAME, Change
from app.packs.documents import ID, REST, Writer, flat_key, from_plain
from app.packs.kinds import kinds
from app.packs.reach import any_outside, is_circle
from app.packs.reading import Fault, Refused
from app.packs.using import users_of
from app.packs.validity import overlapping
from app.permissions import SYSTEM, Actor, current_actor

_CHUNK = 500
_ACTIONS = {ADD: "add", CHANGE: "change", REMOVE: "remove"}
Report = Callable[[int], None]


def silent(_percent: int) -> None:
    """Tell nobody how far it is."""


class Applier:
    """Carries out changes in one session.

    actor: whose rights bound what is written; None for the operator at the terminal.
    is_undoing: puts back what was there; the rules for going forward do not bind it.
    report: is told the percent, from comparing to the last flush.
    """

    def __init__(
        self, session: Session, changes: Iterable[Change], *, reason: str,
        actor: Actor | None, is_undoing: bool = False, report: Report = silent,
    ) -> None:  # fmt: skip
        self.session, self.reason, self.actor, self.is_undoing, self.report = session, reason, actor, is_undoing, report
        self.all = [change for root in changes for change in root.walk()]
        self.rows: dict[int, Any] = {}
        self.named: dict[tuple[str, Key], Any] = {}
        self.faults: list[Fault] = []

    def run(self) -> None:
        """Write everything; raises Refused naming every fault."""
        follow = access.Follow(self.session, self.all)
        with self.session.no_autoflush:
            self.report(10)
            self._find_rows()
            access.refuse_new_roles(self.all)
            self._refuse_foreign()
            self._make_rows()
            self._find_references()
            self._stop_at_faults()
            self.report(20)
            for change in (one for one in self.all if one.act in {ADD, CHANGE}):
                self._fill(change)
            letter_texts.sign(self.rows_of(LetterTemplate), current_actor().name)
            self._set_owners()
            self._refuse_circles()
            self._check([c for c in self.all if freezing.is_checked(c) and not _is_item(c)])
            self.report(30)
            self._flush()
            self.report(50)
        self._write_items()
        self._check([c for c in self.all if c.act == ADD or (c.act == CHANGE and _is_item(c))], (50, 80))
        self._remove()
        self.report(85)
        self._refuse_overlaps()
        for step in freezing.last_steps([c for c in self.all if c.act in {ADD, CHANGE}]):
            for change, name in step:
                self._set(change, name)
            self._flush()
        self._refuse_outside()
        self._stop_at_faults()
        self.report(95)
        decisions.link_files(self.session, self.rows_of(PublicationDecision))
        self._flush()
        follow.finish([self.row(c) for c in self.all if c.kind.name == access.POSTS and c.act != SAME],
                      self.reason, is_checked=not self.is_undoing)  # fmt: skip

    def _fault(self, change: Change, text: str) -> None:
        self.faults.append(Fault(change.path, text))

    def _stop_at_faults(self) -> None:
        if self.faults:
            raise Refused(self.faults)

    def _flush(self) -> None:
        because(self.session, reason=self.reason)
        try:
            self.session.flush()
        except (IntegrityError, StaleDataError) as exc:
            text = _("a value that must be unique is already used by another record, or somebody "
                     "else has just changed one of the records")  # fmt: skip
            raise Refused([Fault("", text)]) from exc
        except Invalid as exc:  # what no path may write, not even undoing
            raise Refused([Fault("", str(exc))]) from exc

    def _find_rows(self) -> None:
        """Load every row that is changed or removed, and those that own new parts."""
        ids: dict[type[Any], set[int]] = {}
        for change in self.all:
            if change.old is not None:
                ids.setdefault(change.kind.model, set()).add(change.old[ID])
        found: dict[tuple[type[Any], int], Any] = {}
        for model, numbers in ids.items():
            ordered = sorted(numbers)
            for start in range(0, len(ordered), _CHUNK):
                query = sa.select(model).where(model.id.in_(ordered[start : start + _CHUNK]))
                found |= {(model, row.id): row for row in self.session.scalars(query)}
        for change in self.all:
            if change.old is not None:
                self._keep(change, found[change.kind.model, change.old[ID]])

    def _make_rows(self) -> None:
        for change in self.all:
            if change.act != ADD:
                continue
            row = change.kind.model()
            self._restore(change, row)
            self._keep(change, row)
            self.session.add(row)

    def _restore(self, change: Change, row: Any) -> None:
        """Give a row that was removed its number and its other columns back."""
        new = change.new or {}
        if ID in new and self.session.get(change.kind.model, new[ID]) is None:
            row.id = new[ID]
            restored(self.session, (change.kind.name, new[ID]))
        columns = inspect(change.kind.model).columns
        for name, value in new.get(REST, {}).items():
            setattr(row, name, from_plain(columns[name], value))

    def _keep(self, change: Change, row: Any) -> None:
        self.rows[id(change)] = row
        if change.act != REMOVE:
            self.named.setdefault((change.kind.name, change.key), row)

    def row(self, change: Change) -> Any:
        """Return the row of a change."""
        return self.rows[id(change)]

    def rows_of(self, model: type[Any]) -> list[tuple[Change, Any]]:
        """Return (change, row) of every record of ``model`` that is added or changed."""
        return [(c, self.row(c)) for c in self.all if c.kind.model is model and c.act in {ADD, CHANGE}]

    def _find_references(self) -> None:
        """Find what is named but not in the pack; what is nowhere is a fault."""
        wanted: dict[str, dict[Key, Change]] = {}
        for change in self.all:
            for name in change.kind.references:
                given = change.values.get(name, (None, None))[1]
                if given is not None:
                    target = change.kind.target(name)
                    key = flat_key(target, given)
                    if (target.name, key) not in self.named:
                        wanted.setdefault(target.name, {}).setdefault(key, change)
        writer = Writer(self.session)
        for table, keys in wanted.items():
            kind = kinds()[table]
            rows = writer.rows(kind, keys)
            self.named |= {(table, key): row for key, row in rows.items()}
            for key, user in keys.items():
                if key not in rows:
                    self._fault(user, _("it names %(kind)s “%(key)s”, which is neither in the pack nor here",
                                        kind=inside_sentence(kind.singular),
                                        key=", ".join(map(str, key))))  # fmt: skip

    def _fill(self, change: Change) -> None:
        late = freezing.late_attributes(change)
        for name in change.values:
            if name not in late:
                self._set(change, name)

    def _set_owners(self) -> None:
        for change in self.all:
            for part in change.all_parts():
                if part.act == ADD:
                    setattr(self.row(part), part.kind.owner or "", self.row(change))

    def _refuse_circles(self) -> None:
        """Refuse a record that would stand under itself: no tree may be walked in a circle."""
        for change in self.all:
            for name in set(change.values) & set(change.kind.references):
                relation = inspect(change.kind.model).relationships[name]
                is_tree = relation.mapper is relation.parent and not relation.post_update
                if is_tree and is_circle(self.row(change), name):
                    label = label_of(change.kind.model, name)
                    self._fault(change, _("%(label)s: the record would stand under itself", label=label))
        self._stop_at_faults()

    def _set(self, change: Change, name: str) -> None:
        value = (change.new or {}).get(name)
        if name in change.kind.references:
            target = change.kind.target(name)
            value = None if value is None else self.named[target.name, flat_key(target, value)]
        else:
            value = from_plain(change.kind.column(name), value)
        setattr(self.row(change), name, value)

    def _write_items(self) -> None:
        """Give items of run-time catalogs their values, once everything they refer to is there."""
        items = {id(self.row(c)): c for c in self.all if _is_item(c) and shared_items.VALUES[1] in c.values}
        given = [(self.row(c), (c.new or {}).get(shared_items.VALUES[1]) or {}) for c in items.values()]
        for row, values, missing in shared_items.inward(self.session, given) if given else ():
            row.data = values
            for name in missing:
                self._fault(items[id(row)], _("%(item)s: the record that “%(name)s” names is not here",
                                              item=row.name, name=name))  # fmt: skip
        self._stop_at_faults()
        self._flush()

    def _check(self, changes: list[Change], percents: tuple[int, int] = (30, 30)) -> None:
        """Ask each model; the changed before they are flushed, as a form does, the new after.

        percents: how far the whole is before the first and after the last.
        """
        first, last = percents
        bound = [one for one in changes if not self.is_undoing or self._is_own_post(one)]
        for number, change in enumerate(bound):
            self.report(first + (last - first) * number // len(bound))
            problem = freezing.problem(change)
            if problem is None and not freezing.is_only_ending(change):
                problem = self._veto(change)
            if problem:
                self._fault(change, problem)
        self._stop_at_faults()

    def _is_own_post(self, change: Change) -> bool:
        """Return whether a change gives or alters a post of who applies it: nobody gives himself one by undoing."""
        is_post = self.actor is not None and change.kind.name == access.POSTS and change.act != SAME
        return is_post and self.row(change).user.id == self.actor.user_id

    def _veto(self, change: Change) -> str | None:
        try:
            agency_turns.refuse_unfit(self.session, row := self.row(change), is_new=change.act == ADD)
            if hasattr(row, "check"):
                row.check(self.actor or SYSTEM)
        except DomainError as exc:
            return f"{row}: {exc}"
        return None

    def _remove(self) -> None:
        gone = [change for change in self.all if change.act == REMOVE]
        for change in gone if not self.is_undoing else ():
            try:
                self.row(change).check_delete(self.actor or SYSTEM)
            except DomainError as exc:
                self._fault(change, f"{self.row(change)}: {exc}")
        for change, users in users_of(self.session, [(c, self.row(c)) for c in gone]):
            self._fault(change, _("%(name)s cannot be removed: it is in use by %(users)s",
                                  name=str(self.row(change)), users=", ".join(users)))  # fmt: skip
        self._stop_at_faults()
        with self.session.no_autoflush:  # owners and parts go in one flush
            for change in gone:
                self.session.delete(self.row(change))
        if gone:
            self._flush()

    def _refuse_overlaps(self) -> None:
        for change in overlapping(self.session, [] if self.is_undoing else self.all, self.row):
            self._fault(change, _("its validity overlaps that of another record with the same code"))

    def _refuse_foreign(self) -> None:
        """What is changed or removed lies within the actor's reach; his plan tells nothing else."""
        if self._outside({CHANGE, REMOVE}):
            raise NotAllowed(outside_words())

    def _refuse_outside(self) -> None:
        """The second gate: what was written lies among the rows the actor may change."""
        if self._outside({ADD, CHANGE}):
            self.faults.append(Fault("", outside_words()))

    def _outside(self, acts: set[str]) -> bool:
        """Return whether rows touched by ``acts`` lie where the actor may not do that."""
        if self.actor is None:
            return False
        touched = [(self.row(change), _ACTIONS[change.act]) for change in self.all if change.act in acts]
        return any_outside(self.session, touched, self.actor)


def _is_item(change: Change) -> bool:
    return change.kind.name == shared_items.TABLE and change.act in {ADD, CHANGE}
