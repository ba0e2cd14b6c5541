"""Keep the neighbouring words of names, so that a full name among millions is found at once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0059"
down_revision = "0058"

_TABLES = ("account", "dossier")
# As app.text.word_pairs: a release to come may fold otherwise, what this one wrote is written here.
_PAIRS = """
CREATE FUNCTION pg_temp.word_pairs(folded text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT array_to_tsvector(coalesce(array_agg(one || ' ' || two), '{}'))
    FROM (
        SELECT word AS one, lead(word) OVER (ORDER BY place) AS two
        FROM unnest(string_to_array(folded, ' ')) WITH ORDINALITY AS words (word, place)
    ) AS pairs
    WHERE one ~ '^[a-z]+$' AND two ~ '^[a-z]+$'
$$
"""


def upgrade() -> None:
    """Apply the change; on PostgreSQL the two tables are written anew once, a minute for a million rows."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        op.execute(_PAIRS)
    for table in _TABLES:
        op.add_column(table, sa.Column("search_pairs", sa.Text(), nullable=False, server_default=""))
        if is_postgresql:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN search_pairs DROP DEFAULT")
            op.alter_column(table, "search_pairs", type_=postgresql.TSVECTOR(),
                            postgresql_using="pg_temp.word_pairs(search_text)")  # fmt: skip
            op.execute(f"ALTER TABLE {table} ALTER COLUMN search_pairs SET DEFAULT ''")
        op.create_index(f"ix_{table}_search_pairs", table, ["search_pairs"], postgresql_using="gin")
    if is_postgresql:
        op.execute("DROP FUNCTION pg_temp.word_pairs(text)")


def downgrade() -> None:
    """Take the change back."""
    for table in _TABLES:
        op.drop_index(f"ix_{table}_search_pairs", table)
        op.drop_column(table, "search_pairs")
