"""Keep the zip of a large pack until the worker has read it."""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"


def upgrade() -> None:
    """Apply the change."""
    op.add_column("pack_run", sa.Column("upload", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Take the change back; a pack that waits to be read is uploaded again."""
    op.drop_column("pack_run", "upload")
