"""Keep long lists that the worker writes as files."""

import sqlalchemy as sa
from alembic import op

import app.types

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "export_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(60), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("asked", app.types.JSON, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(5), nullable=False),
        sa.Column("address", sa.String(255), nullable=False),
        sa.Column("created_at", app.types.UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_run")),
    )
    op.create_index(op.f("ix_export_run_user_id"), "export_run", ["user_id"])
    op.create_index(op.f("ix_export_run_created_at"), "export_run", ["created_at"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("export_run")
