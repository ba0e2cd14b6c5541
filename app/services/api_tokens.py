"""Access tokens of connected systems: issued once, narrowed to their scopes, ended at any time."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload

from app import history
from app.clock import now, today
from app.errors import Conflict, Invalid, NotFound
from app.lowcode.actions import Action, possible
from app.lowcode.collation import in_order
from app.lowcode.generate import declared_models
from app.lowcode.security import TOKEN_PREFIX
from app.models import ApiClient, ApiToken, User
from app.official import officially
from app.permissions import Actor, current_actor
from app.services.actors import build_actor

MAX_DAYS = 365
NOTED_EVERY = timedelta(minutes=1)  # how exactly "last used" is kept
_SHOWN = 11  # characters of a token that stay visible: mc_ and eight more
# The description of the API is open to every officer, whatever the scopes.
_ALWAYS = frozenset({("can_get", "OpenApiDocument")})


def entity_name(model: type[Any]) -> str:
    """Return how the API calls records of ``model``: "sector"."""
    name: str = model.__tablename__
    return name.removeprefix("ab_")


def scopes_of(actor: Actor) -> dict[type[Any], list[Action]]:
    """Return {model: actions} that ``actor`` may do now: what a token of his may be given."""
    found = {}
    for model in declared_models():
        able = possible(model)
        actions = [one for one in Action if one in able and actor.may(f"can_{one}", model.__name__)]
        if actions:
            found[model] = actions
    return found


def owner_actor(session: Session, client: ApiClient) -> Actor:
    """Return the person behind ``client`` as an actor."""
    return build_actor(session, client.owner)


def get_client(session: Session, number: int) -> ApiClient:
    """Return a connected system with owner and agency; raises NotFound."""
    query = sa.select(ApiClient).where(ApiClient.id == number)
    found = session.scalar(query.options(joinedload(ApiClient.owner), joinedload(ApiClient.agency)))
    if found is None:
        raise NotFound(_("There is no such record, or you may not see it."))
    return found


def issue(session: Session, client: ApiClient, scopes: Collection[str], expires_on: date | None) -> str:
    """Make a token for ``client`` and return its text, which is known only now.

    It opens nothing until the owner confirms it; whoever issues one for himself has confirmed it.
    Raises Invalid without scopes or for one that the owner does not have, and for an end
    that is missing, past or more than a year away.
    """
    _check_client(client)
    _check_end(expires_on)
    offered = {f"{entity_name(model)}:{action}" for model, actions
               in scopes_of(owner_actor(session, client)).items() for action in actions}  # fmt: skip
    if not scopes or not set(scopes) <= offered:
        message = _("Choose at least one scope; none that the owner does not have.")
        raise Invalid(message, {"scopes": message})
    text = TOKEN_PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(client=client, prefix=text[:_SHOWN], key_hash=_hash(text), scopes=sorted(set(scopes)),
                   expires_on=expires_on)  # fmt: skip
    own = current_actor().user_id == client.owner_id
    row.confirmed_by_id = client.owner_id if own else None
    session.add(row)
    session.flush()
    return text


def waiting_tokens(session: Session, actor: Actor) -> list[ApiToken]:
    """Return the tokens on the actor's account that may be used up to some day, newest first."""
    load = joinedload(ApiToken.client).joinedload(ApiClient.agency)
    return list(session.scalars(_usable(actor).options(load).order_by(ApiToken.id.desc()).limit(200)))


def _usable(actor: Actor) -> sa.Select[Any]:
    return sa.select(ApiToken).join(ApiToken.client).where(
        ApiClient.owner_id == (actor.user_id or 0), ApiToken.revoked_at.is_(None), ApiToken.expires_on >= today(),
    )  # fmt: skip


def _own(session: Session, number: int, actor: Actor) -> ApiToken:
    token = session.get(ApiToken, number, with_for_update=True)
    if token is None or actor.user_id is None or token.client.owner_id != actor.user_id:
        raise NotFound(_("There is no such record, or you may not see it."))
    return token


def confirm(session: Session, number: int, actor: Actor) -> ApiToken:
    """Let a token act for the actor, its owner; again changes nothing. Raises NotFound, Conflict."""
    token = _own(session, number, actor)
    if token.revoked_at is not None or token.expires_on < today():
        raise Conflict(_("This token has ended."))
    if not token.is_confirmed:
        token.confirmed_by_id = actor.user_id
        session.flush()
    return token


