"""By which post one asks for an extension or decides on it: one's own before a delegated one."""

from app.models import Dossier, Extension
from app.permissions import Actor, Position, Role
from app.services.standing import handling_post, post_over
from app.services.task_rights import SUPERIOR, is_own, persons
from app.workflows.extension import EXTENSION, PENDING, ExtensionState


def asking_post(dossier: Dossier, actor: Actor) -> Position | None:
    """Return the post by which the actor handles the dossier and so may ask."""
    return handling_post(dossier, actor, {Role(role) for role in EXTENSION.find("ask_extension").roles})


def deciding_post(extension: Extension, actor: Actor) -> Position | None:
    """Return the post by which the actor decides, his own first; None if it does not wait for him.

    Whoever asked or confirmed, in whosever place, decides no more, nor does anybody in his place.
    """
    if ExtensionState(extension.state) not in PENDING or extension.waits_for is None:
        return None
    before = {extension.asked_by_id, extension.asked_for_id}
    before |= {number for one in extension.confirmed for number in (one["user_id"], one.get("for_id"))}
    if is_own(extension.dossier, actor):
        return None
    role = Role(extension.waits_for)
    posts = [post_over(extension.dossier, actor, one) for one in (role, SUPERIOR.get(role)) if one]
    fit = [post for post in posts if post is not None and before.isdisjoint(persons(actor, post))]
    return min(fit, key=lambda post: post.delegation_id is not None, default=None)
