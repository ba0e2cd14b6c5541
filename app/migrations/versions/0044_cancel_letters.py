"""Letters stay in the register as cancelled when what they were issued for is taken back."""

import sqlalchemy as sa
from alembic import op

from app.types import UtcDateTime

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    """Apply the change."""
    op.add_column("letter", sa.Column("cancelled_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("letter", "cancelled_at")
