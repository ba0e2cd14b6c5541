"""A procedure in a citizen's words: how long, how much, where, in which way."""

from flask_babel import gettext as _

from app.lowcode.values import money
from app.models import Agency, ProcedureVersion
from app.models.procedure import LIMIT_UNITS
from app.services.catalog import fee_range


def time_limit(version: ProcedureVersion) -> str:
    """Return the time limit in words, e.g. "3 ngày làm việc"."""
    if version.is_same_day:
        return _("On the same working day")
    unit = _(LIMIT_UNITS[version.time_limit_unit])
    return _("%(value)d %(unit)s", value=version.time_limit_value, unit=unit)


def fee_hint(version: ProcedureVersion, limit: int = 120) -> str:
    """Return in one line what it costs: an amount, a range, or why none is named.

    limit: longer explanations, in characters, are left to the table of fees.
    """
    amounts = fee_range(version.fees)
    if amounts is None:
        notes = [fee.note for fee in version.fees if fee.note]
        if any(len(note) > limit for note in notes):
            return _("Depends on the case")
        return notes[0] if notes else _("No fee")
    least, most = amounts
    if least == most:
        return money(least)
    return _("From %(least)s to %(most)s", least=money(least), most=money(most))


def receiving_desk(version: ProcedureVersion) -> Agency | None:
    """Return the desk of the handling agency; None if any commune's desk is meant."""
    agency = version.agency.standing() if version.agency is not None else None
    return None if agency is None else (agency.desk or agency)
