"""Add extensions of the time limit."""

import sqlalchemy as sa
from alembic import op

import app.types

revision = "0021"
down_revision = "0020"

_WAITING = sa.text("state IN ('asked', 'confirmed')")


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "extension",
        sa.Column("dossier_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("waits_for", sa.String(length=40), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("clause", sa.String(length=120), nullable=False),
        sa.Column("asked_at", app.types.UtcDateTime(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("asked_by_name", sa.String(length=255), nullable=False),
        sa.Column("old_due_at", app.types.UtcDateTime(), nullable=False),
        sa.Column("new_due_at", app.types.UtcDateTime(), nullable=False),
        sa.Column("approvers", app.types.JSON, nullable=False),
        sa.Column("confirmed", app.types.JSON, nullable=False),
        sa.Column("decided_at", app.types.UtcDateTime(), nullable=True),
        sa.Column("decided_by_name", sa.String(length=255), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["asked_by_id"], ["ab_user.id"], name="fk_extension_asked_by_id"),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name="fk_extension_dossier_id"),
        sa.PrimaryKeyConstraint("id", name="pk_extension"),
        sa.UniqueConstraint("dossier_id", "number", name="uq_extension_dossier_id_number"),
    )
    with op.batch_alter_table("extension", schema=None) as batch_op:
        batch_op.create_index("ix_extension_asked_by_id", ["asked_by_id"], unique=False)
        batch_op.create_index("ix_extension_dossier_id", ["dossier_id"], unique=False)
        batch_op.create_index("ix_extension_waits", ["waits_for", "state"], unique=False)
        batch_op.create_index(
            "uq_extension_waiting", ["dossier_id"], unique=True, postgresql_where=_WAITING, sqlite_where=_WAITING
        )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("extension")
