"""Why can, or can't, this person see or do this, now or on a past date?"""

from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import render_template, request
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.clock import today
from app.extensions import db
from app.lowcode.actions import ACTIONS, Action
from app.lowcode.generate import declared_models
from app.lowcode.values import as_id
from app.models import Dossier, User
from app.permissions import Role, current_actor
from app.services import explaining_rights, people
from app.text import fold
from app.workflows.dossier import DOSSIER

_READERS = frozenset({Role.system_admin, Role.catalog_admin, Role.auditor})
_STEP = "step:"


class RightsExplainView(BaseView):
    """The reasons of a right, in sentences."""

    route_base = "/admin/rights/why"
    class_permission_name = "RightsExplanation"
    default_view = "index"
    title = _l("Why somebody may or may not")
    roles = {"read": _READERS}  # noqa: RUF012 - read only

    @expose("/")
    @has_access
    @permission_name("read")
    def index(self) -> str:
        """The question, and its answer if it was asked."""
        asked = {name: request.args.get(name, "").replace("\x00", "").strip()[:100]
                 for name in ("user", "entity", "action", "record", "day")}  # fmt: skip
        answer, problems = _answer(asked) if asked["user"] else (None, [])
        models = sorted(declared_models(), key=lambda model: fold(str(model.screen.title)))
        return render_template(
            "rights/explain.html", asked=asked, answer=answer, problems=problems,
            user=_user(asked["user"]), entities=[(m.__name__, str(m.screen.title)) for m in models],
            actions=[(str(one), _(words).capitalize()) for one, words in ACTIONS.items()],
            steps=[(f"{_STEP}{row.name}", _(row.label)) for row in DOSSIER.transitions],
            day=asked["day"] or today().isoformat(),
        )  # fmt: skip

    @expose("/people")
    @has_access
    @permission_name("read")
    def people(self) -> dict[str, Any]:
        """Users by name: {"results": [{id, text}], "more"}."""
        text = request.args.get("q", "").replace("\x00", "")
        return people.find_people(db.session(), text, as_id(request.args.get("page")) or 1, current_actor())


def _user(text: str) -> User | None:
    number = as_id(text)
    return people.find_person(db.session(), number, current_actor()) if number else None


def _answer(asked: dict[str, str]) -> tuple[Any, list[tuple[str, str]]]:
    """Return the explanation, or what is wrong with the question: (field, message)."""
    user, day = _user(asked["user"]), _day(asked["day"])
    model = next((m for m in declared_models() if m.__name__ == asked["entity"]), None)
    problems = [] if user else [("user", _("Choose a person."))]
    if day is None:
        problems.append(("day", _("This is not a day up to today.")))
    if asked["action"].startswith(_STEP):
        return _transition(asked, user, day, problems)
    if model is None:
        problems.append(("entity", _("Choose a kind of record.")))
    if asked["action"] not in set(Action):
        problems.append(("action", _("Choose what is to be done.")))
    number = _record(model, asked["record"])
    if asked["record"] and number is None:
        problems.append(("record", _("This is not the number of a record.")))
    if problems or user is None or day is None or model is None:
        return None, problems
    return explaining_rights.explain(db.session(), user, model, asked["action"], day, number), []


def _record(model: type[Any] | None, given: str) -> int | None:
    """Return the id of a record asked for by its number or, of a dossier, by its code."""
    if model is Dossier and as_id(given) is None:
        return db.session.scalar(sa.select(Dossier.id).where(Dossier.code == given.strip()))
    return as_id(given)


def _transition(
    asked: dict[str, str], user: User | None, day: date | None, problems: list[tuple[str, str]]
) -> tuple[Any, list[tuple[str, str]]]:
    name = asked["action"].removeprefix(_STEP)
    if name not in {row.name for row in DOSSIER.transitions}:
        problems.append(("action", _("Choose what is to be done.")))
    dossier = db.session.scalar(sa.select(Dossier).where(Dossier.code == asked["record"]))
    if dossier is None:
        problems.append(("record", _("There is no dossier with this code.")))
    if problems or user is None or day is None or dossier is None:
        return None, problems
    return explaining_rights.explain_transition(db.session(), user, dossier, name, day), []


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else today()
    except ValueError:
        return None
    return day if day.year >= 2000 and day <= today() else None
