"""Add the packs of configuration that were uploaded, planned, applied and undone."""

import sqlalchemy as sa
from alembic import op

import app.types

revision = "0009"
down_revision = "0008"

def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "pack_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("scope", sa.String(20), nullable=False),
        sa.Column("is_replacing", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("content", app.types.JSON, nullable=False),
        sa.Column("lines", app.types.JSON, nullable=False),
        sa.Column("counts", app.types.JSON, nullable=False),
        sa.Column("remarks", app.types.JSON, nullable=False),
        sa.Column("faults", app.types.JSON, nullable=False),
        sa.Column("target", sa.String(64), nullable=False),
        sa.Column("before", app.types.JSON),
        sa.Column("created_at", app.types.UtcDateTime(), nullable=False),
        sa.Column("author_id", sa.Integer()),
        sa.Column("author_name", sa.String(255), nullable=False),
        sa.Column("applied_at", app.types.UtcDateTime()),
        sa.Column("applied_by", sa.String(255)),
        sa.Column("undone_at", app.types.UtcDateTime()),
        sa.Column("undone_by", sa.String(255)),
        sa.ForeignKeyConstraint(["author_id"], ["ab_user.id"], name="fk_pack_run_author_id"),
        sa.PrimaryKeyConstraint("id", name="pk_pack_run"),
    )
    op.create_index("ix_pack_run_state", "pack_run", ["state"])
    op.create_index("ix_pack_run_author_id", "pack_run", ["author_id"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("pack_run")
