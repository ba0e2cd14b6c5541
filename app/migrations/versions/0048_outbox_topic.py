"""One waiting event for each dossier and connected system: events name what they do."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    """Apply the change."""
    waiting = sa.text("done_at IS NULL")
    op.add_column("outbox_event", sa.Column("topic", sa.String(80), nullable=True))
    op.create_index("ix_outbox_event_topic", "outbox_event", ["topic"],
                    postgresql_where=waiting, sqlite_where=waiting)  # fmt: skip


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_outbox_event_topic", "outbox_event")
    op.drop_column("outbox_event", "topic")
