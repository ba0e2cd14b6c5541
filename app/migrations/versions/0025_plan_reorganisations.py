"""Let a reorganisation take effect on a later day."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("reorganisation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("effective_on", sa.Date(), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("reorganisation", schema=None) as batch_op:
        batch_op.drop_column("effective_on")
