"""Let an absence of a later day keep how its tasks are to be distributed, and when they were."""

import sqlalchemy as sa
from alembic import op

from app.types import UtcDateTime

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_TO_BEGIN = sa.text("given_at IS NULL")


def upgrade() -> None:
    """Absences entered so far gave their tasks away at once."""
    op.add_column("absence", sa.Column("way", sa.String(20), server_default="keep", nullable=False))
    op.add_column("absence", sa.Column("given_at", UtcDateTime(), nullable=True))
    op.execute("UPDATE absence SET given_at = CURRENT_TIMESTAMP")
    op.create_index("ix_absence_to_begin", "absence", ["valid_from"], postgresql_where=_TO_BEGIN,
                    sqlite_where=_TO_BEGIN)  # fmt: skip


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_absence_to_begin", table_name="absence")
    op.drop_column("absence", "given_at")
    op.drop_column("absence", "way")
