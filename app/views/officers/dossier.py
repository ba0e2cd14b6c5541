"""The dossier page: on the left all there is to read, on the right what can be done now."""

from functools import partial
from typing import Any

from flask import Response, flash, redirect, render_template, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from app import history
from app.clock import now
from app.errors import DomainError, Invalid, NotAllowed, NotFound
from app.extensions import db
from app.lowcode.history_pages import told_of
from app.lowcode.values import as_id
from app.models import Dossier
from app.models.dossier import DOSSIER_CHANNELS, DOSSIER_STATES, PAPER_KINDS, RESULT_WAYS
from app.models.money import CHARGE_STATES, PAYMENT_METHODS, REFUND_METHODS
from app.models.task import ANSWERS, TASK_STATES
from app.permissions import DOSSIER_READERS, Actor, current_actor
from app.services import dossier_offers, dossier_page, eforms, files, linked, officer_answers, originals, results
from app.services import signatures as paper_signatures
from app.services.apologies import is_late
from app.services.clause_words import in_words
from app.services.dossier_compare import comparison_of
from app.services.dossier_process import picture_of
from app.services.dossiers import get_dossier, get_dossier_id, openable
from app.services.explanations import explanations_of
from app.services.extensions import stages
from app.services.guards import due_on_reception, owed_now
from app.services.ledger import ledger_of
from app.services.letters import issued_now, letter_title
from app.services.profiles import profiles_in_force
from app.services.question_limits import delays_of
from app.services.refunds import refunds_of
from app.services.revoked_results import revoked_results
from app.services.submission import asked_keys
from app.services.supplements import rounds
from app.services.task_rights import is_own
from app.services.undoing import find_undo
from app.transactions import transaction
from app.views.applicant.eform_page import elsewhere, live_rules, offered_for, page_fields
from app.views.applicant.uploads import upload_limits
from app.views.files import send_file
from app.views.officers import fee_inputs
from app.views.officers.acts import ACTS
from app.views.officers.base import OfficerView, asked, sent
from app.views.officers.outside_parts import data_part, outside_parts
from app.workflows.result import LABELS as RESULT_LABELS
from app.workflows.states import State

TABS = {
    "read": (_l("Dossier"), "file-text"), "compare": (_l("Papers beside the form"), "scan"),
    "course": (_l("Course"), "route"),
    "papers": (_l("Letters and payments"), "receipt"), "time": (_l("Time ledger"), "clock"),
    "history": (_l("History"), "history"),
}  # fmt: skip


class DossierPageView(OfficerView):
    """One dossier, for everyone who may see it; who may act is asked of the services."""

    route_base = "/dossier"
    class_permission_name = "DossierPage"
    roles = {"use": DOSSIER_READERS}  # noqa: RUF012 - read by the permission sync
    default_view = "show"

    @expose("/<code>")
    @has_access
    @permission_name("use")
    def show(self, code: str) -> Any:
        """The page; that it was read is kept in the dossier's history."""
        with transaction() as unit:
            history.record(unit, ("dossier", get_dossier_id(unit, code, current_actor())), "read")
        return _page(code)

    @expose("/<code>/act/<name>", methods=["POST"])
    @has_access
    @permission_name("use")
    def act(self, code: str, name: str) -> Any:
        """Do one thing; a refusal keeps what was typed and says why."""
        actor = current_actor()
        try:
            if name not in ACTS:
                raise NotAllowed(_("There is no such action."))
            with transaction() as unit:
                dossier = get_dossier(unit, code, actor, to_change=True)
                message = ACTS[name](unit, dossier, actor, sent())
                unit.flush()
                fresh = [letter.id for letter in issued_now(unit, dossier)]
        except NotFound:
            raise
        except DomainError as exc:
            return _page(code, failed=name, error=exc), exc.status
        flash(message, "success")
        return redirect(url_for("DossierPageView.show", code=code, letter=fresh[-1] if fresh else None))

    @expose("/<code>/result.pdf")
    @has_access
    @permission_name("use")
    def preview(self, code: str) -> Response:
        """The result as it stands, draft or issued; that it was opened is kept in the history."""
        actor = current_actor()
        with transaction() as unit:
            dossier = get_dossier(unit, code, actor)
            result = results.current_result(dossier)
            if result is None:
                raise NotFound(_("There is no draft of the result yet."))
            files.note_read(unit, dossier, result.title, actor)
        data = (
            results.preview_pdf(db.session(), dossier, result)
            if result.file is None
            else results.result_pdf(result)
        )
        return send_file(data, f"{dossier.code}.pdf", "application/pdf", is_inline=True)


def _page(code: str, *, failed: str = "", error: DomainError | None = None) -> str:
    session, actor = db.session(), current_actor()
    dossier = dossier_page.load_page(session, code, actor)
    tabs = {key: value for key, value in TABS.items()
            if key != "history" or actor.may("can_read", "History")}  # fmt: skip
    tab = asked().get("tab", "read")
    tab = tab if tab in tabs else "read"
    offers = dossier_offers.find_offers(session, dossier, actor)
    failed = _failed_key(failed, offers)
    return render_template(
        "officers/dossier.html", dossier=dossier, tab=tab, tabs=_tabs(dossier, tab, tabs),
        state=State(dossier.state), left=dossier_page.remaining(session, dossier),
        reasons=dossier_page.due_reasons(dossier), offers=offers, failed=failed, error=error,
        faults=error.fields if isinstance(error, Invalid) else {}, given=sent(),
        late=_late(dossier), fresh_letter=_fresh_letter(dossier),
        result=results.current_result(dossier), revoked=revoked_results(dossier),
        unpaid=sum(charge.amount for charge in owed_now(dossier)),
        falls_due=sum(c.amount for c in due_on_reception(dossier)) if State(dossier.state) is State.registered else 0,
        undo=find_undo(session, dossier, actor), own=is_own(dossier, actor),
        **_words(), **_parts(session, dossier, actor, tab),
        **_eform_of(session, dossier, offers),
    )  # fmt: skip


