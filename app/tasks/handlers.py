"""What the outbox can run: name → handler(session, **payload). Each may run twice."""

from collections.abc import Callable
from typing import Any

from app.integrations.mail import deliver_mail
from app.services import consulting
from app.services.absences import go_on
from app.services.calendar_moving import move_waiting
from app.services.letters import keep_letter
from app.services.linked import end_linked, open_linked
from app.services.login_notices import tell_renamed
from app.services.outage_notices import tell_waiting
from app.services.outages import credit_waiting
from app.services.portal_sync import send
from app.services.rehearsing import rehearse_waiting
from app.services.reminders import invite_rating
from app.services.reorganise import reorganise_waiting, undo_waiting
from app.services.signatures import check_file
from app.tasks.exports import write_export
from app.tasks.imports import apply_import, check_import
from app.tasks.process_moves import move_dossiers

Handler = Callable[..., Any]


# Work of many seconds: called outside a transaction, opens its own, and knows itself what is done.
LONG_HANDLERS: dict[str, Handler] = {
    "exports.write": write_export,
    "imports.check": check_import,
    "processes.move": move_dossiers,
}
# An act that must be whole and may take minutes: the message allows it this long (seconds).
PATIENCE = {"agencies.reorganise": 3600, "agencies.undo": 3600, "exports.write": 3600,
            "imports.apply": 3600, "imports.check": 3600, "packs.apply": 3600, "packs.plan": 3600,
            "packs.read": 3600, "packs.undo": 3600, "processes.move": 3600}  # fmt: skip
HANDLERS: dict[str, Handler] = {
    "absences.give": go_on,
    "agencies.reorganise": reorganise_waiting,
    "agencies.undo": undo_waiting,
    "imports.apply": apply_import,
    "calendars.move": move_waiting,
    "consult.go_on": consulting.go_on,
    "letters.render": keep_letter,
    "linked.ended": end_linked,
    "linked.open": open_linked,
    "logins.renamed": tell_renamed,
    "mail.send": deliver_mail,
    "outages.credit": credit_waiting,
    "outages.tell": tell_waiting,
    "outside.send": send,
    "processes.rehearse": rehearse_waiting,
    "ratings.invite": invite_rating,
    "signatures.check": check_file,
}
