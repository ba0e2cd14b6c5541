"""What a value of a parameter must look like: a wrong one would stop submissions."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, time
from fractions import Fraction
from typing import Any

from flask_babel import gettext as _

from app.workflows.numbering import pattern_problems
from app.workflows.parameters import PARAMETERS, UNSET, Kind, Parameter

_MAX_PATTERN = 40  # characters; a dossier's code has a column of its own
_MAX_LIST = 10
_LEAP_YEAR = 2024  # so that 29/02 is a day
Rule = Callable[[Parameter, Any], str | None]


def value_problem(key: str, value: Any) -> str | None:
    """Return what is wrong with ``value`` of parameter ``key``, in words; None if it can be used.

    None as a value means "not given here", "unset" that nobody knows it yet. A parameter that the
    product does not know may say anything: nothing reads it.
    """
    parameter = PARAMETERS.get(key)
    if parameter is None or value is None or value == UNSET:
        return None
    return _RULES[parameter.kind](parameter, value)


def _whole(parameter: Parameter, value: Any) -> str | None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if is_number and parameter.least <= value <= parameter.most:
        return None
    return _("A whole number from %(first)d to %(last)d is expected here.",
             first=parameter.least, last=parameter.most)  # fmt: skip


def _wholes(parameter: Parameter, value: Any) -> str | None:
    given = value if isinstance(value, list) else [value]
    if not 1 <= len(given) <= _MAX_LIST:
        return _("Give from 1 to %(most)d numbers of hours, as in [8, 2].", most=_MAX_LIST)
    return next((problem for one in given if (problem := _whole(parameter, one))), None)


def _choice(parameter: Parameter, value: Any) -> str | None:
    if isinstance(value, str) and value in parameter.choices:
        return None
    return _("One of these is expected here: %(choices)s", choices=", ".join(parameter.choices))


def _choices(parameter: Parameter, value: Any) -> str | None:
    given = value if isinstance(value, list) else []
    names = [one for one in given if isinstance(one, str) and one in parameter.choices]
    if given and names == given and len(set(names)) == len(names):
        return None
    return _("A list of these, each once, is expected here: %(choices)s", choices=", ".join(parameter.choices))


def _clock(_parameter: Parameter, value: Any) -> str | None:
    with suppress(ValueError):  # what cannot be read is no time of day: said below
        if isinstance(value, str) and time.fromisoformat(value).tzinfo is None:
            return None
    return _("A time of day is expected here, as in 15:00.")


def _fraction(_parameter: Parameter, value: Any) -> str | None:
    with suppress(ValueError, ZeroDivisionError):  # what cannot be read is no fraction: said below
        if isinstance(value, str) and 0 < Fraction(value) <= 1:
            return None
    return _("A fraction is expected here, as in 1/3.")


def _flag(_parameter: Parameter, value: Any) -> str | None:
    return None if isinstance(value, bool) else _("true or false is expected here.")


def _day(_parameter: Parameter, value: Any) -> str | None:
    try:
        day, month = map(int, value.split("/")) if isinstance(value, str) else (0, 0)
        date(_LEAP_YEAR, month, day)
    except ValueError:
        return _("A day and a month are expected here, as in 15/02.")
    return None


def _pattern(_parameter: Parameter, value: Any) -> str | None:
    if not isinstance(value, str) or len(value) > _MAX_PATTERN:
        return _("A text of at most %(most)d characters is expected here.", most=_MAX_PATTERN)
    return "; ".join(problem.text() for problem in pattern_problems(value)) or None


def _anything(_parameter: Parameter, _value: Any) -> str | None:
    return None


_RULES: dict[Kind, Rule] = {
    Kind.flag: _flag, Kind.whole: _whole, Kind.wholes: _wholes, Kind.clock: _clock,
    Kind.fraction: _fraction, Kind.choice: _choice, Kind.choices: _choices, Kind.day: _day,
    Kind.code_pattern: _pattern, Kind.text: _anything, Kind.texts: _anything,
}  # fmt: skip
