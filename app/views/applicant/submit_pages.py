"""What the pages of an application show."""

import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app, redirect, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.documents.qr import qr_svg
from app.errors import Invalid
from app.extensions import db
from app.models import Account, Draft, Form, FormSection, ProcedureVersion
from app.permissions import Actor, current_actor
from app.services import draft_answers, drafts, earlier_results, eforms, identity_levels, my_dossiers
from app.services.channels import result_ways
from app.services.eform_columns import help_of, label_of, title_of
from app.services.eform_prefill import postal_address
from app.services.eform_state import Evaluation, may_fill
from app.services.procedure_words import fee_hint, time_limit
from app.services.submission import charges_for, receiving_desk, technical_faults
from app.services.timing import reception_due
from app.views.applicant.base import page
from app.views.applicant.eform_page import elsewhere, error_links, live_rules, named, offered_for, page_fields
from app.views.applicant.fee_choices import fee_facts
from app.views.applicant.uploads import upload_limits


@dataclass(frozen=True)
class Part:
    """One section of a form as a page of its own.

    number: of the section, from 1; it names the page whatever other pages the answers show.
    place, count: among the pages shown now. former, following: numbers of its neighbours.
    """

    number: int
    place: int
    count: int
    section: FormSection
    former: int | None = None
    following: int | None = None

    @property
    def keys(self) -> set[str]:
        """The keys of its fields."""
        return {field.key for field in self.section.fields}

    @property
    def title(self) -> str:
        """The section's title in the reader's language."""
        return title_of(self.section)

    @property
    def help(self) -> str:
        """The section's help text in the reader's language; "" for none."""
        return help_of(self.section)

    def url(self, key: str, **more: str) -> str:
        """Return the address of this page for draft ``key``."""
        return url_for("SubmitView.form", key=key, phan=self.number, **more)

    def back_url(self, key: str) -> str | None:
        """Return the address of the page before, None on the first."""
        return url_for("SubmitView.form", key=key, phan=self.former) if self.former else None

    def next_url(self, key: str) -> str:
        """Return where one goes on from here."""
        if self.following:
            return url_for("SubmitView.form", key=key, phan=self.following)
        return url_for("SubmitView.papers", key=key)


def parts_of(judged: Evaluation) -> list[Part]:
    """Return the pages of a form: its sections that the answers show and the applicant fills."""
    own = [(number, s) for number, s in enumerate(judged.form.sections, 1)
           if any(may_fill(f, officer=False) for f in s.fields)]  # fmt: skip
    pages = [pair for pair in own if judged.is_section_shown(pair[1])] or own
    numbers = [None, *(number for number, _section in pages), None]
    return [Part(number, place, len(pages), section, numbers[place - 1], numbers[place + 1])
            for place, (number, section) in enumerate(pages, 1)]  # fmt: skip


def newly_shown(form: Form, data: Mapping[str, Any], part: Part, shown: str | None) -> bool:
    """Return whether the answers ask for more on this page than it showed (pages without scripts)."""
    if shown is None:
        return False
    judged, seen = Evaluation(form, data), set(shown.split(","))
    return any(may_fill(f, officer=False) and judged.is_shown(f.key) and f.key not in seen
               for f in part.section.fields)  # fmt: skip


def part_of(draft: Draft, text: str | None) -> Part:
    """Return the page asked for; the first for anything that is none."""
    parts = parts_of(draft_answers.judged_of(draft))  # type: ignore[arg-type]
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) < 4
    number = int(text or 1) if is_number else 1
    return next((part for part in parts if part.number >= number), parts[-1])


def unfinished_page(draft: Draft) -> str:
    """Return the first page of a draft that was not saved yet or lacks something; the review if none does.

    The page of papers is one to go back to only for a paper that must come: the others may be left out for good.
    """
    judged = draft_answers.judged_of(draft)
    faults = technical_faults(draft, judged).keys()
    for part in parts_of(judged) if judged is not None else []:
        if not drafts.page_revision(draft, part.number) or part.keys & faults:
            return part.url(draft.key)
    is_missing = any(name.startswith("component-") for name in faults)
    return url_for("SubmitView.papers" if is_missing else "SubmitView.review", key=draft.key)


