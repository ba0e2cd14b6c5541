"""Index dossiers by their codes without the signs that part them."""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"


def upgrade() -> None:
    """Who types a code without dots and hyphens finds it by this index.

    It is built at once and not beside the work (CONCURRENTLY): of a million dossiers that takes some seconds.
    PostgreSQL knows nothing of an expression's values before it looked, and would plan for thousands of dossiers.
    """
    op.create_index("ix_dossier_bare_code", "dossier", [sa.text("replace(replace(code, '-', ''), '.', '')")])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ANALYZE dossier")


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_dossier_bare_code", table_name="dossier")
