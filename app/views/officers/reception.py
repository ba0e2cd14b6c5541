"""The counter: pick the procedure, who applies, which papers; then receive."""

from typing import IO, Any
from uuid import NAMESPACE_OID, uuid5

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from app.contents import storage
from app.errors import Conflict, DomainError, Invalid
from app.extensions import db
from app.lowcode.values import as_id
from app.models import Account, Agency, Dossier, PaperReception, ProcedureVersion
from app.models.identifiers import tidy_number
from app.models.menus import WORK
from app.permissions import Role, acting_for, current_actor
from app.services import catch_up, catch_up_scans, eforms, reception
from app.services.catalog import ProcedureSearch, find_procedures
from app.services.counter import (
    enter_applicant,
    find_applicant,
    frequent_versions,
    get_version,
)
from app.services.desk_prefill import desk_prefill
from app.services.files import attach, max_upload_mb
from app.services.reception import DESK_SCAN, CounterReception
from app.services.submission import new_key
from app.transactions import transaction
from app.views.applicant.uploads import take_plain_files
from app.views.officers.acts import papers_of
from app.views.officers.base import OfficerView, asked, sent
from app.views.officers.counter_scans import chosen_scans, content_print, keep_scans, kept_scans
from app.views.officers.fee_inputs import read_counts
from app.views.officers.reception_page import APPLICANT_FIELDS, born_on, counter_page, moment, outages_of_desk

_CHANNELS = ("counter", "post")


