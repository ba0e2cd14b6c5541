"""Lock the history of a record and read its last entry in one statement (PostgreSQL)."""

from alembic import op

revision = "0040"
down_revision = "0039"

# Volatile, so that each statement in it sees what was committed before it began: the second sees
# what those wrote for whom the first waited.
_FUNCTION = """
CREATE OR REPLACE FUNCTION history_head(lock_key bigint, of_aggregate text, of_id bigint)
RETURNS TABLE (seq integer, hash character varying) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(lock_key);
    RETURN QUERY SELECT h.seq, h.hash FROM history h
        WHERE h.aggregate = of_aggregate AND h.aggregate_id = of_id ORDER BY h.seq DESC LIMIT 1;
END $$
"""


def upgrade() -> None:
    """Apply the change."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_FUNCTION)


def downgrade() -> None:
    """Take the change back."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS history_head(bigint, text, bigint)")
