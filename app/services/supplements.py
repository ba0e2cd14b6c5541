"""Asking for a supplement: once; again only with whose fault it is, and an apology if it is ours."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now, to_local
from app.errors import Invalid
from app.models import Attachment, Dossier, SupplementRequest
from app.models.supplement import FAULTS
from app.permissions import Actor
from app.services import apologies, eforms, lifecycle, results
from app.services.letters import issue_letter
from app.services.notices import notify_transition
from app.services.profiles import profile_value
from app.workflows.apology import APOLOGY


@dataclass(frozen=True)
class Again:
    """Why a supplement is asked for again: a key of FAULTS, and the reason in words."""

    fault: str = ""
    reason: str = ""


def ask_supplement(
    session: Session, dossier: Dossier, actor: Actor, *, reason: str,
    field_keys: list[str], component_ids: list[int], again: Again | None = None,
) -> SupplementRequest:  # fmt: skip
    """Ask for exactly these fields and papers; the clock stands still (form 02).

    From the second request on, ``again`` says whose fault it is: the applicant's (then only what
    had been asked for), or ours; then the apology goes to be signed where the profile wants one,
    and without one ``supplement_max`` holds. Raises Invalid when nothing is marked, or something
    the dossier does not have, NotAllowed. Source: NĐ 61/2018 Đ17, QN20 Đ12.3, TTH17 Đ13.2, Đ14.1.
    """
    items = _asked_items(dossier, field_keys, component_ids)
    if not items:
        message = _("Mark at least one field or paper that is to be supplemented.")
        raise Invalid(message, {"items": message})
    name = "ask_supplement_in_process" if dossier.received_at is not None else "ask_supplement"
    row = lifecycle.find_transition(name)
    lifecycle.refuse_unless_open(dossier, row, actor)
    again = _checked(dossier, again or Again(), {*field_keys, *component_ids})
    days = int(profile_value(session, "supplement_answer_days"))
    request = SupplementRequest(
        number=dossier.supplement_count + 1, reason=reason, field_keys=field_keys,
        component_ids=component_ids, asked_at=now(), asked_by_name=actor.name,
        due_at=now() + timedelta(days=days), fault=again.fault or None,
        fault_reason=again.reason.strip() or None,
    )  # fmt: skip
    dossier.supplements.append(request)
    session.flush()
    if again.fault == "agency":
        _apologise(session, dossier, actor, request)
    lifecycle.move(session, dossier, name, actor, remark=reason)
    dossier.supplement_count += 1
    results.reopen(session, dossier, reason)  # what was signed rested on the papers as they were
    session.flush()
    answer_by = to_local(request.due_at).date().isoformat() if request.due_at else None
    issue_letter(session, dossier, "supplement", actor, cause=f"supplement:{request.number}",
                 items=items, reason=reason, answer_by_on=answer_by)  # fmt: skip
    notify_transition(session, dossier, row)
    return request


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


def _apologise(session: Session, dossier: Dossier, actor: Actor, request: SupplementRequest) -> None:
    """Write the apology and hand it to its signer, from the request the profile names on."""
    first = profile_value(session, "apology_from_supplement")
    if not first or request.number < int(first):
        return
    apology = apologies.require(session, dossier, kind="guidance", cause=f"supplement:{request.number}")
    row = APOLOGY.find("write_apology")
    apologies.submit(session, apology, actor, request.fault_reason or "", None, row)


def _asked_items(dossier: Dossier, field_keys: list[str], component_ids: list[int]) -> list[dict[str, str]]:
    form = dossier.version.form
    fields = {f.key: f.label for f in eforms.fields_of(form)} if form is not None else {}
    papers = {c.id: c.name for c in dossier.version.components}
    unknown = set(field_keys) - set(fields) or set(component_ids) - set(papers)
    if unknown:
        raise Invalid(_("A marked item does not belong to this dossier."))
    items = [{"name": papers[i], "request": _("Attach or replace this paper")} for i in component_ids]
    return items + [{"name": fields[k], "request": _("Correct or complete")} for k in field_keys]


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
