"""Add the acts that reorganise agencies, and their former names."""

import sqlalchemy as sa
from alembic import op

from app.types import JSON, UtcDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply the change."""
    op.add_column("agency", sa.Column("former_names", sa.Text(), nullable=True))
    op.create_table(
        "reorganisation",
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("target_id", sa.Integer(), nullable=True),
        sa.Column("decision_number", sa.String(60), nullable=False),
        sa.Column("decision_on", sa.Date(), nullable=False),
        sa.Column("old_code", sa.String(35), nullable=True),
        sa.Column("wish", JSON, nullable=False),
        sa.Column("effects", JSON, nullable=False),
        sa.Column("images", JSON, nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("actor_name", sa.String(255), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["agency.id"]),
        sa.ForeignKeyConstraint(["target_id"], ["agency.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("source_id", "target_id", "old_code", "user_id"):
        op.create_index(f"ix_reorganisation_{column}", "reorganisation", [column])


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("reorganisation")
    with op.batch_alter_table("agency") as batch:
        batch.drop_column("former_names")