def sent_values(draft: Draft, sent: Any, part: str | None) -> tuple[int, dict[str, Any]]:
    """Return (page, answers) of what a script sent: JSON {"data": {…}}, or a page's inputs."""
    form = draft.version.form
    if form is None:
        return 0, {}
    shown = part_of(draft, part)
    if hasattr(sent, "getlist"):
        return shown.number, eforms.read_data(form, sent, only=shown.keys)
    if not isinstance(sent.get("data"), dict):
        raise Invalid(_("What was sent cannot be read. Please reload the page."))
    return shown.number, eforms.clean_data(form, sent["data"], only=shown.keys)


def steps(draft: Draft, current: str) -> list[dict[str, Any]]:
    """Return the bar of steps for ``ui.steps``."""
    key = draft.key
    code = draft.version.procedure.code
    rows = [("start", _("Where to send"), url_for("SubmitView.start", code=code))]
    if draft.version.form is not None:
        rows.append(("form", _("Form"), url_for("SubmitView.form", key=key)))
    rows.append(("papers", _("Papers"), url_for("SubmitView.papers", key=key)))
    rows.append(("review", _("Check and send"), url_for("SubmitView.review", key=key)))
    place = [name for name, _title, _url in rows].index(current)
    states = ["done"] * place + ["current"] + ["todo"] * (len(rows) - place - 1)
    return [{"title": title, "url": url, "state": state}
            for (_name, title, url), state in zip(rows, states, strict=True)]  # fmt: skip


def start_page(
    session: Session, version: ProcedureVersion, account: Account, draft: Draft | None,
    error: str, status: int,
) -> Any:  # fmt: skip
    """Return the first page: who handles the procedure, what one needs."""
    communes = [] if version.agency is not None else drafts.communes(session)
    nearest = next((a.id for a in communes if a.unit_id and a.unit_id == account.unit_id), None)
    chosen = request.form.get("agency") or (draft and draft.agency_id) or nearest
    return page(
        "start", status, version=version, draft=draft, error=error, communes=communes,
        chosen=chosen, is_online=drafts.is_online(version), limit=time_limit(version),
        desk=receiving_desk(version.agency.standing()) if version.agency else None,
        papers=[c for c in version.components if c.is_required and not drafts.is_shared(c)],
        charges=charges_for(version, "online"), fee_hint=fee_hint(version),
        account=account, wanted_level=identity_levels.wanted_of(account, version),
    )  # fmt: skip


def form_page(
    draft: Draft, part: Part, data: Mapping[str, Any], faults: Mapping[str, str],
    status: int = 200, *, message: str = "", changed: Any = (),
) -> Any:  # fmt: skip
    """Return one section of the form, showing ``data`` with messages beside the fields."""
    session = db.session()
    bound = eforms.bind(draft.version.form, data, faults, only=part.keys)  # type: ignore[arg-type]
    offered = offered_for(bound, session)
    units = offered.units
    shown = page_fields(bound, units=offered, attachments=draft.attachments,
                        extra_row=request.args.get("them", ""))  # fmt: skip
    return page(
        "form", status, draft=draft, part=part, parts=parts_of(bound.judged),  # type: ignore[arg-type]
        fields=shown, units=units, elsewhere=elsewhere(), problems=error_links(bound),
        steps=steps(draft, "form"), message=message, changed=changed,
        base=drafts.page_revision(draft, part.number), live=live_rules(bound),
        # Names this window, so that its own autosaves never count as someone else's.
        tab=request.form.get("tab") or secrets.token_urlsafe(12), **upload_limits(session),
    )  # fmt: skip


def conflict_page(key: str, part: Part, values: dict[str, Any], message: str) -> Any:
    """Return the page with what was typed and, beside it, what another page had saved."""
    draft = drafts.get_draft(db.session(), key, current_actor())
    if draft.dossier is not None:
        return redirect(url_for("SubmitView.done", code=draft.dossier.code))
    form, saved = draft.version.form, draft_answers.answers_of(draft)
    here = {name: saved.get(name) for name in values}
    changed = eforms.differences(form, here, values)  # type: ignore[arg-type]
    return form_page(draft, part, {**saved, **values}, {}, 409, message=message, changed=changed)


def papers_page(draft: Draft, faults: Mapping[str, str], status: int) -> Any:
    """Return the page of papers: what is asked, in which case, what was sent so far."""
    earlier = earlier_results.reusable(db.session(), draft.account_id, draft.version.components)
    rows = [
        {"component": c, "name": f"component-{c.id}", "is_shared": drafts.is_shared(c),
         "files": _files(draft, c.id), "earlier": earlier.get(c.id, []),
         "errors": [faults[f"component-{c.id}"]] if f"component-{c.id}" in faults else []}
        for c in draft.version.components
    ]  # fmt: skip
    links = [(f"upload-{name}", text) for name, text in faults.items()]
    return page("papers", status, draft=draft, rows=rows, problems=links, result_words=earlier_results.told,
                steps=steps(draft, "papers"), **upload_limits(db.session()))  # fmt: skip


