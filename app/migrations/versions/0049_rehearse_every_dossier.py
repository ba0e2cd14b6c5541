"""Keep rehearsals of a process with any number of finished dossiers, and their reports."""

import sqlalchemy as sa
from alembic import op

from app.types import JSON, UtcDateTime

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "process_rehearsal",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("process_id", sa.Integer(), sa.ForeignKey("process.id", ondelete="CASCADE"), nullable=False),
        sa.Column("edition", sa.String(16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=False),
        sa.Column("actor_name", sa.String(255), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("played", sa.Integer(), nullable=False),
        sa.Column("tally", JSON, nullable=False),
        sa.Column("report", JSON, nullable=True),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("last_dossier_id", sa.Integer(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
    )
    for column in ("process_id", "user_id"):
        op.create_index(f"ix_process_rehearsal_{column}", "process_rehearsal", [column])


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("process_rehearsal")
