"""Keep why the limit of a question to another agency was moved."""

import sqlalchemy as sa
from alembic import op

from app.types import UtcDateTime

revision = "0054"
down_revision = "0053"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "question_delay",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), sa.ForeignKey("task.id"), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("old_due_at", UtcDateTime(), nullable=False),
        sa.Column("new_due_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("clause", sa.String(120), nullable=False),
    )
    op.create_index("ix_question_delay_task_id", "question_delay", ["task_id"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("question_delay")
