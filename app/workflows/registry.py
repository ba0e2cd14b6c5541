"""Every life cycle, by the kind of record that follows it."""

from typing import Any

from app.workflows.apology import APOLOGY
from app.workflows.dossier import DOSSIER
from app.workflows.explanation import EXPLANATION
from app.workflows.extension import EXTENSION
from app.workflows.feedback import FEEDBACK
from app.workflows.governance import APPROVAL
from app.workflows.online import ONLINE_SERVICE, REPORT
from app.workflows.originals import ORIGINAL
from app.workflows.publication import DECISION, VERSION
from app.workflows.refund import REFUND
from app.workflows.result import RESULT
from app.workflows.table import Workflow

WORKFLOWS: dict[str, Workflow[Any]] = {
    workflow.name: workflow for workflow in (
        DOSSIER, EXTENSION, APOLOGY, EXPLANATION, ORIGINAL, REFUND, RESULT, FEEDBACK, VERSION, DECISION, APPROVAL,
        REPORT, ONLINE_SERVICE)
}  # fmt: skip
