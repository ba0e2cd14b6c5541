"""What anybody may know of a dossier whose code he has: where it stands, never whose it is.

Left out on purpose: form data, numbers and contacts of the applicant, names of officers and
whatever they wrote. Source: HUE25 Đ13.1, HCM24 Đ12, QN20 Đ15.1; HUE25 Đ21 (personal data).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session, joinedload, load_only
from sqlalchemy.orm.attributes import set_committed_value

from app.errors import NotFound
from app.i18n import N_
from app.models import Agency, Dossier, DueChange, Movement, Procedure
from app.models.dossier import BARE_CODE
from app.permissions import Actor
from app.services.channels import looks_up_by
from app.services.kept import MARKS, remember_marks
from app.services.pauses import is_overdue, stands_still
from app.services.revoked_results import Revoked, revoked_results
from app.workflows.numbering import bare
from app.workflows.states import PAUSING, State

MAX_CODE = 60
_CODE = re.compile(r"[A-Za-z0-9.\-]{4,60}")
_DASHES = str.maketrans("‐‑‒–—−", "------")
_STARS = 3

# What each movement means to the applicant. The words of the workflow table are imperatives
# for officers; a step inside the agency is not in the table at all.
PUBLIC_WORDS = {
    "submit": N_("The dossier was sent"),
    "register": N_("The dossier was entered by the one-stop desk"),
    "open_linked": N_("A linked dossier was opened at another agency"),
    "receive_at_counter": N_("The dossier was received at the counter"),
    "accept": N_("The dossier was accepted"),
    "ask_supplement": N_("A supplement was asked for"),
    "ask_supplement_in_process": N_("A supplement was asked for"),
    "answer_supplement": N_("The supplement was sent"),
    "refuse": N_("The dossier was not accepted"),
    "start": N_("The dossier was passed on to the agency that handles it"),
    "take_back_start": N_("The dossier came back to the one-stop desk"),
    "request_payment": N_("Payment was asked for"),
    "request_payment_in_process": N_("Payment was asked for"),
    "record_payment": N_("The payment was recorded"),
    "request_withdrawal": N_("The applicant asked to withdraw the dossier"),
    "approve_withdrawal": N_("The dossier was withdrawn"),
    "reject_withdrawal": N_("The withdrawal was declined"),
    "stop": N_("Processing was stopped"),
    "grant_extension": N_("The time limit was extended"),
    "reopen": N_("The dossier was opened again"),
    "sign_apology": N_("The agency sent an apology"),
    "refuse_unanswered": N_("The dossier was not accepted"),
    "finish": N_("Processing is finished, the result is ready"),
    "return_result": N_("The result was handed over"),
    "collect_online": N_("The result was received online"),
}
_SHOWN = (Agency.code, Agency.name, Agency.hotline, Agency.phone)
_LOOKS = {
    State.registered: ("info", "inbox"),
    State.accepted: ("info", "check"),
    State.refused: ("danger", "circle-x"),
    State.processing: ("info", "hourglass"),
    State.supplement_requested: ("warning", "file-plus"),
    State.payment_requested: ("warning", "cash"),
    State.withdrawal_requested: ("secondary", "arrow-back"),
    State.stopped: ("secondary", "ban"),
    State.finished: ("success", "circle-check"),
    State.returned: ("success", "file-check"),
}


@dataclass(frozen=True)
class PublicStep:
    """One line of the course: when, what, at which agency, and how it looks."""

    at: datetime
    title: str
    agency: str
    tone: str
    icon: str


@dataclass(frozen=True)
class PublicDossier:
    """The public view of one dossier: plain values, so that no page can show more of it."""

    code: str
    state: State
    procedure_code: str
    procedure_name: str
    applicant: str
    agency: Agency
    desk: Agency
    submitted_at: datetime
    received_at: datetime | None
    original_due_at: datetime | None
    due_at: datetime | None
    finished_at: datetime | None
    returned_at: datetime | None
    place: Agency
    step: str
    is_paused: bool
    is_overdue: bool
    steps: tuple[PublicStep, ...]
    due_reasons: tuple[str, ...]
    due_changes: tuple[tuple[datetime, datetime | None, datetime], ...]
    # By when the applicant should answer a request to supplement.
    answer_due_at: datetime | None
    is_own: bool
    revoked: tuple[Revoked, ...]

    @property
    def request(self) -> str | None:
        """What the applicant asks himself next, as a msgid; None if there is nothing to do."""
        return REQUESTS.get(self.state)


REQUESTS = {
    State.supplement_requested: N_(
        "The agency needs a supplement. Please log in to your account, or ask at the desk, "
        "to see exactly what is missing."
    ),
    State.payment_requested: N_(
        "A fee is to be paid before the dossier goes on. Please log in to your account, "
        "or ask at the desk, to see the amount."
    ),
    State.finished: N_("The result is ready. Please receive it in the way you have chosen."),
    State.refused: N_("The reason is in the slip that was sent to the applicant."),
    State.stopped: N_("The reason is in the notice that was sent to the applicant."),
}


def clean_code(typed: str) -> str:
    """Return a dossier code as typed, without spaces and with plain hyphens; "" if it is none."""
    code = "".join(typed.translate(_DASHES).split())
    return code if _CODE.fullmatch(code) else ""


def find_public(session: Session, typed: str, actor: Actor) -> PublicDossier:
    """Return the public view of the dossier with this code, in any case of letters.

    Raises NotFound, with one and the same message for a malformed and an unknown code.
    """
    code = clean_code(typed)
    # First: what the rule hangs on comes along with it. A code typed as it is written costs one statement.
    dossier = (_find(session, _BY_CODE, code) or _find(session, _BY_BARE_CODE, bare(code))) if code else None
    is_open = actor.is_officer or looks_up_by(session, "code")
    if not (is_open or actor.account_id):
        raise NotFound(_("Under the regulation in force a dossier is looked up in one's own account: please log in."))
    if dossier is None or not (is_open or dossier.account_id == actor.account_id):
        raise NotFound(_(
            "No dossier with this code was found. Please type the whole code, from its first letter on, as it stands "
            "on the receipt slip and in every message about the dossier. Dots, hyphens and spaces may be left out."
        ))  # fmt: skip
    return _view(session, dossier, actor)


# Asked for by everybody at every hour: nothing is read that the page does not say.
_LOADS = (
    load_only(
        Dossier.code, Dossier.state, Dossier.account_id, Dossier.applicant_name, Dossier.submitted_at,
        Dossier.received_at, Dossier.original_due_at, Dossier.due_at, Dossier.due_explanation,
        Dossier.finished_at, Dossier.returned_at, Dossier.step_name,
    ),
    joinedload(Dossier.procedure).load_only(Procedure.code, Procedure.name),
    joinedload(Dossier.agency).load_only(*_SHOWN), joinedload(Dossier.desk).load_only(*_SHOWN),
    joinedload(Dossier.movements).load_only(  # a handful: cheaper than a second statement
        Movement.at, Movement.transition, Movement.source, Movement.target, Movement.agency_name),
)  # fmt: skip
_HAS_CHANGES = sa.exists().where(DueChange.dossier_id == Dossier.id)
# No LIMIT: the server would plan it anew each time (connections.py).
_ASKED = sa.select(Dossier, _HAS_CHANGES, *MARKS).options(*_LOADS)
_BY_CODE = _ASKED.where(Dossier.code.in_(sa.bindparam("codes", expanding=True)))
_BY_BARE_CODE = _ASKED.where(BARE_CODE.in_(sa.bindparam("codes", expanding=True)))


def _find(session: Session, query: sa.Executable, code: str) -> Dossier | None:
    """Return the dossier that ``query`` finds by ``code`` in any case; None also where it finds several."""
    rows = session.execute(query, {"codes": list({code, code.upper(), code.lower()})}).unique().all()
    if len(rows) != 1:
        return None
    dossier, has_changes, *marks = rows[0]
    remember_marks(session, marks)
    if not has_changes:
        set_committed_value(dossier, "due_changes", [])
    return dossier


_AS_IT_IS = (
    "code",
    "agency",
    "desk",
    "submitted_at",
    "received_at",
    "original_due_at",
    "due_at",
    "finished_at",
    "returned_at",
)


def _view(session: Session, dossier: Dossier, actor: Actor) -> PublicDossier:
    state = State(dossier.state)
    return PublicDossier(
        **{name: getattr(dossier, name) for name in _AS_IT_IS},
        state=state,
        applicant=mask_name(dossier.applicant_name),
        procedure_code=dossier.procedure.code,
        procedure_name=dossier.procedure.name,
        place=place_of(dossier),
        step=step_of(dossier),
        is_paused=stands_still(session, dossier),
        is_overdue=is_overdue(session, dossier),
        steps=tuple(_public_step(line) for line in course_of(dossier)),
        due_reasons=tuple(_(msgid, **params) for msgid, params in dossier.due_explanation or ()),
        due_changes=tuple((c.at, c.old_due_at, c.new_due_at) for c in dossier.due_changes),
        answer_due_at=_answer_due(dossier, state),
        is_own=actor.account_id is not None and actor.account_id == dossier.account_id,
        revoked=tuple(revoked_results(dossier)),
    )


def place_of(dossier: Dossier) -> Agency:
    """Return where to ask: the desk before the hand-over and for the result, else the agency."""
    state = State(dossier.state)
    at_agency = {State.processing, State.withdrawal_requested, State.stopped}
    asked_in_process = state in PAUSING and dossier.received_at is not None
    return dossier.agency if state in at_agency or asked_in_process else dossier.desk


def _answer_due(dossier: Dossier, state: State) -> datetime | None:
    is_asked = state is State.supplement_requested and dossier.supplements
    return dossier.supplements[-1].due_at if is_asked else None


def step_of(dossier: Dossier) -> str:
    """Return the step that a dossier in work stands at, "" for any other."""
    return (dossier.step_name or "") if dossier.state == State.processing else ""


def course_of(dossier: Dossier) -> list[list[Movement]]:
    """Return the lines of the course, the latest first: what one agency did inside itself in a row is one line."""
    lines = groupby(reversed(dossier.movements), lambda one: one.id if is_told(one) else one.agency_name or "")
    return [list(line) for _key, line in lines]


def is_told(movement: Movement) -> bool:
    """Return whether the movement means something to the applicant; a step inside the agency does not."""
    return movement.transition in PUBLIC_WORDS


def words_of(line: Sequence[Movement]) -> str:
    """Return what a line of the course says to the applicant: of steps inside an agency how many they were."""
    if is_told(line[0]):
        return _(PUBLIC_WORDS[line[0].transition])
    return ngettext("The agency worked on the dossier: %(num)d step", "The agency worked on the dossier: %(num)d steps",
                    len(line))  # fmt: skip


def _public_step(line: Sequence[Movement]) -> PublicStep:
    last = line[0]
    tone, icon = _LOOKS[State(last.target)] if is_told(last) else ("secondary", "route")
    return PublicStep(last.at, words_of(line), last.agency_name or "", tone, icon)


def mask_name(name: str) -> str:
    """Return a name of which only the initials can be read: "Nguyễn Văn A" gives "N*** V** A"."""
    return " ".join(word[0] + "*" * min(len(word) - 1, _STARS) for word in name.split())
