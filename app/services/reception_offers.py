"""What the desk may do with a dossier that came in: accept it, pass it on, ask for what is missing."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now
from app.i18n import N_
from app.lowcode.values import inside_sentence, money, plain_text
from app.models import Charge, Component, Dossier
from app.models.money import PAYMENT_METHODS
from app.models.supplement import FAULTS
from app.services import processing
from app.services.eform_state import open_fields
from app.services.guards import (
    due_charges,
    due_on_reception,
    is_shared,
    lacks_all_papers,
    missing_papers,
    papers_to_tick,
    supplement_charges,
)
from app.services.offers import Offer, of_row, who_takes
from app.services.official import official
from app.services.timing import result_due
from app.workflows.process import StepKind
from app.workflows.states import State


def reception_offers(session: Session, dossier: Dossier, rows: dict[str, Any]) -> list[Offer]:
    """Return the acts of the desk before the dossier is worked on, ``rows``: what the life cycle lets the actor do."""
    found = []
    if "accept" in rows:
        found.append(_accept(session, dossier, rows["accept"]))
    if "start" in rows:
        row = rows["start"]
        words = _what_starts(dossier) or _(row.consequence)
        found.append(of_row(row, dossier, "send", is_main=True, consequence=words))
    if {"accept", "start"} & set(rows):
        found.append(Offer(
            "scan", _("Attach scanned papers"),
            _("The scans stand beside the papers they show; your name is kept as who made them."),
            label=_("Attach"), clause="NĐ 107/2021 Đ21a", icon="scan",
            facts={"components": [c for c in dossier.version.components if not is_shared(c)]},
        ))  # fmt: skip
    return found


def _accept(session: Session, dossier: Dossier, row: Any) -> Offer:
    """Accepting is the main act only of a dossier that is complete: what lacks papers is supplemented (QN20 Đ12.3)."""
    at = plain_text(result_due(session, dossier.version, dossier.agency, now()).at)
    missing = missing_papers(dossier)
    words = _(
        "The dossier becomes “%(state)s”, the receipt slip is made and the applicant is told; "
        "the result is due at %(at)s.", state=_(State.accepted.label), at=at,
    )  # fmt: skip
    if missing:
        lacking = _("A required paper is missing: accept only if it is there by now, and tick it.")
        words = f"{lacking} {words}"
    words = f"{words} {_money_told(dossier)}".strip()
    asked = {"missing": papers_to_tick(dossier), "is_empty": lacks_all_papers(dossier)}
    return of_row(row, dossier, "file-check", is_main=not missing, consequence=words, blocked="", facts=asked)


def _money_told(dossier: Dossier) -> str:
    """What accepting makes due, how it is paid, and whether the dossier waits for it (QN20 Đ14.2)."""
    at_once = due_on_reception(dossier)
    if not at_once:
        later = due_charges(dossier)
        return _("Due later, not on acceptance: %(amount)s.", amount=_total(later)) if later else ""
    ways = ", ".join(inside_sentence(_(way)) for way in PAYMENT_METHODS.values())
    words = _("Falls due on acceptance: %(amount)s (%(names)s), paid at %(desk)s (%(ways)s).", ways=ways,
              amount=_total(at_once), names="; ".join(charge.name for charge in at_once),
              desk=dossier.desk.short_name or dossier.desk.name)  # fmt: skip
    waits = (_("Sent online, it may be passed on before it is paid.") if dossier.channel == "online"
             else _("It is passed on only once that is paid."))  # fmt: skip
    return f"{words} {waits}"


def _total(charges: list[Charge]) -> str:
    return money(sum(charge.amount for charge in charges))


def _what_starts(dossier: Dossier) -> str:
    whole = processing.graph(dossier)
    steps = whole.after(whole.first.key) if whole.first.kind == StepKind.receive else (whole.first,)
    if not steps:
        return ""
    first = steps[0]
    return _("Next: %(step)s, by: %(who)s. The control slip is made.", step=first.name, who=who_takes(first))


def supplement_offers(dossier: Dossier, rows: dict[str, Any]) -> list[Offer]:
    """Return the acts about what is missing: asked for, to be paid, brought to the desk."""
    found = [
        _ask(dossier, rows[name], "accept" in rows)
        for name in ("ask_supplement", "ask_supplement_in_process") if name in rows
    ]  # fmt: skip
    if "request_payment_in_process" in rows and due_charges(dossier):
        row = rows["request_payment_in_process"]
        found.append(of_row(row, dossier, "cash", name="request_payment"))
    if "answer_supplement" in rows and dossier.supplements:
        asked = dossier.supplements[-1]
        parts = [c for c in dossier.version.components if c.id in asked.component_ids]
        found.append(of_row(
            rows["answer_supplement"], dossier, "file-check", name="take_supplement", is_main=True,
            title=_("Record the supplement brought to the desk"), blocked="",
            facts={"asked": asked, "components": parts},
        ))  # fmt: skip
    return found


def _ask(dossier: Dossier, row: Any, is_new: bool) -> Offer:
    """The request with what is missing marked beforehand; before acceptance it is then the main act."""
    missing = missing_papers(dossier)
    again = [(key, _(text)) for key, text in FAULTS.items()] if dossier.supplements else []
    more: dict[str, Any] = {"blocked": ""} if again else {}  # the form asks for the reason
    if supplement_charges(dossier):
        more["consequence"] = f"{_(row.consequence)} {_due_with_it(dossier)}"
    others = [c for c in dossier.version.components if not is_shared(c) and c not in missing]
    facts = {"fields": open_fields(dossier), "missing": missing, "components": others, "faults": again,
             "reason": _reason_for(missing)}  # fmt: skip
    return of_row(row, dossier, "file-plus", name="ask_supplement", is_main=is_new and bool(missing),
                  facts=facts, **more)  # fmt: skip


def _reason_for(missing: list[Component]) -> str:
    if not missing:
        return ""
    names = "; ".join(component.name for component in missing)
    return official(N_("Missing: %(papers)s. Please hand in what is missing."), papers=names)


def _due_with_it(dossier: Dossier) -> str:
    total = _total(supplement_charges(dossier))
    return _("The request names what is to be paid with the answer: %(amount)s; the dossier goes on once that is paid.",
             amount=total)  # fmt: skip
