"""What an officer may do with the extension of a dossier, for its page."""

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.lowcode.values import inside_sentence, plain_text
from app.models import Dossier, Extension
from app.permissions import ROLE_LABELS, Actor, Role
from app.services import extensions
from app.services.offers import Offer
from app.workflows.extension import EXTENSION


def extension_offers(session: Session, dossier: Dossier, actor: Actor) -> list[Offer]:
    """Return the acts open to ``actor``: decide on the waiting extension, take it back, ask."""
    waiting = extensions.pending(dossier)
    if waiting is None:
        return _ask(session, dossier, actor)
    found = []
    if extensions.may_decide(waiting, actor):
        found += [_agree(session, waiting), _refuse(waiting)]
    if extensions.may_take_back(waiting, actor):
        row = EXTENSION.find("take_back_extension")
        found.append(Offer(row.name, _(row.label), _(row.consequence), clause=row.clause,
                           icon="arrow-back", facts={"extension": waiting}))  # fmt: skip
    return found


def _ask(session: Session, dossier: Dossier, actor: Actor) -> list[Offer]:
    if not extensions.may_ask(dossier, actor) or extensions.ask_problem(session, dossier):
        return []
    row = EXTENSION.find("ask_extension")
    roles = extensions.approvers(session)
    words = _("The due date changes once these have agreed, in this order: %(roles)s. Then the "
              "applicant gets the apology with the new date.",
              roles=", ".join(inside_sentence(_(ROLE_LABELS[role])) for role in roles))  # fmt: skip
    most = extensions.span(extensions.longest(session, dossier))
    return [Offer(row.name, _(row.label), words, clause=row.clause, icon="hourglass",
                  facts={"choices": extensions.choices(session, dossier), "most": most})]  # fmt: skip


def _agree(session: Session, extension: Extension) -> Offer:
    row, dossier = extensions.agreeing(extension), extension.dossier
    words = _(row.consequence)
    blocked = extensions.grant_problem(session, dossier, extension.minutes) or ""
    if row.name == "grant_extension" and dossier.due_at is not None and not blocked:
        at = plain_text(extensions.due_after(session, dossier, extension.minutes))
        words = _("The due date moves from %(old)s to %(new)s; the apology (form 04) is made under "
                  "your name and sent to the applicant.", old=plain_text(dossier.due_at), new=at)  # fmt: skip
    elif row.name == "confirm_extension":
        following = extension.approvers[len(extension.confirmed) + 1]
        words = _("The request goes on to: %(role)s.", role=inside_sentence(_(ROLE_LABELS[Role(following)])))
    return Offer("agree_extension", _(row.label), words, clause=row.clause, icon="check",
                 is_main=True, blocked=blocked, facts={"extension": extension,
                                                       "span": extensions.span(extension.minutes)})  # fmt: skip


def _refuse(extension: Extension) -> Offer:
    row = EXTENSION.find("refuse_extension")
    return Offer(row.name, _(row.label), _(row.consequence), clause=row.clause, icon="x",
                 facts={"extension": extension})  # fmt: skip
