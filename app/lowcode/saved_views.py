"""Saved views: how a user likes to see a list, kept under a name of his own."""

from urllib.parse import parse_qsl, urlencode

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.errors import Invalid, NotFound
from app.lowcode.entity import Entity
from app.permissions import Actor

MAX_VIEWS = 30
_MAX_QUERY = 1000
_PAGING = frozenset({"after", "before"})


class SavedView(Entity):
    """Khung nhìn: a list's search, filters, order and columns, for one user."""

    __history__ = False  # a reader's convenience, nothing of the office's
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_user.id", ondelete="CASCADE"))
    entity: Mapped[str] = mapped_column(sa.String(60))
    name: Mapped[str] = mapped_column(sa.String(60))
    query: Mapped[str] = mapped_column(sa.String(_MAX_QUERY))
    is_default: Mapped[bool] = mapped_column(default=False)
    __table_args__ = (sa.UniqueConstraint("user_id", "entity", "name"),)


def views_of(session: Session, entity: str, actor: Actor) -> list[SavedView]:
    """Return the actor's views of the list called ``entity``, by name."""
    query = sa.select(SavedView).where(SavedView.user_id == actor.user_id, SavedView.entity == entity)
    return list(session.scalars(query.order_by(SavedView.name)))


def save_view(
    session: Session, entity: str, actor: Actor, name: str, query: str, *, is_default: bool
) -> SavedView:
    """Keep ``query`` (of the list's address) under ``name``; the same name is replaced.

    Raises Invalid (field "name") without a name, or when there are too many.
    """
    name = " ".join(name.replace("\x00", "").split())
    known = views_of(session, entity, actor)
    _refuse_bad(name, query, known)
    view = next((row for row in known if row.name == name), None)
    if view is None:
        view = SavedView(user_id=actor.user_id, entity=entity, name=name)
        session.add(view)
    view.query = tidy(query)
    for row in [*known, view]:
        row.is_default = is_default if row is view else row.is_default and not is_default
    session.flush()
    return view


def drop_view(session: Session, entity: str, actor: Actor, pk: int) -> None:
    """Forget one of the actor's own views; raises NotFound for anybody else's."""
    view = next((row for row in views_of(session, entity, actor) if row.id == pk), None)
    if view is None:
        raise NotFound(_("There is no such saved view."))
    session.delete(view)
    session.flush()


def tidy(query: str) -> str:
    """Return the lasting part of a list's address: without the page, in a fixed order."""
    pairs = sorted((key, value) for key, value in parse_qsl(query) if value and key not in _PAGING)
    return urlencode(pairs)


def _refuse_bad(name: str, query: str, known: list[SavedView]) -> None:
    if not 0 < len(name) <= 60:
        message = _("Please give the view a name of at most 60 characters.")
        raise Invalid(message, {"name": message})
    if len(tidy(query)) > _MAX_QUERY:
        raise Invalid(_("This list is narrowed by too much to be saved."))
    if len(known) >= MAX_VIEWS and name not in {row.name for row in known}:
        raise Invalid(_("You have %(most)d views of this list. Remove one first.", most=MAX_VIEWS))
