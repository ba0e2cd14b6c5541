"""What a procedure version still needs before it may be published (HCM24 Đ7.1b, HUE25 Đ16)."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.clock import today
from app.errors import DomainError
from app.models import Agency, Form, FormField, FormSection, OfficerPosition, ProcedureVersion
from app.models.agency import AgencyLevel
from app.permissions import ROLE_LABELS, Role
from app.services.timing import calendar_of
from app.workflows import process as engine
from app.workflows.process import StepSpec

_HOUR = 60
_DAY = 8 * _HOUR  # working minutes; internal processes are decided in days of eight hours
_ONLINE = frozenset({"full", "partial"})


@dataclass(frozen=True)
class Check:
    """One point: what was looked at, in words; a fault forbids publishing, a warning does not."""

    text: str
    level: str = "ok"  # ok, warning or fault

    @property
    def is_fault(self) -> bool:
        """True when the version may not be published because of it."""
        return self.level == "fault"


def checks(session: Session, version: ProcedureVersion) -> list[Check]:
    """Return every point in a fixed order; no fault = it may be published."""
    parts = (
        _content(version), _validity(version), _form(session, version), _process(version),
        _components(version), _places(session, version), _people(session, version),
    )  # fmt: skip
    return [check for part in parts for check in part]


def _point(is_fine: bool, good: str, bad: str, level: str = "fault") -> Check:
    return Check(good) if is_fine else Check(bad, level)


def _content(version: ProcedureVersion) -> Iterator[Check]:
    yield _point(version.procedure.is_active, _("The procedure is in use"),
                 _("The procedure is not in use"))  # fmt: skip
    # Which decision it rests on is the reason of the act itself; the rest may be supplied.
    needed = (
        (_("Publication decision"), version.decision_number, "fault"),
        (_("Who may apply"), version.subjects, "warning"),
        (_("How it is done"), version.steps_text, "warning"),
        (_("Ways to apply"), version.ways_text, "warning"),
        (_("Result"), version.result_text, "warning"),
        (_("Legal basis"), version.legal_basis, "warning"),
    )
    for label, text, level in needed:
        yield _point(bool((text or "").strip()), _("%(label)s: given", label=label),
                     _("%(label)s: missing", label=label), level)  # fmt: skip


def _validity(version: ProcedureVersion) -> Iterator[Check]:
    day = today()
    if version.valid_to is not None and version.valid_to < (version.valid_from or day):
        yield Check(_("The validity ends before it begins"), "fault")
    elif version.valid_from is not None and version.valid_from > day:
        # Publishing ends the version before it at once: nothing would be in force until then.
        yield Check(_("It is valid only from %(day)s; publish it on that day",
                      day=f"{version.valid_from:%d/%m/%Y}"), "fault")  # fmt: skip
    else:
        yield Check(_("The validity has begun, or begins today"))


def _form(session: Session, version: ProcedureVersion) -> Iterator[Check]:
    if version.service_level not in _ONLINE:
        return
    if version.form is None:
        yield Check(_("An online procedure needs an electronic form"), "fault")
        return
    query = sa.select(sa.func.count(FormField.id)).join(FormField.section)
    count = session.scalar(query.where(FormSection.form_id == version.form_id)) or 0
    good = ngettext("The form has %(num)d field", "The form has %(num)d fields", count)
    yield _point(count > 0, good, _("The form “%(form)s” has no field", form=_name(version.form)))


def _name(form: Form) -> str:
    return str(form)


def _process(version: ProcedureVersion) -> Iterator[Check]:
    if version.process is None:
        yield Check(_("The internal process is missing"), "fault")
        return
    limit = limit_minutes(version)
    found = engine.problems(steps_of(version), limit)
    yield from (Check(_(phrase.msgid, **phrase.params), "fault") for phrase in found)
    if not found:
        yield Check(_("The process is sound and takes as long as the published limit")
                    if limit is not None else _("The process is sound"))  # fmt: skip


def steps_of(version: ProcedureVersion) -> list[StepSpec]:
    """Return the steps of the version's process as the engine reads them."""
    rows = version.process.steps if version.process is not None else []
    return [StepSpec(str(row.position), row.name, row.kind, row.role, row.place,
                     row.working_minutes) for row in rows]  # fmt: skip


def limit_minutes(version: ProcedureVersion) -> int | None:
    """Return the published limit in working minutes, None if it does not count working time.

    Calendar days and months hold no fixed number of working hours; a same-day answer depends
    on the hour of receipt.
    """
    if version.is_same_day:
        return None
    unit = {"working_day": _DAY, "working_hour": _HOUR}.get(version.time_limit_unit)
    return unit * version.time_limit_value if unit is not None else None


def _components(version: ProcedureVersion) -> Iterator[Check]:
    count = len(version.components)
    good = ngettext("%(num)d component", "%(num)d components", count)
    yield _point(count > 0, good, _("No component of the dossier is named"))
    unnamed = [row for row in version.components if not row.originals and not row.copies]
    if unnamed:
        yield Check(_("Neither original nor copy is asked of: %(names)s",
                      names=", ".join(row.name for row in unnamed[:3])), "warning")  # fmt: skip


def _places(session: Session, version: ProcedureVersion) -> Iterator[Check]:
    """Who receives and by which calendar, for the agency or for every commune."""
    agencies = [version.agency] if version.agency is not None else _communes(session, version)
    if not agencies:
        yield Check(_("No agency handles this procedure: name one"), "fault")
        return
    deskless = [agency.name for agency in agencies if _desk_of(agency) is None]
    yield _point(not deskless, _("A one-stop desk receives it"),
                 _("No one-stop desk receives for: %(names)s", names=_some(deskless)))  # fmt: skip
    try:
        calendar_of(session, agencies[0])
    except DomainError as exc:
        yield Check(str(exc), "fault")


def _communes(session: Session, version: ProcedureVersion) -> list[Agency]:
    if version.agency_level != AgencyLevel.commune:
        return []
    query = sa.select(Agency).where(Agency.level == AgencyLevel.commune)
    valid = sa.or_(Agency.valid_to.is_(None), Agency.valid_to >= today())
    return list(session.scalars(query.where(valid).order_by(Agency.name)))


def _desk_of(agency: Agency) -> int | None:
    node: Agency | None = agency
    while node is not None:
        if node.desk_id is not None:
            return node.desk_id
        node = node.parent
    return None


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + ("…" if len(names) > 3 else "")


def _people(session: Session, version: ProcedureVersion) -> Iterator[Check]:
    """Whether somebody holds each role at the agency; people change, so it only warns."""
    if version.agency is None:
        return
    here = {step.role for step in steps_of(version) if step.place == "agency"}
    day = today()
    held = sa.select(OfficerPosition.role).where(
        OfficerPosition.agency_id == version.agency_id, OfficerPosition.valid_from <= day,
        sa.or_(OfficerPosition.valid_to.is_(None), OfficerPosition.valid_to >= day),
    )  # fmt: skip
    missing = sorted(here - set(session.scalars(held)))
    names = ", ".join(_(ROLE_LABELS[Role(role)]) for role in missing if role in set(Role))
    yield _point(not missing, _("Every step has officers who may do it"),
                 _("Nobody holds these roles at the agency: %(names)s", names=names),
                 "warning")  # fmt: skip
