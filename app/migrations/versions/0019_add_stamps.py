"""Add the marks by which processes see that rights or facts they keep have changed."""

import secrets

import sqlalchemy as sa
from alembic import op

from app.models.stamp import WATCHED, unwatch

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Apply the change; the triggers come after all migrations (``env.py``)."""
    table = op.create_table(
        "stamp",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_stamp")),
    )
    op.bulk_insert(table, [{"name": name, "value": secrets.token_hex(16)} for name in WATCHED])


def downgrade() -> None:
    """Take the change back."""
    unwatch(op.get_bind())
    op.drop_table("stamp")
