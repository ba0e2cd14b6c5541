"""Words that are kept or sent: in the language of the office, whichever the one who acts reads."""

from flask_babel import gettext

from app.official import officially


def official(text: str, **values: object) -> str:
    """Return a msgid (marked with ``N_``) in the official language, Vietnamese.

    For what goes into a letter, a result, the course, a due date's reason, a notice or a message to
    another system: others read it, later, and it cannot be issued anew. What the actor is answered
    (refusals, confirmations) is worded with ``_`` in his own.
    """
    with officially():
        return gettext(text, **values)
