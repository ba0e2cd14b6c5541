"""What an officer may do about opinions and about steps he has finished, for the dossier's page."""

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.lowcode.values import plain_text
from app.models import Dossier, Task
from app.models.task import ANSWERS
from app.permissions import Actor
from app.services import consulting, lifecycle, recalling
from app.services.colleagues import People, agencies_with
from app.services.offers import Offer
from app.services.task_rights import may_do
from app.workflows.states import State

_CLAUSE = "NĐ 61/2018 Đ19; HUE25 Đ16"


def consult_offers(session: Session, dossier: Dossier, actor: Actor, people: People) -> list[Offer]:
    """Return: answer what one was asked, ask others, take a question or a finished step back."""
    found = [_answer(task) for task in lifecycle.open_questions(dossier) if may_do(task, actor)]
    if State(dossier.state) is not State.processing:
        return found
    mine = [t for t in lifecycle.open_tasks(dossier) if may_do(t, actor)]
    asking = [t for t in mine if consulting.may_ask(t)]
    agencies = agencies_with(session, consulting.ANSWERING) if asking else []
    for task in asking:
        found.append(_ask(task, actor, people[task.id], agencies))
        found += [_take_back(q) for q in consulting.questions_of(task) if q.state == "open"]
    found += [_unclaim(task) for task in mine if task.assignee_id == actor.user_id and len(people[task.id]) > 1]
    last = next((t for t in reversed(dossier.tasks) if recalling.may_recall(t, actor)), None)
    if last is not None and not recalling.was_opened(session, last, actor):
        found.append(_recall(last))
    return found


def _answer(task: Task) -> Offer:
    words = _("Asked: “%(question)s”. Answer by %(at)s; who asked is told.",
              question=task.question or task.name, at=plain_text(task.due_at))  # fmt: skip
    options = [(key, _(ANSWERS[key])) for key in consulting.GIVEN]
    return Offer("give_opinion", _("Give your opinion"), words, label=_("Send the opinion"), clause=_CLAUSE,
                 icon="message", is_main=True, key=f"give_opinion-{task.id}",
                 facts={"task": task, "options": options})  # fmt: skip


def _ask(task: Task, actor: Actor, names: dict[int, str], agencies: list[tuple[int, str]]) -> Offer:
    people = [(key, name) for key, name in names.items() if key != actor.user_id]
    others = [(number, name) for number, name in agencies if number != task.agency_id]
    return Offer("ask_opinion", _("Ask for an opinion"),
                 _("They see the dossier and answer in time; the step and its limit stay with you."),
                 label=_("Ask"), clause=_CLAUSE, icon="messages", key=f"ask_opinion-{task.id}",
                 facts={"task": task, "people": people, "agencies": others})  # fmt: skip


def _take_back(question: Task) -> Offer:
    who = str(question.assignee) if question.assignee_id else question.agency.name
    return Offer("take_back_question", _("Take back the question to %(who)s", who=who),
                 _("The question is cancelled; nobody has to answer it any more."), icon="arrow-back",
                 clause=_CLAUSE, key=f"take_back_question-{question.id}", facts={"task": question})  # fmt: skip


def _unclaim(task: Task) -> Offer:
    return Offer("unclaim", _("Give the task back"),
                 _("The task is nobody's again; everybody who may do it sees it as unassigned."),
                 icon="user", clause="HUE25 Đ16", key=f"unclaim-{task.id}", facts={"task": task})  # fmt: skip


def _recall(task: Task) -> Offer:
    return Offer("recall_step", _("Take back: %(step)s", step=task.name),
                 _("Nobody has opened it yet: the step is yours again, what followed is cancelled."),
                 icon="arrow-back", clause="HUE25 Đ16", facts={"task": task})  # fmt: skip