class ReceptionView(OfficerView):
    """Receiving on somebody's behalf, at the counter or from the post."""

    route_base = "/reception"
    class_permission_name = "Reception"
    roles = {"use": frozenset({Role.desk_officer})}  # noqa: RUF012 - read by the permission sync
    default_view = "new"
    menu_items = ((WORK, _l("Receive a dossier"), "file-plus", "new", "use"),)

    @expose("/new", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def new(self) -> Any:
        """First the procedure, then one form; ``do`` tells which button was pressed."""
        version_id = as_id(sent().get("version") or asked().get("version", ""))
        if version_id is None:
            return self._pick()
        if request.method == "GET":
            return counter_page(version_id, key=new_key())
        if sent().get("do") == "find":
            return self._find(version_id)
        if sent().get("do") == "catch_up":
            return self._catch_up(version_id)
        return self._receive(version_id)

    def _pick(self) -> str:
        q = asked().get("q", "").strip()[:200]
        session = db.session()
        found = find_procedures(session, ProcedureSearch(q=q), size=30).rows if q else []
        return render_template(
            "officers/pick.html", q=q, found=found,
            frequent=[] if q else frequent_versions(session, current_actor()),
        )  # fmt: skip

    def _find(self, version_id: int) -> Any:
        """Look up the applicant by the exact number; the look is recorded."""
        kind, number = sent().get("id_kind", ""), sent().get("id_number", "").strip()
        with transaction() as unit:
            account = find_applicant(unit, kind, number) if number else None
            known = _known(unit, version_id, account)
        key = _key()
        if reception.find_by_key(db.session(), key) is not None:  # a page gone back to
            key = new_key()
        return _again(version_id, key, account=account, known=known, is_looked_up=True)

    def _receive(self, version_id: int) -> Any:
        key = _key()
        try:
            with transaction() as unit:
                dossier = _take(unit, version_id, key)
                slip = next((x.id for x in dossier.letters if x.kind == "receipt_slip"), None)
                code = dossier.code
        except Conflict as exc:  # the same form came twice at the same instant, or with another applicant
            known = reception.find_by_key(db.session(), key)
            if known is None or not _is_meant(known):
                return _again(version_id, key if known is None else new_key(), former=key, error=exc), exc.status
            code, slip = known.code, None
        except DomainError as exc:
            return _again(version_id, key, error=exc), exc.status
        is_entered = request.form.get("do") == "register"
        flash(_("Entered: %(code)s.", code=code) if is_entered else _("Received: %(code)s.", code=code), "success")
        return redirect(url_for("DossierPageView.show", code=code, letter=slip))


    def _catch_up(self, version_id: int) -> Any:
        """Keep what was received on paper during an incident, for the director to approve."""
        key = _key()
        try:
            with transaction() as unit:
                row = catch_up.enter(
                    unit, _given(unit, get_version(unit, version_id, late=True), _late_key(key)), current_actor(),
                    received_at=moment(sent().get("paper_received_at", "")),
                    paper_number=sent().get("paper_number", ""),
                )  # fmt: skip
                _keep_late_scans(unit, row, key)
                number = row.paper_number
        except DomainError as exc:
            return _again(version_id, key, error=exc), exc.status
        flash(_("Number %(number)s waits for the director's approval.", number=number), "success")
        return redirect(url_for("CatchUpView.index"))


def _key() -> str:
    return sent().get("key", "")[:36] or new_key()


def _again(version_id: int, key: str, *, former: str = "", **more: Any) -> str:
    """Return the form once more, with the scans that came with it. former: its key before, if it gets a new one."""
    with transaction() as unit:
        scans = keep_scans(unit, key, former or key)
    return counter_page(version_id, key=key, scans=scans, **more)


def _known(session: Session, version_id: int, account: Account | None) -> dict[str, Any]:
    """Return answers given earlier; raises NotFound, before any is read, where the page would not show the version."""
    if account is None:
        return {}
    form = get_version(session, version_id, late=bool(outages_of_desk())).form
    return {} if form is None else desk_prefill(session, form, account, current_actor())


def _given(session: Session, version: ProcedureVersion, key: str) -> CounterReception:
    form = sent()
    return CounterReception(
        key=key, version=version, account=_applicant(session),
        agency=_agency(session), data=_answers(version), papers=papers_of(version, form),
        channel=form.get("channel") if form.get("channel") in _CHANNELS else "counter",
        result_way=form.get("result_way", "desk"), contact=_contact(), fees=read_counts(version, form),
        fee_subject=form.get("fee_subject", ""), content=content_print(),
        is_without_papers=form.get("without_papers") == "y",
    )  # fmt: skip


def _take(session: Session, version_id: int, key: str) -> Dossier:
    """Enter applicant and dossier with its scans; the same key finds the first one."""
    actor, form = current_actor(), sent()
    known = reception.find_by_key(session, key)
    if known is not None and not _is_meant(known):
        raise Conflict(_("Dossier %(code)s was received with this page before. What stands here now is not entered "
                         "yet. To correct that dossier, open it; for another dossier compare this page, then press "
                         "again.", code=known.code))  # fmt: skip
    if known is not None:
        return known
    given = _given(session, get_version(session, version_id), key)
    act = reception.register if form.get("do") == "register" else reception.receive_at_counter
    with acting_for(given.account.name):
        dossier = act(session, given, actor)
        _keep_scans(session, dossier, key)
    return dossier


def _is_meant(dossier: Dossier) -> bool:
    """Return whether the form sent is the one by which ``dossier`` was entered: all in it is the same.

    A page gone back to carries the key of the dossier before; the next applicant must not leave with nothing, nor
    may what was corrected or is meant for a second dossier be dropped without a word.
    """
    kind = sent().get("id_kind", "")
    number = tidy_number(kind, sent().get("id_number", ""))
    same = (dossier.account.id_kind, dossier.account.id_number) == (kind, number)
    is_same_content = dossier.request_print in {None, content_print()}
    return same and is_same_content and dossier.version_id == as_id(sent().get("version", ""))


def _late_key(key: str) -> str:
    """Return what names a late entry: each number of the paper book is one of its own."""
    return str(uuid5(NAMESPACE_OID, f"{key}:{sent().get('paper_number', '').strip()}"))


def _applicant(session: Session) -> Account:
    values: dict[str, Any] = {name: sent().get(name, "").strip() for name in APPLICANT_FIELDS}
    missing = {name: _("This field is required.") for name in ("id_number", "name") if not values[name]}
    if missing:
        raise Invalid(_("Please correct the marked fields."), missing)
    values = {name: value or None for name, value in values.items()}
    values["born_on"] = born_on(sent().get("born_on", ""))
    values["kind"] = "organisation" if values["id_kind"] == "tax_code" else "citizen"
    return enter_applicant(session, current_actor(), login_check=sent().get("login_check", ""), **values)


def _contact() -> dict[str, str]:
    return {name: sent().get(name, "").strip() for name in ("phone", "email", "address")}


def _agency(session: Session) -> Agency | None:
    pk = as_id(sent().get("agency", ""))
    return session.get(Agency, pk) if pk is not None else None


def _answers(version: ProcedureVersion) -> dict[str, Any]:
    """What was typed into the form; {} when it was handed in on paper."""
    if version.form is None or sent().get("is_paper_form") == "y":
        return {}
    return eforms.read_data(version.form, sent(), officer=True)


def _keep_scans(session: Session, dossier: Dossier, key: str) -> None:
    """Attach what came with the form now, and what was kept while it came back."""
    parts, actor = {c.id: c for c in dossier.version.components}, current_actor()

    def place(name: str) -> dict[str, Any]:
        component = parts.get(as_id(name.removeprefix("scan-")) or 0)
        return {"dossier": dossier, "component": component, "source_class": DESK_SCAN}

    take_plain_files(session, request.files, place, actor, max_upload_mb(session))
    for scan in kept_scans(session, key):
        attach(session, scan.file, scan.name, actor, **place(f"scan-{scan.component_id}"))


def _keep_late_scans(session: Session, row: PaperReception, key: str) -> None:
    """Keep the scans chosen at the counter with the late entry; raises Invalid at the paper of a refused file."""
    for place, chosen in chosen_scans():
        _add_late(session, row, place, chosen.filename or "", chosen.stream)
    for scan in kept_scans(session, key):
        _add_late(session, row, scan.component_id, scan.name, storage().open(scan.file.sha256))


def _add_late(session: Session, row: PaperReception, place: int, name: str, data: bytes | IO[bytes]) -> None:
    try:
        catch_up_scans.add_scan(session, row.id, current_actor(), name=name, data=data, component_id=place or None)
    except Invalid as exc:
        raise Invalid(str(exc), {f"component-{place}": str(exc)}) from exc
