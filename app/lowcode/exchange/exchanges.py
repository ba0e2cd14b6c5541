"""What can be imported, and by which name a run remembers it."""

from collections.abc import Callable
from typing import Any, Protocol

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.lowcode.exchange.layout import Sheet
from app.lowcode.exchange.plan import Plan
from app.lowcode.exchange.planner import Planner
from app.lowcode.exchange.reading import RawSheet
from app.permissions import Actor

Skipped = set[tuple[str, int]]
Adopted = dict[tuple[type[Any], Any], Any]
Prepared = tuple[list[RawSheet], Adopted]


class Exchange(Protocol):
    """What can be imported: a model with its parts, or a hand-made workbook."""

    def may(self) -> bool:
        """Return whether the actor may import here."""

    def sheets(self) -> list[Sheet]:
        """Return the sheets of the workbook."""

    def acting(self, actor: Actor) -> Actor:
        """Return as whom the rows are checked and written."""

    def prepare(self, session: Session, raw: list[RawSheet], skipped: Skipped) -> Prepared:
        """Return the sheets of a file in the shape of ours."""

    def review(self, planner: Planner) -> None:
        """Blame rows that break a rule of this import alone."""

    def finish(self, session: Session, plan: Plan) -> Any:
        """Do what belongs to an import besides its rows; returns what to keep of it, or None."""


_exchanges: dict[str, Exchange] = {}
_families: dict[str, Callable[[str], Exchange]] = {}


def register_exchange(name: str, exchange: Exchange) -> None:
    """Remember what ``ImportRun.target`` ``name`` means."""
    _exchanges[name] = exchange


def register_family(name: str, make: Callable[[str], Exchange]) -> None:
    """Remember what targets "name:which" mean: ``make`` is given what stands behind the colon."""
    _families[name] = make


def exchange_of(target: str) -> Exchange:
    """Return what is imported under ``target``; raises NotFound."""
    family, colon, which = target.partition(":")
    if colon and family in _families:
        return _families[family](which)
    if target not in _exchanges:
        raise NotFound(_("There is no such record, or you may not see it."))
    return _exchanges[target]
