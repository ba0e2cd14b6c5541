"""Extensions: asked before the due date, confirmed in turn, granted by the last (TTH17 Đ14.4)."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Invalid, NotAllowed
from app.history import act_by, acting_post
from app.i18n import N_
from app.lowcode.values import inside_sentence, plain_text
from app.models import Dossier, Extension
from app.official import officially
from app.permissions import ROLE_LABELS, Actor, Position, Role
from app.services import extension_notices, lifecycle
from app.services.extension_rights import asking_post, deciding_post
from app.services.letters import issue_letter
from app.services.official import official
from app.services.pauses import is_overdue
from app.services.profiles import profile_value
from app.services.publication_checks import limit_minutes
from app.services.question_limits import move_limits
from app.services.reasons import given_reason
from app.services.timing import CalendarEnds, add_working, beyond_calendar, calendar_of
from app.workflows.extension import EXTENSION, PENDING, ExtensionState, lengths, most_minutes
from app.workflows.states import State
from app.workflows.table import Transition
from app.workflows.working_time import minutes_between

# Asked of a dossier in processing; decided as well while it waits for the applicant.
_RUNNING = frozenset({State.processing, State.supplement_requested, State.payment_requested})
_DAY = 480  # working minutes in which limits in days are published
Row = Transition[ExtensionState]


def pending(dossier: Dossier) -> Extension | None:
    """Return the extension that waits to be decided, None if there is none."""
    return next((e for e in dossier.extensions if ExtensionState(e.state) in PENDING), None)


def may_ask(dossier: Dossier, actor: Actor) -> bool:
    """Return whether the actor handles the dossier: he holds its step, did one, or heads those who do."""
    roles = {Role(name) for name in EXTENSION.find("ask_extension").roles}
    return lifecycle.handles(dossier, actor, roles)


def ask_problem(session: Session, dossier: Dossier) -> str | None:
    """Return why no extension can be asked for now, in words; None if one can."""
    if State(dossier.state) is not State.processing or dossier.due_at is None:
        return _("Only a dossier in processing can be extended.")
    if now() > dossier.due_at:
        return _("The due date has passed: an extension is asked for before it.")
    waiting = pending(dossier)
    if waiting is not None:
        return _("An extension is already asked for; it waits for: %(role)s.", role=_waits(waiting))
    granted = [e for e in dossier.extensions if e.state == ExtensionState.granted]
    most = int(profile_value(session, "extension_max_count"))
    if len(granted) >= most:
        return ngettext("A dossier may be extended %(num)d time at most.",
                        "A dossier may be extended %(num)d times at most.", most)  # fmt: skip
    if longest(session, dossier) < 1:
        return _("The time that may be granted is used up.")
    return beyond_calendar(session, dossier.agency, dossier.due_at, 1)


def _waits(extension: Extension) -> str:
    return inside_sentence(_(ROLE_LABELS[Role(extension.waits_for)])) if extension.waits_for else ""


def longest(session: Session, dossier: Dossier) -> int:
    """Return how many working minutes may still be granted (TTH17 Đ14.4: 1/3 of the whole limit)."""
    granted = sum(e.minutes for e in dossier.extensions if e.state == ExtensionState.granted)
    return most_minutes(_limit(session, dossier), profile_value(session, "extension_max_ratio"), granted)


def _limit(session: Session, dossier: Dossier) -> int:
    """The published limit in working minutes; what was promised where it is not in working time."""
    published = limit_minutes(dossier.version)
    if published is not None:
        return published
    if dossier.version.is_same_day:
        return _DAY
    received, promised = dossier.received_at, dossier.original_due_at
    if received is None or promised is None:
        return 0
    return minutes_between(calendar_of(session, dossier.agency), received, promised)


def due_after(session: Session, dossier: Dossier, minutes: int) -> datetime:
    """Return the due date that ``minutes`` of working time more would give; raises CalendarEnds."""
    if dossier.due_at is None:
        raise NotAllowed(_("This dossier has no due date yet."))
    return add_working(session, dossier.agency, dossier.due_at, minutes)


def choices(session: Session, dossier: Dossier) -> list[tuple[int, str]]:
    """Return what may be asked for: (working minutes, "2 days – due 17:30 24/11/2026")."""
    found = []
    with suppress(CalendarEnds):  # the shorter ones come first
        for one in lengths(longest(session, dossier), _DAY):
            at = plain_text(due_after(session, dossier, one))
            found.append((one, _("%(span)s – result due at %(at)s", span=span(one), at=at)))
    return found


def span(minutes: int) -> str:
    """Return working time in words: "2 working days 3 h"."""
    days, rest = divmod(minutes, _DAY)
    hours, rest = divmod(rest, 60)
    parts = [ngettext("%(num)d working day", "%(num)d working days", days)] if days else []
    hourly = _("%(hours)d h", hours=hours) if days else ngettext("%(num)d working hour", "%(num)d working hours", hours)
    parts += [hourly] if hours else []
    parts += [_("%(minutes)d min", minutes=rest)] if rest else []
    return " ".join(parts)


def _span(extension: Extension) -> str:
    """Return for how long, as it is kept."""
    with officially():
        return span(extension.minutes)


def ask(session: Session, dossier: Dossier, actor: Actor, *, minutes: int, reason: str) -> Extension:
    """Ask for ``minutes`` of working time beyond the due date.

    Raises NotAllowed for others than those who handle it, Invalid (fields "minutes", "reason")
    naming the rule; asked twice, the second finds the first waiting. Source: TTH17 Đ14.4a.
    """
    row = EXTENSION.find("ask_extension")
    if not may_ask(dossier, actor):
        lifecycle.refuse_own(dossier, actor)
        raise NotAllowed(_("Only who handles the dossier asks for an extension."))
    problem = ask_problem(session, dossier)
    if problem:
        raise Invalid(problem)
    _refuse_bad(session, dossier, minutes, reason)
    act_by(session, actor, asking_post(dossier, actor))
    extension = _new(session, dossier, actor, minutes, reason.strip())
    for role in extension.approvers:
        if not extension_notices.deciders(session, extension, Role(role)):
            raise Invalid(_("Nobody can confirm this extension as: %(role)s.", role=_(ROLE_LABELS[Role(role)])))
    session.add(extension)
    _note(session, extension, row, actor, f"{_span(extension)}. {extension.reason}")
    extension_notices.tell_deciders(session, extension)
    return extension


def _refuse_bad(session: Session, dossier: Dossier, minutes: int, reason: str) -> None:
    faults = {} if reason.strip() else {"reason": _("Please give the reason.")}
    most = longest(session, dossier)
    if not 1 <= minutes <= most:
        faults["minutes"] = _("At most %(span)s may be asked for.", span=span(most))
    elif dossier.due_at and (too_far := beyond_calendar(session, dossier.agency, dossier.due_at, minutes)):
        faults["minutes"] = too_far
    if faults:
        raise Invalid(_("Please correct the marked fields."), faults)


def approvers(session: Session) -> list[Role]:
    """Return who confirms an extension, in turn, by the profile (``extension_approvers``)."""
    return [Role(name) for name in profile_value(session, "extension_approvers")]


def _new(session: Session, dossier: Dossier, actor: Actor, minutes: int, reason: str) -> Extension:
    roles = [str(role) for role in approvers(session)]
    lent = acting_post(session, actor)
    extension = Extension(
        number=len(dossier.extensions) + 1, state=ExtensionState.asked,
        waits_for=roles[0], minutes=minutes, reason=reason,
        clause=EXTENSION.find("grant_extension").clause, asked_at=now(), asked_by_id=actor.user_id,
        asked_for_id=lent.delegator_id if lent else None, asked_by_name=actor.name, old_due_at=dossier.due_at,
        new_due_at=due_after(session, dossier, minutes), approvers=roles, confirmed=[],
    )  # fmt: skip
    dossier.extensions.append(extension)
    return extension


def may_decide(extension: Extension, actor: Actor) -> bool:
    """Return whether the actor is the one it waits for: not who asked, not who confirmed before."""
    return deciding_post(extension, actor) is not None


def may_take_back(extension: Extension, actor: Actor) -> bool:
    """Return whether the actor asked for it himself and nobody has decided yet."""
    is_mine = actor.user_id is not None and extension.asked_by_id == actor.user_id
    return is_mine and ExtensionState(extension.state) in PENDING


def agreeing(extension: Extension) -> Row:
    """Return what agreeing means at this stage: the last of the approvers grants."""
    is_last = extension.waits_for == extension.approvers[-1]
    return EXTENSION.find("grant_extension" if is_last else "confirm_extension")


def agree(session: Session, extension: Extension, actor: Actor, remark: str = "") -> Row:
    """Confirm the extension, or grant it as the last of its approvers; returns which.

    Granted: the due date and the limits of the open steps move, the applicant gets the apology
    with the new date (form 04). Raises NotAllowed for whom it does not wait for, Invalid once
    the due date has passed. Source: TTH17 Đ14.4b, NĐ 61/2018 Đ19.
    """
    post = _take_decision(session, extension, actor)
    problem = grant_problem(session, extension.dossier, extension.minutes)
    if problem:
        raise Invalid(problem)
    row = agreeing(extension)
    stage = {"role": extension.waits_for, "user_id": actor.user_id, "name": actor.name,
             "agency": post.agency_name, "for_id": post.delegator_id,
             "at": now().isoformat(), "remark": remark}  # fmt: skip
    extension.confirmed = [*extension.confirmed, stage]
    extension.state = EXTENSION.outcome(row, ExtensionState(extension.state))
    if row.name == "confirm_extension":
        extension.waits_for = extension.approvers[len(extension.confirmed)]
        _note(session, extension, row, actor, remark or _span(extension))
        extension_notices.tell_deciders(session, extension)
        return row
    _close(extension, actor, remark)
    _grant(session, extension, actor, remark)
    return row


def grant_problem(session: Session, dossier: Dossier, minutes: int) -> str | None:
    """Return why ``minutes`` cannot be granted now, in words; a clock that stands still is asked as it stopped."""
    if State(dossier.state) not in _RUNNING or dossier.due_at is None:
        return _("This dossier is not in processing at present.")
    if is_overdue(session, dossier):
        return _("The due date has passed: it can only be refused now, and an apology is due.")
    return beyond_calendar(session, dossier.agency, dossier.due_at, minutes)


def _grant(session: Session, extension: Extension, actor: Actor, remark: str) -> None:
    dossier, row = extension.dossier, EXTENSION.find("grant_extension")
    extension.old_due_at = dossier.due_at or extension.old_due_at
    extension.new_due_at = due_after(session, dossier, extension.minutes)
    limits = [(task, add_working(session, task.agency, task.due_at, extension.minutes))
              for task in [*lifecycle.open_tasks(dossier), *lifecycle.open_questions(dossier)]]  # fmt: skip
    _note(session, extension, row, actor, f"{extension.reason} {remark}".strip())
    reason = official(N_("Extended by %(span)s: %(reason)s"), span=_span(extension), reason=extension.reason)
    lifecycle.change_due(session, dossier, extension.new_due_at, reason, row.clause, actor)
    move_limits(session, limits, reason, row.clause)
    session.flush()
    issue_letter(
        session, dossier, "apology", actor, cause=f"extension:{extension.number}", why="extension",
        reason=extension.reason, due_at=extension.old_due_at, new_due_at=extension.new_due_at,
        signer_role=extension.confirmed[-1]["role"],
    )  # fmt: skip
    extension_notices.tell_granted(session, extension)


def refuse(session: Session, extension: Extension, actor: Actor, reason: str) -> None:
    """Refuse the extension at any stage, with the reason; the due date stays."""
    _take_decision(session, extension, actor)
    reason = given_reason(reason)
    _end(session, extension, EXTENSION.find("refuse_extension"), actor, reason)
    extension_notices.tell_refused(session, extension)


def take_back(session: Session, extension: Extension, actor: Actor) -> None:
    """Take the request back before it is decided; only who asked."""
    if not may_take_back(extension, actor):
        raise NotAllowed(_("Only who asked takes the request back, before it is decided."))
    _end(session, extension, EXTENSION.find("take_back_extension"), actor, "")


def _end(session: Session, extension: Extension, row: Row, actor: Actor, answer: str) -> None:
    extension.state = EXTENSION.outcome(row, ExtensionState(extension.state))
    _close(extension, actor, answer)
    _note(session, extension, row, actor, answer or _span(extension))


def _take_decision(session: Session, extension: Extension, actor: Actor) -> Position:
    """Return the post by which the actor decides; raises NotAllowed if it does not wait for him."""
    post = deciding_post(extension, actor)
    if post is not None:
        act_by(session, actor, post)
        return post
    lifecycle.refuse_own(extension.dossier, actor)
    if actor.user_id is not None and actor.user_id == extension.asked_by_id:
        raise NotAllowed(_("Nobody confirms his own request for an extension."))
    raise NotAllowed(_("This extension does not wait for you."))


def _close(extension: Extension, actor: Actor, answer: str) -> None:
    extension.waits_for, extension.answer = None, answer or None
    extension.decided_at, extension.decided_by_name = now(), actor.name


def _note(session: Session, extension: Extension, row: Row, actor: Actor, remark: str) -> None:
    lifecycle.note_step(session, extension.dossier, row.name, actor, remark, row.clause)


def stages(extension: Extension) -> list[dict[str, Any]]:
    """Return each approver in turn: role in words, and who confirmed when (None: not yet)."""
    done = {one["role"]: one for one in extension.confirmed}
    return [{"role": _(ROLE_LABELS[Role(role)]), "done": done.get(role)} for role in extension.approvers]
