"""What the counter's form shows."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from flask import render_template
from flask_babel import gettext as _

from app.clock import VIETNAM, now, to_local
from app.errors import DomainError, Invalid
from app.extensions import db
from app.i18n import N_
from app.lowcode.screen import label_of
from app.lowcode.values import YEARS
from app.models import Account, Agency, ProcedureVersion
from app.models.account import GENDERS, ID_KINDS
from app.models.dossier import PAPER_KINDS
from app.permissions import current_actor
from app.services import drafts, eforms
from app.services.channels import result_ways
from app.services.counter import commune_of, desks_of, get_version, is_declaration, versions_before
from app.services.fee_inputs import counter_inputs
from app.services.guards import is_shared
from app.services.identity_checks import FOREIGN, OWN, has_unverified_login
from app.services.incidents import covering
from app.services.procedure_words import time_limit
from app.services.submission import handling_agency
from app.services.task_rights import is_self
from app.services.timing import result_due
from app.views.applicant.eform_page import elsewhere, error_links, live_rules, offered_for, page_fields
from app.views.applicant.uploads import upload_limits
from app.views.officers.base import sent
from app.views.officers.counter_scans import Scan
from app.views.officers.fee_inputs import WORDS

_PAPER = frozenset({"agency", "without_papers", "paper_received_at", "paper_number", "login_check"})
LOGIN_ANSWERS = {OWN: N_("Yes, it is his own; his identity card was compared"),
                 FOREIGN: N_("No: shut that login, it stays in the history")}  # fmt: skip
APPLICANT_FIELDS = ("id_kind", "id_number", "name", "gender", "phone", "email", "address")


def born_on(text: str) -> date | None:
    """Return the date typed, None for an empty field; raises Invalid (field "born_on")."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as exc:
        message = _("Please enter an existing date as day/month/year, for example 25/03/1990.")
        raise Invalid(message, {"born_on": message}) from exc


def moment(text: str) -> datetime | None:
    """Return the Vietnamese day and time typed, None for an empty field; raises Invalid."""
    if not text.strip():
        return None
    try:
        typed = datetime.fromisoformat(text.strip())
        if typed.year not in YEARS:
            raise ValueError(text)
        return typed.replace(tzinfo=VIETNAM)
    except ValueError as exc:
        message = _("Please enter an existing day and time, for example 10/03/2026 09:30.")
        raise Invalid(message, {"paper_received_at": message}) from exc


def counter_page(
    version_id: int, *, key: str, account: Account | None = None, is_looked_up: bool = False,
    error: DomainError | None = None, scans: Sequence[Scan] = (), known: Mapping[str, Any] | None = None,
) -> str:  # fmt: skip
    """Return the counter's form: what was typed so far, or what is known of the applicant; the scans kept.

    known: answers he gave earlier, as far as they may be shown here.
    """
    session, actor = db.session(), current_actor()
    outages = outages_of_desk()
    version = get_version(session, version_id, late=bool(outages))
    faults = error.fields if isinstance(error, Invalid) else {}
    required = {f"component-{c.id}" for c in version.components if c.is_required}
    fields, units, links, live = _fields(version, known or {}, faults)
    return render_template(
        "officers/reception.html", version=version, key=key, account=account, error=error,
        faults=faults, lacks_papers=any(name in faults for name in required), is_looked_up=is_looked_up, given=sent(),
        is_self=account is not None and is_self(account, actor),
        value=_value(account),
        id_kinds=_words(ID_KINDS), genders=[("", "—"), *_words(GENDERS)],
        result_ways=_words({k: v for k, v in result_ways(session).items() if k != "online"}),
        paper_kinds=PAPER_KINDS, parts=[c for c in version.components if not is_shared(c)],
        declarations={c.id for c in version.components if version.form and not c.is_required and is_declaration(c)},
        shared=[c for c in version.components if is_shared(c)], fields=fields, units=units,
        elsewhere=elsewhere(), links=links, **counter_inputs(version), **WORDS,
        live=live, communes=_communes(version), due=_due(version), limit=time_limit(version),
        scans=_by_paper(scans), outages=outages, earlier=_earlier(version, outages),
        login_answers=_words(LOGIN_ANSWERS), asks_login=account is not None and has_unverified_login(account),
        **upload_limits(session),
    )  # fmt: skip


def _by_paper(scans: Sequence[Scan]) -> dict[int, list[Scan]]:
    found: dict[int, list[Scan]] = {}
    for scan in scans:
        found.setdefault(scan.component_id, []).append(scan)
    return found


def _words(choices: dict[Any, str]) -> list[tuple[str, str]]:
    return [(str(key), _(text)) for key, text in choices.items()]


def _value(account: Account | None) -> Any:
    """Return a function: what stands in an input: what is known, else what was typed."""

    def value(name: str, default: str = "") -> str:
        known = getattr(account, name, None) if account is not None else None
        return str(known) if known not in (None, "") else sent().get(name, default)

    return value


def _fields(version: ProcedureVersion, known: Mapping[str, Any], faults: Any) -> Any:
    """Return the form's fields, offered communes, links to what is wrong, and what scripts need."""
    if version.form is None:
        return [], [], _links({}, faults), {}
    data = eforms.read_data(version.form, sent(), officer=True) if sent() else {}
    data = {**known, **{k: v for k, v in data.items() if not known or v not in (None, "", [], {})}}
    bound = eforms.bind(version.form, data, faults, officer=True)
    offered = offered_for(bound, db.session())
    links = _links(dict(error_links(bound)), faults)
    return page_fields(bound, units=offered), offered.units, links, live_rules(bound)


def _links(of_form: dict[str, str], faults: dict[str, str]) -> list[tuple[str, str]]:
    """Return (id, "label: message") of every fault; a message of a whole sentence stands alone."""
    labels = {name: label_of(Account, name) for name in (*APPLICANT_FIELDS, "born_on")}
    own = [(name, f"{labels[name]}: {text}" if name in labels else text)
           for name, text in faults.items()
           if name in labels or name in _PAPER or name.startswith(("component-", "scan-", "fee-"))]  # fmt: skip
    return own + list(of_form.items())


def _communes(version: ProcedureVersion) -> list[tuple[str, str]]:
    """Return the communes to choose from when the desk stands for more than one."""
    if version.agency is not None:
        return []
    own = _own_commune()
    rows = drafts.communes(db.session())
    first = [("", _("Please choose"))] if own is None else []
    return first + [(str(row.id), row.name) for row in sorted(rows, key=lambda r: r is not own)]


def _own_commune() -> Agency | None:
    desks = desks_of(current_actor())
    desk = db.session.get(Agency, desks[0]) if desks else None
    return commune_of(desk) if desk is not None else None


def outages_of_desk() -> list[Any]:
    """Return the incidents of this desk during which papers may have come (HUE25 Đ23.3)."""
    desks = desks_of(current_actor())
    desk = db.session.get(Agency, desks[0]) if desks else None
    return covering(db.session(), desk) if desk is not None else []


def _earlier(version: ProcedureVersion, outages: list[Any]) -> list[ProcedureVersion]:
    """Return the versions that were in force while the system was down, besides the one on the page."""
    days = [to_local(row.starts_at).date() for row in outages]
    return versions_before(db.session(), version, min(days)) if days else []


def _due(version: ProcedureVersion) -> Any:
    """Return when the result would be due if received now, None where that cannot be said yet."""
    try:
        agency = handling_agency(version, _own_commune())
        return result_due(db.session(), version, agency, now())
    except DomainError:
        return None
