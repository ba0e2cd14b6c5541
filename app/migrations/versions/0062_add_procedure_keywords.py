"""Give procedures the everyday words by which people look for them."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    """Apply the change."""
    op.add_column("procedure", sa.Column("keywords", sa.String(2000), nullable=True))


def downgrade() -> None:
    """Take the change back; the texts that are searched keep the words until a procedure is changed."""
    op.drop_column("procedure", "keywords")
