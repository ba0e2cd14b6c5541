"""Nobody handles the feedback he sent himself, nor does who stands in for its sender."""

from dataclasses import replace

from flask_babel import gettext as _

from app.errors import NotAllowed
from app.models import Feedback
from app.permissions import Actor


def is_own(feedback: Feedback, actor: Actor) -> bool:
    """Return whether the actor sent it, by whatever login of his; see ``task_rights.is_own``."""
    return feedback.account_id in actor.own_accounts


def as_colleague(feedback: Feedback, actor: Actor) -> Actor:
    """Return the actor with the posts by which he may handle it: none for what is his own, none its sender lent."""
    if feedback.account is None:
        return actor
    if is_own(feedback, actor):
        return replace(actor, positions=())
    posts = tuple(post for post in actor.positions if post.delegator_id not in feedback.account.people)
    return replace(actor, positions=posts)


def refuse_own(feedback: Feedback, actor: Actor) -> None:
    """Raise NotAllowed, saying why, for who sent it."""
    if is_own(feedback, actor):
        raise NotAllowed(_("%(code)s is feedback of your own: a colleague has to handle it.", code=feedback.code))
