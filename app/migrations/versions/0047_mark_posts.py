"""Let a mark tell when posts, delegations, absences or the accounts of officers change."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

_STAMP = sa.table("stamp", sa.column("name", sa.String), sa.column("value", sa.String))


def upgrade() -> None:
    """Apply the change; the triggers come after all migrations (``env.py``)."""
    known = op.get_bind().scalar(sa.select(sa.func.count()).where(_STAMP.c.name == "posts"))
    if not known:  # what begins anew has it since 0019
        op.bulk_insert(_STAMP, [{"name": "posts", "value": secrets.token_hex(16)}])


def downgrade() -> None:
    """Take the change back."""
    op.execute(sa.delete(_STAMP).where(_STAMP.c.name == "posts"))
