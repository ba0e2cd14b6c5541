"""Let open tasks carry what the inbox reads of their dossiers, in the index it reads them by."""

import sqlalchemy as sa
from alembic import op

from app.models.task_copies import fill, stop_copying
from app.types import UtcDateTime

revision = "0036"
down_revision = "0035"
_OPEN = sa.text("state = 'open'")
_KEYS = ["agency_id", "role", "assignee_id"]
_READ = ["dossier_id", "due_at", "id"]
_COPIES = ["dossier_state", "dossier_due_at", "dossier_received_at", "dossier_reception_due_at"]


def upgrade() -> None:
    """Apply the change; the triggers come after all migrations (``env.py``)."""
    op.drop_index("ix_task_inbox", "task")
    op.add_column("task", sa.Column("dossier_state", sa.SmallInteger()))
    for name in _COPIES[1:]:
        op.add_column("task", sa.Column(name, UtcDateTime()))
    fill(op.get_bind())
    _index([*_READ, *_COPIES])


def downgrade() -> None:
    """Take the change back."""
    stop_copying(op.get_bind())
    op.drop_index("ix_task_inbox", "task")
    for name in reversed(_COPIES):
        op.drop_column("task", name)
    _index(_READ)


def _index(read: list[str]) -> None:
    op.create_index("ix_task_inbox", "task", _KEYS, postgresql_where=_OPEN, sqlite_where=_OPEN,
                    postgresql_include=read)  # fmt: skip
