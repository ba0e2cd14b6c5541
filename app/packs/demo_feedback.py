"""The demo's feedback items, sent and answered at the times the pack says."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.clock import acting_at, now
from app.errors import DomainError
from app.models import Feedback
from app.packs.files import read
from app.packs.loader import PackLoader
from app.packs.people import NameMaker
from app.permissions import Actor, acting_as
from app.services import feedback as service
from app.services.feedback import NewFeedback
from app.services.timing import calendar_of
from app.workflows.working_time import add_minutes


def load_feedback(
    session: Session, pack: PackLoader, names: NameMaker, handler: Actor,
    progress: Callable[[str, int, int], None],
) -> None:  # fmt: skip
    """Send every sample and let ``handler`` bring it to the state the pack names."""
    rows = read(f"{pack.folder}/feedback_samples.yaml")["feedback"]
    for number, row in enumerate(rows, 1):
        at = now() - timedelta(days=row["days_ago"], hours=names.random.randint(0, 9))
        given = NewFeedback(
            title=row["title"], content=row["content"], category=row["category"],
            agency_code=row["agency"], sender_phone=f"09000{number:05d}",
            sender_name=names.name(names.random.choice(("male", "female"))), is_public=row["is_public"],
        )  # fmt: skip
        with acting_at(at), acting_as(Actor(name=given.sender_name)) as sender:
            feedback = service.send_feedback(session, given, sender)
        _bring_to(session, feedback, row, at, handler)
        if number % 10 == 0:
            progress("Phản ánh / Feedback", number, len(rows))


def _bring_to(
    session: Session, feedback: Feedback, row: dict[str, str], at: datetime, head: Actor
) -> None:
    steps = {"received": (), "accepted": ("accept",), "answered": ("accept", "answer"),
             "published": ("accept", "answer", "publish"), "refused": ("refuse",)}[row["state"]]  # fmt: skip
    for step in steps:
        at = add_minutes(calendar_of(session, feedback.agency), at, 400)
        if at >= now():
            return
        with acting_at(at), acting_as(head):
            try:
                _apply(session, feedback, step, row, head)
            except DomainError:
                return


def _apply(
    session: Session, feedback: Feedback, step: str, row: dict[str, str], actor: Actor
) -> None:
    text = row.get("answer", "")
    if step == "answer":
        service.answer_feedback(session, feedback, actor, text=text)
    elif step == "refuse":
        service.refuse_feedback(session, feedback, actor, reason=text)
    elif step == "accept":
        service.accept_feedback(session, feedback, actor, agency_code=feedback.agency.code)
    else:
        service.publish_feedback(session, feedback, actor, is_read=True)
