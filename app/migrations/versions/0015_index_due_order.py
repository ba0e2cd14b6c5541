"""Add the index that lists sorted by due date walk along."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Apply the change."""
    missing = sa.text("(due_at IS NULL)")
    op.create_index("ix_dossier_due_order", "dossier", [missing, "due_at", "id"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_dossier_due_order", "dossier")