def _failed_key(name: str, offers: list[Any]) -> str:
    """The key of the act that was refused: that of the step it was sent for."""
    task = sent().get("task", "")
    alike = [offer for offer in offers if offer.name == name]
    same = (offer for offer in alike if "task" in offer.facts and str(offer.facts["task"].id) == task)
    found = next(same, next(iter(alike), None))
    return found.key if found is not None else name


def _tabs(dossier: Dossier, tab: str, tabs: dict[str, Any]) -> list[dict[str, Any]]:
    here = url_for("DossierPageView.show", code=dossier.code)
    return [{"title": str(title), "icon": icon, "active": key == tab,
             "url": here if key == "read" else f"{here}?tab={key}"}
            for key, (title, icon) in tabs.items()]  # fmt: skip


def _words() -> dict[str, Any]:
    """The words of coded values, for the template."""
    return {
        "channels": DOSSIER_CHANNELS,
        "paper_kinds": PAPER_KINDS,
        "result_ways": RESULT_WAYS,
        "task_states": TASK_STATES,
        "charge_states": CHARGE_STATES,
        "payment_methods": PAYMENT_METHODS,
        "refund_methods": REFUND_METHODS,
        **fee_inputs.WORDS,
        "result_labels": RESULT_LABELS,
    }


def _parts(session: Session, dossier: Dossier, actor: Actor, tab: str) -> dict[str, Any]:
    """What only the open tab shows."""
    beside = {"signature_words": paper_signatures.tell, "signatures_wait": paper_signatures.is_unchecked}
    if tab == "compare":
        return {"comparison": comparison_of(dossier, as_id(asked().get("file", ""))), **beside}
    if tab == "course":
        return {"timeline": dossier_page.timeline(dossier), "clock_now": now(),
                "picture": picture_of(session, dossier), "outside": outside_parts(session, dossier)}  # fmt: skip
    if tab == "papers":
        return {"letters": [(x, letter_title(session, x)) for x in reversed(dossier.letters)],
                "refunds": refunds_of(session, dossier)}  # fmt: skip
    if tab == "time":
        return {"ledger": ledger_of(session, dossier), "cited": partial(in_words, profiles=profiles_in_force(session))}
    if tab == "history":
        return {"told": told_of(session, dossier)}
    form, data = dossier.version.form, dossier.revisions[-1].data if dossier.revisions else {}
    links, questions = linked.links_of(session, dossier), [t for t in dossier.tasks if t.asked_by_id is not None]
    return {
        "answers": eforms.answers(form, data, officer=True) if form is not None and data else [],
        "may_write_part": officer_answers.may_write(dossier, actor),
        "papers": dossier_page.papers(dossier), "loose": dossier_page.loose_files(dossier),
        "rounds": rounds(dossier), "extension_stages": stages,
        "explanations": explanations_of(session, dossier), "moment_now": now(),
        "questions": questions, "question_delays": delays_of(session, questions), "answer_words": ANSWERS,
        "linked": links, "open_links": openable(session, linked.others(links), actor), "dossier_states": DOSSIER_STATES,
        "checks": originals.checks_of(session, dossier), "data_check": data_part(session, dossier, actor), **beside,
    }  # fmt: skip


def _eform_of(session: Session, dossier: Dossier, offers: list[Any]) -> dict[str, Any]:
    """The asked fields, where the desk types in a supplement brought on paper."""
    offer = next((offer for offer in offers if offer.name == "take_supplement"), None)
    form = dossier.version.form
    if offer is None or form is None or not offer.facts["asked"].field_keys:
        return {**upload_limits(session)}
    data = dict(dossier.revisions[-1].data)
    keys = asked_keys(dossier, offer.facts["asked"])
    faults: dict[str, str] = {}
    if sent():
        data |= eforms.read_data(form, sent(), only=keys)
        faults = eforms.data_problems(form, data, only=keys, is_whole=True)
    bound = eforms.bind(form, data, faults, only=keys)
    offered = offered_for(bound, session)
    return {"asked_fields": page_fields(bound, units=offered), "units": offered.units,
            "elsewhere": elsewhere(), "live": live_rules(bound), **upload_limits(session)}  # fmt: skip


def _late(dossier: Dossier) -> Any:
    """The cause of delay, once the dossier is late; none while its time stands still."""
    if dossier.received_at is None or not is_late(dossier):
        return None
    return dossier_page.late_step(dossier)


def _fresh_letter(dossier: Dossier) -> Any:
    """The letter that the last act made, to be printed."""
    wanted = asked().get("letter", "")
    return next((letter for letter in dossier.letters if str(letter.id) == wanted), None)
