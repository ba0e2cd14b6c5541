"""Keep with the key of a counter form what it held: the key sent again with other content is another form."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"


def upgrade() -> None:
    """Apply the change."""
    op.add_column("dossier", sa.Column("request_print", sa.String(64), nullable=True))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("dossier", "request_print")
