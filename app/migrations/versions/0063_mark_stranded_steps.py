"""Mark the open steps whose officer may not do them any more."""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"

_STRANDED = sa.text("state = 'open' AND stranded IS NOT NULL")


def upgrade() -> None:
    """Few of all steps ever: the inbox of a head asks for those of his agency."""
    op.add_column("task", sa.Column("stranded", sa.String(20), nullable=True))
    op.create_index("ix_task_stranded", "task", ["agency_id"], postgresql_where=_STRANDED, sqlite_where=_STRANDED)


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_task_stranded", table_name="task")
    op.drop_column("task", "stranded")
