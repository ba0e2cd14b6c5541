"""What the outbox can run: name → handler(session, **payload). Each may run twice."""

from collections.abc import Callable
from typing import Any

from app.integrations.mail import deliver_mail
from app.services.letters import keep_letter
from app.services.reminders import invite_rating
from app.services.reorganise import reorganise_waiting

Handler = Callable[..., Any]


HANDLERS: dict[str, Handler] = {
    "agencies.reorganise": reorganise_waiting,
    "letters.render": keep_letter,
    "mail.send": deliver_mail,
    "ratings.invite": invite_rating,
}
