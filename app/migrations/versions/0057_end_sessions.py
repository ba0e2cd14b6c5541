"""Remember which sessions were ended, so that a copied cookie is worth nothing after logging out."""

import sqlalchemy as sa
from alembic import op

from app.types import UtcDateTime

revision = "0057"
down_revision = "0056"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "ended_session",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("until", UtcDateTime(), nullable=False),
    )
    op.create_index("ix_ended_session_until", "ended_session", ["until"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("ended_session")
