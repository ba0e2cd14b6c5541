"""Drop a mark of changed calendars that nothing reads: such a change says it by its two calendars."""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("calendar_change") as batch:
        batch.drop_column("is_taken_back")


def downgrade() -> None:
    """Take the change back; which changes took a turn back is not known any more."""
    with op.batch_alter_table("calendar_change") as batch:
        batch.add_column(sa.Column("is_taken_back", sa.Boolean(), nullable=False, server_default=sa.false()))