def review_page(draft: Draft, message: str, faults: dict[str, str], status: int) -> Any:
    """Return everything that will be sent, with links to correct it."""
    judged = draft_answers.judged_of(draft)
    faults = faults or technical_faults(draft, judged)  # what is missing is said before one sends
    parts = parts_of(judged) if judged is not None else []
    groups, urls = _read(draft, judged, parts) if judged is not None else ([], [])
    own = {name: text for name, text in faults.items() if name in {"result_way", "address", "consent", "identity"}}
    faults = {name: text for name, text in faults.items() if name != "identity"}  # no field on any page corrects it
    return page(
        "review", status, draft=draft, answers=groups, edit_urls=urls, message=message, own=own,
        problems=_fault_links(draft, parts, faults), steps=steps(draft, "review"),
        papers=_sent_papers(draft), **fee_facts(draft),
        left_out=[one.name for one in draft_answers.strays(draft, judged)],
        ways=[(key, _(text)) for key, text in result_ways(db.session()).items()],
        way=request.form.get("result_way") or draft.result_way,
        address=request.form.get("address", _address(draft)), limit=time_limit(draft.version),
        desk=receiving_desk(draft.agency) if draft.agency else None,
        wanted_level=identity_levels.wanted_of(draft.account, draft.version),
    )  # fmt: skip


def _address(draft: Draft) -> str:
    return postal_address(draft.account) if draft.result_address is None else draft.result_address


def _read(draft: Draft, judged: Evaluation, parts: list[Part]) -> tuple[eforms.Answers, list[str]]:
    """Return the answers as they will be sent, and where each section of them is corrected, "" for nowhere."""
    form, data = judged.form, judged.data()
    by_section = {id(part.section): part for part in parts}
    urls = [by_section[id(section)].url(draft.key) if id(section) in by_section else ""
            for section, _fields in eforms.read_sections(form, data, judged=judged)]  # fmt: skip
    return eforms.answers(form, data, judged=judged), urls


def _sent_papers(draft: Draft) -> list[dict[str, Any]]:
    return [{"component": c, "is_shared": drafts.is_shared(c), "files": _files(draft, c.id)}
            for c in draft.version.components]  # fmt: skip


def _files(draft: Draft, component_id: int) -> list[dict[str, Any]]:
    mine = [a for a in draft.attachments if a.component_id == component_id]
    return [my_dossiers.file_item(attachment) for attachment in mine]


def _fault_links(draft: Draft, parts: list[Part], faults: dict[str, str]) -> list[tuple[str, str]]:
    """Return (address, text) of each fault: where it is corrected, with its part where labels repeat."""
    found = []
    alike = Counter(label_of(field) for part in parts for field in part.section.fields)
    for name, text in faults.items():
        part = next((p for p in parts if name in p.keys), None)
        if part is not None:
            label = next(label_of(f) for f in part.section.fields if f.key == name)
            url = part.url(draft.key, **{"kiem-tra": "1"})
            place = f"{title_of(part.section)} – " if alike[label] > 1 else ""
            found.append((f"{url}#{eforms.PREFIX}{name}", named(f"{place}{label}", text)))
        elif name.startswith("component-"):
            papers = url_for("SubmitView.papers", key=draft.key)
            found.append((f"{papers}#upload-{name}", text))
        else:
            found.append((f"#{name}", text))
    return found


def done_page(session: Session, code: str, actor: Actor) -> Any:
    """Return the acknowledgement page of the actor's own dossier."""
    dossier = my_dossiers.get_own(session, code, actor)
    address = f"{current_app.config['PUBLIC_URL']}/tra-cuu/{dossier.code}"
    letter = next((x for x in dossier.letters if x.kind == "acknowledgement"), None)
    due = reception_due(session, dossier.desk, dossier.submitted_at)
    reasons = [_(phrase.msgid, **phrase.params) for phrase in due.steps]
    return page("done", dossier=dossier, qr=Markup(qr_svg(address)), address=address, letter=letter,  # noqa: S704
                moment=my_dossiers.moment, reasons=reasons)  # fmt: skip
