"""The rights as people read them: which role may do what on which screen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.i18n import N_
from app.lowcode.actions import ACTIONS
from app.permissions import Role

# What the permissions of declared screens and of hand-made ones are called.
VERBS = {
    **{f"can_{action}": text for action, text in ACTIONS.items()},
    "can_get": N_("read"),
    "can_operate": N_("operate"),
    "can_decide": N_("decide"),
    "can_design": N_("design"),
    "can_examine": N_("examine"),
    "can_move": N_("move"),
    "can_publish": N_("publish"),
    "can_record": N_("record"),
    "can_reorganise": N_("reorganise"),
    "can_switch": N_("switch"),
    "can_use": N_("use"),
}
Rights = Mapping[tuple[str, str], frozenset[Role]]


@dataclass(frozen=True)
class RightsLine:
    """One screen: for each role that may use it, what it may do, in words."""

    name: str
    title: str
    by_role: Mapping[Role, list[str]]


def overview(rights: Rights, titles: Mapping[str, str]) -> list[RightsLine]:
    """Return one line per screen that asks for rights."""
    lines: dict[str, dict[Role, list[str]]] = {}
    for (permission, view), roles in sorted(rights.items()):
        verb = _(VERBS.get(permission, permission.removeprefix("can_")))
        line = lines.setdefault(view, {})
        for role in roles:
            line.setdefault(Role(role), []).append(verb)
    return [RightsLine(view, titles.get(view, view), line) for view, line in lines.items()]


def count_rows(session: Session, models: list[type[Any]]) -> dict[type[Any], int]:
    """Return how many records each model has, in one statement."""
    if not models:
        return {}
    parts = [sa.select(sa.func.count()).select_from(model).scalar_subquery() for model in models]
    return dict(zip(models, session.execute(sa.select(*parts)).one(), strict=True))
