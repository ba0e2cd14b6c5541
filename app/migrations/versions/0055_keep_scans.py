"""Remember which files were only kept at the counter, so that what nobody received is cleaned up."""

import sqlalchemy as sa
from alembic import op

from app.types import UtcDateTime

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "kept_scan",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), sa.ForeignKey("stored_file.id"), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_kept_scan_file_id", "kept_scan", ["file_id"])
    op.create_index("ix_kept_scan_created_at", "kept_scan", ["created_at"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("kept_scan")
