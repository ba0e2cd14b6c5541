"""Keep comparisons with originals, and what the signatures in files prove."""

import sqlalchemy as sa
from alembic import op

from app.types import JSON, UtcDateTime

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("stored_file") as batch_op:
        batch_op.add_column(sa.Column("signatures", JSON, nullable=True))
        batch_op.add_column(sa.Column("signatures_at", UtcDateTime(), nullable=True))
    op.create_table(
        "original_check",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("dossier_id", sa.Integer(), sa.ForeignKey("dossier.id"), nullable=False),
        sa.Column("component_id", sa.Integer(), sa.ForeignKey("component.id"), nullable=True),
        sa.Column("paper_name", sa.String(1000), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("place_id", sa.Integer(), sa.ForeignKey("agency.id"), nullable=False),
        sa.Column("appointment_at", UtcDateTime(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=True),
        sa.Column("asked_by_name", sa.String(255), nullable=False),
        sa.Column("shown", sa.String(20), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("done_by_id", sa.Integer(), sa.ForeignKey("ab_user.id"), nullable=True),
        sa.Column("done_by_name", sa.String(255), nullable=True),
        sa.Column("finding", sa.Text(), nullable=True),
    )
    for column in ("dossier_id", "component_id", "place_id", "asked_by_id", "done_by_id"):
        op.create_index(f"ix_original_check_{column}", "original_check", [column])
    op.create_index(
        "uq_original_check_open", "original_check", ["dossier_id", "component_id"], unique=True,
        sqlite_where=sa.text("state = 'asked'"), postgresql_where=sa.text("state = 'asked'"),
    )  # fmt: skip


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("original_check")
    with op.batch_alter_table("stored_file") as batch_op:
        batch_op.drop_column("signatures_at")
        batch_op.drop_column("signatures")
