"""What the checks of procedure versions ask for, read for many versions in few statements."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clock import today
from app.models import Agency, FormField, FormSection, OfficerPosition, ProcedureVersion
from app.models.agency import AgencyLevel
from app.services.timing import prepare_calendars


@dataclass(frozen=True)
class Facts:
    """Fields by form, agencies by id, who holds which role where, who has a working calendar."""

    fields: dict[int, list[tuple[str, str]]]  # (key, label)
    agencies: dict[int, Agency]
    held: set[tuple[int, str]]
    has_calendar: set[int]
    communes: list[Agency] = field(default_factory=list)

    @property
    def root(self) -> Agency | None:
        """The province."""
        return next((a for a in self.agencies.values() if a.parent_id is None), None)

    def handling(self, version: ProcedureVersion) -> list[Agency]:
        """Return the agencies that handle ``version``: its own, or every commune."""
        if version.agency_id is not None:
            return [self.agencies[version.agency_id]]
        return self.communes if version.agency_level == AgencyLevel.commune else []

    def desk_of(self, agency: Agency) -> Agency | None:
        """Return the desk that receives for ``agency``, or for the one above it."""
        node: Agency | None = agency
        while node is not None:
            if node.desk_id is not None:
                return self.agencies.get(node.desk_id)
            node = self.agencies.get(node.parent_id) if node.parent_id else None
        return None


def read_facts(session: Session, versions: Iterable[ProcedureVersion]) -> Facts:
    """Return what the checks of ``versions`` need. Statements: a fixed number."""
    form_ids = {version.form_id for version in versions if version.form_id is not None}
    agencies = {agency.id: agency for agency in session.scalars(sa.select(Agency))}
    day = today()
    communes = [agency for agency in agencies.values() if agency.level == AgencyLevel.commune
                and (agency.valid_to is None or agency.valid_to >= day)]  # fmt: skip
    return Facts(
        fields=_fields(session, form_ids), agencies=agencies, held=_held(session),
        has_calendar=set(prepare_calendars(session, agencies.values())),
        communes=sorted(communes, key=lambda agency: agency.name),
    )  # fmt: skip


def _fields(session: Session, form_ids: set[int]) -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = {number: [] for number in form_ids}
    query = sa.select(FormSection.form_id, FormField.key, FormField.label).join(FormField.section)
    query = query.where(FormSection.form_id.in_(form_ids))
    for form_id, key, label in session.execute(query.order_by(FormSection.position, FormField.position)):
        found[form_id].append((key, label))
    return found


def _held(session: Session) -> set[tuple[int, str]]:
    day, post = today(), OfficerPosition
    query = sa.select(post.agency_id, post.role).distinct().where(
        post.valid_from <= day, sa.or_(post.valid_to.is_(None), post.valid_to >= day)
    )
    return {(agency_id, role) for agency_id, role in session.execute(query)}
