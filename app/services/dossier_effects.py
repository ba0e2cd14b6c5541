"""What an act of the life cycle's table does, in one line: state, letter, who is told."""

from flask_babel import gettext as _

from app.i18n import N_
from app.models import Dossier
from app.models.letter import LETTER_KINDS
from app.permissions import ROLE_LABELS, Role
from app.workflows.dossier import DOSSIER
from app.workflows.states import State
from app.workflows.table import Transition

_TOLD = {"applicant": N_("the applicant"), "desk": N_("the one-stop desk")}


def effects_of(row: Transition[State], dossier: Dossier) -> str:
    """Return "Registered → Accepted · Receipt slip · told: the applicant"; "" if nothing of it happens."""
    source = State(dossier.state)
    target = _target(row, dossier)
    parts = []
    if target is not None and target is not source:
        parts.append(f"{_(source.label)} → {_(target.label)}")
    if row.letter is not None:
        parts.append(_(LETTER_KINDS.get(row.letter, row.letter)))
    told = [_(_TOLD[name]) if name in _TOLD else _(ROLE_LABELS[Role(name)]).lower() for name in row.notices]
    if told:
        parts.append(_("told: %(who)s", who=", ".join(told)))
    return " · ".join(parts)


def _target(row: Transition[State], dossier: Dossier) -> State | None:
    moves = [(m.transition, State(m.source) if m.source else None, State(m.target)) for m in dossier.movements]
    try:
        return DOSSIER.outcome(row, State(dossier.state), moves)
    except LookupError:
        return None
