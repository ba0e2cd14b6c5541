"""Index the open questions by the step they were asked from

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_ASKED = sa.text("state = 'open' AND asked_by_id IS NOT NULL")


def upgrade() -> None:
    """Which steps wait for opinions is asked by every inbox."""
    op.create_index("ix_task_asked_open", "task", ["asked_by_id", "dossier_id"],
                    postgresql_where=_ASKED, sqlite_where=_ASKED)  # fmt: skip


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_task_asked_open", table_name="task")
