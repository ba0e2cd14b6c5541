"""Who acts: roles, positions and the actor of the present request, task or command."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from enum import StrEnum

from flask import g, has_request_context

from app.i18n import N_


class Role(StrEnum):
    """The roles of the one-stop system (domain A14); values are FAB role names."""

    catalog_admin = "catalog_admin"
    system_admin = "system_admin"
    desk_officer = "desk_officer"
    specialist = "specialist"
    division_head = "division_head"
    agency_head = "agency_head"
    clerk = "clerk"
    cashier = "cashier"
    centre_director = "centre_director"
    control_focal_point = "control_focal_point"
    auditor = "auditor"
    citizen = "citizen"


ROLE_LABELS = {
    Role.catalog_admin: N_("Catalog administrator"),
    Role.system_admin: N_("System administrator"),
    Role.desk_officer: N_("Desk officer"),
    Role.specialist: N_("Specialist"),
    Role.division_head: N_("Division head"),
    Role.agency_head: N_("Agency head"),
    Role.clerk: N_("Clerk"),
    Role.cashier: N_("Cashier"),
    Role.centre_director: N_("Centre director"),
    Role.control_focal_point: N_("Control focal point"),
    Role.auditor: N_("Auditor"),
    Role.citizen: N_("Citizen or organisation"),
}

EVERY_OFFICER = frozenset(Role) - {Role.citizen}
ADMINISTRATORS = frozenset({Role.system_admin, Role.catalog_admin})
PROCESSING = frozenset(
    {Role.desk_officer, Role.specialist, Role.division_head, Role.agency_head, Role.clerk}
)
# Those who watch: they read what lies in their part of the agency tree and change nothing.
OVERSEERS = frozenset({Role.control_focal_point, Role.auditor})
# What personal data a read role sees is decided by scope, not by the screen.
DOSSIER_READERS = PROCESSING | OVERSEERS | {Role.cashier, Role.centre_director}
NOBODY: frozenset[Role] = frozenset()


@dataclass(frozen=True)
class Position:
    """One post held now: a role at an agency (``path`` = its place in the tree).

    delegation_id, delegator_id, delegator: set for a post of another officer in whose place one acts.
    """

    role: Role
    agency_id: int
    path: str
    division_id: int | None = None
    title: str = ""
    agency_name: str = ""
    delegation_id: int | None = None
    delegator_id: int | None = None
    delegator: str = ""


@dataclass(frozen=True)
class Actor:
    """The person, applicant or system on whose account things are done."""

    user_id: int | None = None
    name: str = ""
    roles: frozenset[Role] = NOBODY
    positions: tuple[Position, ...] = ()  # his own first, then those he was delegated
    account_id: int | None = None  # of the applicant whose login this is
    officer_account_id: int | None = None  # of the applicant who has this officer's personal number
    ip: str | None = None
    on_behalf_of: str | None = None
    client_id: int | None = None  # the connected system that acts with a token of its own
    grants: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)
    # What the administrators narrowed, by (permission, view): the roles and scopes through
    # which alone it is granted, and the attributes closed to it. Absent = as declared.
    scopes: Mapping[tuple[str, str], frozenset[tuple[Role, str]]] = field(
        default_factory=dict, repr=False, compare=False
    )
    closed: Mapping[tuple[str, str], frozenset[str]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def is_known(self) -> bool:
        """True for a logged-in person."""
        return self.user_id is not None

    @property
    def own_accounts(self) -> frozenset[int]:
        """The applicants who are this person, whatever login they use."""
        return frozenset(one for one in (self.account_id, self.officer_account_id) if one is not None)

    @property
    def is_officer(self) -> bool:
        """True for anyone holding a post in an agency."""
        return bool(self.roles & EVERY_OFFICER)

    def has(self, *roles: Role) -> bool:
        """Return whether the actor holds any of ``roles``."""
        return not self.roles.isdisjoint(roles)

    def positions_as(self, roles: frozenset[Role]) -> tuple[Position, ...]:
        """Return the posts held in one of ``roles``."""
        return tuple(post for post in self.positions if post.role in roles)

    def in_own_name(self) -> "Actor":
        """Return the actor with his own posts only: what nobody may do in another's place."""
        if all(post.delegation_id is None for post in self.positions):
            return self
        posts = tuple(post for post in self.positions if post.delegation_id is None)
        roles = {post.role for post in posts} | (self.roles & {Role.citizen})
        return replace(self, positions=posts, roles=frozenset(roles))

    def may(self, permission: str, view: str) -> bool:
        """Return whether a role grants FAB ``permission`` (e.g. can_read) on ``view``."""
        return (permission, view) in self.grants


ANONYMOUS = Actor()
SYSTEM = Actor(name="system", roles=NOBODY)

_acting: ContextVar[Actor | None] = ContextVar("acting", default=None)
_loader: list[Callable[[], Actor]] = []


def set_actor_loader(loader: Callable[[], Actor]) -> None:
    """Install the function that finds the actor of a web request (once per request)."""
    _loader[:] = [loader]


def current_actor() -> Actor:
    """Return who acts now: the one set by ``acting_as``, else the request's user."""
    explicit = _acting.get()
    if explicit is not None:
        return explicit
    if not has_request_context():
        return SYSTEM
    if "actor" not in g:
        g.actor = _loader[0]() if _loader else ANONYMOUS
    return g.actor


def forget_actor() -> None:
    """Load the actor anew at the next question (after login, logout, a change of posts)."""
    g.pop("actor", None)


@contextmanager
def acting_as(actor: Actor) -> Iterator[Actor]:
    """Run a block as ``actor``: tasks, commands and loaders act for somebody."""
    token = _acting.set(actor)
    try:
        yield actor
    finally:
        _acting.reset(token)


def acting_for(name: str) -> AbstractContextManager[Actor]:
    """Run a block as the present actor on behalf of ``name``: the history tells both."""
    return acting_as(replace(current_actor(), on_behalf_of=name[:255]))
