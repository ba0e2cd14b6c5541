"""Keep feedback as an officer read and released it, beside what was sent."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"


def upgrade() -> None:
    """Apply the change."""
    op.add_column("feedback", sa.Column("public_title", sa.String(255), nullable=True))
    op.add_column("feedback", sa.Column("public_content", sa.Text(), nullable=True))
    op.add_column("feedback", sa.Column("public_answer", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    for name in ("public_answer", "public_content", "public_title"):
        op.drop_column("feedback", name)
