"""Let a request for a supplement wait for its apology, so that both are sent together."""

import sqlalchemy as sa
from alembic import op

from app.types import JSON

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    """Apply the change."""
    op.add_column("apology", sa.Column("request", JSON, nullable=True))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("apology", "request")
