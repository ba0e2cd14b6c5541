"""Keep where a result by post is to go while the application is not sent yet."""

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"


def upgrade() -> None:
    """Apply the change."""
    op.add_column("draft", sa.Column("result_address", sa.String(500), nullable=True))


def downgrade() -> None:
    """Take the change back; the address is asked for again when sending."""
    op.drop_column("draft", "result_address")
