"""Let weekly hours of a calendar begin and end on a day."""

import sqlalchemy as sa
from alembic import op

import app.types

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("calendar_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("valid_from", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("valid_to", sa.Date(), nullable=True))
    with op.batch_alter_table("calendar_change", schema=None) as batch_op:
        batch_op.add_column(sa.Column("weeks", app.types.JSON, nullable=True))


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("calendar_change", schema=None) as batch_op:
        batch_op.drop_column("weeks")
    with op.batch_alter_table("calendar_session", schema=None) as batch_op:
        batch_op.drop_column("valid_to")
        batch_op.drop_column("valid_from")
