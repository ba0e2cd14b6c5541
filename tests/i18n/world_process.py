"""The world of the language crawl: opinions asked beside the process, a linked dossier."""

from typing import Any

from app.clock import now
from app.models import LinkedDossier
from app.permissions import Role
from app.services import consulting
from tests.services.steps import task_of


def make_process_work(world: Any) -> None:
    """Add a question that waits, one that is answered, and a dossier that another one opened."""
    office = world.office
    outsider = office.officer(Role.specialist, office.tree.department)
    for is_answered in (False, True):
        dossier = world._processed()
        asker = office[Role(task_of(dossier).role)]
        (question,) = consulting.ask(
            world.session, task_of(dossier), asker, question="Có tranh chấp không?", hours=8,
            agency_ids=[office.tree.department.id],
        )  # fmt: skip
        if is_answered:
            consulting.answer(world.session, question, outsider, given="comment", remark="Cần đo lại")
    parent, child = world._processed(), world._sent()
    child.channel = "linked"
    world.session.add(LinkedDossier(parent=parent, child=child, task=task_of(parent), opened_at=now()))
