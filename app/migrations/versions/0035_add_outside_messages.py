"""Keep what other systems are told of a dossier; let a paper be an earlier result."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

from app.types import JSON, UtcDateTime

revision = "0035"
down_revision = "0034"


@contextmanager
def _quietly() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index")
        yield


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "outside_message",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.Column("system", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("key", sa.String(80), nullable=False, unique=True),
        sa.Column("dossier_id", sa.Integer(), sa.ForeignKey("dossier.id"), nullable=False),
        sa.Column("movement_id", sa.Integer(), sa.ForeignKey("movement.id"), nullable=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(500), nullable=True),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("answer", JSON, nullable=True),
    )
    op.create_index("ix_outside_message_movement_id", "outside_message", ["movement_id"])
    op.create_index("ix_outside_message_dossier", "outside_message", ["dossier_id", "system", "id"])
    op.create_index("ix_outside_message_state", "outside_message", ["state", "created_at"])
    with _quietly(), op.batch_alter_table("attachment") as batch_op:
        batch_op.add_column(sa.Column("result_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key("fk_attachment_result_id", "result", ["result_id"], ["id"])
        batch_op.create_index("ix_attachment_result_id", ["result_id"])


def downgrade() -> None:
    """Take the change back."""
    with _quietly(), op.batch_alter_table("attachment") as batch_op:
        batch_op.drop_index("ix_attachment_result_id")
        batch_op.drop_constraint("fk_attachment_result_id", type_="foreignkey")
        batch_op.drop_column("result_id")
    op.drop_table("outside_message")
