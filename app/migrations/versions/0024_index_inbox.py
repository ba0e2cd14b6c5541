"""Add the small indexes the inbox reads: open tasks, open dossiers, and nothing of the rest."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
_TASK = sa.text("state = 'open'")
_OPEN = sa.text("state IN (1, 2, 4, 5, 6, 7, 9)")
_DATES = ["state", "due_at", "received_at", "reception_due_at"]


def upgrade() -> None:
    """Apply the change."""
    op.create_index("ix_task_inbox", "task", ["agency_id", "role", "assignee_id"], postgresql_where=_TASK,
                    sqlite_where=_TASK, postgresql_include=["dossier_id", "due_at", "id"])  # fmt: skip
    op.create_index("ix_dossier_inbox", "dossier", ["id"], postgresql_where=_OPEN, sqlite_where=_OPEN,
                    postgresql_include=_DATES)  # fmt: skip
    op.create_index("ix_dossier_desk_open", "dossier", ["desk_id", "state"], postgresql_where=_OPEN,
                    sqlite_where=_OPEN, postgresql_include=["id", "holder_id", *_DATES[1:]])  # fmt: skip


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_dossier_desk_open", "dossier")
    op.drop_index("ix_dossier_inbox", "dossier")
    op.drop_index("ix_task_inbox", "task")
