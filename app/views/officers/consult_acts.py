"""What the buttons about opinions, and about taking steps back, do."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.lowcode.values import as_id
from app.models import Dossier
from app.permissions import Actor
from app.services import consulting, handing, recalling
from app.views.officers.base import ids, task_of, whole_number


def _ask(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    asked = consulting.ask(
        session, task_of(dossier, form), actor, question=form.get("question", ""),
        hours=whole_number(form.get("hours"), 0), agency_ids=ids(form.getlist("agency")),
        user_id=as_id(form.get("user", "")),
    )  # fmt: skip
    return _("Asked: %(names)s.", names=", ".join(str(one.assignee or one.agency) for one in asked))


def _answer(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    task = task_of(dossier, form)
    consulting.answer(session, task, actor, given=form.get("answer", ""), remark=form.get("remark", ""))
    return _("The opinion is sent.")


def _take_back(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    consulting.take_back(session, task_of(dossier, form), actor)
    return _("The question is taken back.")


def _unclaim(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    handing.unclaim(session, task_of(dossier, form), actor)
    return _("The task is nobody's again.")


def _recall(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    task = recalling.recall(session, task_of(dossier, form), actor)
    return _("Taken back: %(step)s", step=task.name)


CONSULT_ACTS = {
    "ask_opinion": _ask, "give_opinion": _answer, "take_back_question": _take_back,
    "unclaim": _unclaim, "recall_step": _recall,
}  # fmt: skip
