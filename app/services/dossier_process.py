"""The process of a dossier as a picture: what is behind, where it stands, what may come."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.errors import DomainError
from app.models import Agency, Dossier
from app.models.task import TaskState
from app.services.eform_columns import label_of
from app.services.eforms import prepare
from app.services.process_diagram import Diagram, diagram_of
from app.services.process_graphs import kept_graph


def picture_of(session: Session, dossier: Dossier) -> Diagram | None:
    """Return the picture of the dossier's process, None where its procedure has none."""
    try:
        graph = kept_graph(dossier.process or dossier.version.process)
    except DomainError:
        return None
    current = [task for task in dossier.tasks if task.is_current]
    form = dossier.version.form
    fields = prepare(form).fields() if form is not None else []
    named = {step.agency_id for step in graph.steps if step.agency_id}
    names = session.execute(sa.select(Agency.id, Agency.name).where(Agency.id.in_(named))) if named else ()
    return diagram_of(
        graph, labels={field.key: label_of(field) for field in fields}, agencies={row.id: row.name for row in names},
        done={task.key for task in current if task.state == TaskState.done},
        running={task.key for task in current if task.state == TaskState.open},
    )  # fmt: skip
