"""What of feedback is published: read by an officer first, who hides what names other people (HUE25 Đ6.5)."""

import unicodedata
from collections.abc import Mapping

from flask_babel import gettext as _

from app.errors import Invalid
from app.history import HIDDEN
from app.models import Feedback
from app.services.feedback_reading import public_view

PARTS = ("title", "content", "answer")


def texts_to_publish(feedback: Feedback, given: Mapping[str, str], *, is_read: bool) -> dict[str, str]:
    """Return the texts of PARTS as everybody will read them: as they are shown, without what ``given`` hides.

    given: part → its text with HIDDEN in place of words; one left out is published as shown. is_read: the officer
    said that he looked for other people's names. Raises Invalid (fields "public_<part>", "is_read") for anything
    written anew, and unless he read it.
    """
    shown, found, faults = public_view(feedback, as_published=True), dict[str, str](), dict[str, str]()
    for name in PARTS:
        before = _plain(getattr(shown, name))
        found[name] = _plain(given.get(name, before))
        if not only_hides(before, found[name]):
            faults[f"public_{name}"] = _("Only put %(sign)s in place of what nobody may read; change nothing else.",
                                         sign=HIDDEN)  # fmt: skip
    if not is_read:
        faults["is_read"] = _("Please read the texts for other people’s names and private matters first, and tick this "
                              "box.")  # fmt: skip
    if faults:
        raise Invalid(next(iter(faults.values())), faults)
    return found


def only_hides(before: str, after: str) -> bool:
    """Return whether ``after`` is ``before`` with HIDDEN in place of some of its parts."""
    first, *between = after.split(HIDDEN)
    if not between:
        return after == before
    last, place = between.pop(), len(first)
    if not before.startswith(first):
        return False
    for part in between:
        found = before.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    return before.endswith(last) and place + len(last) <= len(before)


def _plain(text: str) -> str:
    """A browser sends other line ends, and a form drops what no text holds: neither is a change."""
    lines = unicodedata.normalize("NFC", text).splitlines()
    return "\n".join(" ".join(line.split()) for line in lines).strip()
