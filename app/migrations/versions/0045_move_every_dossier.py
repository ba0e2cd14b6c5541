"""Keep acts that move every dossier of a process, and what became of each."""

import sqlalchemy as sa
from alembic import op

from app.types import JSON, UtcDateTime

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "process_move",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), sa.ForeignKey("process.id"), nullable=False),
        sa.Column("target_id", sa.Integer(), sa.ForeignKey("process.id"), nullable=False),
        sa.Column("mapping", JSON, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=False),
        sa.Column("actor_name", sa.String(255), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("stayed", sa.Integer(), nullable=False),
        sa.Column("last_dossier_id", sa.Integer(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
    )
    for column in ("source_id", "target_id", "user_id"):
        op.create_index(f"ix_process_move_{column}", "process_move", [column])
    op.create_table(
        "process_move_line",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("move_id", sa.Integer(), sa.ForeignKey("process_move.id"), nullable=False),
        sa.Column("dossier_id", sa.Integer(), sa.ForeignKey("dossier.id"), nullable=False),
        sa.Column("hindrance", sa.Text(), nullable=False),
        sa.UniqueConstraint("move_id", "dossier_id"),
    )
    op.create_index("ix_process_move_line_dossier_id", "process_move_line", ["dossier_id"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("process_move_line")
    op.drop_table("process_move")
