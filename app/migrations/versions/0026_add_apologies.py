"""Add apologies, and why a supplement is asked for again."""

import sqlalchemy as sa
from alembic import op

import app.types

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "apology",
        sa.Column("dossier_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("signer_role", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("new_due_at", app.types.UtcDateTime(), nullable=True),
        sa.Column("required_at", app.types.UtcDateTime(), nullable=False),
        sa.Column("written_by_id", sa.Integer(), nullable=True),
        sa.Column("written_by_name", sa.String(length=255), nullable=True),
        sa.Column("written_at", app.types.UtcDateTime(), nullable=True),
        sa.Column("decided_by_name", sa.String(length=255), nullable=True),
        sa.Column("decided_at", app.types.UtcDateTime(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name="fk_apology_dossier_id"),
        sa.ForeignKeyConstraint(["written_by_id"], ["ab_user.id"], name="fk_apology_written_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_apology"),
        sa.UniqueConstraint("dossier_id", "cause", name="uq_apology_dossier_id_cause"),
    )
    with op.batch_alter_table("apology", schema=None) as batch_op:
        batch_op.create_index("ix_apology_dossier_id", ["dossier_id"], unique=False)
        batch_op.create_index("ix_apology_state", ["state", "signer_role"], unique=False)
        batch_op.create_index("ix_apology_written_by_id", ["written_by_id"], unique=False)

    op.add_column("supplement_request", sa.Column("fault", sa.String(length=20), nullable=True))
    op.add_column("supplement_request", sa.Column("fault_reason", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("supplement_request", "fault_reason")
    op.drop_column("supplement_request", "fault")

    op.drop_table("apology")
