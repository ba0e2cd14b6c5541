"""Add the seals of the history, append-only like the history itself."""

import sqlalchemy as sa
from alembic import op

import app.types

revision = "0002"
down_revision = "0001"

POSTGRESQL_GUARD = """
CREATE TRIGGER history_seal_append_only BEFORE UPDATE OR DELETE ON history_seal
    FOR EACH ROW EXECUTE FUNCTION refuse_history_change();
CREATE TRIGGER history_seal_no_truncate BEFORE TRUNCATE ON history_seal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_history_change();
"""
SQLITE_GUARD = """
CREATE TRIGGER history_seal_no_{verb} BEFORE {verb} ON history_seal
BEGIN SELECT RAISE(ABORT, 'history is append-only'); END
"""


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "history_seal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", app.types.UtcDateTime(), nullable=False),
        sa.Column("up_to_id", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("up_to_id"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRESQL_GUARD)
    else:
        for verb in ("UPDATE", "DELETE"):
            op.execute(SQLITE_GUARD.format(verb=verb))


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("history_seal")
