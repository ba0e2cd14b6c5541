"""Add the runs of imports."""

import sqlalchemy as sa
from alembic import op

from app.types import JSON, UtcDateTime

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "import_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(60), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("user_name", sa.String(255), nullable=False),
        sa.Column("locale", sa.String(5), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("touched_at", UtcDateTime(), nullable=False),
        sa.Column("applied_at", UtcDateTime()),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("is_long", sa.Boolean(), nullable=False),
        sa.Column("corrections", JSON, nullable=False),
        sa.Column("skipped", JSON, nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("message", sa.Text()),
        sa.Column("content", sa.LargeBinary()),
        sa.Column("plan", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_import_run_user_id", "import_run", ["user_id"])
    op.create_index("ix_import_run_created_at", "import_run", ["created_at"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("import_run")
