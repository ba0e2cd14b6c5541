"""What the pages of one own dossier show."""

from collections.abc import Mapping
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.lowcode.values import as_id
from app.models import Dossier, SupplementRequest
from app.models.dossier import RESULT_WAYS
from app.models.rating import CRITERIA, SCORES
from app.services import earlier_results, eforms, my_dossiers, originals, ratings
from app.services.fee_facts import explain
from app.services.guards import payable, supplement_charges
from app.services.letters import letter_title
from app.services.lookup import place_of, step_of
from app.services.revoked_results import revoked_results
from app.services.submission import asked_keys
from app.views.applicant.base import page
from app.views.applicant.eform_page import elsewhere, error_links, live_rules, offered_for, page_fields
from app.views.applicant.uploads import upload_limits


def dossier_page(session: Session, dossier: Dossier) -> Any:
    """Return the page of one dossier."""
    form, data = dossier.version.form, dossier.revisions[-1].data if dossier.revisions else {}
    asked = dossier.supplements[-1] if dossier.supplements else None
    before = as_id(request.args.get("readings"))
    return page(
        "dossier", dossier=dossier, asked=asked if asked and not asked.answered_at else None,
        sentence=my_dossiers.sentence(dossier), moment=my_dossiers.moment,
        timeline=my_dossiers.timeline(dossier), place=place_of(dossier), step=step_of(dossier),
        readings=my_dossiers.readings(session, dossier, before),
        readings_before=before,
        answers=eforms.answers(form, data) if form is not None else [],
        files=_files(dossier), way=_(RESULT_WAYS[dossier.result_way]),
        letters=[(x, letter_title(session, x)) for x in my_dossiers.own_letters(dossier)],
        charges=payable(dossier), with_answer=_with_answer(dossier),
        results=my_dossiers.issued_results(dossier), revoked=revoked_results(dossier),
        may_withdraw=my_dossiers.may_withdraw(dossier), may_rate=ratings.is_rateable(dossier),
        scores=SCORES, explain=explain,
        originals=originals.waiting(session, dossier),
        reasons=[_(msgid, **params) for msgid, params in dossier.due_explanation or ()],
    )  # fmt: skip


def _with_answer(dossier: Dossier) -> int:
    """Return how many đồng are to be paid with the answer to a supplement request."""
    return sum(charge.amount for charge in supplement_charges(dossier))


def _files(dossier: Dossier) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return (paper, files) of what was sent; replaced files are left out."""
    names = {c.id: c.name for c in dossier.version.components}
    groups: dict[str, list[dict[str, Any]]] = {}
    for attachment in dossier.attachments:
        if not attachment.is_replaced:
            name = names.get(attachment.component_id or 0, _("Other files"))
            groups.setdefault(name, []).append(my_dossiers.file_item(attachment))
    return list(groups.items())


def supplement_page(
    session: Session, dossier: Dossier, asked: SupplementRequest, typed: dict[str, Any] | None,
    faults: Mapping[str, str], message: str = "", status: int = 200,
) -> Any:  # fmt: skip
    """Return the page of a supplement: old answers shown, asked ones to be corrected."""
    form, keys = dossier.version.form, asked_keys(dossier, asked)
    data = dossier.revisions[-1].data if dossier.revisions else {}
    shown, links, units, live = [], [], [], {}
    if form is not None and keys:
        bound = eforms.bind(form, {**data, **(typed or {})}, faults, only=keys)
        live, offered = live_rules(bound), offered_for(bound, session)
        units = offered.units
        fresh = [a for a in dossier.attachments if a.created_at >= asked.asked_at]
        shown = page_fields(bound, units=offered, attachments=fresh, old=eforms.shown(form, data),
                            extra_row=request.form.get("add_row", ""))  # fmt: skip
        links = error_links(bound)
    papers = _asked_papers(dossier, asked, faults)
    links += [(f"upload-{row['name']}", text) for row in papers for text in row["errors"]]
    earlier = earlier_results.reusable(session, dossier.account_id, [row["component"] for row in papers])
    return page(
        "supplement", status, dossier=dossier, earlier_of=earlier, result_words=earlier_results.told,
        asked=asked, with_answer=_with_answer(dossier), fields=shown, papers=papers,
        units=units, elsewhere=elsewhere(), problems=links, message=message, live=live,
        moment=my_dossiers.moment, **upload_limits(session),
        upload_url=url_for("FileView.add_to_supplement", code=dossier.code),
    )  # fmt: skip


def _asked_papers(
    dossier: Dossier, asked: SupplementRequest, faults: Mapping[str, str]
) -> list[dict[str, Any]]:
    rows = []
    for component in dossier.version.components:
        if component.id not in asked.component_ids:
            continue
        name = f"component-{component.id}"
        mine = [a for a in dossier.attachments if a.component_id == component.id]
        rows.append({
            "component": component, "name": name,
            "errors": [faults[name]] if name in faults else [],
            "old": [my_dossiers.file_item(a) for a in mine if a.created_at < asked.asked_at],
            "files": [my_dossiers.file_item(a) for a in mine if a.created_at >= asked.asked_at],
        })  # fmt: skip
    return rows


def why_not_rateable(dossier: Dossier) -> str:
    """Return why a dossier cannot be rated now."""
    if dossier.rating is not None:
        return _("You have rated this dossier already. Thank you.")
    return _("The dossier can be rated once it has been answered.")


def rating_page(dossier: Dossier, faults: Mapping[str, str], status: int = 200) -> Any:
    """Return the page of a rating."""
    labels = {"score": _("Overall"), "comment": _("Comment")}
    labels |= {key: _(text) for key, text in CRITERIA.items()}
    return page(
        "rating", status, dossier=dossier, faults=faults, given=request.form,
        scores=[(value, _(text)) for value, text in SCORES.items()],
        criteria=[(key, _(text)) for key, text in CRITERIA.items()],
        problems=[(key, f"{labels.get(key, key)}: {text}") for key, text in faults.items()],
    )  # fmt: skip
