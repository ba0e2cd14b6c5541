"""What the parameters that the product reads must look like: a wrong one would stop submissions."""

from collections.abc import Callable
from datetime import time
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _

from app.workflows.extension import APPROVERS
from app.workflows.numbering import pattern_problems
from app.workflows.working_time import CountFrom, DueTime

# The circulars whose forms letters are printed by.
FORM_SETS = ("tt01_2018", "tt03_2025")
_MAX_PATTERN = 40  # characters; a dossier's code has a column of its own
_MAX_REMINDERS = 10
_HOURS, _DAYS = (1, 1000), (1, 3650)
Rule = Callable[[Any], str | None]


def value_problem(key: str, value: Any) -> str | None:
    """Return what is wrong with ``value`` of parameter ``key``, in words; None if it can be used.

    None as a value means "not given here". Parameters that only people read may say anything.
    """
    rule = _RULES.get(key)
    return rule(value) if rule is not None and value is not None else None


def _whole(first: int, last: int) -> Rule:
    def problem(value: Any) -> str | None:
        if isinstance(value, int) and not isinstance(value, bool) and first <= value <= last:
            return None
        return _("A whole number from %(first)d to %(last)d is expected here.", first=first, last=last)

    return problem


def _hours(value: Any) -> str | None:
    """Return what is wrong with one number of hours, or with a list of them."""
    given = value if isinstance(value, list) else [value]
    if not 1 <= len(given) <= _MAX_REMINDERS:
        return _("Give from 1 to %(most)d numbers of hours, as in [8, 2].", most=_MAX_REMINDERS)
    return next((problem for one in given if (problem := _whole(*_HOURS)(one))), None)


def _one_of(*choices: str) -> Rule:
    def problem(value: Any) -> str | None:
        if isinstance(value, str) and value in choices:
            return None
        return _("One of these is expected here: %(choices)s", choices=", ".join(choices))

    return problem


def _clock(value: Any) -> str | None:
    try:
        if isinstance(value, str) and time.fromisoformat(value).tzinfo is None:
            return None
    except ValueError:
        pass
    return _("A time of day is expected here, as in 15:00.")


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else _("true or false is expected here.")


def _ratio(value: Any) -> str | None:
    try:
        if isinstance(value, str) and 0 < Fraction(value) <= 1:
            return None
    except (ValueError, ZeroDivisionError):
        pass
    return _("A fraction is expected here, as in 1/3.")


def _approvers(value: Any) -> str | None:
    given = value if isinstance(value, list) else []
    if given and set(given) <= set(APPROVERS) and len(set(given)) == len(given):
        return None
    return _("A list of roles is expected here, each once: %(roles)s", roles=", ".join(APPROVERS))


def _pattern(value: Any) -> str | None:
    if not isinstance(value, str) or len(value) > _MAX_PATTERN:
        return _("A text of at most %(most)d characters is expected here.", most=_MAX_PATTERN)
    return "; ".join(problem.text() for problem in pattern_problems(value)) or None


_RULES: dict[str, Rule] = {
    "dossier_code_pattern": _pattern, "feedback_code_pattern": _pattern,
    "reception_limit_hours": _whole(*_HOURS), "cutoff_time": _clock,
    "count_from": _one_of(*CountFrom), "due_time_of_day": _one_of(*DueTime),
    "form_set": _one_of(*FORM_SETS), "supplement_max": _whole(0, 100),
    "supplement_answer_days": _whole(*_DAYS), "payment_pauses_clock": _flag,
    "max_upload_mb": _whole(1, 1000), "feedback_answer_days": _whole(*_DAYS),
    "extension_approvers": _approvers, "extension_max_ratio": _ratio,
    "extension_max_count": _whole(0, 10),
    "reminder_hours": _hours, "reception_reminder_hours": _hours,
}  # fmt: skip
