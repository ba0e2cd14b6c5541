"""Who is told of an extension: those who decide, who asked, the applicant."""

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.i18n import N_
from app.lowcode.values import plain_text
from app.models import Dossier, Extension
from app.official import officially
from app.permissions import Role
from app.services.lifecycle import DESK_ROLES, open_tasks
from app.services.notices import holders, notice_users, tell_applicant
from app.services.official import official
from app.services.task_rights import SUPERIOR


def deciders(session: Session, extension: Extension, role: Role) -> set[int]:
    """Return who may confirm as ``role``: at the agency (the Centre: at the desk), else the superior.

    Never who asked, nor the applicant himself.
    """
    dossier = extension.dossier
    found = _holders(session, dossier, role)
    if not found - {extension.asked_by_id} and role in SUPERIOR:
        found = _holders(session, dossier, SUPERIOR[role])
    return found - {extension.asked_by_id} - dossier.account.people


def _holders(session: Session, dossier: Dossier, role: Role) -> set[int]:
    places = {dossier.desk_id} if role in DESK_ROLES else {dossier.agency_id}
    return {user for place in places for user in holders(session, place, role, with_delegates=True)}


def tell_deciders(session: Session, extension: Extension) -> None:
    """Tell those for whom the extension waits now."""
    if extension.waits_for is None:
        return
    title = official(N_("Extension to decide: %(code)s"), code=extension.dossier.code)
    body = official(N_("%(name)s asks to move the due date to %(at)s. Reason: %(reason)s"),
                    name=extension.asked_by_name, at=plain_text(extension.new_due_at),
                    reason=extension.reason)  # fmt: skip
    people = deciders(session, extension, Role(extension.waits_for))
    notice_users(session, people, extension.dossier, _key(extension), title, body)


def tell_granted(session: Session, extension: Extension) -> None:
    """Tell the applicant of the new date, and who asked and holds the open steps."""
    dossier = extension.dossier
    with officially():
        at = plain_text(extension.new_due_at)
        text = _("We apologise: the time limit is extended. Reason: %(reason)s", reason=extension.reason)
        tell_applicant(session, dossier, f"{_key(extension)}:applicant", text)
        title = _("Extension granted: %(code)s", code=dossier.code)
        people = {extension.asked_by_id, *(task.assignee_id for task in open_tasks(dossier))}
        notice_users(session, {p for p in people if p}, dossier, f"{_key(extension)}:granted",
                     title, _("New due date: %(at)s", at=at))  # fmt: skip


def tell_refused(session: Session, extension: Extension) -> None:
    """Tell who asked that the due date stays, and why."""
    if extension.asked_by_id is None:
        return
    title = official(N_("Extension refused: %(code)s"), code=extension.dossier.code)
    notice_users(session, [extension.asked_by_id], extension.dossier,
                 f"{_key(extension)}:refused", title, extension.answer or "")  # fmt: skip


def _key(extension: Extension) -> str:
    return f"extension:{extension.id}:{len(extension.confirmed)}"
