"""Give agencies the abbreviation that stands in the symbols of what they issue."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"


def upgrade() -> None:
    """Apply the change."""
    op.add_column("agency", sa.Column("abbreviation", sa.String(20), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("agency", "abbreviation")
