"""What a pack may do and should not be overlooked: procedures published here with points missing."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import today
from app.models.procedure_words import VersionState
from app.packs.comparing import Change
from app.services.publication_checks import checks_of, faults

_MOST = 100  # versions looked at; the rest of a whole province is said to be unchecked
_SHOWN = 10


def cautions(session: Session, versions: list[tuple[Change, Any]]) -> list[str]:
    """Return a sentence for each version that the pack publishes though the checklist has faults.

    It was published where it comes from; here its desk, agency or officers may be missing.
    """
    coming = [row for change, row in versions
              if change.values.get("state", (None, None))[1] == VersionState.published]  # fmt: skip
    points = checks_of(session, coming[:_MOST], day=today())
    found = []
    for row in coming[:_MOST]:
        missing = "; ".join(check.text for check in faults(points[row.id]))
        found += [f"{row.name}: {missing}"] if missing else []
    more = len(found) - _SHOWN
    texts = [_("Published by this pack although points are missing: %(text)s", text=text) for text in found[:_SHOWN]]
    return texts + ([_("and %(count)d more procedures with missing points", count=more)] if more > 0 else [])
