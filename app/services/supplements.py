"""Asking for a supplement: once; again only with whose fault it is, and an apology if it is ours."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import VIETNAM, now, to_local, today
from app.errors import Conflict, Invalid
from app.history import act_by
from app.i18n import N_
from app.lowcode.values import money
from app.models import Apology, Attachment, Dossier, SupplementRequest, User
from app.models.supplement import FAULTS
from app.permissions import Actor
from app.services import apologies, eforms, lifecycle, results
from app.services.actors import build_actor
from app.services.guards import supplement_charges
from app.services.letters import issue_letter
from app.services.notices import notify_transition
from app.services.official import official
from app.services.profiles import profile_value
from app.services.reasons import given_reason
from app.services.timing import CalendarEnds, closing_of
from app.workflows.apology import APOLOGY, OPEN_APOLOGY, ApologyState
from app.workflows.states import CLOCK_OVER, State
from app.workflows.table import Transition


@dataclass(frozen=True)
class Again:
    """Why a supplement is asked for again: a key of FAULTS, and the reason in words."""

    fault: str = ""
    reason: str = ""


def ask_supplement(
    session: Session, dossier: Dossier, actor: Actor, *, reason: str,
    field_keys: list[str], component_ids: list[int], again: Again | None = None,
) -> SupplementRequest | None:  # fmt: skip
    """Ask for exactly these fields and papers; the clock stands still (form 02).

    From the second request on, ``again`` says whose fault it is: the applicant's (then only what
    had been asked for), or ours; then the apology goes to be signed where the profile wants one,
    and without one ``supplement_max`` holds. Where the profile sends the two together, the request
    waits for the signature (None; the clock runs on meanwhile, the fault is ours). Raises Invalid
    when nothing is marked, or something the dossier does not have, NotAllowed.
    Source: NĐ 61/2018 Đ17, QN20 Đ12.3, TTH17 Đ13.2, Đ14.1.
    """
    if not asked_items(dossier, field_keys, component_ids):
        message = _("Mark at least one field or paper that is to be supplemented.")
        raise Invalid(message, {"items": message})
    lifecycle.refuse_unless_open(dossier, transition_of(dossier), actor)
    again = _checked(dossier, again or Again(), {*field_keys, *component_ids})
    if prepared_of(dossier) is not None:
        raise Invalid(_("A request waits for its apology already: take it back first."))
    if again.fault == "agency" and _go_together(session, dossier):
        _prepare(session, dossier, actor, given_reason(reason), (field_keys, component_ids), again)
        return None
    request = _new(session, dossier, reason, (field_keys, component_ids), again, actor.name)
    if again.fault == "agency" and _needs_apology(session, request.number):
        _apologise(session, dossier, actor, request.number, again)
    return _ask(session, dossier, request, actor)


def transition_of(dossier: Dossier) -> Transition[State]:
    """Return the transition by which a supplement is asked for now."""
    in_process = dossier.received_at is not None
    return lifecycle.find_transition("ask_supplement_in_process" if in_process else "ask_supplement")


def _new(
    session: Session, dossier: Dossier, reason: str, marked: tuple[list[str], list[int]], again: Again, name: str
) -> SupplementRequest:
    days = int(profile_value(session, "supplement_answer_days"))
    request = SupplementRequest(
        number=dossier.supplement_count + 1, reason=reason, field_keys=marked[0],
        component_ids=marked[1], asked_at=now(), asked_by_name=name,
        due_at=_answer_by(session, dossier, days), fault=again.fault or None,
        fault_reason=again.reason.strip() or None,
    )  # fmt: skip
    dossier.supplements.append(request)
    session.flush()
    return request


def _answer_by(session: Session, dossier: Dossier, days: int) -> datetime:
    """Return the end of the last of so many days, or of the next working day where it is a day off (BLDS 2015 Đ148).

    A limit in days ends with the day, at 24:00, not at the minute at which somebody asked: an answer comes online, too.
    """
    day = today() + timedelta(days=days)
    with suppress(CalendarEnds):  # beyond the working calendar no day off is known
        day = to_local(closing_of(session, dossier.desk, day)).date()
    return datetime.combine(day, time(23, 59, 59), tzinfo=VIETNAM)


def _ask(
    session: Session, dossier: Dossier, request: SupplementRequest, actor: Actor, *, of_itself: bool = False
) -> SupplementRequest:
    row, reason = transition_of(dossier), request.reason
    items = asked_items(dossier, request.field_keys, request.component_ids)
    lifecycle.move(session, dossier, row.name, actor, remark=reason, of_itself=of_itself)
    dossier.supplement_count += 1
    results.reopen(session, dossier, reason)  # what was signed rested on the papers as they were
    session.flush()
    answer_by = to_local(request.due_at).date().isoformat() if request.due_at else None
    issue_letter(session, dossier, "supplement", actor, cause=f"supplement:{request.number}",
                 items=items, reason=reason, answer_by_on=answer_by)  # fmt: skip
    notify_transition(session, dossier, row, _to_pay(dossier))
    return request


def _to_pay(dossier: Dossier) -> str:
    """Return the sentence that names what is to be paid with the answer, empty if nothing is."""
    total = sum(charge.amount for charge in supplement_charges(dossier))
    if not total:
        return ""
    return official(N_("With the answer %(amount)s is to be paid at %(desk)s."),
                    amount=money(total), desk=dossier.desk.name)  # fmt: skip


def prepared_of(dossier: Dossier) -> Apology | None:
    """Return the apology that a prepared request waits for."""
    return next((one for one in dossier.apologies if one.request and ApologyState(one.state) in OPEN_APOLOGY), None)


def _go_together(session: Session, dossier: Dossier) -> bool:
    waits = bool(profile_value(session, "supplement_waits_for_apology"))
    return waits and _needs_apology(session, dossier.supplement_count + 1)


def _needs_apology(session: Session, number: int) -> bool:
    first = profile_value(session, "apology_from_supplement")
    return bool(first) and number >= int(first)


def _prepare(
    session: Session, dossier: Dossier, actor: Actor, reason: str, marked: tuple[list[str], list[int]], again: Again
) -> None:
    """Keep the request with the apology it goes with; signing sends both."""
    act_by(session, actor, lifecycle.post_for(dossier, transition_of(dossier), actor))
    apology = _apologise(session, dossier, actor, dossier.supplement_count + 1, again)
    apology.request = {"reason": reason, "fields": marked[0], "components": marked[1], "by": actor.user_id,
                       "name": actor.name}  # fmt: skip
    session.flush()


def send_prepared(session: Session, apology: Apology) -> SupplementRequest | None:
    """Send the request that waited for this apology, in the name of who wrote it; None if there is none.

    What ended meanwhile is not asked for any more. Raises Conflict while the dossier stands where no
    supplement can be asked: the apology is then not signed either.
    """
    wish, dossier = apology.request, apology.dossier
    if not wish:
        return None
    if State(dossier.state) in CLOCK_OVER:
        return None
    if State(dossier.state) not in transition_of(dossier).sources:
        raise Conflict(_("The request that goes with it cannot be sent now: %(state)s.",
                         state=_(State(dossier.state).label)))  # fmt: skip
    asker = build_actor(session, session.get(User, wish["by"]))
    again = Again("agency", apology.reason or "")
    request = _new(session, dossier, wish["reason"], (wish["fields"], wish["components"]), again, wish["name"])
    return _ask(session, dossier, request, asker, of_itself=True)


def _checked(dossier: Dossier, again: Again, marked: Collection[Any]) -> Again:
    """Return why it is asked again; nothing for the first request. Raises Invalid."""
    if not dossier.supplement_count:
        return Again()
    faults = {}
    if again.fault not in FAULTS:
        faults["fault"] = _("Say why a supplement is asked for again.")
    if not again.reason.strip():
        faults["fault_reason"] = _("Please give the reason.")
    asked = {key for one in dossier.supplements for key in (*one.field_keys, *one.component_ids)}
    if again.fault == "applicant" and not set(marked) <= asked:
        faults["fault"] = _("Something new is asked for: that is not the applicant's fault.")
    if faults:
        raise Invalid(_("Please correct the marked fields."), faults)
    return again


def _apologise(session: Session, dossier: Dossier, actor: Actor, number: int, again: Again) -> Apology:
    """Write the apology for request ``number`` and hand it to its signer."""
    apology = apologies.require(session, dossier, kind="guidance", cause=f"supplement:{number}")
    apologies.submit(session, apology, actor, again.reason.strip(), None, APOLOGY.find("write_apology"))
    return apology


def asked_items(dossier: Dossier, field_keys: list[str], component_ids: list[int]) -> list[dict[str, str]]:
    """Return what the letter lists; raises Invalid for what the dossier does not have."""
    form = dossier.version.form
    fields = {f.key: f.label for f in eforms.fields_of(form)} if form is not None else {}
    papers = {c.id: c.name for c in dossier.version.components}
    unknown = set(field_keys) - set(fields) or set(component_ids) - set(papers)
    if unknown:
        raise Invalid(_("A marked item does not belong to this dossier."))
    items = [{"name": papers[i], "request": official(N_("Attach or replace this paper"))} for i in component_ids]
    return items + [{"name": fields[k], "request": official(N_("Correct or complete"))} for k in field_keys]


@dataclass(frozen=True)
class Round:
    """One request and what its answer changed: fields and papers, old and new side by side."""

    request: SupplementRequest
    fields: list[tuple[str, str, str]]
    papers: list[tuple[str, list[Attachment], list[Attachment]]]


def rounds(dossier: Dossier) -> list[Round]:
    """Return every request for a supplement, the latest first, with old and new (QN20 Đ13.2)."""
    return [Round(one, _fields(dossier, one), _papers(dossier, one)) for one in reversed(dossier.supplements)]


def _fields(dossier: Dossier, request: SupplementRequest) -> list[tuple[str, str, str]]:
    form = dossier.version.form
    pairs = zip(dossier.revisions, dossier.revisions[1:], strict=False)
    found = next(((old, new) for old, new in pairs if new.at == request.answered_at), None)
    if form is None or found is None:
        return []
    return eforms.differences(form, found[0].data, found[1].data, officer=True)


def _papers(dossier: Dossier, request: SupplementRequest) -> list[tuple[str, list[Attachment], list[Attachment]]]:
    rows, until = [], request.answered_at
    for component in dossier.version.components:
        if component.id in request.component_ids:
            files = [a for a in dossier.attachments if a.component_id == component.id]
            old = [a for a in files if a.created_at < request.asked_at]
            new = [a for a in files if a.created_at >= request.asked_at and (until is None or a.created_at <= until)]
            rows.append((component.name, old, new))
    return rows
