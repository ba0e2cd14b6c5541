"""What the designers' editor of conditions says and offers: the same in forms and in processes."""

from typing import Any

from flask_babel import gettext as _

from app.i18n import N_
from app.workflows.conditions import DEEPEST, MOST_PARTS, OPS

CONDITION_WORDS = {
    "field": N_("Field of the form"),
    "must": N_("What must hold"),
    "always": N_("No condition"),
    "how": N_("How many of them must hold"),
    "all": N_("All of these hold"),
    "any": N_("One of these holds"),
    "none": N_("None of these holds"),
    "group": N_("Group of conditions"),
    "add_condition": N_("Add a condition"),
    "add_group": N_("Add a group"),
    "drop_group": N_("Remove the group"),
    "a_value": N_("the value"),
    "a_field": N_("another field"),
    "values": N_("Values, separated by ;"),
}


def condition_spec() -> dict[str, Any]:
    """Return the comparisons in the reader's language, and how large a condition may be."""
    return {"ops": [[key, _(text)] for key, text in OPS.items()],
            "limits": {"parts": MOST_PARTS, "depth": DEEPEST}}  # fmt: skip