def refuse(session: Session, number: int, actor: Actor) -> ApiToken:
    """End a token on the actor's own account. Raises NotFound."""
    return revoke(session, _own(session, number, actor).id)


def revoke_own(session: Session, actor: Actor) -> int:
    """End every token on the actor's own account that may still be used; returns how many. The history tells why."""
    found = session.scalars(_usable(actor).order_by(ApiToken.id).with_for_update(of=ApiToken)).all()
    with officially():  # the reason stays in the history, for readers of any language
        history.because(session, reason=_("Log out on all devices"))
    for token in found:
        token.revoked_at = now()
    session.flush()
    return len(found)


def _check_client(client: ApiClient) -> None:
    if not (client.is_active and client.owner.active):
        raise Invalid(_("This connected system is not in use, or its owner may not sign in."))


def _check_end(expires_on: date | None) -> None:
    last = today() + timedelta(days=MAX_DAYS)
    if expires_on is None or not today() <= expires_on <= last:
        message = _("Choose a day from today to %(last)s.", last=f"{last:%d/%m/%Y}")
        raise Invalid(message, {"expires_on": message})


def revoke(session: Session, number: int) -> ApiToken:
    """End token ``number`` at once; a token ended before stays as it is. Raises NotFound."""
    token = session.get(ApiToken, number, with_for_update=True)
    if token is None:
        raise NotFound(_("There is no such record, or you may not see it."))
    if token.revoked_at is None:
        token.revoked_at = now()
        session.flush()
    return token


def find_token(session: Session, text: str) -> ApiToken | None:
    """Return the token ``text`` with client and owner if it may be used today, else None."""
    query = sa.select(ApiToken).where(ApiToken.key_hash == _hash(text))
    load = joinedload(ApiToken.client).joinedload(ApiClient.owner)
    token = session.scalar(query.options(load))
    if token is None or token.revoked_at is not None or token.expires_on < today() or not token.is_confirmed:
        return None
    return token if token.client.is_active and token.client.owner.active else None


def actor_of_token(session: Session, token: ApiToken, ip: str | None) -> Actor:
    """Return the owner as he is now, with no right outside the scopes, named with his program."""
    owner: User = token.client.owner
    whole = build_actor(session, owner, ip=ip, own_only=True)  # what he was lent he lends to no program
    granted = set(token.scopes)
    names = {model.__name__: entity_name(model) for model in declared_models()}
    kept = frozenset(
        (permission, view) for permission, view in whole.grants
        if view in names and f"{names[view]}:{permission.removeprefix('can_')}" in granted
    )  # fmt: skip
    name = f"{whole.name} – {token.client.name} ({token.prefix}…)"
    grants = kept | (whole.grants & _ALWAYS)
    return replace(whole, name=name[:255], client_id=token.client_id, grants=grants)


def is_due_to_note(token: ApiToken) -> bool:
    """Return whether the last use is long enough ago to be written again."""
    return token.last_used_at is None or now() - token.last_used_at >= NOTED_EVERY


def note_use(session: Session, token_id: int) -> None:
    """Write that a token was used now; no change of the record, so not in its history."""
    table = ApiToken.__table__
    session.execute(sa.update(table).where(table.c.id == token_id).values(last_used_at=now()))


def list_tokens(session: Session, client_id: int) -> list[ApiToken]:
    """Return the tokens of a connected system, newest first."""
    query = sa.select(ApiToken).where(ApiToken.client_id == client_id).order_by(ApiToken.id.desc())
    return list(session.scalars(query.limit(200)))


def list_clients(session: Session) -> list[tuple[ApiClient, int]]:
    """Return (connected system, how many of its tokens work today) by name."""
    working = sa.select(sa.func.count()).where(
        ApiToken.client_id == ApiClient.id, ApiToken.revoked_at.is_(None),
        ApiToken.confirmed_by_id == ApiClient.owner_id,
        ApiToken.expires_on >= today()).correlate(ApiClient).scalar_subquery()  # fmt: skip
    query = sa.select(ApiClient, working).order_by(in_order(ApiClient.name), ApiClient.id).limit(500)
    load = (joinedload(ApiClient.owner), joinedload(ApiClient.agency))
    return [(row, count) for row, count in session.execute(query.options(*load))]


def _hash(text: str) -> str:
    """Return what is kept of a token: it has 256 random bits, so no salt is needed."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
