"""Add linked dossiers: what a step of one dossier opened at another agency."""

import sqlalchemy as sa
from alembic import op

import app.types

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "linked_dossier",
        sa.Column("parent_id", sa.Integer(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", app.types.UtcDateTime(), nullable=False),
        sa.Column("ended_at", app.types.UtcDateTime(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["dossier.id"], name="fk_linked_dossier_parent_id"),
        sa.ForeignKeyConstraint(["child_id"], ["dossier.id"], name="fk_linked_dossier_child_id"),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name="fk_linked_dossier_task_id"),
        sa.PrimaryKeyConstraint("id", name="pk_linked_dossier"),
        sa.UniqueConstraint("child_id", name="uq_linked_dossier_child_id"),
        sa.UniqueConstraint("task_id", name="uq_linked_dossier_task_id"),
    )
    op.create_index("ix_linked_dossier_parent_id", "linked_dossier", ["parent_id"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("linked_dossier")
