"""Let a running dossier be moved to a newer process than that of its version."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Apply the change: no dossier was moved so far."""
    if op.get_bind().dialect.name == "sqlite":  # in place: the table of all dossiers is not made anew
        op.execute("ALTER TABLE dossier ADD COLUMN process_id INTEGER REFERENCES process (id)")
    else:
        op.add_column("dossier", sa.Column("process_id", sa.Integer(), sa.ForeignKey("process.id"), nullable=True))
    op.create_index("ix_dossier_process_id", "dossier", ["process_id"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_dossier_process_id", "dossier")
    op.execute("ALTER TABLE dossier DROP COLUMN process_id")  # its foreign key goes with it
