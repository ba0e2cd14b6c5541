"""Index what is still to be paid by its dossier."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"

_DUE = sa.text("state = 'due'")


def upgrade() -> None:
    """The cashier's inbox asks of each open dossier of the desk whether it owes something."""
    op.create_index("ix_charge_due", "charge", ["dossier_id"], postgresql_where=_DUE, sqlite_where=_DUE)


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_charge_due", table_name="charge")
