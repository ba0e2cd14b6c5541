"""Why somebody may or may not see or do something, now or on a past day, in sentences."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import to_local, today
from app.lowcode.actions import ACTIONS, Action, declared, possible
from app.lowcode.overrides import holds
from app.lowcode.rows import visible
from app.lowcode.scopes import SCOPES, Scope, narrowing
from app.lowcode.screen import label_of
from app.models import Dossier, User
from app.permissions import ROLE_LABELS, Actor, Position, Role
from app.services import lifecycle, rights_past
from app.services.guards import GUARDS
from app.services.rights_changes import NO, YES, as_decisions
from app.workflows.dossier import DOSSIER
from app.workflows.states import State

Decisions = dict[tuple[str, str, str, str], rights_past.Decision]


@dataclass
class Explanation:
    """The answer and its reasons, each a whole sentence with whether it speaks for it."""

    may: bool = False
    reasons: list[tuple[bool, str]] = field(default_factory=list)

    def say(self, speaks_for: bool, text: str) -> bool:
        """Add a sentence; returns whether it speaks for the right."""
        self.reasons.append((speaks_for, text))
        return speaks_for


def explain(
    session: Session, user: User, model: type[Any], action: str, day: date, number: int | None = None
) -> Explanation:
    """Return why ``user`` may or may not do ``action`` with records of ``model`` on ``day``.

    number: of one record, whose rows and scope rules are then asked too, as it stands now.
    """
    found = Explanation()
    decided = rights_past.decisions_on(session, day)
    actor = rights_past.actor_on(session, user, day, {key: one.value for key, one in decided.items()})
    if not _stands(session, found, user, actor, day):
        return found
    if action not in possible(model):
        found.say(False, _("No screen lets anybody %(action)s “%(what)s”.", **_words(model, action)))
        return found
    spoken = [_role_says(found, post, model, action, decided) for post in _posts(actor)]
    found.may = any(spoken)
    if found.may:
        _scopes_say(found, actor, model, action, decided)
        if number is not None:
            found.may = _record_says(session, found, actor, model, action, number)
    return found


def explain_transition(
    session: Session, user: User, dossier: Dossier, name: str, day: date
) -> Explanation:
    """Return why ``user``, with his posts of ``day``, may or may not make a transition now."""
    found, row = Explanation(), DOSSIER.find(name)
    decided = rights_past.decisions_on(session, day)
    actor = rights_past.actor_on(session, user, day, {key: one.value for key, one in decided.items()})
    if not _stands(session, found, user, actor, day):
        return found
    state, step = State(dossier.state), _(row.label)
    in_state = found.say(state in row.sources, _(
        "The dossier is in the state “%(state)s”; “%(step)s” is done from: %(states)s.",
        state=_(state.label), step=step, states=", ".join(_(s.label) for s in row.sources if s) or "—",
    ))  # fmt: skip
    wanted = {Role(role) for role in row.roles if role in set(Role)}
    names = ", ".join(_(ROLE_LABELS[role]) for role in Role if role in wanted) or _("the system")
    has_role = found.say(bool(actor.roles & wanted), _(
        "“%(step)s” is done by: %(roles)s (%(clause)s).", step=step, roles=names, clause=row.clause))  # fmt: skip
    is_there = has_role and in_state
    if is_there:
        is_there = row in lifecycle.offered(dossier, actor)
        found.say(is_there, _(
            "The role is held where the dossier stands now, or the task there is the person's.")
            if is_there else _(
            "The role is not held where the dossier stands now, and no task there is the person's."))  # fmt: skip
    is_ready = row.guard is None or GUARDS[row.guard](dossier)
    if row.guard is not None and not is_ready:
        found.say(False, _(DOSSIER.guards[row.guard]))
    found.may = is_there and is_ready
    return found


def _account_says(session: Session, found: Explanation, user: User, name: str, day: date) -> bool:
    """Tell of an account that is or was closed; returns whether it was open on ``day``."""
    if day >= today():
        return bool(user.active) or found.say(False, _("The account is closed: %(name)s cannot sign in.", name=name))
    was_open = rights_past.account_on(session, user, day)
    if was_open is None:
        text = _("Nothing tells whether the account was open on %(day)s: it is taken as it is today.", day=_day(day))
        return found.say(bool(user.active), text)
    if not was_open:
        found.say(False, _("On %(day)s the account was closed or not there yet: %(name)s could not sign in.",
                           day=_day(day), name=name))  # fmt: skip
    elif not user.active:
        found.say(True, _("On %(day)s the account was open; it has been closed since.", day=_day(day)))
    return was_open


def _stands(session: Session, found: Explanation, user: User, actor: Actor, day: date) -> bool:
    """Tell of the account and the posts; returns whether there is any role at all."""
    is_open = _account_says(session, found, user, actor.name, day)
    for post in actor.positions:
        words = {"day": _day(day), "name": actor.name, "role": _(ROLE_LABELS[post.role]), "agency": post.agency_name}
        if post.delegation_id is None:
            found.say(True, _("On %(day)s %(name)s is %(role)s at %(agency)s.", **words))
        else:
            found.say(True, _("On %(day)s %(name)s is %(role)s at %(agency)s by delegation of %(giver)s.",
                              giver=post.delegator, **words))  # fmt: skip
    if actor.account_id is not None:
        found.say(True, _("%(name)s is an applicant and sees his own dossiers.", name=actor.name))
    if not actor.roles:
        found.say(False, _("On %(day)s %(name)s holds no position, so no role.", day=_day(day), name=actor.name))
    return bool(actor.roles) and is_open


def _posts(actor: Actor) -> Iterable[tuple[Role, Position | None]]:
    seen = {post.role: post for post in actor.positions}
    yield from ((role, seen.get(role)) for role in Role if role in actor.roles)


def _role_says(
    found: Explanation, held: tuple[Role, Position | None], model: type[Any], action: str,
    decided: Decisions,
) -> bool:  # fmt: skip
    role, words = held[0], {"role": _(ROLE_LABELS[held[0]]), **_words(model, action)}
    decisions = as_decisions({key: one.value for key, one in decided.items()})
    by_declaration = role in declared(model, action)
    has = holds(declared(model, action), decisions, model, role, action)
    decision = decided.get((str(role), model.__name__, "action", action))
    if decision is not None and decision.value == (YES if has else NO) and has != by_declaration:
        text = _("A decision lets the role %(role)s %(action)s “%(what)s”", **words) if has else _(
            "A decision takes from the role %(role)s the right to %(action)s “%(what)s”", **words)  # fmt: skip
        found.say(has, text + _whose(decision))
    elif has:
        found.say(True, _("The declaration lets the role %(role)s %(action)s “%(what)s”.", **words))
    else:
        found.say(False, _("The declaration does not let the role %(role)s %(action)s “%(what)s”.", **words))
    reads = holds(declared(model, Action.read), decisions, model, role, Action.read)
    if has and not reads:
        found.say(False, _("The role %(role)s may not read “%(what)s”, so it may do nothing else.", **words))
    return has and reads


def _scopes_say(
    found: Explanation, actor: Actor, model: type[Any], action: str, decided: Decisions
) -> None:
    for role, scope in sorted(actor.scopes.get((f"can_{action}", model.__name__), ())):
        words = _("A decision limits the role %(role)s to: %(scope)s",
                  role=_(ROLE_LABELS[role]), scope=_(SCOPES[Scope(scope)]))  # fmt: skip
        found.say(True, words + _whose(decided[str(role), model.__name__, "scope", ""]))
    for name in sorted(actor.closed.get((f"can_{action}", model.__name__), ())):
        found.say(True, _("The attribute “%(field)s” is closed.", field=label_of(model, name)))


def _record_says(
    session: Session, found: Explanation, actor: Actor, model: type[Any], action: str, number: int
) -> bool:
    """Ask the rules about one record, one after the other, to name the one that refuses."""
    exists = sa.select(model.id).where(model.id == number)
    if session.scalar(exists) is None:
        return found.say(False, _("There is no such record."))
    what = {"what": model.screen.title}
    rules = [(
        model.screen.rows,
        _("The rule of rows of “%(what)s” (posts and the agency tree) lets this record be seen.", **what),
        _("The rule of rows of “%(what)s” (posts and the agency tree) leaves this record out.", **what),
    )]  # fmt: skip
    if action != Action.read and model.screen.write_rows is not None:
        rules.append((
            model.screen.write_rows, _("The record may be changed in its present state."),
            _("The rule of “%(what)s” keeps this record from being changed.", **what),
        ))  # fmt: skip
    for rule, yes, no in rules:
        condition = rule(actor) if rule is not None else None
        if condition is None:
            continue
        is_in = session.scalar(exists.where(condition)) is not None
        if not found.say(is_in, yes if is_in else no):
            return False
    scope = narrowing(model, actor, action)
    if scope is not None:
        is_in = session.scalar(exists.where(scope)) is not None
        words = _("The record lies within the scope.") if is_in else _("The record lies outside the scope.")
        if not found.say(is_in, words):
            return False
    query = visible(model, actor, action=action).with_only_columns(model.id)
    return session.scalar(query.where(model.id == number)) is not None


def _words(model: type[Any], action: str) -> dict[str, str]:
    return {"action": _(ACTIONS[Action(action)]), "what": str(model.screen.title)}


def _whose(decision: rights_past.Decision) -> str:
    at = to_local(decision.at).strftime("%H:%M %d/%m/%Y")
    words = [_("decided by %(who)s at %(at)s", who=decision.who or _("the system"), at=at)]
    if decision.reason:
        words.append(_("reason: %(text)s", text=decision.reason))
    return f" ({'; '.join(words)})."


def _day(day: date) -> str:
    return day.strftime("%d/%m/%Y")
