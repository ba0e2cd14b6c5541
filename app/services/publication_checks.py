"""What a procedure version still needs before it may be published (HCM24 Đ7.1b, HUE25 Đ16)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.clock import today
from app.errors import DomainError
from app.models import Agency, ProcedureVersion, ProcessStep
from app.permissions import ROLE_LABELS, Role
from app.services.fee_checks import fee_doubts
from app.services.process_graphs import steps_of
from app.services.publication_facts import Facts, read_facts
from app.workflows.process import AUTOMATIC
from app.workflows.process_checks import problems

_HOUR = 60
_DAY = 8 * _HOUR  # working minutes; internal processes are decided in days of eight hours
_ONLINE = frozenset({"full", "partial"})
_SHOWN = 3  # names in a sentence; the rest is counted

# Where a point is mended: a kind of record and its id; see the page's links.
Place = tuple[str, int]


@dataclass(frozen=True)
class Check:
    """One point: what was looked at, in words; a fault forbids publishing, a warning does not.

    place: the record on whose page the point is mended.
    """

    text: str
    level: str = "ok"  # ok, warning or fault
    place: Place | None = None

    @property
    def is_fault(self) -> bool:
        """True when the version may not be published because of it."""
        return self.level == "fault"


@dataclass(frozen=True)
class _Subject:
    """A version, the day on which it is to begin, and the decision it is to rest on."""

    version: ProcedureVersion
    facts: Facts
    day: date | None
    decision: str


Part = Callable[[_Subject], Iterator[Check]]


def checks(session: Session, version: ProcedureVersion) -> list[Check]:
    """Return every point in a fixed order; no fault = it may be published today."""
    return checks_of(session, [version])[version.id]


def checks_of(
    session: Session, versions: Iterable[ProcedureVersion], *, day: date | None = None,
    decision: str = "",
) -> dict[int, list[Check]]:  # fmt: skip
    """Return every point of many versions, by version id. Statements: a fixed number.

    day: the first day on which they are to be in force, by default today. decision: the number
    of the decision they are to be published by, when not the one each names itself.
    """
    known = list(versions)
    facts = read_facts(session, known)
    subjects = [_Subject(version, facts, day, decision) for version in known]
    return {s.version.id: [check for part in _PARTS for check in part(s)] for s in subjects}


def faults(points: Iterable[Check]) -> list[Check]:
    """Return the points that forbid publishing."""
    return [point for point in points if point.is_fault]


def _point(is_fine: bool, good: str, bad: str, level: str = "fault", place: Place | None = None) -> Check:
    return Check(good) if is_fine else Check(bad, level, place)


def _content(about: _Subject) -> Iterator[Check]:
    version = about.version
    yield _point(version.procedure.is_active, _("The procedure is in use"),
                 _("The procedure is not in use"), place=("procedure", version.procedure_id))  # fmt: skip
    # Which decision it rests on is the reason of the act itself; the rest may be supplied.
    needed = (
        (_("Name"), version.name, "fault"),
        (_("Publication decision"), about.decision or version.decision_number, "fault"),
        (_("Who may apply"), version.subjects, "warning"),
        (_("How it is done"), version.steps_text, "warning"),
        (_("Ways to apply"), version.ways_text, "warning"),
        (_("Result"), version.result_text, "warning"),
        (_("Legal basis"), version.legal_basis, "warning"),
    )
    for label, text, level in needed:
        yield _point(bool((text or "").strip()), _("%(label)s: given", label=label),
                     _("%(label)s: missing", label=label), level, _own(version))  # fmt: skip
    yield _point(version.result_type_id is not None, _("%(label)s: given", label=_("Type of the result")),
                 _("%(label)s: missing", label=_("Type of the result")), "warning", _own(version))  # fmt: skip


def _own(version: ProcedureVersion) -> Place:
    return "procedure_version", version.id


def _validity(about: _Subject) -> Iterator[Check]:
    version, day = about.version, about.day or today()
    first = version.valid_from or day
    if version.valid_to is not None and version.valid_to < max(first, about.day or first):
        yield Check(_("The validity ends before it begins"), "fault", _own(version))
    elif about.day is None and first > day:
        # Published now, it would end the version before it at once: nothing in force until then.
        yield Check(_("It is valid only from %(day)s; put it into a decision, which publishes it "
                      "on that day", day=f"{first:%d/%m/%Y}"), "fault", _own(version))  # fmt: skip
    elif about.day is not None:
        yield Check(_("The validity begins on %(day)s", day=f"{about.day:%d/%m/%Y}"))
    else:
        yield Check(_("The validity has begun, or begins today"))


def _form(about: _Subject) -> Iterator[Check]:
    version = about.version
    if version.service_level not in _ONLINE:
        return
    if version.form is None or version.form_id is None:
        yield Check(_("An online procedure needs an electronic form"), "fault", _own(version))
        return
    fields, place = about.facts.fields.get(version.form_id, []), ("form", version.form_id)
    good = ngettext("The form has %(num)d field", "The form has %(num)d fields", len(fields))
    name = str(version.form)
    yield _point(bool(fields), good, _("The form “%(form)s” has no field", form=name), place=place)
    bare = [key for key, label in fields if not (label or "").strip()]
    if bare:
        yield Check(_("Fields of the form without a label: %(names)s", names=_some(bare)), "fault", place)


def _process(about: _Subject) -> Iterator[Check]:
    version = about.version
    if version.process is None or version.process_id is None:
        yield Check(_("The internal process is missing"), "fault", _own(version))
        return
    limit = limit_minutes(version)
    try:
        found = problems(steps_of(version.process), limit)
    except DomainError as exc:  # processes that stand inside each other
        yield Check(str(exc), "fault", ("process", version.process_id))
        return
    for phrase in found:
        yield Check(_(phrase.msgid, **phrase.params), "fault", ("process", version.process_id))
    if not found:
        yield Check(_("The process is sound and takes as long as the published limit")
                    if limit is not None else _("The process is sound"))  # fmt: skip


def limit_minutes(version: ProcedureVersion) -> int | None:
    """Return the published limit in working minutes, None if it does not count working time.

    Calendar days and months hold no fixed number of working hours; a same-day answer depends
    on the hour of receipt.
    """
    if version.is_same_day:
        return None
    unit = {"working_day": _DAY, "working_hour": _HOUR}.get(version.time_limit_unit)
    return unit * version.time_limit_value if unit is not None else None


def _components(about: _Subject) -> Iterator[Check]:
    version = about.version
    count = len(version.components)
    good = ngettext("%(num)d component", "%(num)d components", count)
    yield _point(count > 0, good, _("No component of the dossier is named"), place=_own(version))
    unnamed = [row for row in version.components if not row.originals and not row.copies]
    if unnamed:
        yield Check(_("Neither original nor copy is asked of: %(names)s",
                      names=_some([row.name for row in unnamed])), "warning", _own(version))  # fmt: skip


def _fees(about: _Subject) -> Iterator[Check]:
    """A procedure may be free of charge; then its page says so, and somebody must have meant it."""
    version = about.version
    count = len(version.fees)
    good = ngettext("%(num)d fee or charge", "%(num)d fees and charges", count)
    yield _point(count > 0, good, _("No fee is laid down: the page says that it is free of charge"),
                 "warning", _own(version))  # fmt: skip
    unsure = [fee.name for fee in version.fees if not fee.amount and not (fee.note or "").strip()]
    if unsure:
        yield Check(_("Neither an amount nor a note says what is to be paid: %(names)s",
                      names=_some(unsure)), "warning", _own(version))  # fmt: skip
    yield from (Check(text, level, _own(version)) for text, level in fee_doubts(version))


def _places(about: _Subject) -> Iterator[Check]:
    """Who receives and by which calendar, for the agency or for every commune."""
    facts = about.facts
    agencies = facts.handling(about.version)
    if not agencies:
        yield Check(_("No agency handles this procedure: name one"), "fault", _own(about.version))
        return
    deskless = [agency for agency in agencies if facts.desk_of(agency) is None]
    yield _point(not deskless, _("A one-stop desk receives it"),
                 _("No one-stop desk receives for: %(names)s", names=names_of(deskless)),
                 place=_first(deskless))  # fmt: skip
    bare = [agency for agency in agencies if agency.id not in facts.has_calendar]
    yield _point(not bare, _("A working calendar is set"),
                 _("No working calendar for: %(names)s", names=names_of(bare)), place=_first(bare))  # fmt: skip


def _people(about: _Subject) -> Iterator[Check]:
    """Whether somebody holds the role of each step where it is done; people change, so it warns."""
    empty = unstaffed(about.facts, about.version, about.facts.handling(about.version))
    if not empty:
        yield Check(_("Every step has officers who may do it"))
    for role, places in sorted(empty.items()):
        label = _(ROLE_LABELS[Role(role)]) if role in set(Role) else role
        yield Check(_("Nobody holds the role “%(role)s” at: %(names)s", role=label, names=names_of(places)),
                    "warning", ("officer_position", 0))  # fmt: skip


def unstaffed(facts: Facts, version: ProcedureVersion, agencies: list[Agency]) -> dict[str, list[Agency]]:
    """Return the places where nobody holds the role of a step, by role, for ``agencies``."""
    empty: dict[str, list[Agency]] = {}
    for agency in agencies:
        for step in version.process.steps if version.process is not None else []:
            place = _where(facts, agency, step)
            if place is not None and step.kind not in AUTOMATIC and (place.id, step.role) not in facts.held:
                found = empty.setdefault(step.role, [])
                if place not in found:
                    found.append(place)
    return empty


def _where(facts: Facts, agency: Agency, step: ProcessStep) -> Agency | None:
    if step.place == "desk":
        return facts.desk_of(agency)
    if step.place == "named":
        return facts.agencies.get(step.agency_id or 0)
    return facts.root if step.place == "province" else agency


def _first(agencies: list[Agency]) -> Place | None:
    return ("agency", agencies[0].id) if agencies else None


def names_of(agencies: list[Agency]) -> str:
    """Return the first names of a list of agencies, and how many more there are."""
    return places_named([agency.name for agency in agencies])


def places_named(names: list[str]) -> str:
    """Return the first of some places, and at how many others it is so."""
    rest = len(names) - _SHOWN
    more = " " + ngettext("and at %(num)d more", "and at %(num)d more", rest) if rest > 0 else ""
    return (", ".join(names[:_SHOWN]) or "—") + more


def _some(names: list[str]) -> str:
    rest = len(names) - _SHOWN
    more = " " + ngettext("and %(num)d more", "and %(num)d more", rest) if rest > 0 else ""
    return ", ".join(names[:_SHOWN]) + more


_PARTS: tuple[Part, ...] = (
    _content, _validity, _form, _process, _components, _fees, _places, _people,
)  # fmt: skip
